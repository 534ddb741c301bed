/**
 * One wait for all sockets: an epoll descriptor, on which one other thread sleeps while somebody waits for something.
 *
 * The other thread only ever sleeps. All reading and writing is done by the script's own thread, without blocking.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanOperationError } from "../errors.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  encodeEpollEvent,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  epollEventSize,
  EPOLLIN,
  EPOLLONESHOT,
  eventFd,
} from "../kernel/epoll.ts";
import { EAGAIN, EINTR } from "../kernel/errno.ts";
import { nextTurn } from "../turn.ts";
import { systemError } from "./system_error.ts";

/** Events that one wait brings at the most; the others come with the next. */
const EVENTS = 64;

/** Whether somebody waits, and whether the process may end meanwhile. */
type Wish = null | "keep" | "free";

const one = new Uint8Array(BigUint64Array.of(1n).buffer);
const counter = new Uint8Array(8);

const reactors = new WeakMap<Libc, Reactor>();

/** The reactor of a libc. */
export function reactorOf(libc: Libc): Reactor {
  let reactor = reactors.get(libc);
  if (!reactor) reactors.set(libc, reactor = new Reactor(libc));
  return reactor;
}

/** Waits for descriptors. Holds descriptors of its own, and a thread, only while sockets are registered. */
export class Reactor {
  readonly #libc: Libc;
  readonly #event: Uint8Array;
  readonly #events: Uint8Array;
  readonly #eventsView: DataView;
  readonly #watches = new Map<number, Watch>();
  #epoll = -1;
  #wakeup = -1;
  /** How many watches wait, and how many of these keep the process alive. */
  #waiting = 0;
  #keeping = 0;
  /** How the thread sleeps now: not at all, or so that it keeps the process alive, or not. */
  #parked: Wish = null;
  #woken = false;
  /** Whether a look before sleeping is due. */
  #looking = false;

  /** @param libc Its `parking` must be used by nobody else. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#event = new Uint8Array(epollEventSize(libc.packedEpollEvent));
    // Shared memory, because the thread that waits may be a worker.
    const memory = new SharedArrayBuffer(EVENTS * epollEventSize(libc.packedEpollEvent));
    this.#events = new Uint8Array(memory);
    this.#eventsView = new DataView(memory);
  }

  /**
   * Registers a descriptor, which the caller closes after `Watch.close`.
   *
   * @param onReady Is called once for each `arm`, with an error if waiting itself failed. It must not throw.
   * @throws {CanOperationError} No descriptor is left for epoll.
   */
  watch(fd: number, onReady: (failure?: Error) => void): Watch {
    if (this.#epoll < 0) this.#open();
    const watch = new Watch(this, fd, onReady);
    this.#watches.set(fd, watch);
    return watch;
  }

  /** @ignore For `Watch`. */
  control(operation: number, fd: number, events: number): void {
    const result = this.#control(this.#epoll, operation, fd, events);
    if (result < 0) throw this.#error("epoll_ctl", result);
  }

  /** @ignore For `Watch`: somebody begins or ceases to wait. */
  change(from: Wish, to: Wish): void {
    this.#waiting += Number(to !== null) - Number(from !== null);
    this.#keeping += Number(to === "keep") - Number(from === "keep");
  }

  /** @ignore For `Watch`: sleep as is now wished. */
  apply(): void {
    if (this.#looking || this.#parked === this.#wanted()) return;
    if (this.#parked === null) this.#parkSoon();
    else this.#wakeSoon();
  }

  /** @ignore For `Watch`. */
  forget(fd: number): void {
    // Only for descriptors that have a duplicate: the others leave epoll when they are closed, so a failure is none.
    this.#control(this.#epoll, EPOLL_CTL_DEL, fd, 0);
    this.#watches.delete(fd);
    if (this.#watches.size > 0) this.apply();
    else if (this.#parked === null) this.#close();
    else this.#wake();
  }

  #wanted(): Wish {
    if (this.#keeping > 0) return "keep";
    return this.#waiting > 0 ? "free" : null;
  }

  #control(epoll: number, operation: number, fd: number, events: number): number {
    encodeEpollEvent(this.#event, this.#libc.packedEpollEvent, events, fd);
    return this.#libc.epollCtl(epoll, operation, fd, this.#event);
  }

  #open(): void {
    const epoll = this.#libc.epollCreate(EPOLL_CLOEXEC);
    if (epoll < 0) throw this.#error("epoll_create1", epoll);
    const wakeup = this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wakeup < 0) {
      this.#libc.close(epoll);
      throw this.#error("eventfd", wakeup);
    }
    const result = this.#control(epoll, EPOLL_CTL_ADD, wakeup, EPOLLIN);
    if (result < 0) {
      this.#libc.close(wakeup);
      this.#libc.close(epoll);
      throw this.#error("epoll_ctl", result);
    }
    this.#epoll = epoll;
    this.#wakeup = wakeup;
  }

  #close(): void {
    this.#libc.parking.close();
    this.#libc.close(this.#wakeup);
    this.#libc.close(this.#epoll);
    this.#epoll = -1;
    this.#wakeup = -1;
  }

  /**
   * Sleeps in the next turn of the event loop, if somebody still waits then and a look finds nothing ready: who answers
   * a frame at once has done so by then, and a look costs far less than the way through the other thread.
   */
  #parkSoon(): void {
    this.#looking = true;
    nextTurn(() => {
      this.#looking = false;
      const wanted = this.#wanted();
      if (wanted === null || this.#epoll < 0) return;
      const count = this.#look();
      if (count === 0) this.#park(wanted);
      else this.#dispatch(count);
    });
  }

  #park(wanted: "keep" | "free"): void {
    this.#parked = wanted;
    this.#woken = false;
    const wait = () => this.#libc.parking.wait(this.#epoll, this.#events, EVENTS, wanted === "keep");
    new Promise<number>((resolve) => resolve(wait())).then(
      (count) => {
        this.#parked = null;
        // The other thread's errno is lost: looking here tells whether it was more than a signal.
        this.#dispatch(count < 0 ? this.#look() : count);
      },
      (failure: Error) => {
        this.#parked = null;
        this.#fail(failure);
      },
    );
  }

  /** What is ready now: the number of events, or `-errno`. */
  #look(): number {
    const count = this.#libc.epollWait(this.#epoll, this.#events, EVENTS, 0);
    return count === -EINTR ? 0 : count;
  }

