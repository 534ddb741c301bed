import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { IsoTpSocket, type IsoTpSocketOptions } from "../../mod.ts";
import { bytes, noIsoTp, tester } from "../support/isotp.ts";
import { root } from "./script.ts";
import { PATIENCE, Program } from "./tools.ts";

const options = { skip: noIsoTp, timeout: PATIENCE };

/** Our options, and the structures for Python's socket at the other end. */
const pythonRows: readonly {
  name: string;
  ours: IsoTpSocketOptions;
  theirs: Record<string, readonly number[]>;
  lengths?: readonly number[];
}[] = [
  { name: "11 bits", ours: { ...tester, frameTxTime: 0 }, theirs: {}, lengths: [1, 7, 8, 4095, 4096, 8000] },
  {
    name: "29 bits, blocks, STmin",
    ours: { channel: "vcan0", txId: 0x18da10f1, rxId: 0x18daf110, blockSize: 3, stMin: 0.0001 },
    theirs: { fc: [5, 0xf2, 0] },
  },
  {
    name: "mixed addressing",
    ours: { ...tester, extAddress: 0xf1, rxExtAddress: 0x10 },
    theirs: { opts: [0x202, 0, 0x10, 0, 0, 0xf1] },
  },
  {
    name: "padding",
    ours: { ...tester, txPadding: 0xaa, rxPadding: 0xbb, checkPadding: "all" },
    theirs: { opts: [0x3c, 0, 0, 0xbb, 0xaa, 0] },
  },
  ...[8, 12, 16, 20, 24, 32, 48, 64].map((txDl) => ({
    name: `FD, ${txDl} bytes`,
    ours: { ...tester, fd: true, txDl, bitrateSwitch: txDl % 16 === 0 },
    theirs: { ll: [72, txDl, txDl % 16 === 0 ? 1 : 0] },
    lengths: [1, 8, txDl, 300],
  })),
];

/** Functional addressing: the sender's and the receiver's options, ours and Python's of each. */
const broadcasts = [
  { name: "sfBroadcast", options: { sfBroadcast: true }, flag: 0x800, listen: {}, listenFlag: 0, lengths: [1, 7] },
  {
    name: "cfBroadcast",
    options: { cfBroadcast: true },
    flag: 0x1000,
    listen: { listenMode: true },
    listenFlag: 1,
    lengths: [1, 7, 8, 300],
  },
] as const;

function hex(pdu: Uint8Array): string {
  return Array.from(pdu, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Starts Python's socket. */
function python(rx: string, tx: string, theirs: object, action: "send" | "receive", pdus: Uint8Array[] = []): Program {
  const args = [`${root}tests/system/isotp.py`, "vcan0", rx, tx, JSON.stringify(theirs), action];
  return new Program("/usr/bin/python3", args, pdus.map((pdu) => hex(pdu) + "\n").join(""));
}

describe("Python's socket and IsoTpSocket", options, () => {
  const id = (value: number, extended = value > 0x7ff) => (extended ? value + 2 ** 31 : value).toString(16);

  for (const { name, ours, theirs, lengths = [1, 7, 8, 300, 4095] } of pythonRows) {
    const [rx, tx] = [id(ours.txId, ours.isExtendedId), id(ours.rxId!, ours.isExtendedId)];
    const pdus = lengths.map((length) => bytes(length, length));

    it(`${name}: Python receives what we send`, options, async () => {
      using socket = new IsoTpSocket(ours);
      using receiver = python(rx, tx, theirs, "receive");
      await receiver.until(() => receiver.lines.length === 1, "listen");
      for (const [i, pdu] of pdus.entries()) {
        if (i % 2) socket.send(pdu, 60);
        else await socket.sendAsync(pdu, { timeout: 60 });
      }
      await receiver.until(() => receiver.lines.length > pdus.length, `receive ${pdus.length} PDUs`);
      assertEquals(receiver.lines.slice(1), pdus.map(hex));
    });

    it(`${name}: we receive what Python sends`, options, async () => {
      using socket = new IsoTpSocket(ours);
      using sender = python(rx, tx, theirs, "send", pdus);
      for (const pdu of pdus) assertEquals(await socket.recvAsync({ timeout: 60 }), pdu);
      await sender.finish();
    });
  }

  for (const { name, options: broadcast, flag, listen, listenFlag, lengths } of broadcasts) {
    const pdus = lengths.map((length) => bytes(length, length));

    it(`${name}, both ways`, options, async () => {
      using all = new IsoTpSocket({ channel: "vcan0", txId: 0x7df, isExtendedId: false, ...broadcast });
      using receiver = python("7df", "7e9", { opts: [listenFlag, 0, 0, 0, 0, 0] }, "receive");
      await receiver.until(() => receiver.lines.length === 1, "listen");
      for (const pdu of pdus) all.send(pdu, 20);
      await receiver.until(() => receiver.lines.length > pdus.length, `receive ${pdus.length} PDUs`);
      assertEquals(receiver.lines.slice(1), pdus.map(hex));

      using listener = new IsoTpSocket({ channel: "vcan0", rxId: 0x7de, txId: 0x7e9, isExtendedId: false, ...listen });
      using sender = python("7de", "7de", { opts: [flag, 0, 0, 0, 0, 0] }, "send", pdus);
      for (const pdu of pdus) assertEquals(await listener.recvAsync({ timeout: 60 }), pdu);
      await sender.finish();
    });
  }
});
