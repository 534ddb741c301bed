import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { timeNow } from "../../src/message/time_now.ts";

const real = Date.now;

const now = () => {
  const { seconds, nanoseconds } = timeNow();
  return 1000 * seconds + nanoseconds / 1e6;
};

/** Within the time that a busy machine may need between two readings. */
const isNear = (time: number, other: number) => Math.abs(time - other) < 10_000;

describe("The time of a received frame", () => {
  afterEach(() => {
    Date.now = real;
    timeNow();
  });

  it("is that of the wall clock, with the digits of the monotonic clock", () => {
    const times = Array.from({ length: 1000 }, now);
    assert(isNear(times.at(-1)!, real()));
    assertEquals(times, times.toSorted((one, other) => one - other));
  });

  it("does not go back if the wall clock is read late or is slowed down", () => {
    const before = now();
    for (const late of [1, 2, 50, 900]) {
      Date.now = () => real() - late;
      const time = now();
      assert(time >= before, `${late} ms late: ${time - before}`);
    }
  });

  it("follows a wall clock that is set, ahead and back", () => {
    for (const change of [3_600_000, -3_600_000]) {
      Date.now = () => real() + change;
      assert(isNear(now(), real() + change));
    }
  });
});
