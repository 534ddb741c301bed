import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { type Block, Blocks } from "../../src/log/mf4/blocks.ts";
import { type LogFormatName, LogWriter } from "../../src/log/mod.ts";
import { memorySource } from "../../src/log/random.ts";
import { sink, written } from "../support/logs.ts";

const timestampNs = 1_609_502_400_500_000_001n;
const common = { timestampNs, isExtendedId: false } as const;
const items = [
  new Message({ ...common, arbitrationId: 0x123, data: [1, 2, 3], channel: null }),
  new Message({ ...common, arbitrationId: 0x123, isRemoteFrame: true, dlc: 4, channel: "can1" }),
  new Message({ ...common, arbitrationId: 0x123, isFd: true, data: [1], channel: "can1", isRx: false }),
  new Message({ ...common, arbitrationId: 0x88, isErrorFrame: true, data: new Uint8Array(8), channel: "can1" }),
];

/** Returns the bytes of a file with these messages. Only a file, unlike a stream, has its beginning brought up to date. */
async function file(format: LogFormatName, messages: readonly Message[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  try {
    await using log = LogWriter.open(`${folder}/log`, { format, timeZone: "UTC" });
    log.writeMany(messages);
    await log.close();
    return new Uint8Array(readFileSync(`${folder}/log`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What other programs demand of these files, and what theirs were refused for. */
describe("Files that we write", () => {
  it("BLF: sizes, counts and padding are right, and channels begin at 1 (python-can#279)", async () => {
    const xl = new Message({ timestampNs, isXl: true, data: [1, 2, 3], channel: null });
    const bytes = await file("blf", [...items, xl]);
    const view = new DataView(bytes.buffer);
    assertEquals([view.getUint32(4, true), view.getBigUint64(16, true)], [144, BigInt(bytes.length)]);
    assertEquals(view.getUint32(8, true), 4_070_100, "the version of the objects");
    // 2021-01-01 12:00:00.500, a Friday.
    assertEquals(Array.from({ length: 8 }, (_, i) => view.getUint16(40 + 2 * i, true)), [
      ...[2021, 1, 5, 1],
      ...[12, 0, 0, 500],
    ]);
    let inflated = 144;
    const found: [type: number, channel: number][] = [];
    for (let at = 144; at < bytes.length;) {
      assertEquals(view.getUint32(at, true), 0x4a424f4c);
      const size = view.getUint32(at + 8, true);
      const objects = new Uint8Array(inflateSync(bytes.subarray(at + 32, at + size)));
      assertEquals(view.getUint32(at + 24, true), objects.length);
      inflated += 32 + objects.length;
      const inner = new DataView(objects.buffer);
      for (let from = 0; from < objects.length;) {
        assertEquals([inner.getUint32(from, true), inner.getUint16(from + 4, true)], [0x4a424f4c, 32]);
        const [length, type] = [inner.getUint32(from + 8, true), inner.getUint32(from + 12, true)];
        if (type !== 65) found.push([type, inner.getUint8(from + 32)]); // 65 declares a channel
        from += length + length % 4;
      }
      at += size + size % 4;
    }
    assertEquals(found.map(([type]) => type), [1, 1, 100, 73, 139]);
    for (const [type, channel] of found) assert(channel >= 1, `type ${type} has channel ${channel}`);
    assertEquals(view.getBigUint64(24, true), BigInt(inflated));
  });

  it("MDF: groups and channels say that they are of a CAN bus (asammdf#234)", async () => {
    const bytes = await file("mf4", items);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, 16)), "MDF     4.11    ");
    const blocks = new Blocks(memorySource(bytes), (reason) => assert(false, reason));
    const [group] = [...blocks.chain(blocks.read(64, "HD")!.links[0], "DG")];
    const names = new Map<string, string[]>();
    for (const channels of blocks.chain(group.links[1], "CG")) {
      const name = blocks.text(channels.links[2]);
      if (!/^CAN_\w+Frame$/.test(name)) continue; // the group of the channels' names
      assertEquals(channels.data.getUint16(16, true), 0x6, `${name}: a bus event, plain`);
      const ofBus = (block: Block) => {
        const { data } = blocks.read(block.links[3], "SI")!;
        return [data.getUint8(0), data.getUint8(1)];
      };
      assertEquals(ofBus(channels), [2, 2], name);
      const [time, whole] = [...blocks.chain(channels.links[1], "CN")];
      assertEquals([time.data.getUint8(0), time.data.getUint8(1)], [2, 1], "the master, a time");
      const parts = [...blocks.chain(whole.links[1], "CN")];
      for (const part of [whole, ...parts]) {
        assertEquals(part.data.getUint32(12, true) & 0x400, 0x400, `${blocks.text(part.links[2])} is of a bus event`);
        assertEquals(ofBus(part), [2, 2]);
      }
      const each = parts.map((part) => blocks.text(part.links[2]));
      names.set(name, [...names.get(name) ?? [], ...each.filter((part) => !names.get(name)?.includes(part))]);
    }
    for (
      const [frame, ...more] of [
        ["CAN_DataFrame", "DataBytes", "DataLength", "EDL", "BRS", "ESI"],
        ["CAN_RemoteFrame", "DataLength"],
        ["CAN_ErrorFrame", "ErrorType"],
      ]
    ) {
      const expected = ["BusChannel", "ID", "IDE", "DLC", "Dir", ...more].map((part) => `${frame}.${part}`);
      assertEquals(expected.filter((part) => !names.get(frame)?.includes(part)), []);
    }
  });

  it("MDF: an unfinished file says so, and what is not up to date", async () => {
    const { stream, bytes } = sink();
    await using log = LogWriter.open(stream, { format: "mf4" });
    log.writeMany(items);
    await log.flush();
    const now = bytes();
    assertEquals(new TextDecoder().decode(now.subarray(0, 8)), "UnFinMF ");
    // The numbers of records, and the length of the last block of data.
    assertEquals(new DataView(now.buffer).getUint16(60, true), 0x05);
  });

  it("ASC and TRC: dates have three digits of milliseconds (python-can#1136, python-can#1315)", async () => {
    const asc = new TextDecoder().decode(await written(items, { format: "asc" }));
    assert(/^date Fri Jan 01 12:00:00\.000 pm 2021\r?\n/.test(asc), asc.slice(0, 60));
    const trc = new TextDecoder().decode(await written(items, { format: "trc" }));
    assert(/Start time: 01\.01\.2021 12:00:00\.000\r\n/.test(trc), trc.slice(0, 200));
  });

  it("candump: the direction of received frames is not written (python-can#1487, cantools#625)", async () => {
    const lines = new TextDecoder().decode(await written(items, { format: "candump" })).trimEnd().split("\n");
    assertEquals(lines.map((line) => line.endsWith(" T")), [false, false, true, false]);
    assert(lines.every((line) => !line.endsWith(" R")));
  });
});
