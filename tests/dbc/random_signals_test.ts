import { describe, it } from "node:test";
import { checkRandomMessages, checkRandomSignals } from "./random_signals.ts";

// A short run of what random_signals.ts does by itself.
describe("Random signals", () => {
  it("are decoded and encoded as in a slow second way: one in a message", () => {
    checkRandomSignals(3000, 1);
  });

  it("are decoded and encoded as in a slow second way: many in a message, with multiplexers", () => {
    checkRandomMessages(150, 1);
  });
});
