import { describe, it } from "node:test";
import { assert } from "@std/assert";
import { fuzzNet } from "../fuzz/net.ts";

describe("Random datagrams, records and elements", () => {
  it("are read, or rejected, and nothing else", { timeout: 240_000 }, () => {
    // By the million: deno task fuzz:net.
    const { messages, rejected } = fuzzNet(20_000, 1);
    assert(messages > 5000 && rejected > 5000, `${messages} messages, ${rejected} rejected`);
  });
});
