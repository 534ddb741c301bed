/**
 * From a log onto buses, in time.
 *
 * @module
 */

import { checkBoolean, checkSignal, checkWhole } from "../check.ts";
import type { CanSocket } from "../endpoint/can_socket.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import { Message } from "../message/message.ts";
import type { LogItem } from "./entry.ts";
import type { LogReadOptions } from "./options.ts";
import { LogReader } from "./reader.ts";
import { checkSelectionNames, type LogSelection, Selector } from "./select.ts";

/** What a replay sends to: a `Bus`. */
type Target = CanSocket<Message, Message>;

/**
 * How a log is replayed.
 *
 * @category Logs
 */
export interface ReplayOptions extends LogSelection, SignalOptions {
  /** How many times as fast as it was recorded: 2 takes half the time; Infinity as fast as the buses take it. Default 1. */
  readonly speed?: number;
  /** Seconds from one message to the next, whatever the log says. Default: as the log says. */
  readonly step?: number;
  /** The longest pause between two messages of the log, in seconds of the log; longer ones are shortened. Default: none. */
  readonly skipGaps?: number;
  /** How many times it is replayed; Infinity until the signal ends it. Default 1. */
  readonly loops?: number;
  /** Whether error frames are sent too, which a controller cannot do; vcan and the virtual bus can. Default false. */
  readonly errorFrames?: boolean;
  /**
   * Whether to wait actively for the last two milliseconds before a message: then most are sent within some 100 µs, and a
   * processor is busy. Default false, where timers send most within some 2 ms.
   */
  readonly precise?: boolean;
  /** How the log is read. */
  readonly read?: Omit<LogReadOptions, "signal" | "follow">;
}

/**
 * What came of a replay.
 *
 * @category Logs
 */
export interface ReplayReport {
  /** Messages that were sent. */
  readonly messages: number;
  /** Messages that were not selected, or whose channel has no bus. */
  readonly leftOut: number;
  /** How late messages were sent, in seconds, at most and on average. */
  readonly late: { readonly most: number; readonly mean: number };
  /** Why it ended. */
  readonly ended: "end" | "signal";
}

/**
 * A replay that goes on, and can be held. Awaiting it waits for its end.
 *
 * @category Logs
 */
export interface Replay extends PromiseLike<ReplayReport> {
  /** Resolves at the end; rejects if a message cannot be sent or the log cannot be read. */
  readonly done: Promise<ReplayReport>;
  /** Where it is: seconds of the log after its first message. */
  readonly position: number;
  /** Whether it is held. */
  readonly paused: boolean;
  /** Holds it: the next message waits. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /**
   * Goes on at another place.
   *
   * @param position Seconds of the log after its first message.
   * @throws {RangeError} It is negative or NaN.
   * @throws {TypeError} The log is a stream, and the place is before this one.
   */
  seek(position: number): void;
}

const names = ["speed", "step", "skipGaps", "loops", "errorFrames", "precise", "read", "signal"];

/** Messages that are sent at once. */
const BATCH = 256;
/** Milliseconds before a message that `precise` waits actively. */
const ACTIVE = 2;

/**
 * Replays a log.
 *
 * Messages are due at fixed times, reckoned from the first one, so that a long replay does not drift; what is due together
 * is sent together.
 *
 * @param log A path, or the bytes of a file.
 * @param buses One for all channels, or one for each by the names of the log's channels; messages of other channels are
 * left out.
 *
 * @example
 * ```ts ignore
 * const { late } = await replay("drive.log", { can0: bus }, { speed: 2 });
 * ```
 *
 * @throws {TypeError | RangeError} An option is wrong.
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
  /** When it was held, in milliseconds of the monotonic clock; NaN if it is not. */
  #pausedAt = NaN;
  /** The place that was asked for and is not reached yet. */
  #target: number | null = null;
  /** When the schedule's time 0 is due, in milliseconds of the monotonic clock; NaN if the next message is due at once. */
  #zero = NaN;
  /** Ends the wait for the next message early. */
  #wake: () => void = () => {};
  /** What is due together, and how late each was, in seconds, when it was added. */
  #group: Message[] = [];
  #groupDue: number[] = [];
  #groupBus: Target | null = null;
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
    new Selector(options); // refuses wrong options now
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
        while (await this.#play() === "again");
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

  /** Plays the log once, from its beginning or the place that was asked for; "again" for a place before this one. */
  async #play(): Promise<"end" | "again"> {
    const { read, signal } = this.#options;
    const selector = new Selector(this.#options);
    const schedule = new Schedule(this.#options);
    await using reader = LogReader.open(this.#log, read);
    for await (const items of reader.batches()) {
      for (const item of items) {
        const bus = this.#select(item, selector);
        if (selector.past) break;
        if (bus === null) continue;
        const { message, target } = bus;
        const stamp = Number(message.timestampNs - selector.firstNs!) / 1e9;
        if (this.#target !== null && stamp < this.#target) continue;
        this.#target = null;
        const time = schedule.timeOf(stamp);
        const due = this.#dueAt(time);
        if (target === this.#groupBus && this.#group.length < BATCH && due <= performance.now() && !this.paused) {
          this.#add(target, message, due);
        } else {
          await this.#send();
          const outcome = await this.#until(time);
          if (signal?.aborted) return "end";
          if (outcome === "seek") {
            if (stamp < this.#target!) continue;
            return "again";
          }
          this.#add(target, message, this.#dueAt(time));
        }
        this.#position = stamp;
      }
      await this.#send();
      if (selector.past || signal?.aborted) return "end";
    }
    // A place after the end is the end.
    this.#target = null;
    return "end";
  }

  /** The message that an item is, if it is wanted, and its bus. */
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
  }

  /** Waits until a message is due. */
  async #until(time: number): Promise<"due" | "seek"> {
    const { precise = false, signal } = this.#options;
    for (;;) {
      if (signal?.aborted) return "due";
      if (this.#target !== null) return "seek";
      if (this.paused) {
        await this.#sleep(Infinity);
        continue;
      }
      if (Number.isNaN(this.#zero)) this.#zero = performance.now() - 1000 * time / this.#speed;
      const rest = this.#dueAt(time) - performance.now();
      if (rest <= 0) return "due";
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

/** When messages are due, in seconds of the log's time, of which long gaps are cut. */
class Schedule {
  readonly #step: number | undefined;
  readonly #skipGaps: number;
  #count = 0;
  /** Seconds that were cut out. */
  #cut = NaN;
  /** The time of the latest message. */
  #latest = 0;

  constructor({ step, skipGaps = Infinity }: ReplayOptions) {
    this.#step = step;
    this.#skipGaps = skipGaps;
  }

  /** @param stamp Seconds of the log after its first message. */
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
