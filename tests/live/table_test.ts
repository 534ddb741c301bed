import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { History } from "../../src/live/history.ts";
import { Intervals } from "../../src/live/intervals.ts";
import { KnownRows } from "../../src/live/known.ts";
import { LiveTable } from "../../src/live/table.ts";
import { noteDropped } from "../../src/message/losses.ts";
import { car } from "../cli/car.ts";

const frame = (arbitrationId: number, data: number[], timestamp = 0, channel = "can0") =>
  new Message({ arbitrationId, isExtendedId: false, data, timestamp, channel });

const assertNear = (value: number, wanted: number, off: number) =>
  assert(Math.abs(value - wanted) <= off, `${value} is not ${wanted}`);

describe("A live table", () => {
  it("has a row for each kind of identifier on each bus", () => {
    const table = new LiveTable();
    const messages = [
      frame(0x123, [1]),
      frame(0x123, [2], 0, "can1"),
      new Message({ arbitrationId: 0x123, data: [1], channel: "can0" }),
      new Message({ arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 2, channel: "can0" }),
      new Message({ arbitrationId: 0x123, isRemoteFrame: true, dlc: 2, channel: "can0" }),
      new Message({ arbitrationId: 0x20, isErrorFrame: true, data: new Uint8Array(8), channel: "can0" }),
      new Message({ arbitrationId: 0x123, isXl: true, vcid: 0x45, data: [1], channel: "can0" }),
      new Message({ arbitrationId: 0x123, isXl: true, vcid: 0x46, data: [1], channel: "can0" }),
      new Message({ arbitrationId: 0x123, isExtendedId: false, isFd: true, data: [1], channel: "can0" }),
    ];
    for (const message of messages) table.add(message, 0);
    assertEquals(table.rows.map(({ key, count }) => `${key} ${count}`), [
      "can0 123 2", // classic and FD frames of an identifier are one row
      "can1 123 1",
      "can0 00000123 1",
      "can0 R123 1",
      "can0 R00000123 1",
      "can0 E020 1",
      "can0 X45123 1",
      "can0 X46123 1",
    ]);
    assertEquals(table.frames, messages.length);
  });

  it("knows which bytes changed when, and of which nothing is known", () => {
    const table = new LiveTable();
    table.add(frame(1, [1, 2, 3]), 10);
    const [row] = table.rows;
    assertEquals([row.changedAt, row.hasNews, row.newAt], [[-Infinity, -Infinity, -Infinity], false, -Infinity]);
    table.add(frame(1, [1, 2, 3]), 11);
    assertEquals(row.hasNews, false);
    table.add(frame(1, [1, 6, 3]), 12);
    assertEquals([row.changedAt, row.changed, row.hasNews], [[-Infinity, 12, -Infinity], Uint8Array.of(0, 4, 0), true]);

    table.accept();
    assertEquals([row.changedAt, row.hasNews, row.known.bits], [
      [-Infinity, -Infinity, -Infinity],
      false,
      Uint8Array.of(0, 4, 0),
    ]);
    table.add(frame(1, [1, 2, 3]), 13);
    assertEquals([row.hasNews, row.newAt], [false, -Infinity]);
    table.add(frame(1, [1, 3, 3]), 14);
    assertEquals([row.changedAt[1], row.hasNews, row.newAt], [14, true, 14]);
    table.known.forgetBits();
    table.add(frame(1, [1, 7, 3]), 15);
    assertEquals(row.changedAt[1], 15);
  });

  it("takes bytes that come and go as changed", () => {
    const table = new LiveTable();
    for (const [i, data] of [[1], [1, 2, 3], [1]].entries()) table.add(frame(1, data), i);
    const [row] = table.rows;
    assertEquals([row.changedAt, row.changed], [[-Infinity, 2, 2], Uint8Array.of(0, 255, 255)]);
  });

  it("counts, forgets and copies", () => {
    const table = new LiveTable();
    for (let i = 0; i < 5; i++) table.add(frame(1, [i], 100 + i / 10), i);
    const lost = frame(2, []);
    noteDropped(lost, 7);
    table.add(lost, 5);
    const copy = table.copy();
    const [row] = table.rows;
    assertEquals([row.count, table.frames, table.dropped], [5, 6, 7]);
    assertNear(row.intervals.period, 0.1, 1e-9);
    assertNear(row.intervals.jitter, 0, 1e-9);
    table.add(frame(1, [99], 100.5), 6);
    table.add(frame(3, [1]), 6);
    assertEquals([copy.rows.length, copy.rows[0].count, copy.rows[0].data[0], copy.frames], [2, 5, 4, 6]);
    assertEquals([table.rows.length, row.count, row.changedAt, copy.rows[0].changedAt], [3, 6, [6], [4]]);

    table.reset();
    assertEquals([row.count, row.intervals.period, row.hasNews, table.frames, table.dropped], [0, NaN, false, 0, 0]);
    table.add(frame(1, [99], 101), 7);
    assertEquals([row.count, row.hasNews], [1, false]);
    table.clear();
    assertEquals(table.rows, []);
  });

  it("makes no more rows than it has room for", () => {
    const table = new LiveTable();
    for (let i = 0; i < 6000; i++) table.add(new Message({ arbitrationId: i, channel: "can0" }), 0);
    assertEquals([table.rows.length, table.overflow, table.frames], [5000, 1000, 6000]);
    table.add(new Message({ arbitrationId: 1, channel: "can0" }), 0);
    assertEquals([table.rows[1].count, table.overflow], [2, 1000]);
  });

  it("decodes what changed, and knows which signals did", () => {
    const database = Database.parse(car);
    let decoded = 0;
    const table = new LiveTable({
      decode: (message) => {
        decoded++;
        return database.decode(message);
      },
    });
    const data = (speed: number, gear: number) => [speed & 255, speed >> 8, gear, 0, 0, 0, 0];
    table.add(frame(291, data(815, 4)), 1);
    table.add(frame(291, data(815, 4)), 2);
    table.add(frame(291, data(820, 4)), 3);
    assertEquals(decoded, 2);
    const [{ name, signals, faults }] = table.rows;
    assertEquals([name, faults], ["EngineData", []]);
    const values = [...signals.values()].map((
      signal,
    ) => [signal.decoded.label ?? signal.decoded.value, signal.changedAt]);
    assertEquals(values, [[82, 3], ["Drive", -Infinity], [0, -Infinity]]);
    assertEquals(signals.get("Speed")!.history.slots(9, 3), [
      { least: 81.5, most: 81.5 },
      { least: 81.5, most: 81.5 },
      { least: 81.5, most: 81.5 },
      { least: 81.5, most: 81.5 },
      { least: 81.5, most: 82 },
    ]);
    table.accept();
    table.add(frame(291, data(815, 5)), 4);
    assertEquals([...signals.values()].map(({ changedAt }) => changedAt), [-Infinity, 4, -Infinity]);
    table.add(frame(291, [1, 2]), 5);
    assertEquals(table.rows[0].faults, ["too short for Gear, Odometer"]);
  });
});

