/**
 * Replaying a log onto buses with its original timing.
 *
 * @module
 */

import { checkBoolean, checkSignal, checkWhole } from "../check.ts";
import type { CanSocket } from "../endpoint/can_socket.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import { Turns } from "../endpoint/turn.ts";
import { Message } from "../message/message.ts";
import type { LogItem } from "./entry.ts";
import type { LogReadOptions } from "./options.ts";
import { LogReader } from "./reader.ts";
import { checkSelectionNames, type LogSelection, Selector } from "./select.ts";

/** What a replay sends to, such as a `Bus`. */
type Target = CanSocket<Message, Message>;

/**
 * Options of `replay`. Aborting `signal` ends the replay normally.
 *
 * @category Logs
 */
export interface ReplayOptions extends LogSelection, SignalOptions {
  /** The speed relative to the recording, more than 0: 2 takes half the time, Infinity sends without waiting. Default 1. */
  readonly speed?: number;
  /** A fixed interval between messages in seconds, 0 or more, at speed 1. Default: the intervals of the log. */
  readonly step?: number;
  /** The longest gap between two messages in seconds of the log, more than 0; longer gaps are cut to it. Default: no limit. */
  readonly skipGaps?: number;
  /** The number of times to replay the log, at least 1; Infinity repeats until `signal` is aborted. Default 1. */
  readonly loops?: number;
  /** Whether to send error frames, which a real controller cannot, unlike vcan and the virtual bus. Default false. */
  readonly errorFrames?: boolean;
  /**
   * Whether to busy-wait for the last 2 ms before a message, which blocks the event loop: then most messages are late by
   * less than some 100 µs. Default false: with timers, most are late by less than some 2 ms.
   */
  readonly precise?: boolean;
  /** Options for reading the log. */
  readonly read?: Omit<LogReadOptions, "signal" | "follow">;
}

/**
 * The result of a replay.
 *
 * @category Logs
 */
export interface ReplayReport {
  /** The number of messages sent. */
  readonly messages: number;
  /** The number of messages that were not selected, error frames left out, and messages of a channel without a bus. */
  readonly leftOut: number;
  /** How late messages were sent, in seconds: the maximum and the mean. */
  readonly late: { readonly most: number; readonly mean: number };
  /** Why the replay ended: at the end of the log, or by the signal. */
  readonly ended: "end" | "signal";
}

/**
 * A running replay, which can be paused. Awaiting it waits for its end.
 *
 * @category Logs
 */
export interface Replay extends PromiseLike<ReplayReport> {
  /** Resolves at the end of the replay; rejects if a message cannot be sent or the log cannot be read. */
  readonly done: Promise<ReplayReport>;
  /** The position in the log: seconds after its first message. It changes with each message sent, and with `seek`. */
  readonly position: number;
  /** Whether the replay is paused. */
  readonly paused: boolean;
  /** Pauses the replay before the next message. */
  pause(): void;
  /** Resumes a paused replay. */
  resume(): void;
  /**
   * Continues at another position, with the next message from there on, at once or when the replay is resumed. To go back,
   * the log is read again from its beginning.
   *
   * @param position Seconds after the first message of the log, 0 or more. A position after the end ends the replay.
   * @throws {RangeError} The position is negative, infinite or not a number.
   */
  seek(position: number): void;
}

const names = ["speed", "step", "skipGaps", "loops", "errorFrames", "precise", "read", "signal"];

/** The largest number of messages sent with one call. */
const BATCH = 256;
/** The time in milliseconds for which `precise` busy-waits. */
const ACTIVE = 2;

/**
 * Replays a log. Returns at once; await the result for the end of the replay.
 *
 * Each message is due at a fixed time after the first one, so that a long replay does not drift. Messages that are due at
 * the same time are sent with one call.
 *
 * @param log A path, or the bytes of a file.
 * @param buses One bus for all channels, or an object of buses by channel name, which leaves out messages of other
 * channels.
 *
 * @example
 * ```ts ignore
 * const { late } = await replay("drive.log", { can0: bus }, { speed: 2 });
 * ```
 *
 * @throws {TypeError | RangeError} An argument or an option is invalid.
 *
 * @category Logs
 */
export function replay(
  log: string | URL | Uint8Array,
  buses: CanSocket<Message, Message> | Readonly<Record<string, CanSocket<Message, Message>>>,
  options: ReplayOptions = {},
): Replay {
  return new Player(log, buses, options);
}

