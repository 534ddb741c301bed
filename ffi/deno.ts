/**
 * Deno's backend: `Deno.dlopen`.
 *
 * @module
 */

import { bindLibc, type Libc, type Parking } from "./libc.ts";
import { libcNames, libcPaths } from "./names.ts";
import { type NativeFunction, type NativeFunctions, symbols } from "./symbols.ts";
import { threadDescriptors, threadExitSymbols } from "./thread_exit.ts";

interface PermissionStatus {
  readonly state: "granted" | "prompt" | "denied";
}

interface FfiPermission {
  readonly name: "ffi";
  readonly path?: string;
}

/** The part of Deno's namespace used here: other runtimes' type checkers do not know it. */
interface DenoNamespace {
  readonly build: { readonly arch: string };
  readonly errors: { readonly NotCapable: new (message: string) => Error };
  readonly permissions: {
    querySync(permission: FfiPermission): PermissionStatus;
    requestSync(permission: FfiPermission): PermissionStatus;
  };
  dlopen(path: string, symbols: Record<string, NativeFunction>): { readonly symbols: unknown };
}

/** `epoll_wait` bound a second time, to run on a thread of Deno's pool. */
interface ParkedFunctions {
  parkedEpollWait(epoll: number, events: Uint8Array, count: number, timeout: number): Promise<number>;
}

/**
 * Loads libc.
 *
 * @param path The library's file. Default: its usual names are tried.
 * @throws {Deno.errors.NotCapable} Without `--allow-ffi`.
 */
export function loadLibc(path?: string): Libc {
  const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
  const arch = Deno.build.arch;
  const [name, native] = open(Deno, path === undefined ? permittedNames(Deno, arch) : [path]);
  const descriptors = threadDescriptors(() => Deno.dlopen(name, threadExitSymbols).symbols);
  return bindLibc(native, new PoolParking(native), arch === "x86_64", descriptors);
}

/**
 * Returns the names that dlopen may try. A grant for one path (`--allow-ffi=/lib/…/libc.so.6`) covers exactly that path;
 * the whole grant, or the answer to a prompt for it, covers bare names.
 */
function permittedNames(Deno: DenoNamespace, arch: string): readonly string[] {
  if (Deno.permissions.querySync({ name: "ffi" }).state === "granted") {
    return libcNames(arch);
  }
  const paths = libcPaths(arch);
  const granted = paths.filter((path) => Deno.permissions.querySync({ name: "ffi", path }).state === "granted");
  if (granted.length > 0) return granted;
  if (Deno.permissions.requestSync({ name: "ffi" }).state === "granted") {
    return libcNames(arch);
  }
  throw new Deno.errors.NotCapable(
    `Cannot load libc: NotCapable (no permission for FFI); run again with --allow-ffi, or with --allow-ffi=${paths[0]}`,
  );
}

/** Returns the name that was found, and the functions. */
function open(
  Deno: DenoNamespace,
  names: readonly string[],
): [name: string, native: NativeFunctions & ParkedFunctions] {
  const table = { ...symbols, parkedEpollWait: { ...symbols.epoll_wait, name: "epoll_wait", nonblocking: true } };
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      return [name, Deno.dlopen(name, table).symbols as NativeFunctions & ParkedFunctions];
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failures.push(error);
    }
  }
  throw new AggregateError(failures, failures.map((failure) => `${failure}`).join("; "));
}

/** Interval of polling, in milliseconds, for a wait that must not keep the process alive. */
const POLL_INTERVAL = 10;

/**
 * How long a thread of the pool sleeps at a time, in milliseconds. A Worker that is terminated leaves its thread asleep,
 * and the pool is small: without a limit each of them would be lost forever.
 */
const LONGEST_SLEEP = 30_000;

/**
 * Parks `epoll_wait` in Deno's thread pool. A pending call there always keeps the process alive, so a wait that must not
 * do so polls from a timer instead.
 */
class PoolParking implements Parking {
  readonly #native: NativeFunctions & ParkedFunctions;
  #timer: Timer | undefined;
  #refed = false;

  constructor(native: NativeFunctions & ParkedFunctions) {
    this.#native = native;
  }

  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number> {
    if (keepAlive) return this.#native.parkedEpollWait(epoll, events, count, LONGEST_SLEEP);
    return new Promise((resolve) => {
      this.#refed = false;
      const poll = () => {
        const found = this.#native.epoll_wait(epoll, events, count, 0);
        if (found !== 0) return resolve(found);
        this.#timer = setTimeout(poll, POLL_INTERVAL) as unknown as Timer;
        if (!this.#refed) this.#timer.unref();
      };
      poll();
    });
  }

  ref(): void {
    this.#refed = true;
    this.#timer?.ref();
  }

  close(): void {}
}

/** What Deno's `setTimeout` returns. */
interface Timer {
  ref(): void;
  unref(): void;
}
