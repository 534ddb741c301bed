import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { PATIENCE } from "../support/delivery.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { worlds } from "../support/worlds.ts";

for (const { name, skip, open } of worlds) {
  describe(`Opening and closing on ${name}`, { skip }, () => {
    it("10,000 times leaks neither descriptors nor memory", async () => {
      const cycle = (count: number) => {
        for (let i = 0; i < count; i++) {
          using bus = open({ receiveOwnMessages: true });
          bus.send(new Message({ arbitrationId: i }));
          assertEquals(bus.recv(PATIENCE)!.arbitrationId, i);
        }
      };
      const before = await restingDescriptors();
      cycle(2_000);
      // Leaking only one socket's buffers would be 80 MB each time; what the garbage collector postpones is less.
      const growths: number[] = [];
      do {
        const warm = process.memoryUsage().rss;
        cycle(8_000);
        growths.push((process.memoryUsage().rss - warm) / 2 ** 20);
      } while (growths.at(-1)! >= 40 && growths.length < 4);
      assert(openDescriptors() <= before, `${openDescriptors()} descriptors are open, ${before} were before`);
      assert(growths.at(-1)! < 40, `${growths.map((growth) => growth.toFixed(1))} MiB more`);
    });

    it("with an asynchronous wait each, leaks neither descriptors nor threads", async () => {
      const before = await restingDescriptors();
      for (let i = 0; i < 50; i++) {
        using bus = open();
        await bus.recvAsync({ timeout: 0.001 });
        bus.recvAsync().catch(() => "closed");
      }
      await descriptorsBackTo(before);
    });
  });
}
