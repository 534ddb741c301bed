/**
 * What becomes of messages that take more than one frame, and of those whose sender wants to know.
 *
 * @module
 */

import { EventFeeds } from "../endpoint/events.ts";
import type { Feed } from "../endpoint/feed.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import { CanOperationError } from "../errors.ts";
import { ENOBUFS, errnoName } from "../kernel/errno.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { Acknowledgement } from "./acknowledgement.ts";
import { transferError } from "./errors.ts";
import { describeMessage, destinationOf, type J1939MessageInit } from "./message.ts";
import { pgnText } from "./pgn.ts";
import type { TransferListener } from "./port.ts";
import type { TransferReport } from "./reports.ts";
import type { TransferEvent } from "./transfer_event.ts";

/** The socket, as far as transfers concern it. */
interface Teller {
  /** Whether to tell of the progress and the end of sending, and of receiving. */
  follow(sending: boolean, receiving: boolean): void;
  /** Somebody waits for reports, which may keep the process alive; null: nobody does any longer. */
  watch(watching: { readonly keepAlive: boolean } | null): void;
  /** Takes the reports that there are; returns whether there can be no others. */
  settle(): boolean;
  /** See `TransferListener.onNoAddress`. */
  restore(destination: bigint): boolean;
}

type Fixed = Pick<TransferEvent, "direction" | "number" | "pgn" | "source" | "destination" | "total">;

/** A transfer whose end has not been told. */
interface Known extends Fixed {
  /** What it is, for an error's text. */
  readonly action: string;
  readonly acknowledgement: Acknowledgement | undefined;
}

/** Most transfers that are known: the end of most is never told, and the oldest are forgotten. */
const MOST_KNOWN = 256;

/** Milliseconds between two looks for messages whose end was not told, as there was no room for the report. */
const LOOK = 1000;

/** Longest message that is one frame. */
const FRAME = 8;

/** Keeps account of a socket's transfers, for those who follow them. */
export class Transfers implements TransferListener {
  readonly #channel: string;
  readonly #teller: Teller;
  readonly #known = { send: new Map<number, Known>(), receive: new Map<number, Known>() };
  /** Who waits, by message. */
  readonly #expected = new Map<J1939MessageInit, Acknowledgement>();
  readonly #feeds: EventFeeds<TransferEvent>;
  #keepAlive = true;
  #closed = false;
  readonly #looking: RetryTimer = new RetryTimer(() => this.#look());

  constructor(channel: string, teller: Teller) {
    this.#channel = channel;
    this.#teller = teller;
    this.#feeds = new EventFeeds(channel, () => this.#follow(), () => this.#watch());
  }

  /** Whether waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const acknowledgement of this.#expected.values()) acknowledgement.keepAlive = value;
    this.#watch();
  }

  /** See `J1939Socket.transfers`. */
  open(options: SignalOptions): Feed<TransferEvent> {
    return this.#feeds.open("transfers()", options);
  }

  /** The end of a message that is about to be sent will be waited for. `forget` is to follow. */
  expect(message: J1939MessageInit): Acknowledgement {
    const acknowledgement = new Acknowledgement();
    acknowledgement.keepAlive = this.#keepAlive;
    this.#expected.set(message, acknowledgement);
    try {
      this.#follow();
    } catch (error) {
      this.#expected.delete(message);
      throw error;
    }
    this.#watch();
    return acknowledgement;
  }

