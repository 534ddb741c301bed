/**
 * All that a bus sends periodically.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { BcmPort } from "../bcm/port.ts";
import type { OnReady } from "../endpoint/source.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { FullBusOptions } from "../raw/options.ts";
import { KernelCycle } from "./kernel_cycle.ts";
import { KernelCycles } from "./kernel_cycles.ts";
import { makePlan, type PeriodicOptions } from "./plan.ts";
import { type CyclicSendTask, type Keeper, Task } from "./task.ts";
import { TimerCycle, type TimerSender } from "./timer_cycle.ts";

/** What tasks need of their bus. */
export interface TaskHost {
  readonly options: FullBusOptions;
  /** Opens another socket on the bus's interface. */
  openSocket(options: FullBusOptions, onReady: OnReady): FramePort;
  /** Refuses what the bus cannot send. */
  check(message: Message): void;
  /** Refuses if the bus is closed. */
  assertOpen(action: string): void;
}

/** The tasks of one bus. */
export class PeriodicTasks implements Keeper, TimerSender {
  readonly #host: TaskHost;
  readonly #kernel: KernelCycles;
  /** Those that are active or waited for. */
  readonly #tasks = new Set<Task>();
  #socket: FramePort | null = null;
  #keepAlive = true;
  #closed = false;

  constructor(host: TaskHost) {
    this.#host = host;
    const { options } = host;
    const open = (onReady: OnReady) =>
      new BcmPort(
        openLibc(options.libc),
        { channel: options.channel, logger: options.logger },
        onReady,
        (report) => report,
      );
    this.#kernel = new KernelCycles(options, open);
  }

  /** See `Bus.sendPeriodic`. */
  send(given: Message | readonly Message[], period: number, options: PeriodicOptions): CyclicSendTask {
    const { autostart, ...plan } = makePlan(given, period, options, this.#host.options.channel === "");
    for (const message of plan.messages) this.#host.check(message);
    const ourselves = this.#host.options.interface === "virtual" || plan.modify !== null || plan.messages[0].isXl;
    const task = new Task(
      this,
      plan,
      (end) => ourselves ? new TimerCycle(this, end) : new KernelCycle(this.#kernel, end),
    );
    if (autostart) task.start();
    return task;
  }

  /** See `Bus.stopAllPeriodicTasks`. */
  stopAll(): void {
    const failures: unknown[] = [];
    for (const task of [...this.#tasks]) {
      try {
        task.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    for (const failure of failures.slice(1)) this.logger?.warn(`${failure}`);
    if (failures.length > 0) throw failures[0];
  }

  /** Whether tasks whose end is waited for keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const task of this.#tasks) task.await(value);
  }

  /** Ends all. */
  close(): void {
    this.#closed = true;
    try {
      this.#kernel.close();
    } finally {
      for (const task of [...this.#tasks]) task.closed();
      this.#socket?.close();
      this.#socket = null;
    }
  }

  get socket(): FramePort {
    // One of its own, so that the bus hears the frames, as it hears those that the kernel sends. It receives nothing.
    return this.#socket ??= this.#host.openSocket({
      ...this.#host.options,
      rawFilters: [],
      joinFilters: false,
      errorMask: 0,
      localLoopback: true,
      receiveOwnMessages: false,
    }, () => {});
  }

  get logger(): FullBusOptions["logger"] {
    return this.#host.options.logger;
  }

  check(message: Message): void {
    this.#host.check(message);
  }

  assertOpen(action: string): void {
    this.#host.assertOpen(action);
  }

  changed(task: Task): void {
    if (this.#closed) task.closed();
    if (task.pending) this.#tasks.add(task);
    else this.#tasks.delete(task);
    task.await(this.#keepAlive);
  }
}
