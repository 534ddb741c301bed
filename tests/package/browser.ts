/**
 * Imports the databases of the npm package in a page of a headless Chromium, from a static server and without a bundler, and
 * decodes a frame there: `deno task browser`. Installs Chromium with apt where it is missing.
 *
 * @module
 */

import { execFileSync, spawn } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import process from "node:process";
import { assertEquals } from "@std/assert";
import { root } from "../system/script.ts";
import { packForNpm } from "./npm.ts";

/** Milliseconds until a page that reports nothing has failed. */
const PATIENCE = 120_000;

const page = `<!doctype html><meta charset="utf-8"><title>dbc</title><script type="module" src="/page.js"></script>`;

const script = `
import { Database, Message } from "/package/src/dbc/mod.js";

async function run() {
  const database = Database.parse(new Uint8Array(await (await fetch("/car.dbc")).arrayBuffer()));
  const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x2f, 3, 1, 0, 0, 0, 0, 0] });
  const { name, signals } = database.decode(message);
  const values = database.signalValues();
  database.decodeSignals(message, values);
  const { data } = database.encode("EngineData", { Speed: 81.5, Gear: "first" });
  let compiled = true;
  try {
    new Function("");
  } catch {
    compiled = false;
  }
  return { name, signals, values: [...values.values], data: [...data], compiled };
}

let result;
try {
  result = await run();
} catch (error) {
  result = { error: String(error.stack) };
}
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
`;

const dbc = `BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
VAL_ 291 Gear 0 "neutral" 1 "first" ;
`;

const expected = {
  name: "EngineData",
  signals: {
    Speed: { raw: 815, value: 81.5, label: null, unit: "km/h", inRange: true },
    Gear: { raw: 1, value: 1, label: "first", unit: "", inRange: true },
  },
  values: [81.5, 1],
  data: [0x2f, 3, 1, 0, 0, 0, 0, 0],
  compiled: false, // the policy of the page forbids it
};

const types: Record<string, string> = { html: "text/html", js: "text/javascript", dbc: "application/octet-stream" };

/** Serves the page and the files of a folder, and passes on what the page reports. */
function serve(folder: string, report: (result: unknown) => void) {
  const texts: Record<string, string> = { "/index.html": page, "/page.js": script, "/car.dbc": dbc };
  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = normalize(request.url ?? "/");
    response.setHeader("content-security-policy", "default-src 'self'");
    response.setHeader("content-type", types[path.split(".").at(-1)!] ?? "text/plain");
    if (path === "/result") {
      let body = "";
      request.on("data", (chunk: Uint8Array) => body += new TextDecoder().decode(chunk));
      request.on("end", () => {
        response.end();
        report(JSON.parse(body));
      });
    } else if (path in texts) {
      response.end(texts[path]);
    } else if (statSync(join(folder, path), { throwIfNoEntry: false })?.isFile()) {
      createReadStream(join(folder, path)).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  };
}

execFileSync(`${root}tests/vm/install`, ["chromium"], { stdio: "inherit" });
const folder = mkdtempSync(join(tmpdir(), "browser-"));
try {
  execFileSync("tar", ["-xzf", packForNpm(folder), "-C", folder]);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const server = createServer(serve(folder, resolve));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const browser = spawn("chromium", [
    "--headless",
    "--disable-gpu",
    ...process.getuid?.() === 0 ? ["--no-sandbox"] : [], // it refuses to run as root with one
    `--user-data-dir=${folder}/profile`,
    `http://127.0.0.1:${port}/index.html`,
  ], { stdio: "ignore", detached: true });
  browser.on("error", reject);
  browser.on("exit", (code) => reject(new Error(`Chromium ended with ${code} before the page reported`)));
  const timer = setTimeout(() => reject(new Error("The page has reported nothing")), PATIENCE);
  try {
    assertEquals(await promise, expected);
    console.log("the page has decoded and encoded the frame");
  } finally {
    clearTimeout(timer);
    if (browser.pid !== undefined && browser.exitCode === null) {
      browser.removeAllListeners("exit");
      const ended = new Promise((resolve) => browser.on("exit", resolve));
      process.kill(-browser.pid, "SIGKILL"); // all its processes, which write into the folder
      await ended;
    }
    server.close();
  }
} finally {
  rmSync(folder, { recursive: true });
}