  /** A message that waits for room is to be found as another object, which is equal. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    const acknowledgement = this.#expected.get(message);
    if (!acknowledgement) return;
    this.#expected.delete(message);
    this.#expected.set(by, acknowledgement);
  }

  /** Nobody waits any more. */
  forget(acknowledgement: Acknowledgement): void {
    for (const [message, each] of this.#expected) if (each === acknowledgement) this.#expected.delete(message);
    this.#watch();
    this.#follow();
  }

  onBegun(number: number, message: J1939MessageInit): void {
    const { name, address } = destinationOf(message);
    const known: Known = {
      direction: "send",
      number,
      pgn: message.pgn,
      source: null,
      destination: name === 0n ? address : null,
      total: message.data.length,
      action: `send ${describeMessage(message)}`,
      acknowledgement: this.#expected.get(message),
    };
    this.#remember(known);
    this.#tell(known, "begun", 0, null);
  }

  onReport({ direction, step, number, errno, stats }: TransferReport, told: boolean): Error | null {
    if (direction === "receive" && step === "begun") {
      const { totalSize: total = 0, pgn = 0, source = null, destination = null } = stats;
      const action = `receive ${total} bytes of PGN ${pgnText(pgn)}`;
      this.#remember({ direction, number, pgn, source, destination, total, action, acknowledgement: undefined });
    }
    const known = this.#known[direction].get(number);
    // The kernel refused it at once, and who sends it tries again; or it took the rest of an aborted message for one.
    if (!known) return null;
    const ended = step === "done" || step === "aborted";
    const error = step === "aborted" ? transferError(this.#channel, known.action, errno) : null;
    if (ended) this.#known[direction].delete(number);
    this.#tell(known, step, stats.bytesAcked ?? 0, error);
    if (ended && known.acknowledgement?.open) known.acknowledgement.settle(error ?? "done");
    else if (direction === "send" && !told && !this.#followed(known)) return error;
    return null;
  }

  onFailure(failure: Error): void {
    for (const acknowledgement of [...this.#expected.values()]) acknowledgement.settle(failure);
    this.#feeds.fail(failure);
  }

  onNoAddress(destination: bigint): boolean {
    return this.#teller.restore(destination);
  }

  /** Ends all feeds, and all waits with an error. */
  close(makeError: () => Error): void {
    this.#closed = true;
    this.#looking.clear();
    this.#feeds.close();
    for (const acknowledgement of [...this.#expected.values()]) acknowledgement.settle(makeError());
  }

  #followed({ total }: Known): boolean {
    return this.#feeds.size > 0 && total > FRAME;
  }

  #remember(known: Known): void {
    const all = this.#known[known.direction];
    all.set(known.number, known);
    for (const [number, { acknowledgement }] of all) {
      if (all.size <= MOST_KNOWN) break;
      if (!acknowledgement?.open) all.delete(number);
    }
  }

  #tell(known: Known, type: TransferEvent["type"], bytes: number, error: CanOperationError | null): void {
    if (!this.#followed(known)) return;
    const { direction, number, pgn, source, destination, total } = known;
    this.#feeds.push({ direction, type, number, pgn, source, destination, bytes, total, error });
  }

  #watch(): void {
    if (this.#closed) return;
    const acknowledging = this.#expected.size > 0;
    const keepAlive = this.#keepAlive && (this.#feeds.keepAlive || acknowledging);
    this.#teller.watch(this.#feeds.waiting || acknowledging ? { keepAlive } : null);
    this.#looking.set(
      acknowledging ? this.#looking.at ?? performance.now() + LOOK : Infinity,
      this.#keepAlive,
    );
  }

  #look(): void {
    const waiting = [...this.#known.send.values()].filter(({ acknowledgement }) => acknowledgement?.open);
    if (this.#teller.settle()) {
      for (const { action, acknowledgement } of waiting) {
        const code = errnoName(ENOBUFS);
        const text =
          `Cannot tell whether it was possible to ${action} on "${this.#channel}": ${code} (there was no room ` +
          "for the report: read faster, or give the socket a larger receiveBuffer)";
        acknowledgement!.settle(new CanOperationError(text, { code, errno: ENOBUFS, channel: this.#channel }));
      }
    }
    this.#watch();
  }

  #follow(): void {
    if (this.#closed) return;
    this.#teller.follow(this.#expected.size > 0 || this.#feeds.size > 0, this.#feeds.size > 0);
  }
}
