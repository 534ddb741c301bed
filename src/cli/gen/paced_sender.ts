/**
 * Sending at a rate.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import { pause, Turns } from "../../endpoint/turn.ts";
import { CanError } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import { unlessStopped } from "../command/waiting.ts";

/** The largest number of frames handed to the kernel with one call. */
const BATCH = 256;
/** The time in milliseconds for which `precise` waits in a busy loop. */
const ACTIVE = 2;

/** What is sent, and when. */
export interface Pace {
  /** Makes the next frame. */
  readonly next: () => Message;
  /** How many; Infinity for no end. */
  readonly count: number;
  /** Milliseconds from one burst to the next; 0 for as fast as possible. */
  readonly gap: number;
  /** Frames a burst. */
  readonly burst: number;
  /** Whether to wait for each burst in a busy loop. */
  readonly precise: boolean;
  /** Seconds to wait for room in the queue. */
  readonly room: number;
  /** Whether a frame for which there is no room is dropped, instead of failing. */
  readonly drop: boolean;
  readonly signal: AbortSignal;
  /** Called with the frames that were sent. */
  readonly sent?: (messages: readonly Message[]) => void;
}

/** What is sent on, such as a `Bus`. */
export type Way = Pick<Bus, "channel" | "sendMany" | "sendManyAsync">;

/** Sends frames, each at a fixed time after the first: one that is late delays none of the following. */
export class PacedSender {
  /** The number of frames sent. */
  sent = 0;
  /** The number of frames for which there was no room. */
  dropped = 0;
  readonly #bus: Way;
  readonly #pace: Pace;
  #start = 0;
  #last = 0;
  readonly #turns = new Turns();
  #mostLate = 0;
  #allLate = 0;

  constructor(bus: Way, pace: Pace) {
    this.#bus = bus;
    this.#pace = pace;
  }

  /**
   * Sends until the count is reached or the signal comes.
   *
   * @throws {CanError} The interface went down, or there was no room.
   */
  async run(): Promise<void> {
    const { count, next, signal } = this.#pace;
    this.#start = this.#last = performance.now();
    for (let done = 0; done < count && !signal.aborted;) {
      await this.#until(this.#dueAt(done));
      if (signal.aborted) return;
      const batch: Message[] = [];
      const now = performance.now();
      for (let due; batch.length < BATCH && done < count && (due = this.#dueAt(done)) <= now; done++) {
        batch.push(next());
        if (this.#pace.gap === 0) continue;
        this.#mostLate = Math.max(this.#mostLate, now - due);
        this.#allLate += now - due;
      }
      this.#last = now;
      await this.#send(batch);
    }
  }

  /** What came of it: `1000 frames in 4.995 s: 200.0 a second, of 200.0; …`. */
  get report(): string {
    const { gap, burst } = this.#pace;
    const all = this.sent + this.dropped;
    const seconds = (this.#last - this.#start) / 1000;
    let text = `${this.sent} frame${this.sent === 1 ? "" : "s"} in ${seconds.toFixed(3)} s`;
    // From the first burst to the last, without the pause that would follow it.
    const intervals = Math.ceil(all / burst) - 1;
    if (intervals > 0 && seconds > 0) {
      const rate = gap === 0 ? this.sent / seconds : intervals * burst * this.sent / all / seconds;
      text += `: ${rate.toFixed(1)} a second`;
      if (gap > 0) text += ` of ${(1000 * burst / gap).toFixed(1)}`;
    }
    if (gap > 0 && all > 0) {
      text += `; late by ${this.#mostLate.toFixed(1)} ms at most, ${(this.#allLate / all).toFixed(1)} ms on average`;
    }
    return this.dropped > 0 ? `${text}; ${this.dropped} dropped, as there was no room in the queue` : text;
  }

  /** When a frame is due, in milliseconds of the monotonic clock. */
  #dueAt(index: number): number {
    const { gap, burst } = this.#pace;
    return this.#start + Math.floor(index / burst) * gap;
  }

  async #until(time: number): Promise<void> {
    const { precise, signal } = this.#pace;
    for (let rest; (rest = time - performance.now()) > 0 && !signal.aborted;) {
      if (!precise) await pause(rest, signal);
      else if (rest > ACTIVE) await pause(rest - ACTIVE, signal);
      else while (performance.now() < time);
    }
    await this.#turns.give();
  }

  async #send(batch: readonly Message[]): Promise<void> {
    for (let rest = batch; rest.length > 0;) {
      let count = this.#sendNow(rest);
      if (count === 0) count = await this.#sendLater(rest[0]);
      if (this.#pace.signal.aborted && count === 0) return;
      this.#pace.sent?.(rest.slice(0, count));
      if (count === 0) {
        if (!this.#pace.drop) throw this.#full();
        this.dropped++;
      }
      this.sent += count;
      rest = rest.slice(Math.max(count, 1));
    }
  }

  #sendNow(messages: readonly Message[]): number {
    try {
      return this.#bus.sendMany(messages, 0);
    } catch (error) {
      if (error instanceof CanError) this.sent += error.sent ?? 0;
      throw error;
    }
  }

  /** Waits for room for one frame, as how many of several were sent is not known after a signal. */
  async #sendLater(message: Message): Promise<number> {
    const { room, signal } = this.#pace;
    if (room === 0) return 0;
    const wait = this.#bus.sendManyAsync([message], { timeout: room === Infinity ? null : room, signal });
    return await unlessStopped(wait, signal, 0);
  }

  #full(): CanError {
    const { room } = this.#pace;
    const channel = this.#bus.channel;
    return new CanError(
      `Cannot send to "${channel}": no room in the queue${room > 0 ? ` within ${1000 * room} ms` : ""}`,
      { code: "ENOBUFS", syscall: "send", channel },
    );
  }
}
