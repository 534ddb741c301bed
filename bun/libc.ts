/**
 * Bun's backend: `bun:ffi`, and a worker thread that waits for sockets.
 *
 * @module
 */

import { bindLibc, type Libc } from "../ffi/libc.ts";
import { libcNames } from "../ffi/names.ts";
import { type NativeFunction, type NativeFunctions, type NativeType, symbols } from "../ffi/symbols.ts";
import { WorkerParking } from "./parking.ts";

/** The part of `bun:ffi` used here: other runtimes' type checkers do not know it. */
interface BunFfi {
  dlopen(
    path: string,
    symbols: Record<string, { args: readonly string[]; returns: string }>,
  ): { readonly symbols: unknown };
}

interface Process {
  readonly arch: string;
  getBuiltinModule(name: "bun:ffi"): BunFfi;
}

/** Bun's names of the C types that it spells differently. */
const bunTypes: Partial<Record<NativeType, string>> = { buffer: "ptr", pointer: "ptr", usize: "ptr" };

/**
 * Loads libc.
 *
 * @param path The library's file. Default: its usual names are tried.
 */
export function loadLibc(path?: string): Libc {
  const { process } = globalThis as unknown as { process: Process };
  const { dlopen } = process.getBuiltinModule("bun:ffi");
  const x64 = process.arch === "x64";
  const failures: unknown[] = [];
  for (const name of path === undefined ? libcNames(x64 ? "x86_64" : "aarch64") : [path]) {
    try {
      const native = dlopen(name, bunSymbols(symbols)).symbols as NativeFunctions;
      return bindLibc(native, new WorkerParking(name), x64);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, failures.map((failure) => `${failure}`).join("; "));
}

function bunSymbols(table: Record<string, NativeFunction>): Record<string, { args: string[]; returns: string }> {
  const bunType = (type: NativeType) => bunTypes[type] ?? type;
  return Object.fromEntries(
    Object.entries(table).map((
      [name, { parameters, result }],
    ) => [name, { args: parameters.map(bunType), returns: bunType(result) }]),
  );
}
