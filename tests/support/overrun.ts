/**
 * Sending more than a receive buffer holds.
 *
 * @module
 */

import { type Bus, Message } from "../../mod.ts";

/** Frames that no receive buffer of the tests holds. */
const BURST = 1000;

/** Sends numbered messages, more than a small receive buffer holds; returns the number after the last. */
export function sendBurst(sender: Bus, from: number): number {
  const messages = Array.from({ length: BURST }, (_, i) => new Message({ arbitrationId: from + i }));
  for (let sent = 0; sent < BURST;) sent += sender.sendMany(messages.slice(sent), 10);
  return from + BURST;
}
