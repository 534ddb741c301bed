/**
 * Small valid log files of every format, of every variant that a reader distinguishes: what the fuzzer begins with.
 *
 * @module
 */

import type { Message } from "../../mod.ts";
import type { LogFormat } from "../../src/log/format.ts";
import { formatNamed } from "../../src/log/formats.ts";
import type { LogFormatName } from "../../src/log/mod.ts";
import { blfFile, blfObject, dataGroupOf, joined, mf4File, withData } from "../support/log_blocks.ts";
import { kept, randomLogMessage, written } from "../support/logs.ts";
import { ascii, type Below, oneOf } from "../support/random.ts";

const START = 1_581_670_628;

/** Lines of each text format that its own writer does not write. */
const texts: Partial<Record<LogFormatName, readonly string[]>> = {
  "candump": [
    "# (1436509053.5) note\n(1436509053.850870) vcan0 123#DEADBEEF R\n(1.1) can1 1F334455#R8_9\n" +
    "(2.000000001) can0 20000088#0102030405060708\n(3.0)  can0 123##1.11.22.33\n(4.0) any 45123#81:00:12345678#112233 T\n",
    "(1.0) can0 123#\nDROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)\n(2.0) can0 123#R\n",
  ],
  "candump-screen": [
    " (1436509053.850870)  vcan0  RX - -  123   [4]  DE AD BE EF\n" +
    " (1436509053.850871)  vcan0  TX B E  00000123  [12]  00 11 22 33 44 55 66 77 88 99 AA BB\n",
    "  can0  123   [0]  remote request\n  can0  20000088   [8]  00 00 02 03 00 00 00 09   ERRORFRAME\n\tbus-error\n" +
    " (2020-02-14 08:51:20.000001)  can1  7FF   [1]  42\n",
    " (000.000001)  can0  123   [2]  11 22   '.\"'\nDROPCOUNT: dropped 1 CAN frame on 'can0' socket (total drops 1)\n",
  ],
  "asc": [
    "date Fre Feb 14 08:51:20.123 2020\nbase dec  timestamps relative\nno internal events logged\n" +
    "0.5 1 1282 Rx D 8 0 0 0 0 0 170 0 0\n0.25 2 100x Tx r 4\n0.1 1 ErrorFrame ECC: 10100010\n",
    "date Fri Feb 14 08:51:20 am 2020\nbase hex  timestamps absolute no internal events logged\n" +
    "   0.1 1 123 Rx d 1 11 Length = 10 BitCount = 11\n   0.2 CANFD 1 Rx 12345x name 1 0 9 12 " +
    "00 11 22 33 44 55 66 77 88 99 AA BB 130000 130 3000 0 0 0 0 0\n   0.3 1 Statistic: D 1 R 0 XD 0\n" +
    "   0.4 CANXL 1 Rx XLFF 1 1 7FF name 1 0 3 4 1 1f96 00 12345678 11 22 33 44 123123 00400000 0\n" +
    "   0.5 CANXL 2 Tx FBFF 1 1 123 9 12 00 11 22 33 44 55 66 77 88 99 AA BB 1 1 3000 0\nEnd TriggerBlock\n",
  ],
  "trc": [
    ";   Start time: 14.02.2020 08:51:20.123\n     1)    1059   0300  7  00 00 00 00 04 00 00\n     2)    1060  FFFFFFFF  4  00 00 00 08 BUSHEAVY\n",
    ";$FILEVERSION=1.2\n;$STARTTIME=43875.5\n     1)      1059.900 1  Rx        0300  2    00 01\n     2)   1060.0 2  Error 0004  5 10 08 00 19 01\n",
    ";$FILEVERSION=1.3\n;$STARTTIME=43875.5\n     1)      1059.900 1  Tx    18EFC034 -  4    RTR\n",
    ";$FILEVERSION=2.1\n;$STARTTIME=43875.368\n;$COLUMNS=N,O,T,B,I,d,l,D\n   1   1059.9 DT 1  0300 Rx 7  00 00 00 00 04 00 00\n" +
    "   2  1060.0 FB 1  0300 Tx 12  00 11 22 33 44 55 66 77 88 99 AA BB\n   3  1061.0 ST 1 Rx 00 00 00 08\n" +
    '   4 1062.0 EV 1 "note"\n   5  1063.0 ER 1  - Rx 5 04 00 02 00 00\n',
  ],
  "csv": [
    "TimestampEpoch;BusChannel;ID;IDE;DLC;DataLength;Dir;EDL;BRS;ESI;RTR;DataBytes\n" +
    "1586950462.9;1;5C1;0;8;8;0;0;0;0;0;0002400025000A00\n1586950463.0;2;1FFF;1;2;2;1;1;1;1;0;0102\n",
  ],
  "gvret": [
    "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n166064000,0000021A,false,0,8,FE,36,12,FE,69,5,7,AD,\n",
  ],
  "crtd": [
    "1524311386.811100 CVR 1.0\n1524311386.8 1R11 102 01 20 A0 33\n1.5 CXX note\n2 2T29 1FFFFFFF\n3 EXX other\n",
  ],
  "jsonl": [
    '{"type":"marker","timestampNs":"5","text":"a"}\n{"type":"object","kind":"b","timestampNs":null}\n' +
    '{"timestamp":1.5,"arbitrationId":291,"data":[1,2],"isFd":true}\n{"type":"dropped","timestampNs":"6","count":2}\n',
  ],
};

