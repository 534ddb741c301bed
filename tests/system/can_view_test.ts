import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { command as view } from "../../src/cli/view.ts";
import { LogReader } from "../../src/log/mod.ts";
import { car } from "../cli/car.ts";
import { noVcan } from "../support/kernel.ts";
import { PtyProgram } from "./pseudo_terminal.ts";
import { command, root } from "./script.ts";
import { ip, PATIENCE } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

const denoFlags = ["--allow-ffi", "--allow-read", "--allow-write"];

/** Starts can with words, on a terminal of a size. */
function start(words: readonly string[], columns = 80, rows = 24): PtyProgram {
  return new PtyProgram(command(`${root}src/cli/mod.ts`, { args: words, denoFlags }), columns, rows);
}

function folder(): { path: string } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/can-`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const frame = (arbitrationId: number, ...data: number[]) => new Message({ arbitrationId, isExtendedId: false, data });

/** Whether the screen has a row with an identifier and a count. */
const has = (id: string, count: number | string = "\\d+") => (text: string) =>
  new RegExp(`^[▸▾×] (vcan\\d )?${id} +${count} `, "m").test(text);

/** Waits for the end, and checks that the terminal is as it was before. */
async function restored(program: PtyProgram): Promise<number> {
  const { end, before, after } = await program.end();
  assertMatch(before, /\bicanon\b.*\becho\b/s);
  assertEquals(after, before);
  const { screen } = program;
  assertEquals([screen.isAlternate, screen.cursorShown, screen.wraps], [false, true, true]);
  return end;
}

describe("can view on a terminal", options, () => {
  it("shows frames, obeys keys, follows the size of the terminal, records, and gives the terminal back", async () => {
    using dir = folder();
    const [dbc, log, known] = ["car.dbc", "drive.jsonl", "known.txt"].map((name) => `${dir.path}/${name}`);
    writeFileSync(dbc, car);
    writeFileSync(known, "vcan0 7EE muted\n");
    using program = start([
      ...["view", "vcan0", "--dbc", dbc, "-o", log, "--known", known, "--bitrate", "500000"],
    ]);
    using bus = new Bus({ channel: "vcan0", fd: true });
    const { screen } = program;
    await program.until((text) => text.includes("nothing received yet"), "show an empty table");
    assert(screen.isAlternate && !screen.cursorShown);
    assertMatch(screen.lines[1], /^vcan0 {2}500k {2}up {2}load ·{10} {2}0\.0 % +0\/s$/);
    assertMatch(screen.lines[23], /^1 lines read from .*known\.txt$/);

    // 40 rows, and one that is muted: more than there is room for.
    bus.sendMany(Array.from({ length: 40 }, (_, i) => frame(0x200 + i, i)), 1);
    bus.sendMany([frame(0x7ee, 1), frame(291, 0x2f, 3, 4, 1, 0, 0, 0), frame(291, 0x30, 3, 4, 1, 0, 0, 0)], 1);
    await program.until(has("123", 2), "show a message of the database");
    assertMatch(screen.lines[0], /^can view {2}40|can view {2}41 of 42 rows, 1 muted {2}43 frames {2}0 dropped/);
    assertMatch(screen.text, /^▸ 123 +2 .* 7 {2}30 03 04 01 00 00 00 +EngineData/m);
    assert(screen.styleOf("30 03")?.includes("4"), "what has changed is not underlined");
    assert(!has("7EE")(screen.text) && !has("227")(screen.text));

    // Scrolling counts nothing and loses nothing.
    program.press("\x1b[F");
    await program.until(has("227", 1), "scroll to the end");
    for (let i = 0; i < 20; i++) bus.send(frame(0x227, i), 1);
    program.press("\x1b[5~\x1b[6~".repeat(20));
    await program.until(has("227", 21), "count what came meanwhile");
    assertMatch(screen.lines[0], / 63 frames {2}0 dropped/);

    program.press("\x1b[H\r");
    await program.until((text) => /^ {4}Speed +81\.6 km\/h +[▁-█]/m.test(text), "unfold the signals");
    program.press("fid == 0x227 || Speed > 80\r");
    await program.until((text) => text.includes("2 of 42 rows"), "filter");
    program.press("s".repeat(2));
    await program.until((text) => text.includes("sorted by count"), "sort");
    assertMatch(screen.lines[2], /count▾/);

    program.press(" ");
    await program.until((text) => text.includes("PAUSED"), "pause");
    bus.send(frame(291, 0x40, 3, 4, 1, 0, 0, 0), 1);
    program.press("mhalf way\r");
    await program.until((text) => text.includes("marked: half way"), "mark the log");
    assert(has("123", 2)(screen.text));
    program.press("p");
    await program.until(has("123", 3), "go on");

    // Whatever was on the screen, it is drawn for the new size.
    program.resize(200, 60);
    await program.until((text) => /^\? help.*pause/m.test(screen.lines[59] ?? "") && has("123")(text), "grow");
    program.press("f\x15\r");
    await program.until((text) => has("200")(text) && has("227")(text), "show all rows");
    assertMatch(screen.text, /^▾ 123 .* EngineData$/m);
    program.resize(60, 12);
    await program.until((text) => screen.lines[11].startsWith("1-8 of 44") && has("123")(text), "shrink");
    program.resize(80, 24);
    program.press("?");
    await program.until((text) => /q \^C {2}quit/.test(text), "help");
    program.press("\x1b");
    await program.until(has("123"), "leave the help");
    program.press("q");
    assertEquals(await restored(program), 0);
    assertMatch(screen.text, /can: 64 frames in .*drive\.jsonl/);
    const reader = LogReader.open(log);
    const types: string[] = [];
    for await (const entry of reader.entries()) types.push(entry.type === "marker" ? entry.text : entry.type);
    assertEquals(types.filter((type) => type !== "message"), ["half way"]);
    assertEquals(types.length, 65);
    assertEquals(readFileSync(known, "utf8"), "vcan0 7EE muted\n");
  });

  it("gives the terminal back whatever ends it, and ends its log in order", async () => {
    using dir = folder();
    const ends = {
      "\x03": 130,
      SIGINT: 130,
      SIGTERM: 143,
      SIGHUP: 129,
      SIGQUIT: 131,
    } as const;
    using bus = new Bus("vcan0");
    const programs = Object.entries(ends).map(([how, status], i) => {
      const log = `${dir.path}/${i}.blf`;
      return { how, status, log, program: start(["view", "vcan0", "-o", log]) };
    });
    try {
      for (const { how, status, log, program } of programs) {
        await program.until(has("321"), "show a frame", () => bus.send(frame(0x321, 1), 1));
        // At any moment: while it draws, or in a question.
        if (Math.random() < 0.5) program.press("/abc");
        if (how.startsWith("SIG")) program.signal(how as "SIGINT");
        else program.press(how);
        assertEquals([how, await restored(program)], [how, status]);
        if (how === "SIGQUIT") continue; // it asks for an end at once
        const reader = LogReader.open(log);
        assert((await reader.readAll()).length > 0, how);
        assertEquals(reader.diagnostics, [], how);
      }
    } finally {
      for (const { program } of programs) program[Symbol.dispose]();
    }
  });

  it("ends with the terminal, and gives it back after an error", async () => {
    ip("link", "add", "vcan8", "type", "vcan");
    ip("link", "set", "vcan8", "up");
    try {
      using hung = start(["view", "vcan0"]);
      using failed = start(["view", "vcan8"], 120, 30);
      for (const program of [hung, failed]) {
        await program.until((text) => text.includes("nothing received yet"), "start");
      }
      hung.hangUp();
      const { end } = await hung.end();
      assert(end === 129 || end === 141, `it ended with ${end}`);
      ip("link", "del", "vcan8");
      assertEquals(await restored(failed), 1);
      assertMatch(failed.screen.text.replaceAll(/\n(?!can:)/g, ""), /^can: .*"vcan8": (ENODEV|ENETDOWN) /m);
    } finally {
      if (existsSync("/sys/class/net/vcan8")) ip("link", "del", "vcan8");
    }
  });

  it("has the examples of its help, colours unless NO_COLOR is set, and needs a terminal", async () => {
    using dir = folder();
    writeFileSync(`${dir.path}/car.dbc`, car);
    using bus = new Bus("vcan0");
    const programs = view.examples.map(({ line }) =>
      start(
        line.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", "").replace(/^(car|drive)\./, `${dir.path}/$&`)),
      )
    );
    programs.push(start(["view", "vcan0", "--color", "never"]));
    try {
      const shown = programs.map(() => "");
      for (const [i, program] of programs.entries()) {
        await program.until(has("123"), "show a frame", () => bus.send(frame(291, 0x2f, 3, 4, 0, 0, 0, 0), 1));
        shown[i] = program.screen.styleOf("can view") ?? "";
        program.press("q");
        assertEquals(await restored(program), 0);
      }
      assertEquals(shown, programs.map(() => "1"));
      const piped = new PtyProgram(
        ["sh", "-c", '"$@" | cat', "sh", ...command(`${root}src/cli/mod.ts`, { args: ["view", "vcan0"], denoFlags })],
        80,
        24,
      );
      using _piped = piped;
      await restored(piped);
      assertMatch(piped.screen.text, /can view needs a terminal, and standard output is none/);
    } finally {
      for (const program of programs) program[Symbol.dispose]();
    }
  });
});
