/**
 * Periodic sending by the kernel's broadcast manager.
 *
 * @module
 */

import type { BcmPort, BcmTarget } from "../bcm/port.ts";
import { setKeepAlive } from "../endpoint/turn.ts";
import {
  type BcmHead,
  CAN_FD_FRAME,
  SETTIMER,
  STARTTIMER,
  TX_COUNTEVT,
  TX_DELETE,
  TX_READ,
  TX_SETUP,
} from "../kernel/bcm.ts";
import type { Plan } from "./plan.ts";
import { Steering } from "./steering.ts";
import type { Cycle, CycleListener } from "./task.ts";

/** Count of a task without an end. The kernel counts down from it, which shows how many frames it has sent. */
const ENDLESS = 0xffffffff;

/** Milliseconds between two samples of a task that is not corrected: TX_EXPIRED may have been lost, or the interface removed. */
const CHECK = 5000;

/** With no more frames left than this, a correction is not worth its cost. */
const FEW_LEFT = 16;

/** Waiting for the moment after a frame: samples per period, and for how many periods, but at least how many milliseconds. */
const SEARCH = { perPeriod: 8, periods: 2, milliseconds: 8 };

/** Up to this period, in milliseconds, that is a busy loop: timers are too slow for it. */
const BUSY_UP_TO = 4;

const ACTION = "send periodically";

/** How many frames the kernel has still to send, read between two times, in milliseconds. */
interface Sample {
  readonly before: number;
  readonly after: number;
  readonly left: number;
}

/** An interval to be set in the moment after a frame. */
interface PendingInterval {
  /** Microseconds. */
  readonly interval: number;
  last: Sample;
  /** When to set it regardless, in milliseconds. */
  readonly deadline: number;
}

/** The socket that the cycles of a bus share. */
export interface CycleSocket {
  /** The socket; opened at the first use. */
  readonly bcm: BcmPort<unknown>;
  /** Returns a key by which the kernel knows what the cycle sends, and passes on the report of its end. */
  register(cycle: KernelCycle): number;
  /** The cycle has stopped sending. */
  forget(cycle: KernelCycle, key: number): void;
  /** Receives the kernel's reports and passes them on. */
  drain(): void;
  /** Whether a caller waits for the cycle's end, and whether that keeps the process alive. */
  setAwaited(cycle: KernelCycle, awaited: boolean, keepAlive: boolean): void;
  /** Taking a sample has failed: the interface is gone, say. */
  sampleFailed(cycle: KernelCycle, error: unknown): void;
}

