import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { BcmPort } from "../../src/bcm/port.ts";
import { type BcmHead, SETTIMER, STARTTIMER, TX_DELETE, TX_SETUP } from "../../src/kernel/bcm.ts";
import { Message } from "../../src/message/message.ts";
import { KernelCycle } from "../../src/periodic/kernel_cycle.ts";
import { makePlan, type PeriodicOptions } from "../../src/periodic/plan.ts";
import { generator } from "../support/random.ts";

/** Milliseconds that a command to the kernel takes, or reading a count. */
const CALL = 0.08;

interface Timer {
  readonly at: number;
  run(): void;
}

/** A transmission of the kernel: frames left, interval in microseconds, and when the next is due. */
interface Sending {
  count: number;
  interval: number;
  ival2: number;
  next: number;
}

/** A simulated clock, timers, and a kernel whose timer fires late by some milliseconds. */
class Machine {
  now = 0;
  sent: number[] = [];
  readonly #late: () => number;
  readonly #stall: () => number;
  #timers = new Set<Timer>();
  #task: Sending | null = null;
  /** How often the interval was set. */
  settings = 0;
  /** The longest time that a timer's callback has blocked, in milliseconds. */
  longestTurn = 0;

  /** @param stall Additional milliseconds that reading a count takes. */
  constructor(late: () => number, stall = () => 0) {
    this.#late = late;
    this.#stall = stall;
  }

  setTimer(run: () => void, wait: number): Timer {
    const timer = { at: this.now + Math.max(1, wait) + 0.3, run, ref() {}, unref() {} };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: Timer): void {
    this.#timers.delete(timer);
  }

  /** Runs timers up to a time in milliseconds, or until there are no more. */
  run(until: number): void {
    while (this.#timers.size > 0) {
      const [timer] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (timer.at > until) break;
      this.#timers.delete(timer);
      this.pass(Math.max(0, timer.at - this.now));
      const start = this.now;
      timer.run();
      this.longestTurn = Math.max(this.longestTurn, this.now - start);
    }
    this.pass(Math.max(0, until - this.now));
  }

  /** Lets time pass, and the kernel send. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    const task = this.#task;
    while (task !== null && task.next <= this.now && (task.count > 0 || task.ival2 > 0)) this.#send(task);
  }

  get left(): number {
    this.pass(CALL + this.#stall());
    return this.#task?.count ?? 0;
  }

  command({ opcode, flags = 0, count = 0, ival1 = 0, ival2 = 0 }: BcmHead): void {
    this.pass(CALL);
    if (opcode === TX_DELETE) this.#task = null;
    if (opcode !== TX_SETUP || !(flags & SETTIMER)) return;
    this.settings++;
    if (flags & STARTTIMER) {
      this.#task = { count, interval: ival1, next: this.now, ival2 };
      this.#send(this.#task);
    } else Object.assign(this.#task!, { count, interval: ival1, ival2 });
  }

  #send(task: Sending): void {
    this.sent.push(task.next);
    if (task.count > 0) task.count--;
    task.next += (task.count > 0 ? task.interval : task.ival2) / 1000 + this.#late();
  }
}

describe("KernelCycle", () => {
  let machine: Machine;
  const restore: (() => void)[] = [];

  beforeEach(() => {
    const timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const now = mock.method(performance, "now", () => machine.now);
    restore.push(() => now.mock.restore(), () => Object.assign(globalThis, timers));
    Object.assign(globalThis, {
      setTimeout: (run: () => void, wait: number) => machine.setTimer(run, wait),
      clearTimeout: (timer: Timer) => machine.clearTimer(timer),
    });
  });

  afterEach(() => restore.splice(0).forEach((undo) => undo()));

  /** Starts a cycle with a period in milliseconds. */
  function send(period: number, options: PeriodicOptions, sampleFailed = fail): { ended: boolean } {
    const result = { ended: false };
    const listener = { ended: () => result.ended = true, failed: fail, waitFailed: fail };
    const bcm = {
      target: () => ({ channel: "can7", index: 0 }),
      command: (_: string, head: BcmHead) => machine.command(head),
      erase: (_: string, head: BcmHead) => machine.command(head),
      read: () => ({ head: { count: machine.left } }),
    } as unknown as BcmPort<unknown>;
    const socket = { bcm, register: () => 1, forget() {}, drain() {}, setAwaited() {} };
    const cycle = new KernelCycle({ ...socket, sampleFailed: (_, error) => sampleFailed(error) }, listener);
    const message = new Message({ arbitrationId: 1, isExtendedId: false });
    cycle.start(makePlan(message, period / 1000, options, false));
    return result;
  }

  function fail(error: unknown): void {
    throw error;
  }

  const mean = (times: readonly number[]) => (times.at(-1)! - times[0]) / (times.length - 1);

  it("precise: keeps the period, and the number of frames", () => {
    for (const period of [1, 2, 5, 10, 100]) {
      for (const late of [0, 0.05, 0.12, 0.2]) {
        for (const duration of [30, undefined]) {
          machine = new Machine(() => late);
          const result = send(period, { duration, precise: true });
          machine.run(duration === undefined ? 30_000 : 60_000);
          const what = `${period} ms, late by ${late}, ${duration} s`;
          assertEquals(result.ended, duration !== undefined, what);
          if (duration !== undefined) assertEquals(machine.sent.length, 1000 * duration / period, what);
          const off = mean(machine.sent) / period - 1;
          assert(Math.abs(off) < 0.01, `${what}: off by ${off}`);
        }
      }
    }
  });

