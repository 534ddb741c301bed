/**
 * How a socket waits: with the thread, or in the event loop.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady } from "../endpoint/source.ts";
import { EPOLLIN, EPOLLOUT, EPOLLPRI } from "../kernel/epoll.ts";
import { EINTR } from "../kernel/errno.ts";
import { encodePollfd, POLLIN, POLLOUT } from "../kernel/socket.ts";
import { reactorOf, type Watch } from "./reactor.ts";
import { RetryTimer } from "./retry_timer.ts";
import type { Fail } from "./system_error.ts";

/** How long to wait before the first new try when the interface's queue is full, and at the most, in seconds. */
const BACKOFF = { first: 0.0005, most: 0.01 };

const noBytes = new Uint8Array(0);

/** Something else that has to go on while the thread waits. */
export interface Companion {
  /** What it waits for. */
  readonly fd: number;
  /** Seconds until it has to run, whatever has come; Infinity for never. */
  readonly due: number;
  /** Does what is to be done now. */
  run(): void;
}

/** Waits for a descriptor, and backs off where the kernel cannot tell when there is room. */
export class Readiness {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #onReady: OnReady;
  readonly #fail: Fail;
  readonly #pollIn: Uint8Array;
  readonly #pollOut: Uint8Array;
  readonly #timer: RetryTimer;
  #watch: Watch | null = null;
  /** Seconds to wait for the interface's queue to drain; 0 while the socket itself tells when there is room. */
  #backoff = 0;
  /** When to try to send again, in milliseconds of the monotonic clock, while backing off. */
  #retryAt = 0;
  /** Whether there is something for who receives that the kernel does not tell of. */
  #news = false;
  /** Whether to wait for the error queue too: epoll always tells of it, but only while something is waited for. */
  errors: { readonly keepAlive: boolean } | null = null;
  /** What goes on while the thread waits. */
  companion: Companion | null = null;
  /** How it was armed last. */
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

  /** Whether somebody has waited in the event loop, so that what comes is told to who arms. */
  get watched(): boolean {
    return this.#watch !== null;
  }

  /** Whether there is something for who receives that the kernel does not tell of: an error that was kept, say. */
  set news(value: boolean) {
    this.#news = value;
    if (value && this.#readable) this.arm(true, this.#writable, this.#keepAlive);
  }

  /** Something was sent, or the socket itself tells when there is room. */
  reset(): void {
    this.#backoff = 0;
  }

  /** The interface's queue is full, which poll does not tell: only trying again does. */
  backOff(): void {
    this.#backoff = Math.min(this.#backoff * 2 || BACKOFF.first, BACKOFF.most);
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
    // What epoll cannot tell: news that is here already, or that it is time for the next try.
    this.#timer.set(readable && this.#news ? 0 : backingOff ? this.#retryAt : Infinity, keepAlive);
    const events = (readable ? EPOLLIN : 0) | (writable && !backingOff ? EPOLLOUT : 0) | (this.errors ? EPOLLPRI : 0);
    if (events === 0 && this.#watch === null) return;
    this.#watch ??= reactorOf(this.#libc).watch(this.#fd, this.#onReady);
    this.#watch.arm(events, keepAlive && (readable || writable || this.errors?.keepAlive === true));
  }

  /** Waits no more; the descriptor stays open. */
  stop(): void {
    this.#readable = false;
    this.#timer.clear();
    const watch = this.#watch;
    this.#watch = null;
    watch?.close();
  }

  /** Waits no more, and closes the descriptor. */
  close(): void {
    let result = 0;
    try {
      this.stop();
    } finally {
      result = this.#libc.close(this.#fd);
    }
    if (result < 0) throw this.#fail("close", "close", result);
  }

  #poll(fds: Uint8Array, seconds: number): void {
    const { companion } = this;
    if (companion) {
      const alone = fds;
      fds = new Uint8Array(alone.length + 8);
      fds.set(alone);
      fds.set(encodePollfd(companion.fd, POLLIN), alone.length);
      seconds = Math.min(seconds, Math.max(companion.due, 0));
    }
    // Rounded up, so that a wait never ends before its time; poll's own limit is 24 days, and the caller waits again.
    const result = this.#libc.poll(fds, seconds === Infinity ? -1 : Math.min(Math.ceil(seconds * 1000), 2 ** 31 - 1));
    companion?.run();
    if (result < 0 && result !== -EINTR) throw this.#fail("wait for", "poll", result);
  }
}
