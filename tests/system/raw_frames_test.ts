import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bus, CanOperationError, Message, type MessageInit } from "../../mod.ts";
import { copyFrame, frameLength } from "../../src/message/message.ts";
import { noVcan } from "../support/kernel.ts";
import { ip, onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

// The test machine's can-utils and python-can support neither CAN XL nor len8_dlc: the peer is a raw socket in Python.
const script = fileURLToPath(new URL("raw_socket.py", import.meta.url));

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (31 * i + length) & 0xff);
const eight = { arbitrationId: 0x123, isExtendedId: false, data: bytes(8) };

/** Frames, most of them of kinds that the other tools do not support. */
const inits: readonly MessageInit[] = [
  { arbitrationId: 0x7ff, isExtendedId: false, data: bytes(3) },
  ...[9, 10, 11, 12, 13, 14, 15].map((len8Dlc) => ({ ...eight, len8Dlc })),
  { arbitrationId: 0x1fffffff, isRemoteFrame: true, dlc: 8, len8Dlc: 15 },
  { arbitrationId: 0x1fffffff, isFd: true, bitrateSwitch: true, data: bytes(64) },
  ...[1, 2, 3, 4, 8, 59, 60, 61, 64, 2047, 2048].map((length) => ({
    isXl: true,
    priority: length & 0x7ff,
    data: bytes(length),
  })),
  { isXl: true, priority: 0x7ff, vcid: 0xff, sdt: 0xff, af: 0xffffffff, sec: true, data: bytes(100) },
  { isXl: true, priority: 1, vcid: 2, sdt: 3, af: 0x01020304, data: bytes(5) },
];

function hex(message: Message): string {
  const words = new Uint32Array(515);
  copyFrame(message, frameLength(message), words, 0);
  return Array.from(new Uint8Array(words.buffer, 0, frameLength(message)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

describe("Frames that can-utils and python-can do not support", { skip: noVcan, timeout: PATIENCE }, () => {
  before(() => {
    ip("link", "add", "vcanxl", "type", "vcan");
    ip("link", "set", "vcanxl", "mtu", "2060", "up");
  });
  after(() => ip("link", "del", "vcanxl"));

  it("reach a raw socket as we encode them, one at a time and in batches", async () => {
    using _held = onOneProcessor();
    using peer = new Program("python3", [script, "vcanxl", "receive"]);
    await peer.until(() => peer.lines.length > 0, "be ready");
    using bus = new Bus({ channel: "vcanxl", xl: true });
    const messages = inits.map((init) => new Message(init));
    for (const message of messages) bus.send(message, 1);
    assertEquals(bus.sendMany(messages, 1), messages.length);
    await peer.until(() => peer.lines.length > 2 * messages.length, "receive them all");
    assertEquals(peer.lines.slice(1), [...messages, ...messages].map(hex));
    await peer.stop(); // other tests count descriptors
  });

  it("are received as a raw socket sends them, and can be forwarded", async () => {
    using _held = onOneProcessor();
    using bus = new Bus({ channel: "vcanxl", xl: true });
    using onward = new Bus({ channel: "vcanxl", xl: true });
    const messages = inits.map((init) => new Message(init));
    using peer = new Program("python3", [script, "vcanxl", "send"], messages.map(hex).join("\n"));
    const got = await receive(bus, messages.length, peer);
    await peer.finish();
    got.forEach((message, i) => {
      const expected = new Message({ ...messages[i].toJSON(), channel: "vcanxl", isRx: false });
      assert(message.equals(expected, null), `${message} is not ${expected}`);
      assertEquals([hex(message), message.timestampSource], [hex(messages[i]), "software"]);
    });
    onward.sendMany(got);
    assertEquals((await receive(bus, got.length)).map(hex), messages.map(hex));
  });

  it("do not reach buses that were not opened for them", async () => {
    using sender = new Bus({ channel: "vcanxl", xl: true });
    using witness = new Bus({ channel: "vcanxl", xl: true });
    using fd = new Bus({ channel: "vcanxl", fd: true });
    using classic = new Bus("vcanxl");
    sender.sendMany(inits.map((init) => new Message(init)));
    await receive(witness, inits.length); // what it has received, all others have
    assertEquals([fd.recvMany(99, 0).length, classic.recvMany(99, 0).length], [10, 9]);
    assertEquals([sender.protocol, fd.protocol, classic.protocol], ["CAN_XL", "CAN_FD", "CAN_20"]);
    const message = new Message({ isXl: true, data: [1] });
    assertThrows(() => fd.send(message), TypeError, "Cannot send a CAN XL message on a bus opened without xl: true");
  });

  it("are refused before the system call where the interface cannot carry them, and sent once it can", async () => {
    ip("link", "set", "vcanxl", "down");
    ip("link", "set", "vcanxl", "mtu", "72", "up");
    using bus = new Bus({ channel: "vcanxl", xl: true });
    using other = new Bus({ channel: "vcanxl", xl: true });
    const long = new Message({ isXl: true, data: bytes(100) });
    for (const message of [long, new Message({ isXl: true, data: [1] })]) {
      assertThrows(() => bus.send(message), CanOperationError, "it carries no CAN XL frames: its MTU is 72");
    }
    const several = [new Message(), long, new Message()];
    const error = assertThrows(() => bus.sendMany(several), CanOperationError, "1 of 3 messages were sent");
    assertEquals(error.sent, 1);
    ip("link", "set", "vcanxl", "down");
    ip("link", "set", "vcanxl", "mtu", "2060", "up");
    assertThrows(() => other.recv(1), CanOperationError, "ENETDOWN");
    assertEquals((await receive(other, 1))[0].dlc, 0); // the first of the several
    bus.send(long);
    assertEquals((await receive(other, 1))[0].data, long.data);
    assertThrows(() => bus.recv(0), CanOperationError, "ENETDOWN");
  });
});
