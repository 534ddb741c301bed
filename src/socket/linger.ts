/**
 * Closing a socket whose close would make the thread wait.
 *
 * @module
 */

import { setKeepAlive } from "../turn.ts";

/** Milliseconds between two looks: the first, and the most. */
const LOOK = { first: 2, most: 50 };

/**
 * Closes a descriptor as soon as nothing waits to be sent any more: at once, or later while the event loop goes on. The
 * kernel sends it all before it closes, and would keep the thread for as long.
 *
 * @param waiting Whether something waits to be sent.
 * @param close May throw: to the caller if it is done at once, else into the promise.
 * @param keepAlive Whether the process may not end before.
 * @returns Resolves when it is closed; null if it is.
 */
export function closeWhenSent(
  waiting: () => boolean,
  close: () => void,
  keepAlive = true,
): Promise<void> | null {
  if (!waiting()) {
    close();
    return null;
  }
  return new Promise((resolve, reject) => {
    let delay = LOOK.first;
    const look = () => {
      if (waiting()) return later();
      try {
        close();
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    const later = () => {
      setKeepAlive(setTimeout(look, delay), keepAlive);
      delay = Math.min(2 * delay, LOOK.most);
    };
    later();
  });
}