/** Returns valid files of a format. */
export async function logFiles(format: LogFormat, below: Below): Promise<Uint8Array[]> {
  const { name } = format;
  const files: Uint8Array[] = (texts[name] ?? []).map((text) => Uint8Array.from(ascii(text)));
  if (format.encoder !== null) {
    for (const count of [0, 1, 3, 8]) {
      const note = { type: "marker", timestampNs: BigInt(START) * 1_000_000_000n, text: "nöte" } as const;
      files.push(await written([note, ...small(below, format, count)], { format: name }));
    }
  }
  if (name === "blf") files.push(...blfFiles(below));
  if (name === "mf4") files.push(...mf4Files(files, below));
  if (name === "pcap") files.push(...captures(await framesOf(below)));
  if (name === "pcapng") files.push(await bigEndianSection(below));
  return files;
}

/** Short messages of each kind that a format stores. */
function small(below: Below, { capacity }: LogFormat, count: number): Message[] {
  const messages: Message[] = [];
  while (messages.length < count) {
    const message = randomLogMessage(below, START);
    if (message.data.length <= 64 && kept(message, capacity) !== null) messages.push(message);
  }
  return messages;
}

/** Every type of object, with random fields; plain and compressed, in one container, in two, and outside of any. */
function blfFiles(below: Below): Uint8Array[] {
  const sizes = [[1, 16], [2, 4], [73, 32], [86, 24], [100, 84], [101, 64], [104, 60], [139, 120]];
  const objects = sizes.map(([type, size]) => {
    const fields = Uint8Array.from({ length: size }, () => oneOf(below, 0, 1, 8, below(256)));
    return blfObject(type, fields, oneOf(below, 1, 2, 3));
  });
  const text = (type: number, lengthAt: number, fields: number) => {
    const body = Uint8Array.from([...new Uint8Array(fields), ...ascii("note")]);
    body[lengthAt] = 4;
    return blfObject(type, body, 1);
  };
  const all = joined([
    ...objects,
    text(65, 8, 16),
    text(92, 4, 16),
    text(96, 16, 40),
    blfObject(11, new Uint8Array(8), 1),
  ]);
  const half = all.length >> 1;
  return [
    blfFile([{ method: 0, content: all }]),
    blfFile([{ method: 2, content: all.subarray(0, half) }, { method: 2, content: all.subarray(half) }]),
    joined([blfFile([]), all]),
  ];
}

/** The file of the encoder with its data in other forms: in lists, compressed, transposed; and values of variable length. */
function mf4Files(encoded: readonly Uint8Array[], below: Below): Uint8Array[] {
  const file = encoded.at(-1)!;
  const data = dataGroupOf(file);
  const random = (length: number) => Uint8Array.from({ length }, () => below(256));
  return [
    withData(file, data, [{ compressed: false }, { compressed: false }]),
    withData(file, data, [{ compressed: true }, { compressed: true, columns: 16 }]),
    mf4File({ variable: "sorted", frames: [random(3), random(8), random(0)] }),
    mf4File({ variable: "sorted", frames: [random(64)], compressed: true }),
    mf4File({ variable: "unsorted", frames: [random(3), random(8), random(12)] }),
  ];
}

async function framesOf(below: Below): Promise<Uint8Array> {
  return await written(small(below, formatNamed("pcap"), 3), { format: "pcap" });
}

/** The frames of a capture as cooked captures. */
function captures(file: Uint8Array): Uint8Array[] {
  return [[113, 16, 14], [276, 20, 0]].map(([link, size, protocolAt]) => {
    const out: Uint8Array[] = [file.slice(0, 24)];
    new DataView(out[0].buffer).setUint32(20, link, true);
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    for (let at = 24; at < file.length;) {
      const length = view.getUint32(at + 8, true);
      const record = file.slice(at, at + 16);
      new DataView(record.buffer).setUint32(8, length + size, true);
      const head = new Uint8Array(size);
      head[protocolAt + 1] = 0x0c;
      const frame = file.slice(at + 16, at + 16 + length);
      frame.subarray(0, 4).reverse(); // the identifier is in the order of the machine
      out.push(record, head, frame);
      at += 16 + length;
    }
    return joined(out);
  });
}

/** A capture whose second section has the other byte order: header, interface, simple packet. */
async function bigEndianSection(below: Below): Promise<Uint8Array> {
  const first = await written(small(below, formatNamed("pcapng"), 1), { format: "pcapng" });
  const words = (...values: number[]) => {
    const bytes = new Uint8Array(4 * values.length);
    values.forEach((value, i) => new DataView(bytes.buffer).setUint32(4 * i, value));
    return bytes;
  };
  return joined([
    first,
    words(0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff, 28),
    words(1, 20, 227 << 16, 0, 20),
    words(3, 32, 16, 0x123, 0x02000000, 0x11220000, 0, 32),
    words(6, 52, 0, 0, 1000, 10, 10, 0x80000123, 0x02000000, 0x11220000, 0, 0, 52).subarray(0, 52),
  ]);
}
