/**
 * The frames of `can gen`.
 *
 * @module
 */

import { CAN_EFF_MASK, CAN_MAX_DLEN, CAN_SFF_MASK, fdLength, fdLengths } from "../../kernel/can.ts";
import { Message } from "../../message/message.ts";
import type { DataMode, Digits, IdMode, LengthMode } from "./modes.ts";

/** The length codes, 0 to 15. */
const CODES = 16;

/** What a frame is. */
export interface Kind {
  readonly extended: boolean;
  readonly remote: boolean;
  readonly fd: boolean;
  readonly bitrateSwitch: boolean;
  readonly errorState: boolean;
  readonly xl: boolean;
}

/** What is made. */
export interface GeneratorOptions {
  readonly id: IdMode;
  readonly length: LengthMode;
  readonly data: DataMode;
  /** The kind of all frames; with `mix`, what each may be. */
  readonly kind: Kind;
  readonly mix: boolean;
  /** Whether classic frames of 8 bytes have the length codes 9 to 15 too. */
  readonly len8: boolean;
}

/** Makes frames, one after the other. */
export class Generator {
  readonly #options: GeneratorOptions;
  /** The number of frames made. */
  #count = 0;

  constructor(options: GeneratorOptions) {
    this.#options = options;
  }

  /** Returns the next frame. */
  next(): Message {
    const { mix, kind: given } = this.#options;
    const kind = mix ? oneOf(given) : given;
    const { code, length } = this.#length(kind);
    const data = this.#data(length);
    const arbitrationId = this.#id(kind.extended ? CAN_EFF_MASK : CAN_SFF_MASK);
    this.#count++;
    if (kind.xl) {
      return new Message({
        isXl: true,
        priority: arbitrationId,
        data,
        sdt: random(0xff),
        af: random(0xffffffff),
        vcid: random(0xff),
        sec: coin(),
      });
    }
    return new Message({
      arbitrationId,
      isExtendedId: kind.extended,
      ...kind.remote ? { isRemoteFrame: true, dlc: length } : { data },
      ...kind.fd && { isFd: true, bitrateSwitch: kind.bitrateSwitch, errorStateIndicator: kind.errorState },
      ...!kind.fd && code > CAN_MAX_DLEN && { len8Dlc: code },
    });
  }

  #id(mask: number): number {
    const { id } = this.#options;
    switch (id.kind) {
      case "random":
        return random(mask);
      case "even":
        return random(mask & ~1);
      case "odd":
        return random(mask) | 1;
      case "rising":
        return this.#count & mask;
      case "fixed":
        return valueOf(id) & mask;
    }
  }

  #length({ fd, xl }: Kind): { code: number; length: number } {
    const { length, data, len8, mix } = this.#options;
    const least = xl || data.kind === "rising" ? 1 : 0;
    if (length.kind === "fixed") {
      const { value } = length;
      if (fd) return { code: 0, length: Math.max(fdLength(value), least) };
      if (xl) return { code: 0, length: Math.max(value, least) };
      return { code: len8 ? value : 0, length: Math.max(Math.min(value, CAN_MAX_DLEN), least) };
    }
    // As in cangen, rising lengths of mixed frames end at 8.
    const codes = length.kind === "random" || len8 || ((fd || xl) && !mix) ? CODES : CAN_MAX_DLEN + 1;
    const code = length.kind === "random" ? random(CODES - 1) : this.#count % codes;
    if (xl) return { code: 0, length: Math.max(length.kind === "random" ? random(63) + 1 : fdLengths[code], least) };
    if (fd) return { code, length: Math.max(fdLengths[code], least) };
    return { code: len8 ? code : 0, length: Math.max(Math.min(code, CAN_MAX_DLEN), least) };
  }

  #data(length: number): Uint8Array {
    const { data } = this.#options;
    const bytes = new Uint8Array(length);
    switch (data.kind) {
      case "random":
        for (let i = 0; i < bytes.length; i++) bytes[i] = random(0xff);
        break;
      case "rising":
        // A number of 8 bytes, the lowest first.
        for (let i = 0; i < Math.min(bytes.length, 8); i++) bytes[i] = Math.floor(this.#count / 256 ** i) % 256;
        break;
      case "fixed":
        bytes.set(data.bytes.slice(0, bytes.length).map(valueOf));
    }
    return bytes;
  }
}

/** Returns one of the kinds that a frame may be. A quarter of them is remote, and another one XL, where they may. */
function oneOf(possible: Kind): Kind {
  const xl = possible.xl && random(3) === 0;
  const fd = !xl && possible.fd && coin();
  return {
    extended: !xl && possible.extended && coin(),
    remote: !xl && !fd && possible.remote && random(3) === 0,
    fd,
    bitrateSwitch: fd && possible.bitrateSwitch && coin(),
    errorState: fd && possible.errorState && coin(),
    xl,
  };
}

function valueOf({ value, random: bits }: Digits): number {
  return (value | random(bits)) >>> 0;
}

/** Returns a number of which the bits of a mask are random, and all others 0. */
function random(mask: number): number {
  return (Math.floor(Math.random() * 2 ** 32) & mask) >>> 0;
}

function coin(): boolean {
  return Math.random() < 0.5;
}
