/**
 * Makes system calls fail: the process's `Libc` is one object, whose functions can be replaced for a while.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { EAGAIN, EINTR, ENETDOWN, ENOBUFS, ENODEV } from "../../src/kernel/errno.ts";
import { AF_NETLINK } from "../../src/kernel/socket.ts";

/** The names of the calls that can fail: those that return a number. */
export type Call = {
  [K in keyof Libc]: Libc[K] extends (...args: never[]) => number ? K : never;
}[keyof Libc];

type AnyFunction = (...args: unknown[]) => number;

/** Decides about one call: returns its result, or undefined to make the real call. */
export type Fault = (call: Call, args: readonly unknown[], index: number) => number | undefined;

/** All calls that can fail. */
export const calls = [
  "socket",
  "close",
  "bind",
  "connect",
  "setsockopt",
  "getsockopt",
  "ioctl",
  "send",
  "sendmmsg",
  "recvmmsg",
  "recv",
  "poll",
  "epollCreate",
  "epollCtl",
  "epollWait",
  "eventfd",
  "open",
  "read",
  "write",
] as const satisfies readonly Call[];

export const ENOMEM = 12;

/** The errors with which every call is made to fail. */
export const errnos = [EINTR, EAGAIN, ENOBUFS, ENETDOWN, ENODEV, ENOMEM] as const;

/** Fails the next such call once; with `first`, only after a call of another name has been made to fail. */
export function once(call: Call, errno: number, first?: readonly [Call, number]): { fault: Fault; done(): boolean } {
  let begun = first === undefined;
  let done = false;
  const fault: Fault = (made) => {
    if (!begun && made === first![0]) {
      begun = true;
      return -first![1];
    }
    if (!begun || done || made !== call) return undefined;
    done = true;
    return -errno;
  };
  return { fault, done: () => done };
}

/** Runs a function while `fault` decides about each system call; returns its result and the calls that were made. */
export function withFaults<T>(fault: Fault, run: () => T): { result: T; made: Call[] } {
  return replaceCalls(fault, run, false);
}

/** As `withFaults`, for the calls on netlink sockets too, which `withFaults` leaves out: buses read their link with some. */
export function withNetlinkFaults<T>(fault: Fault, run: () => T): { result: T; made: Call[] } {
  return replaceCalls(fault, run, true);
}

function replaceCalls<T>(fault: Fault, run: () => T, withNetlink: boolean): { result: T; made: Call[] } {
  const libc = openLibc() as unknown as Record<Call, AnyFunction>;
  const real = { ...libc };
  const made: Call[] = [];
  const netlink = new Set<unknown>();
  for (const call of calls) {
    libc[call] = (...args) => {
      if (!withNetlink && call === "socket" && args[0] === AF_NETLINK) {
        const fd = real.socket.apply(libc, args);
        netlink.add(fd);
        return fd;
      }
      if (netlink.has(call === "poll" ? descriptorOf(args[0] as Uint8Array) : args[0])) {
        if (call === "close") netlink.delete(args[0]);
        return real[call].apply(libc, args);
      }
      made.push(call);
      return fault(call, args, made.length - 1) ?? real[call].apply(libc, args);
    };
  }
  const restore = () => {
    for (const call of calls) libc[call] = real[call];
  };
  let result: T;
  try {
    result = run();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) result = result.finally(restore) as T;
  else restore();
  return { result, made };
}

/** The first descriptor of a list for poll. */
function descriptorOf(pollfds: Uint8Array): number | undefined {
  return pollfds.length > 0 ? new DataView(pollfds.buffer, pollfds.byteOffset).getInt32(0, true) : undefined;
}
