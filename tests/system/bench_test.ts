import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { noIsoTp } from "../support/isotp.ts";
import { startScript } from "./script.ts";
import { PATIENCE } from "./tools.ts";

const workloads = [
  "send",
  "sendMany",
  "receive one",
  "drain",
  "drain, data unread",
  "drain, calls only",
  "for await",
  "recvAsync",
  "round trip",
  "asynchronous round trip",
  "send, no kernel",
  "sendMany, no kernel",
  "drain, no kernel",
  "for await, no kernel",
];

describe("The benchmark", { timeout: PATIENCE }, () => {
  it("runs its workload over the simulated socket, on any kernel", async () => {
    using program = startScript("bench/bus.ts", { args: ["0.01", "native"] });
    const lines = (await program.finish()).map((line) => JSON.parse(line) as { workload: string; value: number });
    assertEquals(lines.map(({ workload }) => workload), workloads);
    for (const { workload, value } of lines) assert(value > 0 && Number.isFinite(value), workload);
  });

  it("runs ISO-TP", { skip: noIsoTp }, async () => {
    using program = startScript("bench/isotp.ts", { args: ["0.01"] });
    const lines = (await program.finish()).map((line) => JSON.parse(line) as { workload: string; value: number });
    assertEquals(lines.map(({ workload }) => workload), ["ISO-TP", "ISO-TP, FD", "ISO-TP, asynchronous"]);
    assert(lines.every(({ value }) => value > 0 && Number.isFinite(value)), JSON.stringify(lines));
  });
});
