/** Files that are made to fill the memory, or to take for ever: each is small, so a test that does not end has failed. */

import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Message } from "../../mod.ts";
import { allFormats } from "../../src/log/formats.ts";
import { type LogFormatName, LogReader } from "../../src/log/mod.ts";
import { blfContainer, blfFile, blfObject, joined, little, mf4File } from "../support/log_blocks.ts";
import { readItems, written } from "../support/logs.ts";
import { ascii } from "../support/random.ts";

const text = (lines: string) => new TextEncoder().encode(lines);
const message = new Message({ arbitrationId: 0x123, data: [1, 2], timestamp: 1_581_670_628, channel: "can0" });
const textFormats = allFormats().filter(({ name }) => !["blf", "mf4", "pcap", "pcapng", "sqlite"].includes(name));

/** A file of a format with one message, and a line of it with this message. */
async function sample(format: LogFormatName): Promise<{ file: string; line: string }> {
  const screen = " (1581670628.000000)  can0  123   [2]  01 02\n";
  const file = format === "candump-screen" ? screen : new TextDecoder().decode(await written([message], { format }));
  const lines = file.split("\n").filter((each) => each !== "" && !each.startsWith("End"));
  return { file, line: lines.at(-1)! };
}

describe("Lines of a megabyte", () => {
  const fillings: Record<string, string> = {
    spaces: " ",
    digits: "1",
    "hexadecimal bytes": "AA ",
    "bare carriage returns": "\r",
    "line separators of Unicode": "\u2028",
    "quotes, commas and brackets": '",[:',
  };
  for (const { name } of textFormats) {
    it(`${name}: are read or reported, wherever they are too long`, async () => {
      const { file, line } = await sample(name);
      for (const [what, filling] of Object.entries(fillings)) {
        const long = filling.repeat(Math.floor(1_000_000 / new TextEncoder().encode(filling).length));
        // At the end of a line, at its beginning, and after its first word; then what no `.` of a pattern matches.
        const first = line.trim().split(/[ ,;]/)[0];
        const lines = [
          line + long,
          long + line,
          `${first} ${long}a\rb`,
          `${first}${long}`,
          long,
          `date ${long}a\u2028b`,
        ];
        const ending = file.endsWith("\n") ? "" : "\n";
        const bytes = text(`${file}${ending}${lines.map((each) => `${each}\n`).join("")}${line}\n`);
        const { items } = await readItems(bytes, { format: name });
        const messages = items.filter((item) => item instanceof Message);
        assert(messages.length >= 2, `${what}: the lines before and after are not read`);
      }
    });
  }

  it("what a diagnostic quotes of them is short", async () => {
    const row = `${"x".repeat(900_000)},0x1,0,0,0,0,\n`;
    const bytes = text(`timestamp,arbitration_id,extended,remote,error,dlc,data\n${row}`);
    const { reader } = await readItems(bytes);
    assertEquals(reader.diagnostics.map(({ reason }) => reason.length), [301]);
    const strict = () => readItems(bytes, { strict: true });
    assert((await assertRejects(strict, SyntaxError)).message.length < 400);
  });
});