  /** Ends the wait unless, by the end of this turn, it is as it should be: a loop that waits again does not pay. */
  #wakeSoon(): void {
    queueMicrotask(() => {
      if (this.#parked === null || this.#parked === this.#wanted()) return;
      try {
        this.#wake();
      } catch (error) {
        this.#fail(error as Error);
      }
    });
  }

  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#libc.parking.hold();
    let result: number;
    do result = this.#libc.write(this.#wakeup, one); while (result === -EINTR);
    if (result >= 0) return;
    this.#woken = false;
    // EAGAIN: the counter is full, so that it wakes all the same.
    if (result !== -EAGAIN) throw this.#error("write", result);
  }

  #dispatch(count: number): void {
    if (count < 0) return this.#fail(this.#error("epoll_wait", count));
    const ready: Watch[] = [];
    for (let i = 0; i < count; i++) {
      const fd = eventFd(this.#libc.packedEpollEvent, this.#eventsView, i);
      if (fd === this.#wakeup) this.#libc.read(fd, counter);
      const watch = this.#watches.get(fd);
      if (watch?.fired()) ready.push(watch);
    }
    for (const watch of ready) watch.onReady();
    this.#settle();
  }

  /** Waiting itself failed: everybody who waits is told. */
  #fail(failure: Error): void {
    const waiting = [...this.#watches.values()].filter((watch) => watch.fired());
    for (const watch of waiting) watch.onReady(failure);
    this.#settle();
  }

  #settle(): void {
    if (this.#parked !== null || this.#epoll < 0) return;
    if (this.#watches.size === 0) this.#close();
    else this.apply();
  }

  #error(syscall: string, result: number): Error {
    return systemError(CanOperationError, "wait for CAN sockets", syscall, result);
  }
}

/** One descriptor of a reactor. */
export class Watch {
  /** @ignore Called by the reactor. */
  readonly onReady: (failure?: Error) => void;
  readonly #reactor: Reactor;
  readonly #fd: number;
  #wish: Wish = null;
  /** What epoll reports of the descriptor: null before the first time, 0 after it has reported. */
  #set: number | null = null;

  /** @ignore Made by `Reactor.watch`. */
  constructor(reactor: Reactor, fd: number, onReady: (failure?: Error) => void) {
    this.#reactor = reactor;
    this.#fd = fd;
    this.onReady = onReady;
  }

  /**
   * Waits for EPOLL events, or for nothing more if 0.
   *
   * @throws {CanOperationError} epoll refused.
   */
  arm(events: number, keepAlive: boolean): void {
    if (events !== 0 && this.#set !== events) {
      this.#reactor.control(this.#set === null ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, this.#fd, events | EPOLLONESHOT);
      this.#set = events;
    }
    this.#become(events === 0 ? null : keepAlive ? "keep" : "free");
    this.#reactor.apply();
  }

  /** Leaves the reactor. */
  close(): void {
    this.#become(null);
    this.#reactor.forget(this.#fd);
  }

  /** @ignore epoll reported the descriptor; returns whether somebody waited for it. */
  fired(): boolean {
    if (this.#set !== null) this.#set = 0;
    const waited = this.#wish !== null;
    this.#become(null);
    return waited;
  }

  #become(wish: Wish): void {
    this.#reactor.change(this.#wish, wish);
    this.#wish = wish;
  }
}
