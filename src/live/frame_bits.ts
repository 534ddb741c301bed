/**
 * How many bits a frame takes on the wire, with its stuff bits (ISO 11898-1).
 *
 * @module
 */

import { fdLengths } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";

/** How stuff bits are counted: none, those that the frame has, or the most that it could have. */
export type Stuffing = "none" | "exact" | "worst";

/** The bits of a frame, with the pause after it: at the nominal bitrate, and at that of the data phase. */
export interface FrameBits {
  readonly nominal: number;
  readonly data: number;
}

/** CRC delimiter, acknowledge slot and delimiter, end of frame, intermission. */
const TAIL = 1 + 1 + 1 + 7 + 3;

/** After five equal bits comes one of the other value, which counts for the next five. */
class BitCounter {
  /** All bits, with stuff bits. */
  bits = 0;
  #last = -1;
  #equal = 0;
  /** The CRC of classic frames. */
  crc = 0;

  push(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i--) {
      const bit = (value >>> i) & 1;
      const feedback = bit ^ ((this.crc >>> 14) & 1);
      this.crc = ((this.crc << 1) & 0x7fff) ^ (feedback ? 0x4599 : 0);
      this.bits++;
      this.#equal = bit === this.#last ? this.#equal + 1 : 1;
      this.#last = bit;
      if (this.#equal < 5) continue;
      this.bits++;
      this.#last = 1 - bit;
      this.#equal = 1;
    }
  }
}

/** Counts the bits of a classic or FD frame. Those of CAN XL and of error frames are not known, and 0. */
export function frameBits(message: Message, stuffing: Stuffing): FrameBits {
  if (message.isXl || message.isErrorFrame) return { nominal: 0, data: 0 };
  return message.isFd ? fdBits(message, stuffing) : { nominal: classicBits(message, stuffing), data: 0 };
}

function classicBits(message: Message, stuffing: Stuffing): number {
  const { data } = message;
  const stuffed = (message.isExtendedId ? 54 : 34) + 8 * data.length;
  if (stuffing === "none") return stuffed + TAIL;
  if (stuffing === "worst") return stuffed + Math.floor((stuffed - 1) / 4) + TAIL;
  const counter = new BitCounter();
  header(counter, message);
  counter.push(0, message.isExtendedId ? 2 : 1); // r1 and r0, or r0
  counter.push(message.len8Dlc || Math.min(message.dlc, 8), 4);
  for (const byte of data) counter.push(byte, 8);
  counter.push(counter.crc, 15);
  return counter.bits + TAIL;
}

/** Start of frame, identifier, RTR and IDE. */
function header(counter: BitCounter, { arbitrationId, isExtendedId, isRemoteFrame }: Message): void {
  counter.push(0, 1);
  if (isExtendedId) {
    counter.push(arbitrationId >>> 18, 11);
    counter.push(0b11, 2);
    counter.push(arbitrationId & 0x3ffff, 18);
    counter.push(isRemoteFrame ? 1 : 0, 1);
  } else {
    counter.push(arbitrationId, 11);
    counter.push(isRemoteFrame ? 0b10 : 0, 2);
  }
}

function fdBits(message: Message, stuffing: Stuffing): FrameBits {
  const { data, isExtendedId, bitrateSwitch } = message;
  // Up to and with the bit BRS, at the nominal bitrate; then ESI, length code and data.
  const arbitration = isExtendedId ? 36 : 17;
  const rest = 5 + 8 * data.length;
  // Stuff count and CRC have stuff bits at fixed places: one before, and one after each four bits.
  const check = data.length > 16 ? 4 + 21 + 7 : 4 + 17 + 6;
  let [slow, fast] = [arbitration, rest];
  if (stuffing === "worst") {
    slow += Math.floor((arbitration - 1) / 4);
    fast += Math.floor((rest + 3) / 4);
  } else if (stuffing === "exact") {
    const counter = new BitCounter();
    header(counter, message);
    counter.push(0b10, 2); // FDF, res
    counter.push(bitrateSwitch ? 1 : 0, 1);
    slow = counter.bits;
    counter.push(message.errorStateIndicator ? 1 : 0, 1);
    counter.push(fdLengths.indexOf(data.length), 4);
    for (const byte of data) counter.push(byte, 8);
    fast = counter.bits - slow;
  }
  fast += check;
  return bitrateSwitch ? { nominal: slow + TAIL, data: fast } : { nominal: slow + fast + TAIL, data: 0 };
}
