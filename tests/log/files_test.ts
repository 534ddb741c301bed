import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Message } from "../../mod.ts";
import { assertSame, pieces, readItems, written } from "../support/logs.ts";
import { LogReader } from "../../src/log/mod.ts";
import { generator } from "../support/random.ts";
import { expectationsOf, folder } from "./files/expectations.ts";
import { logFiles } from "./files/table.ts";

/** Returns bytes as lines: of text, or of four numbers of 32 bits in hexadecimal. */
function linesOf(bytes: Uint8Array): string[] {
  if (!bytes.includes(0)) return new TextDecoder("latin1").decode(bytes).split("\n");
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/.{8}/g, "$& ").match(/.{1,36}/g)!;
}

describe("The files of tests/data/logs", () => {
  for (const { file, shows, read = {}, diagnostics = [], written: form } of logFiles) {
    const bytes = () => new Uint8Array(readFileSync(`${folder}/${file}`));

    it(`${file}: ${shows}`, async () => {
      const { info, items } = expectationsOf(file);
      const { items: found, reader } = await readItems(bytes(), read);
      const reasons = reader.diagnostics.map(({ line, column, offset, reason }) =>
        `${line === null ? `byte ${offset}` : `line ${line}, column ${column}`}: ${reason}`
      );
      assertEquals(reasons, diagnostics);
      assertEquals(reader.skipped, diagnostics.length);
      found.forEach((item, i) => assertSame(item, items[i]));
      assertEquals(found.length, items.length);
      const { format, version, startTimeNs, application } = await reader.info();
      assertEquals({ format, version, startTimeNs: startTimeNs === null ? null : `${startTimeNs}`, application }, info);
    });

    it(`${file}: the same in chunks, with strict, and by its name`, async () => {
      const options = { timeZone: "UTC", ...read };
      const { items } = expectationsOf(file);
      const messages = items.filter((item) => item instanceof Message);
      const faults = diagnostics.filter((each) => !each.endsWith(" may be truncated")); // a doubt
      for (const input of [pieces(bytes(), generator(bytes().length)), `${folder}/${file}`]) {
        const strict = LogReader.open(input, { ...options, strict: true });
        if (faults.length === 0) {
          const found = await strict.readAll();
          assertEquals(found.length, messages.length);
          found.forEach((message, i) => assertSame(message, messages[i]));
          continue;
        }
        const title = typeof input === "string" ? `"${input}"` : "the log";
        const error = await assertRejects(() => strict.readAll(), SyntaxError);
        const [place, ...reason] = faults[0].split(": ");
        assertEquals(error.message, `Cannot read ${title}, ${place}: ${reason.join(": ")}`);
      }
    });

    if (!form) continue;
    it(`${file}: is what we write`, async () => {
      const { items } = expectationsOf(file);
      const format = form === true ? (await readItems(bytes(), read)).reader.info() : { format: form };
      const again = await written(items, { format: (await format).format, ...read });
      assertEquals(linesOf(again), linesOf(bytes()));
    });
  }

  it("are all in the table, each with what it holds", () => {
    const names = logFiles.map(({ file }) => file);
    assertEquals(new Set(names).size, names.length);
    const expected = names.flatMap((name) => [name, name.replace(/\..*$/, ".jsonl")]).sort();
    assertEquals(readdirSync(folder).filter((name) => !name.endsWith(".ts")).sort(), expected);
    assert(names.length > 10);
  });
});
