import { describe, it } from "node:test";
import { fuzzBcm } from "./bcm.ts";
import { fuzzReceived } from "./received.ts";
import { fuzzTraffic } from "./traffic.ts";

// A bounded part of what `deno task fuzz` does.
describe("Fuzz", () => {
  it("random bytes as frames, addresses and control messages: nothing throws, nothing shows what is not its own", () => {
    fuzzReceived(1, 100);
  });

  it("random messages of the broadcast manager: nothing throws, nothing shows more than its own frame", () => {
    fuzzBcm(1, 1000);
  });

  it("random errors and short counts of every call: nothing is lost, doubled or out of order", async () => {
    await fuzzTraffic(1, 400);
  });
});
