import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { assertEquals, assertRejects } from "@std/assert";
import { convert, type ConvertOptions, type LogItem } from "../../src/log/mod.ts";
import { Message } from "../../mod.ts";
import { readItems, sink } from "../support/logs.ts";

const SECOND = 1_000_000_000n;
const line = (seconds: number, channel = "can0") => `(${seconds}.000000) ${channel} 123#11\n`;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Converts a candump log, and returns what is in the result. */
async function converted(text: string, options: ConvertOptions): Promise<LogItem[]> {
  const { stream, bytes } = sink();
  await convert(bytesOf(text), stream, { ...options, write: { format: "jsonl" } });
  return (await readItems(bytes(), { format: "jsonl" })).items;
}

describe("convert", () => {
  it("refuses to convert a file into itself by any of its names, which would empty it", async () => {
    const folder = mkdtempSync(`${tmpdir()}/logs-`);
    try {
      const year = new Date().getFullYear();
      const cases: [from: string, to: string | URL, write: ConvertOptions["write"]][] = [
        [`${year}.log`, `${folder}/%Y.log`, {}],
        ["a.log.gz", `${folder}/a.log`, { gzip: true }],
        ["a.log", pathToFileURL(`${folder}/a.log`), {}],
        ["a%b.log", `${folder}/a%%b.log`, {}],
      ];
      for (const [from, to, write] of cases) {
        writeFileSync(`${folder}/${from}`, line(1));
        await assertRejects(() => convert(`${folder}/${from}`, to, { write }), TypeError, "into itself");
        assertEquals(readFileSync(`${folder}/${from}`, "utf8"), line(1));
      }
      await assertRejects(
        () => convert(`${folder}/a.log`, new URL("https://example.com/a.log")),
        TypeError,
        "file: URL",
      );
      assertEquals(readdirSync(folder).length, 4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses options that a whole log cannot have", async () => {
    for (const name of ["follow", "signal"]) {
      const read = { [name]: name === "follow" ? true : new AbortController().signal };
      await assertRejects(
        () => converted(line(1), { read }),
        TypeError,
        `Option read of convert has no option "${name}"`,
      );
    }
    await assertRejects(() => converted(line(1), { signal: 5 as unknown as AbortSignal }), TypeError, "AbortSignal");
  });

  it("ends by its signal while the source is silent, and keeps what came before", { timeout: 10_000 }, async () => {
    const stop = new AbortController();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(bytesOf(line(1).repeat(5000)))),
    });
    const { stream, bytes } = sink();
    const options = { signal: stop.signal, read: { format: "candump" }, write: { format: "candump" } } as const;
    const converting = convert(source, stream, options);
    setTimeout(() => stop.abort(new Error("enough")), 20);
    await assertRejects(() => converting, Error, "enough");
    assertEquals((await readItems(bytes())).items.length, 5000);
    await assertRejects(() => convert(bytesOf(line(1)), sink().stream, options), Error, "enough");
  });

  it("renames the channel of dropped frames, and leaves those of other channels out", async () => {
    const dropped = (channel: string) => `# (5.000000) DROPCOUNT: dropped 2 CAN frames on '${channel}' socket\n`;
    const text = line(5) + ["can0", "can1", "any"].map(dropped).join("");
    const items = await converted(text, { channels: { can0: "engine" } });
    assertEquals(items.map((item) => "channel" in item ? item.channel : null), ["engine", "engine", null]);
  });

  it("leaves out notes in front of the window", async () => {
    const text = "# (5.000000) early\n" + line(5) + "# (6.000000) late\n" + line(7) + "# (8.000000) later\n";
    const kept = async (options: ConvertOptions) =>
      (await converted(text, options)).map((item) =>
        item instanceof Message ? item.timestamp : "text" in item && item.text
      );
    assertEquals(await kept({}), ["early", 5, "late", 7, "later"]);
    assertEquals(await kept({ from: 1 }), ["late", 7, "later"]);
    assertEquals(await kept({ from: 1, to: 2 }), ["late"]);
    assertEquals(await kept({ from: new Date(5000), to: new Date(7000) }), ["early", 5, "late"]);
    assertEquals(await kept({ from: new Date(7000) }), [7, "later"]);
    assertEquals(await kept({ to: new Date(5000) }), []);
  });

  it("shifts by exact nanoseconds, however far", async () => {
    for (
      const [shift, ns] of [[1_700_000_000.25, 1_700_000_000_250_000_000n], [-0.5, -500_000_000n], [1e-9, 1n]] as const
    ) {
      const [item] = await converted(line(5), { shift });
      assertEquals(item.timestampNs, 5n * SECOND + ns);
    }
  });
});
