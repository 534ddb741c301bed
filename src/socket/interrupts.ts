/**
 * Signals that arrive while a call blocks the thread.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { nextTurn } from "../endpoint/turn.ts";
import { EINTR } from "../kernel/errno.ts";
import {
  SA_RESETHAND,
  SIG_DFL,
  SIG_IGN,
  SIGACTION_FLAGS,
  SIGACTION_HANDLER,
  SIGACTION_SIZE,
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGTERM,
} from "../kernel/signal.ts";
import type { Fail } from "./system_error.ts";

/** The signals that ask a process to end. */
const signals: readonly (readonly [name: string, number: number])[] = [
  ["SIGHUP", SIGHUP],
  ["SIGINT", SIGINT],
  ["SIGQUIT", SIGQUIT],
  ["SIGTERM", SIGTERM],
];

/** Milliseconds for the runtime to end the process if the handler is its own, before a signal is reported. */
const GRACE = 250;

const noBytes = new Uint8Array(0);

interface Host {
  readonly process?: { getBuiltinModule?(name: "node:worker_threads"): { readonly isMainThread: boolean } };
}

/** Signals are delivered to the main thread. Another thread that blocks does not keep handlers from running. */
function isMainThread(): boolean {
  const { process } = globalThis as unknown as Host;
  return process?.getBuiltinModule?.("node:worker_threads").isMainThread ?? false;
}

const detectors = new WeakMap<Libc, SignalDetector>();

/**
 * Calls `poll(2)` like `Libc.poll`, for a call of the user that blocks the thread.
 *
 * A signal without a handler ends the process as usual. The handlers of the script only run in the event loop, which a
 * blocked thread never reaches: so a signal that has a handler and asks the process to end is an error here (`EINTR`), so
 * that the script ends or returns to the event loop. All other signals are ignored.
 *
 * @returns The result of `poll`; 0 instead of `-EINTR`.
 */
export function blockingPoll(libc: Libc, fds: Uint8Array, milliseconds: number, fail: Fail): number {
  let detector = detectors.get(libc);
  if (!detector) detectors.set(libc, detector = new SignalDetector(libc));
  detector.start();
  let signal = detector.arrived();
  const result = signal === null ? libc.poll(fds, milliseconds) : -EINTR;
  if (result !== -EINTR) return result;
  signal ??= detector.arrived();
  if (signal === null) return 0;
  libc.poll(noBytes, GRACE);
  const advice = `${signal} has arrived, and its handler cannot run while a call blocks the event loop; ` +
    `use recvAsync, sendAsync or "for await" where signals are handled`;
  throw fail("wait for", "poll", -EINTR, advice);
}

/**
 * Finds out whether a signal with a handler has arrived since the event loop last had a turn.
 *
 * It sets SA_RESETHAND in the signal's disposition, which otherwise stays the runtime's own. When the signal arrives, the
 * runtime's handler is called as ever, and the kernel resets the disposition to SIG_DFL: that is what is checked. The
 * original disposition is restored then, and in the next turn of the event loop.
 */
class SignalDetector {
  readonly #libc: Libc;
  readonly #isMainThread = isMainThread();
  /** Large, so that it does not move: its address is passed to libc. */
  readonly #memory = new ArrayBuffer(4096);
  readonly #current = new Uint8Array(this.#memory, 0, SIGACTION_SIZE);
  readonly #next = new Uint8Array(this.#memory, 256, SIGACTION_SIZE);
  readonly #old = new Uint8Array(this.#memory, 512, SIGACTION_SIZE);
  readonly #view = new DataView(this.#memory, 0, SIGACTION_SIZE);
  readonly #nextAddress: bigint;
  /** The dispositions in which SA_RESETHAND is set, as they were before, by signal. */
  readonly #original = new Map<number, Uint8Array>();
  #started = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#nextAddress = libc.address(this.#next);
  }

  /** Prepares for the signals that have a handler now, until the event loop's next turn. */
  start(): void {
    if (this.#started || !this.#isMainThread) return;
    this.#started = true;
    for (const [, signal] of signals) {
      if (!this.#read(signal)) continue;
      const handler = this.#view.getBigUint64(SIGACTION_HANDLER, true);
      if (handler === SIG_DFL || handler === SIG_IGN || this.#isOneShot()) continue;
      const original = this.#current.slice();
      if (this.#write(signal, original, SA_RESETHAND)) this.#original.set(signal, original);
    }
    nextTurn(() => this.#stop());
  }

  /** Returns the name of a signal that has arrived; null for none. Each is returned once. */
  arrived(): string | null {
    for (const [name, signal] of signals) {
      const original = this.#original.get(signal);
      if (!original || !this.#wasDelivered(signal)) continue;
      this.#write(signal, original, SA_RESETHAND);
      return name;
    }
    return null;
  }

  #stop(): void {
    this.#started = false;
    for (const [signal, original] of this.#original) {
      // If it is neither, somebody has set another one since.
      if (this.#wasDelivered(signal) || this.#isOurs(original)) this.#write(signal, original, 0);
    }
    this.#original.clear();
  }

  /** Reads a signal's disposition, and returns whether it was delivered since SA_RESETHAND was set. */
  #wasDelivered(signal: number): boolean {
    return this.#read(signal) && this.#view.getBigUint64(SIGACTION_HANDLER, true) === SIG_DFL && this.#isOneShot();
  }

  /** Whether the disposition that was read last is the original one with SA_RESETHAND. */
  #isOurs(original: Uint8Array): boolean {
    const { buffer, byteOffset } = original;
    const handler = new DataView(buffer, byteOffset).getBigUint64(SIGACTION_HANDLER, true);
    return this.#view.getBigUint64(SIGACTION_HANDLER, true) === handler && this.#isOneShot();
  }

  /** Whether SA_RESETHAND is set in the disposition that was read last. */
  #isOneShot(): boolean {
    return (this.#view.getUint32(SIGACTION_FLAGS, true) & SA_RESETHAND) !== 0;
  }

  #read(signal: number): boolean {
    return this.#libc.sigaction(signal, 0n, this.#current) === 0;
  }

  #write(signal: number, action: Uint8Array, flags: number): boolean {
    this.#next.set(action);
    const view = new DataView(this.#memory, this.#next.byteOffset, SIGACTION_SIZE);
    view.setUint32(SIGACTION_FLAGS, (view.getUint32(SIGACTION_FLAGS, true) | flags) >>> 0, true);
    return this.#libc.sigaction(signal, this.#nextAddress, this.#old) === 0;
  }
}
