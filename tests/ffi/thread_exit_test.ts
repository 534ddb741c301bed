import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { ThreadDescriptors, threadDescriptors, type ThreadExitFunctions } from "../../ffi/thread_exit.ts";

const CLOSE = 1001n;
const FINALIZE = 1002n;

/** The C library's lists of functions to call at the end: of a handle, and of the thread. */
class FakeLibrary implements ThreadExitFunctions {
  readonly closed: number[] = [];
  /** The functions that are called when a handle is finalized, the last one first. */
  entries: { readonly callee: bigint; readonly argument: bigint; readonly handle: bigint }[] = [];
  readonly atThreadExit: (() => void)[] = [];

  constructor(readonly thread: number, readonly process = 1) {}

  getpid = () => this.process;
  gettid = () => this.thread;
  dlsym = (_: bigint, name: Uint8Array) => new TextDecoder().decode(name) === "close\0" ? CLOSE : FINALIZE;

  __cxa_atexit = (callee: bigint, argument: bigint, handle: bigint) => {
    this.entries.push({ callee, argument, handle });
    return 0;
  };

  __cxa_thread_atexit_impl = (callee: bigint, argument: bigint) => {
    this.atThreadExit.push(() => this.#call(callee, argument));
    return 0;
  };

  __cxa_finalize = (handle: bigint) => {
    const due = this.entries.filter((entry) => entry.handle === handle).reverse();
    this.entries = this.entries.filter((entry) => entry.handle !== handle);
    for (const { callee, argument } of due) this.#call(callee, argument);
  };

  #call(callee: bigint, argument: bigint): void {
    if (callee === FINALIZE) this.__cxa_finalize(argument);
    else if (callee === CLOSE) this.closed.push(Number(argument));
  }
}

describe("ThreadDescriptors", () => {
  it("closes a descriptor once, when it is closed", () => {
    const library = new FakeLibrary(2);
    const descriptors = new ThreadDescriptors(library, "a");
    descriptors.add(7);
    assertEquals(descriptors.close(8), false);
    assertEquals([descriptors.close(7), descriptors.close(7), library.closed], [true, false, [7]]);
    descriptors.add(7); // the number was given to another one
    assertEquals([descriptors.close(7), library.closed], [true, [7, 7]]);
  });

  it("closes what is open when a worker's thread ends, and nothing else", () => {
    const library = new FakeLibrary(2);
    const descriptors = new ThreadDescriptors(library, "a");
    for (const fd of [5, 6, 7, 8]) descriptors.add(fd);
    descriptors.close(6);
    descriptors.add(9);
    descriptors.close(8);
    library.closed.length = 0;
    for (const end of library.atThreadExit) end();
    assertEquals(library.closed.sort(), [5, 7, 9]);
    assertEquals(library.entries, []);
  });

  it("leaves the main thread's to the end of the process", () => {
    const library = new FakeLibrary(1);
    new ThreadDescriptors(library, "a").add(5);
    assertEquals(library.atThreadExit, []);
  });

  it("closes what the last run in the same thread left open; not another thread's or another library's", () => {
    const library = new FakeLibrary(1);
    const last = new ThreadDescriptors(library, "a");
    last.add(5);
    last.add(6);
    last.close(5);
    const other = Object.assign(Object.create(library), { gettid: () => 3 }) as FakeLibrary;
    new ThreadDescriptors(other, "a").add(10);
    new ThreadDescriptors(library, "b").add(11);
    library.closed.length = 0;
    const next = new ThreadDescriptors(library, "a");
    assertEquals(library.closed, [6]);
    next.add(6);
    new ThreadDescriptors(library, "a");
    assertEquals(library.closed, [6, 6]);
  });

  it("needs no more memory for descriptors that are opened and closed", () => {
    const library = new FakeLibrary(2);
    const descriptors = new ThreadDescriptors(library, "a");
    descriptors.add(4);
    for (let i = 0; i < 100; i++) {
      descriptors.add(5);
      descriptors.close(5);
    }
    assertEquals(library.entries.length, 3); // two slots, and the open descriptor
  });

  it("is absent where the C library lacks the functions; any other failure is thrown", () => {
    const fail = (text: string) => () => {
      throw new Error(text);
    };
    const text = 'Symbol "__cxa_finalize" not found in "libc.so.6"'; // Bun's; Deno's has "undefined symbol"
    assertEquals(threadDescriptors(fail(text), "lacking"), null);
    assertThrows(() => threadDescriptors(fail("out of memory"), "failing"), Error, "out of memory");
  });

  it("is made once", () => {
    openLibc();
    const made = threadDescriptors(() => {
      throw new Error("called again");
    });
    assert(made === null || made instanceof ThreadDescriptors);
  });
});
