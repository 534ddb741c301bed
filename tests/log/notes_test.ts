import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { allFormats } from "../../src/log/formats.ts";
import { type LogDropped, type LogFormatName, type LogItem, type LogMarker, LogWriter } from "../../src/log/mod.ts";
import { readItems, sink } from "../support/logs.ts";

const SECOND = 1_000_000_000n;
const message = (seconds: number, channel = "can0") =>
  new Message({ arbitrationId: 1, isExtendedId: false, timestampNs: BigInt(seconds) * SECOND, channel });
const marker = (seconds: number, text: string): LogMarker => ({
  type: "marker",
  timestampNs: BigInt(seconds) * SECOND,
  text,
});
const dropped = (seconds: number, channel: string | null, count: number | null): LogDropped => ({
  type: "dropped",
  timestampNs: BigInt(seconds) * SECOND,
  channel,
  count,
});

/** Writes items, each flushed if asked for, and returns what is read back and lost. */
async function roundTrip(format: LogFormatName, items: readonly LogItem[], flush = false) {
  const { stream, bytes } = sink();
  await using log = LogWriter.open(stream, { format, timeZone: "UTC" });
  for (const item of items) {
    if (item instanceof Message) log.write(item);
    else log.note(item);
    if (flush) await log.flush();
  }
  const flushed = bytes();
  await log.close();
  const read = async (content: Uint8Array) => {
    const { items: found } = await readItems(content, { format, strict: true });
    return found.map((item) => item instanceof Message ? Number(item.timestampNs / SECOND) : item);
  };
  return { found: await read(bytes()), flushed, read, lost: log.losses.map(({ field, count }) => [field, count]) };
}

describe("Notes in pcapng", () => {
  it("in front of a packet are its options, with its time", async () => {
    const items = [
      marker(4, "one"),
      dropped(5, "can0", 7),
      message(5),
      dropped(6, "can1", 2),
      marker(6, "two"),
      message(6),
    ];
    const { found, lost } = await roundTrip("pcapng", items);
    assertEquals(found, [dropped(5, "can0", 7), marker(5, "one"), 5, dropped(6, "can1", 2), marker(6, "two"), 6]);
    assertEquals(lost, [["timestampNs", 1]]);
  });

  it("keep a channel and a count that are unknown", async () => {
    const notes = [dropped(5, null, 3), dropped(5, "can0", null), dropped(5, null, null)];
    const { found, lost } = await roundTrip("pcapng", [...notes, message(5)]);
    assertEquals(found, [...notes, 5]);
    assertEquals(lost, []);
  });

  it("that no packet follows keep their time, also in a log of notes only", async () => {
    for (const before of [[], [message(5)]]) {
      const notes = [marker(8, "öl\nwarm"), dropped(9, "can0", 7), dropped(10, "can3", 1)];
      const { found, lost } = await roundTrip("pcapng", [...before, ...notes]);
      assertEquals(found, [...before.map(() => 5), ...notes]);
      assertEquals(lost, []);
    }
  });
});

describe("Notes", () => {
  for (const { name, capacity } of allFormats()) {
    if (!capacity.marker || name === "candump-screen") continue;
    it(`${name}: are in the file when they are flushed, and a time that is lost is reported`, async () => {
      const items = [marker(4, "one"), message(5), marker(6, "two"), dropped(7, "can0", 2)];
      const { flushed, read, found, lost } = await roundTrip(name, items, true);
      assertEquals(await read(flushed), found);
      const timeless = ["asc", "trc", "trc-2.0", "trc-1.1"].includes(name);
      assertEquals(
        found,
        items.map((item) => item instanceof Message ? 5 : timeless ? { ...item, timestampNs: null } : item),
      );
      assertEquals(lost.filter(([field]) => field === "timestampNs"), timeless ? [["timestampNs", 3]] : []);
    });
  }
});
