import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { WaitQueue } from "../../src/endpoint/wait_queue.ts";

describe("WaitQueue", () => {
  it("serves in order while it can; a failure rejects only its own entry", async () => {
    const stock: (string | Error)[] = [];
    const queue = new WaitQueue<number, string>((input) => {
      const next = stock.shift();
      if (next instanceof Error) throw next;
      return next && `${next}${input}`;
    }, () => {});
    const waits = [0, 1, 2, 3].map((input) => queue.wait(input, {}, () => "late"));
    stock.push("a", new Error("b failed"), "c");
    queue.pump();
    assertEquals(queue.size, 1);
    assertEquals(await waits[0], "a0");
    await assertRejects(() => waits[1], Error, "b failed");
    assertEquals(await waits[2], "c2");
    queue.rejectAll(() => new Error("closed"));
    await assertRejects(() => waits[3], Error, "closed");
    assertEquals(queue.size, 0);
  });

  it("stops serving when an attempt has rejected all waits", async () => {
    let attempts = 0;
    const queue = new WaitQueue<void, string>(() => {
      attempts++;
      queue.rejectAll(() => new Error("closed"));
      return "too late";
    }, () => {});
    const waits = [1, 2, 3].map(() => assertRejects(() => queue.wait(undefined, {}, () => ""), Error, "closed"));
    queue.pump();
    await Promise.all(waits);
    assertEquals([attempts, queue.size], [1, 0]);
  });

  it("returns what has arrived by the deadline, even without a notification", async () => {
    const stock: string[] = [];
    let emptied = 0;
    const queue = new WaitQueue<void, string>(() => stock.shift(), () => emptied++);
    const waits = [1, 2].map(() => queue.wait(undefined, { timeout: 0.01 }, () => "late"));
    stock.push("just in time");
    assertEquals(await Promise.all(waits), ["just in time", "late"]);
    assertEquals([queue.size, emptied], [0, 1]);
  });

  it("calls onEmpty when the last wait has timed out or was aborted, also among many", async () => {
    let emptied = 0;
    const queue = new WaitQueue<void, string>(() => undefined, () => emptied++);
    const aborting = new AbortController();
    const aborted = queue.wait(undefined, { signal: aborting.signal }, () => "late");
    const late = Array.from({ length: 1000 }, () => queue.wait(undefined, { timeout: 0.01 }, () => "late"));
    assertEquals(new Set(await Promise.all(late)), new Set(["late"]));
    assertEquals([queue.size, emptied], [1, 0]);
    aborting.abort(new Error("enough"));
    await assertRejects(() => aborted, Error, "enough");
    assertEquals([queue.size, emptied], [0, 1]);
    const thrown = queue.wait(undefined, { timeout: 0 }, () => {
      throw new Error("no room");
    });
    await assertRejects(() => thrown, Error, "no room");
  });
});
