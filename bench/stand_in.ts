/**
 * A stand-in for SocketCAN, for machines whose kernel lacks it: pairs of AF_UNIX datagram sockets.
 *
 * The library runs on top of it unchanged. Only the system calls that open and configure a socket are replaced. Sending
 * and receiving go straight to libc, at the kernel's cost of a datagram.
 *
 * @module
 */

import type { Libc } from "../ffi/libc.ts";
import { openLibc } from "../ffi/open.ts";
import { CANFD_MTU } from "../src/kernel/can.ts";
import { EAFNOSUPPORT } from "../src/kernel/errno.ts";
import { ARPHRD_CAN, IFF_UP, IFREQ_VALUE, SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCGIFINDEX } from "../src/kernel/if.ts";
import { SOL_CAN_RAW } from "../src/kernel/raw.ts";
import { AF_NETLINK } from "../src/kernel/socket.ts";
import { socketpair } from "./libc.ts";

/** A libc whose functions can be replaced. */
export type Replaceable = { -readonly [K in keyof Libc]: Libc[K] };

/** From now on, connects the first bus that is opened to the second, the third to the fourth, and so on. */
export function standIn(): void {
  const ends: number[] = [];
  replace(() => {
    if (ends.length === 0) ends.push(...socketpair());
    return ends.shift()!;
  });
}

/** From now on, opens each bus on the descriptor that `socket` returns. */
export function replace(socket: () => number): void {
  const libc = openLibc() as Replaceable;
  const { setsockopt, getsockopt } = libc;
  // There is no netlink: the library then takes it that the controller can send.
  libc.socket = (family) => family === AF_NETLINK ? -EAFNOSUPPORT : socket();
  libc.bind = () => 0;
  libc.setsockopt = (fd, level, name, value) => level === SOL_CAN_RAW ? 0 : setsockopt(fd, level, name, value);
  libc.getsockopt = (fd, level, name, value) =>
    level === SOL_CAN_RAW ? value.fill(0).length : getsockopt(fd, level, name, value);
  libc.ioctl = (_fd, request, ifreq) => {
    new DataView(ifreq.buffer).setInt32(IFREQ_VALUE, answer(request), true);
    return 0;
  };
}

/** Returns the ioctl result of a CAN interface that is up. */
function answer(request: number): number {
  switch (request) {
    case SIOCGIFINDEX:
      return 1;
    case SIOCGIFHWADDR:
      return ARPHRD_CAN;
    case SIOCGIFFLAGS:
      return IFF_UP;
    default:
      return CANFD_MTU;
  }
}
