/**
 * How Bun waits for sockets: a worker asleep in `epoll_wait`.
 *
 * @module
 */

import type { Parking } from "../ffi/libc.ts";

/** What the worker is told to wait for. The events are written to memory that both threads share. */
interface Order {
  readonly epoll: number;
  readonly events: Uint8Array;
  readonly count: number;
}

/** The part of Bun's Worker that this file uses: Deno's type checker does not know `ref` and `unref`. */
interface BunWorker {
  onmessage: ((event: { readonly data: number }) => void) | null;
  onerror: ((event: { readonly message: string }) => void) | null;
  postMessage(order: Order): void;
  terminate(): void;
  ref(): void;
  unref(): void;
}

/** Parks `epoll_wait` in a worker of our own, started by the first wait. */
export class WorkerParking implements Parking {
  readonly #library: string;
  #url: string | undefined;
  #worker: BunWorker | null = null;
  #settle: { resolve(count: number): void; reject(error: Error): void } | null = null;

  constructor(library: string) {
    this.#library = library;
  }

  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number> {
    const worker = this.#worker ??= this.#start();
    if (keepAlive) worker.ref();
    else worker.unref();
    worker.postMessage({ epoll, events, count });
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  hold(): void {
    this.#worker?.ref();
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): BunWorker {
    // The worker's source is a function's text, not a file: it works the same from a registry's package, where files
    // have other names, and inside a compiled executable.
    const source = `(${workerMain})(${JSON.stringify(this.#library)})`;
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
    return worker;
  }
}

/** Runs in the worker, and therefore uses nothing from outside itself. */
function workerMain(library: string): void {
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
    onmessage: (event: { readonly data: Order }) => void;
    postMessage(count: number): void;
  }
  const scope = globalThis as unknown as WorkerScope;
  const { epoll_wait } = scope.process.getBuiltinModule("bun:ffi").dlopen(library, {
    epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  }).symbols;
  scope.onmessage = ({ data: { epoll, events, count } }) => scope.postMessage(epoll_wait(epoll, events, count, -1));
}
