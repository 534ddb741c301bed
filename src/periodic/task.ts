/**
 * One task of `sendPeriodic`.
 *
 * @module
 */

import { checkMessages, checkSeconds } from "../bcm/plan.ts";
import type { Logger } from "../endpoint/options.ts";
import type { Message } from "../message/message.ts";
import { Completion } from "./completion.ts";
import type { Plan } from "./plan.ts";

/**
 * Messages that are sent periodically, started by `Bus.sendPeriodic`; python-can's
 * [`CyclicSendTaskABC`](https://python-can.readthedocs.io/en/stable/bcm.html).
 *
 * The kernel's [broadcast manager](https://docs.kernel.org/networking/can.html) sends them with its own timers: it continues
 * while the script is busy or blocked, and stops when the process ends. A frame that cannot be sent when it is due, because
 * the link is down or the transmit queue is full, is lost, as any message is that no one receives; the next is sent when it
 * is due. The task does not report such losses; the bus's `recv` reports that the link went down.
 *
 * The kernel starts each interval when it has sent the last frame, which adds the latency of its timer, usually 0.05 to
 * 0.2 ms, to each. With the option `precise`, the task samples every 0.25 to 5 s, while the event loop runs, how many frames
 * have been sent, and sets intervals that are shorter by as much: this keeps the mean period. What is lost while the machine
 * stalls, up to two seconds, is made up for by intervals that are 2 % shorter. The kernel takes an interval only together
 * with the number of frames that are left, so the task sets it in the moment after a frame, when the next one is still far
 * off: at periods of up to 4 ms, waiting for that moment blocks the event loop for about one period, at most 8 ms. If the moment
 * is missed, a task with `duration` sends a few frames more or less.
 *
 * @category Periodic sending
 */
export interface CyclicSendTask extends Disposable {
  /** The messages, which are sent in turn. */
  readonly messages: readonly Message[];
  /** Seconds between two frames. */
  readonly period: number;
  /** How many frames are sent with `period`; null for no end. */
  readonly count: number | null;
  /** Seconds between the frames after those; null if none follow. */
  readonly subsequentPeriod: number | null;
  /** Whether frames are being sent. */
  readonly active: boolean;
  /**
   * How the task ends: `"finished"` when the last frame of `count` or `duration` has been sent, `"stopped"` by `stop` or
   * because the bus was closed. Each `start` of a task that has ended begins a new promise; that of a task that was never
   * started resolves when the bus is closed. Once this has been read, an active task keeps the process alive, unless
   * `Bus.unref` was called.
   *
   * Rejected if the interface is removed (`ENODEV`; where timers send, `ENXIO`) or sending fails: if this was never read,
   * only the logger is notified. Rejected with what `modify` throws, and if the link cannot carry what `modify` returns: if
   * this was never read, that is an unhandled rejection.
   */
  readonly done: Promise<"finished" | "stopped">;
  /**
   * Sends the first message at once and restarts `count` or `duration`, also if the task is active.
   *
   * @throws As `Bus.sendPeriodic`.
   */
  start(): void;
  /**
   * Stops sending. A second call does nothing.
   *
   * @throws {CanOperationError} The kernel refuses: the task continues.
   */
  stop(): void;
  /**
   * Replaces the messages. The next frame has the new content; neither the time at which it is due nor the turn changes.
   *
   * @param messages As many as before, of the same kind (CAN FD or not), with any identifiers; on a bus for every channel,
   * with the same channel.
   * @throws {RangeError | TypeError} They are not; the previous ones stay.
   * @throws {CanOperationError} The kernel refuses.
   */
  modifyData(messages: Message | readonly Message[]): void;
  /**
   * Replaces the period: that of the frames of `count` while they are being sent, then that of the frames after them. The
   * next frame is sent when it was due; the new period applies from then on. (`start` sends a frame at once instead.) A frame
   * of `count` that is sent in the very moment of the call does not count.
   *
   * @param period Seconds, 0.000001 to 34560000.
   * @throws {RangeError | TypeError} The period is out of range or not a number; the previous one stays.
   * @throws {CanOperationError} The kernel refuses.
   */
  modifyPeriod(period: number): void;
}

/** The sender of a plan's messages: the kernel or timers. */
export interface Cycle {
  /** Whether the frames of `count` have been sent, and others follow. */
  readonly subsequent: boolean;
  /** Sends the first message and continues with the plan. Must not be called while it is sending. */
  start(plan: Plan): void;
  /** Stops sending. */
  stop(): void;
  /** Replaces the messages from the next frame on. */
  setMessages(plan: Plan): void;
  /** Replaces a period after the next frame. */
  setPeriod(plan: Plan): void;
  /** Checks whether the end has come. */
  poll(): void;
  /** Whether a caller waits for the end, and whether that keeps the process alive. */
  setAwaited(awaited: boolean, keepAlive: boolean): void;
}

