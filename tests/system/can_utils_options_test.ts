import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { can, Kept } from "../cli/run.ts";
import { take } from "../support/delivery.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { type Comparison, optionsIn, programs, type Same } from "./can_utils_options.ts";
import { cases } from "./cases.ts";
import { noSlcan } from "./machine.ts";
import { started } from "./started.ts";
import { ip, onOneProcessor, PATIENCE, Program } from "./tools.ts";

const standard = (arbitrationId: number, ...data: number[]) =>
  new Message({ arbitrationId, isExtendedId: false, data });

/** The last frame of some. */
const last = standard(0x7fe);

/** Frames of all kinds, and the last one. */
function traffic(): Message[] {
  const messages = cases.map(({ init }) => new Message(init)).filter((message) => !message.isErrorFrame);
  messages.push(
    standard(0x123, 1, 2),
    standard(0x101, 0x41),
    standard(0x106),
    standard(0x124),
    new Message({ arbitrationId: 0x12345678 }),
  );
  messages.push(new Message({ isErrorFrame: true, arbitrationId: 0x4, data: [0, 0x30, 0, 0, 0, 0, 0, 0] }));
  messages.push(new Message({ isErrorFrame: true, arbitrationId: 0x8c, data: [0, 1, 2, 3, 0, 0, 9, 8] }));
  return [...messages, last];
}

/** Runs something in an empty folder. */
async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(`${tmpdir()}/can-`);
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A program of can-utils. */
function program(words: string): Program {
  const [name, ...args] = words.split(" ");
  return new Program(name, args);
}

/** How many filters of vcan interfaces a word of candump makes. */
function filtersOf(words: string): number {
  const [, ...filters] = words.split(" ").at(-1)!.split(",").filter((part) => !/^j$/i.test(part));
  return Math.max(filters.length, 1);
}

/** Starts both; on return both receive. */
async function startBoth({ theirs, ours }: Same): Promise<Both> {
  const stop = new AbortController();
  const out = new Kept(1);
  const reference = await started(filtersOf(theirs), () => program(theirs));
  const open = filtersOf(ours) + (/-e vcan0$/.test(ours) ? 1 : 0);
  const { running } = await started(open, () => ({ running: can(ours.split(" "), stop.signal, out) }));
  return { reference, running, out, stop, [Symbol.dispose]: () => reference[Symbol.dispose]() };
}

interface Both extends Disposable {
  readonly reference: Program;
  readonly running: ReturnType<typeof can>;
  readonly out: Kept;
  readonly stop: AbortController;
}

/** Waits until something holds. */
async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert(i < 2000, `did not come to ${what}`);
    await pause(10);
  }
}

/** Waits until both have shown a text, or ours has ended; then stops both, and compares what they have shown. */
async function shownAlike(both: Both, text: RegExp): Promise<string[]> {
  const { reference, running, out, stop } = both;
  let ended = false;
  running.then(() => ended = true);
  await until(() => ended || text.test(out.text), `show ${text}: ${out.text.slice(-300)}`);
  stop.abort();
  const { err } = await running;
  assertEquals(err, "");
  const lines = out.text.split("\n").slice(0, -1);
  await until(
    () => reference.lines.length >= lines.length,
    `show ${lines.length} lines: ${reference.lines.join("\n")}`,
  );
  assertEquals(lines, await reference.stop("SIGINT"));
  return lines;
}

/** What of a frame is on the wire. */
function texts(messages: readonly Message[]): string[] {
  return messages.map((each) =>
    `${each.arbitrationId.toString(16)} ${kind(each)} ${each.isErrorFrame} ${each.dlc} ${each.data}`
  );
}

function kind({ isExtendedId, isRemoteFrame, isFd, bitrateSwitch, errorStateIndicator }: Message): string {
  return `${isExtendedId} ${isRemoteFrame} ${isFd} ${bitrateSwitch} ${errorStateIndicator}`;
}

/** What came to a bus until a frame that is sent now. */
function sentUntilNow(bus: Bus): Message[] {
  using end = new Bus("vcan0");
  end.send(last);
  const messages: Message[] = [];
  for (let message; (message = take(bus, 1)[0]).arbitrationId !== last.arbitrationId;) messages.push(message);
  return messages;
}

