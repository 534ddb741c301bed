/**
 * Claims and defends the address of a NAME, beside the socket that uses it.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanError } from "../errors.ts";
import {
  J1939_IDLE_ADDR,
  J1939_PGN_ADDRESS_CLAIMED,
  J1939_PGN_ADDRESS_COMMANDED,
  J1939_PGN_REQUEST,
} from "../kernel/j1939.ts";
import { J1939Port, type TransferListener } from "../socket/j1939.ts";
import type { TransferReport } from "../socket/j1939_reports.ts";
import type { Companion } from "../socket/readiness.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { AddressClaim, type ClaimAction, type ClaimState } from "./address_claim.ts";
import { toRawJ1939Filters } from "./filter.ts";
import type { J1939Message, J1939MessageInit } from "./message.ts";
import { Name } from "./name.ts";
import type { FullJ1939Options } from "./options.ts";
import { Pgn } from "./pgn.ts";

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

/** Seconds to the next try when there is no room to send, and when the link is down. */
const RETRY = { room: 0.01, link: 0.25 };

/** Messages that are looked at without anything else having its turn. */
const TURN = 64;

const requested = new Pgn(J1939_PGN_ADDRESS_CLAIMED).toBytes();

/** Runs the state machine over a socket of its own, which receives nothing but what concerns addresses. */
export class Claimer implements Companion, TransferListener {
  readonly fd: number;
  readonly #machine: AddressClaim;
  readonly #port: J1939Port;
  readonly #listener: ClaimListener;
  readonly #name: Name;
  readonly #timer: RetryTimer;
  /** What is still to be sent. */
  #actions: ClaimAction[] = [];
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

  /** @throws {CanInitializationError} As the constructor of `J1939Socket`. */
  constructor(libc: Libc, options: FullJ1939Options, listener: ClaimListener) {
    const { address, claim: { range: [first, last], commandable } } = options;
    this.#name = new Name(options.name!);
    this.#listener = listener;
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
    try {
      this.#do(this.#machine.start(now()));
    } catch (error) {
      this.#failed(error);
    }
    this.#settle();
  }

  run(): void {
    if (this.#closed) return;
    try {
      this.#receive();
      if (this.#linkDown && this.#retryAt <= now()) this.#lookForLink();
      this.#do(this.#machine.tick(now()));
    } catch (error) {
      this.#failed(error);
    }
    this.#settle();
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
    else if (address === this.#machine.address) this.#actions.push({ send: "claim", address });
    return null;
  }

  onFailure(): void {} // told by `#ready` too

  #ready(failure?: Error): void {
    if (failure) this.#listener.onFailure(failure);
    else this.run();
  }

  #receive(): void {
    const messages: J1939Message[] = [];
    const count = this.#port.receive(messages, 0, TURN);
    for (const message of messages.slice(0, count)) this.#do(this.#heard(message));
  }

  #heard({ pgn, source, destination, data }: J1939Message): ClaimAction[] {
    if (pgn === J1939_PGN_ADDRESS_CLAIMED && data.length === 8) {
      return this.#machine.heardClaim(now(), new Name(data).value, source);
    }
    if (pgn === J1939_PGN_REQUEST && data.length >= 3 && requested.every((byte, i) => byte === data[i])) {
      return this.#machine.heardRequest(now(), destination);
    }
    if (pgn === J1939_PGN_ADDRESS_COMMANDED && data.length === 9) {
      return this.#machine.heardCommand(new Name(data.subarray(0, 8)).value, data[8]);
    }
    return [];
  }

  #do(actions: readonly ClaimAction[]): void {
    this.#actions.push(...actions);
    if (this.#linkDown) return;
    this.#retryAt = Infinity;
    while (this.#actions.length > 0) {
      if (!this.#send(this.#actions[0])) {
        this.#retryAt = now() + RETRY.room;
        return;
      }
      this.#actions.shift();
    }
  }

  /** Sends one message; returns whether there was room. */
  #send(action: ClaimAction): boolean {
    if (action.send === "request") {
      return this.#port.send([{ pgn: J1939_PGN_REQUEST, data: requested }], 0) > 0;
    }
    if (action.address !== this.#bound) this.#port.rebind(action.address);
    this.#bound = action.address;
    return this.#port.send([{ pgn: J1939_PGN_ADDRESS_CLAIMED, data: this.#name.toBytes() }], 0) > 0;
  }

  #failed(error: unknown): void {
    const code = error instanceof CanError ? error.code : undefined;
    if (code === "ENETDOWN" || code === "ENODEV") {
      this.#machine.stop();
      this.#actions = [];
      this.#leaving.clear();
      this.#linkDown = true;
      this.#retryAt = now() + RETRY.link;
    }
    if (code === "ENETDOWN") return;
    if (code === "ENODEV") this.close();
    this.#listener.onFailure(error as Error);
  }

  #lookForLink(): void {
    this.#linkDown = !this.#port.isUp;
    this.#retryAt = this.#linkDown ? now() + RETRY.link : Infinity;
    if (!this.#linkDown) this.#do(this.#machine.start(now()));
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