/** What a cycle notifies of its end. */
export interface CycleListener {
  /** All frames have been sent. */
  ended(): void;
  /**
   * Sending has stopped because of an error.
   *
   * @param unreported Whether nothing else reports the error.
   */
  failed(error: unknown, unreported: boolean): void;
  /** Waiting for the end has failed; sending may continue. */
  waitFailed(error: unknown): void;
}

/** What a task needs of the tasks of its bus. */
export interface TaskOwner {
  readonly logger: Logger | undefined;
  /** Throws if the bus is closed. */
  assertOpen(action: string): void;
  /** The task was started or has ended, or its end is awaited. */
  changed(task: Task): void;
}

/** A task that a cycle sends. */
export class Task implements CyclicSendTask, CycleListener {
  readonly #owner: TaskOwner;
  readonly #cycle: Cycle;
  #plan: Plan;
  #completion = new Completion<"finished" | "stopped">();
  #active = false;

  /** @param makeCycle Makes the sender of the messages. */
  constructor(owner: TaskOwner, plan: Plan, makeCycle: (listener: CycleListener) => Cycle) {
    this.#owner = owner;
    this.#plan = plan;
    this.#cycle = makeCycle(this);
  }

  get messages(): readonly Message[] {
    return this.#plan.messages;
  }

  get period(): number {
    return this.#plan.period / 1e6;
  }

  get count(): number | null {
    return this.#plan.count || null;
  }

  get subsequentPeriod(): number | null {
    return this.#plan.subsequentPeriod / 1e6 || null;
  }

  get active(): boolean {
    if (this.#active) this.#cycle.poll();
    return this.#active;
  }

  get done(): Promise<"finished" | "stopped"> {
    const { promise } = this.#completion;
    this.#owner.changed(this);
    return promise;
  }

  /** Whether it is active, or its end is awaited though it may not have been started. */
  get pending(): boolean {
    return this.#active || (this.#completion.requested && !this.#completion.settled);
  }

  /** Whether it is active and its end is awaited. */
  get awaited(): boolean {
    return this.#active && this.#completion.requested;
  }

  start(): void {
    this.#owner.assertOpen("send periodically to");
    if (this.#completion.settled) this.#completion = new Completion();
    const wasActive = this.#active;
    if (wasActive) this.#cycle.stop(); // if that fails, it continues as it was
    this.#active = true;
    try {
      this.#cycle.start(this.#plan);
    } catch (error) {
      this.#active = false;
      if (wasActive) this.#completion.resolve("stopped");
      throw error;
    } finally {
      this.#owner.changed(this);
    }
  }

  stop(): void {
    if (!this.#active) return;
    this.#cycle.stop();
    this.#end((completion) => completion.resolve("stopped"));
  }

  modifyData(messages: Message | readonly Message[]): void {
    const plan = { ...this.#plan, messages: checkMessages(messages, this.#plan.everyChannel, this.#plan.messages) };
    if (this.#active) this.#cycle.setMessages(plan);
    this.#plan = plan;
  }

  modifyPeriod(period: number): void {
    const microseconds = checkSeconds("period", period);
    const which = this.#active && this.#cycle.subsequent ? "subsequentPeriod" : "period";
    const plan = { ...this.#plan, [which]: microseconds };
    if (this.#active) this.#cycle.setPeriod(plan);
    this.#plan = plan;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** Whether waiting for the end keeps the process alive. */
  setKeepAlive(keepAlive: boolean): void {
    this.#cycle.setAwaited(this.awaited, keepAlive);
  }

  /** The bus was closed. */
  closed(): void {
    if (this.#completion.settled) return;
    if (this.#active) this.#cycle.stop();
    this.#end((completion) => completion.resolve("stopped"));
  }

  ended(): void {
    this.#end((completion) => completion.resolve("finished"));
  }

  failed(error: unknown, unreported: boolean): void {
    this.#owner.logger?.warn(`A periodic task has ended: ${error}`);
    this.#end((completion) => {
      completion.reject(error);
      if (unreported) void completion.promise; // if `done` was never read, the runtime reports an unhandled rejection
    });
  }

  waitFailed(error: unknown): void {
    if (!this.awaited) return;
    const completion = this.#completion;
    this.#completion = new Completion();
    completion.reject(error);
    this.#owner.changed(this);
  }

  #end(settle: (completion: Completion<"finished" | "stopped">) => void): void {
    this.#active = false;
    settle(this.#completion);
    this.#owner.changed(this);
  }
}
