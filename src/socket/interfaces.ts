/**
 * Looking up network interfaces.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError } from "../errors.ts";
import { CANFD_MTU, CANXL_MTU } from "../kernel/can.ts";
import { ENETDOWN, ENODEV, errnoName } from "../kernel/errno.ts";
import { decodeDriver, ETHTOOL_GDRVINFO } from "../kernel/ethtool.ts";
import {
  ARPHRD_CAN,
  decodeIfreqName,
  encodeIfreq,
  IFF_UP,
  IFREQ_VALUE,
  SIOCETHTOOL,
  SIOCGIFFLAGS,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCGIFNAME,
} from "../kernel/if.ts";
import { systemError } from "./system_error.ts";

/** Reads one 16-bit or 32-bit field of an interface by name; returns it, or `-errno`. */
function query(libc: Libc, fd: number, name: string, request: number): number {
  const ifreq = encodeIfreq(name);
  const result = libc.ioctl(fd, request, ifreq);
  if (result < 0) return result;
  const view = new DataView(ifreq.buffer);
  return request === SIOCGIFFLAGS || request === SIOCGIFHWADDR
    ? view.getUint16(IFREQ_VALUE, true)
    : view.getInt32(IFREQ_VALUE, true);
}

/** Returns the MTU of an interface, or `-errno`. */
export function interfaceMtu(libc: Libc, fd: number, name: string): number {
  return query(libc, fd, name, SIOCGIFMTU);
}

/** Returns the name of an interface, or `-errno`. */
export function interfaceName(libc: Libc, fd: number, index: number): string | number {
  const ifreq = encodeIfreq("");
  new DataView(ifreq.buffer).setInt32(IFREQ_VALUE, index, true);
  const result = libc.ioctl(fd, SIOCGIFNAME, ifreq);
  return result < 0 ? result : decodeIfreqName(ifreq);
}

/** Returns the name of an interface's driver, or `-errno`. */
export function interfaceDriver(libc: Libc, fd: number, name: string): string | number {
  // Larger than the structure: only large buffers are never moved.
  const info = new Uint8Array(new ArrayBuffer(4096));
  new DataView(info.buffer).setUint32(0, ETHTOOL_GDRVINFO, true);
  const ifreq = encodeIfreq(name);
  new DataView(ifreq.buffer).setBigUint64(IFREQ_VALUE, libc.address(info), true);
  const result = libc.ioctl(fd, SIOCETHTOOL, ifreq);
  return result < 0 ? result : decodeDriver(info);
}

/** Whether an interface of that name exists and is up. */
export function interfaceIsUp(libc: Libc, fd: number, name: string): boolean {
  const flags = query(libc, fd, name, SIOCGIFFLAGS);
  return flags >= 0 && (flags & IFF_UP) !== 0;
}

/** Whether an interface of that name exists and is down. */
export function interfaceIsDown(libc: Libc, fd: number, name: string): boolean {
  const flags = query(libc, fd, name, SIOCGIFFLAGS);
  return flags >= 0 && (flags & IFF_UP) === 0;
}

/** Returns the index of an interface, or `-errno`. */
export function interfaceIndex(libc: Libc, fd: number, name: string): number {
  return query(libc, fd, name, SIOCGIFINDEX);
}

/**
 * Returns the index of a CAN interface that is up.
 *
 * @throws {CanInitializationError} No interface has that name, it is not a CAN interface, or it is down.
 */
export function findCanInterface(libc: Libc, fd: number, name: string): number {
  const fail = (syscall: string, result: number, advice?: string) =>
    systemError(CanInitializationError, `open CAN interface "${name}"`, syscall, result, name, advice);
  const index = interfaceIndex(libc, fd, name);
  if (index < 0) {
    throw fail("ioctl", index, index === -ENODEV ? noSuchInterface(libc, fd, name) : undefined);
  }
  const type = query(libc, fd, name, SIOCGIFHWADDR);
  if (type < 0) throw fail("ioctl", type);
  if (type !== ARPHRD_CAN) {
    throw new CanInitializationError(`Cannot open "${name}": it is not a CAN interface; ${canInterfaces(libc, fd)}`, {
      code: errnoName(ENODEV),
      errno: ENODEV,
      channel: name,
    });
  }
  const flags = query(libc, fd, name, SIOCGIFFLAGS);
  if (flags < 0) throw fail("ioctl", flags);
  if ((flags & IFF_UP) === 0) {
    throw fail(
      "ioctl",
      -ENETDOWN,
      `bring it up with "sudo ip link set ${name} up" ` +
        `(a real device needs a bitrate first: "sudo ip link set ${name} type can bitrate 500000")`,
    );
  }
  return index;
}

/** Returns what to do about an interface whose MTU is too small for a kind of frames. */
export function mtuAdvice(name: string, mtu: number, kind: "FD" | "XL"): string {
  const [best, device] = kind === "XL" ? [CANXL_MTU, "xl on"] : [CANFD_MTU, "fd on dbitrate 2000000"];
  return `it carries no CAN ${kind} frames: its MTU is ${mtu}, and must be ${best} (a vcan: "sudo ip link set ${name} ` +
    `mtu ${best}" while down; a device: "sudo ip link set ${name} type can ${device} ...")`;
}

function noSuchInterface(libc: Libc, fd: number, name: string): string {
  const make = `"sudo ip link add dev ${name} type vcan && sudo ip link set ${name} up"`;
  const how = /^vcan/.test(name)
    ? `make a virtual one with ${make}`
    : `is its driver loaded and the device plugged in? (a virtual one is made with ${make})`;
  return `${how}; ${canInterfaces(libc, fd)}`;
}

/** Lists the CAN interfaces that exist, for an error's text. */
export function canInterfaces(libc: Libc, fd: number): string {
  const all = libc.interfaces();
  if (typeof all === "number") {
    return "the CAN interfaces could not be listed";
  }
  const names = all.filter(({ name }) => query(libc, fd, name, SIOCGIFHWADDR) === ARPHRD_CAN).map(({ name }) => name);
  return names.length > 0 ? `CAN interfaces here: ${names.join(", ")}` : "there are no CAN interfaces here";
}
