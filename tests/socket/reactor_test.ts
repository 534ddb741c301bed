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

/** A descriptor that is readable while its count is not zero, and a watch of it. */
class Place {
  readonly fd = libc.eventfd(0, 0o2004000);
  readonly failures: Error[] = [];
  calls = 0;
  watch: Watch;

  constructor(readonly onReady: (place: Place) => void = (place) => place.arm(false)) {
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

/** Counts the waits of the other thread while something runs; there is never more than one. */
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
  it("tells of what is there, and of what comes later, until nobody waits", async () => {
    using place = new Place((place) => place.calls >= 3 && place.arm(false));
    place.arm(true);
    await pause(20);
    assertEquals(place.calls, 0);
    place.fill();
    await until(() => place.calls === 3);
    await pause(20);
    assertEquals(place.calls, 3);
    place.watch.arm(EPOLLIN | EPOLLOUT, true);
    await until(() => place.calls === 4);
    place.arm(false);
  });

  it("what comes while nobody waits wakes nobody, and is told to who waits next", async () => {
    using patient = new Place();
    using place = new Place();
    place.arm(true);
    place.fill();
    await until(() => place.calls === 1);
    const waits = await countingWaits(async () => {
      patient.arm(true);
      await pause(50);
      for (let i = 0; i < 20; i++) {
        place.fill();
        await pause(1);
      }
    });
    assert(waits <= 2, `${waits} waits`);
    assertEquals([place.calls, patient.calls], [1, 0]);
    place.arm(true);
    await until(() => place.calls === 2);
    place.empty();
    place.arm(true);
    await pause(50);
    const calls = place.calls;
    assert(calls <= 3, `${calls} calls`); // the other thread may have seen it full before it was emptied
    place.arm(true);
    place.fill();
    await until(() => place.calls === calls + 1);
    patient.fill();
    await until(() => patient.calls === 1);
  });

  it("may be closed inside a call, together with others that are ready", async () => {
    const before = await restingDescriptors();
    const closing = () => places.splice(0).forEach((place) => place[Symbol.dispose]());
    const places = Array.from({ length: 5 }, () => new Place(closing));
    const all = [...places];
    for (const place of places) place.arm(true);
    await pause(20);
    for (const place of places) place.fill();
    await until(() => places.length === 0);
    await descriptorsBackTo(before);
    assertEquals(all.reduce((sum, { calls }) => sum + calls, 0), 1);
    using again = new Place();
    again.fill();
    again.arm(true);
    await until(() => again.calls === 1);
  });

  it("serves 200 alike", async () => {
    const places = Array.from({ length: 200 }, () => new Place());
    for (const place of places) place.arm(true);
    await pause(20);
    for (const place of places.slice(0, 100)) place.fill();
    await until(() => places.every(({ calls }, i) => calls === Number(i < 100)));
    for (const place of places) place.fill();
    for (const place of places) place.arm(true);
    await until(() => places.every(({ calls }, i) => calls === 1 + Number(i < 100)));
    for (const place of places) place[Symbol.dispose]();
  });

  it("waits so that the process may end, or not, as was said last", async () => {
    using place = new Place();
    for (const [first, then] of [[true, false], [false, true]]) {
      place.arm(true, first);
      await pause(20);
      place.arm(true, then);
      await pause(20);
      const calls = place.calls;
      place.fill();
      await until(() => place.calls === calls + 1);
      place.empty();
    }
  });

  it("one that is always ready, and waits anew each time, keeps neither others nor timers waiting", async () => {
    using busy = new Place((place) => {
      place.arm(false);
      queueMicrotask(() => place.calls < 100_000 && place.arm(true));
    });
    using other = new Place();
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

  it("who answers at once does not use the other thread", async () => {
    const [one, other] = [0, 1].map(() =>
      new Place((place) => {
        place.empty();
        place.arm(false);
        queueMicrotask(() => {
          if (place.calls < 1000) places[1 - places.indexOf(place)].fill();
          place.arm(true);
        });
      })
    );
    const places = [one, other];
    const waits = await countingWaits(async () => {
      for (const place of places) place.arm(true);
      one.fill();
      await until(() => one.calls === 1000);
    });
    assert(waits <= 20, `${waits} waits`);
    for (const place of places) place[Symbol.dispose]();
  });

  it("tells everybody who waits, once, when the other thread fails; and goes on", async () => {
    using waiting = new Place();
    using idle = new Place();
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
