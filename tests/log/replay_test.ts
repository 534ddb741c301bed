import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { LogReader, LogWriter, record, replay } from "../../src/log/mod.ts";
import { fileSystem } from "../../src/log/output.ts";
import { assertGapsNoted, sink, written } from "../support/logs.ts";
import { sendBurst } from "../support/overrun.ts";
import { later, pause, until } from "../support/pause.ts";

/** Opens a bus on the virtual channel with this name. */
function open(channel: string): Bus {
  return new Bus({ channel, interface: "virtual", fd: true });
}

/** Returns a log with a message at each of the given times, in seconds. */
function logOf(times: readonly number[], channel = "can0"): Promise<Uint8Array> {
  return written(
    times.map((time, i) =>
      new Message({
        arbitrationId: i,
        isExtendedId: i > 0x7ff,
        channel,
        timestampNs: 1_000_000_000_000n + BigInt(Math.round(time * 1e9)),
      })
    ),
    { format: "candump" },
  );
}

describe("record", () => {
  it("ends after a count, a duration or by the signal, with all received messages in the log", async () => {
    using bus = open("record");
    using sender = open("record");
    const { stream, bytes } = sink();
    const log = LogWriter.open(stream, { format: "jsonl" });
    for (let i = 0; i < 5; i++) sender.send(new Message({ arbitrationId: i }));
    const byCount = await record(bus, log, { count: 3 });
    assertEquals([byCount.ended, byCount.messages, byCount.dropped, byCount.error], ["count", 3, 0, null]);
    const byTime = await record(bus, log, { duration: 0.02 });
    assertEquals([byTime.ended, byTime.messages], ["duration", 2]);
    const aborting = new AbortController();
    const recording = record(bus, log, { signal: aborting.signal });
    sender.send(new Message({ arbitrationId: 9 }));
    setTimeout(() => aborting.abort(), 20);
    const bySignal = await recording;
    assertEquals([bySignal.ended, bySignal.messages], ["signal", 1]);
    assertEquals((await record(bus, log, { signal: AbortSignal.abort() })).ended, "signal");
    await log.close();
    assertEquals((await LogReader.open(bytes()).readAll()).map(({ arbitrationId }) => arbitrationId), [
      0,
      1,
      2,
      3,
      4,
      9,
    ]);
  });

  it("notes dropped frames where they are missing, and counts them", async () => {
    using bus = new Bus({ channel: "lossy", interface: "virtual", receiveBuffer: 1 });
    using sender = open("lossy");
    sendBurst(sender, 0);
    const before = bus.droppedFrames;
    assert(before > 0, "the virtual bus has room for all of them");
    bus.recvMany(9999, 0); // frames dropped before are not part of the recording

    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "candump" });
    const warnings: string[] = [];
    const logger = { debug() {}, warn: (text: string) => void warnings.push(text) };
    const aborting = new AbortController();
    const recording = record(bus, log, { signal: aborting.signal, logger });
    let sent = 0;
    for (let burst = 0; burst < 4; burst++) {
      sent = sendBurst(sender, sent);
      await until(() => log.count + bus.droppedFrames - before === sent);
    }
    aborting.abort();
    const report = await recording;
    await log.close();
    assertEquals(report.messages + report.dropped, sent);
    assertEquals(report.dropped, bus.droppedFrames - before);
    await assertGapsNoted(bytes(), sent);
    assert(warnings.length > 0 && warnings.every((text) => text.includes('frames were dropped on "lossy"')));
  });

  it("says when a pipe or device that is slow keeps it from reading the bus", async () => {
    using bus = open("pipe");
    using sender = open("pipe");
    const fs = fileSystem() as unknown as { writeSync: (...given: unknown[]) => number };
    const { writeSync } = fs;
    const warnings: string[] = [];
    try {
      fs.writeSync = (...given) => {
        for (const end = performance.now() + 120; performance.now() < end;);
        return writeSync(...given);
      };
      await using log = LogWriter.open("/dev/null", { format: "candump", flushInterval: 0 });
      sender.send(new Message({ arbitrationId: 1 }));
      const { heldUp } = await record(bus, log, { count: 1, logger: { warn: (text) => void warnings.push(text) } });
      assert(heldUp >= 0.1, `${heldUp} s`);
    } finally {
      fs.writeSync = writeSync;
    }
    assertEquals(warnings.length, 1);
    assert(
      /^writing to "\/dev\/null" blocked for \d\.\d{3} s, in which "pipe" was not read$/.test(warnings[0]),
      warnings[0],
    );
  });

  it("goes on reading while the disk is slow, and says so where it does not", async () => {
    using bus = open("slow");
    using sender = open("slow");
    let release = () => {};
    const stalled = new Promise<void>((resolve) => release = resolve);
    const chunks: Uint8Array[] = [];
    const disk = new WritableStream<Uint8Array>({
      write(chunk) {
        chunks.push(chunk);
        return stalled;
      },
    });
    const log = LogWriter.open(disk, { format: "candump", flushInterval: 0 });
    const warnings: string[] = [];
    const logger = { debug() {}, warn: (text: string) => void warnings.push(text) };
    const stop = new AbortController();
    const recording = record(bus, log, { signal: stop.signal, buffer: 5000, logger });
    let sent = 0;
    const send = (count: number) => {
      for (let i = 0; i < count; i++) sender.send(new Message({ arbitrationId: sent++ }));
    };
    // Nothing is on disk yet, and everything is read.
    for (const count of [20, 40, 60]) {
      send(20);
      await until(() => log.count === count);
    }
    assertEquals(warnings, []);
    // More than the buffer: the bus is not read, of which the logger is warned once.
    send(200);
    await until(() => warnings.length > 0);
    const count = log.count;
    send(10);
    await pause(20);
    assertEquals([log.count, warnings.length], [count, 1]);
    assert(/^the disk is too slow: "slow" is not read until \d{4,5} bytes are written$/.test(warnings[0]), warnings[0]);
    release();
    await until(() => log.count === sent);
    stop.abort();
    const report = await recording;
    assertEquals([report.messages, report.dropped], [sent, 0]);
    assert(report.heldUp >= 0.015, `${report.heldUp} s`);
    await log.close();
    assertEquals(
      (await LogReader.open(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())).readAll()).length,
      sent,
    );
  });

  it("rejects when the log cannot be written", async () => {
    using bus = open("full");
    using sender = open("full");
    const disk = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("ENOSPC")) });
    const log = LogWriter.open(disk, { format: "candump", flushInterval: 0 });
    const recording = later(record(bus, log));
    sender.send(new Message({ arbitrationId: 1 }));
    await pause(5);
    sender.send(new Message({ arbitrationId: 2 }));
    await assertRejects(() => recording, Error, "ENOSPC");
    await assertRejects(() => log.close(), Error, "ENOSPC");
  });

  it("rejects invalid options", async () => {
    using bus = open("options");
    await using log = LogWriter.open(sink().stream, { format: "candump" });
    await assertRejects(() => record(bus, log, { count: 0 }), RangeError, "count is 0");
    await assertRejects(() => record(bus, log, { duration: -1 }), RangeError, "duration is -1");
    await assertRejects(() => record(bus, log, { counts: 1 } as object), TypeError, 'no option "counts"');
  });
});

