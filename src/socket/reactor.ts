/**
 * One wait for all sockets: an epoll descriptor, on which one other thread sleeps while somebody waits for something.
 *
 * The other thread only ever sleeps. All reading and writing is done by the script's own thread, without blocking.
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

/** Events that one wait brings at the most; the others come with the next. */
const EVENTS = 64;

/** How often a look follows a new wait at once, before the event loop has had its turn. */
const LOOKS = 64;

/** What failed, in an error's text. */
const WAITING = "wait for CAN sockets";

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

/**
 * Waits for descriptors. Holds descriptors of its own, and a thread, only while sockets are registered.
 *
 * When somebody begins to wait, the script's own thread looks at once, as soon as the code that runs now has come to its
 * end: whoever answers a frame without delay has done so by then. In the next turn of the event loop it looks once more,
 * and if nothing is ready then, the other thread goes to sleep in its place.
 */
export class Reactor {
  readonly #libc: Libc;
  readonly #event: Uint8Array;
  /** Where a look, and where the other thread, puts what is ready. */
  readonly #seen: Uint8Array;
  readonly #seenView: DataView;
  readonly #reported: Uint8Array;
  readonly #reportedView: DataView;
  readonly #watches = new Map<number, Watch>();
  #epoll = -1;
  #wakeup = -1;
  /** How many watches wait, and how many of these keep the process alive. */
  #waiting = 0;
  #keeping = 0;
  /** How the thread sleeps now: not at all, or so that it keeps the process alive, or not. */
  #parked: Wish = null;
  #woken = false;
  /** Whether a look is due at the end of the running code, and how many there were since the event loop's last turn. */
  #lookDue = false;
  #looks = 0;
  /** Whether it is to be settled in the next turn whether the thread sleeps. */
  #settleDue = false;

  /** @param libc Its `parking` must be used by nobody else. */
  constructor(libc: Libc) {
    this.#libc = libc;
    const size = epollEventSize(libc.packedEpollEvent);
    this.#event = new Uint8Array(size);
    this.#seen = new Uint8Array(EVENTS * size);
    this.#seenView = new DataView(this.#seen.buffer);
    // Shared memory, because the thread that waits may be a worker.
    this.#reported = new Uint8Array(new SharedArrayBuffer(EVENTS * size));
    this.#reportedView = new DataView(this.#reported.buffer);
  }

