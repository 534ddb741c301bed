/**
 * Which frames an interface carries.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CANXL_MIN_MTU } from "../kernel/can.ts";
import { frameLength, type Message } from "../message/message.ts";
import { interfaceMtu, mtuAdvice } from "./interfaces.ts";

/** Returns what to do if an interface's MTU is too small for a message; undefined if it fits or the interface is gone. */
export function messageAdvice(libc: Libc, fd: number, channel: string, message: Message): string | undefined {
  const mtu = interfaceMtu(libc, fd, channel);
  const needed = message.isXl ? Math.max(CANXL_MIN_MTU, frameLength(message)) : frameLength(message);
  return mtu < 0 || mtu >= needed ? undefined : mtuAdvice(channel, mtu, message.isXl ? "XL" : "FD");
}
