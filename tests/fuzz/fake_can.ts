/**
 * A CAN socket without a kernel: the system calls of a Bus are answered here, with anything. The descriptor is an
 * eventfd, always readable and writable, so that poll and epoll work with it.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { EFD_CLOEXEC, EFD_NONBLOCK } from "../../src/kernel/epoll.ts";
import { EAFNOSUPPORT } from "../../src/kernel/errno.ts";
import {
  ARPHRD_CAN,
  IFF_UP,
  SIOCGIFFLAGS,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCGIFNAME,
} from "../../src/kernel/if.ts";
import { AF_NETLINK } from "../../src/kernel/socket.ts";
import { type Call, calls } from "../support/faults.ts";

/** The name of the only interface. */
export const CHANNEL = "fuzz0";
/** The index of the only interface. */
export const IFINDEX = 7;

/** One message of a `struct mmsghdr[]`: the memory that its pointers refer to. */
export interface Slot {
  readonly name: Uint8Array;
  readonly frame: Uint8Array;
  readonly control: Uint8Array;
  /** Writes the results that the kernel writes to the header. */
  finish(results: { nameLength: number; controlLength: number; flags: number; length: number }): void;
}

/** A test's answers to the socket's system calls; a negative number is `-errno`. */
export interface Answers {
  /** One frame of `send` or `sendmmsg`: returns 0 to accept it. Refusing a later frame makes `sendmmsg` send fewer. */
  send(frame: Uint8Array, ifindex: number): number;
  /** `recvmmsg`: returns how many of the slots were filled. */
  receive(slots: readonly Slot[]): number;
  /** Any other call: returns its result, or undefined for the default. */
  other(call: Call, args: readonly unknown[]): number | undefined;
}

type Functions = Record<Call, (...args: never[]) => number> & { address(buffer: Uint8Array): bigint };

/** The calls that `Answers.other` answers. */
const others = calls.filter((call) => !["send", "sendmmsg", "recvmmsg"].includes(call));

/** Replaces the calls of the process's libc by these answers, until it is disposed of. */
export class FakeCan implements Disposable {
  readonly #libc = openLibc();
  readonly #real: Libc = { ...this.#libc };
  /** Memory whose address the library has requested: pointers must refer to it. */
  readonly #memory: { base: bigint; bytes: Uint8Array }[] = [];
  /** The open sockets. */
  readonly open = new Set<number>();

