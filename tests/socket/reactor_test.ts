import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { EPOLLIN, EPOLLOUT } from "../../src/kernel/epoll.ts";
import { reactorOf, type Watch } from "../../src/socket/reactor.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { pause, until } from "../support/pause.ts";

const libc = openLibc();
const parking = libc.parking as { wait: typeof libc.parking.wait };
const one = new Uint8Array(BigUint64Array.of(1n).buffer);

/** An eventfd, which is readable while its count is not zero, and a watch of it. */
class Counter {
  readonly fd = libc.eventfd(0, 0o2004000);
  readonly failures: Error[] = [];
  calls = 0;
  watch: Watch;

  constructor(readonly onReady: (counter: Counter) => void = (counter) => counter.arm(false)) {
    this.watch = reactorOf(libc).watch(this.fd, (failure) => {
      if (failure) this.failures.push(failure);
      else if (++this.calls) this.onReady(this);
    });
  }

  arm(readable: boolean, keepAlive = true): void {
    this.watch.arm(readable ? EPOLLIN : 0, keepAlive);
  }

  fill(): void {
    assertEquals(libc.write(this.fd, one), 8);
  }

  empty(): void {
    assertEquals(libc.read(this.fd, new Uint8Array(8)), 8);
  }

  [Symbol.dispose](): void {
    this.watch.close();
    libc.close(this.fd);
  }
}

/** Counts the second thread's waits during `run`; there must never be two at a time. */
async function countingWaits(run: () => Promise<void>): Promise<number> {
  const { wait } = parking;
  let waits = 0;
  let pending = 0;
  parking.wait = (...args) => {
    waits++;
    assertEquals(++pending, 1, "waits at a time");
    return wait.apply(parking, args).finally(() => pending--);
  };
  try {
    await run();
  } finally {
    parking.wait = wait;
  }
  return waits;
}

describe("Reactor", () => {
  it("calls back for what is ready and for what becomes ready later, until the wait ends", async () => {
    using counter = new Counter((counter) => counter.calls >= 3 && counter.arm(false));
    counter.arm(true);
    await pause(20);
    assertEquals(counter.calls, 0);
    counter.fill();
    await until(() => counter.calls === 3);
    await pause(20);
    assertEquals(counter.calls, 3);
    counter.watch.arm(EPOLLIN | EPOLLOUT, true);
    await until(() => counter.calls === 4);
    counter.arm(false);
  });

  it("what becomes ready without a wait wakes nothing, and is reported to the next wait", async () => {
    using patient = new Counter();
    using counter = new Counter();
    counter.arm(true);
    counter.fill();
    await until(() => counter.calls === 1);
    const waits = await countingWaits(async () => {
      patient.arm(true);
      await pause(50);
      for (let i = 0; i < 20; i++) {
        counter.fill();
        await pause(1);
      }
    });
    assert(waits <= 2, `${waits} waits`);
    assertEquals([counter.calls, patient.calls], [1, 0]);
    counter.arm(true);
    await until(() => counter.calls === 2);
    counter.empty();
    counter.arm(true);
    await pause(50);
    const calls = counter.calls;
    assert(calls <= 3, `${calls} calls`); // the second thread may have seen it full before it was emptied
    counter.arm(true);
    counter.fill();
    await until(() => counter.calls === calls + 1);
    patient.fill();
    await until(() => patient.calls === 1);
  });

  it("watches may be closed in a callback, together with others that are ready", async () => {
    const before = await restingDescriptors();
    const closing = () => counters.splice(0).forEach((counter) => counter[Symbol.dispose]());
    const counters = Array.from({ length: 5 }, () => new Counter(closing));
    const all = [...counters];
    for (const counter of counters) counter.arm(true);
    await pause(20);
    for (const counter of counters) counter.fill();
    await until(() => counters.length === 0);
    await descriptorsBackTo(before);
    assertEquals(all.reduce((sum, { calls }) => sum + calls, 0), 1);
    using again = new Counter();
    again.fill();
    again.arm(true);
    await until(() => again.calls === 1);
  });

  it("serves 200 watches equally", async () => {
    const counters = Array.from({ length: 200 }, () => new Counter());
    for (const counter of counters) counter.arm(true);
    await pause(20);
    for (const counter of counters.slice(0, 100)) counter.fill();
    await until(() => counters.every(({ calls }, i) => calls === Number(i < 100)));
    for (const counter of counters) counter.fill();
    for (const counter of counters) counter.arm(true);
    await until(() => counters.every(({ calls }, i) => calls === 1 + Number(i < 100)));
    for (const counter of counters) counter[Symbol.dispose]();
  });

  it("follows the last arm's keepAlive", async () => {
    using counter = new Counter();
    for (const [first, then] of [[true, false], [false, true]]) {
      counter.arm(true, first);
      await pause(20);
      counter.arm(true, then);
      await pause(20);
      const calls = counter.calls;
      counter.fill();
      await until(() => counter.calls === calls + 1);
      counter.empty();
    }
  });

  it("a watch that is always ready and always rearmed delays neither others nor timers", async () => {
    using busy = new Counter((counter) => {
      counter.arm(false);
      queueMicrotask(() => counter.calls < 100_000 && counter.arm(true));
    });
    using other = new Counter();
    busy.fill();
    busy.arm(true);
    other.arm(true);
    await pause(1);
    const meanwhile = busy.calls;
    other.fill();
    await until(() => other.calls === 1);
    assert(0 < meanwhile && busy.calls < 100_000, `${meanwhile}, then ${busy.calls}`);
    busy.calls = 100_000;
  });

  it("two watches that answer each other at once do not use the second thread", async () => {
    const [one, other] = [0, 1].map(() =>
      new Counter((counter) => {
        counter.empty();
        counter.arm(false);
        queueMicrotask(() => {
          if (counter.calls < 1000) counters[1 - counters.indexOf(counter)].fill();
          counter.arm(true);
        });
      })
    );
    const counters = [one, other];
    const waits = await countingWaits(async () => {
      for (const counter of counters) counter.arm(true);
      one.fill();
      await until(() => one.calls === 1000);
    });
    assert(waits <= 20, `${waits} waits`);
    for (const counter of counters) counter[Symbol.dispose]();
  });

  it("reports a failure of the second thread once to every wait, and works again afterwards", async () => {
    using waiting = new Counter();
    using idle = new Counter();
    const { wait } = parking;
    parking.wait = () => {
      parking.wait = wait;
      throw new Error("no thread");
    };
    waiting.arm(true);
    await until(() => waiting.failures.length > 0);
    assertEquals([waiting.failures.length, waiting.failures[0].message, idle.failures.length], [1, "no thread", 0]);
    waiting.arm(true);
    await pause(20);
    waiting.fill();
    await until(() => waiting.calls === 1);
    assertEquals(waiting.failures.length, 1);
  });
});
