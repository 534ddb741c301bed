/**
 * What arrives.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import type { Message } from "../../message/message.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessStopped } from "../command/waiting.ts";
import type { ProofOptions } from "./options.ts";

/** Frames received at once. */
const BATCH = 256;

/** Receives frames until none comes within a timeout, or the signal does. */
export async function* received(
  bus: Bus,
  { timeout }: Pick<ProofOptions, "timeout">,
  terminal: Terminal,
): AsyncGenerator<Message, void, void> {
  for (;;) {
    const batch = await receiveMany(bus, timeout, terminal);
    if (batch.length === 0) return;
    yield* withoutErrors(batch, terminal);
  }
}

/** Receives what has arrived, or arrives within a timeout in seconds; nothing after the signal. */
export async function receiveMany(bus: Bus, timeout: number, { signal }: Terminal): Promise<Message[]> {
  const wait = bus.recvManyAsync(BATCH, { timeout: timeout === Infinity ? null : timeout, signal });
  return await unlessStopped(wait, signal, []);
}

/** Leaves error frames out, which are said on standard error. */
export function withoutErrors(batch: readonly Message[], terminal: Terminal): Message[] {
  return batch.filter((message) => {
    if (message.isErrorFrame) terminal.warn(`can: error frame: ${message.error}`);
    return !message.isErrorFrame;
  });
}
