import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { convert, type LogMarker, LogReader, LogWriter } from "../../src/log/mod.ts";
import { allFormats } from "../../src/log/formats.ts";
import { sink } from "../support/logs.ts";
import { pause, until } from "../support/pause.ts";

const message = (number: number) =>
  new Message({ arbitrationId: number % 0x800, isExtendedId: false, timestamp: 1000 + number, channel: "can0" });

/** A temporary folder, removed at the end of the block. */
function folder(): { path: string; files(): string[] } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/logs-`);
  return { path, files: () => readdirSync(path).sort(), [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

async function count(path: string): Promise<number> {
  return (await LogReader.open(path, { strict: true }).readAll()).length;
}

describe("LogWriter", () => {
  it("chooses the format by the file name extension, and closes the file at the end of a block", async () => {
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

  it("replaces a file, or appends to it", async () => {
    using dir = folder();
    const path = `${dir.path}/a.log`;
    for (const append of [false, true, true, false, true]) {
      using log = LogWriter.open(path, { append });
      log.write(message(1));
    }
    assertEquals(await count(path), 2);
  });

  it("compresses a file named .gz, in gzip members that can be read independently", async () => {
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

  it("writes a message to the file within the flush interval, even if nothing follows", async () => {
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

  for (const { name, database } of allFormats().filter(({ encoder }) => encoder !== null)) {
    it(`${name}: every message is in the file within the flush interval`, async () => {
      using dir = folder();
      await using log = LogWriter.open(`${dir.path}/a`, { format: name, flushInterval: 0.01 });
      for (let i = 1; i <= 3; i++) {
        log.write(message(i));
        let found = 0;
        const end = performance.now() + 20_000;
        while (found < i && performance.now() < end) {
          await pause(20);
          if (statSync(`${dir.path}/a`).size === 0 && !database) continue;
          found = (await LogReader.open(`${dir.path}/a`, { format: name }).readAll()).length;
        }
        assertEquals(found, i);
      }
    });
  }

  it("starts a new file after a number of messages, bytes or seconds, or on request", async () => {
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

  it("has written all files once it is flushed, and once a block ends", async () => {
    using dir = folder();
    const sizes = () => dir.files().map((name) => statSync(`${dir.path}/${name}`).size);
    const long = Array.from({ length: 2000 }, (_, i) => message(i));
    {
      using log = LogWriter.open(`${dir.path}/a.log`, { rotate: { messages: 100 }, flushInterval: 1000 });
      log.writeMany(long);
      assert(log.pending > 2 * 100 * 20, `only ${log.pending} bytes are pending`);
      await log.flush();
      assertEquals(log.pending, 0);
      const first = sizes();
      assert(first.length >= 20 && first.slice(0, 20).every((size) => size > 100 * 20), `${first}`);
      log.writeMany(long);
    }
    const last = sizes();
    assert(last.length >= 40 && last.slice(0, 40).every((size) => size > 100 * 20), `${last}`);
  });

  it("never replaces a file of a rotated log, and continues its numbering", async () => {
    using dir = folder();
    writeFileSync(`${dir.path}/a-007.log`, "kept");
    await using log = LogWriter.open(`${dir.path}/a.log`, { rotate: { messages: 1 } });
    assertEquals(log.path, `${dir.path}/a-008.log`);
    log.write(message(1));
    assertEquals(log.path, `${dir.path}/a-009.log`);
    assertEquals(readFileSync(`${dir.path}/a-007.log`, "utf8"), "kept");
  });

  it("keeps the newest files up to the given number and size, and deletes no others", async () => {
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
        await log.flush(); // so that the sizes are up to date
      }
    }
    const bytes = dir.files().filter((name) => name.startsWith("b-"));
    assertEquals(bytes.at(-1), "b-011.log");
    assertEquals(bytes.length, 3, "two whole files of 300 bytes, and the new one");
  });

  it("deletes files of earlier runs when it is opened and when it is closed", async () => {
    using dir = folder();
    for (let i = 1; i <= 5; i++) writeFileSync(`${dir.path}/a-00${i}.log`, "x".repeat(100));
    mkdirSync(`${dir.path}/a-006.log`); // not a file
    {
      using log = LogWriter.open(`${dir.path}/a.log`, { rotate: {}, keep: { files: 3 } });
      assertEquals(dir.files(), ["a-004.log", "a-005.log", "a-006.log", "a-007.log"]);
      assertEquals(log.path, `${dir.path}/a-007.log`);
      log.write(message(1));
    }
    for (const close of [(log: LogWriter) => log.close(), (log: LogWriter) => log[Symbol.dispose]()]) {
      const log = LogWriter.open(`${dir.path}/a.log`, { rotate: {}, keep: { bytes: 220 } });
      log.writeMany([1, 2, 3, 4, 5, 6, 7].map(message)); // 210 bytes: more than is to be kept beside the older files
      const before = dir.files().length;
      await close(log);
      assertEquals(dir.files().length < before, true);
      const sizes = dir.files().filter((name) => name !== "a-006.log").map((name) =>
        statSync(`${dir.path}/${name}`).size
      );
      assertEquals(sizes, [210]);
    }
  });

  it("takes the next number if a file with the name appears meanwhile", async () => {
    using dir = folder();
    for (const ending of ["log", "db"]) {
      await using log = LogWriter.open(`${dir.path}/a.${ending}`, { rotate: {} });
      writeFileSync(`${dir.path}/a-002.${ending}`, "other");
      log.rotate();
      assertEquals(log.path, `${dir.path}/a-003.${ending}`);
      assertEquals(readFileSync(`${dir.path}/a-002.${ending}`, "utf8"), "other");
    }
  });

  it("%n may stand twice, and ignores numbers that are too large to count", () => {
    using dir = folder();
    for (const name of ["004-a-004.log", "008-a-009.log", "x.log"]) writeFileSync(`${dir.path}/${name}`, "");
    writeFileSync(`${dir.path}/9999999999999999-a-9999999999999999.log`, "");
    using log = LogWriter.open(`${dir.path}/%n-a-%n.log`, { rotate: {}, keep: { files: 1 } });
    assertEquals(log.path, `${dir.path}/005-a-005.log`);
    assertEquals(dir.files(), ["005-a-005.log", "008-a-009.log", "9999999999999999-a-9999999999999999.log", "x.log"]);
  });

  it("starts a new SQLite database after a number of bytes", async () => {
    using dir = folder();
    {
      await using log = LogWriter.open(`${dir.path}/a.db`, { rotate: { bytes: 50_000 } });
      for (let i = 0; i < 3000; i++) log.write(message(i));
    }
    const sizes = dir.files().map((name) => statSync(`${dir.path}/${name}`).size);
    assert(sizes.length >= 3, `${sizes}`);
    for (const size of sizes.slice(0, -1)) assert(size >= 50_000 && size < 70_000, `${sizes}`);
    const counts = await Promise.all(dir.files().map((name) => count(`${dir.path}/${name}`)));
    assertEquals(counts.reduce((sum, each) => sum + each), 3000);
  });

  it("keeps few files open, however fast it goes on to new ones", async () => {
    using dir = folder();
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    await using log = LogWriter.open(`${dir.path}/a.log`, { rotate: { messages: 1 } });
    log.writeMany(Array.from({ length: 300 }, (_, i) => message(i)));
    assert(open() - before <= 16, `${open() - before} descriptors`);
    await log.close();
    assertEquals(dir.files().length, 301);
    for (const name of dir.files().slice(0, -1)) assertEquals(await count(`${dir.path}/${name}`), 1, name);
  });

  it("fills in the placeholders of names", () => {
    using dir = folder();
    using log = LogWriter.open(`${dir.path}/drive-%F-%T-%%.log`);
    assert(/drive-\d{4}-\d\d-\d\d-\d{6}-%\.log$/.test(log.path!), log.path!);
    using rotated = LogWriter.open(`${dir.path}/%Y/../x%n-%H.log`.replace("%Y/../", ""), { rotate: { messages: 1 } });
    assert(/x001-\d\d\.log$/.test(rotated.path!), rotated.path!);
    assertThrows(() => LogWriter.open(`${dir.path}/%q.log`), RangeError, 'contains "%q"');
    assertThrows(() => LogWriter.open(`${dir.path}/%q.log`, { rotate: {} }), RangeError, 'contains "%q"');
  });

  it("reports what the format could not store, with the first example, and writes the rest", async () => {
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

  it("provides a writable stream with backpressure", async () => {
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

  it("can be closed twice, and rejects writes once closed", async () => {
    using dir = folder();
    const log = LogWriter.open(`${dir.path}/a.log`);
    await log.close();
    await log.close();
    log[Symbol.dispose]();
    assertThrows(() => log.marker("late"), TypeError, `Cannot write to "${dir.path}/a.log": it is closed`);
    await assertRejects(() => log.flush(), TypeError, "it is closed");
  });

  it("throws the error of a failed write from the next call", async () => {
    if (!existsSync("/dev/full")) return;
    await using log = LogWriter.open("/dev/full", { format: "candump" });
    log.write(message(1));
    const error = await assertRejects(() => log.flush()) as Error & { code?: string };
    assertEquals(error.code, "ENOSPC");
    assertEquals(assertThrows(() => log.write(message(2))) as Error & { code?: string }, error);
    await log.close().catch(() => {}); // it throws the same error again
  });

  it("keeps throwing when a new file could not be opened", async () => {
    using dir = folder();
    const path = `${dir.path}/sub`;
    mkdirSync(path);
    const log = LogWriter.open(`${path}/a.log`, { rotate: {} });
    log.write(message(1));
    rmSync(path, { recursive: true });
    const error = assertThrows(() => log.rotate()) as Error & { code?: string };
    assertEquals(error.code, "ENOENT");
    assertEquals(assertThrows(() => log.write(message(2))), error, "the message would be lost without a word");
    await assertRejects(() => log.close());
  });

  it("reports a message from before the start, which gets the time of the start where times are not negative", async () => {
    for (const format of ["asc", "mf4", "trc"] as const) {
      const { stream, bytes } = sink();
      await using log = LogWriter.open(stream, { format, timeZone: "UTC" });
      const early = message(0).with({ timestampNs: 1000_900_000_000n });
      log.writeMany([message(10), early, message(11)]);
      await log.close();
      assertEquals(log.losses, [{ field: "timestampNs", count: 1, first: `${early}` }], format);
      const times = (await LogReader.open(bytes(), { timeZone: "UTC" }).readAll()).map(({ timestamp }) => timestamp);
      assertEquals(times, format === "mf4" ? [1010, 1009, 1011] : [1010, 1010, 1011], format);
    }
    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "blf", timeZone: "UTC" });
    log.writeMany([message(10), message(0)]);
    await log.close();
    assertEquals(log.losses, []);
    const times = (await LogReader.open(bytes(), { timeZone: "UTC" }).readAll()).map(({ timestamp }) => timestamp);
    assertEquals(times, [1010, 1000]);
  });

  it("keeps what came before an error of the messages' source", async () => {
    using dir = folder();
    await using log = LogWriter.open(`${dir.path}/a.log`, { flushInterval: 0 });
    const failing = function* () {
      yield message(1);
      throw new Error("no more");
    };
    assertThrows(() => log.writeMany(failing()), Error, "no more");
    assertThrows(() => log.writeMany([message(2), { arbitrationId: 3 } as Message]), TypeError, "Cannot log {");
    await log.drain();
    assertEquals(await count(log.path!), 2);
  });

  it("rejects invalid notes", async () => {
    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "candump" });
    const cases: [unknown, typeof TypeError | typeof RangeError, string][] = [
      [5, TypeError, "A note must be an object: 5"],
      [
        { type: "marker", timestampNs: 5, text: "" },
        TypeError,
        "timestampNs must be a bigint of nanoseconds, or null: 5",
      ],
      [{ type: "marker", timestampNs: -1n, text: "" }, RangeError, "timestampNs must be 0n or more"],
      [{ type: "marker", timestampNs: 2n ** 84n, text: "" }, RangeError, "less than 2n ** 53n seconds"],
      [{ type: "marker", timestampNs: null, text: 5 }, TypeError, "The text of a marker must be a string: 5"],
      [
        { type: "dropped", timestampNs: null, channel: 1, count: 1 },
        TypeError,
        "channel of dropped frames must be a string",
      ],
      [{ type: "dropped", timestampNs: null, channel: null, count: -1 }, RangeError, "count of dropped frames"],
      [{ type: "object", timestampNs: null }, TypeError, "The kind of an object must be a string: undefined"],
      [{ type: "frame", timestampNs: null }, TypeError, 'type of a note is "frame"'],
    ];
    for (const [note, Class, text] of cases) assertThrows(() => log.note(note as LogMarker), Class, text);
    assertThrows(() => log.marker("now", 5 as unknown as bigint), TypeError, "timestampNs must be a bigint");
    log.note({ type: "dropped", timestampNs: null, channel: "it's\nnew", count: null });
    await log.close();
    const [note] = await Array.fromAsync(LogReader.open(bytes(), { format: "candump" }).entries());
    assertEquals(note, { type: "dropped", timestampNs: null, channel: "it_s_new", count: null });
  });

  it("rejects invalid targets and options", () => {
    const cases: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
      [() => LogWriter.open("a.xyz"), RangeError, 'Cannot determine the format of "a.xyz"'],
      [
        () => LogWriter.open("a.txt", { format: "candump-screen" }),
        RangeError,
        "the format candump-screen (candump output) can only be read",
      ],
      [() => LogWriter.open("a.log", { rotates: {} } as object), TypeError, 'has no option "rotates"'],
      [() => LogWriter.open("a.log", { rotate: { bytes: 0 } }), RangeError, "rotate.bytes is 0"],
      [() => LogWriter.open("a.log", { keep: { files: 1 } }), TypeError, "set rotate too"],
      [() => LogWriter.open("a.log", { rotate: {}, append: true }), TypeError, "leave out one of the two"],
      [() => LogWriter.open("a.log", { timeZone: "Mars" }), RangeError, 'timeZone is "Mars"'],
      [() => LogWriter.open(sink().stream), RangeError, "Cannot determine the format of a stream"],
      [() => LogWriter.open(sink().stream, { format: "asc", append: true }), TypeError, "apply to files only"],
      [() => LogWriter.open(sink().stream, { format: "sqlite" }), TypeError, "must be an uncompressed file"],
      [() => LogWriter.open(5 as unknown as string), TypeError, "takes a path"],
      [() => LogWriter.open(new URL("https://example.com/a.log")), TypeError, "must be a path or a file: URL"],
      [() => LogReader.open(new URL("https://example.com/a.log")), TypeError, "must be a path or a file: URL"],
    ];
    for (const [call, Class, text] of cases) assertThrows(call, Class, text);
  });
});

describe("LogReader", () => {
  it("counts the objects that are neither messages nor notes, by kind", async () => {
    const row = (kind: string, time = 1) => `${time}.000000 ${kind} x\n`;
    const read = async (text: string) => {
      const reader = LogReader.open(new TextEncoder().encode(text), { format: "crtd" });
      const messages = await reader.readAll();
      return [messages.length, Object.fromEntries(reader.objects)];
    };
    assertEquals(await read(row("ABC") + "2.0 1R11 123 00\n" + row("XYZ") + row("ABC") + row("CXX")), [
      1,
      { ABC: 2, XYZ: 1 },
    ]);
    const letters = [..."ABDEFGHIJKLMNOPQSTUVWXYZ"];
    const many = letters.flatMap((one) => letters.flatMap((two) => ["A", "B"].map((last) => row(one + two + last))));
    const [, counts] = await read(many.join(""));
    assertEquals(Object.keys(counts).length, 1001);
    assertEquals((counts as Record<string, number>)["other kinds"], many.length - 1000);
  });

  it("close ends the reading of a followed file, also while it waits for more", { timeout: 10_000 }, async () => {
    using dir = folder();
    for (const name of ["a.log", "a.log.gz"]) {
      const path = `${dir.path}/${name}`;
      {
        await using log = LogWriter.open(path);
        log.write(message(1));
      }
      const reader = LogReader.open(path, { follow: true });
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { timestamp } of reader) seen.push(timestamp);
      })();
      await until(() => seen.length === 1);
      appendFileSync(path, readFileSync(path));
      await until(() => seen.length === 2);
      await reader.close();
      await reading;
      assertEquals(seen, [1001, 1001], name);
    }
  });

  it("reads an SQLite log whose writer was killed within a transaction", async () => {
    using dir = folder();
    const path = `${dir.path}/a.db`;
    {
      await using log = LogWriter.open(path);
      log.write(message(1));
    }
    const writer = new DatabaseSync(path);
    writer.exec("PRAGMA cache_size = 1; BEGIN");
    const insert = writer.prepare("INSERT INTO messages VALUES (1, 1, 0, 0, 0, 0, x'')");
    for (let i = 0; i < 5000; i++) insert.run(); // more than the cache holds, so that the file itself changes
    for (const ending of ["", "-journal"]) copyFileSync(`${path}${ending}`, `${dir.path}/killed.db${ending}`);
    writer.exec("ROLLBACK");
    writer.close();
    assert(statSync(`${dir.path}/killed.db-journal`).size > 0);
    assertEquals(await count(`${dir.path}/killed.db`), 1);
  });

  it("leaving a loop over a followed gzip file closes it", { timeout: 10_000 }, async () => {
    using dir = folder();
    const path = `${dir.path}/a.log.gz`;
    {
      await using log = LogWriter.open(path);
      log.write(message(1));
    }
    for await (const { timestamp } of LogReader.open(path, { follow: true })) {
      assertEquals(timestamp, 1001);
      break;
    }
  });
});

describe("convert", () => {
  it("refuses to convert a file into itself, which would empty it", async () => {
    using dir = folder();
    const path = `${dir.path}/a.log`;
    {
      await using log = LogWriter.open(path);
      log.write(message(1));
    }
    await assertRejects(() => convert(path, `${dir.path}/./a.log`), TypeError, "into itself");
    assertEquals(await count(path), 1);
    assertEquals((await convert(path, path, { write: { gzip: true } })).messages, 1);
    assertEquals(dir.files(), ["a.log", "a.log.gz"]);
  });
});