describe("What a file fills the memory with", () => {
  it("channels without end are listed up to a limit, and all are read", async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `(1.0) can${i} 123#\n`);
    const { items, reader } = await readItems(text(`${lines.join("")}(1.0) ${"c".repeat(300)} 123#\n`));
    assertEquals(items.length, 10_001);
    assertEquals((await reader.info()).channels.size, 4096);
  });

  it("a header with a hundred thousand columns is looked up once", async () => {
    const header = `Time Stamp,ID,Extended,Dir,Bus,LEN,D1${",X".repeat(100_000)}\n`;
    const { items } = await readItems(text(header + "1,123,false,Rx,0,1,11,\n".repeat(20_000)), { format: "gvret" });
    assertEquals(items.length, 20_000);
  });

  it("a compressed file that would be held in memory is refused above a limit", async () => {
    const file = await written([message], { format: "mf4" });
    const bytes = joined([file, new Uint8Array(20_000)]);
    const error = await assertRejects(
      () => LogReader.open(gzipSync(bytes), { inflateLimit: 1000 }).readAll(),
      SyntaxError,
    );
    assert(error.message.includes("it has more than 16000 bytes, all of which would have to be held in memory"));
    assertEquals((await LogReader.open(gzipSync(bytes)).readAll()).length, 1);
  });

  it("interfaces of a capture without end are read up to a limit", async () => {
    const section = little([0x0a0d0d0a, 4], [28, 4], [0x1a2b3c4d, 4], [1, 2], [0, 2], [0, 8], [28, 4]);
    const description = little([1, 4], [20, 4], [227, 2], [0, 2], [0, 4], [20, 4]);
    const many = new Uint8Array(20 * 70_000);
    for (let at = 0; at < many.length; at += 20) many.set(description, at);
    const { reader } = await readItems(joined([section, many]));
    assertEquals(reader.diagnostics[0].reason, "more than 65536 interfaces: packets of the others are not read");
    assertEquals(reader.skipped, 1);
  });
});

describe("BLF objects that state a wrong size", () => {
  const object = blfObject(1, little([1, 2], [0, 1], [2, 1], [0x123, 4], [0, 8]));

  it("a frame with megabytes hides nothing of what follows", async () => {
    const wrong = object.slice();
    wrong.set(little([10_000_000, 4]), 8);
    for (const method of [0, 2]) {
      const { items, reader } = await readItems(blfFile([{ method, content: joined([object, wrong, object]) }]));
      assertEquals(items.length, 2);
      assertEquals(reader.diagnostics[0].reason, "object with the invalid size 10000000");
    }
    const { items } = await readItems(joined([blfFile([]), object, wrong, object]));
    assertEquals(items.length, 2);
  });

  it("an object of another kind across a thousand containers is skipped", async () => {
    const size = 60_000_000;
    const content = joined([blfObject(120, new Uint8Array(0), 1, size), new Uint8Array(60_000 - 32)]);
    const rest = blfContainer(2, new Uint8Array(60_000));
    const file = joined([
      blfFile([{ method: 2, content }]),
      ...Array.from({ length: 999 }, () => rest),
      blfContainer(2, object),
    ]);
    const { items, reader } = await readItems(file);
    assertEquals(items.map((item) => item instanceof Message || item.type), ["object", true]);
    assertEquals(reader.diagnostics, []);
  });

  it("so is one outside of containers, and one that never ends is reported", async () => {
    const large = joined([blfObject(120, new Uint8Array(0), 1, 20_000_000), new Uint8Array(20_000_000 - 32)]);
    const { items } = await readItems(joined([blfFile([]), large, object]));
    assertEquals(items.map((item) => item instanceof Message || item.type), ["object", true]);
    const { reader } = await readItems(joined([blfFile([]), large.subarray(0, 15_000_000)]));
    assertEquals(reader.diagnostics.map(({ reason }) => reason), [
      "file ends in the middle of a block, after 15000000 bytes of it",
    ]);
    const open = joined([blfObject(120, new Uint8Array(0), 1, 20_000_000), new Uint8Array(1_000_000)]);
    const cut = await readItems(blfFile([{ method: 2, content: open }]));
    assertEquals(cut.reader.diagnostics.map(({ reason }) => reason), ["the last object is truncated"]);
  });
});

