import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Link, Message } from "../../mod.ts";
import { LogReader, LogWriter, record, replay } from "../../src/log/mod.ts";
import { noVcan } from "../support/kernel.ts";
import { assertGapsNoted } from "../support/logs.ts";
import { sendBurst } from "../support/overrun.ts";
import { until } from "../support/pause.ts";
import { startCandump } from "./candump.ts";
import { marker } from "./cases.ts";
import { classic, essence, fd, folder, messages, remote, START, write } from "./log_tools.ts";
import { PATIENCE, Program } from "./tools.ts";

describe("Logs of a bus", { skip: noVcan, timeout: PATIENCE }, () => {
  const sent = messages([...classic, ...remote, ...fd, ...classic]);

  it("a recording has what canplayer sends, and candump sees a replay of it", async () => {
    using dir = folder();
    write(`${dir.path}/sent.log`, sent);
    using bus = new Bus({ channel: "vcan0", fd: true });
    const log = LogWriter.open(`${dir.path}/recorded.log`);
    const recording = record(bus, log, { count: sent.length });
    const input = readFileSync(`${dir.path}/sent.log`, "latin1");
    using player = new Program("canplayer", ["-t", "vcan0=can0"], input);
    await player.finish();
    const report = await recording;
    await log.close();
    assertEquals([report.messages, report.dropped, report.ended], [sent.length, 0, "count"]);

    using candump = await startCandump("-L", "vcan0");
    const shown = () => candump.lines.filter((line) => !line.endsWith(` ${marker.text}`));
    assertEquals((await replay(`${dir.path}/recorded.log`, bus, { speed: Infinity })).messages, sent.length);
    await candump.until(() => shown().length >= sent.length, "show the replay");
    // What a program of this machine sent counts as sent, not received.
    const frames = (items: readonly Message[]) =>
      items.map((message) => ({ ...essence(message), channel: 0, isRx: null, microseconds: 0 }));
    for (const log of [`${dir.path}/recorded.log`, new TextEncoder().encode(`${shown().join("\n")}\n`)]) {
      assertEquals(frames(await LogReader.open(log).readAll()), frames(sent));
    }
  });

  for (const end of ["down", "delete"] as const) {
    it(`a recording ends with all that came before link.${end}()`, async () => {
      using dir = folder();
      const link = Link.create("vcanlog", { kind: "vcan" });
      try {
        link.up();
        using bus = new Bus("vcanlog");
        using sender = new Bus("vcanlog");
        const log = LogWriter.open(`${dir.path}/a.log`);
        const recording = record(bus, log);
        for (let i = 0; i < 100; i++) sender.send(new Message({ arbitrationId: i }), 1);
        link[end]();
        const report = await recording;
        assertEquals([report.ended, report.messages, report.dropped], ["link", 100, 0]);
        assertEquals(report.error?.code, end === "down" ? "ENETDOWN" : "ENODEV");
        // It is flushed, though the log is still open.
        const found = await LogReader.open(`${dir.path}/a.log`, { strict: true }).readAll();
        assertEquals(found.map(({ arbitrationId }) => arbitrationId), found.map((_, i) => i));
        assertEquals(found.length, 100);
        await log.close();
      } finally {
        if (end === "down") link.delete();
      }
    });
  }

  it("a recording notes where the kernel dropped frames", async () => {
    using dir = folder();
    using bus = new Bus({ channel: "vcan0", receiveBuffer: 1 });
    using sender = new Bus("vcan0");
    const log = LogWriter.open(`${dir.path}/a.log`);
    const stop = new AbortController();
    const recording = record(bus, log, { signal: stop.signal });
    let sent = 0;
    for (let burst = 0; burst < 5; burst++) {
      sent = sendBurst(sender, sent);
      await until(() => log.count + bus.droppedFrames === sent);
    }
    stop.abort();
    const report = await recording;
    await log.close();
    assertEquals(report.messages + report.dropped, sent);
    await assertGapsNoted(`${dir.path}/a.log`, sent);
  });

  it("a replay keeps the pauses of its log", async () => {
    const times = [0, 0.2, 0.25, 0.7];
    const lines = times.map((time) => `(${(START + time).toFixed(6)}) can0 123#01\n`).join("");
    using bus = new Bus("vcan0");
    using listener = new Bus("vcan0");
    const report = await replay(new TextEncoder().encode(lines), bus);
    const received = listener.recvMany(9, 0);
    assertEquals([report.messages, received.length], [4, 4]);
    for (const [i, message] of received.entries()) {
      const seconds = message.timestamp - received[0].timestamp;
      assert(seconds > times[i] - 0.05, `message ${i} after ${seconds} s, too early`);
    }
  });
});
