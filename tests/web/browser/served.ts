/**
 * Servers of the live page, as programs of their own.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { root } from "../../system/script.ts";

/** The commands that run a script in a runtime. */
const runtimes: Record<"deno" | "bun", () => [string, ...string[]]> = {
  deno: () => [Deno.execPath(), "run", "-A", "--no-check"],
  bun: () => [`${root}node_modules/.bin/bun`],
};

/** A server of the page. */
export class Served implements AsyncDisposable {
  readonly #runtime: keyof typeof runtimes;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #url = "";

  /** @param folder Where it may record. */
  constructor(runtime: keyof typeof runtimes, folder: string) {
    this.#runtime = runtime;
    this.#folder = folder;
  }

  /** Its address. */
  get url(): string {
    return this.#url;
  }

  /** Starts it; after `stop` at the address that it had. */
  async start(): Promise<void> {
    const [program, ...args] = runtimes[this.#runtime]();
    const port = this.#url === "" ? [] : [new URL(this.#url).port];
    this.#child = spawn(program, [...args, `${root}tests/web/browser/page_server.ts`, this.#folder, ...port], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: this.#child.stdout! })) {
      this.#url = line;
      return;
    }
    throw new Error(`The server in ${this.#runtime} has ended before it listened`);
  }

  /** Lets something happen on its buses. */
  async happen(name: "start" | "quiet" | "open" | "spike"): Promise<void> {
    const { ok, status } = await fetch(`${this.#url}test/${name}`);
    if (!ok) throw new Error(`/test/${name}: ${status}`);
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
