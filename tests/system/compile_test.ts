import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { pageFiles } from "../../src/web/page_files.ts";
import { noVcan } from "../support/kernel.ts";
import { inDeno, root, runtime } from "./script.ts";
import { PATIENCE, Program } from "./tools.ts";

/** A user's script, which answers one frame. The wait for it needs the thread that waits for sockets. */
const script = `
  import { Bus, Message } from "${root}mod.ts";
  using bus = new Bus("vcan0");
  console.log("ready");
  const message = await bus.recvAsync();
  await bus.sendAsync(new Message({ arbitrationId: message!.arbitrationId + 1 }));
`;

// deno compile downloads its runtime, denort, which a test must not need; DENORT_BIN names one that is there.
const skip = noVcan || (inDeno && !process.env.DENORT_BIN && "deno compile needs denort: set DENORT_BIN");

/** Compiles a file, and runs something with the program. */
async function compiled(file: string, use: (program: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/compile-`);
  try {
    const [shell, ...args] = runtime(
      ...inDeno ? ["compile", "-A", "--no-check", "--output"] : ["build", "--compile", "--outfile"],
      `${folder}/program`,
      file,
    );
    using build = new Program(shell, args);
    await build.finish();
    await use(`${folder}/program`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("A compiled program", () => {
  it("opens a bus, waits and answers", { skip, timeout: PATIENCE }, async () => {
    const folder = mkdtempSync(`${tmpdir()}/compile-`);
    try {
      writeFileSync(`${folder}/script.ts`, script);
      await compiled(`${folder}/script.ts`, async (file) => {
        using bus = new Bus("vcan0");
        using program = new Program(file, []);
        await program.until(() => program.lines.length === 1, "open its bus");
        bus.send(new Message({ arbitrationId: 0x1000 }));
        const answer = await bus.recvAsync({ timeout: 60 });
        assertEquals(answer?.arbitrationId, 0x1001);
        await program.finish();
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("the live page, with all its files", { skip: inDeno && skip, timeout: PATIENCE }, async () => {
    await compiled(`${root}src/cli/mod.ts`, async (file) => {
      using web = new Program(file, ["web", `${root}tests/data/logs/blf_across.blf`, "--port", "0"]);
      await web.until(() => web.lines.length === 1, "print its link");
      for (const name of pageFiles) {
        const response = await fetch(web.lines[0] + name);
        assertEquals(response.status, 200, name);
        assert((await response.text()).length > 100, name);
      }
      await web.stop("SIGINT");
    });
  });

  it("can, as one file", { skip, timeout: PATIENCE }, async () => {
    await compiled(`${root}src/cli/mod.ts`, async (file) => {
      using bus = new Bus("vcan0");
      using can = new Program(file, ["send", "vcan0", "123#DEADBEEF"]);
      await can.finish();
      assertEquals((await bus.recvAsync({ timeout: 60 }))?.data, Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
    });
  });
});
