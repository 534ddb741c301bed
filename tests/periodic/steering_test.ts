import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Steering } from "../../src/periodic/steering.ts";

describe("Steering", () => {
  /** A kernel that wakes up late by some microseconds each time, looked at for so many seconds. */
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
    for (let look = steering.wait; look < 1000 * seconds; look += steering.wait) {
      sendUntil(look);
      const counted = sent - uncounted;
      const wish = steering.look(look, counted);
      if (wish === null) continue;
      uncounted += sendUntil(look + 0.7); // until the kernel is told
      interval = wish;
      steering.set(wish, look + 0.7, counted, 700 / period);
    }
    return 1000 * time / (sent - 1);
  }

  it("brings the mean to the period, however long it takes to wake up", () => {
    for (const period of [1000, 10_000, 100_000]) {
      for (const late of [0, 5, 50, 110, 200]) {
        const found = mean(period, () => late, 60);
        assert(Math.abs(found / period - 1) < 0.003, `${period} and ${late}: ${found}`);
      }
    }
  });

  it("follows what changes", () => {
    const found = mean(1000, (n) => n % 20_000 < 10_000 ? 50 : 150, 120);
    assert(Math.abs(found / 1000 - 1) < 0.01, `${found}`);
  });

  it("makes up for what is lost while the machine stands still for a moment", () => {
    for (const [each, stall] of [[100, 4000], [50, 4000], [5000, 100_000]]) {
      const found = mean(1000, (n) => n % each === 0 ? stall : 150, 30);
      assert(Math.abs(found / 1000 - 1) < 0.003, `${stall} of ${each}: ${found}`);
    }
  });

  it("never asks for more than a period, nor for much less; a machine that slept is not made up for", () => {
    const steering = new Steering(1000, 0, 1);
    const asked: (number | null)[] = [];
    const look = (at: number, sent: number) => {
      const interval = steering.look(at, sent);
      if (interval !== null) steering.set(interval, at, sent, 0);
      asked.push(interval);
    };
    look(1000, 501); // a second in which half of them were sent
    look(2000, 1401); // one with 900
    assertEquals(asked, [980, 849]); // 2 % less; then 1111 - 980 less, the lesser of the two, and the 2 %
    look(2250, 2151); // too many
    look(2500, 2901); // again, and by more than the period allows for; the schedule is met
    assertEquals(asked.slice(2), [null, 869]);
    look(62_500, 2902); // a minute's sleep
    look(62_750, 3152);
    assertEquals(asked.slice(4), [null, null]);
    const early = new Steering(1000, 0, 1);
    assertEquals([early.look(250, 401), early.look(500, 801)], [null, null]); // never more than a period
  });

  it("looks less often the less there is to correct", () => {
    const steering = new Steering(1000, 0, 1);
    const waits: number[] = [];
    for (let at = steering.wait; waits.length < 8; at += steering.wait) {
      waits.push(steering.wait);
      assertEquals(steering.look(at, 1 + at), null);
    }
    assertEquals(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  });
});
