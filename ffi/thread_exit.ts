/**
 * Closing descriptors when the thread that opened them ends.
 *
 * Descriptors belong to the process: a worker that is terminated, or a run that `deno run --watch` replaces, leaves its
 * sockets open, and the broadcast manager goes on sending. No JavaScript runs then, so the C library does it: each
 * descriptor is registered with `__cxa_atexit(close, descriptor, handle)`, and `__cxa_finalize(handle)` closes it. That
 * is called when the descriptor is closed, when the thread ends (`__cxa_thread_atexit_impl`), and when the library is
 * loaded again in the same thread by a new run of the same script.
 *
 * These functions are glibc's; musl has no finalisation by handle. See the
 * [Itanium C++ ABI](https://itanium-cxx-abi.github.io/cxx-abi/abi.html#dso-dtor).
 *
 * @module
 */

import type { NativeFunction } from "./symbols.ts";

/** The functions that this needs; they are in one library, libc.so.6, since glibc 2.34. */
export const threadExitSymbols = {
  // pid_t getpid(void);
  getpid: { parameters: [], result: "i32" },
  // pid_t gettid(void);
  gettid: { parameters: [], result: "i32" },
  // void *dlsym(void *handle, const char *name);  returns the address of a function
  dlsym: { parameters: ["usize", "buffer"], result: "usize" },
  // int __cxa_atexit(void (*function)(void *), void *argument, void *handle);
  __cxa_atexit: { parameters: ["usize", "usize", "usize"], result: "i32" },
  // int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *library);
  __cxa_thread_atexit_impl: { parameters: ["usize", "usize", "usize"], result: "i32" },
  // void __cxa_finalize(void *handle);
  __cxa_finalize: { parameters: ["usize"], result: "void" },
} as const satisfies Record<string, NativeFunction>;

/** The functions as the runtimes bind them. An address is passed in the type in which `dlsym` returns it, or as bigint. */
export interface ThreadExitFunctions {
  getpid(): number;
  gettid(): number;
  dlsym(handle: bigint, name: Uint8Array): number | bigint;
  __cxa_atexit(callee: number | bigint, argument: bigint, handle: bigint): number;
  __cxa_thread_atexit_impl(callee: number | bigint, argument: bigint, library: bigint): number;
  __cxa_finalize(handle: bigint): void;
}

/**
 * Returns this thread's descriptors; null where the C library cannot close them.
 *
 * They are kept on `globalThis`: `bun --hot` evaluates the library again beside its former self, whose descriptors stay
 * valid until they are closed. Another copy of the library has another URL.
 *
 * @param bind Binds the functions; throws an error about a symbol if one of them is missing.
 * @param library What identifies the library among others of this process.
 */
export function threadDescriptors(bind: () => unknown, library = import.meta.url): ThreadDescriptors | null {
  const key = Symbol.for(`descriptors of ${library}`);
  const realm = globalThis as unknown as Record<symbol, ThreadDescriptors | null | undefined>;
  if (realm[key] === undefined) {
    let native: ThreadExitFunctions | null = null;
    try {
      native = bind() as ThreadExitFunctions;
    } catch (error) {
      // musl, or glibc before 2.34: descriptors that a thread leaves open stay open.
      if (!/\bsymbol\b/i.test(`${error}`)) throw error;
    }
    const value = native && new ThreadDescriptors(native, library);
    Object.defineProperty(realm, key, { value });
  }
  return realm[key] ?? null;
}

/** The descriptors of one thread. */
export class ThreadDescriptors {
  readonly #native: ThreadExitFunctions;
  readonly #close: number | bigint;
  readonly #finalize: number | bigint;
  /** Finalizing this handle closes every descriptor: it finalizes each slot's handle. */
  readonly #all: bigint;
  /** The slot of each open descriptor. The handle of a slot is `#all` plus its number, which is 1 or more. */
  readonly #slots = new Map<number, bigint>();
  readonly #free: bigint[] = [];
  #used = 0n;

  /**
   * Closes what an earlier run of the same library has left open in this thread.
   *
   * @param library What identifies the library among others of this process: its URL.
   */
  constructor(native: ThreadExitFunctions, library: string) {
    this.#native = native;
    const thread = native.gettid();
    this.#close = native.dlsym(0n, new TextEncoder().encode("close\0"));
    this.#finalize = native.dlsym(0n, new TextEncoder().encode("__cxa_finalize\0"));
    this.#all = handleOf(`${library} ${thread}`);
    native.__cxa_finalize(this.#all);
    // When the main thread ends, so does the process.
    if (thread !== native.getpid()) native.__cxa_thread_atexit_impl(this.#finalize, this.#all, 0n);
  }

  /** Registers a descriptor that was opened. */
  add(fd: number): void {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#slots.set(fd, slot);
    this.#native.__cxa_atexit(this.#close, BigInt(fd), this.#all + slot);
  }

  /** Closes a descriptor; returns whether it was registered. */
  close(fd: number): boolean {
    const slot = this.#slots.get(fd);
    if (slot === undefined) return false;
    this.#slots.delete(fd);
    this.#free.push(slot);
    this.#native.__cxa_finalize(this.#all + slot);
    return true;
  }

  #newSlot(): bigint {
    const slot = ++this.#used;
    this.#native.__cxa_atexit(this.#finalize, this.#all + slot, this.#all);
    return slot;
  }
}

/** Returns a handle that no library has: it is not an address. The low 20 bits are 0, for the slots (64-bit FNV-1a). */
function handleOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return (1n << 62n) | (hash & ((1n << 62n) - (1n << 20n)));
}