describe("MDF files whose blocks refer to each other again and again", () => {
  const file = mf4File({ variable: "sorted", frames: [Uint8Array.of(1), Uint8Array.of(2)] });
  const view = new DataView(file.buffer);
  const link = (at: number, index: number) => Number(view.getBigUint64(at + 24 + 8 * index, true));
  const dataGroup = link(64, 0);

  /** Appends copies of a block that form a chain, which the last one of the file continues. */
  function chained(block: number, count: number): Uint8Array<ArrayBuffer> {
    const size = Number(view.getBigUint64(block + 8, true));
    const first = file.length + 7 & ~7;
    const out = joined([file, new Uint8Array(first - file.length + count * (size + 7 & ~7))]);
    const target = new DataView(out.buffer);
    for (let i = 0, at = first; i < count; i++, at += size + 7 & ~7) {
      out.set(file.subarray(block, block + size), at);
      target.setBigUint64(at + 24, i + 1 < count ? BigInt(at + (size + 7 & ~7)) : 0n, true);
    }
    target.setBigUint64(block + 24, BigInt(first), true);
    return out;
  }

  it("data that several groups share is read no more often than the file could hold it", async () => {
    const large = mf4File({ variable: "sorted", frames: Array.from({ length: 1000 }, () => Uint8Array.of(1)) });
    const group = Number(new DataView(large.buffer).getBigUint64(64 + 24, true));
    const copies = Array.from({ length: 500 }, () => large.subarray(group, group + 64));
    const out = joined([large, new Uint8Array(-large.length & 7), ...copies]);
    const target = new DataView(out.buffer);
    const first = large.length + 7 & ~7;
    target.setBigUint64(group + 24, BigInt(first), true);
    for (let i = 0; i < 499; i++) target.setBigUint64(first + 64 * i + 24, BigInt(first + 64 * (i + 1)), true);
    const { items, reader } = await readItems(out);
    assert(items.length < 5000, `${items.length} messages`);
    assert(reader.diagnostics.some(({ reason }) => reason === "blocks of data overlap"));
  });

  it("channels that ten thousand groups share are read no more often than that", async () => {
    const { reader } = await readItems(chained(link(dataGroup, 1), 10_000));
    assert(reader.diagnostics.some(({ reason }) => reason.startsWith("blocks are referred to too often")));
  });

  it("a thousand data groups are merged, and no more", async () => {
    const many = chained(dataGroup, 2000);
    // Each with no data of its own, so that none overlaps.
    const target = new DataView(many.buffer);
    for (let at = file.length + 7 & ~7; at + 64 <= many.length; at += 64) target.setBigUint64(at + 24 + 16, 0n, true);
    const { items, reader } = await readItems(many);
    assertEquals(items.length, 2);
    assertEquals(reader.diagnostics.map(({ reason }) => reason), [
      "more than 1024 data groups with CAN events: the others are not read",
    ]);
  });

  it("a chain of blocks that forms a loop is reported, for each kind of block", async () => {
    const group = link(dataGroup, 1);
    for (const [at, type] of [[dataGroup, "DG"], [group, "CG"], [link(group, 1), "CN"]] as const) {
      const bytes = file.slice();
      new DataView(bytes.buffer).setBigUint64(at + 24, BigInt(at), true);
      const { reader } = await readItems(bytes);
      assert(reader.diagnostics.some(({ reason }) => reason === `chain of blocks ${type} forms a loop`), type);
    }
  });

  it("records of gigabytes are refused", async () => {
    const bytes = file.slice();
    new DataView(bytes.buffer).setUint32(link(dataGroup, 1) + 24 + 6 * 8 + 24, 0xffffffff, true);
    const { items, reader } = await readItems(bytes);
    assertEquals(items, []);
    assertEquals(reader.diagnostics.map(({ reason }) => reason), ["records of 4294967295 bytes, more than 65536"]);
  });

  it("frames that wait for their data are kept up to 16 MiB", async () => {
    const frames = Array.from({ length: 115_000 }, (_, i) => Uint8Array.of(i, i >> 8));
    const { items, reader } = await readItems(mf4File({ variable: "unsorted", frames, late: true }));
    assertEquals(items.length + reader.skipped, 115_000);
    assert(reader.skipped > 1000, `${reader.skipped} waited too long`);
    assertEquals(reader.diagnostics[0].reason, "the data of a frame is missing");
    const last = items.at(-1);
    assertEquals(last instanceof Message && [...last.data], [...frames.at(-1)!]);
  });

  it("values that are read in no order are inflated a limited number of times", async () => {
    const frames = Array.from({ length: 2000 }, () => new Uint8Array(64));
    const bytes = mf4File({ variable: "sorted", frames, compressed: true, order: "alternating" });
    const { items, reader } = await readItems(bytes);
    assertEquals(items.length + reader.skipped, 2000);
    assert(reader.diagnostics.some(({ reason }) => reason === "the data of a frame is missing"));
  });
});

