import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { closeWhenSent, type Closing } from "../../src/socket/linger.ts";
import { until } from "../support/pause.ts";

/** Something that has so many bytes to send; and whether it was closed. */
function sending(left: number, failure?: Error): Closing & { left: number; closed: number } {
  return {
    left,
    closed: 0,
    keepAlive: true,
    waiting() {
      return this.left;
    },
    close() {
      this.closed++;
      if (failure) throw failure;
    },
    late: () => new Error("late"),
  };
}

describe("Closing what still sends", () => {
  it("is done at once where nothing waits, or that cannot be told", () => {
    for (const left of [0, -12]) {
      const idle = sending(left);
      assertEquals([closeWhenSent(idle), idle.closed], [null, 1]);
    }
    assertThrows(() => closeWhenSent(sending(0, new Error("enough"))), Error, "enough");
  });

  it("is done when all was sent, however long that takes if there is progress", async () => {
    const slow = sending(10_000);
    const end = performance.now() + 900;
    slow.waiting = () => { // less at each look
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

  it("is told to be late where there is no progress, and done all the same", async () => {
    const stuck = sending(10);
    await assertRejects(() => closeWhenSent(stuck, 100)!, Error, "late");
    assertEquals(stuck.closed, 0);
    stuck.left = 0;
    await until(() => stuck.closed === 1);
  });
});
