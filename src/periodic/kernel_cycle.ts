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
import type { Cycle, CycleEnd } from "./task.ts";

/** Counts frames that have no end: the kernel counts down, and so tells how many were sent. */
const ENDLESS = 0xffffffff;

/** Milliseconds between two looks whether the report of an end got lost, where there is nothing else to look for. */
const LOST = 5000;

/** Frames before an end that are too few for another interval to be worth it. */
const FEW = 16;

/** How often in a period the moment after a frame is looked for, and for how many periods or milliseconds at least. */
const LOOKS = { each: 8, periods: 2, milliseconds: 8 };

/** Milliseconds of a period in which that is done without a pause, which timers are too slow for. */
const SHORT = 4;

const ACTION = "send periodically";

/** How many frames the kernel has still to send, asked between two times, in milliseconds. */
interface Look {
  readonly asked: number;
  readonly at: number;
  readonly left: number;
}

/** An interval that is to be set in the moment after a frame, what the last look for that found, and when to give up. */
interface Wish {
  readonly interval: number;
  last: Look;
  readonly until: number;
}

/** What cycles need of the socket that they share. */
export interface CycleSocket {
  /** The socket; opened if there is none. */
  readonly bcm: BcmPort<unknown>;
  /** A name in the kernel for what a cycle sends; it is told when the kernel reports its end. */
  register(cycle: KernelCycle): number;
  /** A cycle sends no more. */
  forget(cycle: KernelCycle, key: number): void;
  /** Passes on what the kernel has reported. */
  drain(): void;
  /** Whether somebody waits for a report. */
  await(cycle: KernelCycle, awaited: boolean, keepAlive: boolean): void;
  /** A look has failed: the interface is gone, say. */
  lookFailed(cycle: KernelCycle, error: unknown): void;
}