describe("Times before 1970", () => {
  it("are reported in every format that could state them", async () => {
    const files: Partial<Record<LogFormatName, string>> = {
      "candump": "(-5.000000) can0 123#\n",
      "candump-screen": " (-5.000000)  can0  123   [0]\n",
      "asc": "date Thu Jan 1 00:00:00.000 1960\nbase hex  timestamps absolute\n-5.0 1 123 Rx d 0\n",
      "trc": ";$FILEVERSION=2.1\n;$STARTTIME=100.5\n1 -5.0 DT 1 0123 Rx - 0\n",
      "csv": "timestamp,arbitration_id,extended,remote,error,dlc,data\n-5.0,0x1,0,0,0,0,\n",
      "gvret": "Time Stamp,ID,Extended,Dir,Bus,LEN\n-5,1,false,Rx,0,0\n",
      "crtd": "-5.0 1R11 123\n",
      "jsonl": '{"timestampNs":"-5","arbitrationId":1}\n',
    };
    for (const [format, lines] of Object.entries(files)) {
      const { items, reader } = await readItems(text(lines), { format: format as LogFormatName });
      assertEquals(items.filter((item) => item instanceof Message), [], format);
      assert(reader.skipped > 0, format);
    }
    const early = blfObject(1, new Uint8Array(16));
    new DataView(early.buffer).setBigInt64(24, -(2n ** 62n), true);
    const { reader } = await readItems(blfFile([{ method: 0, content: early }]));
    assertEquals(reader.diagnostics.map(({ reason }) => reason), ["object of type 1 with a time before 1970"]);
  });
});

describe("Text", () => {
  for (const { name } of textFormats) {
    it(`${name}: CR LF, NUL bytes, a byte order mark, UTF-8 and Windows-1252 are read or reported`, async () => {
      const { file, line } = await sample(name);
      const dos = text(file.replace(/\r?\n/g, "\r\n"));
      assertEquals((await readItems(dos, { format: name })).reader.diagnostics, []);
      assertEquals(
        (await readItems(dos, { format: name })).items.length,
        (await readItems(text(file), { format: name })).items.length,
      );
      for (const strange of ["\0", "\ufeff", "ö", "\u{1f697}"]) {
        for (const changed of [`${strange}${line}`, `${line}${strange}`, line.replace(/[ ,]/, strange)]) {
          const { items } = await readItems(text(`${file}${changed}\n${line}\n`), { format: name });
          assert(items.filter((item) => item instanceof Message).length >= 2, `${JSON.stringify(changed)}`);
        }
      }
      const old = joined([text(file), text(line), Uint8Array.of(0xe9, 10), text(`${line}\n`)]);
      const { items } = await readItems(old, { format: name });
      assert(items.filter((item) => item instanceof Message).length >= 2);
    });
  }

  it("comments are read in both encodings, where a format has comments", async () => {
    for (const { name, capacity, encoder } of allFormats()) {
      if (encoder === null || !capacity.marker || name === "sqlite") continue;
      const note = { type: "marker", timestampNs: message.timestampNs, text: "caf#" } as const;
      const file = await written([note, message], { format: name });
      const bytes = new Uint8Array(file);
      // Within compressed data and strings of JSON there is no other encoding.
      if (name === "blf" || name === "jsonl") continue;
      const at = bytes.findIndex((_, i) => ascii("caf#").every((byte, j) => bytes[i + j] === byte));
      bytes[at + 3] = 0xe9;
      const { items } = await readItems(bytes, { format: name });
      assert(items.some((item) => "text" in item && item.text === "café"), name);
    }
  });
});
