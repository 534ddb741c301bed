/**
 * The options of a raw CAN socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { encodeFilters, type RawFilter } from "../kernel/can.ts";
import { ENOPROTOOPT } from "../kernel/errno.ts";
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
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import type { FullBusOptions } from "../options.ts";
import { SocketOptions, u32 } from "./socket_options.ts";
import type { Fail } from "./system_error.ts";

/** Sets and reads the options of a raw socket; a refusal is an error. */
export class RawOptions extends SocketOptions {
  readonly #options: FullBusOptions;
  readonly #fail: Fail;

  constructor(libc: Libc, fd: number, options: FullBusOptions, fail: Fail) {
    super(libc, fd, options.logger, fail);
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
      this.set("SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, u32(kinds));
    } else {
      this.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
    }
    this.setBuffers(this.#options);
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

  #setXl(): void {
    const set = this.trySet(SOL_CAN_RAW, CAN_RAW_XL_FRAMES, u32(1));
    if (set < 0) {
      const advice = set === -ENOPROTOOPT ? "this kernel knows no CAN XL: it takes Linux 6.1 or newer" : undefined;
      throw this.#fail("set CAN_RAW_XL_FRAMES on", "setsockopt", set, advice);
    }
    // A kernel that does not know the option lets every VCID pass.
    const result = this.trySet(SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, encodeVcidOptions());
    if (result < 0 && result !== -ENOPROTOOPT) {
      throw this.#fail("set CAN_RAW_XL_VCID_OPTS on", "setsockopt", result);
    }
  }

  #setRaw(label: string, name: number, value: Uint8Array): void {
    this.set(label, SOL_CAN_RAW, name, value);
  }
}