describe("replay", () => {
  it("sends messages on time, and reports how late they were", async () => {
    using bus = open("replay");
    using listener = open("replay");
    const began = performance.now();
    const report = await replay(await logOf([0, 0.01, 0.05, 0.05, 0.2]), bus, { speed: 2 });
    const took = performance.now() - began;
    assertEquals([report.messages, report.leftOut, report.ended], [5, 0, "end"]);
    assert(took >= 99, `${took} ms: the log has 0.2 s, at twice the speed`);
    assert(report.late.most >= report.late.mean && report.late.mean >= 0);
    assertEquals(listener.recvMany(99, 0).map(({ arbitrationId }) => arbitrationId), [0, 1, 2, 3, 4]);
  });

  it("sends without waiting, at a fixed interval, without long gaps, and several times", async () => {
    using bus = open("speed");
    using listener = open("speed");
    const log = await logOf([0, 1000, 2000]);
    assertEquals((await replay(log, bus, { speed: Infinity })).messages, 3);
    assertEquals((await replay(log, bus, { step: 0.001, loops: 3 })).messages, 9);
    assertEquals((await replay(log, bus, { skipGaps: 0.001 })).messages, 3);
    assertEquals(listener.recvMany(99, 0).length, 15);
  });

  it("selects messages by time, filters and channels", async () => {
    using one = open("one");
    using other = open("other");
    using onOne = open("one");
    using onOther = open("other");
    const log = new Uint8Array([
      ...await logOf([0, 1, 2, 3], "can0"),
      ...await logOf([4, 5], "can1"),
      ...await logOf([6], "can2"),
    ]);
    const report = await replay(log, { can0: one, can1: other }, { speed: Infinity, from: 1, to: 5 });
    assertEquals([report.messages, report.leftOut], [4, 2]);
    assertEquals(onOne.recvMany(99, 0).map(({ arbitrationId }) => arbitrationId), [1, 2, 3]);
    assertEquals(onOther.recvMany(99, 0).length, 1);
    const filters = [{ canId: 1, canMask: 0x7ff }];
    assertEquals((await replay(log, { can0: one }, { speed: Infinity, filters })).messages, 1);
  });

  it("can be paused, resumed, and moved to another position", async () => {
    using bus = open("seek");
    using listener = open("seek");
    const log = await logOf([0, 0.05, 100, 100.02, 100.04]);
    const player = replay(log, bus);
    player.pause();
    assertEquals(player.paused, true);
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert(listener.recvMany(9, 0).length <= 1, "it is paused");
    player.resume();
    player.seek(100);
    const { messages, ended } = await player;
    assertEquals(ended, "end");
    const seen = listener.recvMany(9, 0).map(({ arbitrationId }) => arbitrationId);
    assertEquals(seen.slice(-3), [2, 3, 4]);
    assert(messages >= 3);
    assertEquals(player.position > 100, true);

    // Back to the beginning.
    const again = replay(await logOf([0, 0.01, 0.02, 50]), bus);
    while (again.position < 0.02) await new Promise((resolve) => setTimeout(resolve, 5));
    again.seek(0.01);
    while (listener.recvMany(99, 0).length > 0 || again.position < 0.02) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    again.seek(60); // after the end
    assertEquals((await again).messages >= 5, true);
  });

  it("stays paused when it is moved, and can be moved while it sends without waiting", async () => {
    using bus = open("moved");
    using listener = open("moved");
    const ids = () => listener.recvMany(9999, 0).map(({ arbitrationId }) => arbitrationId);
    const player = replay(await logOf([0, 1, 2, 3, 4]), bus, { speed: 1e6 });
    player.pause();
    player.seek(3);
    assertEquals(player.position, 3);
    await pause(20);
    player.seek(1);
    player.seek(2);
    await pause(20);
    assertEquals(ids(), []);
    player.resume();
    assertEquals((await player).messages, 3);
    assertEquals(ids(), [2, 3, 4]);

    // Back once, while it sends: everything from there on is sent again.
    const numbers: number[] = [];
    let calls = 0;
    const target = {
      send() {},
      sendManyAsync(messages: readonly Message[]) {
        if (++calls === 3) fast.seek(0.1);
        numbers.push(...messages.map(({ arbitrationId }) => arbitrationId));
        return Promise.resolve(messages.length);
      },
    } as unknown as Bus;
    const fast = replay(await logOf(Array.from({ length: 5000 }, (_, i) => i / 1000)), target, { speed: Infinity });
    await fast;
    const back = numbers.findIndex((number, i) => number < numbers[i - 1]);
    assert(back > 256, `back after ${back}`);
    const to = (from: number, end: number) => Array.from({ length: end - from }, (_, i) => from + i);
    assertEquals(numbers, [...to(0, back), ...to(100, 5000)]);
  });

  it("ends by the signal, though it never waits", { timeout: 10_000 }, async () => {
    using bus = open("busy");
    const log = await logOf([0, 1]);
    const options = { loops: Infinity, speed: Infinity };
    for (
      const [bytes, more] of [[log, {}], [log, { channels: {} }], [new Uint8Array(), {
        read: { format: "candump" },
      }]] as const
    ) {
      const report = await replay(bytes, bus, { ...options, ...more, signal: AbortSignal.timeout(30) });
      assertEquals(report.ended, "signal");
    }
    // Late for everything, but the event loop has its turns: else the timer would never end the replay.
    const late = await logOf(Array.from({ length: 30_000 }, (_, i) => i / 1e6));
    const served = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) served.abort();
    }, 1);
    const { ended } = await replay(late, bus, { loops: Infinity, speed: 1000, signal: served.signal });
    clearInterval(timer);
    assertEquals(ended, "signal");
  });

  it("ends by the signal, even while waiting", async () => {
    using bus = open("signal");
    const player = replay(await logOf([0, 100]), bus, { signal: AbortSignal.timeout(20) });
    assertEquals((await player).ended, "signal");
    assertEquals((await replay(await logOf([0]), bus, { signal: AbortSignal.abort() })).messages, 0);
  });

  it("rejects invalid options, and messages that cannot be sent", async () => {
    using bus = new Bus({ channel: "classic", interface: "virtual" });
    const log = await logOf([0]);
    assertThrows(() => replay(log, bus, { speed: 0 }), RangeError, "speed is 0");
    assertThrows(() => replay(log, bus, { step: -1 }), RangeError, "step is -1");
    assertThrows(() => replay(log, bus, { loop: 2 } as object), TypeError, 'no option "loop"');
    assertThrows(() => replay(log, bus, { from: -1 }), RangeError, "from is -1");
    const fd = await written([new Message({ isFd: true })], { format: "candump" });
    await assertRejects(async () => await replay(fd, bus), TypeError, "CAN FD");
  });
});
