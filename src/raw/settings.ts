/**
 * The options of a raw CAN socket.
 *
 * @module
 */

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
  SO_RXQ_OVFL,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import { type SocketOptions, u32 } from "../socket/socket_options.ts";
import type { FullBusOptions } from "./options.ts";

/** Sets the socket options that the options of a bus ask for. Throws if the kernel refuses one. */
export function configureRaw(settings: SocketOptions, options: FullBusOptions): void {
  const setFlag = (label: string, name: number, value: boolean) =>
    settings.set(label, SOL_CAN_RAW, name, u32(Number(value)));
  setFlag("CAN_RAW_LOOPBACK", CAN_RAW_LOOPBACK, options.localLoopback);
  setFlag("CAN_RAW_RECV_OWN_MSGS", CAN_RAW_RECV_OWN_MSGS, options.receiveOwnMessages);
  setFlag("CAN_RAW_FD_FRAMES", CAN_RAW_FD_FRAMES, options.fd);
  if (options.xl) {
    settings.set("CAN_RAW_XL_FRAMES", SOL_CAN_RAW, CAN_RAW_XL_FRAMES, u32(1), {
      [ENOPROTOOPT]: "this kernel does not support CAN XL: Linux 6.1 or newer is needed",
    });
    // A kernel without this option lets every VCID pass.
    settings.setIfKnown("CAN_RAW_XL_VCID_OPTS", SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, encodeVcidOptions());
  }
  setFlag("CAN_RAW_JOIN_FILTERS", CAN_RAW_JOIN_FILTERS, options.joinFilters);
  setRawFilters(settings, options.rawFilters, options.errorMask);
  if (options.timestamps === "hardware") {
    const kinds = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
      SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    settings.set("SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, u32(kinds));
  } else {
    settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
  }
  settings.set("SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, u32(1));
  settings.setBuffers(options);
}

/** Replaces the filters for data and remote frames, and the classes of error frames to receive. */
export function setRawFilters(settings: SocketOptions, filters: readonly RawFilter[], errorMask: number): void {
  settings.set("CAN_RAW_FILTER", SOL_CAN_RAW, CAN_RAW_FILTER, encodeFilters(filters));
  setRawErrorMask(settings, errorMask);
}

/** Replaces the classes of error frames to receive. */
export function setRawErrorMask(settings: SocketOptions, mask: number): void {
  settings.set("CAN_RAW_ERR_FILTER", SOL_CAN_RAW, CAN_RAW_ERR_FILTER, u32(mask));
}
