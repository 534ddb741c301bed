/**
 * Claims and defends the address of a NAME, beside the socket that uses it.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanError } from "../errors.ts";
import {
  J1939_IDLE_ADDR,
  J1939_NO_ADDR,
  J1939_PGN_ADDRESS_CLAIMED,
  J1939_PGN_ADDRESS_COMMANDED,
  J1939_PGN_REQUEST,
} from "../kernel/j1939.ts";
import type { BackgroundWork } from "../socket/readiness.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { AddressClaim, type ClaimAction, type ClaimState } from "./address_claim.ts";
import { toRawJ1939Filters } from "./filter.ts";
import type { J1939Message, J1939MessageInit } from "./message.ts";
import { Name } from "./name.ts";
import type { FullJ1939Options } from "./options.ts";
import { Pgn } from "./pgn.ts";
import { J1939Port, type TransferListener } from "./port.ts";
import type { TransferReport } from "./reports.ts";

/** Where a NAME is, and the address that it has or is about to have. */
export interface ClaimStatus {
  /** `"unclaimed"`: not begun, or the link is down; `"claimed"`: the address may be used. */
  readonly state: ClaimState;
  /** The address; null while there is none. */
  readonly address: number | null;
}

/** Who is told of it. */
export interface ClaimListener {
  /** It has changed. */
  onStatus(status: ClaimStatus): void;
  /** It cannot go on; a link that is down is no such failure. */
  onFailure(error: Error): void;
}

/** Seconds to the next look: for room to send, for a report, for the link; and to the next try after a failure. */
const RETRY = { room: 0.01, report: 0.25, link: 0.25, failure: 0.25 };

/** Messages that are looked at without anything else having its turn. */
const TURN = 64;

const requested = new Pgn(J1939_PGN_ADDRESS_CLAIMED).toBytes();

/** Runs the state machine over a socket of its own, which receives nothing but what concerns addresses. */
export class Claimer implements BackgroundWork, TransferListener {
  readonly fd: number;
  readonly #machine: AddressClaim;
  readonly #port: J1939Port;
  readonly #data: J1939Port;
  readonly #listener: ClaimListener;
  readonly #name: Name;
  readonly #timer: RetryTimer;
  /** What is to be sent: the claim of an address, of which the last counts; and whether all are to be asked for theirs. */
  #claiming: number | null = null;
  #anew = false;
  #asking = false;
  /** Addresses of the claims that are on their way, by the kernel's number. */
  readonly #leaving = new Map<number, number>();
  /** When to try again what could not be done, in seconds of the monotonic clock. */
  #retryAt = Infinity;
  #linkDown = false;
  /** The address that the socket is bound to. */
  #bound: number = J1939_IDLE_ADDR;
  #told: ClaimStatus = { state: "unclaimed", address: null };
  #keepAlive = false;
  #closed = false;

