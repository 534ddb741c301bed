/**
 * The open sockets of this program, to close them when it is loaded again.
 *
 * `bun --hot` evaluates every module again in the same process, and keeps what the former ones have opened: each reload
 * would add a socket and its periodic frames. So this module, when it is evaluated again, closes the sockets of its former
 * self. `deno run --watch` starts a new run in the same process; before it does, it dispatches `unload`.
 *
 * What this cannot close, because no JavaScript runs any more, the C library closes: see ffi/thread_exit.ts.
 *
 * @module
 */

/** A socket that can be closed. A second call of `close` does nothing. */
interface Closable {
  close(): void;
}

/**
 * A socket, until it is closed. The socket holds its entry, and this module holds it weakly, so that a socket can be
 * garbage-collected without being closed. (Not the socket itself: a WeakRef keeps its target until the running code ends.)
 */
interface Entry {
  socket: Closable | null;
}

const entries = new Set<WeakRef<Entry>>();

/** How many entries there may be before those of garbage-collected sockets are removed. */
let limit = 64;

let listening = false;

/**
 * Registers a socket that was opened. The socket must hold the result.
 *
 * @returns Unregisters the socket, which is being closed.
 */
export function registerSocket(socket: Closable): () => void {
  if (!listening) {
    listening = true;
    // Deno dispatches this event in workers, too; the other runtimes have none.
    (globalThis as unknown as Partial<EventTarget>).addEventListener?.("unload", closeSockets);
  }
  const entry: Entry = { socket };
  const reference = new WeakRef(entry);
  entries.add(reference);
  if (entries.size > limit) {
    for (const each of entries) if (each.deref() === undefined) entries.delete(each);
    limit = Math.max(64, 2 * entries.size);
  }
  return () => {
    entry.socket = null;
    entries.delete(reference);
  };
}

/** Closes all open sockets, the last one first. */
function closeSockets(): void {
  for (const reference of [...entries].reverse()) {
    try {
      reference.deref()?.socket?.close();
    } catch {
      // The descriptor is closed all the same, and nothing is left that could handle the error.
    }
  }
  entries.clear();
}

// Another copy of the library in this process has another URL.
const key = Symbol.for(`sockets of ${import.meta.url}`);
const realm = globalThis as unknown as Record<symbol, (() => void) | undefined>;
realm[key]?.();
Object.defineProperty(realm, key, { value: closeSockets, configurable: true });
