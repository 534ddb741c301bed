/**
 * Fuzzing of receiving: `recvmmsg` writes random bytes, and every property of the messages is used.
 *
 * @module
 */

import { Bus, Message } from "../../mod.ts";
import { ENODEV } from "../../src/kernel/errno.ts";
import { droppedBefore } from "../../src/message/losses.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { type Below, generator, oneOf, randomMessageOfAnyKind } from "../support/random.ts";
import { none, type Timespec, writeDropped, writeTimestamping, writeTimestampNs, writeWild } from "./control.ts";
import { assertApart, CHANNEL, FakeCan, IFINDEX, type Slot } from "./fake_can.ts";

/** The options of a bus. */
interface Opened {
  readonly fd: boolean;
  readonly xl: boolean;
  readonly timestamps: "software" | "hardware";
  readonly channel: string;
}

/** A received frame: all of its memory, and how much of it the kernel claims to have written. */
interface Received {
  readonly memory: Uint8Array;
  readonly length: number;
  /** What the message must be, if the kernel could have written this frame. */
  readonly exactly: Exactly | null;
}

interface Exactly {
  readonly time: Timespec;
  readonly source: Message["timestampSource"];
  readonly flags: number;
  /** How many frames the socket had dropped by then. */
  readonly dropped: number;
}

const MSG_DONTROUTE = 0x04;
const MSG_CONFIRM = 0x800;

/**
 * Receives random batches.
 *
 * @throws What the library must not throw, or an error that says what is wrong with a message.
 */
export function fuzzReceived(seed: number, rounds: number): void {
  const below = generator(seed);
  for (let bus = 0; bus < rounds; bus += 10) fuzzBus(below, Math.min(10, rounds - bus));
}

/** Opens one bus, which receives batches and sends them again. */
function fuzzBus(below: Below, rounds: number): void {
  const xl = below(2) === 0;
  const opened: Opened = {
    fd: xl || below(2) === 0,
    xl,
    timestamps: oneOf(below, "software", "hardware"),
    channel: oneOf(below, CHANNEL, ""),
  };
  let received: Received[] = [];
  let dropped = 0;
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
      received = slots.slice(0, count).map((slot) =>
        below(2) === 0
          ? fillValid(below, slot, opened, dropped += oneOf(below, 0, 0, below(1000)))
          : fillWild(below, slot)
      );
      return count;
    },
    other(call, [, request, ifreq]) {
      // An interface whose index has no name, or whose name has no final zero.
      if (call !== "ioctl" || request !== 0x8910 || below(2) === 0) return undefined;
      (ifreq as Uint8Array).fill(below(256));
      return oneOf(below, 0, -ENODEV);
    },
  });
  {
    using bus = new Bus(opened);
    for (let round = 0; round < rounds; round++) {
      ended = false;
      const messages = bus.recvMany(64, 0);
      if (messages.length !== received.length) throw new Error(`${messages.length} of ${received.length} arrived`);
      assertApart(messages.map(({ data }) => data));
      messages.forEach((message, i) => {
        checkKind(message, received[i], opened);
        if (received[i].exactly) checkExactly(message, received[i], opened);
        const [one, other] = [received[i - 1]?.exactly, received[i].exactly];
        if (one && other && droppedBefore(message) !== other.dropped - one.dropped) {
          throw new Error(
            `${droppedBefore(message)} frames dropped before ${message}: ${one.dropped}, ${other.dropped}`,
          );
        }
        use(message, messages[0]);
        sendAgain(bus, message, received[i], opened, sent);
      });
    }
  }
  if (can.open.size > 0) throw new Error(`${can.open.size} sockets were left open`);
}

/** Fills in what the kernel could write: a frame of the socket's kinds, from its interface, with or without timestamp. */
function fillValid(below: Below, slot: Slot, { fd, xl, timestamps }: Opened, dropped: number): Received {
  fillRandom(below, slot);
  let init = randomMessageOfAnyKind(below);
  while ((init.isFd && !fd) || (init.isXl && !xl)) init = randomMessageOfAnyKind(below);
  const bytes = frameBytes(init);
  slot.frame.set(bytes);
  new DataView(slot.name.buffer, slot.name.byteOffset).setInt32(4, IFINDEX, true);
  const software = randomTime(below);
  const flags = oneOf(below, 0, MSG_DONTROUTE, MSG_DONTROUTE | MSG_CONFIRM);
  const finish = (timeLength: number) => {
    const controlLength = dropped === 0 ? timeLength : writeDropped(slot.control, timeLength, dropped);
    slot.finish({ nameLength: 24, controlLength, flags, length: bytes.length });
  };
  const is = (time: Timespec, source: Message["timestampSource"]) => ({
    memory: slot.frame.slice(),
    length: bytes.length,
    exactly: { time, source, flags, dropped },
  });
  if (timestamps === "software") {
    const stamped = software !== none;
    finish(stamped ? writeTimestampNs(slot.control, software) : 0);
    return is(software, stamped ? "software" : null);
  }
  const hardware = randomTime(below);
  // The kernel writes no control message without a timestamp; one would change nothing.
  const written = hardware !== none || software !== none || below(2) === 0;
  finish(written ? writeTimestamping(slot.control, software, hardware) : 0);
  if (hardware !== none) return is(hardware, "hardware");
  return is(software, software !== none ? "software" : null);
}