function checkOptions(options: ReplayOptions): void {
  checkSelectionNames("replay", options, names);
  const { speed, step, skipGaps, loops, errorFrames, precise, signal } = options;
  checkSignal(signal);
  const positive = { speed, skipGaps };
  for (const [name, value] of Object.entries(positive)) {
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`${name} is ${value}: it must be a number above 0`);
    }
  }
  if (step !== undefined && !(typeof step === "number" && step >= 0 && step < Infinity)) {
    throw new RangeError(`step is ${step}: it must be 0 or more seconds`);
  }
  if (loops !== undefined && loops !== Infinity) checkWhole("loops", loops, 1, Number.MAX_SAFE_INTEGER);
  if (errorFrames !== undefined) checkBoolean("errorFrames", errorFrames);
  if (precise !== undefined) checkBoolean("precise", precise);
}

class Player implements Replay {
  readonly done: Promise<ReplayReport>;
  readonly #log: string | URL | Uint8Array;
  readonly #busOf: (channel: string | null) => Target | null;
  readonly #options: ReplayOptions;
  readonly #speed: number;
  #position = 0;
  /** When the replay was paused, in milliseconds of the monotonic clock; NaN if it is running. */
  #pausedAt = NaN;
  /** The position requested by `seek` and not reached yet. */
  #target: number | null = null;
  /** Whether the requested position is behind the current one, so that the log must be read again. */
  #back = false;
  /** When time 0 of the schedule is due, in milliseconds of the monotonic clock; NaN if the next message is due at once. */
  #zero = NaN;
  /** Ends the wait for the next message early. */
  #wake: () => void = () => {};
  /** The messages to be sent together, when each was due, in milliseconds of the monotonic clock, and their bus. */
  #group: Message[] = [];
  #groupDue: number[] = [];
  #groupBus: Target | null = null;
  readonly #turns = new Turns();
  #messages = 0;
  #leftOut = 0;
  #mostLate = 0;
  #allLate = 0;

  constructor(
    log: string | URL | Uint8Array,
    buses: Target | Readonly<Record<string, Target>>,
    options: ReplayOptions,
  ) {
    checkOptions(options);
    this.#log = log;
    this.#options = options;
    this.#speed = options.speed ?? 1;
    const single = typeof (buses as Target)?.send === "function";
    const map = new Map(single ? [] : Object.entries(buses as Record<string, Target>));
    this.#busOf = single ? () => buses as Target : (channel) => map.get(channel ?? "") ?? null;
    new Selector(options); // throws for invalid options before the replay starts
    LogReader.open(log, options.read);
    this.done = this.#run();
  }

  get position(): number {
    return this.#position;
  }

