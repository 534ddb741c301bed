import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Bus } from "../../mod.ts";
import { assertOnly } from "../support/delivery.ts";
import { noVcan } from "../support/kernel.ts";
import { inDeno, root, runtime } from "./script.ts";
import { PATIENCE, Program } from "./tools.ts";

/** A user's script, which says which run it is by its identifiers. `end` is what it does at last. */
function script(run: number, end: string): string {
  return `
    import { Bus, IsoTpSocket, Message, watchLinks } from "${root}mod.ts";
    import { openSockets } from "${root}tests/support/descriptors.ts";

    const run = ${run}; // outside a function: --watch-hmr replaces functions without running the script again
    const message = (base: number) => new Message({ arbitrationId: base + run, isExtendedId: false });
    const bus = new Bus("vcan0");
    bus.sendPeriodic(message(0x200), 0.02); // by the kernel
    bus.sendPeriodic(message(0x300), 0.02, { modify: () => message(0x300) }); // by timers
    const isotp = new IsoTpSocket({ channel: "vcan0", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false });
    (async () => {
      for await (const _ of watchLinks());
    })();
    (async () => {
      for await (const _ of bus);
    })();
    setTimeout(() => {
      console.log("run " + run + " has " + openSockets(), isotp.closed ? "" : "open");
      ${end}
    }, 500);
  `;
}

/** The ways in which the runtime loads a changed script again, and what the script does at the end of each run. */
const ways = inDeno
  ? [
    ["--watch", ""],
    ["--watch", `throw new Error("on purpose");`],
    ["--watch-hmr", ""],
    ["--watch-hmr", `throw new Error("on purpose");`],
  ]
  : [
    ["--hot", ""],
    ["--hot", `Promise.reject(new Error("on purpose"));`],
  ];

describe("A script that is loaded again", () => {
  for (const [flag, end] of ways) {
    const title = `leaves no socket open and no frames on the bus: ${flag}${end && ", after an error"}`;
    it(title, { skip: noVcan, timeout: PATIENCE }, async () => {
      const folder = mkdtempSync(`${tmpdir()}/reload-`);
      try {
        const file = `${folder}/script.ts`;
        writeFileSync(file, script(1, end));
        using bus = new Bus({ channel: "vcan0", receiveBuffer: 1_000_000 });
        const flags = inDeno ? ["run", flag, "--no-check", "-A"] : [flag];
        const [program, ...args] = runtime(...flags, file);
        using user = new Program(program, args);
        const sockets: number[] = [];
        for (let run = 1; run <= 4; run++) {
          if (run > 1) writeFileSync(file, script(run, end));
          const pattern = new RegExp(`^run ${run} has (\\d+)`);
          const found = () => user.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          await user.until(() => found() !== undefined, `run the script for the ${run}. time`);
          sockets.push(Number(found()![1]));
          // The broadcast manager continues after an error, until the script is loaded again; timers do not.
          const byTimers = end === "" || !inDeno ? [0x300 + run] : [];
          await assertOnly(bus, [0x200 + run, ...byTimers]);
        }
        assertEquals(sockets, Array(4).fill(sockets[0]), "open sockets in each run");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
