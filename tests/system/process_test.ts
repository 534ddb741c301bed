import { existsSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { libcPaths } from "../../ffi/names.ts";
import { Bus, Message } from "../../mod.ts";
import { noIsoTp } from "../support/isotp.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { command, inDeno, root, startScript } from "./script.ts";
import { drainUntilQuiet, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

describe("A script exits by itself when its work is done", () => {
  const ways: Record<string, string[]> = {
    "timeout": ["null"],
    "unref": [],
    "unref later": [],
    "unref with timeout": [],
    "close": [],
    "abort": ["TimeoutError"],
    "unref errors": [],
    "close errors": [],
    "none": ["null"],
    "stream, unref": [],
    "stream, cancelled": ["true"],
  };
  for (const [way, expected] of Object.entries(ways)) {
    it(way, options, async () => {
      using program = startScript("tests/system/scripts/waits.ts", { args: [way] });
      assertEquals(await program.finish(), expected);
    });
  }

  for (const way of ["keep", "keep, by a stream"]) {
    it(`but not while a wait is pending: ${way}`, options, async () => {
      using bus = new Bus("vcan0");
      using program = startScript("tests/system/scripts/waits.ts", { args: [way] });
      await program.until(() => program.lines.length === 1, "wait");
      await pause(500);
      bus.send(new Message({ arbitrationId: 0x77 }));
      const lines = await program.finish();
      assertMatch(lines[1], /ID: 00000077/);
    });
  }
});

describe("A script with periodic tasks", () => {
  const ways: Record<string, string[]> = {
    "endless": [],
    "endless, by timers": [],
    "unref": [],
    "unref later": [],
    "stop": ["stopped"],
    "finish": ["finished"],
    "finish, by timers": ["finished"],
  };
  for (const [way, expected] of Object.entries(ways)) {
    it(`exits by itself when nothing is pending: ${way}`, options, async () => {
      using program = startScript("tests/system/scripts/periodic.ts", { args: [way] });
      assertEquals(await program.finish(), expected);
    });
  }

  it("sends while its thread is blocked, and stops when it is killed", options, async () => {
    using bus = new Bus({ channel: "vcan0", filters: [{ canId: 0x321, canMask: 0x7ff }] });
    using sender = new Bus("vcan0");
    using program = startScript("tests/system/scripts/periodic.ts", { args: ["busy"] });
    await program.until(() => program.lines.length > 0, "be busy"); // its thread is blocked in recv
    bus.recvMany(999, 0);
    await receive(bus, 20, program);
    assertEquals(program.lines, ["busy"]);
    sender.send(new Message({ arbitrationId: 0x77, isExtendedId: false }));
    await program.finish();
    await drainUntilQuiet(bus);
  });

  it("gets what a callback throws, though done is not awaited", options, async () => {
    using program = startScript("tests/system/scripts/periodic.ts", { args: ["error"] });
    const { end, stderr } = await program.result();
    assertEquals([end, program.lines], ["1", []]);
    assertMatch(stderr, /no sensor/);
  });

  it("gets an error if what a callback returns cannot be sent, though done is not awaited", options, async () => {
    using program = startScript("tests/system/scripts/periodic.ts", { args: ["unsendable"] });
    const { end, stderr } = await program.result();
    assertEquals([end, program.lines], ["1", []]);
    assertMatch(stderr, /Cannot send to "vcan0": E\w+ .*it carries no CAN XL frames/);
  });
});

describe("A script with an ISO-TP socket exits by itself", () => {
  const ways: Record<string, string[]> = {
    "unref": [],
    "close": [],
    "close while sending": ["closed"],
    "waitTxDone": ["ECOMM"],
    "waitTxDone, unref": [],
  };
  for (const [way, expected] of Object.entries(ways)) {
    it(way, { ...options, skip: noIsoTp }, async () => {
      using program = startScript("tests/system/scripts/isotp.ts", { args: [way] });
      assertEquals(await program.finish(), expected);
    });
  }
});

describe("A process", () => {
  it("stays blocked in recv() when signals arrive", options, async () => {
    using bus = new Bus("vcan0");
    using program = startScript("tests/system/scripts/signals.ts");
    await program.until(() => program.lines.length === 1, "wait");
    for (let i = 0; i < 5; i++) {
      program.kill("SIGWINCH");
      await pause(50);
    }
    assertEquals(program.lines.length, 1);
    bus.send(new Message({ arbitrationId: 0x55 }));
    await program.until(() => program.lines.length === 2, "receive");
    assertMatch(program.lines[1], /ID: 00000055/);
  });

  const interrupted: Record<string, string[]> = {
    "recv": ["EINTR recv", "handled"],
    "iterate": ["EINTR iterate", "handled"],
    "loop": ["EINTR loop", "handled"],
    "reconnect": ["EINTR reconnect", "handled"],
  };
  for (const [way, lines] of Object.entries(interrupted)) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      it(`blocked with a handler for ${signal}: an error, then the handler (${way})`, options, async () => {
        using program = startScript("tests/system/scripts/interrupts.ts", { args: [way, signal] });
        await program.until(() => program.lines.length === 1, "wait");
        await pause(500);
        program.kill(signal);
        assertEquals((await program.finish()).slice(1), lines);
      });

      it(`blocked with a handler for ${signal}: ends with the error that is not caught (${way})`, options, async () => {
        using program = startScript("tests/system/scripts/interrupts.ts", { args: [way, signal, "uncaught"] });
        await program.until(() => program.lines.length === 1, "wait");
        await pause(500);
        program.kill(signal);
        const { end, stderr } = await program.result();
        assertEquals(end, "1");
        assertMatch(stderr, new RegExp(`Cannot wait for "\\w+": EINTR .*${signal} has arrived, .*"for await"`));
      });

      it(`blocked without a handler for ${signal}: ends at once (${way})`, options, async () => {
        using program = startScript("tests/system/scripts/interrupts.ts", { args: [way, "none"] });
        await program.until(() => program.lines.length === 1, "wait");
        await pause(500);
        program.kill(signal);
        const { end } = await program.result();
        assert([signal, signal === "SIGINT" ? "130" : "143"].includes(end), end);
      });
    }
  }

  it("handles signals as before once it does not block any more", options, async () => {
    using program = startScript("tests/system/scripts/interrupts.ts", { args: ["after", "SIGINT"] });
    await program.until(() => program.lines.length === 1, "wait in the event loop");
    for (let i = 2; i <= 4; i++) {
      program.kill("SIGINT");
      await program.until(() => program.lines.length === i, "handle it");
    }
    assertEquals((await program.finish()).slice(1), ["handled", "handled", "handled"]);
  });

  it("gets an error when it has too many open files, and can continue", options, async () => {
    const script = command(`${root}tests/system/scripts/descriptors.ts`);
    using program = new Program("bash", ["-c", 'ulimit -n 60; exec "$@"', "bash", ...script]);
    const lines = await program.finish();
    assertMatch(lines[0], /^EMFILE: Cannot open a CAN_RAW socket: EMFILE \(too many open files\); .*ulimit -n/);
    assertMatch(lines[1], /ID: 00000001/);
  });
});

const describeInDeno = inDeno ? describe : () => {};

describeInDeno("Permissions", () => {
  it("none: the error names the required flag", { timeout: PATIENCE }, async () => {
    using program = startScript("examples/quick_start.ts", { denoFlags: [] });
    const { end, stderr } = await program.result();
    assertEquals(end, "1");
    assertMatch(stderr, /NotCapable: Cannot load libc: .*--allow-ffi, or with --allow-ffi=\/.*libc\.so\.6/);
  });

  it("none: the virtual bus works", { timeout: PATIENCE }, async () => {
    using program = startScript("examples/virtual.ts", { denoFlags: [] });
    assertEquals((await program.finish()).length, 3);
  });

  it("the path of libc alone", { skip: noVcan, timeout: PATIENCE }, async () => {
    const path = libcPaths(process.arch === "x64" ? "x86_64" : "aarch64").find(existsSync);
    assert(path, "no libc where libcPaths look");
    using program = startScript("examples/async.ts", { denoFlags: [`--allow-ffi=${path}`] });
    assert((await program.finish()).some((line) => line.startsWith("answer 3: Timestamp")));
  });
});
