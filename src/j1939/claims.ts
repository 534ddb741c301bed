/**
 * The address of a socket's NAME: pending calls of `claim`, and iterations over its changes.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { EventFeeds } from "../endpoint/events.ts";
import type { Feed } from "../endpoint/feed.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "../endpoint/wait_queue.ts";
import { CanOperationError, CanTimeoutError } from "../errors.ts";
import { EADDRNOTAVAIL, ENOTUNIQ, errnoName, ETIMEDOUT } from "../kernel/errno.ts";
import { J1939_IDLE_ADDR } from "../kernel/j1939.ts";
import { Claimer, type ClaimStatus } from "./claimer.ts";
import { DESTINATION_UNKNOWN } from "./errors.ts";
import { Name } from "./name.ts";
import type { FullJ1939Options } from "./options.ts";
import type { AddressSource, J1939Port } from "./port.ts";

/** Milliseconds after a repeated claim during which the address is not claimed again, as that did not help. */
const RESTORE_INTERVAL = 10_000;

/** The address of a socket's NAME. The first call of `claim` opens the claimer. */
export class Claims implements AddressSource {
  readonly #libc: Libc;
  readonly #options: FullJ1939Options;
  readonly #data: J1939Port;
  readonly #queue: WaitQueue<void, number>;
  readonly #feeds: EventFeeds<ClaimStatus>;
  #claimer: Claimer | null = null;
  /** When the address was claimed again because the kernel had lost it, in milliseconds of the monotonic clock. */
  #restoredAt = -Infinity;
  #keepAlive = true;
  #closed = false;

  /** @param data The socket that uses the address. */
  constructor(libc: Libc, options: FullJ1939Options, data: J1939Port) {
    this.#libc = libc;
    this.#options = options;
    this.#data = data;
    this.#queue = new WaitQueue(() => this.#outcome(), () => this.#updateKeepAlive());
    this.#feeds = new EventFeeds(options.channel, () => {}, () => this.#updateKeepAlive());
    if (options.name !== null) data.addressSource = this;
  }

  /** State and address of the NAME. */
  get status(): ClaimStatus {
    return this.#claimer?.status ?? { state: "unclaimed", address: null };
  }

  /** Whether pending waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    this.#queue.keepAlive = value;
    this.#updateKeepAlive();
  }

  /** See `J1939Socket.claim`. */
  claim(options: WaitOptions): Promise<number> {
    const { signal, timeout } = checkWaitOptions(options);
    signal?.throwIfAborted();
    const claimer = this.#open();
    const promise = this.#queue.wait(undefined, options, () => {
      const { channel } = this.#options;
      const unsent = timeout! > 0 && claimer.unsent
        ? "; the claim could not be sent yet: is there another node on the bus to acknowledge frames?"
        : "";
      const text = `Cannot claim an address on "${channel}": none within ${timeout} s${unsent}`;
      throw new CanTimeoutError(text, { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, channel });
    });
    claimer.start();
    this.#queue.pump();
    this.#updateKeepAlive();
    return promise;
  }

  /** See `J1939Socket.claimChanges`. */
  open(options: SignalOptions, socket: object | null = null): Feed<ClaimStatus> {
    return this.#feeds.open("claimChanges()", options, socket);
  }

  get claiming(): boolean {
    return this.status.state === "claiming";
  }

  /** Returns what keeps a message from being sent, for the error of a timeout; undefined if it is not the address. */
  late(seconds: number): string | undefined {
    return this.claiming || this.#claimer?.restarting
      ? `no address within ${seconds} s (the socket is claiming one, which takes at least 0.25 s)`
      : undefined;
  }

  onNoAddress(destination: bigint): string | null {
    const claimer = this.#claimer;
    if (claimer?.restarting) return null;
    const { state } = this.status;
    if (state === "claimed") {
      if (destination !== 0n && !claimer!.knows(destination)) return DESTINATION_UNKNOWN;
      const now = performance.now();
      if (now - this.#restoredAt < RESTORE_INTERVAL) {
        return "the kernel has lost this socket's address or the destination's, and a new claim did not help";
      }
      this.#restoredAt = now;
      claimer!.reclaim(); // the kernel has lost the address
    }
    if (this.claiming) return null;
    const none = "this socket's NAME has no address";
    const retry = "`await socket.claim()` tries again";
    switch (state) {
      case "duplicate-name":
        return `${none}: another host uses the same NAME, which must be unique; ${retry}`;
      case "cannot-claim":
        return `${none}: nodes with smaller NAMEs hold all that it may claim; ${retry}`;
    }
    const which = destination === 0n ? none : `${none}, or the destination's has none`;
    return `${which}: claim one with \`await socket.claim()\`, or let another socket of this host claim it`;
  }

  /** Ends all waits and feeds, and stops defending the address, without a message to other nodes. */
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
        "Cannot claim an address: open the socket with an address, or with a NAME that is arbitraryAddressCapable",
      );
    }
    if (this.#claimer === null) {
      this.#claimer = new Claimer(this.#libc, this.#options, this.#data, {
        onStatus: (status) => this.#changed(status),
        onSameName: (address, isLocal) => this.#warnOfSameName(address, isLocal),
        onFailure: (error) => this.#failed(error),
      });
      this.#data.background = this.#claimer;
    }
    return this.#claimer;
  }

  #changed(status: ClaimStatus): void {
    const { state, address } = status;
    const { logger, name } = this.#options;
    logger?.debug?.(`NAME ${new Name(name!)}: ${state}${address === null ? "" : `, address ${address}`}`);
    this.#feeds.push(status);
    this.#queue.pump();
    this.#updateKeepAlive();
  }

  #warnOfSameName(address: number, isLocal: boolean): void {
    const { channel, logger, name } = this.#options;
    const who = isLocal ? "socket of this host" : "host";
    const claim = address === J1939_IDLE_ADDR ? "cannot claim an address" : `claims address ${address}`;
    const rule = isLocal ? "only one socket should claim for a NAME" : "every node must have a NAME of its own";
    logger?.warn(`Another ${who} on "${channel}" ${claim} with this socket's NAME ${new Name(name!)}: ${rule}`);
  }

  #failed(error: Error): void {
    this.#options.logger?.warn(`Cannot claim or defend an address: ${error.message}`);
    this.#queue.rejectAll(() => error);
    this.#feeds.fail(error);
    this.#updateKeepAlive();
  }

  /** Returns the result of `claim`: the address, or undefined while it is not decided; throws if there is none. */
  #outcome(): number | undefined {
    const { state, address } = this.status;
    const name = `${new Name(this.#options.name!)}`;
    switch (state) {
      case "claimed":
        return address!;
      case "cannot-claim":
        throw this.#error(EADDRNOTAVAIL, `nodes with smaller NAMEs hold all addresses that NAME ${name} may claim`);
      case "duplicate-name":
        throw this.#error(ENOTUNIQ, `another host uses NAME ${name}, which must be unique`);
    }
  }

  #error(errno: number, reason: string): CanOperationError {
    const { channel } = this.#options;
    const code = errnoName(errno);
    return new CanOperationError(`Cannot claim an address on "${channel}": ${code} (${reason})`, {
      code,
      errno,
      channel,
    });
  }

  #updateKeepAlive(): void {
    if (!this.#claimer || this.#closed) return;
    this.#claimer.keepAlive = this.#keepAlive && (this.#queue.size > 0 || this.#feeds.keepAlive);
  }
}
