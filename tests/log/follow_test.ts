import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { type LogFormatName, LogReader, type LogReadOptions, LogWriter } from "../../src/log/mod.ts";
import { pause, until } from "../support/pause.ts";
import { sink, written } from "../support/logs.ts";

const message = (number: number) =>
  new Message({
    arbitrationId: number,
    isExtendedId: false,
    timestampNs: BigInt(1000 + number) * 10n ** 9n,
    data: [number],
  });

const line = (number: number) => `(${1000 + number}.000000) can0 00${number}#0${number}\n`;

/** Milliseconds, longer than the time between two checks of a followed file. */
const CHECKS = 250;

/** A file that is followed, and the numbers of its messages so far. */
function followed(content: Uint8Array | string, options: LogReadOptions & { name?: string } = {}) {
  const { name = "a.log", ...more } = options;
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  const path = `${folder}/${name}`;
  writeFileSync(path, content);
  const reader = LogReader.open(path, { follow: true, timeZone: "UTC", ...more });
  const seen: number[] = [];
  const done = (async () => {
    for await (const { arbitrationId } of reader) seen.push(arbitrationId);
  })();
  let failed: { error: unknown } | null = null;
  const ended = done.catch((error: unknown) => {
    failed = { error };
  });
  return {
    path,
    reader,
    seen,
    done,
    /** Waits until a number of messages were read. */
    sees: (count: number) =>
      until(() => {
        if (failed) throw failed.error;
        return seen.length >= count;
      }),
    async [Symbol.asyncDispose]() {
      await reader.close();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

describe("A followed log", { timeout: 60_000 }, () => {
  it("is read as it grows, each line once it is whole", async () => {
    await using log = followed(line(1) + line(2).slice(0, 20));
    await log.sees(1);
    await pause(CHECKS);
    assertEquals(log.seen, [1]);
    appendFileSync(log.path, line(2).slice(20) + line(3));
    await log.sees(3);
    await log.reader.close();
    await log.done;
    assertEquals(log.seen, [1, 2, 3]);
    assertEquals(log.reader.diagnostics, []);
  });

  it("does not take the beginning of a line for a frame when reading ends", async () => {
    const stop = new AbortController();
    await using log = followed(line(1) + line(2).trimEnd(), { signal: stop.signal, strict: true });
    await log.sees(1);
    stop.abort();
    await log.done;
    assertEquals(log.seen, [1]);
    assertEquals(log.reader.diagnostics, []);
  });

  for (const format of ["asc", "blf", "trc", "pcap", "pcapng", "candump", "jsonl", "csv"] as LogFormatName[]) {
    it(`${format}: in pieces of any size, also while its format cannot be detected yet`, async () => {
      const { stream, bytes } = sink();
      await using writer = LogWriter.open(stream, { format, timeZone: "UTC" });
      const all: Uint8Array[] = [];
      for (let number = 1; number <= 3; number++) {
        writer.write(message(number));
        await writer.flush();
        all.push(bytes());
      }
      await using log = followed(all[0].subarray(0, 3), { name: "unknown" });
      await pause(CHECKS);
      let at = 3;
      for (const part of all) {
        const middle = at + ((part.length - at) >> 1);
        appendFileSync(log.path, part.subarray(at, middle));
        await pause(120);
        appendFileSync(log.path, part.subarray(middle));
        at = part.length;
        await log.sees(all.indexOf(part) + 1);
      }
      assertEquals(log.seen, [1, 2, 3]);
      assertEquals((await log.reader.info()).format, format);
      assertEquals(log.reader.diagnostics, []);
    });
  }

  for (const gzip of [false, true]) {
    it(`is read from its beginning again when it is truncated${gzip ? ", compressed" : ""}`, async () => {
      const pack = (text: string) => gzip ? gzipSync(text) : text;
      await using log = followed(pack(line(1) + line(2) + line(3).slice(0, 20)));
      await log.sees(2);
      truncateSync(log.path);
      await pause(CHECKS);
      appendFileSync(log.path, pack(line(4)));
      await log.sees(3);
      appendFileSync(log.path, pack(line(5)));
      await log.sees(4);
      assertEquals(log.seen, [1, 2, 4, 5], "the rest of a line is not joined with the new content");
      assertEquals(log.reader.diagnostics.map(({ reason }) => reason), [
        "the file was truncated: it is read from its beginning again",
      ]);
    });
  }

  it("gets the format and the start of its new content", async () => {
    const asc = (number: number) => written([message(number)], { format: "asc" });
    await using log = followed(Uint8Array.from([...await asc(3), ...new Uint8Array(100).fill(10)]));
    await log.sees(1);
    writeFileSync(log.path, await asc(5));
    await log.sees(2);
    assertEquals((await log.reader.info()).startTimeNs, 1005n * 10n ** 9n);
    writeFileSync(log.path, line(7));
    await log.sees(3);
    assertEquals([(await log.reader.info()).format, ...log.seen], ["candump", 3, 5, 7]);
  });

  it("is followed under another name, not to another file, as tail -f does", async () => {
    await using log = followed(line(1));
    await log.sees(1);
    renameSync(log.path, `${log.path}.1`);
    writeFileSync(log.path, line(9));
    await pause(CHECKS);
    appendFileSync(`${log.path}.1`, line(2));
    await log.sees(2);
    assertEquals(log.seen, [1, 2]);
  });

  it("grows by gzip members, also by parts of one", async () => {
    const member = gzipSync(line(2));
    await using log = followed(gzipSync(line(1)), { name: "a.log.gz" });
    await log.sees(1);
    appendFileSync(log.path, member.subarray(0, 15));
    await pause(CHECKS);
    assertEquals(log.seen, [1]);
    appendFileSync(log.path, member.subarray(15));
    await log.sees(2);
    assertEquals(log.seen, [1, 2]);
  });

  it("may be empty at first, and ends without an error if it stays so", async () => {
    await using log = followed("");
    await pause(CHECKS);
    appendFileSync(log.path, line(1));
    await log.sees(1);
    const stop = new AbortController();
    await using empty = followed("", { signal: stop.signal });
    const info = empty.reader.info();
    stop.abort();
    await empty.done;
    await assertRejects(() => info, SyntaxError, "reading was ended before its first byte");
  });

  it("reports content that is no log when reading ends", async () => {
    const stop = new AbortController();
    await using log = followed("no log\n", { name: "a.txt", signal: stop.signal });
    await pause(CHECKS);
    stop.abort();
    await assertRejects(() => log.done, SyntaxError, "its first bytes match no log format");
  });

  it("throws in strict mode, after what came before", async () => {
    await using log = followed(line(1) + "(5.0) nonsense\n" + line(2), { strict: true });
    await assertRejects(() => log.done, SyntaxError, "line 2, column");
    assertEquals(log.seen, [1]);
  });

  it("is read once in formats that need all of it, also compressed", async () => {
    for (const pack of [gzipSync, (bytes: Uint8Array) => bytes]) {
      const bytes = await written([message(1), message(2)], { format: "mf4" });
      await using log = followed(pack(bytes), { name: "a.mf4" });
      await log.done;
      assertEquals(log.seen, [1, 2]);
    }
  });

  it("must be a file", () => {
    const options = { follow: true };
    assertThrows(() => LogReader.open(new Uint8Array(1), options), TypeError, "follow applies to files only");
    assertThrows(() => LogReader.open(new ReadableStream(), options), TypeError, "follow applies to files only");
  });
});

describe("A last line without a line end", () => {
  const read = async (text: string, format: LogFormatName, strict: boolean) => {
    const reader = LogReader.open(new TextEncoder().encode(text), { format, strict });
    return { seen: (await reader.readAll()).map(({ arbitrationId }) => arbitrationId), reader };
  };

  for (const format of ["candump", "asc", "trc", "csv", "gvret", "crtd", "jsonl"] as LogFormatName[]) {
    it(`${format}: is read if it is whole, also with strict`, async () => {
      const bytes = await written([message(1), message(2)].map((each) => each.with({ channel: "can0" })), { format });
      const text = new TextDecoder().decode(bytes).replace(/^(Begin|End) TriggerBlock.*\n/gim, "").trimEnd();
      for (const strict of [false, true]) {
        const { seen, reader } = await read(text, format, strict);
        assertEquals(seen, [1, 2]);
        assertEquals(reader.diagnostics.map(({ reason }) => reason), [
          "the last line has no line end and may be truncated",
        ]);
      }
      const cut = text.slice(0, -({ csv: 8, gvret: 4, asc: 3 }[format as string] ?? 1));
      const { seen, reader } = await read(cut, format, false);
      assertEquals(seen, [1]);
      assertEquals(reader.diagnostics.length, 2);
      await assertRejects(() => read(cut, format, true), SyntaxError, "Cannot read the log, line ");
    });
  }
});

it("A signal that ends the reading of a file does not cut a line", async () => {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  try {
    const path = `${folder}/a.log`;
    writeFileSync(path, line(1).repeat(50_000));
    const stop = new AbortController();
    const reader = LogReader.open(path, { signal: stop.signal, strict: true });
    let count = 0;
    for await (const items of reader.batches()) {
      stop.abort();
      count += items.length;
    }
    assertEquals(count, Math.floor(count), "whole lines");
    assertEquals(count > 0 && count < 50_000, true);
    assertEquals(reader.diagnostics, []);
    assertEquals(readFileSync(path).length, line(1).length * 50_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("Closing the reader of a file within the loop does not cut a line", async () => {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  try {
    writeFileSync(`${folder}/a.log`, line(1).repeat(50_000));
    const reader = LogReader.open(`${folder}/a.log`);
    for await (const _ of reader.batches()) await reader.close();
    assertEquals(reader.diagnostics, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("A stream of single bytes is seen to be compressed", async () => {
  const bytes = gzipSync(line(1));
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  assertEquals((await LogReader.open(stream).readAll()).length, 1);
});
