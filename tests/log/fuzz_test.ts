import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { formatNames } from "../../src/log/formats.ts";
import { LogFuzzer } from "../fuzz/logs.ts";

// The first cases of what `deno task fuzz:logs` tries by the million.
describe("Changed log files", () => {
  for (const format of formatNames()) {
    it(`${format}: are read or refused, with documented errors only`, async () => {
      const fuzzer = await LogFuzzer.create(format, 1);
      const faults: string[] = [];
      await fuzzer.run(0, format === "sqlite" ? 50 : 400, (fault) => faults.push(fault));
      assertEquals(faults, []);
      // Else the changes leave too little of the files, or reach too little of the reader.
      const { cases, messages, skipped } = fuzzer.counts;
      assert(messages > cases / 4, `only ${messages} messages were read`);
      assert(skipped > cases / 4, `only ${skipped} diagnostics were made`);
    });
  }
});
