/**
 * Fuzz: what `recvmmsg` writes is random, and everything that a message offers is used.
 *
 * @module
 */

import { Bus, Message } from "../../mod.ts";
import { ENODEV } from "../../src/kernel/errno.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { type Below, generator, oneOf, randomMessage } from "../support/random.ts";
import { assertApart, CHANNEL, FakeCan, IFINDEX, type Slot } from "./fake_can.ts";

/** What a message must show. */
interface Expected {
  readonly bytes: Uint8Array;
  readonly timestampNs: bigint;
  readonly flags: number;
}

const MSG_DONTROUTE = 0x04;
const MSG_CONFIRM = 0x800;
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;

/**
 * Receives random batches.
 *
 * @throws Whatever the library must not throw, or what is wrong with a message.
 */
export function fuzzReceived(seed: number, rounds: number): void {
  const below = generator(seed);
  for (let bus = 0; bus < rounds; bus += 50) fuzzBus(below, Math.min(50, rounds - bus));
}

/** One bus that receives, and sends again, so many batches. */
function fuzzBus(below: Below, rounds: number): void {
  const fd = below(2) === 0;
  const channel = oneOf(below, CHANNEL, "");
  let expected: (Expected | null)[] = [];
  let ended = false;
  const sent: Uint8Array[] = [];
  using can = new FakeCan({
    send(frame) {
      sent.push(frame);
      return 0;
    },
    receive(slots) {
      if (ended) return -11;
      ended = true;
      const count = 1 + below(slots.length);
      expected = slots.slice(0, count).map((slot) => below(2) === 0 ? fillValid(below, slot) : fillWild(below, slot));
      return count;
    },
    other(call, [, request, ifreq]) {
      // An interface of whose index nobody knows the name, or whose name has no end.
      if (call !== "ioctl" || request !== 0x8910 || below(2) === 0) return undefined;
      (ifreq as Uint8Array).fill(below(256));
      return oneOf(below, 0, -ENODEV);
    },
  });
  {
    using bus = new Bus({ channel, fd });
    for (let round = 0; round < rounds; round++) {
      ended = false;
      const messages = bus.recvMany(64, 0);
      if (messages.length !== expected.length) throw new Error(`${messages.length} of ${expected.length} came`);
      assertApart(messages.map(({ data }) => data));
      messages.forEach((message, i) => {
        const wanted = expected[i];
        if (wanted) checkExactly(message, wanted, channel);
        use(message, messages[0]);
        if (message.isFd && !fd) throw new Error(`an FD message on a bus that is not: ${message}`);
        sendAgain(bus, message, channel, sent);
      });
    }
  }
  if (can.open.size > 0) throw new Error(`${can.open.size} sockets were left open`);
}

/** What the kernel could write: a frame of the socket's kind, from its interface, with a time or without. */
function fillValid(below: Below, slot: Slot): Expected {
  fillRandom(below, slot);
  let init = randomMessage(below);
  while (init.isFd && slot.frame.length < 72) init = randomMessage(below);
  const bytes = frameBytes(init);
  slot.frame.set(bytes);
  new DataView(slot.name.buffer, slot.name.byteOffset).setInt32(4, IFINDEX, true);
  const seconds = oneOf(below, below(2 ** 31), 2 ** 32 + below(2 ** 20));
  const nanoseconds = below(1e9);
  const stamped = below(8) > 0;
  const flags = oneOf(below, 0, MSG_DONTROUTE, MSG_DONTROUTE | MSG_CONFIRM);
  if (stamped) writeControl(slot.control, 0, 32, SOL_SOCKET, SO_TIMESTAMPNS, [BigInt(seconds), BigInt(nanoseconds)]);
  slot.finish({ nameLength: 24, controlLength: stamped ? 32 : 0, flags, length: bytes.length });
  const timestampNs = stamped ? BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) : 0n;
  return { bytes, timestampNs, flags };
}

/** Anything at all; nothing can be said about the message but that it must do no harm. */
function fillWild(below: Below, slot: Slot): null {
  fillRandom(below, slot);
  const { control } = slot;
  for (let at = 0; at + 16 <= control.length; at += 8 * (2 + below(4))) {
    const length = oneOf(below, 0, 15, 16, 20, 24, 32, 40, 64, 2 ** 31, below(100));
    const level = oneOf(below, SOL_SOCKET, SOL_SOCKET, 101, 0, below(2 ** 31));
    const type = oneOf(below, SO_TIMESTAMPNS, SO_TIMESTAMPNS, 37, 40, 29, below(100));
    writeControl(control, at, length, level, type, [random64(below), random64(below)]);
  }
  const view = new DataView(slot.frame.buffer, slot.frame.byteOffset);
  if (below(2) === 0) view.setUint8(4, oneOf(below, 0, 8, 9, 15, 63, 64, 65, 255)); // the length
  if (below(2) === 0) view.setUint8(3, view.getUint8(3) | 0x20); // an error frame
  slot.finish({
    nameLength: oneOf(below, 0, 8, 16, 24, 128, below(2 ** 32)),
    controlLength: oneOf(below, 0, 1, 16, 24, 31, control.length, control.length, control.length + 1, below(2 ** 32)),
    flags: oneOf(below, 0, 0x20, 0x08, 0x28, below(2 ** 32)),
    length: oneOf(below, 16, 72, 0, 1, 4, 8, 15, 17, 40, 71, 73, 255, 2060, 2 ** 31 - 1, 2 ** 32 - 1, below(2 ** 32)),
  });
  return null;
}