/** Sends a task's messages by the broadcast manager. */
export class KernelCycle implements Cycle {
  readonly #socket: CycleSocket;
  readonly #listener: CycleListener;
  /** Its key in the kernel (`can_id` of the head); 0 while it sends nothing. */
  #key = 0;
  #plan!: Plan;
  #target!: BcmTarget;
  /** Frames that the kernel was given to count. */
  #count = 0;
  #subsequent = false;
  #steering!: Steering;
  #pending: PendingInterval | null = null;
  /** Estimated number of frames that were sent without being counted, while an interval was set. */
  #uncounted = 0;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: CycleSocket, listener: CycleListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  get subsequent(): boolean {
    if (!this.#subsequent && this.#plan.subsequentPeriod !== 0 && this.#key !== 0 && this.#left() === 0) {
      this.#countedDown();
    }
    return this.#subsequent;
  }

  start(plan: Plan): void {
    this.#startedAt = performance.now();
    this.#begin(plan, plan.count);
  }

  stop(): void {
    if (this.#key !== 0) {
      this.#socket.bcm.erase("stop sending periodically", this.#head(TX_DELETE, 0), this.#target);
    }
    this.#forget();
  }

  setMessages(plan: Plan): void {
    if (this.#key !== 0) this.#command(this.#head(TX_SETUP, 0), plan);
    this.#plan = plan;
  }

  setPeriod(plan: Plan): void {
    if (this.#key !== 0) {
      const period = this.#subsequent ? plan.subsequentPeriod : plan.period;
      const left = this.#left();
      this.#setTimer(left, period, plan);
      this.#steerFrom(period, this.#count - left);
      this.#sampleLater();
    }
    this.#plan = plan;
  }

  poll(): void {
    this.#socket.drain();
  }

  setAwaited(awaited: boolean, keepAlive: boolean): void {
    this.#socket.setAwaited(this, awaited, keepAlive);
  }

  /** The kernel has reported that the last frame was sent (TX_EXPIRED). */
  expired(): void {
    if (this.#plan.subsequentPeriod !== 0) return;
    try {
      this.stop(); // otherwise it stays in the kernel, idle
    } finally {
      this.#forget();
      this.#listener.ended();
    }
  }

  /** The kernel has stopped sending. */
  failed(error: unknown): void {
    this.#forget();
    this.#listener.failed(error, false); // everything else that uses the interface reports it
  }

  /** Waiting for the kernel's reports has failed. */
  waitFailed(error: unknown): void {
    this.#listener.waitFailed(error);
  }

  /** The socket was closed, and with it all that it sent. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#pending = null;
    this.#key = 0;
  }

  /** Continues with a new socket, as if it had been sending in the meantime. */
  resume(): void {
    const { count, period, subsequentPeriod } = this.#plan;
    const due = Math.floor(1000 * (performance.now() - this.#startedAt) / period) + 1;
    if (count === 0 || due < count) this.#begin(this.#plan, count && count - due);
    else if (subsequentPeriod !== 0) this.#begin(this.#plan, 0, true);
    else this.#listener.ended();
  }

  /** Whether the kernel counts down to an end. */
  get #finite(): boolean {
    return this.#count !== ENDLESS;
  }

  /**
   * @param count How many frames to count; 0 for no end.
   * @param subsequent Whether the frames of the plan's `count` have been sent.
   */
  #begin(plan: Plan, count: number, subsequent = false): void {
    const period = subsequent ? plan.subsequentPeriod : plan.period;
    this.#plan = plan;
    this.#subsequent = subsequent;
    this.#count = count || ENDLESS;
    this.#target = this.#socket.bcm.target(plan.messages[0].channel);
    this.#key = this.#socket.register(this);
    this.#steerFrom(period, 1);
    try {
      this.#command(
        { ...this.#head(TX_SETUP, SETTIMER | STARTTIMER), ...this.#timing(this.#count, period, plan) },
        plan,
      );
    } catch (error) {
      this.#forget();
      throw error;
    }
    // The kernel reports the end only if its timer has sent the last frame: a single one is sent by the command itself.
    if (this.#count === 1 && plan.subsequentPeriod === 0) this.expired();
    else this.#sampleLater();
  }

  #forget(): void {
    this.#socket.forget(this, this.#key);
    this.lost();
  }

  #head(opcode: number, flags: number): BcmHead {
    const { messages: [first], subsequentPeriod } = this.#plan;
    const counting = opcode === TX_SETUP && this.#finite && subsequentPeriod === 0;
    return {
      opcode,
      flags: flags | (first.isFd ? CAN_FD_FRAME : 0) | (counting ? TX_COUNTEVT : 0),
      canId: this.#key,
    };
  }

  #timing(count: number, interval: number, plan: Plan): Pick<BcmHead, "count" | "ival1" | "ival2"> {
    return { count, ival1: interval, ival2: this.#finite ? plan.subsequentPeriod : interval };
  }

  #command(head: BcmHead, { messages }: Plan): void {
    this.#socket.bcm.command(ACTION, head, messages, this.#target);
  }

  /** How many frames the kernel has still to send. */
  #left(): number {
    const report = this.#socket.bcm.read(ACTION, TX_READ, this.#head(TX_READ, 0), this.#target);
    return report?.head.count ?? 0;
  }

  /**
   * Sets the interval. The kernel takes the number of frames along with it: frames that are sent between reading that number
   * and this call are not counted.
   */
  #setTimer(left: number, interval: number, plan: Plan): void {
    this.#command({ ...this.#head(TX_SETUP, SETTIMER), ...this.#timing(left, interval, plan) }, plan);
  }

  #steerFrom(period: number, sent: number): void {
    this.#steering = new Steering(period, performance.now(), sent);
    this.#pending = null;
    this.#uncounted = 0;
  }

  /** Whether intervals are corrected to keep the mean period. */
  get #precise(): boolean {
    return this.#subsequent ? this.#plan.subsequentPrecise : this.#plan.precise;
  }

  /** Finds the interval that keeps the mean period, to be set after a frame. */
  #steer(sample: Sample): void {
    if (!this.#precise || (this.#finite && sample.left <= FEW_LEFT)) return;
    const interval = this.#steering.sample(sample.after, this.#count - sample.left);
    if (interval === null) return;
    const wait = Math.max(SEARCH.periods * this.#period / 1000, SEARCH.milliseconds);
    this.#pending = { interval, last: sample, deadline: sample.after + wait };
  }

  /** Sets the interval if a frame has just been sent: the next one is due long after the kernel has the new interval. */
  #applyAfterFrame(pending: PendingInterval, sample: Sample): void {
    const { before, left } = pending.last;
    const justSent = sample.left < left && sample.after - before < this.#steering.interval / 2000;
    pending.last = sample;
    if (justSent || sample.after >= pending.deadline) {
      this.#setInterval(pending.interval, sample, justSent ? before : -Infinity);
    }
  }

  /** @param since A time at which the last frame had not been sent yet: the next one is due an interval later at the earliest. */
  #setInterval(interval: number, sample: Sample, since: number): void {
    this.#pending = null;
    const known = this.#finite ? Math.min(Math.round(this.#uncounted), sample.left - 1) : 0;
    const left = sample.left - known;
    this.#setTimer(left, interval, this.#plan);
    const at = performance.now();
    const sure = at - since < this.#steering.interval / 1000;
    const uncounted = (sure ? 0 : 1000 * (at - sample.after) / this.#period) - known;
    this.#uncounted += uncounted;
    this.#steering.set(interval, at, this.#count - left, uncounted);
  }

  /** The period of what is being sent, in microseconds. */
  get #period(): number {
    return this.#subsequent ? this.#plan.subsequentPeriod : this.#plan.period;
  }

  #sampleLater(): void {
    clearTimeout(this.#timer);
    const delay = this.#precise ? this.#steering.delay : CHECK;
    this.#timer = setTimeout(
      () => this.#onTimer(),
      this.#pending === null ? delay : this.#period / 1000 / SEARCH.perPeriod,
    );
    setKeepAlive(this.#timer, false);
  }

  #onTimer(): void {
    const key = this.#key;
    try {
      this.#socket.drain();
      if (this.#key !== key || key === 0) return;
      do this.#sampleOnce(); while (this.#pending !== null && this.#period <= 1000 * BUSY_UP_TO);
    } catch (error) {
      this.#pending = null;
      this.#socket.sampleFailed(this, error);
    }
    if (this.#key === key && key !== 0) this.#sampleLater();
  }

  #sampleOnce(): void {
    const before = performance.now();
    const left = this.#left();
    const sample = { before, after: performance.now(), left };
    if (left === 0) this.#countedDown();
    else if (this.#pending !== null) this.#applyAfterFrame(this.#pending, sample);
    else this.#steer(sample);
  }

  /** The kernel has counted down to 0. */
  #countedDown(): void {
    const { subsequentPeriod } = this.#plan;
    if (this.#finite && subsequentPeriod === 0) return this.expired(); // its report was lost: the receive buffer was full, say
    this.#subsequent ||= this.#finite;
    this.#count = ENDLESS;
    this.#setTimer(ENDLESS, this.#period, this.#plan);
    this.#steerFrom(this.#period, 0);
  }
}