  it("precise: keeps both where reading a count takes long, at random", () => {
    const below = generator(1);
    for (const period of [1, 3, 10]) {
      machine = new Machine(() => 0.1 + below(50) / 1000, () => below(10) < 3 ? below(5000) / 1000 : 0);
      const result = send(period, { duration: 20 * period, precise: true });
      machine.run(60_000 * period);
      const { sent, settings } = machine;
      assert(result.ended && settings > 1, `${period} ms`);
      assert(Math.abs(sent.length - 20_000) <= settings, `${period} ms: ${sent.length}, ${settings} times set`);
      assert(Math.abs(mean(sent) / period - 1) < 0.01, `${period} ms: ${mean(sent)}`);
    }
  });

  it("precise: keeps the period, and nearly the number, where reads are too slow to find the moment after a frame", () => {
    machine = new Machine(() => 0.1, () => 1);
    const result = send(1, { duration: 30, precise: true });
    machine.run(60_000);
    const { sent, settings } = machine;
    assert(result.ended && settings > 1);
    assert(Math.abs(sent.length - 30_000) <= settings, `${sent.length}, ${settings} times set`);
    assert(Math.abs(mean(sent) - 1) < 0.01, `${mean(sent)}`);
  });

  it("sends exactly count frames, whatever the machine does, and reports the end", () => {
    const below = generator(2);
    for (const period of [1, 10]) {
      machine = new Machine(() => 0.1 + below(50) / 1000, () => below(10) < 3 ? below(5000) / 1000 : 0);
      const result = send(period, { count: 20_000 });
      machine.run(30_000 * period);
      assertEquals([machine.sent.length, machine.settings, result.ended], [20_000, 1, true]);
    }
  });

  it("precise: blocks the event loop up to 8 ms at periods of up to 4 ms, and no longer than a few calls at others", () => {
    for (const period of [1, 2, 4, 5, 10, 100]) {
      for (const duration of [30, undefined]) {
        const below = generator(period);
        machine = new Machine(() => 0.1 + below(100) / 1000);
        send(period, { duration, precise: true });
        machine.run(30_000);
        const { longestTurn } = machine;
        assert(longestTurn < (period > 4 ? 4 * CALL : 8 + 4 * CALL), `${period} ms, ${duration} s: ${longestTurn} ms`);
        if (period === 1) assert(longestTurn > 0.5, `${longestTurn} ms`);
      }
    }
  });

  it("precise: sends exactly count frames, then keeps the subsequent period", () => {
    machine = new Machine(() => 0.1);
    send(1, { count: 10_000, subsequentPeriod: 0.002, precise: true });
    machine.run(11_000);
    assertEquals([machine.sent.length, machine.settings], [10_000, 1]);
    machine.run(40_000);
    const others = machine.sent.slice(10_000);
    assert(Math.abs(mean(others) - 2) < 0.02, `${mean(others)}`);
  });

  it("without precise, the interval is never changed, and the kernel asked every 5 s only", () => {
    for (const period of [1, 100]) {
      for (const duration of [30, undefined]) {
        let reads = 0;
        machine = new Machine(() => 0.1, () => (reads++, 0));
        const result = send(period, { duration });
        machine.run(duration === undefined ? 30_000 : 60_000);
        const what = `${period} ms, ${duration} s`;
        assertEquals([machine.settings, result.ended], [1, duration !== undefined], what);
        assert(machine.longestTurn < 4 * CALL, `${what}: ${machine.longestTurn} ms`);
        if (duration !== undefined) assertEquals(machine.sent.length, 1000 * duration / period, what);
        assert(Math.abs(mean(machine.sent) - period - 0.1) < 0.001, `${what}: ${mean(machine.sent)}`);
        assert(reads <= 7, `${what}: ${reads} reads`);
      }
    }
  });

  it("precise: keeps the subsequent period", () => {
    machine = new Machine(() => 0.1);
    send(1, { duration: 10, subsequentPeriod: 0.002, precise: true });
    machine.run(40_000);
    const { sent } = machine;
    const [first, others] = [sent.slice(0, 10_000), sent.slice(10_000)];
    assert(Math.abs(mean(first) - 1) < 0.01 && Math.abs(mean(others) - 2) < 0.02, `${mean(first)}, ${mean(others)}`);
    assert(others[0] - first[9999] > 1.5 && first[9999] - first[9998] < 1.5, "the 10,000th is the last of the first");
  });

  it("precise: samples again later if a sample fails", () => {
    let reads = 0;
    machine = new Machine(() => 0.1, () => {
      if (++reads > 2) throw new Error("no answer"); // after the second, an interval is pending
      return 0;
    });
    let failed = 0;
    send(1, { duration: 30, precise: true }, () => failed++);
    machine.run(10_000);
    assert(failed > 1 && failed <= 40, `${failed} times`);
  });
});
