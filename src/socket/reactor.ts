/**
 * One wait for all sockets: an epoll descriptor, on which a second thread sleeps while anything is waited for.
 *
 * The second thread only ever sleeps. All reading and writing is done by the script's own thread, without blocking.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { nextTurn } from "../endpoint/turn.ts";
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
  eventFd,
} from "../kernel/epoll.ts";
import { EAGAIN, EINTR } from "../kernel/errno.ts";
import { systemError } from "./system_error.ts";

/** How many events one wait reports at most; the next wait reports the others. */
const EVENTS = 64;

/** How many polls may be done at the end of the running code before the event loop gets its turn. */
const MAX_POLLS = 64;

/** What failed, in an error's text. */
const ACTION = "wait for CAN sockets";

/** What is waited for: nothing, or something, with or without keeping the process alive. */
type WaitMode = null | "ref" | "unref";

const one = new Uint8Array(BigUint64Array.of(1n).buffer);
const counter = new Uint8Array(8);

const reactors = new WeakMap<Libc, Reactor>();

/** Returns the reactor of a libc. */
export function reactorOf(libc: Libc): Reactor {
  let reactor = reactors.get(libc);
  if (!reactor) reactors.set(libc, reactor = new Reactor(libc));
  return reactor;
}

/**
 * Waits for descriptors. Holds descriptors of its own, and a thread, only while sockets are registered.
 *
 * When a wait begins, the script's own thread polls as soon as the running code has ended: a peer that answers at once
 * has done so by then. In the next turn of the event loop it polls again, and if nothing is ready, the second thread goes
 * to sleep on its behalf.
 */
export class Reactor {
  readonly #libc: Libc;
  readonly #event: Uint8Array;
  /** Where a poll, and where the second thread, writes the events. */
  readonly #polled: Uint8Array;
  readonly #polledView: DataView;
  readonly #reported: Uint8Array;
  readonly #reportedView: DataView;
  readonly #watches = new Map<number, Watch>();
  #epoll = -1;
  #wakeup = -1;
  /** How many watches wait, and how many of these keep the process alive. */
  #waiting = 0;
  #keeping = 0;
  /** How the second thread sleeps; null while it does not. */
  #parked: WaitMode = null;
  #woken = false;
  /** Whether a poll is scheduled for the end of the running code, and how many there were in this turn of the loop. */
  #pollDue = false;
  #polls = 0;
  /** Whether a call of `#settle` is scheduled for the next turn of the event loop. */
  #settleDue = false;

  /** @param libc Nothing else may use its `parking`. */
  constructor(libc: Libc) {
    this.#libc = libc;
    const size = epollEventSize(libc.packedEpollEvent);
    this.#event = new Uint8Array(size);
    this.#polled = new Uint8Array(EVENTS * size);
    this.#polledView = new DataView(this.#polled.buffer);
    // Shared memory, because the second thread may be a worker.
    this.#reported = new Uint8Array(new SharedArrayBuffer(EVENTS * size));
    this.#reportedView = new DataView(this.#reported.buffer);
  }

