/**
 * The libc functions that the benchmark itself calls, for Deno and Bun.
 *
 * @module
 */

import process from "node:process";
import type { NativeFunction, NativeType } from "../ffi/symbols.ts";

const symbols = {
  // int clock_gettime(clockid_t clock, struct timespec *time);
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  // int socket(int domain, int type, int protocol);
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int fd, const struct sockaddr *address, socklen_t length);
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int socketpair(int domain, int type, int protocol, int ends[2]);
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
} as const satisfies Record<string, NativeFunction>;

interface Functions {
  clock_gettime(clock: number, time: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  socketpair(domain: number, type: number, protocol: number, ends: Uint8Array): number;
}

interface BunFunction {
  readonly args: readonly string[];
  readonly returns: string;
}

/** The parts of both runtimes that this file uses; neither runtime's type checker knows the other's. */
interface Host {
  readonly Deno?: { dlopen(path: string, symbols: Record<string, NativeFunction>): { readonly symbols: unknown } };
  readonly process: {
    getBuiltinModule(name: "bun:ffi"): {
      dlopen(path: string, symbols: Record<string, BunFunction>): { readonly symbols: unknown };
    };
  };
}

/** Whether this is Deno. */
export const inDeno = "Deno" in globalThis;

const functions = open();

function open(): Functions {
  const host = globalThis as unknown as Host;
  if (host.Deno) return host.Deno.dlopen("libc.so.6", symbols).symbols as Functions;
  const bunType = (type: NativeType) => type === "buffer" ? "ptr" : type;
  const table = Object.fromEntries(
    Object.entries(symbols).map(([name, { parameters, result }]) => [
      name,
      { args: parameters.map(bunType), returns: bunType(result) },
    ]),
  );
  return host.process.getBuiltinModule("bun:ffi").dlopen("libc.so.6", table).symbols as Functions;
}

const time = new BigInt64Array(2);
const timeBytes = new Uint8Array(time.buffer);

/**
 * Returns the realtime clock in nanoseconds, the clock of the kernel's timestamps. The runtimes' own clocks return it
 * in milliseconds, or count from a start time that is known only in milliseconds.
 */
export function realtime(): bigint {
  if (functions.clock_gettime(0, timeBytes) !== 0) throw new Error("clock_gettime failed");
  return time[0] * 1_000_000_000n + time[1];
}

/** Arguments of socket(): AF_UNIX, SOCK_DGRAM with SOCK_NONBLOCK and SOCK_CLOEXEC. */
const datagrams = [1, 2 | 0o2004000, 0] as const;

/** Returns two connected sockets. */
export function socketpair(): [number, number] {
  const ends = new Int32Array(2);
  if (functions.socketpair(...datagrams, new Uint8Array(ends.buffer)) !== 0) throw new Error("socketpair failed");
  return [ends[0], ends[1]];
}

/** Returns a socket that is bound to an abstract name. */
export function namedSocket(name: string): number {
  const fd = functions.socket(...datagrams);
  // struct sockaddr_un: the family, followed by the name; an abstract name starts with a zero byte.
  const address = new TextEncoder().encode(`\x01\0\0${name}`);
  if (fd < 0 || functions.bind(fd, address, address.length) !== 0) throw new Error(`cannot bind a socket to "${name}"`);
  return fd;
}

/** Returns an argument of the command line. */
export function argument(index: number): string | undefined {
  return process.argv[2 + index];
}
