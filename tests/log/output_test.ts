import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { LogReader, LogWriter } from "../../src/log/mod.ts";
import { fileSystem } from "../../src/log/output.ts";
import { until } from "../support/pause.ts";

const message = (number: number) =>
  new Message({ arbitrationId: number % 0x800, isExtendedId: false, timestamp: 1000 + number, channel: "can0" });

/** A temporary folder, in which asynchronous writes wait until they are let go. */
function slowDisk() {
  const path = mkdtempSync(`${tmpdir()}/logs-`);
  const fs = fileSystem() as unknown as { write: (...given: unknown[]) => void };
  const { write } = fs;
  const waiting: (() => void)[] = [];
  let done = 0;
  fs.write = (...given) => {
    const callback = given.pop() as (...results: unknown[]) => void;
    waiting.push(() =>
      write(...given, (...results: unknown[]) => {
        done++;
        callback(...results);
      })
    );
  };
  return {
    path,
    /** The number of writes in progress. */
    get waiting() {
      return waiting.length;
    },
    /** Lets all writes in progress happen now. */
    async release() {
      const count = done + waiting.length;
      for (const go of waiting.splice(0)) go();
      await until(() => done === count);
    },
    [Symbol.dispose]() {
      fs.write = write;
      rmSync(path, { recursive: true });
    },
  };
}

describe("Closing a log synchronously", () => {
  for (const format of ["candump", "blf", "mf4"] as const) {
    it(`${format}: everything is in the file, and a write in progress changes nothing when it happens`, async () => {
      using disk = slowDisk();
      const path = `${disk.path}/a`;
      {
        using log = LogWriter.open(path, { format });
        log.write(message(1));
        await log.flush(); // the beginning of a file is written at once
        log.write(message(2));
        void log.flush();
        await until(() => disk.waiting === 1);
        log.write(message(3));
        void log.flush(); // BLF and MDF: with a new header
        log.write(message(4));
      }
      const closed = readFileSync(path);
      assertEquals((await LogReader.open(path, { strict: true }).readAll()).length, 4);
      assertEquals(disk.waiting, 1);
      await disk.release();
      assertEquals(readFileSync(path).equals(closed), true);
    });
  }

  it("a write in progress does not reach a file that replaces the closed one", async () => {
    using disk = slowDisk();
    const path = `${disk.path}/a.log`;
    {
      using log = LogWriter.open(path, { flushInterval: 0 });
      log.write(message(1));
      await log.drain();
      log.write(message(2));
      await until(() => disk.waiting === 1);
    }
    {
      using log = LogWriter.open(path);
      log.write(message(3));
    }
    await disk.release();
    assertEquals(readFileSync(path, "utf8"), "(0000001003.000000) can0 003#\n");
  });

  it("a write in progress does no harm to a file that is continued", async () => {
    using disk = slowDisk();
    const path = `${disk.path}/a.log`;
    for (const number of [0, 1, 2]) {
      using log = LogWriter.open(path, { append: true, flushInterval: 0 });
      log.write(message(number));
      await until(() => disk.waiting === number);
    }
    await disk.release();
    assertEquals((await LogReader.open(path, { strict: true }).readAll()).length, 3);
  });

  it("writes the earlier files of a rotated log, too, and ends what waits for them", async () => {
    using disk = slowDisk();
    const waits: Promise<void>[] = [];
    {
      using log = LogWriter.open(`${disk.path}/a.log`, { rotate: {} });
      for (let i = 1; i <= 3; i++) {
        log.write(message(i));
        if (i === 1) await log.flush();
        log.write(message(i));
        waits.push(log.flush());
        await until(() => disk.waiting === 1); // the later files wait for the first
        if (i < 3) log.rotate();
      }
      waits.push(log.close());
    }
    for (let i = 1; i <= 3; i++) {
      assertEquals(
        readFileSync(`${disk.path}/a-00${i}.log`, "utf8"),
        `(000000100${i}.000000) can0 00${i}#\n`.repeat(2),
      );
    }
    await Promise.all(waits);
    await disk.release();
  });

  it("throws if it cannot be written", async () => {
    using disk = slowDisk();
    const fs = fileSystem() as unknown as { writeSync: unknown };
    const { writeSync } = fs;
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    const log = LogWriter.open(`${disk.path}/a.log`, { flushInterval: 0 });
    log.write(message(1));
    await log.drain();
    log.write(message(2));
    const drained = log.drain().then(() => null, (error) => error);
    await until(() => disk.waiting === 1);
    fs.writeSync = () => {
      throw full;
    };
    try {
      let thrown: unknown = null;
      try {
        log[Symbol.dispose]();
      } catch (error) {
        thrown = error;
      }
      assertEquals(thrown, full);
      assertEquals(await drained, full);
    } finally {
      fs.writeSync = writeSync;
    }
    await disk.release();
    assertEquals(readFileSync(`${disk.path}/a.log`).length, 60, "the write in progress happened all the same");
  });
});
