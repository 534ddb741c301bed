/**
 * The C library as the sockets see it: typed arrays and numbers in, a value or `-errno` out. Nothing here throws on an
 * errno, and nothing here blocks unless its name or its timeout says so.
 *
 * @module
 */

import type { Address, NativeFunctions } from "./symbols.ts";

/** A network interface, as `if_nameindex(3)` lists them. */
export interface InterfaceEntry {
  /** The kernel's number of the interface, 1 or more. */
  readonly index: number;
  /** The name, at most 15 bytes. */
  readonly name: string;
}

/** Waits on another thread while the event loop goes on. There is one for all the sockets of a `Libc`. */
export interface Parking {
  /**
   * Resolves when `epoll_wait(2)` has written events into `events`, with their number, or with -1 on any error (errno
   * stays in the other thread). It may end early, with 0. One wait at a time; until `close`, `events` and `count` are
   * those of the first.
   *
   * @param keepAlive Whether the process may not end while this waits.
   */
  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number>;
  /** From now on the pending wait, if there is one, keeps the process alive. */
  hold(): void;
  /** Ends the thread, where there is one of its own. No wait may be pending. */
  close(): void;
}

/** What the library needs of libc. Results below zero are `-errno`. */
export interface Libc {
  /** Whether `struct epoll_event` is packed to 12 bytes, as on x86-64, or has 16. */
  readonly packedEpollEvent: boolean;
  /** `socket(2)` */
  socket(domain: number, type: number, protocol: number): number;
  /** `close(2)` */
  close(fd: number): number;
  /** `bind(2)` */
  bind(fd: number, address: Uint8Array): number;
  /** `connect(2)` */
  connect(fd: number, address: Uint8Array): number;
  /** `setsockopt(2)` */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** `getsockopt(2)`; returns the length that the kernel wrote to `value`. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** `ioctl(2)` with a pointer to a structure. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** `send(2)` of the first `length` bytes. */
  send(fd: number, data: Uint8Array, length: number, flags: number): number;
  /** `sendmmsg(2)` of `count` messages whose `struct mmsghdr`s are in `headers`. */
  sendmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  /** `recvmmsg(2)` without a timeout. */
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  /** `recv(2)`; with MSG_TRUNC in `flags` it returns the message's length, which may be more than there is room for. */
  recv(fd: number, data: Uint8Array, flags: number): number;
  /** `poll(2)`; `timeout` in milliseconds, -1 to wait for ever. `fds` may be empty, to sleep. */
  poll(fds: Uint8Array, timeout: number): number;
  /** `epoll_create1(2)` */
  epollCreate(flags: number): number;
  /** `epoll_ctl(2)` */
  epollCtl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  /** `epoll_wait(2)`; `timeout` in milliseconds. */
  epollWait(epoll: number, events: Uint8Array, count: number, timeout: number): number;
  /** `eventfd(2)` */
  eventfd(initial: number, flags: number): number;
  /** `open(2)` of a file that exists. */
  open(path: string, flags: number): number;
  /** `read(2)` of up to `data.length` bytes. */
  read(fd: number, data: Uint8Array): number;
  /** `write(2)` of all of `data`. */
  write(fd: number, data: Uint8Array): number;
  /** `if_nameindex(3)`: all network interfaces, CAN or not. */
  interfaces(): InterfaceEntry[] | number;
  /** The address of the first byte of a buffer that does not move: one over a large, long-lived ArrayBuffer. */
  address(buffer: Uint8Array): bigint;
  /** What waits for all sockets. */
  readonly parking: Parking;
}

/** Offers the functions that a runtime has bound as a `Libc`. */
export function bindLibc(native: NativeFunctions, parking: Parking, packedEpollEvent: boolean): Libc {
  // errno belongs to the thread, and a script's thread never changes: its address is asked for once.
  const errnoAddress = native.__errno_location();
  const errno = new Int32Array(1);
  const errnoBytes = new Uint8Array(errno.buffer);
  const optionLength = new Uint32Array(1);
  const optionLengthBytes = new Uint8Array(optionLength.buffer);

  function checked(result: number): number {
    if (result >= 0) return result;
    native.memcpy(errnoBytes, errnoAddress, size(4));
    return -errno[0];
  }

  // Addresses and sizes are passed in the type in which the runtime returned its first address.
  function size(length: number): Address {
    return typeof errnoAddress === "bigint" ? BigInt(length) : length;
  }

  function offset(address: Address, bytes: number): Address {
    return typeof address === "bigint" ? address + BigInt(bytes) : address + bytes;
  }

  return {
    packedEpollEvent,
    parking,
    socket: (domain, type, protocol) => checked(native.socket(domain, type, protocol)),
    close: (fd) => checked(native.close(fd)),
    bind: (fd, address) => checked(native.bind(fd, address, address.length)),
    connect: (fd, address) => checked(native.connect(fd, address, address.length)),
    setsockopt: (fd, level, name, value) => checked(native.setsockopt(fd, level, name, value, value.length)),
    getsockopt(fd, level, name, value) {
      optionLength[0] = value.length;
      const result = checked(native.getsockopt(fd, level, name, value, optionLengthBytes));
      return result < 0 ? result : optionLength[0];
    },
    ioctl: (fd, request, argument) => checked(native.ioctl(fd, request, argument)),
    send: (fd, data, length, flags) => checked(native.send(fd, data, length, flags)),
    sendmmsg: (fd, headers, count, flags) => checked(native.sendmmsg(fd, headers, count, flags)),
    recvmmsg: (fd, headers, count, flags) => checked(native.recvmmsg(fd, headers, count, flags, null)),
    recv: (fd, data, flags) => checked(native.recv(fd, data, data.length, flags)),
    poll: (fds, timeout) => checked(native.poll(fds, fds.length >> 3, timeout)),
    epollCreate: (flags) => checked(native.epoll_create1(flags)),
    epollCtl: (epoll, operation, fd, event) => checked(native.epoll_ctl(epoll, operation, fd, event)),
    epollWait: (epoll, events, count, timeout) => checked(native.epoll_wait(epoll, events, count, timeout)),
    eventfd: (initial, flags) => checked(native.eventfd(initial, flags)),
    open: (path, flags) => checked(native.open(new TextEncoder().encode(`${path}\0`), flags)),
    read: (fd, data) => checked(native.read(fd, data, data.length)),
    write: (fd, data) => checked(native.write(fd, data, data.length)),
    interfaces() {
      // struct if_nameindex { unsigned int if_index; char *if_name; }, ended by an entry of zeros.
      const list = native.if_nameindex();
      if (!list) return checked(-1);
      const entry = new DataView(new ArrayBuffer(16));
      const entryBytes = new Uint8Array(entry.buffer);
      const name = new Uint8Array(16);
      const found: InterfaceEntry[] = [];
      for (let at = 0;; at += 16) {
        native.memcpy(entryBytes, offset(list, at), size(16));
        const index = entry.getUint32(0, true);
        if (index === 0) break;
        const nameAddress = entry.getBigUint64(8, true);
        native.memcpy(name, typeof list === "bigint" ? nameAddress : Number(nameAddress), size(16));
        found.push({ index, name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))) });
      }
      native.if_freenameindex(list);
      return found;
    },
    address(buffer) {
      return BigInt(native.memmove(buffer, buffer, size(0)));
    },
  };
}
