import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import type { LogFormat } from "../../src/log/format.ts";
import { allFormats } from "../../src/log/formats.ts";
import { LogReader, type LogWriteOptions, LogWriter } from "../../src/log/mod.ts";
import { generator } from "../support/random.ts";

const message = (number: number) =>
  new Message({
    arbitrationId: number,
    isExtendedId: false,
    data: [number, 1, 2, 3, 4, 5],
    timestampNs: 1_700_000_000_123_000_000n + BigInt(number) * 1_000_000_000n,
    channel: "can0",
  });

/** Runs a function with the path of a file in a folder of its own. */
async function withFile(run: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  try {
    await run(`${folder}/log`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes messages, each by a flush of its own. */
async function write(path: string, numbers: readonly number[], options: LogWriteOptions): Promise<void> {
  await using log = LogWriter.open(path, { timeZone: "UTC", ...options });
  for (const number of numbers) {
    log.write(message(number));
    await log.flush();
  }
}

async function read(path: string, format: LogFormat) {
  const reader = LogReader.open(path, { format: format.name, timeZone: "UTC" });
  const messages = await reader.readAll();
  return { numbers: messages.map(({ arbitrationId }) => arbitrationId), messages, reader };
}

const formats = allFormats().filter(({ encoder }) => encoder !== null);

describe("Appending to a log", () => {
  for (const format of formats) {
    const { name } = format;
    if (!format.appendable) {
      it(`${name}: is refused with the reason`, () =>
        withFile((path) => {
          const open = () => LogWriter.open(path, { format: name, append: true });
          assertThrows(open, RangeError, `a ${format.title} cannot be extended once it is closed`);
          return Promise.resolve();
        }));
      continue;
    }
    for (const gzip of format.database || name === "blf" ? [false] : [false, true]) {
      const kind = gzip ? `${name}, compressed` : name;
      const options = { format: name, gzip, append: true };

      it(`${kind}: continues the file, again and again`, () =>
        withFile(async (base) => {
          const path = gzip ? `${base}.gz` : base;
          for (const numbers of [[1, 2, 3], [], [4], [5, 6]]) await write(path, numbers, options);
          const { messages, reader } = await read(path, format);
          assertEquals(
            messages.map(({ timestampNs, data }) => [timestampNs, ...data]),
            [1, 2, 3, 4, 5, 6].map((number) => {
              const { timestampNs, data } = message(number);
              return [timestampNs - timestampNs % BigInt(format.capacity.resolution), ...data];
            }),
          );
          assertEquals(reader.diagnostics, []);
          if (gzip) gunzipSync(readFileSync(path));
        }));

      if (format.database) continue;
      it(`${kind}: continues a file that ends anywhere`, () =>
        withFile(async (base) => {
          const path = gzip ? `${base}.gz` : base;
          await write(path, [1, 2, 3], { ...options, append: false });
          const whole = new Uint8Array(readFileSync(path));
          const below = generator(whole.length);
          for (let round = 0; round < 60; round++) {
            const size = below(whole.length + 1);
            writeFileSync(path, whole.subarray(0, size));
            const before = await read(path, format);
            await write(path, [4, 5], options);
            const { numbers, reader } = await read(path, format);
            // A text's incomplete line stays, and may be a message or none.
            const kept = gzip || format.detect(whole) === 3 ? reader.skipped === 0 : reader.skipped <= 1;
            assert(kept, `${size} bytes: ${JSON.stringify(reader.diagnostics)}`);
            const sure = before.numbers.slice(0, -1);
            assertEquals(numbers.slice(0, sure.length), sure);
            assertEquals(numbers.slice(-2), [4, 5], `${size} bytes`);
            assert(
              numbers.length >= sure.length + 2,
              `${size} bytes: ${before.numbers} before, ${numbers}`,
            );
            if (gzip) gunzipSync(readFileSync(path));
          }
        }));
    }
  }

  it("BLF: keeps the start, and the statistics are those of all objects", () =>
    withFile(async (path) => {
      const options: LogWriteOptions = { format: "blf", append: true };
      const header = () => {
        const bytes = readFileSync(path);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        // Every container is counted, and every object in them: all of these are padded to a multiple of 4.
        let [uncompressed, count] = [144, 0];
        for (let at = 144; at < bytes.length;) {
          const size = view.getUint32(at + 8, true);
          const data = inflateSync(bytes.subarray(at + 32, at + size));
          uncompressed += 32 + data.length;
          for (let place = 0; place < data.length; count++) {
            place += data.readUInt32LE(place + 8) + data.readUInt32LE(place + 8) % 4;
          }
          at += size + size % 4;
        }
        assertEquals(Number(view.getBigUint64(16, true)), bytes.length);
        assertEquals(Number(view.getBigUint64(24, true)), uncompressed);
        assertEquals(view.getUint32(32, true), count);
        return { start: [...bytes.subarray(40, 56)], end: view.getUint16(56 + 12, true) };
      };
      await write(path, [1, 2, 3, 4, 5], options);
      const all = header();
      rmSync(path);
      await write(path, [1, 2, 3], options);
      const part = readFileSync(path);
      await write(path, [4, 5], options);
      assertEquals(header(), all);
      // Killed before the header was updated, and in the middle of a container.
      for (const more of [[], [...part.subarray(144, 180)]]) {
        const killed = Uint8Array.from([...part, ...more]);
        killed.fill(0, 16, 36);
        writeFileSync(path, killed);
        await write(path, [4, 5], options);
        assertEquals(header(), all);
        assertEquals((await read(path, formats.find(({ name }) => name === "blf")!)).numbers, [1, 2, 3, 4, 5]);
      }
      // Damaged: nothing is lost by appending.
      const damaged = part.slice();
      damaged.fill(0xff, 16, 24);
      damaged.fill(0xff, 180, 184);
      writeFileSync(path, damaged);
      assertThrows(
        () => LogWriter.open(path, options),
        RangeError,
        `Cannot append to "${path}" as a Vector BLF log: its container`,
      );
      assertEquals([...readFileSync(path)], [...damaged]);
    }));

  it("is refused where the file is in another format", () =>
    withFile((path) => {
      const refused = (content: string | Uint8Array, options: LogWriteOptions, reason: string) => {
        const bytes = Buffer.from(content);
        writeFileSync(path, bytes);
        assertThrows(() => LogWriter.open(path, { append: true, ...options }), RangeError, reason);
        assertEquals([...readFileSync(path)], [...bytes]);
      };
      const candump = "(1436509053.850870) vcan0 123#DEADBEEF\n";
      refused(candump, { format: "jsonl" }, "it is a candump log");
      refused(candump, { format: "blf" }, "it is a candump log");
      refused(
        "timestamp,arbitration_id,extended,remote,error,dlc,data\n",
        { format: "csv-full" },
        "its columns are timestamp",
      );
      const pcap = new Uint8Array(24);
      new DataView(pcap.buffer).setUint32(0, 0xa1b2c3d4, true);
      new DataView(pcap.buffer).setUint32(20, 227, true);
      refused(pcap, { format: "pcap" }, "its packets are no CAN frames with nanoseconds");
      writeFileSync(`${path}.gz`, candump);
      assertThrows(
        () => LogWriter.open(`${path}.gz`, { format: "candump", append: true }),
        RangeError,
        "it is not compressed: set the option gzip to false",
      );
      refused(gzipSync(candump), { format: "candump" }, "it is compressed: set the option gzip to true");
      return Promise.resolve();
    }));
});