  /**
   * @param data The socket that uses the address.
   * @throws {CanInitializationError} As the constructor of `J1939Socket`.
   */
  constructor(libc: Libc, options: FullJ1939Options, data: J1939Port, listener: ClaimListener) {
    const { address, claim: { range: [first, last], commandable } } = options;
    this.#name = new Name(options.name!);
    this.#listener = listener;
    this.#data = data;
    this.#machine = new AddressClaim({
      name: this.#name.value,
      preferred: address,
      range: { first, last },
      commandable,
      random: Math.random,
    });
    const pgns = [J1939_PGN_ADDRESS_CLAIMED, J1939_PGN_REQUEST, J1939_PGN_ADDRESS_COMMANDED];
    const own: FullJ1939Options = {
      ...options,
      rawFilters: toRawJ1939Filters(pgns.map((pgn) => ({ pgn }))),
      priority: 6,
      broadcast: true,
      promiscuous: false,
    };
    this.#timer = new RetryTimer(() => this.run());
    this.#port = new J1939Port(libc, own, J1939_IDLE_ADDR, (failure) => this.#ready(failure), this);
    this.fd = this.#port.fd;
    try {
      this.#port.follow(true, false); // tells when a claim has left
    } catch (error) {
      this.#port.close();
      throw error;
    }
  }

  /** Where the NAME is. */
  get status(): ClaimStatus {
    return { state: this.#machine.state, address: this.#machine.address };
  }

  /** Whether waiting for what comes keeps the process alive. */
  set keepAlive(value: boolean) {
    if (value === this.#keepAlive) return;
    this.#keepAlive = value;
    this.#arm();
  }

  get due(): number {
    return Math.min(this.#machine.due, this.#retryAt) - now();
  }

  /** Claims an address; anew, if there was none. */
  start(): void {
    if (this.#machine.state === "claiming" || this.#machine.state === "claimed" || this.#linkDown) return;
    this.#perform(() => this.#plan(this.#machine.start(now())));
  }

  /** Whether a NAME was heard to have an address. */
  knows(name: bigint): boolean {
    return this.#machine.knows(name);
  }

  /** Claims the address again, which the kernel does not know. */
  again(): void {
    this.#perform(() => this.#plan(this.#machine.again()));
  }

  run(): void {
    this.#perform(() => {
      this.#receive();
      if (this.#retryAt <= now()) {
        if (this.#linkDown) this.#lookForLink();
        else this.#lookForReports();
      }
      this.#plan(this.#machine.tick(now()));
    });
  }

  /** Leaves the address to whom it may concern. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.clear();
    this.#port.close();
  }

  onBegun(number: number, { pgn }: J1939MessageInit): void {
    if (pgn === J1939_PGN_ADDRESS_CLAIMED) this.#leaving.set(number, this.#bound);
  }

  onReport({ step, number }: TransferReport): null {
    const address = this.#leaving.get(number);
    if (address === undefined || step === "progress") return null;
    this.#leaving.delete(number);
    if (step === "done") this.#machine.sent(now(), address);
    else if (address === this.#machine.address) this.#claiming = address;
    return null;
  }

  onFailure(): void {} // told by `#ready` too

  onNoAddress(): boolean {
    return false; // claims and requests need none
  }

  #ready(failure?: Error): void {
    if (failure) this.#listener.onFailure(failure);
    else this.run();
  }

  #perform(step: () => void): void {
    if (this.#closed) return;
    try {
      step();
      this.#act();
    } catch (error) {
      this.#failed(error);
    }
    this.#settle();
  }

  #receive(): void {
    const messages: J1939Message[] = [];
    const count = this.#port.receive(messages, 0, TURN);
    for (const message of messages.slice(0, count)) this.#plan(this.#heard(message));
  }

  #heard({ pgn, source, destination, data, timestamp }: J1939Message): ClaimAction[] {
    if (pgn === J1939_PGN_ADDRESS_CLAIMED && data.length === 8) {
      // When it came, as it is for the kernel, and not when there was time to look.
      const at = now() - Math.max(Date.now() / 1000 - timestamp, 0);
      return this.#machine.heardClaim(at, new Name(data).value, source);
    }
    if (pgn === J1939_PGN_REQUEST && data.length >= 3 && requested.every((byte, i) => byte === data[i])) {
      return this.#machine.heardRequest(now(), destination);
    }
    if (pgn === J1939_PGN_ADDRESS_COMMANDED && data.length === 9) {
      return this.#machine.heardCommand(new Name(data.subarray(0, 8)).value, data[8]);
    }
    return [];
  }

  /** Takes note of what is to be sent. Many who contest an address at once get one answer. */
  #plan(actions: readonly ClaimAction[]): void {
    for (const action of actions) {
      if (action.send === "request") this.#asking = true;
      else {
        this.#claiming = action.address;
        this.#anew ||= action.anew;
      }
    }
  }

  /** Sends what is to be sent, if there is room. */
  #act(): void {
    if (this.#linkDown) return;
    this.#retryAt = Infinity;
    if (this.#claiming !== null) {
      if (this.#anew) this.#forget();
      if (this.#claiming !== this.#bound) this.#port.rebind(this.#claiming);
      this.#bound = this.#claiming;
      if (!this.#send(J1939_PGN_ADDRESS_CLAIMED, this.#name.toBytes())) return;
      this.#claiming = null;
    }
    if (this.#asking && this.#send(J1939_PGN_REQUEST, requested)) this.#asking = false;
    // A report may have been lost, where there was no room for it.
    if (this.#leaving.size > 0) this.#retryAt = now() + RETRY.report;
  }

  /**
   * Makes the kernel forget the NAME, and with it the address that it thinks it has, as it does when no socket is bound to
   * the NAME any more. Sockets of others keep it from that.
   */
  #forget(): void {
    this.#anew = false;
    this.#data.release();
    this.#port.release();
    this.#data.rebind(J1939_NO_ADDR);
    this.#port.rebind(J1939_IDLE_ADDR);
    this.#bound = J1939_IDLE_ADDR;
  }

  /** Sends one message; returns whether there was room. */
  #send(pgn: number, data: Uint8Array): boolean {
    const sent = this.#port.send([{ pgn, data }], 0) > 0;
    if (!sent) this.#retryAt = now() + RETRY.room;
    return sent;
  }

  /** Whether a claim has left is told by a report; or by there being nothing that waits to be sent. */
  #lookForReports(): void {
    if (this.#leaving.size === 0 || this.#port.waiting) return;
    for (const address of this.#leaving.values()) this.#machine.sent(now(), address);
    this.#leaving.clear();
  }

  #failed(error: unknown): void {
    const code = error instanceof CanError ? error.code : undefined;
    if (code === "ENETDOWN" || code === "ENODEV") {
      this.#machine.stop();
      this.#claiming = null;
      this.#asking = false;
      this.#leaving.clear();
      this.#linkDown = true;
      this.#retryAt = now() + RETRY.link;
    }
    if (code === "ENETDOWN") return;
    if (code === "ENODEV") this.close();
    else if (this.#claiming !== null || this.#asking) this.#retryAt = now() + RETRY.failure;
    this.#listener.onFailure(error as Error);
  }

  #lookForLink(): void {
    this.#linkDown = !this.#port.isUp;
    this.#retryAt = now() + RETRY.link;
    if (!this.#linkDown) this.#plan(this.#machine.start(now()));
  }

  /** Tells what has changed, and waits on. */
  #settle(): void {
    const { state, address } = this.status;
    if (state !== this.#told.state || address !== this.#told.address) {
      this.#told = { state, address };
      this.#listener.onStatus(this.#told);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#closed) return;
    try {
      this.#timer.set(1000 * Math.min(this.#machine.due, this.#retryAt), this.#keepAlive);
      this.#port.arm(true, false, this.#keepAlive);
    } catch (error) {
      this.#listener.onFailure(error as Error);
    }
  }
}

/** Seconds of the monotonic clock. */
function now(): number {
  return performance.now() / 1000;
}