/** The frames that both send, and what both print. */
async function sentByBoth(same: Same): Promise<{ theirs: Message[]; ours: Message[]; printed: string[]; out: string }> {
  return await inFolder(async (folder) => {
    const log = `${folder}/drive.log`;
    writeFileSync(
      log,
      "(1.000000) can0 123#01\n(1.020000) can0 124#R2\n(1.030000) can1 00000125#\n(1.040000) can0 126##1AABB\n",
    );
    using bus = new Bus({ channel: "vcan0", fd: true, receiveBuffer: 4_000_000 });
    // cansend takes one frame.
    const words = same.theirs.replace("LOG", log).split(" ");
    const frames = words[0] === "cansend" ? words.splice(2) : [""];
    const script = 'frames=$1; shift; for frame in $frames; do "$@" $frame || exit; done; test "$frames" || "$@"';
    using reference = new Program("sh", ["-c", script, "sh", frames.join(" "), ...words]);
    const printed = await reference.finish();
    const theirs = sentUntilNow(bus);
    const { status, out, err } = await can(same.ours.replace("LOG", log).split(" "));
    assertEquals(status, 0, err);
    return { theirs, ours: sentUntilNow(bus), printed, out };
  });
}

/** An adapter whose queue is full, as it takes a frame only every 3 ms. */
async function fullQueue(run: (channel: string) => Promise<boolean>): Promise<{ succeeded: boolean; taken: number }> {
  using adapter = new Program("/usr/bin/python3", [fileURLToPath(new URL("slow_slcan.py", import.meta.url))]);
  await adapter.until(() => adapter.lines.length > 0, "name its interface");
  const channel = adapter.lines[0];
  ip("link", "set", channel, "up");
  const succeeded = await run(channel);
  using bus = new Bus(channel);
  await bus.sendAsync(last, { timeout: 60 });
  await adapter.until(() => adapter.lines.at(-1) === "t7FE0", "take the last frame");
  return { succeeded, taken: adapter.lines.length - 2 };
}

