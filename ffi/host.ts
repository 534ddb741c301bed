/**
 * The runtime that this program runs in, and whether it is recent enough.
 *
 * @module
 */

import { CanInterfaceNotImplementedError } from "../src/errors.ts";

/** The globals that identify the runtime and the machine. */
export interface Host {
  /** Deno's namespace; absent elsewhere. */
  readonly Deno?: { readonly dlopen?: unknown; readonly version?: { readonly deno: string } };
  /** Bun's namespace; absent elsewhere. */
  readonly Bun?: { readonly version?: string };
  /** Node's `process`, which all of these runtimes have. */
  readonly process?: {
    readonly platform: string;
    readonly arch: string;
    readonly versions?: { readonly node?: string };
  };
}

/** A runtime and its version, such as 2.9.6. */
export interface Runtime {
  readonly name: "Deno" | "Bun" | "Node" | "unknown";
  readonly version: string;
}

/**
 * The oldest version of each runtime that works, and why. They are repeated in package.json (`engines`) and in the
 * documentation.
 */
const OLDEST = {
  // Before, setTimeout returned a number, so that no timer could be unref'd without the name of the runtime.
  Deno: "2.8.0",
  // Before, there was no process.getBuiltinModule, the only way to bun:ffi that all runtimes parse.
  Bun: "1.2.6",
} as const;

/** Returns the runtime of a host: Deno and Bun also have Node's version, so they are recognised first. */
export function runtimeOf({ Deno, Bun, process }: Host): Runtime {
  if (Deno?.version) return { name: "Deno", version: Deno.version.deno };
  if (Bun) return { name: "Bun", version: Bun.version ?? "unknown" };
  const node = process?.versions?.node;
  return node === undefined ? { name: "unknown", version: "unknown" } : { name: "Node", version: node };
}

/**
 * Refuses versions of Deno and Bun that are too old, in which calls would fail or corrupt memory. `engines` in
 * package.json stops nobody at run time.
 *
 * @throws {CanInterfaceNotImplementedError} The runtime is too old.
 */
export function checkVersion(host: Host = globalThis as unknown as Host): void {
  const { name, version } = runtimeOf(host);
  if (name !== "Deno" && name !== "Bun") return;
  const oldest = OLDEST[name];
  if (!isOlder(version, oldest)) return;
  throw new CanInterfaceNotImplementedError(
    `Cannot use ${name} ${version}: the oldest version that works is ${oldest}; update it with ` +
      `"${name.toLowerCase()} upgrade"`,
  );
}

/** Compares versions by their first three numbers: what follows (`-canary`, `+debug`) does not count. */
function isOlder(version: string, oldest: string): boolean {
  const numbers = (text: string) => [...text.matchAll(/\d+/g)].slice(0, 3).map(([digits]) => Number(digits));
  const [found, needed] = [numbers(version), numbers(oldest)];
  if (found.length < 3) return false; // not a version: nothing is known
  const different = needed.findIndex((number, i) => number !== found[i]);
  return different >= 0 && found[different] < needed[different];
}
