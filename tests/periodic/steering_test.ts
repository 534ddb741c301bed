import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Steering } from "../../src/periodic/steering.ts";

describe("Steering", () => {
  /** The mean period in microseconds of a kernel whose timer fires late by some microseconds, sampled for some seconds. */
  function mean(period: number, lateness: (n: number) => number, seconds: number): number {
    let time = 0;
    let sent = 1;
    let uncounted = 0;
    let interval = period;
    const steering = new Steering(period, 0, 1);
    const sendUntil = (end: number) => {
      const before = sent;
      for (let next; (next = time + (interval + lateness(sent)) / 1000) <= end; time = next) sent++;
      return sent - before;
    };
    for (let at = steering.delay; at < 1000 * seconds; at += steering.delay) {
      sendUntil(at);
      const counted = sent - uncounted;
      const next = steering.sample(at, counted);
      if (next === null) continue;
      uncounted += sendUntil(at + 0.7); // until the kernel has the interval
      interval = next;
      steering.set(next, at + 0.7, counted, 700 / period);
    }
    return 1000 * time / (sent - 1);
  }

  it("brings the mean to the period, whatever the timer's latency", () => {
    for (const period of [1000, 10_000, 100_000]) {
      for (const late of [0, 5, 50, 110, 200]) {
        const found = mean(period, () => late, 60);
        assert(Math.abs(found / period - 1) < 0.003, `${period} and ${late}: ${found}`);
      }
    }
  });

  it("follows a latency that changes", () => {
    const found = mean(1000, (n) => n % 20_000 < 10_000 ? 50 : 150, 120);
    assert(Math.abs(found / 1000 - 1) < 0.01, `${found}`);
  });

  it("makes up for time lost while the machine stalls for a moment", () => {
    for (const [each, stall] of [[100, 4000], [50, 4000], [5000, 100_000]]) {
      const found = mean(1000, (n) => n % each === 0 ? stall : 150, 30);
      assert(Math.abs(found / 1000 - 1) < 0.003, `${stall} of ${each}: ${found}`);
    }
  });

  it("never returns more than a period, nor much less; does not make up for a suspended machine", () => {
    const steering = new Steering(1000, 0, 1);
    const intervals: (number | null)[] = [];
    const sample = (at: number, sent: number) => {
      const interval = steering.sample(at, sent);
      if (interval !== null) steering.set(interval, at, sent, 0);
      intervals.push(interval);
    };
    sample(1000, 501); // a second in which half of the frames were sent
    sample(2000, 1401); // a second with 900 frames
    assertEquals(intervals, [980, 849]); // 2 % less; then 1111 - 980 less (the lesser error of the two), and the 2 %
    sample(2250, 2151); // too many frames
    sample(2500, 2901); // again; the correction is limited by the period, and the schedule is met
    assertEquals(intervals.slice(2), [null, 869]);
    sample(62_500, 2902); // suspended for a minute
    sample(62_750, 3152);
    assertEquals(intervals.slice(4), [null, null]);
    const early = new Steering(1000, 0, 1);
    assertEquals([early.sample(250, 401), early.sample(500, 801)], [null, null]); // never more than a period
  });

  it("samples less often the less there is to correct", () => {
    const steering = new Steering(1000, 0, 1);
    const delays: number[] = [];
    for (let at = steering.delay; delays.length < 8; at += steering.delay) {
      delays.push(steering.delay);
      assertEquals(steering.sample(at, 1 + at), null);
    }
    assertEquals(delays, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  });
});
