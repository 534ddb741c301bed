/**
 * The transfers of a socket: messages of several frames, and messages whose sender waits for their delivery.
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
import type { J1939Listener } from "./port.ts";
import type { TransferReport } from "./reports.ts";
import type { TransferEvent } from "./transfer_event.ts";

/** What the transfers need of their socket. */
interface TransferHost {
  /** Sets whether progress and end of sent transfers, and of received ones, are reported. */
  follow(sending: boolean, receiving: boolean): void;
  /** Sets whether to wait for reports, and whether that keeps the process alive; null: do not wait. */
  watch(watching: { readonly keepAlive: boolean } | null): void;
  /** Reads all reports that have arrived; returns whether no others can follow. */
  settle(): boolean;
}

type TransferFields = Pick<TransferEvent, "direction" | "number" | "pgn" | "source" | "destination" | "total">;

/** A transfer whose end has not been reported. */
interface OpenTransfer extends TransferFields {
  /** Direction, length and PGN, for an error text. */
  readonly action: string;
  readonly acknowledgement: Acknowledgement | undefined;
}

/**
 * Most open transfers per direction. The end of most transfers is never reported, so the oldest are forgotten, unless
 * somebody waits for them.
 */
const MAX_OPEN = 256;

/** Milliseconds between two checks for messages whose report was lost for lack of buffer space. */
const LOST_REPORT_CHECK = 1000;

/** Most bytes of a message of one frame. */
const SINGLE_FRAME_BYTES = 8;

/** Tracks a socket's transfers, for `transfers()` and for acknowledged sends. */
export class Transfers implements J1939Listener {
  readonly #channel: string;
  readonly #host: TransferHost;
  readonly #open = { send: new Map<number, OpenTransfer>(), receive: new Map<number, OpenTransfer>() };
  /** Pending acknowledgements by message. */
  readonly #expected = new Map<J1939MessageInit, Acknowledgement>();
  readonly #feeds: EventFeeds<TransferEvent>;
  #keepAlive = true;
  #closed = false;
  readonly #checkTimer: RetryTimer = new RetryTimer(() => this.#checkLostReports());

  constructor(channel: string, host: TransferHost) {
    this.#channel = channel;
    this.#host = host;
    this.#feeds = new EventFeeds(channel, () => this.#follow(), () => this.#watch());
  }

  /** Whether pending waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const acknowledgement of this.#expected.values()) acknowledgement.keepAlive = value;
    this.#watch();
  }

  /** See `J1939Socket.transfers`. */
  open(options: SignalOptions, socket: object | null = null): Feed<TransferEvent> {
    return this.#feeds.open("transfers()", options, socket);
  }

  /** Prepares to wait for the delivery of a message that is about to be sent. Must be followed by `forget`. */
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

  /** Replaces a message that waits for room by an equal object, which stands for it from now on. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    const acknowledgement = this.#expected.get(message);
    if (!acknowledgement) return;
    this.#expected.delete(message);
    this.#expected.set(by, acknowledgement);
  }

  /** Ends what `expect` has begun. */
  forget(acknowledgement: Acknowledgement): void {
    for (const [message, each] of this.#expected) if (each === acknowledgement) this.#expected.delete(message);
    this.#watch();
    this.#follow();
  }

  onBegun(number: number, message: J1939MessageInit): void {
    const { name, address } = destinationOf(message);
    const transfer: OpenTransfer = {
      direction: "send",
      number,
      pgn: message.pgn,
      source: null,
      destination: name === 0n ? address : null,
      total: message.data.length,
      action: `send ${describeMessage(message)}`,
      acknowledgement: this.#expected.get(message),
    };
    this.#remember(transfer);
    this.#emit(transfer, "begun", 0, null);
  }

  onReport({ direction, step, number, errno, stats }: TransferReport, reported: boolean): Error | null {
    if (direction === "receive" && step === "begun") {
      const { totalSize: total = 0, pgn = 0, source = null, destination = null } = stats;
      const action = `receive ${total} bytes of PGN ${pgnText(pgn)}`;
      this.#remember({ direction, number, pgn, source, destination, total, action, acknowledgement: undefined });
    }
    const transfer = this.#open[direction].get(number);
    // Unknown if the kernel refused the message at once, so that its sender tries again; or if the kernel took the rest of
    // an aborted message for a new one.
    if (!transfer) return null;
    const ended = step === "done" || step === "aborted";
    const error = step === "aborted" ? transferError(this.#channel, transfer.action, errno) : null;
    if (ended) this.#open[direction].delete(number);
    this.#emit(transfer, step, stats.bytesAcked ?? 0, error);
    if (ended && transfer.acknowledgement?.pending) transfer.acknowledgement.settle(error ?? "delivered");
    else if (direction === "send" && !reported && !this.#isFollowed(transfer)) return error;
    return null;
  }

  onFailure(failure: Error): void {
    for (const acknowledgement of [...this.#expected.values()]) acknowledgement.settle(failure);
    this.#feeds.fail(failure);
  }

  /** Ends all feeds, and rejects all pending waits. */
  close(makeError: () => Error): void {
    this.#closed = true;
    this.#checkTimer.clear();
    this.#feeds.close();
    for (const acknowledgement of [...this.#expected.values()]) acknowledgement.settle(makeError());
  }

  #isFollowed({ total }: OpenTransfer): boolean {
    return this.#feeds.size > 0 && total > SINGLE_FRAME_BYTES;
  }

  #remember(transfer: OpenTransfer): void {
    const all = this.#open[transfer.direction];
    all.set(transfer.number, transfer);
    for (const [number, { acknowledgement }] of all) {
      if (all.size <= MAX_OPEN) break;
      if (!acknowledgement?.pending) all.delete(number);
    }
  }

  #emit(transfer: OpenTransfer, type: TransferEvent["type"], bytes: number, error: CanOperationError | null): void {
    if (!this.#isFollowed(transfer)) return;
    const { direction, number, pgn, source, destination, total } = transfer;
    this.#feeds.push({ direction, type, number, pgn, source, destination, bytes, total, error });
  }

  #watch(): void {
    if (this.#closed) return;
    const acknowledging = this.#expected.size > 0;
    const keepAlive = this.#keepAlive && (this.#feeds.keepAlive || acknowledging);
    this.#host.watch(this.#feeds.waiting || acknowledging ? { keepAlive } : null);
    this.#checkTimer.set(
      acknowledging ? this.#checkTimer.at ?? performance.now() + LOST_REPORT_CHECK : Infinity,
      this.#keepAlive,
    );
  }

  /** Ends the waits for messages that the kernel has finished without a report. */
  #checkLostReports(): void {
    const waiting = [...this.#open.send.values()].filter(({ acknowledgement }) => acknowledgement?.pending);
    if (this.#host.settle()) {
      for (const { action, acknowledgement } of waiting) {
        const code = errnoName(ENOBUFS);
        const text =
          `Cannot confirm the attempt to ${action} on "${this.#channel}": ${code} (the kernel had no buffer space for ` +
          "the report: receive faster, or give the socket a larger receiveBuffer)";
        acknowledgement!.settle(new CanOperationError(text, { code, errno: ENOBUFS, channel: this.#channel }));
      }
    }
    this.#watch();
  }

  #follow(): void {
    if (this.#closed) return;
    this.#host.follow(this.#expected.size > 0 || this.#feeds.size > 0, this.#feeds.size > 0);
  }
}