describe("A history", () => {
  it("has the least and the greatest of each slot; a value lasts until the next one", () => {
    const history = new History();
    assertEquals(history.slots(5, 100), []);
    for (const [value, now] of [[5, 100.1], [3, 100.2], [4, 100.3], [8, 102.2]]) history.add(value, now);
    const slot = (least: number, most = least) => ({ least, most });
    assertEquals(history.slots(9, 102.4), [slot(3, 5), slot(4), slot(4), slot(4), slot(4, 8)]);
    assertEquals(history.slots(2, 102.6), [slot(4, 8), slot(8)]);
    const copy = new History(history);
    history.add(1, 102.6);
    assertEquals([copy.slots(1, 102.6), history.slots(1, 102.6)], [[slot(8)], [slot(1, 8)]]);
  });

  it("of a long silence is the last value; of time that goes back, the current slot", () => {
    const history = new History();
    history.add(1, 10);
    history.add(2, 10_000);
    const slots = history.slots(1000, 10_000);
    assertEquals([slots.length, slots[0], slots.at(-1)], [60, { least: 1, most: 1 }, { least: 1, most: 2 }]);
    history.add(0, 5);
    assertEquals(history.slots(1, 10_000), [{ least: 0, most: 2 }]);
  });
});

describe("Intervals", () => {
  it("have a mean and a deviation, of the last ones", () => {
    const intervals = new Intervals();
    assertEquals([intervals.period, intervals.jitter], [NaN, NaN]);
    let time = 0;
    intervals.add(time);
    for (let i = 0; i < 1000; i++) intervals.add(time += i % 2 === 0 ? 0.09 : 0.11);
    assertNear(intervals.period, 0.1, 0.001);
    assertNear(intervals.jitter, 0.01, 0.001);
    const copy = intervals.copy();
    for (let i = 0; i < 300; i++) intervals.add(time += 1);
    assertNear(intervals.period, 1, 0.01);
    assertNear(copy.period, 0.1, 0.001);
    intervals.add(0); // a clock that was set
    assertNear(intervals.period, 1, 0.01);
  });
});

describe("What is known", () => {
  it("is a text that can be read again", () => {
    const known = new KnownRows();
    known.of("can0 123").muted = true;
    known.addBits("can0 123", Uint8Array.of(0, 0x0f));
    known.addBits("can0 123", Uint8Array.of(0x80));
    known.addBits("can1 X45123", Uint8Array.of(1));
    known.of("can1 7FF");
    const text = known.toString();
    assertEquals(text.split("\n").slice(1), ["can0 123 muted", "can0 123 800F", "can1 X45123 01", ""]);
    const read = new KnownRows();
    assertEquals([read.addText(text), read.toString()], [3, text]);
    known.forgetBits("can0 123");
    assertEquals(known.toString().split("\n").slice(1), ["can0 123 muted", "can1 X45123 01", ""]);
    known.prune();
    assert(known.of("can0 123").muted);
  });

  it("is refused with the line that is wrong, and then nothing is taken", () => {
    const known = new KnownRows();
    const before = known.toString();
    for (const line of ["can0 123", "can0 123 muted now", "can0 xyz 00", "can0 123 0"]) {
      assertThrows(
        () => known.addText(`can0 1 muted\n\n# \n${line}\n`),
        SyntaxError,
        `line 4 is ${JSON.stringify(line)}`,
      );
    }
    assertEquals(known.toString(), before);
  });
});
