/**
 * The kernel cycles of one bus, which share a socket of the broadcast manager.
 *
 * @module
 */

import type { BcmPort } from "../bcm/port.ts";
import type { BcmReport } from "../bcm/report.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CanError } from "../errors.ts";
import { ENETDOWN, ENODEV } from "../kernel/errno.ts";
import type { FullBusOptions } from "../raw/options.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import type { CycleSocket, KernelCycle } from "./kernel_cycle.ts";

/** Milliseconds between two checks whether the interface is back. */
const RETRY_INTERVAL = 250;

/** Reports received at once. */
const BATCH = 64;

/** The kernel cycles of one bus, their socket and its reports. */
export class KernelCycles implements CycleSocket {
  readonly #options: FullBusOptions;
  readonly #open: (onReady: OnReady) => BcmPort<BcmReport>;
  #bcm: BcmPort<BcmReport> | null = null;
  #lastKey = 0;
  readonly #cycles = new Map<number, KernelCycle>();
  /** Cycles that wait for the interface to come back. */
  readonly #lost = new Set<KernelCycle>();
  readonly #awaited = new Set<KernelCycle>();
  #keepAlive = true;
  readonly #timer = new RetryTimer(() => this.#reconnect());
  /** When to check again whether the interface is back, in milliseconds of the monotonic clock. */
  #retryAt = 0;
  readonly #reports: BcmReport[] = [];

  /** @param open Opens a socket on the bus's interface. */
  constructor(options: FullBusOptions, open: (onReady: OnReady) => BcmPort<BcmReport>) {
    this.#options = options;
    this.#open = open;
  }

  get bcm(): BcmPort<BcmReport> {
    return this.#bcm ??= this.#open((failure) => this.#ready(failure));
  }

  register(cycle: KernelCycle): number {
    // Never the key of a task that has just ended: its last report may still be queued.
    do this.#lastKey = (this.#lastKey + 1) % 2 ** 32 || 1; while (this.#cycles.has(this.#lastKey));
    this.#cycles.set(this.#lastKey, cycle);
    this.#arm();
    return this.#lastKey;
  }

  forget(cycle: KernelCycle, key: number): void {
    this.#cycles.delete(key);
    this.#lost.delete(cycle);
    this.#awaited.delete(cycle);
    this.#arm();
  }

  setAwaited(cycle: KernelCycle, awaited: boolean, keepAlive: boolean): void {
    if (awaited) this.#awaited.add(cycle);
    else this.#awaited.delete(cycle);
    this.#keepAlive = keepAlive;
    this.#arm();
  }

  drain(): void {
    for (let count = BATCH; count > 0 && this.#bcm !== null;) {
      try {
        count = this.#bcm.receive(this.#reports, 0, BATCH);
        for (const { head } of this.#reports.splice(0, count)) this.#cycles.get(head.canId)?.expired();
      } catch (error) {
        this.#failed(error);
        if (!isOf(error, ENETDOWN)) return;
      }
    }
  }

  sampleFailed(cycle: KernelCycle, error: unknown): void {
    // A socket for every interface stays usable when one of them is removed.
    if (this.#options.channel === "" && isOf(error, ENODEV)) cycle.failed(error);
    else this.#failed(error);
  }

  /** Closes the socket, which ends all that it sent. */
  close(): void {
    this.#timer.clear();
    for (const cycle of this.#cycles.values()) cycle.lost();
    const bcm = this.#bcm;
    this.#bcm = null;
    bcm?.close();
  }

  #ready(failure?: Error): void {
    if (failure) this.#failed(failure);
    else this.drain();
    this.#arm();
  }

  #arm(): void {
    const { reconnect } = this.#options;
    const keepAlive = this.#keepAlive && this.#awaited.size > 0;
    this.#timer.set(this.#lost.size > 0 ? this.#retryAt : Infinity, keepAlive);
    try {
      this.#bcm?.arm(this.#awaited.size > 0 || (reconnect && this.#cycles.size > 0), false, keepAlive);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { logger } = this.#options;
    if (isOf(error, ENODEV)) this.#gone(error);
    else if (isOf(error, ENETDOWN)) logger?.warn(`${error.message}; frames that are due in the meantime are lost`);
    else if (this.#awaited.size > 0) [...this.#awaited].forEach((cycle) => cycle.waitFailed(error));
    else logger?.warn(`${error}`);
  }

  /** The interface was removed. */
  #gone(error: CanError): void {
    const { reconnect, logger } = this.#options;
    const cycles = [...this.#cycles.values()];
    this.#cycles.clear();
    if (reconnect) {
      logger?.warn(`"${this.#options.channel}" was removed (${error.code}); waiting for it`);
      for (const cycle of cycles) {
        cycle.lost();
        this.#lost.add(cycle);
      }
    } else cycles.forEach((cycle) => cycle.failed(error));
    const bcm = this.#bcm;
    this.#bcm = null;
    bcm?.close();
    this.#retryAt = performance.now() + RETRY_INTERVAL;
    this.#arm();
  }

  #reconnect(): void {
    this.#retryAt = performance.now() + RETRY_INTERVAL;
    try {
      this.bcm;
    } catch (error) {
      if (!isOf(error, ENODEV) && !isOf(error, ENETDOWN)) this.#failed(error);
      return this.#arm();
    }
    for (const cycle of [...this.#lost]) {
      const awaited = this.#awaited.has(cycle);
      this.#lost.delete(cycle);
      try {
        cycle.resume();
      } catch (error) {
        if (!isOf(error, ENODEV) && !isOf(error, ENETDOWN)) {
          cycle.failed(error);
          continue;
        }
        // Removed again, or down before all could continue.
        this.#lost.add(cycle);
        if (awaited) this.#awaited.add(cycle);
        if (isOf(error, ENODEV)) return this.#gone(error);
      }
    }
    this.#arm();
  }
}

function isOf(error: unknown, errno: number): error is CanError {
  return error instanceof CanError && error.errno === errno;
}
