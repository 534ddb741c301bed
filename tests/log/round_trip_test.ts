import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import type { LogFormat } from "../../src/log/format.ts";
import { allFormats } from "../../src/log/formats.ts";
import { convert, LogReader } from "../../src/log/mod.ts";
import { assertSame, bytesWritten, kept, pieces, randomLogMessage, readItems, written } from "../support/logs.ts";
import { generator } from "../support/random.ts";

const START = 1_581_670_628;
const writable = allFormats().filter(({ encoder }) => encoder !== null);

/** Random messages of every kind, in order of time. */
function messages(seed: number, count: number): Message[] {
  const below = generator(seed);
  return Array.from({ length: count }, () => randomLogMessage(below, START))
    .sort((one, other) => one.timestampNs < other.timestampNs ? -1 : 1);
}

describe("Every format", () => {
  for (const format of writable) {
    it(`${format.name}: reads back what was written, except what its capacity excludes`, async () => {
      const sent = messages(1, 1000);
      const bytes = await written(sent, { format: format.name });
      const expected = sent.map((message) => kept(message, format.capacity)).filter((each) => each !== null);
      assert(expected.length > 200);
      const named = { format: format.name, strict: true };
      const { items, reader } = await readItems(bytes, named);
      assertEquals(items.length, expected.length);
      items.forEach((item, i) => assertSame(item, expected[i], format));
      assertEquals((await reader.info()).format, format.name);

      // Also in chunks of random size.
      const below = generator(2);
      const again = LogReader.open(pieces(bytes, below), { ...named, timeZone: "UTC" });
      const found = await again.readAll();
      assertEquals(found.length, expected.length);
      found.forEach((item, i) => assertSame(item, expected[i], format));
    });

    it(`${format.name}: is detected by its first bytes`, async () => {
      const bytes = await written(messages(3, 20), { format: format.name });
      const { reader } = await readItems(bytes);
      const family = (name: string) => name.replace(/-.*$/, "");
      assertEquals(family((await reader.info()).format), family(format.name));
    });

    it(`${format.name}: keeps the notes that it supports`, async () => {
      const [first, second] = messages(4, 2).map((each) => kept(each.with({ isRx: true }), format.capacity) ?? each);
      const marker = { type: "marker", timestampNs: first.timestampNs, text: "öl: warm" } as const;
      const dropped = { type: "dropped", timestampNs: second.timestampNs, channel: "can0", count: 7 } as const;
      const bytes = await written([first, marker, dropped, second], { format: format.name });
      const { items } = await readItems(bytes, { format: format.name });
      const notes = items.filter((item) => !(item instanceof Message));
      assertEquals(
        notes.map((note) => "text" in note ? note.text : "count" in note ? note.count : note).sort(),
        [...format.capacity.marker ? [marker.text] : [], ...format.capacity.dropped ? [7] : []].sort(),
      );
    });
  }
});

describe("convert", () => {
  const sent = messages(5, 200);
  const both = (one: LogFormat, other: LogFormat) =>
    sent.map((message) => {
      const there = kept(message, one.capacity);
      return there && kept(there, other.capacity);
    }).filter((each) => each !== null);

  for (const from of writable) {
    it(`${from.name}: is converted to every other format with everything that both can store`, async () => {
      const source = await written(sent, { format: from.name });
      for (const to of writable) {
        const expected = both(from, to);
        const bytes = await bytesWritten(to.name, async (target) => {
          const report = await convert(source, target, {
            read: { format: from.name, timeZone: "UTC", strict: true },
            write: { format: to.name, timeZone: "UTC" },
          });
          assertEquals(report.messages, expected.length, to.name);
        });
        const { items } = await readItems(bytes, { format: to.name, strict: true });
        assertEquals(items.length, expected.length, to.name);
        // Names that the first format loses are lost, whatever the second one stores.
        items.forEach((item, i) => assertSame(item, expected[i], from.capacity.channel === "number" ? from : to));
      }
    });
  }
});
