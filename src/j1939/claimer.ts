/**
 * Claims and defends the address of a NAME for the socket that uses it.
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
import { type J1939Listener, J1939Port } from "./port.ts";
import type { TransferReport } from "./reports.ts";

/**
 * The state of a socket's address claim.
 *
 * @category J1939
 */
export interface ClaimStatus {
  /** The state. */
  readonly state: ClaimState;
  /** The address that the NAME has or is claiming, 0 to 253; null if none. */
  readonly address: number | null;
}

/** Receives the notifications of a claimer. */
export interface ClaimListener {
  /** Called when state or address has changed. */
  onStatus(status: ClaimStatus): void;
  /**
   * Called when somebody else has claimed an address, or 254 for none, for this NAME; before the change of state.
   *
   * @param isLocal Whether that was a socket of this host, whose address is used from now on.
   */
  onSameName(address: number, isLocal: boolean): void;
  /** Called when a system call has failed. A link that is down is not a failure. */
  onFailure(error: Error): void;
}

/** Seconds to the next check for room to send, for a lost report, and for the link; and to the next try after a failure. */
const RETRY = { room: 0.01, report: 0.25, link: 0.25, failure: 0.25 };

/** Most messages handled before the event loop gets its turn. */
const MESSAGES_PER_TURN = 64;

/** The payload of a request for addresses. */
const requestedPgn = new Pgn(J1939_PGN_ADDRESS_CLAIMED).toBytes();

/** Runs the state machine over a socket of its own, which receives only the messages of address claims. */
export class Claimer implements BackgroundWork, J1939Listener {
  readonly fd: number;
  readonly #machine: AddressClaim;
  readonly #port: J1939Port;
  readonly #data: J1939Port;
  readonly #listener: ClaimListener;
  readonly #name: Name;
  readonly #timer: RetryTimer;
  /** The address of a claim that is due to be sent; a later claim replaces an earlier one. */
  #claimDue: number | null = null;
  /** Whether the kernel must forget the NAME before that claim. */
  #forgetFirst = false;
  /** Whether a request for all addresses is due to be sent. */
  #requestDue = false;
  /** Addresses of the claims that the kernel has not sent yet, by the kernel's number. */
  readonly #unsent = new Map<number, number>();
  /** When to retry, in seconds of the monotonic clock. */
  #retryAt = Infinity;
  #linkDown = false;
  /** The address that the socket is bound to; null while it is not bound to the NAME. */
  #bound: number | null = J1939_IDLE_ADDR;
  /** The status that the listener was notified of last. */
  #notified: ClaimStatus = { state: "unclaimed", address: null };
  #keepAlive = false;
  #closed = false;

