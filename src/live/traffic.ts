/**
 * How much comes over a bus, and for how long that keeps the wire busy.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import { frameBits, type Stuffing } from "./frame_bits.ts";

/** The bitrates of a bus, in bits per second. */
export interface Bitrates {
  readonly bitrate: number;
  /** That of the data phase of CAN FD; the same for classic buses. */
  readonly dataBitrate: number;
}

/** What has come over a bus since the last `reset`. */
export class Traffic {
  frames = 0;
  /** Bits on the wire. */
  bits = 0;
  /** Bits of data. */
  payload = 0;
  /** Seconds in which the wire was in use; 0 if the bitrates are not known. */
  busy = 0;
  readonly #stuffing: Stuffing;

  constructor(stuffing: Stuffing) {
    this.#stuffing = stuffing;
  }

  /** Counts a frame. Returns for how many seconds it keeps the wire busy. */
  add(message: Message, bitrates: Bitrates | null): number {
    const { nominal, data } = frameBits(message, this.#stuffing);
    const busy = bitrates === null ? 0 : nominal / bitrates.bitrate + data / bitrates.dataBitrate;
    this.frames++;
    this.bits += nominal + data;
    this.payload += 8 * message.data.length;
    this.busy += busy;
    return busy;
  }

  /** Counts from 0 again. */
  reset(): void {
    this.frames =
      this.bits =
      this.payload =
      this.busy =
        0;
  }
}