/** Returns no timestamp, or one that a clock can have: a controller's may start at 0. */
function randomTime(below: Below): Timespec {
  if (below(4) === 0) return none;
  const seconds = BigInt(oneOf(below, below(2 ** 31), 2 ** 31 + below(2 ** 31), 2 ** 32 + below(2 ** 20), 0));
  return oneOf<Timespec>(below, [seconds, BigInt(1 + below(1e9 - 1))], [seconds + 1n, 0n]);
}

/** Fills in anything at all. Little is known about the message, except that it must do no harm. */
function fillWild(below: Below, slot: Slot): Received {
  fillRandom(below, slot);
  writeWild(below, slot.control);
  const view = new DataView(slot.frame.buffer, slot.frame.byteOffset);
  if (below(2) === 0) view.setUint8(4, oneOf(below, 0, 8, 9, 15, 63, 64, 65, 255)); // the length
  if (below(2) === 0) view.setUint8(3, view.getUint8(3) | 0x20); // an error frame
  if (below(2) === 0) {
    view.setUint8(4, 0x80 | oneOf(below, 0, 1, below(128))); // an XL frame, and its length below
    view.setUint16(6, oneOf(below, 0, 1, 4, 60, 61, 64, 2047, 2048, 2049, 0xffff, below(0x10000)), true);
  }
  const length = oneOf<number>(
    below,
    ...[16, 72, 0, 1, 4, 8, 15, 17, 40, 71, 73, 255, 2 ** 31 - 1, 2 ** 32 - 1],
    ...[11, 12, 13, 14, 75, 76, 77, 2059, 2060, 2061, 2064, 1 + below(2060), below(2 ** 32)],
  );
  slot.finish({
    nameLength: oneOf(below, 0, 8, 16, 24, 128, below(2 ** 32)),
    controlLength: oneOf(
      below,
      ...[0, 1, 16, 24, 31, 32, 63, 64, 65, below(2 ** 32)],
      ...Array.from({ length: 8 }, () => slot.control.length),
    ),
    flags: oneOf(below, 0, 0x20, 0x08, 0x28, below(2 ** 32)),
    length,
  });
  return { memory: slot.frame.slice(), length, exactly: null };
}

function fillRandom(below: Below, { name, frame, control }: Slot): void {
  for (const part of [name, frame, control]) {
    // The generator is slow, and for the rest bytes that differ from their neighbours are enough.
    const first = below(256);
    for (let i = 0; i < part.length; i++) part[i] = i < 80 ? below(256) : first + 7 * i;
  }
}

/** Checks that the message is of a kind that the bus was opened for, and has its own frame's bytes and no others. */
function checkKind(message: Message, { memory, length }: Received, { fd, xl, timestamps }: Opened): void {
  const isXl = xl && (memory[4] & 0x80) !== 0;
  const isFd = fd && !isXl && length === 72;
  if (message.isXl !== isXl || message.isFd !== isFd) {
    throw new Error(`of ${length} bytes: ${JSON.stringify(message)}`);
  }
  // A structure shorter than that of a classic frame counts as a classic frame.
  const room = isXl ? (length > 12 ? Math.min(length, memory.length) : 16) - 12 : isFd ? 64 : 8;
  const said = isXl ? memory[6] + 256 * memory[7] : memory[4];
  if (message.dlc !== Math.min(said, room)) throw new Error(`${said} of ${room} bytes: ${JSON.stringify(message)}`);
  const start = isXl ? 12 : 8;
  if (message.data.some((byte, i) => byte !== memory[start + i])) {
    throw new Error(`not what was received: ${JSON.stringify(message)}`);
  }
  // Aligned for any typed array; the size of an XL frame's header is not a multiple of 8.
  if (message.data.byteOffset % (isXl ? 4 : 8) !== 0) throw new Error(`at byte ${message.data.byteOffset}: ${message}`);
  const { isExtendedId, isRemoteFrame, isErrorFrame, arbitrationId, priority } = message;
  if (isXl && (isExtendedId || isRemoteFrame || isErrorFrame || arbitrationId > 0x7ff || priority !== arbitrationId)) {
    throw new Error(`an XL frame cannot have these properties: ${JSON.stringify(message)}`);
  }
  if (!isXl && (priority || message.vcid || message.sdt || message.af || message.sec)) {
    throw new Error(`only an XL frame can have these properties: ${message}`);
  }
  if (timestamps === "software" && message.timestampSource === "hardware") {
    throw new Error(`a hardware timestamp that was not requested: ${message}`);
  }
}

