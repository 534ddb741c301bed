import { describe, it } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Message } from "../../mod.ts";
import { LogReader } from "../../src/log/mod.ts";
import { fuzzLogs } from "../fuzz/logs.ts";
import { readItems } from "../support/logs.ts";

const text = (lines: string) => new TextEncoder().encode(lines);

describe("Hostile logs", () => {
  it("changed files of every format are read, or refused", async () => {
    const { tried, messages } = await fuzzLogs(1500, 7);
    assertEquals(tried, 1500);
    assert(messages > 2000, `only ${messages} messages came of them: the changes leave too little to read`);
  });

  it("a line of megabytes is passed over, and counted", async () => {
    const lines = text(`(1.000000) can0 123#11\n(2.000000) can0 ${"A".repeat(3 << 20)}\n(3.000000) can0 123#33\n`);
    const { items, reader } = await readItems(lines);
    assertEquals(items.map((item) => item instanceof Message && item.timestamp), [1, 3]);
    assertEquals(reader.diagnostics.map(({ line, reason }) => [line, reason]), [
      [2, "a line of more than 1048576 bytes"],
    ]);
  });

  it("NUL bytes, CR LF and bytes that are no UTF-8 are nothing special", async () => {
    const bytes = text("# caf_\r\n(1.000000) can0 123#11\r\n\0\0(2.000000) can0 123#22\n(3.000000) can0 123#33\n");
    bytes[bytes.indexOf(95)] = 0xe9; // é in Windows-1252
    const { items, reader } = await readItems(bytes, { format: "candump" });
    assertEquals(items.map((item) => item instanceof Message ? item.timestamp : "text" in item && item.text), [
      "café",
      1,
      "\0\0(2.000000) can0 123#22",
      3,
    ]);
    assertEquals(reader.skipped, 0);
  });

  it("times before 1970 and of the year 2611", async () => {
    const { items, reader } = await readItems(
      text("(20240000000.000001) can0 123#\n(-5.000000) can0 123#\n"),
      { format: "candump" },
    );
    assertEquals(items.map((item) => item.timestampNs), [20_240_000_000_000_001_000n]);
    assertEquals(reader.diagnostics[0].reason, "no time such as (1436509053.850870)");
  });

  it("a container that inflates for ever is refused at the limit", async () => {
    const bomb = deflateSync(new Uint8Array(8 << 20));
    const header = new Uint8Array(144);
    header.set(text("LOGG"));
    header[4] = 144;
    const container = new Uint8Array(32 + bomb.length);
    const view = new DataView(container.buffer);
    container.set(text("LOBJ"));
    view.setUint16(4, 16, true);
    view.setUint16(6, 1, true);
    view.setUint32(8, container.length, true);
    view.setUint32(12, 10, true);
    view.setUint16(16, 2, true);
    container.set(bomb, 32);
    const bytes = new Uint8Array([...header, ...container]);
    const { items, reader } = await readItems(bytes, { inflateLimit: 1 << 20 });
    assertEquals(items.length, 0);
    assert(reader.diagnostics[0].reason.startsWith("a container that cannot be inflated"));
    assertEquals(reader.diagnostics[0].offset, 144);
  });

  it("what is in no format is refused, and says which there are", async () => {
    const error = await assertRejects(() => LogReader.open(text("hello\n")).readAll(), SyntaxError);
    assert(error.message.includes('its first bytes are those of no log format; name one with the option format: "'));
    await assertRejects(() => LogReader.open(new Uint8Array(0)).readAll(), SyntaxError, "it is empty");
  });

  it("a gzip file that was cut off gives all that is whole, and says so", async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `(${i}.000000) can0 123#${(i % 256).toString(16).padStart(2, "0")}\n`,
    );
    const compressed = gzipSync(text(lines.join("")));
    const whole = await readItems(compressed);
    assertEquals(whole.items.length, 20_000);
    const half = await readItems(compressed.subarray(0, compressed.length >> 1));
    assert(half.items.length > 5_000, `${half.items.length} messages`);
    assert(half.reader.skipped > 0);
  });

  it("strict throws the words of the first diagnostic, with its place", async () => {
    const bytes = text("(1.000000) can0 123#11\n(2.000000) can0 123#1G\n");
    const { reader } = await readItems(bytes);
    const [{ line, column, reason }] = reader.diagnostics;
    const error = await assertRejects(() => readItems(bytes, { strict: true }), SyntaxError);
    assertEquals(error.message, `Cannot read the log, line ${line}, column ${column}: ${reason}`);
  });
});
