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

/** Runs a script that imports from a server of this project's files. */
async function runOverHttp(scriptOf: (host: string) => string): Promise<{ lines: string[]; requested: string[] }> {
  const requested: string[] = [];
  const types: Record<string, string> = {
    ts: "application/typescript",
    js: "text/javascript",
    html: "text/html",
    css: "text/css",
  };
  const server = createServer(({ url = "" }, response) => {
    requested.push(url);
    response.setHeader("content-type", types[url.slice(url.lastIndexOf(".") + 1)] ?? "text/plain");
    response.end(readFileSync(root + url.slice(1)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(`${tmpdir()}/script-`);
  try {
    writeFileSync(`${folder}/script.ts`, scriptOf(host));
    const [program, ...args] = command(`${folder}/script.ts`, {
      denoFlags: ["--allow-ffi", `--allow-import=${host}`],
    });
    // A separate cache: another run may have used the same port.
    using user = new Program("env", [`DENO_DIR=${folder}/cache`, program, ...args]);
    return { lines: await user.finish(), requested };
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

describe("A user's script", { timeout: PATIENCE }, () => {
  it("imports the library over HTTP, with no import map", { skip: !inDeno && "Bun does not import URLs" }, async () => {
    const { lines, requested } = await runOverHttp((host) => script(`http://${host}/mod.ts`));
    check(lines);
    assert(requested.includes("/mod.ts") && requested.includes("/bun/parking.ts"), requested.join());
  });

  it(
    "imports the live page over HTTP, with no import map",
    { skip: !inDeno && "Bun does not import URLs" },
    async () => {
      const { lines, requested } = await runOverHttp((host) => `
      import { webHandler } from "http://${host}/src/web/mod.ts";
      await using handler = webHandler();
      const [page, script] = await Promise.all(["", "main.js"].map(async (name) => {
        const response = await handler(new Request("http://localhost/" + name));
        return [response.status, response.headers.get("content-type"), (await response.text()).length > 1000].join(" ");
      }));
      console.log(page);
      console.log(script);
    `);
      assertEquals(lines, ["200 text/html; charset=utf-8 true", "200 text/javascript; charset=utf-8 true"]);
      assert(requested.includes("/src/web/page/main.js"), requested.join());
    },
  );
});
