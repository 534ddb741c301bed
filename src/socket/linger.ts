/**
 * Closing a socket whose close would make the thread wait.
 *
 * @module
 */

import { setKeepAlive } from "../turn.ts";

/** Milliseconds between two looks: the first, and the most. */
const LOOK = { first: 2, most: 50 };

/** Milliseconds after which nobody waits any more for what makes no progress: a message to everybody takes up to 13 s. */
const PATIENCE = 30_000;

/** A socket that may still have something to send. */
export interface Closing {
  /** Bytes of memory of what waits to be sent; 0 or less for nothing. */
  waiting(): number;
  /** Closes it. May throw: to the caller if it is done at once, else into the promise. */
  close(): void;
  /** The error of having waited too long. */
  late(): Error;
}

/**
 * Closes a descriptor as soon as nothing waits to be sent any more: at once, or later while the event loop goes on. The
 * kernel sends it all before it closes, and would keep the thread for as long.
 *
 * Linux 6.1 may hold a message for ever that was begun while the link went down. So the process is kept alive, and the
 * promise waits, only as long as something happens; the descriptor is closed when it can be, all the same.
 *
 * @returns Resolves when it is closed; null if it is.
 */
export function closeWhenSent(closing: Closing, patience: number = PATIENCE): Promise<void> | null {
  let left = closing.waiting();
  if (left <= 0) {
    closing.close();
    return null;
  }
  return new Promise((resolve, reject) => {
    let delay = LOOK.first;
    let since = performance.now();
    const look = () => {
      const waiting = closing.waiting();
      if (waiting <= 0) {
        try {
          closing.close();
          resolve();
        } catch (error) {
          reject(error);
        }
        return;
      }
      if (waiting !== left) since = performance.now();
      left = waiting;
      const late = performance.now() - since >= patience;
      if (late) reject(closing.late());
      delay = Math.min(2 * delay, LOOK.most);
      setKeepAlive(setTimeout(look, delay), !late);
    };
    setTimeout(look, delay);
  });
}
