import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type LinkStatus, Message } from "../../mod.ts";
import { bindings } from "../../src/cli/view/bindings.ts";
import type { BusState } from "../../src/cli/view/head.ts";
import { KeyReader } from "../../src/cli/view/keys.ts";
import { Line, styles } from "../../src/cli/view/line.ts";
import { Meters } from "../../src/cli/view/meters.ts";
import { Recorder } from "../../src/cli/view/recorder.ts";
import { Session } from "../../src/cli/view/session.ts";
import { sortKeys } from "../../src/cli/view/sort.ts";
import { sparkline } from "../../src/cli/view/spark.ts";
import { cut, safe, widthOf } from "../../src/cli/view/text.ts";
import { Database } from "../../src/dbc/mod.ts";
import { LiveTable } from "../../src/live/table.ts";
import { LogReader, type LogWriteOptions } from "../../src/log/mod.ts";
import { Decoding } from "../../src/where/decoding.ts";
import { where } from "../../src/where/where.ts";
import { pause } from "../support/pause.ts";
import { VtScreen } from "../support/vt.ts";
import { car } from "./car.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const frame = (arbitrationId: number, data: number[], channel = "can0", timestamp = 0) =>
  new Message({ arbitrationId, isExtendedId: false, data, channel, timestamp });

/** A session over a table, with a screen of a terminal. */
function open(columns = 80, rows = 24, writing: LogWriteOptions = {}) {
  const decoding = new Decoding(Database.parse(car));
  const table = new LiveTable({ decode: (message) => decoding.decode(message) });
  const recorder = new Recorder(writing);
  const files = new Map<string, string>();
  const quits: string[] = [];
  const session = new Session({
    table,
    recorder,
    parseFilter: (expression) => where(expression, decoding),
    readFile: (path) => {
      const text = files.get(path);
      if (text === undefined) throw new Error(`no such file: ${path}`);
      return text;
    },
    writeFile: (path, text) => void files.set(path, text),
    quit: (key) => quits.push(key),
  });
  let buses: readonly BusState[] = [];
  let size = { columns, rows };
  let now = 100;
  const show = (colors = true): VtScreen => {
    const screen = new VtScreen(size.columns, size.rows);
    const lines = session.draw(buses, size, now);
    assertEquals(lines.length, size.rows);
    screen.write(bytes("\x1b[?7l"));
    for (const [i, line] of lines.entries()) {
      screen.write(bytes(`\x1b[${i + 1};1H${line.render(size.columns, colors)}`));
    }
    return screen;
  };
  return {
    session,
    table,
    recorder,
    files,
    quits,
    show,
    press: async (...keys: string[]) => {
      for (const key of keys) await session.press(key);
    },
    type: async (text: string) => {
      for (const key of new KeyReader().push(bytes(text))) await session.press(key);
    },
    add: (...messages: Message[]) => messages.forEach((message) => table.add(message, now)),
    at: (time: number) => {
      now = time;
    },
    resize: (columns: number, rows: number) => {
      size = { columns, rows };
    },
    withBuses: (...states: BusState[]) => {
      buses = states;
    },
    /** The identifiers on the screen, in order. */
    ids: () => show().lines.flatMap((line) => /^[▸▾×] .*?([0-9A-F]{3,8}) +\d+ /.exec(line)?.[1] ?? []),
    selected: () => {
      const screen = show();
      const isReversed = (line: string) => screen.styleOf(line)?.split(";").includes("7");
      return screen.lines.find((line) => /^[▸▾×] /.test(line) && isReversed(line)) ?? null;
    },
  };
}

