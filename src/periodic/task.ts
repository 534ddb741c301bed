/**
 * One task of `sendPeriodic`.
 *
 * @module
 */

import { checkMessages, checkSeconds } from "../bcm/plan.ts";
import type { Logger } from "../endpoint/options.ts";
import type { Message } from "../message/message.ts";
import type { Plan } from "./plan.ts";
import { Run } from "./run.ts";

/**
 * Messages that are sent again and again: python-can's `CyclicSendTask`, made by `Bus.sendPeriodic`.
 *
 * The kernel does it, with its own timers: it goes on while the script is busy or waits, and ends with the process. What
 * it does not send, because the link is down or its queue is full at that moment, is lost, as a message is that nobody
 * hears; the next goes when it is due. Nothing tells of that here; the bus's `recv` tells that the link went down.
 *
 * The kernel adds to each interval what it takes to wake up, which shows at periods of a few milliseconds. So while the
 * event loop runs, the task looks now and then at how many frames have been sent, and asks the kernel for intervals as much
 * shorter: that keeps the mean period. What is lost while the machine stands still, up to two seconds, is made up for by
 * intervals that are 2 % shorter. The kernel takes an interval together with the number of frames that are left, so the
 * task asks for it in the moment after a frame, when the next is far off: looking for that moment may take the event loop
 * 8 ms. Where it is not found, a task with `duration` sends a few frames more or less. One with `count` does none of that:
 * it meets the number exactly, whatever the machine does, and takes longer by what waking up takes.
 */
export interface CyclicSendTask extends Disposable {
  /** The messages, which take turns. */
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
   * Tells how the task ended, or will end: `"finished"` when the last frame of `count` or `duration` has been sent,
   * `"stopped"` by `stop` or because the bus was closed. Each `start` of an ended task begins a new promise; one that was
   * never started ends when the bus is closed. Once this has been asked for, an active task keeps the process alive,
   * unless `Bus.unref` was called.
   *
   * It is rejected if the interface is removed (`ENODEV`; where timers send, `ENXIO`) or sending fails: only the logger is
   * told of that if nobody asks. It is rejected with what `modify` throws, and if a link cannot carry what it gives: that is
   * an unhandled rejection if nobody asks.
   */
  readonly done: Promise<"finished" | "stopped">;
  /**
   * Sends the first message at once, and then all of them as when the task was new; also if it is active.
   *
   * @throws As `Bus.sendPeriodic`.
   */
  start(): void;
  /**
   * Sends no more. A second call does nothing.
   *
   * @throws {CanOperationError} The kernel refuses: the task goes on.
   */
  stop(): void;
  /**
   * Replaces the messages. The next frame that is due is the first that has the new content; neither the time at which it
   * is due changes nor whose turn it is.
   *
   * @param messages As many as there are, of the same kind (CAN FD or not), with whatever identifiers; on a bus for every
   * channel, of the same channel.
   * @throws {RangeError | TypeError} They are not; the older ones stay.
   * @throws {CanOperationError} The kernel refuses.
   */
  modifyData(messages: Message | readonly Message[]): void;
  /**
   * Replaces the period: of the frames of `count` as long as they are sent, then of those after them. The frame that is due
   * next comes when it was due; from then on the new period counts. (`start` instead has one sent at once.) A frame of
   * `count` that leaves in the very moment of the call is sent in addition.
   *
   * @param period Seconds, 0.000001 to 34560000.
   * @throws {RangeError | TypeError} It is none; the older one stays.
   * @throws {CanOperationError} The kernel refuses.
   */
  modifyPeriod(period: number): void;
}

/** What sends the messages of a plan. */
export interface Cycle {
  /** Sends the first message, and goes on from there; nothing must be going on. */
  start(plan: Plan): void;
  /** Sends no more. */
  stop(): void;
  /** Replaces the messages from the next frame on. */
  setMessages(plan: Plan): void;
  /** Whether the frames of `count` have been sent, and others follow. */
  readonly subsequent: boolean;
  /** Replaces a period after the next frame. */
  setPeriod(plan: Plan): void;
  /** Sees whether the end has come. */
  look(): void;
  /** Whether somebody waits for the end, and the process may not end before. */
  await(awaited: boolean, keepAlive: boolean): void;
}

/** Whom a cycle tells how it ended. */
export interface CycleEnd {
  /** All frames have been sent. */
  ended(): void;
  /**
   * It sends no more.
   *
   * @param untold Whether nothing else tells of the error.
   */
  failed(error: unknown, untold: boolean): void;
  /** The wait for its end has failed; it may go on. */
  waitFailed(error: unknown): void;
}

/** What a task needs of those who keep all of them. */
export interface Keeper {
  readonly logger: Logger | undefined;
  /** Refuses if the bus is closed. */
  assertOpen(action: string): void;
  /** The task is active, or not any more, or somebody waits for its end. */
  changed(task: Task): void;
}

/** A task over a cycle. */
export class Task implements CyclicSendTask, CycleEnd {
  readonly #keeper: Keeper;
  readonly #cycle: Cycle;
  #plan: Plan;
  #run = new Run<"finished" | "stopped">();
  #active = false;

  /** @param makeCycle Gives what sends the messages. */
  constructor(keeper: Keeper, plan: Plan, makeCycle: (end: CycleEnd) => Cycle) {
    this.#keeper = keeper;
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
    if (this.#active) this.#cycle.look();
    return this.#active;
  }

  get done(): Promise<"finished" | "stopped"> {
    const { promise } = this.#run;
    this.#keeper.changed(this);
    return promise;
  }

  /** Whether it is active, or somebody waits for it to be started and to end. */
  get pending(): boolean {
    return this.#active || (this.#run.asked && !this.#run.ended);
  }

  /** Whether it must be waited for in the event loop. */
  get awaited(): boolean {
    return this.#active && this.#run.asked;
  }

  start(): void {
    this.#keeper.assertOpen("send periodically to");
    if (this.#run.ended) this.#run = new Run();
    const wasActive = this.#active;
    if (wasActive) this.#cycle.stop(); // where that is refused, it goes on as it was
    this.#active = true;
    try {
      this.#cycle.start(this.#plan);
    } catch (error) {
      this.#active = false;
      if (wasActive) this.#run.end("stopped");
      throw error;
    } finally {
      this.#keeper.changed(this);
    }
  }

  stop(): void {
    if (!this.#active) return;
    this.#cycle.stop();
    this.#end((run) => run.end("stopped"));
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

  await(keepAlive: boolean): void {
    this.#cycle.await(this.awaited, keepAlive);
  }

  /** The bus is closed, and with it what sends. */
  closed(): void {
    if (this.#run.ended) return;
    if (this.#active) this.#cycle.stop();
    this.#end((run) => run.end("stopped"));
  }

  ended(): void {
    this.#end((run) => run.end("finished"));
  }

  failed(error: unknown, untold: boolean): void {
    this.#keeper.logger?.warn(`A periodic task is over: ${error}`);
    this.#end((run) => {
      run.fail(error);
      if (untold) void run.promise; // if nobody asks for it, the runtime tells of it
    });
  }

  waitFailed(error: unknown): void {
    if (!this.awaited) return;
    const run = this.#run;
    this.#run = new Run();
    run.fail(error);
    this.#keeper.changed(this);
  }

  #end(settle: (run: Run<"finished" | "stopped">) => void): void {
    this.#active = false;
    settle(this.#run);
    this.#keeper.changed(this);
  }
}
