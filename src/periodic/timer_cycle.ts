/**
 * Periodic sending by timers of this process, where the kernel cannot: with `modify`, CAN XL, on a virtual bus.
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
import type { Cycle, CycleListener } from "./task.ts";

/** Milliseconds by which frames may be late and are still sent, one after the other; later ones are skipped. */
const MAX_LATE = 20;

/** The longest delay that the runtimes' timers take, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

/** What a cycle sends with. */
export interface TimerHost {
  /** The socket; opened at the first use. */
  readonly socket: FramePort;
  /** Throws if the bus cannot send a message. */
  check(message: Message): void;
  readonly logger: Logger | undefined;
}

/** Sends by timers. Frames are due at multiples of the period, however late the one before was sent. */
export class TimerCycle implements Cycle {
  readonly #host: TimerHost;
  readonly #listener: CycleListener;
  #plan!: Plan;
  /** The messages to send next, in turn. */
  #messages: Message[] = [];
  #turn = 0;
  #sent = 0;
  /** When the next frame is due, in milliseconds of the monotonic clock. */
  #due = 0;
  #keepAlive = false;
  /** How often it was started or stopped: `modify` may do that in the middle of sending. */
  #changes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lossReported = false;

  constructor(host: TimerHost, listener: CycleListener) {
    this.#host = host;
    this.#listener = listener;
  }

  get subsequent(): boolean {
    return this.#plan.subsequentPeriod !== 0 && this.#sent >= this.#plan.count;
  }

  start(plan: Plan): void {
    this.setMessages(plan);
    this.#turn = 0;
    this.#sent = 0;
    this.#lossReported = false;
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

  poll(): void {}

  setAwaited(awaited: boolean, keepAlive: boolean): void {
    this.#keepAlive = awaited && keepAlive;
    if (this.#timer !== undefined) setKeepAlive(this.#timer, this.#keepAlive);
  }

  #sleep(): void {
    const rest = Math.min(Math.max(Math.ceil(this.#due - performance.now()), 0), MAX_DELAY);
    this.#timer = setTimeout(() => this.#wake(), rest);
    setKeepAlive(this.#timer, this.#keepAlive);
  }

  #wake(): void {
    const now = performance.now();
    const late = now - this.#due;
    const period = this.#period / 1000;
    if (late > Math.max(MAX_LATE, period)) this.#due += Math.floor(late / period) * period;
    try {
      // Not those that become due meanwhile: `modify` may take longer than a period, and the event loop must not starve.
      while (this.#due <= now) if (!this.#step(true)) return;
      this.#sleep();
    } catch (error) {
      this.stop();
      // A message that the link does not take is an error of `modify`; all others are reported by the bus as well.
      const byLink = error instanceof CanError && error.errno !== EINVAL && error.errno !== EMSGSIZE;
      this.#listener.failed(error, !byLink);
    }
  }

  get #period(): number {
    return this.subsequent ? this.#plan.subsequentPeriod : this.#plan.period;
  }

  /**
   * Sends what is due.
   *
   * @param started Whether a link that is down is not an error: a task cannot start on one, but it continues.
   * @returns Whether another frame will be due.
   */
  #step(started: boolean): boolean {
    const changes = this.#changes;
    const message = this.#next();
    if (message === null || this.#changes !== changes) return false;
    this.#send(message, started);
    this.#sent++;
    this.#due += this.#period / 1000;
    this.#turn = (this.#turn + 1) % this.#messages.length;
    const { count, subsequentPeriod } = this.#plan;
    if (count === 0 || this.#sent < count || subsequentPeriod !== 0) return true;
    this.stop();
    this.#listener.ended();
    return false;
  }

  /** The message that is due, as returned by `modify`; null if that failed. */
  #next(): Message | null {
    const { modify } = this.#plan;
    const messages = this.#messages; // `modify` may replace the list
    let message = messages[this.#turn];
    if (modify === null) return message;
    try {
      message = modify(message);
      this.#host.check(message);
    } catch (error) {
      this.stop();
      this.#listener.failed(error, true);
      return null;
    }
    return messages[this.#turn] = message;
  }

  /** Sends a message; what cannot be sent now is lost, as in the kernel. */
  #send(message: Message, started: boolean): void {
    const { socket, logger } = this.#host;
    let why = "the send buffer or the transmit queue is full";
    try {
      if (socket.send([message], 0) > 0) return;
    } catch (error) {
      if (!started || !(error instanceof CanError) || error.errno !== ENETDOWN) throw error;
      why = error.message;
    }
    if (this.#lossReported) return;
    this.#lossReported = true;
    logger?.warn(`${message} was due and was not sent: ${why}; further losses of this task are not reported`);
  }
}