describe("The screen of can view", () => {
  it("shows a row for each identifier: count, period, jitter, data, values", () => {
    const { add, show, at } = open();
    for (let i = 0; i < 4; i++) add(frame(291, [0x2f, 3, 4, i, 0, 0, 0], "can0", 1 + i / 10));
    at(110);
    add(frame(0x7ff, []));
    assertEquals(show().lines.slice(0, 5), [
      "can view  2 rows  5 frames  0 dropped",
      "  id▾   count period ms jitter len  data                     name, values",
      "▸ 123       4 10 s ago   0.000   7  2F 03 04 03 00 00 00     EngineData  Speed …",
      "▸ 7FF       1        -       -   0",
      "",
    ]);
    assertMatch(show().lines[23], /^\? help {2}q quit .*…$/);
  });

  it("marks what changed, with and without colours, until it has faded", () => {
    const { add, show, at } = open();
    add(frame(1, [0xaa, 0xbb]));
    add(frame(1, [0xaa, 0xcc]));
    const styleAfter = (seconds: number, colors: boolean) => {
      at(100 + seconds);
      const screen = show(colors);
      assertEquals(screen.styleOf("AA"), "");
      return screen.styleOf("CC");
    };
    assertEquals([0, 0.6, 2, 3.1].map((age) => styleAfter(age, true)), ["1;4;91", "4;91", "4;33", ""]);
    assertEquals([0, 0.6, 2, 3.1].map((age) => styleAfter(age, false)), ["1;4", "4", "4", ""]);
  });

  it("unfolds signals with their history, and bytes", async () => {
    const { add, show, at, press, resize } = open(100, 30);
    for (let i = 0; i < 8; i++) {
      at(100 + i / 2);
      add(frame(291, [100 * (i % 2), 0, 4, 0, 0, 0, 0]), frame(0x400, [1, 0x41, 0xff]));
    }
    await press("e");
    const lines = show().lines;
    assertMatch(lines[2], /^▾ 123 .* EngineData$/);
    assertEquals(lines.slice(3, 6).map((line) => line.trim().split(/ {2,}/)), [
      ["Speed", "10 km/h", "▁█▁█▁█▁█"],
      ["Gear", "Drive", "▁▁▁▁▁▁▁▁"],
      ["Odometer", "0 m", "▁▁▁▁▁▁▁▁"],
    ]);
    assertEquals(lines[7], "       0  01 41 FF  .A.      00000001 01000001 11111111");
    resize(80, 24);
    add(
      new Message({ arbitrationId: 0x500, isExtendedId: false, isFd: true, channel: "can0", data: new Uint8Array(64) }),
    );
    const small = show().lines;
    assertMatch(small[8], /^▾ 500 .* {2}64 {2}00 00 00 00 00 00 00 00…$/);
    assertEquals(small.slice(9, 13).map((line) => line.trim().split(" ")[0]), ["0", "16", "32", "48"]);
  });

  it("shows several buses, error frames, remote frames, CAN XL", () => {
    const { add, show } = open(120);
    add(
      frame(1, [1], "can0"),
      frame(1, [1], "vcan15"),
      new Message({ arbitrationId: 2, isExtendedId: false, isRemoteFrame: true, dlc: 4, channel: "can0" }),
      new Message({ arbitrationId: 0x40, isErrorFrame: true, data: new Uint8Array(8), channel: "can0" }),
      new Message({ arbitrationId: 0x7f0, isXl: true, vcid: 1, data: new Uint8Array(2000), channel: "can0" }),
    );
    const lines = show().lines;
    assertMatch(lines[1], /^ {2}bus▾ +id /);
    assertEquals(lines.slice(2, 7).map((line) => line.split(/ +/).slice(1, 3)), [
      ["can0", "001"],
      ["can0", "E040"],
      ["can0", "R002"],
      ["can0", "X017F0"],
      ["vcan15", "001"],
    ]);
    assertMatch(lines[3], /bus-off/);
    assertMatch(lines[4], / 4 {2}remote request$/);
    assertMatch(lines[5], /2000 {2}00 .*…/);
  });

  it("fits into any size, down to one that is too small", () => {
    const view = open();
    for (let i = 0; i < 50; i++) {
      view.add(frame(i, [i, 2, 3], i % 2 ? "can0" : "can1"), frame(291, [i, 0, 0, 0, 0, 0, 0]));
    }
    view.session.view.allUnfolded = true;
    for (const [columns, rows] of [[80, 24], [200, 60], [40, 10], [30, 6], [29, 6], [10, 2], [1, 1], [400, 100]]) {
      view.resize(columns, rows);
      const { lines, clipped } = view.show();
      assertEquals(clipped, 0);
      assert(
        columns < 30
          ? "the screen is too small".startsWith(lines[0].slice(0, Math.min(9, columns - 1)))
          : lines[0].startsWith("can view"),
      );
    }
  });

  it("lets no control character of a database or an interface reach the terminal", () => {
    const database = Database.parse(car.replace('"Drive"', '"\u009b2J\u202eDr\u0007ive漢字\ud83d\ude00"'));
    const table = new LiveTable({ decode: (message) => database.decode(message) });
    table.add(frame(291, [0, 0, 4, 0, 0, 0, 0], "c\x1b[2Jan"), 1);
    const session = new Session({
      table,
      recorder: new Recorder({}),
      parseFilter: () => () => true,
      readFile: () => "",
      writeFile: () => {},
      quit: () => {},
    });
    session.view.allUnfolded = true;
    table.add(frame(1, [1]), 1); // so that the bus is shown
    const lines = session.draw([], { columns: 80, rows: 24 }, 1).map((line) => line.render(80, true));
    const text = stripVTControlCharacters(lines.join(" "));
    assert(!/[\p{Cc}\p{Cf}]/u.test(text), JSON.stringify(text));
    assertMatch(text, /c�\[2Jan 123/);
    assertMatch(text, /Gear +�2J�Dr�ive漢字😀 {3,}/);
  });

  it("has buses in its head: state, error counters, load, rate", () => {
    const { show, withBuses } = open();
    const status = { name: "can0", isUp: true, state: "ERROR-ACTIVE", errorCounters: { tx: 1, rx: 2 } } as LinkStatus;
    const bitrates = { bitrate: 500_000, dataBitrate: 2_000_000 };
    withBuses(
      { name: "can0", status, bitrates, rate: 1234.4, load: 0.456 },
      { name: "can1", status: { ...status, state: "BUS-OFF", errorCounters: null }, bitrates, rate: 0, load: 0.9 },
      { name: "vcan0", status: { ...status, isUp: false, state: null }, bitrates: null, rate: 0, load: 0 },
      { name: "gone0", status: null, bitrates: null, rate: 0, load: 0 },
    );
    const screen = show();
    assertEquals(
      screen.lines.slice(1, 5),
      [
        "can0   500k/2M     ERROR-ACTIVE tx 1 rx 2  load ████▌····· 45.6 %   1234/s",
        "can1   500k/2M     BUS-OFF                 load █████████· 90.0 %      0/s",
        "vcan0  no bitrate  DOWN tx 1 rx 2          load unknown                0/s",
        "gone0  no bitrate  GONE                    load unknown                0/s",
      ],
    );
    assertEquals([screen.styleOf("ERROR-ACTIVE"), screen.styleOf("BUS-OFF")], ["32", "1;31"]);
    withBuses(...Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, status, bitrates, rate: 0, load: 0 })));
    assertEquals(show().lines[6], "and 15 more");
  });
});

