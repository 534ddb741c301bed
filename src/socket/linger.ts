/**
 * Closing a socket whose `close(2)` would block the thread.
 *
 * @module
 */

import { setKeepAlive } from "../endpoint/turn.ts";

/** The first and the longest interval between two checks, in milliseconds. */
const INTERVAL = { first: 2, longest: 50 };

/** Milliseconds without progress after which waiting ends: a J1939 message to all nodes takes up to 13 s. */
const PATIENCE = 30_000;

/** A socket that may still have something to send. */
export interface Closing {
  /** How much is still to be sent, in any unit; 0 or less for nothing. If this throws, the descriptor is closed. */
  unsent(): number;
  /**
   * Closes the descriptor. An error of this or of `unsent` is thrown if it happens at once, and rejects the promise
   * otherwise.
   */
  close(): void;
  /** Whether the process stays alive until the descriptor is closed. */
  readonly keepAlive: boolean;
  /** The error for a wait without progress; absent if the kernel abandons what it cannot send by itself. */
  timeoutError?(): Error;
}

/**
 * Closes a descriptor as soon as it has nothing left to send: at once, or later, without blocking the event loop. The
 * kernel sends everything before `close(2)` returns, and would block the thread for that long.
 *
 * Linux 6.1 may hold a J1939 message forever if the link went down while it was being sent. So the process is kept
 * alive, and the promise pending, only as long as there is progress; the descriptor is closed whenever that becomes
 * possible.
 *
 * @returns A promise that resolves when the descriptor is closed; null if it is closed already.
 */
export function closeWhenSent(closing: Closing, patience: number = PATIENCE): Promise<void> | null {
  /** Closes the descriptor if nothing is unsent; returns how much is. */
  const tryToClose = () => {
    let unsent = 0;
    try {
      unsent = closing.unsent();
    } finally {
      if (unsent <= 0) closing.close();
    }
    return unsent;
  };
  let left = tryToClose();
  return left <= 0 ? null : new Promise((resolve, reject) => {
    let delay = INTERVAL.first;
    let since = performance.now();
    const schedule = (keepAlive: boolean) => setKeepAlive(setTimeout(check, delay), keepAlive);
    const check = () => {
      try {
        const unsent = tryToClose();
        if (unsent <= 0) return resolve();
        if (unsent !== left) since = performance.now();
        left = unsent;
      } catch (error) {
        return reject(error);
      }
      const timeout = performance.now() - since >= patience ? closing.timeoutError?.() : undefined;
      if (timeout) reject(timeout);
      delay = Math.min(2 * delay, INTERVAL.longest);
      schedule(closing.keepAlive && !timeout);
    };
    schedule(closing.keepAlive);
  });
}
