import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { convert, LogReader, LogWriter, record, replay } from "../../src/log/mod.ts";
import { sink, written } from "../support/logs.ts";
import { pause } from "../support/pause.ts";

const enough = new Error("enough");
const line = "(1.000000) can0 123#11\n";
const text = (lines: string) => new TextEncoder().encode(lines);
const candump = { format: "candump" } as const;
const message = new Message({ arbitrationId: 1 });

/** A stream that takes nothing, and why it was aborted. */
function stalled(): { stream: WritableStream<Uint8Array>; asked: Promise<void>; aborted: Promise<unknown> } {
  let ask = () => {};
  const asked = new Promise<void>((resolve) => ask = resolve);
  let abort: (reason: unknown) => void = () => {};
  const aborted = new Promise((resolve) => abort = resolve);
  const stream = new WritableStream<Uint8Array>({
    start: (controller) => controller.signal.addEventListener("abort", () => abort(controller.signal.reason)),
    write() {
      ask();
      return new Promise(() => {});
    },
  });
  return { stream, asked, aborted };
}

/** A named pipe, removed at the end of the block. `hold` opens it for writing, and writes a line. */
function namedPipe(): { path: string; hold(): void } & Disposable {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  const path = `${folder}/pipe`;
  execFileSync("mkfifo", [path]);
  const held: number[] = [];
  const open = () => void held.push(openSync(path, "r+")); // for reading, too: that never waits
  return {
    path,
    hold() {
      open();
      writeSync(held[0], line);
    },
    [Symbol.dispose]() {
      open(); // ends what still waits for a writer
      held.forEach((fd) => closeSync(fd)); // and what still reads
      rmSync(folder, { recursive: true });
    },
  };
}

describe("A target that takes nothing", { timeout: 60_000 }, () => {
  it("does not hold up convert once its signal is aborted", async () => {
    const target = stalled();
    const stop = new AbortController();
    const converting = convert(text(line.repeat(200_000)), target.stream, {
      signal: stop.signal,
      write: candump,
    });
    void target.asked.then(() => stop.abort(enough));
    assertEquals(await assertRejects(() => converting), enough);
    assertEquals(await target.aborted, enough);
  });

  it("does not hold up convert that has only its end to write, or whose source failed", async () => {
    const failing = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(text(line));
        controller.error(new Error("unplugged"));
      },
    });
    for (const source of [text(line), failing]) {
      const target = stalled();
      const stop = new AbortController();
      const converting = convert(source, target.stream, { signal: stop.signal, read: candump, write: candump });
      converting.catch(() => {});
      void target.asked.then(() => stop.abort(enough));
      await assertRejects(() => converting);
    }
  });

  it("gets all that it takes, however long it takes, after convert was aborted", async () => {
    const { stream, bytes } = sink();
    const { writable, readable } = new TransformStream<Uint8Array>();
    const stop = new AbortController();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(text(line.repeat(9000))),
    });
    const converting = convert(source, writable, { signal: stop.signal, read: candump, write: candump });
    const rejected = assertRejects(() => converting);
    await pause(20);
    stop.abort(enough);
    await pause(300);
    await readable.pipeTo(stream);
    assertEquals(await rejected, enough);
    assertEquals((await LogReader.open(bytes()).readAll()).length, 9000);
  });

  it("does not hold up the abortion of a log, or of its stream", async () => {
    for (const abort of ["log", "stream"]) {
      const target = stalled();
      const log = LogWriter.open(target.stream, candump);
      log.write(message);
      const flushed = assertRejects(() => log.flush());
      const aborting = abort === "log" ? log.abort(enough) : log.writable.abort(enough);
      assertEquals(await assertRejects(() => aborting), enough);
      assertEquals(await flushed, enough);
      assertEquals(await target.aborted, enough);
      await log.close();
    }
  });

  it("does not hold up a recording once its signal is aborted, which says what is not written", async () => {
    for (const buffer of [1, undefined]) {
      using bus = new Bus({ interface: "virtual", channel: "stalled" });
      using sender = new Bus({ interface: "virtual", channel: "stalled" });
      const target = stalled();
      const log = LogWriter.open(target.stream, { ...candump, flushInterval: 0 });
      const stop = new AbortController();
      const recording = record(bus, log, { signal: stop.signal, buffer });
      sender.send(message);
      await target.asked;
      sender.send(message);
      stop.abort(enough);
      const report = await recording;
      assertEquals(report.ended, "signal");
      assert(report.unwritten > 0, `${report.unwritten} bytes`);
      await assertRejects(() => log.abort(enough));
    }
  });
});

describe("A log that is aborted", () => {
  it("is closed, with all that was written", async () => {
    const { stream, bytes } = sink();
    const log = LogWriter.open(stream, candump);
    log.write(message);
    await log.abort(enough);
    assertEquals((await LogReader.open(bytes()).readAll()).length, 1);
  });
});

describe("A pipe", { timeout: 60_000 }, () => {
  it("that nobody writes to does not hold up reading once it is closed or aborted", async () => {
    for (const signal of [undefined, new AbortController()]) {
      using pipe = namedPipe();
      const reader = LogReader.open(pipe.path, { ...candump, signal: signal?.signal });
      const reading = reader.readAll();
      await pause(20);
      if (signal) signal.abort();
      else await reader.close();
      assertEquals(await reading, []);
    }
  });

  it("whose writer is silent does not hold up reading, convert or replay", async () => {
    const cases: Record<string, (path: string, signal: AbortSignal) => Promise<unknown>> = {
      read: async (path, signal) => (await LogReader.open(path, { ...candump, signal }).readAll()).length <= 1,
      convert: async (path, signal) => {
        const converting = convert(path, sink().stream, { signal, read: candump, write: candump });
        return await assertRejects(() => converting);
      },
      replay: async (path, signal) => {
        using bus = new Bus({ interface: "virtual", channel: "pipe" });
        return (await replay(path, bus, { signal, read: candump })).ended;
      },
    };
    const ends: Record<string, unknown> = {};
    for (const [name, run] of Object.entries(cases)) {
      using pipe = namedPipe();
      pipe.hold();
      const stop = new AbortController();
      const running = run(pipe.path, stop.signal);
      await pause(50);
      stop.abort(enough);
      ends[name] = await running;
    }
    assertEquals(ends, { read: true, convert: enough, replay: "signal" });
  });

  it("is read whole in formats that need random access", async () => {
    for (const format of ["mf4", "sqlite"] as const) {
      using pipe = namedPipe();
      writeFileSync(`${pipe.path}.log`, await written([message, message], { format }));
      const writer = spawn("sh", ["-c", 'cat "$1.log" > "$1"', "sh", pipe.path]);
      assertEquals((await LogReader.open(pipe.path).readAll()).length, 2);
      if (writer.exitCode === null) await once(writer, "close");
    }
  });
});
