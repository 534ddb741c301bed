/**
 * What an interface carries.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CANFD_MTU, CANXL_MIN_MTU, CANXL_MTU } from "../kernel/can.ts";
import { frameLength, type Message } from "../message.ts";
import { interfaceMtu } from "./interfaces.ts";

/** What to do if an interface cannot carry a message; undefined if it can, or is gone. */
export function mtuAdvice(libc: Libc, fd: number, channel: string, message: Message): string | undefined {
  const mtu = interfaceMtu(libc, fd, channel);
  const needed = message.isXl ? Math.max(CANXL_MIN_MTU, frameLength(message)) : frameLength(message);
  if (mtu < 0 || mtu >= needed) return undefined;
  const [kind, best, device] = message.isXl
    ? ["CAN XL frames", CANXL_MTU, "xl on"]
    : ["CAN FD frames", CANFD_MTU, "fd on dbitrate 2000000"];
  return `it carries no ${kind}: its MTU is ${mtu}, and must be ${best} (a vcan: "sudo ip link set ${channel} ` +
    `mtu ${best}" while down; a device: "sudo ip link set ${channel} type can ${device} ...")`;
}