  /**
   * Registers a descriptor that can be waited for. The caller closes the descriptor after `Watch.close`.
   *
   * @param onReady Called when what is waited for may be possible, repeatedly until `arm` ends the wait, and sometimes
   * for nothing. If waiting itself fails, it is called once with the error. It must not throw.
   * @throws {CanOperationError} The process has no descriptor left for epoll.
   */
  watch(fd: number, onReady: (failure?: Error) => void): Watch {
    if (this.#epoll < 0) this.#open();
    const watch = new Watch(this, fd, onReady);
    this.#watches.set(fd, watch);
    return watch;
  }

  /** @ignore For `Watch`: calls epoll_ctl; returns 0 or `-errno`. */
  control(operation: number, fd: number, events: number): number {
    encodeEpollEvent(this.#event, this.#libc.packedEpollEvent, events, fd);
    return this.#libc.epollCtl(this.#epoll, operation, fd, this.#event);
  }

  /** @ignore For `Watch` too: returns a result, or throws if it is an error. */
  checked(syscall: string, result: number): number {
    if (result < 0) throw systemError(CanOperationError, ACTION, syscall, result);
    return result;
  }

  /** @ignore For `Watch`: a wait begins, ends, or changes whether it keeps the process alive. */
  change(from: WaitMode, to: WaitMode): void {
    this.#waiting += Number(to !== null) - Number(from !== null);
    this.#keeping += Number(to === "ref") - Number(from === "ref");
    if (from === null) this.#pollSoon();
    this.#settleSoon();
  }

  /** @ignore For `Watch`. */
  forget(fd: number): void {
    // Needed only for descriptors that have a duplicate: the others leave epoll when they are closed. So it may fail.
    this.control(EPOLL_CTL_DEL, fd, 0);
    this.#watches.delete(fd);
    if (this.#watches.size > 0) return;
    if (this.#parked === null) this.#close();
    else this.#wake();
  }

  #wanted(): WaitMode {
    if (this.#keeping > 0) return "ref";
    return this.#waiting > 0 ? "unref" : null;
  }

  #open(): void {
    this.#epoll = this.checked("epoll_create1", this.#libc.epollCreate(EPOLL_CLOEXEC));
    try {
      this.#wakeup = this.checked("eventfd", this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      this.checked("epoll_ctl", this.control(EPOLL_CTL_ADD, this.#wakeup, EPOLLIN));
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #close(): void {
    this.#libc.parking.close();
    if (this.#wakeup >= 0) this.#libc.close(this.#wakeup);
    this.#libc.close(this.#epoll);
    this.#wakeup = -1;
    this.#epoll = -1;
  }

  /** Polls when the running code has ended, but not so often that the event loop never gets its turn. */
  #pollSoon(): void {
    if (this.#pollDue || this.#polls >= MAX_POLLS) return;
    this.#pollDue = true;
    queueMicrotask(() => {
      this.#pollDue = false;
      this.#polls++;
      if (this.#waiting > 0) this.#poll();
    });
  }

  /** Calls `#settle` in the next turn of the event loop, when waits that are renewed at once have been. */
  #settleSoon(): void {
    if (this.#settleDue) return;
    this.#settleDue = true;
    nextTurn(() => {
      this.#settleDue = false;
      this.#polls = 0;
      this.#settle();
    });
  }

  /** Puts the second thread to sleep if nothing is ready, and wakes it if it sleeps in a mode that is no longer right. */
  #settle(): void {
    const wanted = this.#wanted();
    if (this.#parked !== null) {
      if (this.#parked === wanted) return;
      try {
        this.#wake();
      } catch (error) {
        this.#fail(error as Error);
      }
    } else if (wanted !== null) {
      if (this.#poll()) this.#settleSoon();
      else this.#park(wanted);
    }
  }

  /** Calls back the waits that are ready now; returns whether there were any. */
  #poll(): boolean {
    const count = this.#libc.epollWait(this.#epoll, this.#polled, EVENTS, 0);
    if (count >= 0 || count === -EINTR) return this.#dispatch(this.#polledView, count);
    this.#fail(systemError(CanOperationError, ACTION, "epoll_wait", count));
    return true;
  }

  async #park(mode: "ref" | "unref"): Promise<void> {
    this.#parked = mode;
    this.#woken = false;
    let count = 0;
    let failure: Error | undefined;
    try {
      count = await this.#libc.parking.wait(this.#epoll, this.#reported, EVENTS, mode === "ref");
    } catch (error) {
      failure = error as Error;
    }
    this.#parked = null;
    if (this.#woken) this.#libc.read(this.#wakeup, counter);
    if (this.#watches.size === 0) return this.#close();
    if (failure) this.#fail(failure);
    // The second thread's errno is lost: polling here finds out whether it was more than a signal.
    else if (count < 0) this.#poll();
    else this.#dispatch(this.#reportedView, count);
    this.#settleSoon();
  }

  /** Wakes the second thread. The wake-up is consumed when that thread has reported, and never by a poll. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#libc.parking.ref();
    let result: number;
    while ((result = this.#libc.write(this.#wakeup, one)) === -EINTR || result === -EAGAIN) {
      this.#libc.read(this.#wakeup, counter); // EAGAIN: the counter is full
    }
    if (result >= 0) return;
    this.#woken = false;
    this.checked("write", result);
  }

  #dispatch(events: DataView, count: number): boolean {
    let any = false;
    for (let i = 0; i < count; i++) {
      // The descriptor may have been closed since, and its number reused: a superfluous call does no harm.
      const watch = this.#watches.get(eventFd(this.#libc.packedEpollEvent, events, i));
      if (watch?.ready()) any = true;
    }
    return any;
  }

  /** Waiting itself failed: every wait ends with the error. */
  #fail(failure: Error): void {
    for (const watch of [...this.#watches.values()]) watch.fail(failure);
  }
}

/** One descriptor of a reactor. */
export class Watch {
  readonly #onReady: (failure?: Error) => void;
  readonly #reactor: Reactor;
  readonly #fd: number;
  #mode: WaitMode = null;
  /** The events registered with epoll; 0 if the descriptor is not registered. They stay from one wait to the next. */
  #events = 0;

  /** @ignore Made by `Reactor.watch`. */
  constructor(reactor: Reactor, fd: number, onReady: (failure?: Error) => void) {
    this.#reactor = reactor;
    this.#fd = fd;
    this.#onReady = onReady;
  }

  /**
   * Waits for EPOLL* events; 0 ends the wait.
   *
   * @throws {CanOperationError} epoll_ctl failed.
   */
  arm(events: number, keepAlive: boolean): void {
    if (events !== 0 && this.#events !== events) {
      const result = this.#reactor.control(this.#events === 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, this.#fd, events);
      if (result < 0) this.#setMode(null);
      this.#reactor.checked("epoll_ctl", result);
      this.#events = events;
    }
    this.#setMode(events === 0 ? null : keepAlive ? "ref" : "unref");
  }

  /** Leaves the reactor. */
  close(): void {
    this.#setMode(null);
    this.#reactor.forget(this.#fd);
  }

  /** @ignore epoll reported the descriptor; returns whether it is waited for. */
  ready(): boolean {
    if (this.#mode !== null) {
      this.#onReady();
      return true;
    }
    // Nothing reads what is queued: epoll would report it again and again, and wake the second thread for nothing.
    if (this.#reactor.control(EPOLL_CTL_DEL, this.#fd, 0) === 0) this.#events = 0;
    return false;
  }

  /** @ignore Waiting failed. */
  fail(failure: Error): void {
    if (this.#mode === null) return;
    this.#setMode(null);
    this.#onReady(failure);
  }

  #setMode(mode: WaitMode): void {
    if (mode === this.#mode) return;
    this.#reactor.change(this.#mode, mode);
    this.#mode = mode;
  }
}