  /**
   * A descriptor that can be waited for. The caller closes it after `Watch.close`.
   *
   * @param onReady Is called when what is waited for may be there, again and again until `arm` says that nobody waits any
   * more; at times in vain. With an error, and then once, if waiting itself failed. It must not throw.
   * @throws {CanOperationError} No descriptor is left for epoll.
   */
  watch(fd: number, onReady: (failure?: Error) => void): Watch {
    if (this.#epoll < 0) this.#open();
    const watch = new Watch(this, fd, onReady);
    this.#watches.set(fd, watch);
    return watch;
  }

  /** @ignore For `Watch`: 0 or `-errno`. */
  control(operation: number, fd: number, events: number): number {
    encodeEpollEvent(this.#event, this.#libc.packedEpollEvent, events, fd);
    return this.#libc.epollCtl(this.#epoll, operation, fd, this.#event);
  }

  /** @ignore For `Watch` too: a result that is no error. */
  checked(syscall: string, result: number): number {
    if (result < 0) throw systemError(CanOperationError, WAITING, syscall, result);
    return result;
  }

  /** @ignore For `Watch`: somebody begins or ceases to wait, or may let the process end meanwhile. */
  change(from: Wish, to: Wish): void {
    this.#waiting += Number(to !== null) - Number(from !== null);
    this.#keeping += Number(to === "keep") - Number(from === "keep");
    if (from === null) this.#lookSoon();
    this.#settleSoon();
  }

  /** @ignore For `Watch`. */
  forget(fd: number): void {
    // Only for descriptors that have a duplicate: the others leave epoll when they are closed, so a failure is none.
    this.control(EPOLL_CTL_DEL, fd, 0);
    this.#watches.delete(fd);
    if (this.#watches.size > 0) return;
    if (this.#parked === null) this.#close();
    else this.#wake();
  }

  #wanted(): Wish {
    if (this.#keeping > 0) return "keep";
    return this.#waiting > 0 ? "free" : null;
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

  /** Looks when the running code has come to its end, but not so often that nothing else has its turn. */
  #lookSoon(): void {
    if (this.#lookDue || this.#looks >= LOOKS) return;
    this.#lookDue = true;
    queueMicrotask(() => {
      this.#lookDue = false;
      this.#looks++;
      if (this.#waiting > 0) this.#look();
    });
  }

  /** In the next turn of the event loop, when those who wait again at once have done so. */
  #settleSoon(): void {
    if (this.#settleDue) return;
    this.#settleDue = true;
    nextTurn(() => {
      this.#settleDue = false;
      this.#looks = 0;
      this.#settle();
    });
  }

  /** Lets the thread sleep if somebody waits in vain, and wakes it if it sleeps otherwise than is wished. */
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
      if (this.#look()) this.#settleSoon();
      else this.#park(wanted);
    }
  }

  /** Serves those for whom there is something now; returns whether there were any. */
  #look(): boolean {
    const count = this.#libc.epollWait(this.#epoll, this.#seen, EVENTS, 0);
    if (count >= 0 || count === -EINTR) return this.#dispatch(this.#seenView, count);
    this.#fail(systemError(CanOperationError, WAITING, "epoll_wait", count));
    return true;
  }

  async #park(wanted: "keep" | "free"): Promise<void> {
    this.#parked = wanted;
    this.#woken = false;
    let count = 0;
    let failure: Error | undefined;
    try {
      count = await this.#libc.parking.wait(this.#epoll, this.#reported, EVENTS, wanted === "keep");
    } catch (error) {
      failure = error as Error;
    }
    this.#parked = null;
    if (this.#woken) this.#libc.read(this.#wakeup, counter);
    if (this.#watches.size === 0) return this.#close();
    if (failure) this.#fail(failure);
    // The other thread's errno is lost: looking here tells whether it was more than a signal.
    else if (count < 0) this.#look();
    else this.#dispatch(this.#reportedView, count);
    this.#settleSoon();
  }

  /** Ends the thread's sleep. Only the thread's own report takes the wake-up back: a look must not. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#libc.parking.hold();
    let result: number;
    while ((result = this.#libc.write(this.#wakeup, one)) === -EINTR || result === -EAGAIN) {
      this.#libc.read(this.#wakeup, counter); // a counter that is full takes no more
    }
    if (result >= 0) return;
    this.#woken = false;
    this.checked("write", result);
  }

  #dispatch(events: DataView, count: number): boolean {
    let any = false;
    for (let i = 0; i < count; i++) {
      // Meanwhile it may have been closed, and its number given to another: a call too many does no harm.
      const watch = this.#watches.get(eventFd(this.#libc.packedEpollEvent, events, i));
      if (watch?.ready()) any = true;
    }
    return any;
  }

  /** Waiting itself failed: everybody who waits is told. */
  #fail(failure: Error): void {
    for (const watch of [...this.#watches.values()]) watch.fail(failure);
  }
}

/** One descriptor of a reactor. */
export class Watch {
  readonly #onReady: (failure?: Error) => void;
  readonly #reactor: Reactor;
  readonly #fd: number;
  #wish: Wish = null;
  /** What epoll reports of the descriptor; 0 while it is not registered. It stays so from one wait to the next. */
  #events = 0;

  /** @ignore Made by `Reactor.watch`. */
  constructor(reactor: Reactor, fd: number, onReady: (failure?: Error) => void) {
    this.#reactor = reactor;
    this.#fd = fd;
    this.#onReady = onReady;
  }

  /**
   * Waits for EPOLL events, or for nothing more if 0.
   *
   * @throws {CanOperationError} epoll refused.
   */
  arm(events: number, keepAlive: boolean): void {
    if (events !== 0 && this.#events !== events) {
      const result = this.#reactor.control(this.#events === 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, this.#fd, events);
      if (result < 0) this.#become(null);
      this.#reactor.checked("epoll_ctl", result);
      this.#events = events;
    }
    this.#become(events === 0 ? null : keepAlive ? "keep" : "free");
  }

  /** Leaves the reactor. */
  close(): void {
    this.#become(null);
    this.#reactor.forget(this.#fd);
  }

  /** @ignore epoll reported the descriptor; returns whether somebody waited for it. */
  ready(): boolean {
    if (this.#wish !== null) {
      this.#onReady();
      return true;
    }
    // Nobody takes what is there: it would be reported again and again, and wake the other thread for nothing.
    if (this.#reactor.control(EPOLL_CTL_DEL, this.#fd, 0) === 0) this.#events = 0;
    return false;
  }

  /** @ignore Waiting failed. */
  fail(failure: Error): void {
    if (this.#wish === null) return;
    this.#become(null);
    this.#onReady(failure);
  }

  #become(wish: Wish): void {
    if (wish === this.#wish) return;
    this.#reactor.change(this.#wish, wish);
    this.#wish = wish;
  }
}
