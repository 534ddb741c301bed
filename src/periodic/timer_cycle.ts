/**
 * Periodic sending by timers of our own, where the kernel cannot: what a callback changes, CAN XL, the virtual bus.
 *
 * @module
 */

import type { Logger } from "../endpoint/options.ts";
import { setKeepAlive } from "../endpoint/turn.ts";
import { CanError } from "../errors.ts";
import { EINVAL, EMSGSIZE, ENETDOWN } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { Plan } from "./plan.ts";
import type { Cycle, CycleEnd } from "./task.ts";

/** Milliseconds by which frames may be late and are still sent, one after the other; later ones are left out. */
const LATE = 20;

/** The longest delay that the runtimes' timers take, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** What a cycle sends with. */
export interface TimerSender {
  /** The socket; opened if there is none. */
  readonly socket: FramePort;
  /** Refuses what the bus cannot send. */
  check(message: Message): void;
  readonly logger: Logger | undefined;
}

/** Sends when the time has come: the times are multiples of the period, however late each frame is. */
export class TimerCycle implements Cycle {
  readonly #sender: TimerSender;
  readonly #end: CycleEnd;
  #plan!: Plan;
  /** The messages that are due next, in turn. */
  #messages: Message[] = [];
  #turn = 0;
  #sent = 0;
  /** When the next frame is due, in milliseconds of the monotonic clock. */
  #due = 0;
  #keepAlive = false;
  /** How often it was started or stopped: a callback may do that in the midst of sending. */
  #changes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lossTold = false;

  constructor(sender: TimerSender, end: CycleEnd) {
    this.#sender = sender;
    this.#end = end;
  }

  get subsequent(): boolean {
    return this.#plan.subsequentPeriod !== 0 && this.#sent >= this.#plan.count;
  }

  start(plan: Plan): void {
    this.setMessages(plan);
    this.#turn = 0;
    this.#sent = 0;
    this.#lossTold = false;
    this.#due = performance.now();
    if (this.#step(false)) this.#sleep();
  }

  stop(): void {
    this.#changes++;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  setMessages(plan: Plan): void {
    this.#plan = plan;
    this.#messages = [...plan.messages];
  }

  setPeriod(plan: Plan): void {
    this.#plan = plan;
  }

  look(): void {}

  await(awaited: boolean, keepAlive: boolean): void {
    this.#keepAlive = awaited && keepAlive;
    if (this.#timer !== undefined) setKeepAlive(this.#timer, this.#keepAlive);
  }

  #sleep(): void {
    const rest = Math.min(Math.max(Math.ceil(this.#due - performance.now()), 0), LONGEST);
    this.#timer = setTimeout(() => this.#wake(), rest);
    setKeepAlive(this.#timer, this.#keepAlive);
  }

  #wake(): void {
    const now = performance.now();
    const late = now - this.#due;
    const period = this.#period / 1000;
    if (late > Math.max(LATE, period)) this.#due += Math.floor(late / period) * period;
    try {
      // Not those that fall due meanwhile: a callback may take longer than a period, and the event loop must have its turns.
      while (this.#due <= now) if (!this.#step(true)) return;
      this.#sleep();
    } catch (error) {
      this.stop();
      // A message that no link takes is the callback's doing; of all else the bus itself tells.
      const ours = error instanceof CanError && error.errno !== EINVAL && error.errno !== EMSGSIZE;
      this.#end.failed(error, !ours);
    }
  }

  get #period(): number {
    return this.subsequent ? this.#plan.subsequentPeriod : this.#plan.period;
  }

  /**
   * Sends what is due; returns whether a next frame is to be waited for.
   *
   * @param patient Whether a link that is down is no error: no task begins on one, but goes on.
   */
  #step(patient: boolean): boolean {
    const changes = this.#changes;
    const message = this.#next();
    if (message === null || this.#changes !== changes) return false;
    this.#send(message, patient);
    this.#sent++;
    this.#due += this.#period / 1000;
    this.#turn = (this.#turn + 1) % this.#messages.length;
    const { count, subsequentPeriod } = this.#plan;
    if (count === 0 || this.#sent < count || subsequentPeriod !== 0) return true;
    this.stop();
    this.#end.ended();
    return false;
  }

  /** The message that is due, as the callback gives it; null if that fails. */
  #next(): Message | null {
    const { modify } = this.#plan;
    const messages = this.#messages; // which the callback may replace
    let message = messages[this.#turn];
    if (modify === null) return message;
    try {
      message = modify(message);
      this.#sender.check(message);
    } catch (error) {
      this.stop();
      this.#end.failed(error, true);
      return null;
    }
    return messages[this.#turn] = message;
  }

  /** What cannot go now is lost, as in the kernel. */
  #send(message: Message, patient: boolean): void {
    const { socket, logger } = this.#sender;
    let why = "the send buffer or the interface's queue is full";
    try {
      if (socket.send([message], 0) > 0) return;
    } catch (error) {
      if (!patient || !(error instanceof CanError) || error.errno !== ENETDOWN) throw error;
      why = error.message;
    }
    if (this.#lossTold) return;
    this.#lossTold = true;
    logger?.warn(`${message} was due and is not sent: ${why}; no further loss of this task is told`);
  }
}
