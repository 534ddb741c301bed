import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { Message } from "../../mod.ts";
import { allFormats } from "../../src/log/formats.ts";
import { type LogFormatName, LogReader, LogWriter } from "../../src/log/mod.ts";
import { bytesWritten, readItems, sink, written } from "../support/logs.ts";

const SECOND = 1_000_000_000n;

const at = (timestampNs: bigint) =>
  new Message({ arbitrationId: 1, isExtendedId: false, timestampNs, channel: "can0" });
const timesOf = (items: readonly { timestampNs: bigint | null }[]) => items.map(({ timestampNs }) => timestampNs);

describe("Times", () => {
  for (const format of allFormats().filter(({ encoder }) => encoder !== null)) {
    const { lastSecond, resolution } = format.capacity;
    const latest = lastSecond === Infinity ? 2n ** 53n * SECOND - 1n : BigInt(lastSecond + 1) * SECOND - 1n;
    const step = BigInt(resolution);

    it(`${format.name}: the latest that it can hold is read back, a later one is reported`, async () => {
      const items = [at(latest - latest % step)];
      if (lastSecond !== Infinity) items.push(at(latest + 1n), at(2n ** 53n * SECOND - step));
      const losses: unknown[] = [];
      const bytes = await bytesWritten(format.name, async (target) => {
        await using log = LogWriter.open(target, { format: format.name, timeZone: "UTC" });
        log.writeMany(items);
        await log.close();
        for (const { field, count, first } of log.losses) if (field !== "channel") losses.push([field, count, first]);
      });
      assertEquals(losses, lastSecond === Infinity ? [] : [["timestampNs", 2, `${items[1]}`]]);
      const { items: found } = await readItems(bytes, { format: format.name, strict: true });
      assertEquals(timesOf(found), items.map(() => latest - latest % step));
    });
  }

  it("the time zone of a file's local times is known, and null if it has none", async () => {
    const zoneIn = async (format: LogFormatName, timeZone?: string) => {
      const bytes = await written([at(1_700_000_000n * SECOND)], { format, timeZone });
      const reader = LogReader.open(bytes, { format, timeZone });
      assertEquals(timesOf(await reader.readAll()), [1_700_000_000n * SECOND]);
      return (await reader.info()).timeZone;
    };
    for (const format of ["asc", "blf", "trc"] as const) {
      assertEquals(await zoneIn(format, "Asia/Tokyo"), "Asia/Tokyo");
      assertEquals(await zoneIn(format, undefined), Intl.DateTimeFormat().resolvedOptions().timeZone);
    }
    assertEquals(await zoneIn("candump", "Asia/Tokyo"), null);
  });

  it("blf: a time more than 292 years before or after the start is reported", async () => {
    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "blf", timeZone: "UTC" });
    const start = 10_000_000_000n * SECOND;
    log.writeMany([at(start), at(start + 2n ** 63n - 1n), at(start + 2n ** 63n), at(0n)]);
    await log.close();
    assertEquals(log.losses.map(({ field, count }) => [field, count]), [["timestampNs", 2]]);
    const { items } = await readItems(bytes(), { strict: true });
    assertEquals(timesOf(items), [start, start + 2n ** 63n - 1n, start + 2n ** 63n - 1n, start - 2n ** 63n]);
  });

  it("pcap: a fraction of a second or more is added, and listed", async () => {
    for (
      const [magic, fraction, ns] of [[0xa1b23c4d, 1_500_000_000, 1_500_000_000n], [
        0xa1b2c3d4,
        3_000_001,
        3_000_001_000n,
      ]] as const
    ) {
      const bytes = await written([at(7n * SECOND)], { format: "pcap" });
      const view = new DataView(bytes.buffer);
      view.setUint32(0, magic, true);
      view.setUint32(28, fraction, true);
      const { items, reader } = await readItems(bytes);
      assertEquals(timesOf(items), [7n * SECOND + ns]);
      assertEquals(reader.diagnostics.map(({ offset, reason }) => [offset, reason]), [
        [28, `fraction of ${ns} ns, a second or more: added to the seconds`],
      ]);
      await assertRejects(() => LogReader.open(bytes, { strict: true }).readAll(), SyntaxError, "byte 28: fraction of");
    }
  });
});
