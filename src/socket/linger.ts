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
 * @param waiting Whether something waits to be sent. If it throws, the descriptor is closed.
 * @param close Closes it. What either throws goes to the caller if that is done at once, else into the promise.
 * @param keepAlive Whether the process may not end before.
 * @returns Resolves when it is closed; null if it is.
 */
export function closeWhenSent(
  waiting: () => boolean,
  close: () => void,
  keepAlive = true,
): Promise<void> | null {
  const isClosed = () => {
    let waits = false;
    try {
      waits = waiting();
    } finally {
      if (!waits) close();
    }
    return !waits;
  };
  return isClosed() ? null : new Promise((resolve, reject) => {
    let delay = LOOK.first;
    const later = () => setKeepAlive(setTimeout(look, delay), keepAlive);
    const look = () => {
      delay = Math.min(2 * delay, LOOK.most);
      try {
        if (isClosed()) resolve();
        else later();
      } catch (error) {
        reject(error);
      }
    };
    later();
  });
}
