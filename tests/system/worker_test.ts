import { describe, it } from "node:test";
import { assert } from "@std/assert";
import { Bus } from "../../mod.ts";
import { assertOnly } from "../support/delivery.ts";
import { noJ1939 } from "../support/kernel.ts";
import { command, inDeno, root } from "./script.ts";
import { PATIENCE, Program } from "./tools.ts";

const options = { skip: noJ1939, timeout: PATIENCE };

describe("A worker's sockets and periodic frames end with it", () => {
  for (const way of ["terminate", "busy", "close", "error", "exit"]) {
    const skip = options.skip || (way === "busy" && inDeno && "Deno does not end a thread that never returns");
    it(way, { ...options, skip }, async () => {
      using bus = new Bus({ channel: "vcan0", receiveBuffer: 1_000_000 });
      const script = `${root}tests/system/scripts/worker_parent.ts`;
      const [program, ...args] = command(script, { args: [way], denoFlags: ["--allow-ffi", "--allow-read"] });
      using parent = new Program(program, args, null);
      await parent.until(() => parent.lines.length === 1, "start its worker");
      const [, before, during] = /before (\d+), with the worker (\d+)/.exec(parent.lines[0])!;
      assert(Number(during) >= Number(before) + 7, parent.lines[0]);
      await assertOnly(bus, [0x100, 0x101, 0x102]);
      parent.write("end the worker\n");
      await parent.until(() => parent.lines.length === 2, "close what its worker left open");
      await assertOnly(bus, [0x100]);
      parent.write("end\n");
      await parent.finish();
    });
  }
});
