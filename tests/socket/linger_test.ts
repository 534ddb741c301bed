import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { closeWhenSent, type Closing } from "../../src/socket/linger.ts";
import { until } from "../support/pause.ts";

/** A socket with `left` bytes to send, which counts how often it was closed. */
function sending(left: number, failure?: Error): Closing & { left: number; closed: number } {
  return {
    left,
    closed: 0,
    keepAlive: true,
    unsent() {
      return this.left;
    },
    close() {
      this.closed++;
      if (failure) throw failure;
    },
    timeoutError: () => new Error("late"),
  };
}

describe("closeWhenSent", () => {
  it("closes at once when nothing is left to send, or that cannot be determined", () => {
    for (const left of [0, -12]) {
      const idle = sending(left);
      assertEquals([closeWhenSent(idle), idle.closed], [null, 1]);
    }
    assertThrows(() => closeWhenSent(sending(0, new Error("enough"))), Error, "enough");
  });

  it("closes when everything was sent, however long that takes while there is progress", async () => {
    const slow = sending(10_000);
    const end = performance.now() + 900;
    slow.unsent = () => { // less at each check
      assertEquals(slow.closed, 0);
      return performance.now() < end ? slow.left-- : 0;
    };
    await closeWhenSent(slow, 200);
    assert(performance.now() >= end);
    assertEquals(slow.closed, 1);
    const failing = sending(1, new Error("enough"));
    const failed = closeWhenSent(failing);
    failing.left = 0;
    await assertRejects(() => failed!, Error, "enough");
  });

  it("rejects when there is no progress, and still closes later", async () => {
    const stuck = sending(10);
    await assertRejects(() => closeWhenSent(stuck, 100)!, Error, "late");
    assertEquals(stuck.closed, 0);
    stuck.left = 0;
    await until(() => stuck.closed === 1);
  });
});
