/**
 * The C library as the sockets use it: typed arrays and numbers in, a value or `-errno` out. No function here throws
 * because of an errno, and none blocks unless it takes a timeout.
 *
 * @module
 */

import type { Address, NativeFunctions } from "./symbols.ts";
import type { ThreadDescriptors } from "./thread_exit.ts";

/** A network interface, as listed by `if_nameindex(3)`. */
export interface InterfaceEntry {
  /** The interface's index, 1 or more. */
  readonly index: number;
  /** The interface's name, at most 15 bytes. */
  readonly name: string;
}

/** Waiting on a second thread, without blocking the event loop. All sockets of a `Libc` share one. */
export interface Parking {
  /**
   * Calls `epoll_wait(2)` on the second thread. Resolves to the number of events written to `events`, or to -1 on any
   * error (errno is the second thread's and is lost). May end early, with 0. Only one wait may be pending, and until
   * `close` all waits must pass the same `events` and `count`.
   *
   * @param keepAlive Whether the process stays alive while this is pending.
   */
  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number>;
  /** Makes the pending wait, if any, keep the process alive. */
  ref(): void;
  /** Ends the second thread, if it is not a shared one. No wait may be pending. */
  close(): void;
}

/** The functions of libc that the library uses. Results below zero are `-errno`. */
export interface Libc {
  /** Whether `struct epoll_event` is packed to 12 bytes (on x86-64); it has 16 elsewhere. */
  readonly packedEpollEvent: boolean;
  /** `socket(2)`. The descriptor is closed when its thread ends, where that is possible: see thread_exit.ts. */
  socket(domain: number, type: number, protocol: number): number;
  /** `close(2)`; always 0 for descriptors of sockets, epoll and eventfds that are closed when their thread ends. */
  close(fd: number): number;
  /** `bind(2)` */
  bind(fd: number, address: Uint8Array): number;
  /** `connect(2)` */
  connect(fd: number, address: Uint8Array): number;
  /** `setsockopt(2)` */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** `getsockopt(2)`; returns the length that the kernel wrote to `value`. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** `ioctl(2)` with a pointer argument. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** `send(2)` of the first `length` bytes. */
  send(fd: number, data: Uint8Array, length: number, flags: number): number;
  /** `sendmmsg(2)` of `count` messages; `headers` is an array of `struct mmsghdr`. */
  sendmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  /** `recvmmsg(2)` without a timeout. */
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  /** `recv(2)`; with MSG_TRUNC in `flags` it returns the message's full length, which may exceed `data.length`. */
  recv(fd: number, data: Uint8Array, flags: number): number;
  /** `poll(2)`; `timeout` in milliseconds, -1 for none. Sleeps if `fds` is empty. */
  poll(fds: Uint8Array, timeout: number): number;
  /** `sigaction(2)`; `action` is the address of a `struct sigaction`, 0 to change nothing. `old` gets the previous one. */
  sigaction(signal: number, action: bigint, old: Uint8Array): number;
  /** `epoll_create1(2)` */
  epollCreate(flags: number): number;
  /** `epoll_ctl(2)` */
  epollCtl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  /** `epoll_wait(2)`; `timeout` in milliseconds. */
  epollWait(epoll: number, events: Uint8Array, count: number, timeout: number): number;
  /** `eventfd(2)` */
  eventfd(initial: number, flags: number): number;
  /** `open(2)` of an existing file. */
  open(path: string, flags: number): number;
  /** `read(2)` of up to `data.length` bytes. */
  read(fd: number, data: Uint8Array): number;
  /** `write(2)` of all of `data`. */
  write(fd: number, data: Uint8Array): number;
  /** `if_nameindex(3)`: all network interfaces, CAN and others. */
  interfaces(): InterfaceEntry[] | number;
  /** Returns the address of a view's first byte. Only a large, long-lived ArrayBuffer never moves. */
  address(buffer: Uint8Array): bigint;
  /** The second thread, which waits for all sockets. */
  readonly parking: Parking;
}

/**
 * Makes a `Libc` of the functions that a runtime has bound.
 *
 * @param descriptors Closes sockets that this thread leaves open; null where that is not possible.
 */
export function bindLibc(
  native: NativeFunctions,
  parking: Parking,
  packedEpollEvent: boolean,
  descriptors: ThreadDescriptors | null,
): Libc {
  // errno is per thread, and a script's thread never changes: its address is fetched once.
  const errnoAddress = native.__errno_location();
  const errno = new Int32Array(1);
  const errnoBytes = new Uint8Array(errno.buffer);
  const errnoSize = size(4);
  const optionLength = new Uint32Array(1);
  const optionLengthBytes = new Uint8Array(optionLength.buffer);

  function checked(result: number): number {
    if (result >= 0) return result;
    native.memcpy(errnoBytes, errnoAddress, errnoSize);
    return -errno[0];
  }

  /**
   * Calls what opens a descriptor. The runtime may make system calls of its own before errno is read, as JavaScriptCore's
   * garbage collector does, which opens /proc/self/statm; without free descriptors these fail too. So a failure counts when
   * it comes twice.
   */
  function opened(open: () => number): number {
    let fd = checked(open());
    for (let before = 0; fd < 0 && fd !== before;) {
      before = fd;
      fd = checked(open());
    }
    if (fd >= 0) descriptors?.add(fd);
    return fd;
  }

  // Addresses and sizes are passed in the type in which the runtime returned the first address.
  function size(length: number): Address {
    return typeof errnoAddress === "bigint" ? BigInt(length) : length;
  }

  function offset(address: Address, bytes: number): Address {
    return typeof address === "bigint" ? address + BigInt(bytes) : address + bytes;
  }

  return {
    packedEpollEvent,
    parking,
    socket: (domain, type, protocol) => opened(() => native.socket(domain, type, protocol)),
    close: (fd) => descriptors?.close(fd) ? 0 : checked(native.close(fd)),
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
    sigaction: (signal, action, old) =>
      checked(native.sigaction(signal, typeof errnoAddress === "bigint" ? action : Number(action), old)),
    epollCreate: (flags) => opened(() => native.epoll_create1(flags)),
    epollCtl: (epoll, operation, fd, event) => checked(native.epoll_ctl(epoll, operation, fd, event)),
    epollWait: (epoll, events, count, timeout) => checked(native.epoll_wait(epoll, events, count, timeout)),
    eventfd: (initial, flags) => opened(() => native.eventfd(initial, flags)),
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