  /**
   * @param data The socket that uses the address.
   * @throws {CanInitializationError} As the constructor of `J1939Socket` does.
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
      this.#port.follow(true, false); // reports when a claim was sent
    } catch (error) {
      this.#port.close();
      throw error;
    }
  }

  /** State and address of the NAME. */
  get status(): ClaimStatus {
    return { state: this.#machine.state, address: this.#machine.address };
  }

  /** Whether waiting for messages keeps the process alive. */
  set keepAlive(value: boolean) {
    if (value === this.#keepAlive) return;
    this.#keepAlive = value;
    this.#arm();
  }

  get due(): number {
    return Math.min(this.#machine.due, this.#retryAt) - now();
  }

  /** Claims an address, unless one is claimed or being claimed. */
  start(): void {
    if (this.#machine.state === "claiming" || this.#machine.state === "claimed" || this.#linkDown) return;
    this.#perform(() => this.#plan(this.#machine.start(now())));
  }

  /** Whether the link was down, and an address will be claimed as soon as it is found to be up again. */
  get restarting(): boolean {
    return !this.#closed && this.#linkDown;
  }

  /** Whether a claim is due, or with the kernel, that was not sent yet. */
  get unsent(): boolean {
    return this.#claimDue !== null || this.#unsent.size > 0;
  }

  /** Returns whether another node with this NAME has claimed an address. */
  knows(name: bigint): boolean {
    return this.#machine.knows(name);
  }

  /** Claims the NAME's address again, because the kernel does not know it. */
  reclaim(): void {
    this.#perform(() => this.#plan(this.#machine.reclaim()));
  }

  run(): void {
    this.#perform(() => {
      this.#receive();
      if (this.#retryAt <= now()) {
        if (this.#linkDown) this.#checkLink();
        else this.#checkLostReports();
      }
      this.#plan(this.#machine.tick(now()));
    });
  }

  /** Stops claiming and defending the address. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.clear();
    this.#port.close();
  }

  onBegun(number: number, { pgn }: J1939MessageInit): void {
    if (pgn === J1939_PGN_ADDRESS_CLAIMED) this.#unsent.set(number, this.#bound!);
  }

  onReport({ step, number }: TransferReport): null {
    const address = this.#unsent.get(number);
    if (address === undefined || step === "progress") return null;
    this.#unsent.delete(number);
    if (step === "done") this.#machine.claimSent(now(), address);
    else if (address === this.#machine.address) this.#claimDue = address;
    return null;
  }

  onFailure(): void {} // `#ready` gets the failure too

  #ready(failure?: Error): void {
    if (failure) this.#listener.onFailure(failure);
    else this.run();
  }

  #perform(step: () => void): void {
    if (this.#closed) return;
    try {
      step();
      this.#sendDue();
    } catch (error) {
      this.#failed(error);
    }
    this.#notify();
  }

  #receive(): void {
    const messages: J1939Message[] = [];
    const count = this.#port.receive(messages, 0, MESSAGES_PER_TURN);
    for (const message of messages.slice(0, count)) this.#plan(this.#heard(message));
  }

  #heard({ pgn, source, destination, data, timestamp, isLocal }: J1939Message): ClaimAction[] {
    if (pgn === J1939_PGN_ADDRESS_CLAIMED && data.length === 8) {
      const { value } = new Name(data);
      if (value === this.#name.value) {
        if (!isLocal || source !== this.#machine.address) this.#listener.onSameName(source, isLocal);
        if (!isLocal) return this.#machine.heardOwnName();
      }
      // The time of arrival, which counts for the kernel, and not the time of reading.
      const at = now() - Math.max(Date.now() / 1000 - timestamp, 0);
      return this.#machine.heardClaim(at, value, source);
    }
    if (pgn === J1939_PGN_REQUEST && data.length >= 3 && requestedPgn.every((byte, i) => byte === data[i])) {
      return this.#machine.heardRequest(now(), destination);
    }
    if (pgn === J1939_PGN_ADDRESS_COMMANDED && data.length === 9) {
      return this.#machine.heardCommand(new Name(data.subarray(0, 8)).value, data[8]);
    }
    return [];
  }

  /** Records the messages to send. If many nodes contest an address at once, they get one answer. */
  #plan(actions: readonly ClaimAction[]): void {
    for (const action of actions) {
      if (action.send === "request") this.#requestDue = true;
      else {
        this.#claimDue = action.address;
        this.#forgetFirst ||= action.reclaim;
      }
    }
  }

  /** Sends the messages that are due, as far as there is room. */
  #sendDue(): void {
    if (this.#linkDown) return;
    this.#retryAt = Infinity;
    if (this.#machine.state === "duplicate-name") {
      this.#claimDue = null;
      this.#requestDue = false;
      if (this.#bound !== null) this.#release(); // else the kernel would send from the other node's address
      return;
    }
    if (this.#claimDue !== null && this.#forgetFirst) this.#release();
    if (this.#bound === null && (this.#claimDue !== null || this.#requestDue)) this.#bind();
    if (this.#claimDue !== null) {
      if (this.#claimDue !== this.#bound) this.#port.rebind(this.#claimDue);
      this.#bound = this.#claimDue;
      if (!this.#send(J1939_PGN_ADDRESS_CLAIMED, this.#name.toBytes())) return;
      this.#claimDue = null;
    }
    if (this.#requestDue && this.#send(J1939_PGN_REQUEST, requestedPgn)) this.#requestDue = false;
    // The report may be lost for lack of buffer space.
    if (this.#unsent.size > 0) this.#retryAt = now() + RETRY.report;
  }

  /**
   * Unbinds both sockets from the NAME, so that the kernel forgets the address that it holds for the NAME. Other sockets
   * that are bound to the NAME prevent that.
   */
  #release(): void {
    this.#forgetFirst = false;
    this.#data.release();
    this.#port.release();
    this.#bound = null;
  }

  /** Binds both sockets to the NAME again, without an address. */
  #bind(): void {
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

  /** If the kernel has nothing left to send, all claims were sent, though their reports were lost. */
  #checkLostReports(): void {
    if (this.#unsent.size === 0 || this.#port.waiting) return;
    for (const address of this.#unsent.values()) this.#machine.claimSent(now(), address);
    this.#unsent.clear();
  }

  #failed(error: unknown): void {
    const code = error instanceof CanError ? error.code : undefined;
    if (code === "ENETDOWN" || code === "ENODEV") {
      this.#machine.stop();
      this.#claimDue = null;
      this.#requestDue = false;
      this.#unsent.clear();
      this.#linkDown = true;
      this.#retryAt = now() + RETRY.link;
    }
    if (code === "ENETDOWN") return;
    if (code === "ENODEV") this.close();
    else if (this.#claimDue !== null || this.#requestDue) this.#retryAt = now() + RETRY.failure;
    this.#listener.onFailure(error as Error);
  }

  #checkLink(): void {
    this.#linkDown = !this.#port.isUp;
    this.#retryAt = now() + RETRY.link;
    if (!this.#linkDown) this.#plan(this.#machine.start(now()));
  }

  /** Notifies the listener of a change, and waits for the next event. */
  #notify(): void {
    const { state, address } = this.status;
    if (state !== this.#notified.state || address !== this.#notified.address) {
      this.#notified = { state, address };
      this.#listener.onStatus(this.#notified);
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

/** Returns the seconds of the monotonic clock. */
function now(): number {
  return performance.now() / 1000;
}
