/**
 * The choice of runtime: libc is loaded on first use, once.
 *
 * @module
 */

import { loadLibc as loadInBun } from "../bun/libc.ts";
import { CanInterfaceNotImplementedError } from "../src/errors.ts";
import { loadLibc as loadInDeno } from "./deno.ts";
import type { Libc } from "./libc.ts";

/** What tells the runtime and the machine, in Deno, in Bun and elsewhere. */
export interface Host {
  /** Deno's namespace, in Deno. */
  readonly Deno?: { readonly dlopen?: unknown };
  /** Bun's namespace, in Bun. */
  readonly Bun?: unknown;
  /** Node's process, which all runtimes have. */
  readonly process?: { readonly platform: string; readonly arch: string };
}

const loaded = new Map<string, Libc>();

/**
 * The C library of this process.
 *
 * @param path Where libc is, for systems on which neither `libc.so.6` nor musl's name finds it.
 * @throws {CanInterfaceNotImplementedError} Where there is no SocketCAN or no way to it: not Linux, not a 64-bit
 * little-endian machine, neither Deno nor Bun, or no libc.
 * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
 */
export function openLibc(path?: string): Libc {
  const key = path ?? "";
  let libc = loaded.get(key);
  if (!libc) {
    const load = chooseRuntime(globalThis as unknown as Host);
    try {
      libc = load(path);
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      throw new CanInterfaceNotImplementedError(
        `Cannot load libc: ${error.message}; name the file with the option libc: "/path/to/libc.so.6"`,
        { cause: error },
      );
    }
    loaded.set(key, libc);
  }
  return libc;
}

/** The loader for a host, or an error that says why it has none and what to do. */
export function chooseRuntime(host: Host): (path?: string) => Libc {
  const elsewhere = `use a Bus with interface: "virtual" here`;
  const { platform, arch } = host.process ?? { platform: "unknown", arch: "unknown" };
  if (platform !== "linux") {
    throw new CanInterfaceNotImplementedError(`SocketCAN needs Linux, and this is ${platform}; ${elsewhere}`);
  }
  // Structures are laid out for 64-bit little-endian machines throughout; this is the one place that says so.
  if ((arch !== "x64" && arch !== "arm64") || new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
    throw new CanInterfaceNotImplementedError(
      `SocketCAN is supported on 64-bit little-endian machines (x86-64, aarch64), and this is ${arch}; ${elsewhere}`,
    );
  }
  if (host.Deno?.dlopen) return loadInDeno;
  if (host.Bun) return loadInBun;
  throw new CanInterfaceNotImplementedError(`SocketCAN needs Deno or Bun: this runtime has no FFI; ${elsewhere}`);
}