describe("The keys of can view", () => {
  it("select and scroll, and count no frames", async () => {
    const { add, press, show, table, selected, at } = open(80, 10);
    for (let i = 0; i < 20; i++) add(frame(i, [i]));
    at(101);
    assertEquals(selected(), null);
    await press("Down");
    assertMatch(selected()!, /^▸ 000/);
    await press("j", "Down", "Up", "k", "PgDn");
    assertMatch(selected()!, /^▸ 004/);
    await press("End");
    const lines = show().lines;
    assertMatch(lines[8], /^▸ 013/);
    assertMatch(lines[9], /^14-20 of 20/);
    await press("Home", "PgUp", "Up");
    assertMatch(show().lines[2], /^▸ 000/);
    await press("Esc");
    assertEquals([selected(), table.frames, table.rows.every(({ count }) => count === 1)], [null, 20, true]);
  });

  it("sort, and the selected row stays the selected one", async () => {
    const { add, press, ids, selected, show, at } = open();
    add(frame(3, [1], "can0", 0), frame(3, [1], "can0", 1), frame(3, [2], "can0", 2));
    at(101);
    add(frame(2, [1], "can0", 0), frame(2, [3], "can0", 0.5), frame(291, [0, 0, 0, 0, 0, 0, 0], "can0", 0));
    await press("Down");
    const orders: Record<string, string[]> = {};
    for (const key of sortKeys) {
      orders[key] = ids();
      assertMatch(selected()!, /^▸ 002/);
      await press("s");
    }
    assertEquals(orders, {
      bus: ["002", "003", "123"],
      id: ["002", "003", "123"],
      count: ["003", "002", "123"],
      period: ["002", "003", "123"],
      jitter: ["003", "002", "123"],
      changed: ["002", "003", "123"],
      name: ["123", "002", "003"],
    });
    await press("s", "s", "S");
    assertEquals(ids(), ["123", "002", "003"]);
    assertMatch(show().lines[1], /count▴/);
  });

  it("search as it is typed, onwards and back", async () => {
    const { add, press, type, selected, show } = open();
    add(frame(0x100, []), frame(291, [0, 0, 0, 0, 0, 0, 0]), frame(0x200, []), frame(0x210, []));
    await type("/odo");
    assertMatch(selected()!, /^▸ 123/);
    assertMatch(show().lines[23], /^search: odo/);
    await type("\x7f\x7f\x7f2");
    assertMatch(selected()!, /^▸ 123/);
    await type("1\r");
    assertMatch(selected()!, /^▸ 210/);
    await type("/2\r");
    assertMatch(selected()!, /^▸ 210/);
    await press("n");
    assertMatch(selected()!, /^▸ 123/);
    await press("N");
    assertMatch(selected()!, /^▸ 210/);
    await type("/xyz\r");
    assertMatch(show().lines[23], /nothing has "xyz"/);
  });

  it("filter by an expression; a wrong one can be corrected", async () => {
    const { add, type, ids, show, table } = open();
    add(frame(0x100, [1]), frame(291, [0x2f, 3, 0, 0, 0, 0, 0]));
    await type("fSpeed > 80\r");
    assertEquals([ids(), show().lines[0].slice(9)], [["123"], " 1 of 2 rows  2 frames  0 dropped  filter: Speed > 80"]);
    add(frame(291, [0, 0, 0, 0, 0, 0, 0]));
    assertEquals([ids(), table.frames], [[], 3]);
    assertMatch(show().lines[2], /no row passes/);
    await type("f\x15Sped\r");
    assertMatch(show().lines[23], /^filter: Sped .*nothing is named Sped; did you mean Speed\?/);
    await type("\x15id == 0x100\r");
    assertEquals(ids(), ["100"]);
    await type("f\x15\r");
    assertEquals(ids(), ["100", "123"]);
    await type("fid\x1b[A");
    await type("f"); // part of the answer
    assertMatch(show().lines[23], /^filter: idf/);
  });

  it("accept changes, mute rows, and keep both in a file", async () => {
    const { add, press, type, ids, files, show } = open();
    add(frame(1, [1]), frame(2, [1]), frame(3, [1]));
    add(frame(1, [3]), frame(2, [9]));
    await press("v");
    assertEquals(ids(), ["001", "002"]);
    await press("Down", "A");
    assertEquals(ids(), ["002"]);
    await press("a");
    assertEquals(ids(), []);
    add(frame(3, [5]));
    assertEquals(ids(), ["003"]);
    await press("v", "Home", "x");
    assertEquals(ids(), ["002", "003"]);
    assertMatch(show().lines[0], /2 of 3 rows, 1 muted/);
    await press("X");
    assertEquals([ids(), show().lines[2][0]], [["001", "002", "003"], "×"]);
    await type("w\x15calm.txt\r");
    assertEquals(files.get("calm.txt")?.split("\n").slice(1), ["can0 001 muted", "can0 001 02", "can0 002 08", ""]);

    const other = open();
    other.files.set("calm.txt", files.get("calm.txt")!);
    await other.type("o\x15nothing\r");
    assertMatch(other.show().lines[23], /no such file: nothing/);
    await other.type("\x15calm.txt\r");
    other.add(frame(1, [1]), frame(2, [1]), frame(2, [9]));
    assertEquals([other.ids(), other.show().styleOf("09")], [["002"], "2"]);
    await other.press("u");
    other.add(frame(2, [1]));
    assertEquals(other.show().styleOf("01"), "1;4;91");
  });

  it("pause what is shown, while frames still count", async () => {
    const { add, press, ids, show, table, session } = open();
    add(frame(1, [1]));
    await press("Space");
    add(frame(1, [2]), frame(2, [1]));
    assertEquals([session.isPaused, ids(), table.frames], [true, ["001"], 3]);
    assertMatch(show().lines[0], /PAUSED {3}1 row {2}1 frame /);
    await press("Down", "Enter");
    assertMatch(show().lines[3], /^ +0 {2}01/);
    await press("r");
    assertEquals([ids().length, table.frames], [2, 0]);
    await press("p");
    add(frame(1, [2]));
    assertMatch(show().lines[0], /can view {2}2 rows {2}1 frame /);
    await press("c");
    assertEquals([ids(), table.rows.length], [[], 0]);
  });

  it("begin a log, mark it and end it", async () => {
    const dir = mkdtempSync(`${tmpdir()}/can-`);
    try {
      const { press, type, session, show, recorder } = open(120);
      await press("m");
      assertMatch(show().lines[23], /there is no log/);
      await type(`l\x15${dir}/none/a.log\r`);
      assertMatch(show().lines[23], /ENOENT/);
      await type(`\x15${dir}/a.jsonl\r`);
      await session.record([frame(1, [1], "can0", 1)], "can0");
      await type("mnow\r");
      await type("m\r");
      assertMatch(show().lines[0], /log .*a\.jsonl: 1$/);
      assertMatch(show().lines[23], /marked: mark 1/);
      await press("l");
      assertEquals(recorder.log, null);
      assertMatch(show().lines[23], /a\.jsonl has 1 frames/);
      const entries = [];
      for await (const entry of LogReader.open(`${dir}/a.jsonl`).entries()) entries.push(entry);
      const found = entries.map((entry) => entry.type === "marker" ? entry.text : entry.type);
      assertEquals(found, ["message", "now", "mark 1"]);
      assertEquals(readFileSync(`${dir}/a.jsonl`, "utf8").split("\n").length, 4);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("say that a log has ended, on a full disk", async () => {
    const { session, recorder, show } = open(120, 24, { format: "candump" });
    recorder.begin("/dev/full");
    for (let i = 0; i < 1000 && recorder.failure === null; i++) {
      await session.record(Array.from({ length: 1000 }, () => frame(1, [1])), "can0");
      await pause(1);
    }
    assertMatch(show().lines[23], /^the log has ended: .*(ENOSPC|No space left)/i);
    assertEquals(recorder.log, null);
    await session.record([frame(1, [1])], "can0");
  });

  it("say what they do, and quit", async () => {
    const { press, show, quits, type } = open();
    for (const key of ["?", "h", "F1"]) {
      await press(key);
      const { text } = show();
      for (const { keys, text: does } of bindings) {
        assert(does.length <= 28, does);
        assert(text.includes(`${Object.keys(keys).join(" ")}  ${does}`), does);
      }
      await press("Down");
    }
    const page = readFileSync(new URL("../../docs/view.md", import.meta.url), "utf8");
    for (const key of bindings.flatMap(({ keys }) => Object.keys(keys))) assert(page.includes(`\`${key}\``), key);
    await press("q");
    await type("/\x03");
    assertEquals(quits, ["q", "^C"]);
  });
});

describe("Keys", () => {
  it("are made of bytes, however these are split", () => {
    const text = "aé漢\x1b[A\x1bOB\x1b[5~\x1b[H\x1b[[A\x1bOP\r\x7f\x03 \x1b[1;5C\x1b[200~q";
    const keys = ["a", "é", "漢", "Up", "Down", "PgUp", "Home", "F1", "F1", "Enter", "Backspace", "^C", "Space", "q"];
    assertEquals(new KeyReader().push(bytes(text)), keys);
    const reader = new KeyReader();
    assertEquals([...bytes(text)].flatMap((byte) => reader.push(Uint8Array.of(byte))), keys);
  });

  it("Escape is one if nothing follows, or no sequence", () => {
    const reader = new KeyReader();
    assertEquals([reader.push(bytes("\x1b")), reader.isWaiting, reader.flush(), reader.isWaiting], [
      [],
      true,
      ["Esc"],
      false,
    ]);
    assertEquals(reader.push(bytes("\x1b\x1b[A")), ["Esc", "Up"]);
    assertEquals(reader.push(bytes("\x1bx")), ["Esc", "x"]);
    assertEquals([reader.push(bytes("\x1b[")), reader.flush()], [[], ["Esc", "["]]);
    assertEquals(reader.flush(), []);
  });
});

describe("Text on the screen", () => {
  it("has a width, and is cut to one", () => {
    assertEquals(["abc", "漢字", "e\u0301", "😀", "äöü", "▁█", ""].map(widthOf), [3, 4, 1, 2, 3, 2, 0]);
    assertEquals([cut("abcdef", 4), cut("漢字漢字", 5), cut("漢字漢", 6), cut("abc", 3), cut("abc", 0)], [
      "abc…",
      "漢字…",
      "漢字漢",
      "abc",
      "",
    ]);
    assertEquals(safe("a\x1b[2J\u009b\u202e\u2028\r\nb"), "a�[2J�����b");
  });

  it("is rendered with styles, cut at the edge", () => {
    const line = new Line().add("ab", styles.title).add("cd").add("ef", styles.bad);
    assertEquals(line.render(6, true), "\x1b[1mab\x1b[0mcd\x1b[1;31mef\x1b[0m");
    assertEquals(line.render(6, false), "\x1b[1mab\x1b[0mcd\x1b[1mef\x1b[0m");
    assertEquals(line.render(4, false), "\x1b[1mab\x1b[0mc…");
    line.selected = true;
    assertEquals(line.render(8, false), "\x1b[1;7mab\x1b[0m\x1b[7mcd\x1b[0m\x1b[1;7mef\x1b[0m\x1b[7m  \x1b[0m");
  });

  it("a history shows each peak", () => {
    const slots = [[0, 0], [0, 7], [1, 2], [2, 2]].map(([least, most]) => ({ least, most }));
    assertEquals(sparkline(slots), "▁█▂▃");
    assertEquals(sparkline([{ least: 5, most: 5 }]), "▁");
    assertEquals(sparkline([{ least: -1.7e308, most: -1.7e308 }, { least: 1.7e308, most: 1.7e308 }]), "▁█");
    assertEquals(sparkline([{ least: NaN, most: NaN }, { least: 1, most: 1 }]), " ▁");
    assertEquals(sparkline([]), "");
  });
});

describe("Meters", () => {
  it("measure rate and load between two refreshes, of the interfaces named or of all", () => {
    const status = (name: string, bitrate: number | null) =>
      ({ name, bitTiming: bitrate && { bitrate }, dataBitTiming: null }) as unknown as LinkStatus;
    let statuses = [status("can0", 500_000), status("vcan0", null)];
    const named = new Meters(["can0", "can0", "can7"], null, () => statuses);
    const all = new Meters([""], { bitrate: 1e6, dataBitrate: 1e6 }, () => statuses);
    for (const meters of [named, all]) {
      meters.refresh(10);
      for (let i = 0; i < 100; i++) for (const channel of ["can0", "vcan0"]) meters.add(frame(0x555, [0x55], channel));
      meters.refresh(12);
    }
    const busy = named.states[0].load;
    assertEquals(named.states.map(({ name, rate, status }) => [name, rate, status?.name]), [["can0", 50, "can0"], [
      "can7",
      0,
      undefined,
    ]]);
    assert(busy > 100 * 55 / 500_000 / 2 && busy < 100 * 70 / 500_000 / 2, `${busy}`);
    assertEquals(all.states.map(({ name, load }) => [name, load]), [["can0", busy], ["vcan0", busy / 2]]);
    statuses = [];
    all.refresh(13);
    assertEquals(all.states, []);
  });
});

describe("can view", () => {
  it("needs a terminal, and right words", async () => {
    const { can } = await import("./run.ts");
    const dir = mkdtempSync(`${tmpdir()}/can-`);
    try {
      writeFileSync(`${dir}/car.dbc`, car);
      assertMatch((await can(["view"])).err, /can view takes an interface/);
      assertMatch((await can(["view", "vcan0", "--sort", "size"])).err, /--sort is "size"/);
      assertMatch((await can(["view", "vcan0", "--bitrate", "1,2,3"])).err, /more than a bitrate/);
      assertEquals((await can(["view", "vcan0", "-o", "-"])).status, 2);
      const none = await can(["view", "vcan0", "--dbc", `${dir}/car.dbc`]);
      assertEquals([none.status, none.out], [1, ""]);
      assertMatch(none.err, /^can: can view needs a terminal, and standard output is none; "can dump"/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