/** One task of the broadcast manager. */
export class KernelCycle implements Cycle {
  readonly #socket: CycleSocket;
  readonly #end: CycleEnd;
  /** Its name in the kernel; 0 while it sends nothing. */
  #key = 0;
  #plan!: Plan;
  #target!: BcmTarget;
  /** Frames that the kernel has been told to count. */
  #count = 0;
  #subsequent = false;
  #steering!: Steering;
  #wish: Wish | null = null;
  /** About how many frames more than the kernel counts have left: while it was told an interval. */
  #uncounted = 0;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: CycleSocket, end: CycleEnd) {
    this.#socket = socket;
    this.#end = end;
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
    this.#over();
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
      this.#lookLater();
    }
    this.#plan = plan;
  }

  look(): void {
    this.#socket.drain();
  }

  await(awaited: boolean, keepAlive: boolean): void {
    this.#socket.await(this, awaited, keepAlive);
  }

  /** The kernel reports that the last frame has been sent. */
  expired(): void {
    if (this.#plan.subsequentPeriod !== 0) return;
    try {
      this.stop(); // it would stay in the kernel, idle
    } finally {
      this.#over();
      this.#end.ended();
    }
  }

  /** The kernel does not send any more. */
  failed(error: unknown): void {
    this.#over();
    this.#end.failed(error, false); // all else that uses the interface tells of it
  }

  /** Waiting for reports has failed. */
  waitFailed(error: unknown): void {
    this.#end.waitFailed(error);
  }

  /** The socket and all that it sent is no more. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#wish = null;
    this.#key = 0;
  }

  /** Goes on with a new socket, as if it had been sending all the while. */
  resume(): void {
    const { count, period, subsequentPeriod } = this.#plan;
    const due = Math.floor(1000 * (performance.now() - this.#startedAt) / period) + 1;
    if (count === 0 || due < count) this.#begin(this.#plan, count && count - due);
    else if (subsequentPeriod !== 0) this.#begin(this.#plan, 0, true);
    else this.#end.ended();
  }

  /** Whether the kernel counts to an end. */
  get #finite(): boolean {
    return this.#count !== ENDLESS;
  }

  /**
   * @param count How many frames are to be counted; 0 for no end.
   * @param subsequent Whether those of `count` have been sent.
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
      this.#over();
      throw error;
    }
    // The kernel reports an end only of frames that its timer has sent.
    if (this.#count === 1 && plan.subsequentPeriod === 0) this.expired();
    else this.#lookLater();
  }

  #over(): void {
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
   * Sets the interval. The kernel takes the number of frames along with it: those that leave between the question how many
   * are left and this are sent in addition.
   */
  #setTimer(left: number, interval: number, plan: Plan): void {
    this.#command({ ...this.#head(TX_SETUP, SETTIMER), ...this.#timing(left, interval, plan) }, plan);
  }

  #steerFrom(period: number, sent: number): void {
    this.#steering = new Steering(period, performance.now(), sent);
    this.#wish = null;
    this.#uncounted = 0;
  }

  /** Whether a number of frames has to be met exactly: then the interval stays as it is. */
  get #exact(): boolean {
    return this.#finite && this.#plan.exact;
  }

  /** Wishes for the interval that keeps the mean period. */
  #steer(look: Look): void {
    if (this.#exact || (this.#finite && look.left <= FEW)) return;
    const interval = this.#steering.look(look.at, this.#count - look.left);
    if (interval === null) return;
    const wait = Math.max(LOOKS.periods * this.#period / 1000, LOOKS.milliseconds);
    this.#wish = { interval, last: look, until: look.at + wait };
  }

  /** Sets the interval if a frame has just left: the next comes long after the kernel has been told. */
  #seize(wish: Wish, look: Look): void {
    const { asked, left } = wish.last;
    const justLeft = look.left < left && look.at - asked < this.#steering.interval / 2000;
    wish.last = look;
    if (justLeft || look.at >= wish.until) this.#setInterval(wish.interval, look, justLeft ? asked : -Infinity);
  }

  /** @param since When the last frame had not left yet: the next cannot come before an interval after that. */
  #setInterval(interval: number, look: Look, since: number): void {
    this.#wish = null;
    const known = this.#finite ? Math.min(Math.round(this.#uncounted), look.left - 1) : 0;
    const left = look.left - known;
    this.#setTimer(left, interval, this.#plan);
    const at = performance.now();
    const sure = at - since < this.#steering.interval / 1000;
    const uncounted = (sure ? 0 : 1000 * (at - look.at) / this.#period) - known;
    this.#uncounted += uncounted;
    this.#steering.set(interval, at, this.#count - left, uncounted);
  }

  /** The period of what is being sent, in microseconds. */
  get #period(): number {
    return this.#subsequent ? this.#plan.subsequentPeriod : this.#plan.period;
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    const wait = this.#exact ? LOST : this.#steering.wait;
    this.#timer = setTimeout(() => this.#lookNow(), this.#wish === null ? wait : this.#period / 1000 / LOOKS.each);
    setKeepAlive(this.#timer, false);
  }

  #lookNow(): void {
    const key = this.#key;
    try {
      this.#socket.drain();
      if (this.#key !== key || key === 0) return;
      do this.#lookOnce(); while (this.#wish !== null && this.#period <= 1000 * SHORT);
    } catch (error) {
      this.#wish = null;
      this.#socket.lookFailed(this, error);
    }
    if (this.#key === key && key !== 0) this.#lookLater();
  }

  #lookOnce(): void {
    const asked = performance.now();
    const left = this.#left();
    const look = { asked, at: performance.now(), left };
    if (left === 0) this.#countedDown();
    else if (this.#wish !== null) this.#seize(this.#wish, look);
    else this.#steer(look);
  }

  /** The kernel has come to the end of what it counts. */
  #countedDown(): void {
    const { subsequentPeriod } = this.#plan;
    if (this.#finite && subsequentPeriod === 0) return this.expired(); // the report found no room, say
    this.#subsequent ||= this.#finite;
    this.#count = ENDLESS;
    this.#setTimer(ENDLESS, this.#period, this.#plan);
    this.#steerFrom(this.#period, 0);
  }
}
