/**
 * The options that every socket has.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { Logger } from "../endpoint/options.ts";
import { ENOPROTOOPT, EPERM } from "../kernel/errno.ts";
import {
  SK_MEMINFO_DROPS,
  SK_MEMINFO_WMEM_ALLOC,
  SO_ERROR,
  SO_MEMINFO,
  SO_MEMINFO_SIZE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import type { Fail } from "./system_error.ts";

/** Bytes of a socket's buffers, as asked for. */
export interface BufferOptions {
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
}

/** Sets and reads a descriptor's options; a refusal is an error. */
export class SocketOptions {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #fail: Fail;
  readonly #logger: Logger | undefined;

  constructor(libc: Libc, fd: number, logger: Logger | undefined, fail: Fail) {
    this.#libc = libc;
    this.#fd = fd;
    this.#logger = logger;
    this.#fail = fail;
  }

  /** Messages for which the receive buffer had no room. */
  get drops(): number {
    const result = this.#memory(SK_MEMINFO_DROPS);
    if (result < 0) throw this.#fail("read SO_MEMINFO of", "getsockopt", result);
    return result;
  }

  /** Bytes of memory of what waits to be sent, or `-errno`. */
  get waiting(): number {
    return this.#memory(SK_MEMINFO_WMEM_ALLOC);
  }

  /** Bytes of the receive buffer. */
  get receiveBuffer(): number {
    return this.#get("SO_RCVBUF", SO_RCVBUF);
  }

  /** Bytes of the send buffer. */
  get sendBuffer(): number {
    return this.#get("SO_SNDBUF", SO_SNDBUF);
  }

  /** Sets buffers past the system's limit where this process may do that, else up to it, and warns of it. */
  setBuffers(asked: BufferOptions): void {
    this.#setBuffer("receiveBuffer", asked, "SO_RCVBUF", SO_RCVBUF, SO_RCVBUFFORCE);
    this.#setBuffer("sendBuffer", asked, "SO_SNDBUF", SO_SNDBUF, SO_SNDBUFFORCE);
  }

  /**
   * Sets an option.
   *
   * @param label Its name, for people.
   * @param advice What to do about a refusal, by errno.
   */
  set(
    label: string,
    level: number,
    name: number,
    value: Uint8Array,
    advice: Readonly<Record<number, string>> = {},
  ): void {
    this.#done(label, value, this.#trySet(level, name, value), advice);
  }

  /** Sets an option unless the kernel does not know it. */
  setIfKnown(label: string, level: number, name: number, value: Uint8Array): void {
    const result = this.#trySet(level, name, value);
    if (result !== -ENOPROTOOPT) this.#done(label, value, result);
  }

  /**
   * Takes the socket's error from it, which otherwise the next call meets.
   *
   * @returns 0 or `-errno`.
   */
  takeError(): number {
    return -this.#get("SO_ERROR", SO_ERROR);
  }

  /** 0 or `-errno`. */
  #trySet(level: number, name: number, value: Uint8Array): number {
    return this.#libc.setsockopt(this.#fd, level, name, value);
  }

  #done(label: string, value: Uint8Array, result: number, advice: Readonly<Record<number, string>> = {}): void {
    if (result < 0) throw this.#fail(`set ${label} on`, "setsockopt", result, advice[-result]);
    this.#logger?.debug(`${label} set: ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`);
  }

  #memory(index: number): number {
    const memory = new Uint32Array(SO_MEMINFO_SIZE / 4);
    const result = this.#libc.getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(memory.buffer));
    return result < 0 ? result : memory[index];
  }

  #get(label: string, name: number): number {
    const value = new Int32Array(1);
    const result = this.#libc.getsockopt(this.#fd, SOL_SOCKET, name, new Uint8Array(value.buffer));
    if (result < 0) throw this.#fail(`read ${label} of`, "getsockopt", result);
    return value[0];
  }

  #setBuffer(
    option: keyof BufferOptions,
    options: BufferOptions,
    label: string,
    name: number,
    forceName: number,
  ): void {
    const asked = options[option];
    if (asked === undefined) return;
    const forced = this.#trySet(SOL_SOCKET, forceName, u32(asked));
    if (forced === -EPERM) this.set(label, SOL_SOCKET, name, u32(asked));
    else if (forced < 0) throw this.#fail(`set ${label}FORCE on`, "setsockopt", forced);
    const granted = this.#get(label, name);
    // The kernel grants twice what it accepts.
    if (granted < 2 * asked) {
      const limit = name === SO_RCVBUF ? "net.core.rmem_max" : "net.core.wmem_max";
      this.#logger?.warn(`${option}: ${granted / 2} of ${asked} bytes granted; ${limit} is the limit`);
    }
  }
}

/** An `int` or an unsigned one, as options have it. */
export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