  constructor(answers: Answers) {
    const real = this.#real as unknown as Functions;
    const libc = this.#libc as unknown as Functions;
    libc.address = (buffer) => {
      const base = this.#real.address(buffer);
      this.#memory.push({ base, bytes: buffer });
      return base;
    };
    const usual: Partial<Record<Call, (...args: never[]) => number>> = {
      socket: () => {
        const fd = this.#real.eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        this.open.add(fd);
        return fd;
      },
      close: (fd: number) => {
        this.open.delete(fd);
        return this.#real.close(fd);
      },
      bind: () => 0,
      connect: () => 0,
      setsockopt: () => 0,
      getsockopt: (_fd: number, _level: number, _name: number, value: Uint8Array) => value.fill(0).length,
      ioctl: (_fd: number, request: number, ifreq: Uint8Array) => ioctl(request, ifreq),
    };
    for (const call of others) {
      libc[call] = (...args: never[]) => {
        // There is no netlink here: the library then takes it that the controller can send.
        if (call === "socket" && (args[0] as unknown) === AF_NETLINK) return -EAFNOSUPPORT;
        const answer = answers.other(call, args);
        // As in Linux, a failed close has closed the descriptor.
        const result = answer === undefined || call === "close" ? (usual[call] ?? real[call])(...args) : 0;
        return answer ?? result;
      };
    }
    const patched = this.#libc as { -readonly [K in keyof Libc]: Libc[K] };
    patched.send = (_fd, data, length) => {
      const result = answers.send(data.slice(0, length), 0);
      return result < 0 ? result : length;
    };
    patched.sendmmsg = (_fd, headers, count) => this.#sendmmsg(answers, headers, count);
    patched.recvmmsg = (_fd, headers, count) => answers.receive(this.#slots(headers, count));
  }

  [Symbol.dispose](): void {
    Object.assign(this.#libc, this.#real);
  }

  #sendmmsg(answers: Answers, headers: Uint8Array, count: number): number {
    for (const [i, { name, frame }] of this.#slots(headers, count).entries()) {
      const ifindex = name.length === 0 ? 0 : new DataView(name.buffer, name.byteOffset).getInt32(4, true);
      const result = answers.send(frame.slice(), ifindex);
      if (result < 0) return i === 0 ? result : i;
    }
    return count;
  }

  /** Returns the memory behind a `struct mmsghdr[]`, which must be the library's own and must not overlap. */
  #slots(headers: Uint8Array, count: number): Slot[] {
    const view = new DataView(headers.buffer, headers.byteOffset, headers.byteLength);
    const parts: Uint8Array[] = [headers.subarray(0, 64 * count)];
    const part = (address: bigint, length: bigint) => {
      const bytes = this.#at(address, length);
      if (bytes.length > 0) parts.push(bytes);
      return bytes;
    };
    const slots = Array.from({ length: count }, (_, i): Slot => {
      const at = 64 * i;
      if (view.getBigUint64(at + 24, true) !== 1n) throw new Error(`message ${i} does not have exactly one iovec`);
      const iovec = this.#at(view.getBigUint64(at + 16, true), 16n);
      const iovecView = new DataView(iovec.buffer, iovec.byteOffset);
      return {
        name: part(view.getBigUint64(at, true), BigInt(view.getUint32(at + 8, true))),
        frame: part(iovecView.getBigUint64(0, true), iovecView.getBigUint64(8, true)),
        control: part(view.getBigUint64(at + 32, true), view.getBigUint64(at + 40, true)),
        finish({ nameLength, controlLength, flags, length }) {
          view.setUint32(at + 8, nameLength, true);
          view.setBigUint64(at + 40, BigInt(controlLength), true);
          view.setUint32(at + 48, flags, true);
          view.setUint32(at + 56, length, true);
        },
      };
    });
    assertApart(parts);
    return slots;
  }

  #at(address: bigint, length: bigint): Uint8Array {
    if (length === 0n || address === 0n) return new Uint8Array(0);
    const found = this.#memory.find(({ base, bytes }) =>
      address >= base && address + length <= base + BigInt(bytes.length)
    );
    if (!found) throw new Error(`a pointer refers to memory that is not the library's: ${length} bytes`);
    const at = Number(address - found.base);
    return found.bytes.subarray(at, at + Number(length));
  }
}

/** Asserts that no two views overlap. */
export function assertApart(views: readonly Uint8Array[]): void {
  const ends = new Map<ArrayBufferLike, number>();
  for (const view of [...views].sort((a, b) => a.byteOffset - b.byteOffset)) {
    if (view.length === 0) continue;
    if (view.byteOffset < (ends.get(view.buffer) ?? 0)) throw new Error(`two views overlap at ${view.byteOffset}`);
    ends.set(view.buffer, view.byteOffset + view.length);
  }
}

/** Answers an ioctl for an interface that is up and carries frames of every kind. */
function ioctl(request: number, ifreq: Uint8Array): number {
  const view = new DataView(ifreq.buffer, ifreq.byteOffset);
  if (request === SIOCGIFINDEX) view.setInt32(16, IFINDEX, true);
  else if (request === SIOCGIFHWADDR) view.setUint16(16, ARPHRD_CAN, true);
  else if (request === SIOCGIFFLAGS) view.setUint16(16, IFF_UP, true);
  else if (request === SIOCGIFMTU) view.setInt32(16, 2060, true);
  else if (request === SIOCGIFNAME) new TextEncoder().encodeInto(`${CHANNEL}\0`, ifreq);
  else throw new Error(`no answer to ioctl ${request}`);
  return 0;
}
