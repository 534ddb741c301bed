import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { LogReader, LogWriter } from "../../src/log/mod.ts";
import { sink } from "../support/logs.ts";
import { until } from "../support/pause.ts";

const message = (number: number) =>
  new Message({ arbitrationId: number % 0x800, isExtendedId: false, timestamp: 1000 + number, channel: "can0" });

/** A folder that is removed at the end. */
function folder(): { path: string; files(): string[] } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/logs-`);
  return { path, files: () => readdirSync(path).sort(), [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

async function count(path: string): Promise<number> {
  return (await LogReader.open(path, { strict: true }).readAll()).length;
}

describe("LogWriter", () => {
  it("writes a file by the ending of its name, and closes it at the end of a block", async () => {
    using dir = folder();
    {
      using log = LogWriter.open(`${dir.path}/a.log`);
      log.write(message(1));
      log.writeMany([message(2), message(3)]);
      assertEquals([log.format, log.count, log.path], ["candump", 3, `${dir.path}/a.log`]);
    }
    assertEquals(
      readFileSync(`${dir.path}/a.log`, "utf8"),
      "(0000001001.000000) can0 001#\n(0000001002.000000) can0 002#\n(0000001003.000000) can0 003#\n",
    );
    {
      await using log = LogWriter.open(`${dir.path}/b.pcapng`);
      log.write(message(1));
    }
    assertEquals(await count(`${dir.path}/b.pcapng`), 1);
  });

  it("replaces a file, or continues it", async () => {
    using dir = folder();
    const path = `${dir.path}/a.log`;
    for (const append of [false, true, true, false, true]) {
      using log = LogWriter.open(path, { append });
      log.write(message(1));
    }
    assertEquals(await count(path), 2);
    assertThrows(() => LogWriter.open(`${dir.path}/a.blf`, { append: true }), RangeError, "Cannot append to");
  });

  it("compresses what the name says, in members that can be read each by itself", async () => {
    using dir = folder();
    await using log = LogWriter.open(`${dir.path}/a.log.gz`);
    log.write(message(1));
    await log.flush();
    const first = readFileSync(log.path!);
    log.write(message(2));
    await log.close();
    assertEquals(gunzipSync(first).length * 2, gunzipSync(readFileSync(log.path!)).length);
    assertEquals(await count(log.path!), 2);
    await using other = LogWriter.open(`${dir.path}/b.log`, { gzip: true });
    assertEquals(other.path, `${dir.path}/b.log.gz`);
  });

  it("is in the file after the flush interval, though nothing follows", async () => {
    using dir = folder();
    await using log = LogWriter.open(`${dir.path}/a.log`, { flushInterval: 0.01 });
    log.write(message(1));
    await until(() => statSync(`${dir.path}/a.log`).size > 0);
    assertEquals(await count(`${dir.path}/a.log`), 1);
    await using now = LogWriter.open(`${dir.path}/b.log`, { flushInterval: 0 });
    now.write(message(1));
    await now.drain();
    assertEquals(await count(`${dir.path}/b.log`), 1);
  });

  it("begins a new file by messages, bytes, seconds or a call", async () => {
    using dir = folder();
    {
      await using log = LogWriter.open(`${dir.path}/m.log`, { rotate: { messages: 3 } });
      for (let i = 0; i < 7; i++) log.write(message(i));
    }
    assertEquals(dir.files(), ["m-001.log", "m-002.log", "m-003.log"]);
    assertEquals(await Promise.all(dir.files().map((name) => count(`${dir.path}/${name}`))), [3, 3, 1]);
    {
      await using log = LogWriter.open(`${dir.path}/b-%n.log`, { rotate: { bytes: 100 } });
      for (let i = 0; i < 8; i++) log.write(message(i)); // of 30 bytes
    }
    assertEquals(dir.files().filter((name) => name.startsWith("b")).length, 3);
    {
      await using log = LogWriter.open(`${dir.path}/s.log`, { rotate: { seconds: 0.02 } });
      await until(() => {
        log.write(message(1));
        return log.path !== `${dir.path}/s-001.log`;
      });
    }
    assert(await count(`${dir.path}/s-001.log`) > 0);
    {
      await using log = LogWriter.open(`${dir.path}/c.log`, { rotate: {} });
      log.write(message(1));
      log.rotate();
      log.write(message(2));
    }
    assertEquals(dir.files().filter((name) => name.startsWith("c")), ["c-001.log", "c-002.log"]);
  });

  it("never replaces a file of a log that is rotated, and goes on counting", async () => {
    using dir = folder();
    writeFileSync(`${dir.path}/a-007.log`, "kept");
    await using log = LogWriter.open(`${dir.path}/a.log`, { rotate: { messages: 1 } });
    assertEquals(log.path, `${dir.path}/a-008.log`);
    log.write(message(1));
    assertEquals(log.path, `${dir.path}/a-009.log`);
    assertEquals(readFileSync(`${dir.path}/a-007.log`, "utf8"), "kept");
  });

  it("keeps as many files and bytes as it is told, the newest, and touches no others", async () => {
    using dir = folder();
    for (const name of ["a.log", "a-b.log", "a-1.log", "xa-001.log"]) writeFileSync(`${dir.path}/${name}`, "other");
    {
      await using log = LogWriter.open(`${dir.path}/a.log`, { rotate: { messages: 2 }, keep: { files: 3 } });
      for (let i = 0; i < 20; i++) log.write(message(i));
    }
    const files = dir.files().filter((name) => /^a-\d{3}/.test(name));
    assertEquals(files, ["a-009.log", "a-010.log", "a-011.log"]);
    assertEquals(dir.files().length, 7);
    {
      await using log = LogWriter.open(`${dir.path}/b.log`, { rotate: { messages: 10 }, keep: { bytes: 700 } });
      for (let i = 0; i < 100; i++) {
        log.write(message(i));
        await log.flush(); // else their sizes are not known yet
      }
    }
    const bytes = dir.files().filter((name) => name.startsWith("b-"));
    assertEquals(bytes.at(-1), "b-011.log");
    assertEquals(bytes.length, 3, "two whole files of 300 bytes, and the new one");
  });

  it("puts the time into names", () => {
    using dir = folder();
    using log = LogWriter.open(`${dir.path}/drive-%F-%T-%%.log`);
    assert(/drive-\d{4}-\d\d-\d\d-\d{6}-%\.log$/.test(log.path!), log.path!);
    using rotated = LogWriter.open(`${dir.path}/%Y/../x%n-%H.log`.replace("%Y/../", ""), { rotate: { messages: 1 } });
    assert(/x001-\d\d\.log$/.test(rotated.path!), rotated.path!);
    assertThrows(() => LogWriter.open(`${dir.path}/%q.log`), RangeError, 'has "%q"');
    assertThrows(() => LogWriter.open(`${dir.path}/%q.log`, { rotate: {} }), RangeError, 'has "%q"');
  });

  it("says what a format could not hold, with the first example, and writes the rest", async () => {
    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "trc-1.1", timeZone: "UTC" });
    const fd = new Message({ isFd: true, data: [1], timestamp: 5 });
    log.writeMany([message(1), fd, message(2), fd]);
    log.note({ type: "object", kind: "LIN", timestampNs: null });
    await log.close();
    assertEquals(log.losses.map(({ field, count }) => [field, count]), [["channel", 2], ["isFd", 2], ["object", 1]]);
    assertEquals(log.losses[1].first, `${fd}`);
    assertEquals((await LogReader.open(bytes(), { timeZone: "UTC" }).readAll()).length, 2);
  });

  it("is a stream, with backpressure", async () => {
    using dir = folder();
    const log = LogWriter.open(`${dir.path}/a.log`);
    const messages = new ReadableStream<Message>({
      start(controller) {
        for (let i = 0; i < 50_000; i++) controller.enqueue(message(i));
        controller.close();
      },
    });
    await messages.pipeTo(log.writable);
    assertEquals(await count(`${dir.path}/a.log`), 50_000);
    assertThrows(() => log.write(message(1)), TypeError, "it is closed");
  });

  it("closing twice does nothing; what is closed takes nothing", async () => {
    using dir = folder();
    const log = LogWriter.open(`${dir.path}/a.log`);
    await log.close();
    await log.close();
    log[Symbol.dispose]();
    assertThrows(() => log.marker("late"), TypeError, `Cannot write to "${dir.path}/a.log": it is closed`);
    await assertRejects(() => log.flush(), TypeError, "it is closed");
  });

  it("a disk that fails fails the next call", async () => {
    if (!existsSync("/dev/full")) return;
    await using log = LogWriter.open("/dev/full", { format: "candump" });
    log.write(message(1));
    const error = await assertRejects(() => log.flush()) as Error & { code?: string };
    assertEquals(error.code, "ENOSPC");
    assertEquals(assertThrows(() => log.write(message(2))) as Error & { code?: string }, error);
    await log.close().catch(() => {}); // it says so once more
  });

  it("refuses wrong targets and options", () => {
    const cases: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
      [() => LogWriter.open("a.xyz"), RangeError, 'Cannot tell the format of "a.xyz"'],
      [() => LogWriter.open("a.txt", { format: "candump-screen" }), RangeError, "candump output is only read"],
      [() => LogWriter.open("a.log", { rotates: {} } as object), TypeError, 'has no option "rotates"'],
      [() => LogWriter.open("a.log", { rotate: { bytes: 0 } }), RangeError, "rotate.bytes is 0"],
      [() => LogWriter.open("a.log", { keep: { files: 1 } }), TypeError, "set rotate too"],
      [() => LogWriter.open("a.log", { timeZone: "Mars" }), RangeError, 'timeZone is "Mars"'],
      [() => LogWriter.open(sink().stream), RangeError, "Cannot tell the format of a stream"],
      [() => LogWriter.open(sink().stream, { format: "asc", append: true }), TypeError, "are for files"],
      [() => LogWriter.open(sink().stream, { format: "sqlite" }), TypeError, "a file of its own"],
      [() => LogWriter.open(5 as unknown as string), TypeError, "takes a path"],
    ];
    for (const [call, Class, text] of cases) assertThrows(call, Class, text);
  });
});
