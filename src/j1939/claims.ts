/**
 * Those who wait for an address, and those who follow what becomes of it.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { EventFeeds } from "../endpoint/events.ts";
import type { Feed } from "../endpoint/feed.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "../endpoint/wait_queue.ts";
import { CanOperationError, CanTimeoutError } from "../errors.ts";
import { EADDRNOTAVAIL, errnoName, ETIMEDOUT } from "../kernel/errno.ts";
import { Claimer, type ClaimStatus } from "./claimer.ts";
import { Name } from "./name.ts";
import type { FullJ1939Options } from "./options.ts";
import type { J1939Port } from "./port.ts";

/** Milliseconds within which an address is not claimed again because the kernel does not know it. */
const RESTORE_AGAIN = 10_000;

/** The address of a socket's NAME, from the first call of `claim` on. */
export class Claims {
  readonly #libc: Libc;
  readonly #options: FullJ1939Options;
  readonly #data: J1939Port;
  readonly #queue: WaitQueue<void, number>;
  readonly #feeds: EventFeeds<ClaimStatus>;
  #claimer: Claimer | null = null;
  /** Whether the kernel has forgotten an address that was claimed, and is told again. */
  #restoring = false;
  #restored = -Infinity;
  #keepAlive = true;
  #closed = false;

  /** @param data The socket that uses the address. */
  constructor(libc: Libc, options: FullJ1939Options, data: J1939Port) {
    this.#libc = libc;
    this.#options = options;
    this.#data = data;
    this.#queue = new WaitQueue(() => this.#outcome(), () => this.#keep());
    this.#feeds = new EventFeeds(options.channel, () => {}, () => this.#keep());
  }

  /** Where the NAME is. */
  get status(): ClaimStatus {
    return this.#claimer?.status ?? { state: "unclaimed", address: null };
  }

  /** Whether waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    this.#queue.keepAlive = value;
    this.#keep();
  }

  /** See `J1939Socket.claim`. */
  claim(options: WaitOptions): Promise<number> {
    const { signal, timeout } = checkWaitOptions(options);
    signal?.throwIfAborted();
    const claimer = this.#open();
    const promise = this.#queue.wait(undefined, options, () => {
      const { channel } = this.#options;
      const text = `Cannot claim an address on "${channel}": none within ${timeout} s`;
      throw new CanTimeoutError(text, { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, channel });
    });
    claimer.start();
    this.#queue.pump();
    this.#keep();
    return promise;
  }

  /** See `J1939Socket.claimChanges`. */
  open(options: SignalOptions): Feed<ClaimStatus> {
    return this.#feeds.open("claimChanges()", options);
  }

  /**
   * The kernel knows no address for the NAME, or for that of a destination.
   *
   * @param destination The destination's NAME, if it has one.
   * @returns Whether it will, because the own NAME has one, which is claimed again.
   */
  restore(destination: bigint): boolean {
    if (this.status.state === "claimed") {
      if (destination !== 0n && !this.#claimer!.knows(destination)) return false;
      const now = performance.now();
      if (now - this.#restored < RESTORE_AGAIN) return false; // it did not help
      this.#restored = now;
      this.#restoring = true;
      this.#claimer!.again();
    }
    return this.#restoring;
  }

  /** Ends it all; the address is left without a word. */
  close(makeError: () => Error): void {
    this.#closed = true;
    try {
      this.#claimer?.close();
    } finally {
      this.#feeds.close();
      this.#queue.rejectAll(makeError);
    }
  }

  #open(): Claimer {
    const { name, address } = this.#options;
    if (name === null) throw new TypeError("Cannot claim an address without a NAME: open the socket with one");
    if (address === null && !new Name(name).arbitraryAddressCapable) {
      throw new TypeError(
        "Cannot claim an address: open the socket with one, or with a NAME that is arbitraryAddressCapable",
      );
    }
    if (this.#claimer === null) {
      this.#claimer = new Claimer(this.#libc, this.#options, this.#data, {
        onStatus: (status) => this.#changed(status),
        onFailure: (error) => this.#failed(error),
      });
      this.#data.background = this.#claimer;
    }
    return this.#claimer;
  }

  #changed(status: ClaimStatus): void {
    const { state, address } = status;
    if (state !== "claiming") this.#restoring = false;
    const { logger, name } = this.#options;
    logger?.debug(`NAME ${new Name(name!)}: ${state}${address === null ? "" : `, address ${address}`}`);
    this.#feeds.push(status);
    this.#queue.pump();
    this.#keep();
  }

  #failed(error: Error): void {
    this.#options.logger?.warn(`claiming an address: ${error.message}`);
    this.#queue.rejectAll(() => error);
    this.#feeds.fail(error);
    this.#keep();
  }

  /** What `claim` gives: the address, an error, or nothing yet. */
  #outcome(): number | undefined {
    const { state, address } = this.status;
    if (state !== "cannot-claim") return state === "claimed" ? address! : undefined;
    const { channel, name } = this.#options;
    const code = errnoName(EADDRNOTAVAIL);
    throw new CanOperationError(
      `Cannot claim an address on "${channel}": ${code} (smaller NAMEs have all those that ${new Name(
        name!,
      )} may claim)`,
      { code, errno: EADDRNOTAVAIL, channel },
    );
  }

  #keep(): void {
    if (!this.#claimer || this.#closed) return;
    this.#claimer.keepAlive = this.#keepAlive && (this.#queue.size > 0 || this.#feeds.keepAlive);
  }
}
