import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { BitTiming, bitTimingConsts, Bus, Message, type MessageInit } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { cases, marker, received } from "./cases.ts";
import { equalityPairs, printable } from "./messages.ts";
import { onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

const script = fileURLToPath(new URL("./python_can.py", import.meta.url));

const find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('can') is None)";

/** The Python that has python-can: the system's, with the distribution's package, or the user's. */
const python = ["/usr/bin/python3", "python3"].find((each) =>
  spawnSync(each, ["-c", find], { timeout: 60_000 }).status === 0
);
const noPython = python === undefined && "no python-can here";
const options = { skip: noPython || noVcan, timeout: PATIENCE };

/** Starts one of the script's commands. */
function start(command: string[], input: readonly unknown[] = []): Program {
  return new Program(python!, [script, ...command], input.map((each) => JSON.stringify(each) + "\n").join(""));
}

/** Runs one of the script's commands to its end. */
async function answers(command: string, input: readonly unknown[]): Promise<unknown[]> {
  using program = start([command], input);
  return (await program.finish()).map((line) => JSON.parse(line));
}

describe("python-can", () => {
  it("receives what a Bus sends", options, async () => {
    using _held = onOneProcessor();
    using program = start(["receive", "vcan0"]);
    await program.until(() => program.lines.length > 0, "listen");
    using bus = new Bus({ channel: "vcan0", fd: true });
    using witness = new Bus({ channel: "vcan0", fd: true });
    for (const { init } of cases) bus.send(new Message(init), 1);
    await program.until(() => program.lines.length > cases.length, `receive ${cases.length} messages`);

    const messages = program.lines.slice(1).map((line) => JSON.parse(line));
    const timestamps: number[] = messages.map(({ timestamp }) => timestamp);
    for (const message of messages) delete message.timestamp;
    assertEquals(messages, cases.map(({ init }) => received(init)));

    const witnessed = await receive(witness, cases.length);
    witnessed.forEach((message, i) => {
      // Each side converts the same nanoseconds to a floating-point number in its own way.
      const apart = Math.abs(message.timestamp - timestamps[i]);
      assert(apart < 1e-6, `${message}: python-can says ${timestamps[i]}`);
    });
  });

  it("sends what a Bus receives", options, async () => {
    using _held = onOneProcessor();
    using bus = new Bus({ channel: "vcan0", fd: true });
    using program = start(["send", "vcan0"], cases.map(({ init }) => init));
    const messages = await receive(bus, cases.length, program);
    await program.finish();
    messages.forEach((message, i) => {
      const { timestamp, ...fields } = message.toJSON();
      assertEquals(fields, received(cases[i].init));
      assert(timestamp > 0, `${message}`);
    });
    assertEquals(bus.recv(0), null);
  });

  it("logs what a Bus sends", options, async () => {
    using _held = onOneProcessor();
    const folder = mkdtempSync(join(tmpdir(), "python-can-"));
    try {
      const file = join(folder, "bus.log");
      const logger = ["-u", "-m", "can.logger", "-i", "socketcan", "-c", "vcan0", "--fd", "-f", file];
      using program = new Program(python!, logger);
      await program.until(() => program.lines.some((line) => line.startsWith("Can Logger")), "listen");
      using bus = new Bus({ channel: "vcan0", fd: true });
      using witness = new Bus({ channel: "vcan0", fd: true });
      for (const { init } of cases) bus.send(new Message(init), 1);
      const witnessed = await receive(witness, cases.length);
      // The logger writes only when its buffer is full.
      const fillers = Array.from({ length: 50 }, () => new Message(marker.init));
      const written = () => existsSync(file) ? readFileSync(file, "utf8") : "";
      await program.until(() => written().includes(marker.text), "write", () => bus.sendMany(fillers, 1));
      await program.stop("SIGINT");

      const lines = written().trimEnd().split("\n").filter((line) => !line.includes(marker.text));
      assertEquals(lines.map((line) => line.split(" ")[2]), cases.map(({ text, init }) => pythonLog(text, init)));
      lines.forEach((line, i) => {
        assertEquals(line.split(" ")[1], "vcan0");
        const seconds = Number(line.slice(1, line.indexOf(")")));
        assert(Math.abs(seconds - witnessed[i].timestamp) < 2e-6, `${line}, not ${witnessed[i].timestamp}`);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints messages as we do", { skip: noPython, timeout: PATIENCE }, async () => {
    const texts = await answers("text", printable);
    assertEquals(printable.map((init) => new Message(init).toString()), texts as string[]);
  });

  it("compares messages as we do", { skip: noPython, timeout: PATIENCE }, async () => {
    const theirs = await answers("equals", equalityPairs);
    const ours = equalityPairs.map(([one, other, delta]) => new Message(one).equals(new Message(other), delta));
    assertEquals(ours, theirs as boolean[]);
    assertEquals([theirs.includes(true), theirs.includes(false)], [true, true]);
  });

  it("has our bit timings, registers and text", { skip: noPython, timeout: PATIENCE }, async () => {
    const limits = bitTimingConsts.sja1000;
    const timings = [8e6, 16e6, 24e6, 40e6, 80e6].flatMap((clock) =>
      [20_000, 83_333, 125_000, 500_000, 1_000_000].flatMap((bitrate, i) =>
        BitTiming.list({ clock, limits, bitrate, tripleSampling: i % 2 === 0 }).slice(0, 40)
      )
    );
    // Later versions refuse the others.
    const usual = timings.filter(({ bitTime, samplePoint }) => bitTime >= 8 && samplePoint >= 0.5);
    assert(usual.length > 300, `only ${usual.length}`);
    const theirs = await answers("bit_timings", usual.map((timing) => timing.toPythonCan())) as PythonTiming[];
    usual.forEach((timing, i) => {
      const { text, bitrate, samplePoint, ...rest } = theirs[i];
      const { btr0, btr1, bitTime } = timing;
      assertEquals(rest, { arguments: timing.toPythonCan(), bitTime, registers: [btr0, btr1] }, text);
      // Ours are rounded down like the kernel's; python-can's are not rounded, or to the nearest in later versions.
      assert(Math.abs(bitrate - timing.bitrate) < 1, `${text}: not ${timing}`);
      assertEquals(Math.floor(samplePoint * 10 + 1e-9) / 1000, timing.samplePoint, text);
      const plain = new BitTiming({ ...timing.toJSON(), nominalBitrate: null });
      // Later versions have another layout, which starts with a name.
      if (/^\d/.test(text)) assertEquals(text.replace(/\.\d+/, ""), `${plain}`);
    });
  });
});

/** python-can's view of a bit timing. */
interface PythonTiming {
  readonly arguments: unknown;
  readonly bitrate: number;
  readonly samplePoint: number;
  readonly bitTime: number;
  readonly registers: number[];
  readonly text: string;
}

/** How python-can's log differs from candump's: no length of remote frames, and one class for all error frames. */
function pythonLog(text: string, init: MessageInit): string {
  if (init.isErrorFrame) return text.replace(/^\w{8}/, "20000080");
  return text.replace(/#R\d/, "#R");
}
