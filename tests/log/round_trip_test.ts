import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import type { LogFormat } from "../../src/log/format.ts";
import { allFormats } from "../../src/log/formats.ts";
import { convert, type LogItem, type LogLoss, LogReader, LogWriter } from "../../src/log/mod.ts";
import {
  assertLosses,
  assertSame,
  bytesWritten,
  kept,
  pieces,
  randomLogMessage,
  readItems,
  written,
} from "../support/logs.ts";
import { generator } from "../support/random.ts";

const START = 1_581_670_628;
const writable = allFormats().filter(({ encoder }) => encoder !== null);

/** Random messages of every kind, in order of time. */
function messages(seed: number, count: number): Message[] {
  const below = generator(seed);
  return Array.from({ length: count }, () => randomLogMessage(below, START))
    .sort((one, other) => one.timestampNs < other.timestampNs ? -1 : 1);
}

/** Returns what is left of messages in a format. */
function left(sent: readonly Message[], { capacity }: LogFormat): Message[] {
  return sent.map((message) => kept(message, capacity)).filter((each) => each !== null);
}

/** Converts a log, and returns the new one with the losses that were reported. */
async function converted(source: Uint8Array, from: LogFormat, to: LogFormat) {
  let losses: readonly LogLoss[] = [];
  let count = 0;
  const bytes = await bytesWritten(to.name, async (target) => {
    const report = await convert(source, target, {
      read: { format: from.name, timeZone: "UTC", strict: true },
      write: { format: to.name, timeZone: "UTC" },
    });
    ({ losses, messages: count } = report);
  });
  const { items } = await readItems(bytes, { format: to.name, strict: true });
  return { bytes, items, losses, count };
}