function fillRandom(below: Below, { name, frame, control }: Slot): void {
  for (const part of [name, frame, control]) for (let i = 0; i < part.length; i++) part[i] = below(256);
}

function random64(below: Below): bigint {
  return oneOf(below, 0n, BigInt(below(2 ** 32)), BigInt(below(2 ** 32)) << 32n, 2n ** 64n - 1n, 999_999_999n);
}

/** A control message; what has no room is cut off. */
function writeControl(to: Uint8Array, at: number, length: number, level: number, type: number, data: bigint[]): void {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  view.setUint32(8, level, true);
  view.setUint32(12, type, true);
  data.forEach((word, i) => view.setBigUint64(16 + 8 * i, word, true));
  to.set(bytes.subarray(0, Math.max(0, to.length - at)), at);
}

/** The message is the frame that was received. */
function checkExactly(message: Message, { bytes, timestampNs, flags }: Expected, channel: string): void {
  const json = message.toJSON();
  const isLocal = (flags & MSG_DONTROUTE) !== 0;
  const again = frameBytes(json);
  const wrong = again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i]) ||
    message.timestampNs !== timestampNs || message.isLocal !== isLocal || message.isRx === isLocal ||
    message.isConfirm !== ((flags & MSG_CONFIRM) !== 0) || (channel !== "" && message.channel !== channel);
  if (wrong) throw new Error(`${message} is not what was received: ${[...bytes]}, ${timestampNs}, ${flags}`);
}

/** Touches everything that a message has. */
function use(message: Message, other: Message): void {
  for (let type = message; type !== Object.prototype as unknown as Message; type = Object.getPrototypeOf(type)) {
    for (const name of Object.getOwnPropertyNames(type)) void (message as unknown as Record<string, unknown>)[name];
  }
  const { data, dlc, timestamp, timestampNs } = message;
  if (data.length > (message.isFd ? 64 : 8)) throw new Error(`${data.length} bytes of data: ${message}`);
  if (data.length !== (message.isRemoteFrame ? 0 : dlc)) {
    throw new Error(`dlc ${dlc}, ${data.length} bytes: ${message}`);
  }
  if (!(timestamp >= 0 && timestampNs >= 0n)) throw new Error(`timestamp ${timestamp}, ${timestampNs} ns`);
  `${message} ${JSON.stringify(message)} ${JSON.stringify((message as { error?: unknown }).error)}`;
  if (!message.equals(message, 0)) throw new Error(`not equal to itself: ${message}`);
  if (message.equals(other) !== other.equals(message)) throw new Error(`equal one way: ${message}, ${other}`);
  let made: Message;
  try {
    made = new Message(message.toJSON());
  } catch (error) {
    // Another program may send what this one refuses.
    if (error instanceof RangeError || error instanceof TypeError) return;
    throw error;
  }
  if (!made.equals(message, 1e-6 + timestamp * 1e-15)) throw new Error(`${made} was made from ${message}`);
}

/** A message that came can be sent, and the same bytes go out. */
function sendAgain(bus: Bus, message: Message, channel: string, sent: Uint8Array[]): void {
  if (channel === "" && !message.channel) return;
  sent.length = 0;
  try {
    bus.send(message);
  } catch (error) {
    // The interface of a random index has a random name.
    if (channel === "" && message.channel !== CHANNEL) return;
    throw error;
  }
  const [bytes] = sent;
  const view = new DataView(bytes.buffer);
  const flags = (message.isExtendedId ? 2 ** 31 : 0) + (message.isRemoteFrame ? 2 ** 30 : 0) +
    (message.isErrorFrame ? 2 ** 29 : 0);
  const same = bytes.length === (message.isFd ? 72 : 16) && bytes[4] === message.dlc &&
    (((view.getUint32(0, true) & 0xe0000000) >>> 0) === flags) &&
    message.data.every((byte, i) => byte === bytes[8 + i]);
  if (!same) throw new Error(`${message} was sent as ${[...bytes]}`);
}
