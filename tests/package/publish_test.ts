import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { inDeno, root, runtime } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";

const describeInDeno = inDeno ? describe : () => {};

describeInDeno("The package for JSR", { timeout: PATIENCE }, () => {
  it("can be published, and contains only the library's files", async () => {
    const [shell, ...args] = runtime("publish", "--dry-run", "--allow-dirty", "--no-check"); // `deno task check` checks the types
    using program = new Program(shell, args);
    const { end, stderr } = await program.result();
    assertEquals(end, "0", stderr);
    const files = stderr.split("\n").flatMap((line) => line.split(`file://${root}`)[1]?.match(/^(\S+) \(/)?.[1] ?? []);
    const library =
      /^((src|ffi|bun)\/[a-z0-9_/]+\.ts|src\/web\/page\/[a-z0-9_]+\.(html|css|js|svg)|mod\.ts|deno\.json|README\.md|CHANGELOG\.md|LICENSE|docs\/(terminal\.svg|web-(phone-plots|table)\.png))$/;
    assertEquals(files.filter((file) => !library.test(file)), []);
    for (
      const file of [
        "mod.ts",
        "src/bus/bus.ts",
        "ffi/libc.ts",
        "bun/libc.ts",
        "docs/terminal.svg",
        "docs/web-phone-plots.png",
        "docs/web-table.png",
        "LICENSE",
      ]
    ) {
      assert(files.includes(file), file);
    }
  });
});
