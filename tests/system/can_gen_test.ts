import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus } from "../../mod.ts";
import { can, type Ran } from "../cli/run.ts";
import { take } from "../support/delivery.ts";
import { noVcan } from "../support/kernel.ts";
import { started } from "./started.ts";
import { ip, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

describe("can gen", options, () => {
  it("mixes all kinds that the interface carries, and shows them", async () => {
    using bus = new Bus({ channel: "vcan0", fd: true });
    const { status, out } = await can(["gen", "vcan0", "-g", "0", "-m", "-n", "200", "-v", "-p", "1000"]);
    assertEquals([status, out.trim().split("\n").length], [0, 200]);
    const messages = take(bus, 200);
    assert(messages.some(({ isRemoteFrame }) => isRemoteFrame) && messages.some(({ isFd }) => isFd));
    assert(messages.some(({ isExtendedId }) => isExtendedId) && messages.some(({ isExtendedId }) => !isExtendedId));
  });

  it("keeps its rate, whatever a frame is late by; ends by the signal", async () => {
    using bus = new Bus("vcan0");
    const before = Date.now() / 1000;
    const { err: report } = await can(["gen", "vcan0", "-g", "0.5", "-n", "200", "-L", "0"]);
    for (const [i, { timestamp }] of take(bus, 200).entries()) {
      assert(timestamp - before >= 0.0005 * i - 0.002, `frame ${i} came after ${timestamp - before} s, too early`);
    }
    const form = /^can: 200 frames in ([\d.]+) s: ([\d.]+) a second of 2000\.0; late by ([\d.]+) ms at most, /;
    const [, seconds, rate, late] = form.exec(report)!.map(Number);
    // What one frame is late by, the last one is late by at most: nothing adds up.
    assert(seconds >= 0.099 && seconds <= 0.0995 + late / 1000 + 0.001, report);
    assert(Math.abs(rate - 199 / seconds) < 0.02 * rate, report);
    const stop = new AbortController();
    const running = can(["gen", "vcan0", "-g", "10000"], stop.signal);
    await receive(bus, 1);
    stop.abort();
    const { status, err } = await running;
    assertEquals(status, 130);
    assertMatch(err, /^can: 1 frame in 0\.\d+ s/);
  });

  it("-x hides the frames from this host", async () => {
    using bus = new Bus("vcan0");
    assertEquals((await can(["gen", "vcan0", "-x", "-n", "5", "-g", "0"])).status, 0);
    assertEquals((await can(["gen", "vcan0", "-I", "7", "-n", "1", "-g", "0"])).status, 0);
    assertEquals(take(bus, 1)[0].arbitrationId, 7);
  });

  it("an interface that is down, missing, or too small", async () => {
    ip("link", "add", "vcan6", "type", "vcan", "mtu", "16");
    try {
      const down = await can(["gen", "vcan6", "-n", "1"]);
      assertEquals(down.status, 1);
      assertMatch(down.err, /vcan6.*ENETDOWN/);
      ip("link", "set", "vcan6", "mtu", "16", "up");
      const small = await can(["gen", "vcan6", "-f", "-n", "1"]);
      assertEquals(small.status, 1);
      assertMatch(small.err, /vcan6/);
      assertEquals((await can(["gen", "vcan6", "-m", "-n", "50", "-g", "0"])).status, 0);
    } finally {
      ip("link", "del", "vcan6");
    }
    assertMatch((await can(["gen", "vcan77", "-n", "1"])).err, /vcan77.*ENODEV/);
    assertMatch((await can(["gen", "vcan77", "-m", "-n", "1"])).err, /vcan77.*ENODEV/);
  });
});

describe("can test", options, () => {
  it("sequence: cansequence receives ours, and we receive its", async () => {
    // It receives error frames before all others. More frames than these might not fit into a receive buffer.
    using cansequence = await started(2, () => new Program("cansequence", ["vcan0", "-r", "--loop=200", "-v"]));
    const sent = await can("test sequence vcan0 --loop 200 -g 0.5".split(" "));
    assertEquals([sent.status, sent.out], [0, ""]);
    // It says where a sequence is wrong on standard error.
    assertEquals(await cansequence.result(), { end: "0", stderr: "" });

    const { receiving } = await started(1, () => ({
      receiving: can("test sequence vcan0 -r --loop 200".split(" ")),
    }));
    using theirs = new Program("cansequence", ["vcan0", "--loop=200", "-p"]);
    await theirs.finish();
    assertEquals(await receiving, { status: 0, out: "200 frames, 0 missing, 0 wrong steps: good\n", err: "" });
  });

  it("sequence: a gap, a repetition, nothing at all", async () => {
    const { receiving } = await started(1, () => ({
      receiving: can("test sequence vcan0 -r -i 00000123 --timeout 2".split(" ")),
    }));
    const send = (...bytes: string[]) => can(["send", "vcan0", ...bytes.map((byte) => `00000123#${byte}`)]);
    await send("01", "02", "05", "05");
    const { status, out, err } = await receiving;
    assertEquals([status, out], [1, "4 frames, 2 missing, 2 wrong steps: bad\n"]);
    assertEquals(
      err,
      "can: frame 3: expected 3, got 5: 2 missing\ncan: frame 4: expected 6, got 5: repeated, or out of order\n",
    );
    const none = await can("test sequence vcan0 -r --timeout 0.05".split(" "));
    assertEquals([none.status, none.out], [1, "0 frames, 0 missing, 0 wrong steps: bad\n"]);
  });

  it("ping and echo, with each other and with canfdtest", async () => {
    const { echoing } = await started(1, () => ({
      echoing: can("test echo vcan0 --loop 300 -v".split(" ")),
    }));
    const { status, out } = await can("test ping vcan0 --loop 300 -f 20 --timeout 20".split(" "));
    assertEquals(status, 0);
    assertMatch(out, /^300 answers, 0 lost, 0 wrong, 0 out of order; [\d.]+ ms on average, [\d.]+ ms at most: good\n$/);
    const echoed = await echoing;
    assertEquals([echoed.status, echoed.err], [0, ""]);
    assertMatch(echoed.out, / vcan0 {2}077 {3}\[8\] {2}00 01 02 03 04 05 06 07\n/);
    assertMatch(echoed.out, /\n300 frames, 0 wrong, 0 missing, 0 wrong steps: good\n$/);

    const stop = new AbortController();
    const { ours } = await started(1, () => ({ ours: can("test echo vcan0".split(" "), stop.signal) }));
    using generator = new Program("canfdtest", ["-g", "-l", "100", "vcan0"]);
    await generator.finish();
    stop.abort();
    const answered = await ours;
    assertEquals(answered.status, 130);
    assertMatch(answered.out, /^\d+ frames, 0 wrong, 0 missing, 0 wrong steps: good\n$/);

    using _device = await started(1, () => new Program("canfdtest", ["vcan0"]));
    const asked = await can("test ping vcan0 --loop 100 --timeout 20".split(" "));
    assertEquals([asked.status, asked.err], [0, ""], asked.out);
  });

  it("ping: nobody answers, wrong answers", async () => {
    const alone = await can("test ping vcan0 --loop 100 --timeout 0.1 -f 10".split(" "));
    assertEquals([alone.status, alone.out], [1, "0 answers, 10 lost, 0 wrong, 0 out of order: bad\n"]);
    assertMatch(alone.err, /^can: nobody answers: "can test echo vcan0" does, on the other host\n$/);
    const { pinging } = await started(1, () => ({
      pinging: can("test ping vcan0 --loop 2 --timeout 1 -e -i 123".split(" ")),
    }));
    await can("send vcan0 00000124#0102030405060708 00000124#0102030405060709".split(" "));
    const { status, out } = await pinging;
    assertEquals(status, 1);
    assertMatch(out, /^1 answers, 1 lost, 1 wrong, 0 out of order; .*: bad\n$/);
  });

  it("the verdict is there when the link goes down", async () => {
    ip("link", "add", "vcan6", "type", "vcan");
    const runs: Promise<Ran>[] = [];
    try {
      ip("link", "set", "vcan6", "up");
      await started(2, () => {
        for (const words of ["test sequence vcan6 -r", "test echo vcan6"]) runs.push(can(words.split(" ")));
      });
      ip("link", "set", "vcan6", "down");
      for (const { status, out, err } of await Promise.all(runs)) {
        assertEquals(status, 1);
        assertMatch(out, /^0 frames, .*: bad\n$/);
        assertMatch(err, /vcan6.*ENETDOWN/);
      }
    } finally {
      ip("link", "del", "vcan6");
    }
  });
});
