/**
 * Bun's backend: `bun:ffi`, and a worker thread that waits for sockets.
 *
 * @module
 */

import { bindLibc, type Libc } from "../ffi/libc.ts";
import { libcNames } from "../ffi/names.ts";
import { type NativeFunction, type NativeFunctions, type NativeType, symbols } from "../ffi/symbols.ts";
import { threadDescriptors, threadExitSymbols } from "../ffi/thread_exit.ts";
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

/** Bun's names of the types of parameters that it spells differently. */
const parameterTypes: Partial<Record<NativeType, string>> = { buffer: "ptr", pointer: "ptr" };

/**
 * Bun's names of the types of results that it spells differently. An address is returned as a number, but a parameter
 * keeps `usize`: before 1.3.4, Bun passed a number below 2^31 wrongly as "ptr", which overran the buffer of errno.
 */
const resultTypes: Partial<Record<NativeType, string>> = { usize: "ptr" };

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
      const descriptors = threadDescriptors(() => dlopen(name, bunSymbols(threadExitSymbols)).symbols);
      return bindLibc(native, new WorkerParking(name), x64, descriptors);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, failures.map((failure) => `${failure}`).join("; "));
}

/** Translates the table of functions into Bun's types. */
export function bunSymbols(table: Record<string, NativeFunction>): Record<string, { args: string[]; returns: string }> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { parameters, result }]) => {
      const args = parameters.map((type) => parameterTypes[type] ?? type);
      return [name, { args, returns: resultTypes[result] ?? result }];
    }),
  );
}
