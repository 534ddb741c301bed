/**
 * The periodic tasks of one bus.
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
import { type CyclicSendTask, Task, type TaskOwner } from "./task.ts";
import { TimerCycle, type TimerHost } from "./timer_cycle.ts";

/** What tasks need of their bus. */
export interface PeriodicHost {
  /** The bus, which is not garbage-collected while a task is active or used. */
  readonly bus: object;
  /** What is closed when the bus is garbage-collected unclosed. Nothing in it may refer to the bus. */
  readonly resources: Set<{ close(): void }>;
  readonly options: FullBusOptions;
  /** Opens another socket on the bus's interface. */
  openSocket(options: FullBusOptions, onReady: OnReady): FramePort;
  /** Throws if the bus cannot send a message. */
  check(message: Message): void;
  /** Throws if the bus is closed. */
  assertOpen(action: string): void;
}

/** Keeps buses with active tasks, and with tasks whose end is awaited, from being garbage-collected. */
const active = new Set<PeriodicTasks>();

/** The tasks of one bus. */
export class PeriodicTasks implements TaskOwner, TimerHost {
  readonly #host: PeriodicHost;
  readonly #kernel: KernelCycles;
  /** Tasks that are active or whose end is awaited. */
  readonly #tasks = new Set<Task>();
  #socket: FramePort | null = null;
  #keepAlive = true;
  #closed = false;

  constructor(host: PeriodicHost) {
    this.#host = host;
    const { options, resources } = host;
    const open = (onReady: OnReady) =>
      new BcmPort(
        openLibc(options.libc),
        { channel: options.channel, logger: options.logger },
        onReady,
        (report) => report,
      );
    this.#kernel = new KernelCycles(options, open);
    resources.add(this.#kernel);
  }

  /** See `Bus.sendPeriodic`. */
  send(given: Message | readonly Message[], period: number, options: PeriodicOptions): CyclicSendTask {
    const { autostart, ...plan } = makePlan(given, period, options, this.#host.options.channel === "");
    for (const message of plan.messages) this.#host.check(message);
    const byTimers = this.#host.options.interface === "virtual" || plan.modify !== null || plan.messages[0].isXl;
    const task = new Task(
      this,
      plan,
      (listener) => byTimers ? new TimerCycle(this, listener) : new KernelCycle(this.#kernel, listener),
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

  /** Whether tasks whose end is awaited keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const task of this.#tasks) task.setKeepAlive(value);
  }

  /** Ends all tasks and closes their sockets. */
  close(): void {
    this.#closed = true;
    try {
      this.#kernel.close();
    } finally {
      for (const task of [...this.#tasks]) task.closed();
      active.delete(this);
      this.#socket?.close();
      this.#socket = null;
    }
  }

  /** The socket that timers send with, which receives nothing; opened at the first use. */
  get socket(): FramePort {
    if (this.#socket !== null) return this.#socket;
    // A socket of its own, so that the bus receives the frames, as it receives those that the kernel sends.
    const socket = this.#host.openSocket({
      ...this.#host.options,
      rawFilters: [],
      joinFilters: false,
      errorMask: 0,
      localLoopback: true,
      receiveOwnMessages: false,
    }, () => {});
    this.#host.resources.add(socket);
    return this.#socket = socket;
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
    if (this.#tasks.size > 0 && !this.#closed) active.add(this);
    else active.delete(this);
    task.setKeepAlive(this.#keepAlive);
  }
}
