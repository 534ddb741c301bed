/**
 * The options of a raw CAN socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { encodeFilters, type RawFilter } from "../kernel/can.ts";
import { ENOPROTOOPT, EPERM } from "../kernel/errno.ts";
import {
  CAN_RAW_ERR_FILTER,
  CAN_RAW_FD_FRAMES,
  CAN_RAW_FILTER,
  CAN_RAW_JOIN_FILTERS,
  CAN_RAW_LOOPBACK,
  CAN_RAW_RECV_OWN_MSGS,
  CAN_RAW_XL_FRAMES,
  CAN_RAW_XL_VCID_OPTS,
  encodeVcidOptions,
  SOL_CAN_RAW,
} from "../kernel/raw.ts";
import {
  SK_MEMINFO_DROPS,
  SO_MEMINFO,
  SO_MEMINFO_SIZE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import type { FullBusOptions } from "../options.ts";

/** Makes the error for a failed call: what was done to the socket, the call and its result, and advice. */
export type Fail = (action: string, syscall: string, result: number, advice?: string) => Error;

/** Sets and reads a descriptor's options; a refusal is an error. */
export class RawOptions {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #options: FullBusOptions;
  readonly #fail: Fail;

  constructor(libc: Libc, fd: number, options: FullBusOptions, fail: Fail) {
    this.#libc = libc;
    this.#fd = fd;
    this.#options = options;
    this.#fail = fail;
  }

  /** Sets all that a bus's options ask for. */
  configure(): void {
    const { localLoopback, receiveOwnMessages, fd, xl, joinFilters, rawFilters, errorMask, timestamps } = this.#options;
    this.#setRaw("CAN_RAW_LOOPBACK", CAN_RAW_LOOPBACK, u32(Number(localLoopback)));
    this.#setRaw("CAN_RAW_RECV_OWN_MSGS", CAN_RAW_RECV_OWN_MSGS, u32(Number(receiveOwnMessages)));
    this.#setRaw("CAN_RAW_FD_FRAMES", CAN_RAW_FD_FRAMES, u32(Number(fd)));
    if (xl) this.#setXl();
    this.#setRaw("CAN_RAW_JOIN_FILTERS", CAN_RAW_JOIN_FILTERS, u32(Number(joinFilters)));
    this.setFilters(rawFilters, errorMask);
    if (timestamps === "hardware") {
      const kinds = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
        SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
      this.#set("SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, u32(kinds));
    } else {
      this.#set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
    }
    this.#setBuffer("receiveBuffer", "SO_RCVBUF", SO_RCVBUF, SO_RCVBUFFORCE);
    this.#setBuffer("sendBuffer", "SO_SNDBUF", SO_SNDBUF, SO_SNDBUFFORCE);
  }

  /** Replaces what may be received: data and remote frames, and classes of error frames. */
  setFilters(filters: readonly RawFilter[], errorMask: number): void {
    this.#setRaw("CAN_RAW_FILTER", CAN_RAW_FILTER, encodeFilters(filters));
    this.setErrorMask(errorMask);
  }

  /** Replaces the classes of error frames that may be received. */
  setErrorMask(mask: number): void {
    this.#setRaw("CAN_RAW_ERR_FILTER", CAN_RAW_ERR_FILTER, u32(mask));
  }

  /** Messages for which the receive buffer had no room. */
  get drops(): number {
    const memory = new Uint32Array(SO_MEMINFO_SIZE / 4);
    const result = this.#libc.getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(memory.buffer));
    if (result < 0) throw this.#fail("read SO_MEMINFO of", "getsockopt", result);
    return memory[SK_MEMINFO_DROPS];
  }

  /** Bytes of the receive buffer. */
  get receiveBuffer(): number {
    return this.#get("SO_RCVBUF", SO_RCVBUF);
  }

  /** Bytes of the send buffer. */
  get sendBuffer(): number {
    return this.#get("SO_SNDBUF", SO_SNDBUF);
  }

  #setXl(): void {
    const set = this.#libc.setsockopt(this.#fd, SOL_CAN_RAW, CAN_RAW_XL_FRAMES, u32(1));
    if (set < 0) {
      const advice = set === -ENOPROTOOPT ? "this kernel knows no CAN XL: it takes Linux 6.1 or newer" : undefined;
      throw this.#fail("set CAN_RAW_XL_FRAMES on", "setsockopt", set, advice);
    }
    // A kernel that does not know the option lets every VCID pass.
    const result = this.#libc.setsockopt(this.#fd, SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, encodeVcidOptions());
    if (result < 0 && result !== -ENOPROTOOPT) {
      throw this.#fail("set CAN_RAW_XL_VCID_OPTS on", "setsockopt", result);
    }
  }

  #setRaw(label: string, name: number, value: Uint8Array): void {
    this.#set(label, SOL_CAN_RAW, name, value);
  }

  #set(label: string, level: number, name: number, value: Uint8Array): void {
    const result = this.#libc.setsockopt(this.#fd, level, name, value);
    if (result < 0) throw this.#fail(`set ${label} on`, "setsockopt", result);
    this.#options.logger?.debug(
      `${label} set: ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
    );
  }

  #get(label: string, name: number): number {
    const value = new Int32Array(1);
    const result = this.#libc.getsockopt(this.#fd, SOL_SOCKET, name, new Uint8Array(value.buffer));
    if (result < 0) throw this.#fail(`read ${label} of`, "getsockopt", result);
    return value[0];
  }

  /** Past the system's limit where this process may do that, else up to it. */
  #setBuffer(option: "receiveBuffer" | "sendBuffer", label: string, name: number, forceName: number): void {
    const asked = this.#options[option];
    if (asked === undefined) return;
    const forced = this.#libc.setsockopt(this.#fd, SOL_SOCKET, forceName, u32(asked));
    if (forced === -EPERM) this.#set(label, SOL_SOCKET, name, u32(asked));
    else if (forced < 0) throw this.#fail(`set ${label}FORCE on`, "setsockopt", forced);
    const granted = this.#get(label, name);
    // The kernel grants twice what it accepts.
    if (granted < 2 * asked) {
      const limit = name === SO_RCVBUF ? "net.core.rmem_max" : "net.core.wmem_max";
      this.#options.logger?.warn(`${option}: ${granted / 2} of ${asked} bytes granted; ${limit} is the limit`);
    }
  }
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
