/**
 * Running other programs, for tests with peers.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { assert } from "@std/assert";
import type { Bus } from "../../mod.ts";
import { pause } from "../support/pause.ts";

/** Milliseconds after which a wait fails: far more than any needs, even on an emulated machine. */
const LIMIT = 120_000;

/** The timeout in milliseconds of tests that wait for programs: longer than a wait's own, whose error says more. */
export const PATIENCE = 2 * LIMIT;

/** A running program and its output in lines. It is killed at the end of a `using` block. */
export class Program implements Disposable {
  /** Complete lines of standard output so far. */
  readonly lines: string[] = [];
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  #partial = "";
  #stderr = "";
  /** How it ended: an exit code, a signal, or why it could not be started. */
  #end: string | undefined;
  #output = Promise.withResolvers<void>();

  /** @param input Its standard input; null if `write` supplies it. */
  constructor(command: string, args: readonly string[], input: string | null = "") {
    this.#name = [command, ...args].join(" ").slice(0, 200);
    this.#child = spawn(command, args);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.#partial + text).split("\n");
      this.#partial = parts.pop()!;
      this.lines.push(...parts);
      this.#notify();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => this.#stderr += text);
    this.#child.on("error", (error) => this.#ended(error.message));
    this.#child.on("close", (code, signal) => this.#ended(`${signal ?? code}`));
    // A program that ends without reading everything shows it by its exit code.
    this.#child.stdin.on("error", () => {});
    if (input !== null) this.#child.stdin.end(input);
  }

  /**
   * Waits until a condition holds.
   *
   * @param what The condition in words, for the error.
   * @param beat Called every now and then while waiting.
   */
  async until(condition: () => boolean, what: string, beat?: () => void): Promise<void> {
    const deadline = performance.now() + LIMIT;
    while (!condition()) {
      if (this.#end !== undefined || performance.now() > deadline) throw this.error(`did not come to ${what}`);
      beat?.();
      let timer;
      const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, beat ? 20 : 500));
      await Promise.race([this.#output.promise, timeout]);
      clearTimeout(timer);
    }
  }

  /** Waits for the end and returns the lines; throws for an exit code other than 0. */
  async finish(): Promise<string[]> {
    await this.#over();
    if (this.#end !== "0") throw this.error("failed");
    return this.lines;
  }

  /** Waits for the end; returns the exit code or signal, and the output to standard error. */
  async result(): Promise<{ end: string; stderr: string }> {
    await this.#over();
    return { end: this.#end!, stderr: this.#stderr };
  }

  /** Writes to its standard input; null closes it. */
  write(text: string | null): void {
    if (text === null) this.#child.stdin.end();
    else this.#child.stdin.write(text);
  }

  /** Sends it a signal. */
  kill(signal: "SIGWINCH" | "SIGINT" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    if (this.#end === undefined) process.kill(this.#child.pid!, signal); // not child.kill: Deno's sends only one signal
  }

  /** Ends it by a signal and returns the lines. */
  async stop(signal: "SIGINT" | "SIGTERM" = "SIGTERM"): Promise<string[]> {
    this.kill(signal);
    await this.#over();
    return this.lines;
  }

  /** An error that contains the program's output. */
  error(what: string): Error {
    const state = this.#end === undefined ? "still running" : `ended: ${this.#end}`;
    return new Error(
      `${this.#name}\n${what} (${state})\nstderr: ${this.#stderr}\nlast of ${this.lines.length} lines: ` +
        this.lines.slice(-3).join("\n"),
    );
  }

  /** Kills the program if it still runs. */
  [Symbol.dispose](): void {
    if (this.#end === undefined) this.#child.kill("SIGKILL");
  }

  async #over(): Promise<void> {
    const deadline = performance.now() + LIMIT;
    while (this.#end === undefined) {
      if (performance.now() > deadline) throw this.error("did not end");
      await pause(10);
    }
  }

  #ended(how: string): void {
    this.#end ??= how;
    this.#notify();
  }

  #notify(): void {
    this.#output.resolve();
    this.#output = Promise.withResolvers<void>();
  }
}

/** A bus or another socket that receives. */
interface Receiver<In> {
  recvAsync(options: { timeout: number }): Promise<In | null>;
}

/** The next `count` messages of a bus; `program`, which sends them or makes a peer send them, is for errors. */
export async function receive<In>(bus: Receiver<In>, count: number, program?: Program): Promise<In[]> {
  const messages: In[] = [];
  while (messages.length < count) {
    const message = await bus.recvAsync({ timeout: LIMIT / 1000 });
    if (message === null) {
      const what = `only ${messages.length} of ${count} messages came`;
      throw program?.error(what) ?? new Error(what);
    }
    messages.push(message);
  }
  return messages;
}

/** Reads what has arrived, and up to `most` messages that were still under way; fails if more arrive. */
export async function drainUntilQuiet(bus: Bus, most = 5): Promise<void> {
  bus.recvMany(99_999, 0);
  for (let late = 0; (await bus.recvAsync({ timeout: 0.2 })) !== null; late++) {
    assert(late < most, "messages still come");
  }
}

/**
 * Holds this thread, and the programs that it starts, on one processor, until the end of a `using` block.
 *
 * The processor that sends a frame delivers it to its receivers, at once or a little later if it is busy. A thread that
 * moves to another processor meanwhile overtakes its own frames inside the kernel.
 */
export function onOneProcessor(): Disposable {
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1)!;
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/thread-self/status", "utf8"))![1];
  const hold = (processors: string) => execFileSync("taskset", ["-p", "-c", processors, thread], { stdio: "ignore" });
  hold(`${parseInt(allowed)}`);
  return { [Symbol.dispose]: () => void hold(allowed) };
}

/** Runs iproute2's `ip`; its error output is shown. */
export function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
}
