/**
 * Waiting for sockets in Bun: a worker thread sleeps in `epoll_wait`.
 *
 * @module
 */

import type { Parking } from "../ffi/libc.ts";

/** The message that starts the worker. Both threads share the arrays' memory. */
interface WorkerData {
  readonly library: string;
  /** One number: the epoll descriptor to wait for, once, or IDLE or END. */
  readonly command: Int32Array;
  readonly events: Uint8Array;
  readonly count: number;
}

/** No command: the worker sleeps. */
const IDLE = -(2 ** 31);
/** The worker ends. */
const END = -(2 ** 31) + 1;

/** The part of Bun's Worker used here: Deno's type checker does not know `ref` and `unref`. */
interface BunWorker {
  onmessage: ((event: { readonly data: number }) => void) | null;
  onerror: ((event: { readonly message: string }) => void) | null;
  postMessage(data: WorkerData): void;
  terminate(): void;
  ref(): void;
  unref(): void;
}

/** Parks `epoll_wait` in a worker, which the first wait starts. */
export class WorkerParking implements Parking {
  readonly #library: string;
  #url: string | undefined;
  #worker: BunWorker | null = null;
  #command: Int32Array = new Int32Array(0);
  #settle: { resolve(count: number): void; reject(error: Error): void } | null = null;

  constructor(library: string) {
    this.#library = library;
  }

  wait(epoll: number, events: Uint8Array, count: number, keepAlive: boolean): Promise<number> {
    const worker = this.#worker ??= this.#start(events, count);
    if (keepAlive) worker.ref();
    else worker.unref();
    this.#send(epoll);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  ref(): void {
    this.#worker?.ref();
  }

  close(): void {
    if (this.#worker === null) return;
    this.#send(END);
    this.#worker.terminate();
    this.#worker = null;
  }

  /** Commands go through shared memory: posting a message to a worker costs both threads far more. */
  #send(command: number): void {
    Atomics.store(this.#command, 0, command);
    Atomics.notify(this.#command, 0);
  }

  #start(events: Uint8Array, count: number): BunWorker {
    // The worker's source is the text of a function, not a file: that also works in a registry's package, where files
    // have other names, and inside a compiled executable.
    const source = `(${workerMain})(${IDLE}, ${END})`;
    this.#url ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(this.#url) as unknown as BunWorker;
    worker.onmessage = ({ data }) => {
      worker.unref(); // between two waits it must not keep the process alive
      this.#settle?.resolve(data);
    };
    worker.onerror = ({ message }) => {
      this.#worker = null;
      this.#settle?.reject(new Error(`The thread that waits for CAN sockets failed: ${message}`));
    };
    this.#command = new Int32Array(new SharedArrayBuffer(4)).fill(IDLE);
    worker.postMessage({ library: this.#library, command: this.#command, events, count });
    return worker;
  }
}

/** Runs in the worker, so it must not refer to anything outside itself. */
function workerMain(idle: number, end: number): void {
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
    onmessage: (event: { readonly data: WorkerData }) => void;
    postMessage(count: number): void;
  }
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data: { library, command, events, count } }) => {
    const { epoll_wait } = scope.process.getBuiltinModule("bun:ffi").dlopen(library, {
      epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
    }).symbols;
    for (;;) {
      Atomics.wait(command, 0, idle);
      const epoll = Atomics.exchange(command, 0, idle);
      if (epoll === end) return;
      scope.postMessage(epoll_wait(epoll, events, count, -1));
    }
  };
}
