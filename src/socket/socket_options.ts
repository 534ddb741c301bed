/**
 * Options of level SOL_SOCKET, and setting any other option.
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

/** Requested sizes of a socket's buffers, in bytes. */
export interface BufferOptions {
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
}

/** Sets and reads a descriptor's options. A refusal is an error. */
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

  /** How many messages were dropped because the receive buffer was full. */
  get drops(): number {
    const result = this.#memory(SK_MEMINFO_DROPS);
    if (result < 0) throw this.#fail("read SO_MEMINFO of", "getsockopt", result);
    return result;
  }

  /** Bytes of memory that hold unsent messages, or `-errno`. */
  get unsentBytes(): number {
    return this.#memory(SK_MEMINFO_WMEM_ALLOC);
  }

  /** Size of the receive buffer in bytes. */
  get receiveBuffer(): number {
    return this.#get("SO_RCVBUF", SO_RCVBUF);
  }

  /** Size of the send buffer in bytes. */
  get sendBuffer(): number {
    return this.#get("SO_SNDBUF", SO_SNDBUF);
  }

  /**
   * Sets the buffers' sizes: past the system's limit with CAP_NET_ADMIN, else up to that limit, with a warning if it is
   * less than requested.
   */
  setBuffers(requested: BufferOptions): void {
    this.#setBuffer("receiveBuffer", requested, "SO_RCVBUF", SO_RCVBUF, SO_RCVBUFFORCE);
    this.#setBuffer("sendBuffer", requested, "SO_SNDBUF", SO_SNDBUF, SO_SNDBUFFORCE);
  }

  /**
   * Sets an option.
   *
   * @param label The option's name in errors.
   * @param advice What the user can do about a refusal, by errno.
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

  /** Sets an option if the kernel supports it. */
  setIfKnown(label: string, level: number, name: number, value: Uint8Array): void {
    const result = this.#trySet(level, name, value);
    if (result !== -ENOPROTOOPT) this.#done(label, value, result);
  }

  /**
   * Reads and clears the socket's pending error (SO_ERROR), which would otherwise fail the next call.
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
    this.#logger?.debug?.(`${label} set: ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`);
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
    const requested = options[option];
    if (requested === undefined) return;
    const forced = this.#trySet(SOL_SOCKET, forceName, u32(requested));
    if (forced === -EPERM) this.set(label, SOL_SOCKET, name, u32(requested));
    else if (forced < 0) throw this.#fail(`set ${label}FORCE on`, "setsockopt", forced);
    const granted = this.#get(label, name);
    // The kernel doubles what it accepts.
    if (granted < 2 * requested) {
      const limit = name === SO_RCVBUF ? "net.core.rmem_max" : "net.core.wmem_max";
      this.#logger?.warn(`${option}: ${granted / 2} of ${requested} bytes granted; ${limit} is the limit`);
    }
  }
}

/** The bytes of an `int` or `unsigned int` option. */
export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
