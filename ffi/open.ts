/**
 * Loading libc, once, on first use, with the running runtime's backend.
 *
 * @module
 */

import { loadLibc as loadInBun } from "../bun/libc.ts";
import { CanInterfaceNotImplementedError } from "../src/errors.ts";
import { loadLibc as loadInDeno } from "./deno.ts";
import { checkVersion, type Host, runtimeOf } from "./host.ts";
import type { Libc } from "./libc.ts";

const loaded = new Map<string, Libc>();

/**
 * Returns the C library of this process.
 *
 * @param path The library's file, on systems where neither `libc.so.6` nor musl's name finds it.
 * @throws {CanInterfaceNotImplementedError} SocketCAN cannot be used: not Linux, not a 64-bit little-endian machine,
 * neither Deno nor Bun or one that is too old, or no libc found.
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

/**
 * Returns the function that loads libc in this runtime.
 *
 * @throws {CanInterfaceNotImplementedError} The runtime, its version or the machine is not supported.
 */
export function chooseRuntime(host: Host): (path?: string) => Libc {
  const elsewhere = `use a Bus with interface: "virtual" here`;
  const { platform, arch } = host.process ?? { platform: "unknown", arch: "unknown" };
  if (platform !== "linux") {
    throw new CanInterfaceNotImplementedError(`SocketCAN needs Linux, and this is ${platform}; ${elsewhere}`);
  }
  // All structures are encoded for 64-bit little-endian machines; this is the only place that checks for one.
  if ((arch !== "x64" && arch !== "arm64") || new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
    throw new CanInterfaceNotImplementedError(
      `SocketCAN is supported on 64-bit little-endian machines (x86-64, aarch64), and this is ${arch}; ${elsewhere}`,
    );
  }
  checkVersion(host);
  if (host.Deno?.dlopen) return loadInDeno;
  if (host.Bun) return loadInBun;
  const { name, version } = runtimeOf(host);
  const found = name === "unknown" ? "another runtime" : `${name} ${version}`;
  throw new CanInterfaceNotImplementedError(`SocketCAN needs Deno or Bun, and this is ${found}; ${elsewhere}`);
}
