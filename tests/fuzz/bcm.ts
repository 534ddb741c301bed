/**
 * Fuzzing of the broadcast manager: what its socket receives is random, and so are the requests.
 *
 * @module
 */

import { BcmSocket, type BcmSubscription, CanError, type Message } from "../../mod.ts";
import { encodeBcmHead, RX_CHANGED, RX_STATUS, RX_TIMEOUT, TX_STATUS } from "../../src/kernel/bcm.ts";
import { EAGAIN, EINTR } from "../../src/kernel/errno.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { type Below, generator, oneOf, randomMessage } from "../support/random.ts";
import { writeWild } from "./control.ts";
import { CHANNEL, FakeCan, IFINDEX, type Slot } from "./fake_can.ts";

/** The subscriptions, by identifier: the index is the identifier. */
const KINDS = [{ isFd: false }, { isFd: true }];

/**
 * Receives random messages of the broadcast manager.
 *
 * @param rounds How many.
 * @throws What the library must not throw, or an error that says what is wrong with an event.
 */
export function fuzzBcm(seed: number, rounds: number): void {
  const below = generator(seed);
  /** The frame received last, if it must become an event. */
  let due: Uint8Array | null = null;
  let left = 0;
  using can = new FakeCan({
    send: () => 0,
    receive([slot]) {
      if (left-- <= 0) return oneOf(below, -EAGAIN, -EAGAIN, -EINTR);
      due = below(2) === 0 ? fillValid(below, slot) : fillWild(below, slot);
      return 1;
    },
    other: () => undefined,
  });
  {
    using bcm = new BcmSocket({ channel: oneOf(below, CHANNEL, "") });
    const subscriptions = KINDS.map(({ isFd }, i) =>
      bcm.subscribe({ arbitrationId: i, isExtendedId: true, isFd, mask: null })
    );
    for (let round = 0; round < rounds; round++) {
      left = 1;
      due = null;
      if (below(4) === 0) ask(below, subscriptions);
      for (const event of bcm.recvMany(9, 0)) {
        const { message } = event;
        if (message) check(message, due);
        if (event.type === "expired") throw new Error(`nothing was sent: ${event}`);
        `${event}`;
        due = null;
      }
      if (due !== null) throw new Error("a change was not reported");
    }
  }
  if (can.open.size > 0) throw new Error(`${can.open.size} sockets were left open`);
}

/** Requests a status; the result is any answer, or an error that says that there was none. */
function ask(below: Below, subscriptions: readonly BcmSubscription[]): void {
  try {
    const status = oneOf(below, ...subscriptions).read();
    status?.messages.forEach((message) => check(message, null));
  } catch (error) {
    if (!(error instanceof CanError) || !error.message.includes("the kernel does not answer")) throw error;
  }
}

/** Fills in what the kernel could write; returns the frame if it is a change. */
function fillValid(below: Below, slot: Slot): Uint8Array | null {
  random(below, slot.frame);
  let init = randomMessage(below);
  while (init.isErrorFrame || init.isRemoteFrame) init = randomMessage(below);
  const id = Number(init.isFd ?? false);
  const frame = frameBytes({ ...init, arbitrationId: id, isExtendedId: true });
  const opcode = oneOf(below, RX_CHANGED, RX_CHANGED, RX_TIMEOUT, RX_STATUS, TX_STATUS);
  const canId = (id | 0x80000000) >>> 0;
  const nframes = opcode === RX_TIMEOUT ? 0 : 1;
  encodeBcmHead(slot.frame, { opcode, flags: init.isFd ? 0x800 : 0, canId, nframes });
  slot.frame.set(frame, 56);
  new DataView(slot.name.buffer, slot.name.byteOffset).setInt32(4, oneOf(below, 0, IFINDEX), true);
  const length = 56 + nframes * frame.length;
  slot.finish({ nameLength: 8, controlLength: 0, flags: 0, length });
  return opcode === RX_CHANGED ? frame : null;
}

/** Fills in anything: heads that announce missing frames, no heads, frames of impossible lengths. */
function fillWild(below: Below, slot: Slot): null {
  random(below, slot.frame);
  if (below(3) > 0) {
    const [opcode, flags] = [below(14), oneOf(below, 0, 0x800, below(2 ** 32))];
    const canId = oneOf(below, 0x80000000, 0x80000001, below(2 ** 32));
    encodeBcmHead(slot.frame, { opcode, flags, canId, nframes: oneOf(below, 0, 1, 2, 257, below(2 ** 32)) });
  }
  random(below, slot.name);
  writeWild(below, slot.control);
  const length = oneOf(below, 0, 55, 56, 57, 72, 128, below(slot.frame.length), slot.frame.length, 2 ** 20);
  const controlLength = oneOf(below, 0, 16, 31, 32, below(slot.control.length + 1));
  slot.finish({ nameLength: below(25), controlLength, flags: below(2 ** 31), length });
  return null;
}

function random(below: Below, bytes: Uint8Array): void {
  // Filling in all of them would take long and test nothing more.
  for (let i = 0; i < Math.min(bytes.length, 400); i++) bytes[i] = below(256);
}

/** Checks that a message is the received frame and no longer than a frame can be. */
function check(message: Message, frame: Uint8Array | null): void {
  const { data, dlc, isFd } = message;
  if (data.length > (isFd ? 64 : 8) || dlc > (isFd ? 64 : 8)) throw new Error(`too long: ${message}`);
  for (const byte of data) if (byte === undefined) throw new Error(`no such byte: ${message}`);
  message.timestampNs;
  message.toJSON();
  if (frame && `${frameBytes(message.toJSON())}` !== `${frame}`) throw new Error(`${message} is not ${frame}`);
}
