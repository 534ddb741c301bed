/**
 * Running scripts as a user would, in the same runtime as the tests.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { Program } from "./tools.ts";

/** Whether this is Deno. */
export const inDeno = "Deno" in globalThis;

/** The project's folder, with a trailing slash. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** How a script is started. */
export interface ScriptOptions {
  /** Arguments of the script. */
  readonly args?: readonly string[];
  /** Flags of `deno run`; Bun needs none. Default: only `--allow-ffi`. */
  readonly denoFlags?: readonly string[];
}

/** The command that runs this runtime, with no permissions but those in `args`. */
export function runtime(...args: string[]): string[] {
  // Not by its name: Deno passes its own permissions on to a Deno that it starts.
  process.env.RUNTIME = process.execPath;
  return ["sh", "-c", 'exec "$RUNTIME" "$@"', "sh", ...args];
}

/** The command that runs a script in this runtime. */
export function command(file: string, { args = [], denoFlags = ["--allow-ffi"] }: ScriptOptions = {}): string[] {
  const deno = ["run", "--no-check", "--no-prompt", "--no-config", ...denoFlags];
  return runtime(...(inDeno ? deno : []), file, ...args);
}

/** Starts a script of the project, by its path from the project's folder. */
export function startScript(path: string, options?: ScriptOptions): Program {
  const [program, ...args] = command(root + path, options);
  return new Program(program, args);
}
