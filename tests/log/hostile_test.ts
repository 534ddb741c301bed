import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Message } from "../../mod.ts";
import { Blocks } from "../../src/log/mf4/blocks.ts";
import { GroupData } from "../../src/log/mf4/data.ts";
import { LogReader, LogWriter } from "../../src/log/mod.ts";
import { fileSource, memorySource } from "../../src/log/random.ts";
import { dataGroupOf, mf4File, withData } from "../support/log_blocks.ts";
import { readItems, written } from "../support/logs.ts";

const text = (lines: string) => new TextEncoder().encode(lines);

describe("Hostile logs", () => {
  it("a line of several megabytes is skipped and counted", async () => {
    const lines = text(`(1.000000) can0 123#11\n(2.000000) can0 ${"A".repeat(3 << 20)}\n(3.000000) can0 123#33\n`);
    const { items, reader } = await readItems(lines);
    assertEquals(items.map((item) => item instanceof Message && item.timestamp), [1, 3]);
    assertEquals(reader.diagnostics.map(({ line, reason }) => [line, reason]), [
      [2, "line is longer than 1048576 bytes"],
    ]);
  });

  it("NUL bytes, CR LF and invalid UTF-8 are accepted", async () => {
    const bytes = text("# caf_\r\n(1.000000) can0 123#11\r\n\0\0(2.000000) can0 123#22\n(3.000000) can0 123#33\n");
    bytes[bytes.indexOf(95)] = 0xe9; // é in Windows-1252
    const { items, reader } = await readItems(bytes, { format: "candump" });
    assertEquals(items.map((item) => item instanceof Message ? item.timestamp : "text" in item && item.text), [
      "café",
      1,
      "\0\0(2.000000) can0 123#22",
      3,
    ]);
    assertEquals(reader.skipped, 0);
  });

  it("a time in the year 2611 is read, one before 1970 is rejected", async () => {
    const { items, reader } = await readItems(
      text("(20240000000.000001) can0 123#\n(-5.000000) can0 123#\n"),
      { format: "candump" },
    );
    assertEquals(items.map((item) => item.timestampNs), [20_240_000_000_000_001_000n]);
    assertEquals(reader.diagnostics[0].reason, "expected a time such as (1436509053.850870)");
  });

  it("a container that inflates to more than the limit is rejected", async () => {
    const bomb = deflateSync(new Uint8Array(8 << 20));
    const header = new Uint8Array(144);
    header.set(text("LOGG"));
    header[4] = 144;
    const container = new Uint8Array(32 + bomb.length);
    const view = new DataView(container.buffer);
    container.set(text("LOBJ"));
    view.setUint16(4, 16, true);
    view.setUint16(6, 1, true);
    view.setUint32(8, container.length, true);
    view.setUint32(12, 10, true);
    view.setUint16(16, 2, true);
    container.set(bomb, 32);
    const bytes = new Uint8Array([...header, ...container]);
    const { items, reader } = await readItems(bytes, { inflateLimit: 1 << 20 });
    assertEquals(items.length, 0);
    assert(reader.diagnostics[0].reason.startsWith("container cannot be inflated: "));
    assertEquals(reader.diagnostics[0].offset, 144);
  });

  it("a container is read whatever size of its contents it states", async () => {
    const messages = Array.from(
      { length: 2000 },
      (_, i) => new Message({ arbitrationId: i, timestamp: i, channel: "can0" }),
    );
    const bytes = await written(messages, { format: "blf" });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    assertEquals(view.getUint32(144 + 24, true), 2000 * 48);
    for (const stated of [0, 1, 2000 * 48 - 1, 2000 * 48 + 1, 0xffffffff]) {
      view.setUint32(144 + 24, stated, true);
      const { items, reader } = await readItems(bytes);
      assertEquals(items, messages, `${stated}`);
      assertEquals(reader.skipped, 0);
    }
  });

  it("a file of no known format is rejected with a list of the formats", async () => {
    const error = await assertRejects(() => LogReader.open(text("hello\n")).readAll(), SyntaxError);
    assert(error.message.includes('its first bytes match no log format; set the option format to "'));
    await assertRejects(() => LogReader.open(new Uint8Array(0)).readAll(), SyntaxError, "it is empty");
  });

  it("a truncated gzip file is read up to the truncation, which is reported", async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `(${i}.000000) can0 123#${(i % 256).toString(16).padStart(2, "0")}\n`,
    );
    const compressed = gzipSync(text(lines.join("")));
    const whole = await readItems(compressed);
    assertEquals(whole.items.length, 20_000);
    const half = await readItems(compressed.subarray(0, compressed.length >> 1));
    assert(half.items.length > 5_000, `${half.items.length} messages`);
    assertEquals(half.reader.diagnostics[0].reason, "gzip data is truncated: the rest of the file is missing");
  });

  it("a gzip file that is cut where a line ends is reported as truncated, and thrown if strict", async () => {
    const line = "(1.000000) can0 123#11\n";
    const [one, two] = [gzipSync(line.repeat(1000)), gzipSync(line)];
    const reported = async (...parts: Uint8Array[]) => {
      const { items, reader } = await readItems(Buffer.concat(parts), { format: "candump" });
      return [items.length, ...reader.diagnostics.map(({ reason, offset }) => `${offset}: ${reason}`)];
    };
    const truncated = `${1000 * line.length}: gzip data is truncated: the rest of the file is missing`;
    assertEquals(await reported(one, two), [1001]);
    assertEquals(await reported(one, new Uint8Array(100)), [1000]); // padding, as tapes have it
    assertEquals(await reported(one.subarray(0, -8)), [1000, truncated]); // without the checksum
    assertEquals(await reported(one.subarray(0, -1)), [1000, truncated]);
    for (const length of [1, 2, 5]) assertEquals(await reported(one, two.subarray(0, length)), [1000, truncated]);
    assertEquals(await reported(one.subarray(0, 5)), [0, truncated.replace(/^\d+/, "0")]);
    await assertRejects(
      () => readItems(one.subarray(0, -8), { strict: true }),
      SyntaxError,
      "Cannot read the log, byte 23000: gzip data is truncated",
    );
  });

  for (const format of ["asc", "blf", "mf4", "sqlite"] as const) {
    it(`${format}: a file that is cut anywhere behind its header says so`, async () => {
      const folder = mkdtempSync(`${tmpdir()}/logs-`);
      try {
        const path = `${folder}/log`;
        await using log = LogWriter.open(path, { format, timeZone: "UTC" });
        for (let i = 0; i < 40; i++) {
          log.write(new Message({ arbitrationId: i, timestamp: 1000 + i, data: [1, 2, i], channel: "can0" }));
          if (i % 10 === 0) await log.flush(); // ends a block: the file is also cut at its end
        }
        await log.close();
        const whole = readFileSync(path);
        assertEquals((await readItems(whole, { format })).reader.skipped, 0);
        const step = { asc: 1, blf: 1, mf4: 16, sqlite: 97 }[format];
        const header = format === "asc" ? whole.indexOf("\n", whole.indexOf("Begin")) + 1 : 144;
        for (let length = header; length < whole.length; length += step) {
          const { items, reader } = await readItems(whole.subarray(0, length), { format });
          if (items.length < 40) assert(reader.skipped > 0, `${items.length} items of ${length} bytes`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("damaged gzip data is reported, and thrown if strict", async () => {
    const compressed = gzipSync(text("(1.000000) can0 123#11\n".repeat(1000)));
    compressed[compressed.length - 8] ^= 1; // of the checksum
    const { reader } = await readItems(compressed, { format: "candump" });
    assertEquals(reader.diagnostics.map(({ reason }) => reason), [
      "gzip data is damaged: incorrect data check; the rest of the file cannot be read",
    ]);
    await assertRejects(
      () => readItems(compressed, { format: "candump", strict: true }),
      SyntaxError,
      "gzip data is damaged: incorrect data check",
    );
  });

  it("a damaged database is reported, and thrown if strict", async () => {
    const bytes = text(`SQLite format 3\0${"x".repeat(500)}`);
    const { items, reader } = await readItems(bytes);
    assertEquals(items, []);
    assertEquals(reader.diagnostics.map(({ reason }) => reason), [
      "the database cannot be read: file is not a database",
    ]);
    await assertRejects(() => readItems(bytes, { strict: true }), SyntaxError, "byte 0: the database cannot be read");
  });

  it("frames of two kinds that exclude each other become one of them, or are reported", async () => {
    const candump = await readItems(text("(1.0) can0 20000008##1\n(2.0) can0 20000008#R\n"));
    assertEquals(candump.reader.diagnostics.map(({ reason }) => reason), [
      "an error frame can be neither CAN FD nor a remote frame",
      "an error frame can be neither CAN FD nor a remote frame",
    ]);
    const trc = await readItems(text(";$FILEVERSION=1.1\n 1) 1.0 Rx 0123 8 RTR 0 0 0 0 0 0 0 0\n"), { format: "trc" });
    assertEquals(trc.items.map((item) => item instanceof Message && [item.isRemoteFrame, item.isFd]), [[true, false]]);
    const file = await written([new Message({ isErrorFrame: true, arbitrationId: 8, data: new Uint8Array(8) })], {
      format: "pcap",
    });
    file[24 + 16] |= 0x40; // remote
    file[24 + 16 + 5] |= 0x04; // CAN FD
    const pcap = await readItems(file);
    assertEquals(pcap.items.map((item) => item instanceof Message && item.isErrorFrame), [true]);
    assertEquals(pcap.items.map((item) => `${item instanceof Message && item.with({})}`), pcap.items.map(String));
  });

  it("a table that MDF stores transposed and compressed is read", async () => {
    const messages = Array.from({ length: 20 }, (_, i) => new Message({ arbitrationId: i, timestamp: 1000 + i }));
    const file = await written(messages, { format: "mf4" });
    const forms = [{ compressed: true, columns: 16 }, { compressed: true, columns: 7 }];
    const { items, reader } = await readItems(withData(file, dataGroupOf(file), forms));
    assertEquals(items.map(String), (await readItems(file)).items.map(String));
    assertEquals(reader.diagnostics, []);
  });

  it("a compressed MDF block with fewer bytes than it states is reported", async () => {
    const file = mf4File({ variable: "sorted", frames: [Uint8Array.of(1, 2), Uint8Array.of(3)], compressed: true });
    const at = Buffer.from(file.buffer).indexOf("##DZ");
    new DataView(file.buffer).setBigUint64(at + 24 + 8, 30n, true);
    const { items, reader } = await readItems(file);
    assertEquals(items.length, 2);
    assertEquals(reader.diagnostics.map(({ reason, offset }) => [reason, offset]), [
      ["compressed block inflates to 11 bytes instead of 30", at],
    ]);
  });

  it("a BLF file with megabytes that are no objects is read on after them", async () => {
    const message = new Message({ arbitrationId: 1, timestamp: 1000 });
    const file = await written([message], { format: "blf" });
    const bytes = new Uint8Array(file.length + (3 << 20)).fill(0x55);
    bytes.set(file.subarray(0, 144));
    bytes.set(file.subarray(144), 144 + (3 << 20));
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at += 65536));
      },
    });
    const reader = LogReader.open(stream, { timeZone: "UTC" });
    assertEquals((await reader.readAll()).length, 1);
    // Every chunk is reported by itself, as nothing of it is kept.
    assertEquals(reader.diagnostics[0].offset, 144);
    assert(reader.skipped > 40, `${reader.skipped} diagnostics`);
    assert(reader.diagnostics.every(({ reason }) => /^skipped \d+ bytes that are not an object$/.test(reason)));
  });

  it("an MDF list of data longer than the call stack is deep is read", () => {
    const count = 50_000;
    const bytes = new Uint8Array(64 + 32 * count + 32);
    const view = new DataView(bytes.buffer);
    const block = (at: number, type: string, length: number, links: number) => {
      bytes.set(text(`##${type}`), at);
      view.setBigUint64(at + 8, BigInt(length), true);
      view.setBigUint64(at + 16, BigInt(links), true);
    };
    for (let i = 0; i < count; i++) {
      block(64 + 32 * i, "DL", 32, 1);
      view.setBigUint64(64 + 32 * i + 24, BigInt(64 + 32 * (i + 1)), true);
    }
    block(64 + 32 * count, "DT", 32, 0);
    const diagnostics: string[] = [];
    const blocks = new Blocks(memorySource(bytes), (reason) => void diagnostics.push(reason));
    assertEquals(new GroupData(blocks, 64, false, 1 << 20).length, 8);
    assertEquals(diagnostics, []);
  });

  it("an MDF file with an impossible size of record IDs or of a time field is reported", async () => {
    const message = new Message({ arbitrationId: 1, timestamp: 1000 });
    const file = await written([message], { format: "mf4" });
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const link = (at: number, index: number) => Number(view.getBigUint64(at + 24 + 8 * index, true));
    const group = link(64, 0);
    const idSize = file.slice();
    idSize[group + 24 + 8 * 4] = 3;
    const first = await readItems(idSize);
    assertEquals(first.items, []);
    assertEquals(first.reader.diagnostics.map(({ reason, offset }) => [reason, offset]), [
      ["record ID of 3 bytes", group],
    ]);
    const time = link(link(group, 1), 1);
    const bits = file.slice();
    new DataView(bits.buffer).setUint32(time + 24 + 8 * 8 + 8, 0xffffffff, true);
    const second = await readItems(bits);
    assertEquals(second.items, []);
    assertEquals(second.reader.diagnostics[0].reason, "record without a time, or with a time before 1970");
  });

  it("a time in an MDF file that no message can have is reported", async () => {
    const messages = [1000, 1000 + 9.1e6].map((timestamp) => new Message({ arbitrationId: 1, timestamp }));
    const file = (await written(messages, { format: "mf4" })).slice();
    const view = new DataView(file.buffer);
    const link = (at: number, index: number) => Number(view.getBigUint64(at + 24 + 8 * index, true));
    const conversion = link(link(link(link(64, 0), 1), 1), 4);
    const factor = conversion + 24 + 8 * Number(view.getBigUint64(conversion + 16, true)) + 8 + 16 + 8;
    assertEquals(view.getFloat64(factor, true), 1e-9);
    view.setFloat64(factor, 1, true); // the numbers are seconds, not nanoseconds
    const { items, reader } = await readItems(file);
    assertEquals(items.length, 1);
    assertEquals(reader.diagnostics.map(({ reason }) => reason), ["record with a time of more than 2^53 seconds"]);
  });

  it("random access to a file allocates nothing for bytes that do not exist", () => {
    const folder = mkdtempSync(`${tmpdir()}/logs-`);
    try {
      writeFileSync(`${folder}/a`, "abc");
      const source = fileSource(`${folder}/a`);
      assertEquals(source.read(1, 2 ** 53), text("bc"));
      assertEquals(source.read(2 ** 63, 2 ** 53), text(""));
      source.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("SQLite rows with invalid details are reported", async () => {
    const messages = [1, 2, 3].map((timestamp) => new Message({ arbitrationId: 1, timestamp, channel: "can0" }));
    const bytes = await written(messages, { format: "sqlite" });
    // The same number of bytes, so that the file stays valid.
    const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = found.indexOf('{"channel":"can0"}');
    found.write('["channel","can0"}', at);
    const { items, reader } = await readItems(bytes);
    assertEquals(items.length, 2);
    assert(/^row \d: invalid details: \["channel","can0"}$/.test(reader.diagnostics[0].reason));
  });

  it("strict throws the reason of the first diagnostic, with its position", async () => {
    const bytes = text("(1.000000) can0 123#11\n(2.000000) can0 123#1G\n");
    const { reader } = await readItems(bytes);
    const [{ line, column, reason }] = reader.diagnostics;
    const error = await assertRejects(() => readItems(bytes, { strict: true }), SyntaxError);
    assertEquals(error.message, `Cannot read the log, line ${line}, column ${column}: ${reason}`);
  });
});