describe("Random messages", () => {
  it("are of every kind", () => {
    const sent = messages(1, 1000);
    const seen = (of: (message: Message) => unknown, which: (message: Message) => boolean = () => true) =>
      [...new Set(sent.filter(which).map(of))].sort((one, other) => Number(one) - Number(other));
    const classic = (message: Message) => !message.isFd && !message.isXl && !message.isErrorFrame;
    assertEquals(seen(({ dlc }) => dlc, ({ isRemoteFrame }) => isRemoteFrame), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(seen(({ dlc }) => dlc, classic), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(seen(({ dlc }) => dlc, ({ isFd }) => isFd), [
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8],
      ...[12, 16, 20, 24, 32, 48, 64],
    ]);
    for (const isRemoteFrame of [false, true]) {
      assertEquals(
        seen(({ len8Dlc }) => len8Dlc, (each) => classic(each) && each.isRemoteFrame === isRemoteFrame),
        [0, 9, 10, 11, 12, 13, 14, 15],
      );
    }
    const errors = sent.filter(({ isErrorFrame }) => isErrorFrame);
    for (let bit = 0; bit < 10; bit++) assert(errors.some(({ arbitrationId }) => arbitrationId === 1 << bit), `${bit}`);
    assert(errors.some(({ arbitrationId }) => (arbitrationId & arbitrationId - 1) !== 0), "several classes");
    const flags = ({ bitrateSwitch, errorStateIndicator }: Message) => 2 * +bitrateSwitch + +errorStateIndicator;
    assertEquals(seen(flags, ({ isFd }) => isFd), [0, 1, 2, 3]);
    assertEquals(seen(({ sec }) => +sec, ({ isXl }) => isXl), [0, 1]);
    assert(seen(({ dlc }) => dlc, ({ isXl }) => isXl).length > 20);
    for (const kind of ["isFd", "isXl", "isRemoteFrame", "isErrorFrame"] as const) {
      assertEquals(seen(({ isRx }) => +isRx, (each) => each[kind]), [0, 1], kind);
    }
    assertEquals(new Set(sent.map(({ channel }) => channel)), new Set([null, "can0", "can1", "can7", "vcan0"]));
    assertEquals(
      new Set(sent.map(({ timestampSource }) => timestampSource)),
      new Set([null, "software", "hardware"] as const),
    );
    for (const unit of [1n, 1000n, 1_000_000_000n]) {
      assert(sent.filter(({ timestampNs }) => timestampNs % unit === 0n).length > 100, `${unit} ns`);
    }
    assert(sent.filter(({ timestampNs }) => timestampNs % 1000n !== 0n).length > 100, "nanoseconds");
  });
});

describe("Every format", () => {
  for (const format of writable) {
    it(`${format.name}: reads back what was written, and reports the rest as lost`, async () => {
      const sent = messages(1, 1000);
      let losses: readonly LogLoss[] = [];
      const bytes = await bytesWritten(format.name, async (target) => {
        await using log = LogWriter.open(target, { format: format.name, timeZone: "UTC" });
        log.writeMany(sent);
        await log.close();
        losses = log.losses;
      });
      const expected = left(sent, format);
      assert(expected.length > 200);
      const named = { format: format.name, strict: true };
      const { items, reader } = await readItems(bytes, named);
      assertEquals(items.length, expected.length);
      items.forEach((item, i) => assertSame(item, expected[i], format));
      assertLosses(sent, items, losses, format);
      assertEquals((await reader.info()).format, format.name);

      // Also in chunks of random size.
      const below = generator(2);
      const again = LogReader.open(pieces(bytes, below), { ...named, timeZone: "UTC" });
      assertEquals(await again.readAll(), items as Message[]);
    });

    it(`${format.name}: is detected by its first bytes`, async () => {
      const bytes = await written(messages(3, 20), { format: format.name });
      const { reader } = await readItems(bytes);
      const family = (name: string) => name.replace(/-.*$/, "");
      assertEquals(family((await reader.info()).format), family(format.name));
    });

    it(`${format.name}: keeps the notes that it supports, where they were written`, async () => {
      const [first, second] = [1n, 2n].map((n) =>
        new Message({ data: [1], channel: "can0", timestampNs: (BigInt(START) + n) * 1_000_000_000n })
      );
      const marker = { type: "marker", timestampNs: first.timestampNs, text: "öl: warm" } as const;
      const dropped = { type: "dropped", timestampNs: second.timestampNs, channel: "can0", count: 7 } as const;
      const bytes = await written([first, marker, dropped, second], { format: format.name });
      const { items } = await readItems(bytes, { format: format.name });
      assert(items[0] instanceof Message && items.at(-1) instanceof Message, "the notes are between the messages");
      const plain = (item: LogItem): unknown => {
        if (item instanceof Message) return "message";
        // Comments have no time in some formats, and that of the next message in others.
        const { timestampNs, ...fields } = item;
        const times = [null, ...[first, second].map((each) => each.timestampNs)];
        assert(times.some((time) => time === null ? timestampNs === null : timestampNs! / 1000n === time / 1000n));
        return fields;
      };
      const { timestampNs: _, ...markerFields } = marker;
      const { timestampNs: __, ...droppedFields } = dropped;
      assertEquals(
        new Set(items.slice(1, -1).map(plain)),
        new Set<unknown>([
          ...format.capacity.marker ? [markerFields] : [],
          ...format.capacity.dropped ? [droppedFields] : [],
        ]),
      );
      assertEquals(items.length, 2 + Number(format.capacity.marker) + Number(format.capacity.dropped));
    });
  }

  it("stores what the table of docs/logs.md says", () => {
    const guide = readFileSync(new URL("../../docs/logs.md", import.meta.url), "utf8");
    const rows = new Map<string, string[]>();
    for (const [line] of guide.matchAll(/^\| `[a-z].*\|$/gm)) {
      const [names, , , ...cells] = line.split("|").slice(1, -1).map((cell) => cell.trim());
      if (cells.length === 6) { for (const [, name] of names.matchAll(/`([^`]+)`/g)) rows.set(name, cells); }
    }
    assertEquals([...rows.keys()].sort(), allFormats().map(({ name }) => name).sort());
    for (const { name, capacity } of allFormats()) {
      const [fd, xl, errors, channels, resolution, notes] = rows.get(name)!;
      const old = name === "trc-1.1"; // one row for all of TRC
      assertEquals(fd, capacity.fd ? fd : old ? "yes, not 1.1" : "no", name);
      assert(fd.startsWith(capacity.fd || old ? "yes" : "no"), name);
      assertEquals(xl, capacity.xl ? "yes" : "no", name);
      assertEquals(errors, capacity.errorData ? "yes" : capacity.error ? "without details" : "no", name);
      const held = { name: "names", number: "numbers", none: "none" }[capacity.channel];
      assert(channels.startsWith(held) || /^trc-/.test(name), `${name}: ${channels}`);
      assertEquals(resolution, capacity.resolution === 1 ? "1 ns" : "1 µs", name);
      assertEquals(notes, capacity.marker ? "yes" : capacity.dropped ? "drops" : "no", name);
    }
  });
});

describe("convert", () => {
  const sent = messages(5, 120);

  for (const from of writable) {
    it(`${from.name}: is converted to every other format and back with everything that both can store`, async () => {
      const source = await written(sent, { format: from.name });
      const { items: originals } = await readItems(source, { format: from.name, strict: true });
      for (const to of writable) {
        const expected = left(left(sent, from), to);
        assert(expected.length > 20, `only ${expected.length} messages of ${from.name} can be stored in ${to.name}`);
        const there = await converted(source, from, to);
        assertEquals([there.count, there.items.length], [expected.length, expected.length], to.name);
        // Names that the first format loses are lost, whatever the second one stores.
        there.items.forEach((item, i) => assertSame(item, expected[i], from.capacity.channel === "number" ? from : to));
        assertLosses(originals as Message[], there.items, there.losses, to);

        const back = await converted(there.bytes, to, from);
        assertLosses(there.items as Message[], back.items, back.losses, from);
        const same = left(expected, from);
        assertEquals(same.length, expected.length, "what the first format stored is stored again");
        back.items.forEach((item, i) => assertSame(item, same[i], from.capacity.channel === "number" ? from : to));
      }
    });
  }
});