const comparisons: Record<Comparison, (same: Same) => Promise<void>> = {
  async shown(same) {
    using _held = onOneProcessor();
    using both = await startBoth(same);
    using bus = new Bus({ channel: "vcan0", fd: true });
    bus.sendMany(traffic(), 1);
    const lines = await shownAlike(both, /\b7FE\b/);
    assert(lines.length > 1, "hardly anything was shown");
  },

  async file(same) {
    const before = process.cwd();
    await inFolder(async (theirs) =>
      await inFolder(async (ours) => {
        const logs: string[] = [];
        try {
          process.chdir(theirs);
          using reference = await started(filtersOf(same.theirs), () => program(same.theirs));
          process.chdir(ours);
          const stop = new AbortController();
          const { running } = await started(filtersOf(same.ours), () => ({
            running: can(same.ours.split(" "), stop.signal),
          }));
          using bus = new Bus({ channel: "vcan0", fd: true });
          bus.sendMany(traffic(), 1);
          const read = (folder: string) => {
            const files = readdirSync(folder);
            if (files.length === 0) return "";
            assertMatch(files.join(), /^candump-\d{4}-\d\d-\d\d_\d{6}\.log$/);
            return readFileSync(`${folder}/${files[0]}`, "utf8");
          };
          await until(() => /7FE#/.test(read(ours)), "write all");
          stop.abort();
          await running;
          await reference.stop("SIGINT");
          logs.push(read(theirs), read(ours));
        } finally {
          process.chdir(before);
        }
        assertEquals(logs[1], logs[0]);
      })
    );
  },

  async losses(same) {
    using both = await startBoth(same);
    using bus = new Bus("vcan0");
    both.reference.kill("SIGSTOP");
    // While this runs, nothing of ours is received.
    bus.sendMany(Array.from({ length: 500 }, (_, i) => standard(i)), 10);
    both.reference.kill("SIGCONT");
    await until(() => both.out.text !== "" && both.reference.lines.length > 0, "show frames");
    await pause(100);
    bus.sendMany([standard(0x600), last], 10);
    // candump without -d is silent about losses.
    const silent = !same.theirs.includes("-d");
    await until(() => /\b7FE\b/.test(both.out.text), "show the last frame");
    both.stop.abort();
    const { out } = await both.running;
    assertMatch(out, /^DROPCOUNT: dropped [1-9]\d* CAN frames on 'vcan0' socket/m);
    const lines = out.split("\n").slice(0, -1).filter((line) => !silent || !line.startsWith("DROPCOUNT"));
    await until(() => both.reference.lines.length >= lines.length, "show as many lines");
    assertEquals(lines.map((line) => line.trim()), (await both.reference.stop()).map((line) => line.trim()));
  },

  async down(same) {
    ip("link", "add", "vcan5", "type", "vcan");
    try {
      ip("link", "set", "vcan5", "up");
      using both = await startBoth(same);
      using bus = new Bus("vcan5");
      bus.send(standard(1));
      await until(() => both.out.text !== "" && both.reference.lines.length > 0, "show the first frame");
      ip("link", "set", "vcan5", "down");
      await pause(100);
      ip("link", "set", "vcan5", "up");
      using again = new Bus("vcan5");
      // The one that comes first after the link is back may be missed.
      for (let i = 0; i < 100 && !/ 002 /.test(both.out.text); i++, await pause(50)) again.send(standard(2));
      again.send(last);
      await until(() => /\b7FE\b/.test(both.out.text), "show the last frame");
      both.stop.abort();
      const lines = new Set((await both.running).out.trim().split("\n").map((line) => line.trim()));
      await both.reference.until(
        () => both.reference.lines.some((line) => /\b7FE\b/.test(line)),
        "show the last frame",
      );
      assertEquals(lines, new Set((await both.reference.stop()).map((line) => line.trim())));
    } finally {
      ip("link", "del", "vcan5");
    }
  },

  async sent(same) {
    const { theirs, ours } = await sentByBoth(same);
    assertEquals(texts(ours), texts(theirs));
  },

  async kinds(same) {
    const { theirs, ours } = await sentByBoth(same);
    assertEquals(ours.length, theirs.length);
    assertEquals([...new Set(ours.map(kind))].sort(), [...new Set(theirs.map(kind))].sort());
  },

  async full({ theirs, ours }) {
    const reference = await fullQueue(async (channel) => {
      using running = program(theirs.replace("vcan0", channel));
      return (await running.result()).end === "0";
    });
    const own = await fullQueue(async (channel) => (await can(ours.replace("vcan0", channel).split(" "))).status === 0);
    assertEquals(own.succeeded, reference.succeeded);
    const count = Number(/(\d+)(?: -p.*| -i)?$/.exec(ours)![1]);
    assertEquals(own.taken === count, reference.taken === count, `${own.taken} and ${reference.taken} of ${count}`);
  },

  async load({ theirs, ours }) {
    const out = new Kept(1);
    using reference = await started(1, () => program(theirs));
    const { running } = await started(1, () => ({ running: can(ours.split(" "), undefined, out) }));
    using bus = new Bus({ channel: "vcan0", fd: true });
    // No more than a receive buffer holds.
    bus.sendMany(Array.from({ length: 100 }, (_, i) => standard(i, i, 0, 255)), 10);
    bus.sendMany(Array.from({ length: 50 }, (_, i) => new Message({ arbitrationId: i * 1000, data: [i] })), 10);
    await running;
    // The seconds of both begin at different times.
    const loads = (lines: readonly string[]) => lines.filter((line) => line.includes("@500000"));
    const sums = (lines: readonly string[]) => {
      const numbers = lines.map((line) =>
        /^ ?vcan0@500000 +(\d+) +(\d+) +(\d+) +[\d.]+%/.exec(line)!.slice(1).map(Number)
      );
      return [0, 1, 2].map((column) => numbers.reduce((sum, row) => sum + row[column], 0));
    };
    await reference.until(() => sums(loads(reference.lines))[0] === 150, "count all frames");
    assertEquals(sums(loads(out.text.split("\n"))), sums(loads(reference.lines)));
    if (!ours.includes("-b")) return;
    for (const line of [...loads(out.text.split("\n")), ...loads(reference.lines)]) {
      assertMatch(line, /% +\|X*\.*\|$/);
    }
  },

  async gaps({ theirs, ours }) {
    // Error frames as well.
    using reference = await started(2, () => program(theirs));
    const { running } = await started(2, () => ({ running: can(ours.split(" ")) }));
    using bus = new Bus("vcan0");
    for (const byte of [1, 2, 5, 6, 9, 10]) bus.send(standard(2, byte));
    const { status, err } = await running;
    assertEquals([status === 0, err !== ""], [(await reference.result()).end === "0", true]);
  },

  async output(same) {
    const { printed, out } = await sentByBoth(same);
    const lines = (text: string) =>
      text.replaceAll(" (cmd-line)", "").split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
    assertEquals(lines(out), lines(printed.join("\n")));
  },
};

describe("The options of can-utils", { skip: noVcan, timeout: PATIENCE }, () => {
  for (const { name, rows } of programs) {
    const { stdout, stderr, error } = spawnSync(name, ["-h"], { encoding: "utf8" });
    const listed = error ? [] : optionsIn(stdout + stderr);

    it(`${name}: all that its help has are in the table`, () => {
      if (error) throw error;
      const known = rows.filter(({ younger, option }) => !younger || listed.includes(option)).map(({ option }) =>
        option
      );
      assertEquals(listed.sort(), known.sort(), "add a row to tests/system/can_utils_options.ts");
    });

    for (const { option, same = [], by, younger } of rows) {
      if (younger && !listed.includes(option)) continue;
      for (const pair of same) {
        const skip = by === "full" && noSlcan;
        // The text of many frames is too long for a name.
        it(`${pair.theirs.slice(0, 80)}: can ${pair.ours.slice(0, 80)}`, { skip, timeout: PATIENCE }, async () => {
          await comparisons[by!](pair);
        });
      }
    }
  }
});
