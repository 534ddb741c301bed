import { describe, it } from "node:test";
import { fuzzBcm } from "./bcm.ts";
import { fuzzReceived } from "./received.ts";
import { fuzzTraffic } from "./traffic.ts";

// A short run of what `deno task fuzz` does.
describe("Fuzz", () => {
  it("random bytes as frames, addresses and control messages: no exceptions, no foreign bytes in a message", () => {
    fuzzReceived(1, 100);
  });

  it("random messages of the broadcast manager: no exceptions, no foreign bytes in a message", () => {
    fuzzBcm(1, 1000);
  });

  it("random errors and short counts of every call: nothing is lost, duplicated or reordered", async () => {
    await fuzzTraffic(1, 400);
  });
});
