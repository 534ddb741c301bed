/**
 * Waiting for a socket: by blocking the thread, or in the event loop.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady } from "../endpoint/source.ts";
import { EPOLLIN, EPOLLOUT, EPOLLPRI } from "../kernel/epoll.ts";
import { encodePollfd, POLLIN, POLLOUT } from "../kernel/socket.ts";
import { blockingPoll } from "./interrupts.ts";
import { reactorOf, type Watch } from "./reactor.ts";
import { RetryTimer } from "./retry_timer.ts";
import type { Fail } from "./system_error.ts";

/** The first and the longest delay before the next attempt when the transmit queue is full, in seconds. */
const BACKOFF = { first: 0.0005, longest: 0.01 };

const noBytes = new Uint8Array(0);

/** Work that has to continue while the thread blocks in a wait. */
export interface BackgroundWork {
  /** A descriptor: the work runs when it is readable. */
  readonly fd: number;
  /** Seconds until the work has to run even if nothing is readable; Infinity for never. */
  readonly due: number;
  /** Does what is due now. */
  run(): void;
}

/** Waits for a descriptor, and retries with growing delays where the kernel does not report that there is room. */
export class Readiness {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #onReady: OnReady;
  readonly #fail: Fail;
  readonly #pollIn: Uint8Array;
  readonly #pollOut: Uint8Array;
  readonly #timer: RetryTimer;
  #watch: Watch | null = null;
  /** Seconds to wait for the transmit queue to drain; 0 while the socket itself reports when there is room. */
  #backoff = 0;
  /** When to try to send again, in milliseconds of the monotonic clock, while backing off. */
  #retryAt = 0;
  #hasQueued = false;
  #closed = false;
  /**
   * Set to wait for the error queue even if there is no receive or send pending. (epoll always reports it, but only for
   * descriptors that are waited for.)
   */
  errorQueue: { readonly keepAlive: boolean } | null = null;
  /** What runs while the thread blocks. */
  background: BackgroundWork | null = null;
  /** The arguments of the last `arm`. */
  #readable = false;
  #writable = false;
  #keepAlive = false;

  /** @param fail Makes the error of a wait that failed. */
  constructor(libc: Libc, fd: number, onReady: OnReady, fail: Fail) {
    this.#libc = libc;
    this.#fd = fd;
    this.#onReady = onReady;
    this.#fail = fail;
    this.#timer = new RetryTimer(onReady);
    this.#pollIn = encodePollfd(fd, POLLIN);
    this.#pollOut = encodePollfd(fd, POLLOUT);
  }

  /** Whether there was a wait in the event loop, so that `onReady` is called for what arrives. */
  get watched(): boolean {
    return this.#watch !== null;
  }

  /** Whether something is queued here, unknown to the kernel, that the next receive takes: a stored error, say. */
  set hasQueued(value: boolean) {
    this.#hasQueued = value;
    if (value && this.#readable) this.arm(true, this.#writable, this.#keepAlive);
  }

  /** Ends backing off: something was sent, or the socket itself reports when there is room. */
  reset(): void {
    this.#backoff = 0;
  }

  /** Begins or continues backing off: the transmit queue is full, which only another attempt can find out. */
  backOff(): void {
    this.#backoff = Math.min(this.#backoff * 2 || BACKOFF.first, BACKOFF.longest);
    this.#retryAt = performance.now() + 1000 * this.#backoff;
  }

  /** See `Source.waitReadable`. */
  waitReadable(seconds: number): void {
    this.#poll(this.#pollIn, seconds);
  }

  /** See `Sink.waitWritable`. */
  waitWritable(seconds: number): void {
    if (this.#backoff > 0) this.#poll(noBytes, Math.min(this.#backoff, seconds));
    else this.#poll(this.#pollOut, seconds);
  }

  /** See `Source.arm`. */
  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#readable = readable;
    this.#writable = writable;
    this.#keepAlive = keepAlive;
    const backingOff = writable && this.#backoff > 0;
    // What epoll cannot report: that something is queued here, or that the next attempt is due.
    this.#timer.set(readable && this.#hasQueued ? 0 : backingOff ? this.#retryAt : Infinity, keepAlive);
    const events = (readable ? EPOLLIN : 0) | (writable && !backingOff ? EPOLLOUT : 0) |
      (this.errorQueue ? EPOLLPRI : 0);
    if (events === 0 && this.#watch === null) return;
    this.#watch ??= reactorOf(this.#libc).watch(this.#fd, this.#onReady);
    this.#watch.arm(events, keepAlive && (readable || writable || this.errorQueue?.keepAlive === true));
  }

  /** Ends all waits. The descriptor stays open. */
  stop(): void {
    this.#readable = false;
    this.#timer.clear();
    const watch = this.#watch;
    this.#watch = null;
    watch?.close();
  }

  /** Ends all waits and closes the descriptor. A second call does nothing: the number may belong to another file by then. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    let result = 0;
    try {
      this.stop();
    } finally {
      result = this.#libc.close(this.#fd);
    }
    if (result < 0) throw this.#fail("close", "close", result);
  }

  #poll(fds: Uint8Array, seconds: number): void {
    const { background } = this;
    if (background) {
      const own = fds;
      fds = new Uint8Array(own.length + 8);
      fds.set(own);
      fds.set(encodePollfd(background.fd, POLLIN), own.length);
      seconds = Math.min(seconds, Math.max(background.due, 0));
    }
    // Rounded up, so that no wait ends too soon. The limit of poll is 24 days, after which the caller waits again.
    const milliseconds = seconds === Infinity ? -1 : Math.min(Math.ceil(seconds * 1000), 2 ** 31 - 1);
    const result = blockingPoll(this.#libc, fds, milliseconds, this.#fail);
    background?.run();
    if (result < 0) throw this.#fail("wait for", "poll", result);
  }
}
