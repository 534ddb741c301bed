import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Bus, Message, type MessageInit } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { cases, marker, received } from "./cases.ts";
import { equalityPairs, printable } from "./messages.ts";
import { PATIENCE, Program, receive } from "./tools.ts";

const script = fileURLToPath(new URL("./python_can.py", import.meta.url));

const find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('can') is None)";

/** The Python that has python-can: the system's, as a package of the distribution, or the user's. */
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

    const witnessed = witness.recvMany(cases.length, 0);
    assertEquals(witnessed.length, cases.length);
    witnessed.forEach((message, i) => {
      // Of the same nanoseconds each side makes a floating-point number in its own way.
      const apart = Math.abs(message.timestamp - timestamps[i]);
      assert(apart < 1e-6, `${message}: python-can says ${timestamps[i]}`);
    });
  });

  it("sends what a Bus receives", options, async () => {
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
    const folder = mkdtempSync(join(tmpdir(), "python-can-"));
    try {
      const file = join(folder, "bus.log");
      const logger = ["-u", "-m", "can.logger", "-i", "socketcan", "-c", "vcan0", "--fd", "-f", file];
      using program = new Program(python!, logger);
      await program.until(() => program.lines.some((line) => line.startsWith("Can Logger")), "listen");
      using bus = new Bus({ channel: "vcan0", fd: true });
      using witness = new Bus({ channel: "vcan0", fd: true });
      for (const { init } of cases) bus.send(new Message(init), 1);
      const witnessed = witness.recvMany(cases.length, 0);
      // The logger writes what it has when its buffer is full.
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

  it("tells messages apart as we do", { skip: noPython, timeout: PATIENCE }, async () => {
    const theirs = await answers("equals", equalityPairs);
    const ours = equalityPairs.map(([one, other, delta]) => new Message(one).equals(new Message(other), delta));
    assertEquals(ours, theirs as boolean[]);
    assertEquals([theirs.includes(true), theirs.includes(false)], [true, true]);
  });
});

/** How python-can's log differs from candump's: no length of remote frames, and one class for all error frames. */
function pythonLog(text: string, init: MessageInit): string {
  if (init.isErrorFrame) return text.replace(/^\w{8}/, "20000080");
  return text.replace(/#R\d/, "#R");
}
