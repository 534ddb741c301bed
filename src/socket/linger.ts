/**
 * Closing a socket whose close would make the thread wait.
 *
 * @module
 */

import { setKeepAlive } from "../endpoint/turn.ts";

/** Milliseconds between two looks: the first, and the most. */
const LOOK = { first: 2, most: 50 };

/** Milliseconds after which nobody waits any more for what makes no progress: a message to everybody takes up to 13 s. */
const PATIENCE = 30_000;

/** A socket that may still have something to send. */
export interface Closing {
  /** How much waits to be sent, in whatever unit; 0 or less for nothing. If it throws, the descriptor is closed. */
  waiting(): number;
  /** Closes it. What this or `waiting` throws goes to the caller if that is done at once, else into the promise. */
  close(): void;
  /** Whether the process may not end before. */
  readonly keepAlive: boolean;
  /** The error of having waited too long for what makes no progress; absent if the kernel gives it up by itself. */
  late?(): Error;
}

/**
 * Closes a descriptor as soon as nothing waits to be sent any more: at once, or later while the event loop goes on. The
 * kernel sends it all before it closes, and would keep the thread for as long.
 *
 * Linux 6.1 may hold a message of J1939 for ever that was begun while the link went down. So the process is kept alive, and
 * the promise waits, only as long as something happens; the descriptor is closed when it can be, all the same.
 *
 * @returns Resolves when it is closed; null if it is.
 */
export function closeWhenSent(closing: Closing, patience: number = PATIENCE): Promise<void> | null {
  /** Closes it if it can be; returns how much waits. */
  const tried = () => {
    let waiting = 0;
    try {
      waiting = closing.waiting();
    } finally {
      if (waiting <= 0) closing.close();
    }
    return waiting;
  };
  let left = tried();
  return left <= 0 ? null : new Promise((resolve, reject) => {
    let delay = LOOK.first;
    let since = performance.now();
    const later = (keepAlive: boolean) => setKeepAlive(setTimeout(look, delay), keepAlive);
    const look = () => {
      try {
        const waiting = tried();
        if (waiting <= 0) return resolve();
        if (waiting !== left) since = performance.now();
        left = waiting;
      } catch (error) {
        return reject(error);
      }
      const late = performance.now() - since >= patience ? closing.late?.() : undefined;
      if (late) reject(late);
      delay = Math.min(2 * delay, LOOK.most);
      later(closing.keepAlive && !late);
    };
    later(closing.keepAlive);
  });
}
