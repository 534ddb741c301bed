import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { command, inDeno, root } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";

/** A user's script. */
const script = (specifier: string) => `
  import { Bus, Message } from "${specifier}";
  using a = new Bus({ channel: "x", interface: "virtual" });
  using b = new Bus({ channel: "x", interface: "virtual" });
  a.send(new Message({ arbitrationId: 0xc0ffee }));
  console.log(b.recv(1)!.arbitrationId);
  try {
    new Bus("vcan99");
  } catch (error) {
    console.log((error as Error).name);
  }
`;

/** Checks that the virtual bus works, and that libc was loaded: the error is about SocketCAN or the interface. */
function check(lines: string[]): void {
  assertEquals(lines[0], `${0xc0ffee}`);
  assert(["CanInterfaceNotImplementedError", "CanInitializationError"].includes(lines[1]), lines.join("\n"));
}

describe("A user's script", { timeout: PATIENCE }, () => {
  it(
    "imports the library from a package as npm packs it",
    { skip: inDeno && "Deno does not run TypeScript in node_modules" },
    async () => {
      const folder = mkdtempSync(`${tmpdir()}/package-`);
      try {
        const options = ["--pack-destination", folder, "--cache", `${folder}/cache`, "--silent"];
        using pack = new Program("npm", ["pack", root, ...options]);
        const [archive] = await pack.finish();
        const target = `${folder}/node_modules/@socketcan/bus`;
        using unpack = new Program("sh", [
          "-c",
          `mkdir -p ${target} && tar -C ${target} --strip-components=1 -xzvf ${folder}/${archive}`,
        ]);
        const files = (await unpack.finish()).map((file) => file.replace("package/", ""));
        const others = files.filter((file) =>
          !/^((src|ffi|bun)\/.*\.ts|mod\.ts|package\.json|docs\/terminal\.svg|[A-Z]+(\.md)?)$/.test(file)
        );
        assertEquals(others, []);
        writeFileSync(`${folder}/script.ts`, script("@socketcan/bus"));
        const [program, ...args] = command(`${folder}/script.ts`);
        using user = new Program(program, args);
        check(await user.finish());
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it("imports the library over HTTP, with no import map", { skip: !inDeno && "Bun does not import URLs" }, async () => {
    const requested: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      requested.push(url);
      response.setHeader("content-type", "application/typescript");
      response.end(readFileSync(root + url.slice(1)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = mkdtempSync(`${tmpdir()}/script-`);
    try {
      writeFileSync(`${folder}/script.ts`, script(`http://${host}/mod.ts`));
      const [program, ...args] = command(`${folder}/script.ts`, {
        denoFlags: ["--allow-ffi", `--allow-import=${host}`],
      });
      // A separate cache: another run may have used the same port.
      using user = new Program("env", [`DENO_DIR=${folder}/cache`, program, ...args]);
      check(await user.finish());
      assert(requested.includes("/mod.ts") && requested.includes("/bun/parking.ts"), requested.join());
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