/** Checks that the message is the received frame. */
function checkExactly(message: Message, { memory, length, exactly }: Received, { channel }: Opened): void {
  const { time: [seconds, nanoseconds], source, flags } = exactly!;
  const timestampNs = 1_000_000_000n * seconds + nanoseconds;
  const isLocal = (flags & MSG_DONTROUTE) !== 0;
  const wrong = !isSame(frameBytes(message.toJSON()), memory.subarray(0, length)) ||
    message.timestampNs !== timestampNs || message.timestampSource !== source ||
    message.isLocal !== isLocal || message.isRx === isLocal ||
    message.isConfirm !== ((flags & MSG_CONFIRM) !== 0) || (channel !== "" && message.channel !== channel);
  if (!wrong) return;
  const shown = `${message}, ${message.timestampNs} of ${message.timestampSource}`;
  throw new Error(`${shown} is not ${[...memory.subarray(0, length)]}, ${timestampNs} of ${source}, ${flags}`);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/** Reads every property of a message and calls its methods. */
function use(message: Message, other: Message): void {
  for (let type = message; type !== Object.prototype as unknown as Message; type = Object.getPrototypeOf(type)) {
    for (const name of Object.getOwnPropertyNames(type)) void (message as unknown as Record<string, unknown>)[name];
  }
  const { data, dlc, len8Dlc, timestamp, timestampNs, timestampSource } = message;
  if (data.length > (message.isXl ? 2048 : message.isFd ? 64 : 8)) {
    throw new Error(`${data.length} bytes of data: ${message}`);
  }
  if (data.length !== (message.isRemoteFrame ? 0 : dlc)) {
    throw new Error(`dlc ${dlc}, ${data.length} bytes: ${message}`);
  }
  if (len8Dlc !== 0 && !(dlc === 8 && len8Dlc > 8 && len8Dlc < 16)) throw new Error(`len8Dlc ${len8Dlc}: ${message}`);
  if (!(timestamp >= 0 && timestampNs >= 0n)) throw new Error(`timestamp ${timestamp}, ${timestampNs} ns`);
  if (timestampSource === null && timestampNs !== 0n) throw new Error(`a timestamp without a source: ${message}`);
  `${message} ${JSON.stringify(message)} ${JSON.stringify((message as { error?: unknown }).error)}`;
  if (!message.equals(message, 0)) throw new Error(`not equal to itself: ${message}`);
  if (message.equals(other) !== other.equals(message)) throw new Error(`equal one way: ${message}, ${other}`);
  let made: Message;
  try {
    made = new Message(message.toJSON());
  } catch (error) {
    // Other programs may send what Message refuses: two kinds at once, an FD frame of an illegal length, an XL frame
    // without data.
    const { isErrorFrame, isRemoteFrame, isFd, isXl } = message;
    if (error instanceof TypeError && Number(isErrorFrame) + Number(isRemoteFrame) + Number(isFd) > 1) return;
    if (error instanceof RangeError && ((isFd && dlc > 8) || (isXl && dlc === 0) || timestamp >= 2 ** 53)) return;
    throw error;
  }
  if (!made.equals(message, 1e-6 + timestamp * 1e-15)) throw new Error(`${made} was made from ${message}`);
}

/** Checks that a received message can be sent, as the same bytes. */
function sendAgain(
  bus: Bus,
  message: Message,
  { memory, length, exactly }: Received,
  { channel }: Opened,
  sent: Uint8Array[],
): void {
  if (channel === "" && !message.channel) return;
  sent.length = 0;
  try {
    bus.send(message);
  } catch (error) {
    // An interface with a random index has a random name.
    if (channel === "" && message.channel !== CHANNEL) return;
    throw error;
  }
  const [bytes] = sent;
  const view = new DataView(bytes.buffer);
  let same = true;
  if (exactly) {
    same = isSame(bytes, memory.subarray(0, length));
  } else if (message.isXl) {
    // Bits that belong to neither priority nor VCID are not sent.
    const prio = message.priority + 0x10000 * message.vcid;
    same = bytes.length === 12 + message.dlc && view.getUint32(0, true) === prio &&
      bytes[4] === memory[4] && bytes[5] === message.sdt && view.getUint16(6, true) === message.dlc &&
      view.getUint32(8, true) === message.af && message.data.every((byte, i) => byte === bytes[12 + i]);
  } else {
    const flags = (message.isExtendedId ? 2 ** 31 : 0) + (message.isRemoteFrame ? 2 ** 30 : 0) +
      (message.isErrorFrame ? 2 ** 29 : 0);
    same = bytes.length === (message.isFd ? 72 : 16) && bytes[4] === message.dlc &&
      (((view.getUint32(0, true) & 0xe0000000) >>> 0) === flags) &&
      message.data.every((byte, i) => byte === bytes[8 + i]);
  }
  if (!same) throw new Error(`${message} was sent as ${[...bytes]}`);
}