  get paused(): boolean {
    return !Number.isNaN(this.#pausedAt);
  }

  pause(): void {
    if (this.paused) return;
    this.#pausedAt = performance.now();
    this.#wake();
  }

  resume(): void {
    if (!this.paused) return;
    this.#zero += performance.now() - this.#pausedAt;
    this.#pausedAt = NaN;
    this.#wake();
  }

  seek(position: number): void {
    if (!(typeof position === "number" && position >= 0 && position < Infinity)) {
      throw new RangeError(`position is ${position}: it must be 0 or more seconds after the first message`);
    }
    this.#target = position;
    this.#back ||= position <= this.#position;
    this.#position = position;
    this.#zero = NaN;
    this.#wake();
  }

  then<A = ReplayReport, B = never>(
    onFulfilled?: ((report: ReplayReport) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.done.then(onFulfilled, onRejected);
  }

  async #run(): Promise<ReplayReport> {
    const { loops = 1, signal } = this.#options;
    const aborted = () => this.#wake();
    signal?.addEventListener("abort", aborted);
    try {
      for (let loop = 0; loop < loops && !signal?.aborted; loop++) {
        this.#zero = NaN;
        while (await this.#play() === "again") this.#back = false;
        await this.#turns.give();
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
    return {
      messages: this.#messages,
      leftOut: this.#leftOut,
      late: { most: this.#mostLate, mean: this.#messages > 0 ? this.#allLate / this.#messages : 0 },
      ended: signal?.aborted ? "signal" : "end",
    };
  }

  /** Plays the log once, from the requested position; returns "again" if one before the current position is requested. */
  async #play(): Promise<"end" | "again"> {
    const { read, signal } = this.#options;
    const selector = new Selector(this.#options);
    const schedule = new Schedule(this.#options);
    await using reader = LogReader.open(this.#log, { ...read, signal });
    for await (const items of reader.batches()) {
      for (const item of items) {
        if (this.#back || signal?.aborted) break;
        const bus = this.#select(item, selector);
        if (selector.past) break;
        if (bus === null) continue;
        const { message, target } = bus;
        const stamp = Number(message.timestampNs - selector.firstNs!) / 1e9;
        if (this.#isToSkip(stamp)) continue;
        const time = schedule.timeOf(stamp);
        const due = this.#dueAt(time);
        if (target === this.#groupBus && this.#group.length < BATCH && due <= performance.now() && !this.paused) {
          this.#add(target, message, due);
        } else {
          await this.#send();
          await this.#until(time, stamp);
          if (signal?.aborted || this.#back) break;
          if (this.#isToSkip(stamp)) continue;
          this.#add(target, message, this.#dueAt(time));
        }
        this.#position = stamp;
      }
      await this.#send();
      await this.#turns.give(); // although nothing may have been selected
      if (this.#back) return "again";
      if (selector.past || signal?.aborted) return "end";
    }
    if (this.#back) return "again";
    this.#target = null; // a position after the end ends the replay
    return "end";
  }

  /** Whether a message is before the requested position. If it is at or after it, the position is reached. */
  #isToSkip(stamp: number): boolean {
    if (this.#target === null) return false;
    if (stamp < this.#target) return true;
    this.#target = null;
    return false;
  }

  /** Returns the message of an item and its bus; null if it is not to be sent. */
  #select(item: LogItem, selector: Selector): { message: Message; target: Target } | null {
    if (!(item instanceof Message)) return null;
    const wanted = selector.apply(item);
    const target = wanted === null ? null : this.#busOf(item.channel);
    if (target === null || !(wanted instanceof Message) || (wanted.isErrorFrame && !this.#options.errorFrames)) {
      this.#leftOut++;
      return null;
    }
    return { message: wanted, target };
  }

  #dueAt(time: number): number {
    return this.#speed === Infinity ? -Infinity : this.#zero + 1000 * time / this.#speed;
  }

  #add(bus: Target, message: Message, due: number): void {
    this.#groupBus = bus;
    this.#group.push(message);
    this.#groupDue.push(due);
  }

  async #send(): Promise<void> {
    const group = this.#group;
    if (group.length === 0) return;
    const now = performance.now();
    for (const due of this.#groupDue) {
      const late = due === -Infinity ? 0 : Math.max(now - due, 0) / 1000;
      this.#mostLate = Math.max(this.#mostLate, late);
      this.#allLate += late;
    }
    this.#group = [];
    this.#groupDue = [];
    try {
      this.#messages += await this.#groupBus!.sendManyAsync(group, { signal: this.#options.signal });
    } catch (error) {
      const { signal } = this.#options;
      if (!signal?.aborted || error !== signal.reason) throw error;
    }
    await this.#turns.give();
  }

  /** Waits until a message is due, or until the replay is aborted or moved to a position before or after it. */
  async #until(time: number, stamp: number): Promise<void> {
    const { precise = false, signal } = this.#options;
    while (!signal?.aborted && !this.#back && !this.#isToSkip(stamp)) {
      if (this.paused) {
        await this.#sleep(Infinity);
        continue;
      }
      if (Number.isNaN(this.#zero)) this.#zero = performance.now() - 1000 * time / this.#speed;
      const rest = this.#dueAt(time) - performance.now();
      if (rest <= 0) return;
      if (!precise) await this.#sleep(rest);
      else if (rest > ACTIVE) await this.#sleep(rest - ACTIVE);
      else while (performance.now() < this.#dueAt(time));
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === Infinity ? undefined : setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Computes when messages are due, in seconds of the log without the gaps that were cut. */
class Schedule {
  readonly #step: number | undefined;
  readonly #skipGaps: number;
  #count = 0;
  /** The seconds cut so far, including those before the first message; NaN before it. */
  #cut = NaN;
  /** The time of the latest message. */
  #latest = 0;

  constructor({ step, skipGaps = Infinity }: ReplayOptions) {
    this.#step = step;
    this.#skipGaps = skipGaps;
  }

  /** Returns when a message is due. `stamp` is its time in seconds after the first message of the log. */
  timeOf(stamp: number): number {
    if (this.#step !== undefined) return this.#count++ * this.#step;
    if (Number.isNaN(this.#cut)) this.#cut = stamp;
    let time = stamp - this.#cut;
    if (time - this.#latest > this.#skipGaps) {
      this.#cut += time - this.#latest - this.#skipGaps;
      time = this.#latest + this.#skipGaps;
    }
    this.#latest = Math.max(this.#latest, time);
    return time;
  }
}
