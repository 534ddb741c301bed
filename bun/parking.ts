/**
 * How Bun waits for sockets: a worker asleep in `epoll_wait`.
 *
 * @module
 */

import type { Parking } from "../ffi/libc.ts";

/** What the worker is told when it starts. Both threads share the memory. */
interface Place {
  readonly library: string;
  /** The epoll descriptor to wait for once, or one of the two below. */
  readonly order: Int32Array;
  readonly events: Uint8Array;
  readonly count: number;
}

/** There is no order: the worker sleeps. */
const NONE = -(2 ** 31);
/** There will be no more. */
const END = -(2 ** 31) + 1;

/** The part of Bun's Worker that this file uses: Deno's type checker does not know `ref` and `unref`. */
interface BunWorker {
  onmessage: ((event: { readonly data: number }) => void) | null;
  onerror: ((event: { readonly message: string }) => void) | null;
  postMessage(place: Place): void;
  terminate(): void;
  ref(): void;
  unref(): void;
}

/** Parks `epoll_wait` in a worker of our own, started by the first wait. */
export class WorkerParking implements Parking {
  readonly #library: string;
  #url: string | undefined;
  #worker: BunWorker | null = null;
  #order: Int32Array = new Int32Array(0);
  #settle: { resolve(count: number): void; reject(error: Error): void } | null = null;

  constructor(library: string) {
    this.#library = library;
  }

  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number> {
    const worker = this.#worker ??= this.#start(events, count);
    if (keepAlive) worker.ref();
    else worker.unref();
    this.#give(epoll);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  hold(): void {
    this.#worker?.ref();
  }

  close(): void {
    if (this.#worker === null) return;
    this.#give(END);
    this.#worker.terminate();
    this.#worker = null;
  }

  /** Orders go through shared memory: a message to a worker costs both threads far more. */
  #give(order: number): void {
    Atomics.store(this.#order, 0, order);
    Atomics.notify(this.#order, 0);
  }

  #start(events: Uint8Array, count: number): BunWorker {
    // The worker's source is a function's text, not a file: it works the same from a registry's package, where files
    // have other names, and inside a compiled executable.
    const source = `(${workerMain})(${NONE}, ${END})`;
    this.#url ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(this.#url) as unknown as BunWorker;
    worker.onmessage = ({ data }) => {
      worker.unref(); // between two waits it keeps nothing alive
      this.#settle?.resolve(data);
    };
    worker.onerror = ({ message }) => {
      this.#worker = null;
      this.#settle?.reject(new Error(`The thread that waits for CAN sockets failed: ${message}`));
    };
    this.#order = new Int32Array(new SharedArrayBuffer(4)).fill(NONE);
    worker.postMessage({ library: this.#library, order: this.#order, events, count });
    return worker;
  }
}

/** Runs in the worker, and therefore uses nothing from outside itself. */
function workerMain(none: number, end: number): void {
  interface WorkerScope {
    readonly process: {
      getBuiltinModule(
        name: "bun:ffi",
      ): {
        dlopen(
          path: string,
          symbols: Record<string, { args: string[]; returns: string }>,
        ): {
          readonly symbols: { epoll_wait(epoll: number, events: Uint8Array, count: number, timeout: number): number };
        };
      };
    };
    onmessage: (event: { readonly data: Place }) => void;
    postMessage(count: number): void;
  }
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data: { library, order, events, count } }) => {
    const { epoll_wait } = scope.process.getBuiltinModule("bun:ffi").dlopen(library, {
      epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
    }).symbols;
    for (;;) {
      Atomics.wait(order, 0, none);
      const epoll = Atomics.exchange(order, 0, none);
      if (epoll === end) return;
      scope.postMessage(epoll_wait(epoll, events, count, -1));
    }
  };
}
