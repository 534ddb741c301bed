/**
 * Frames as cansend takes them: `123#DEADBEEF`, `123#R4`, `1F334455##1…`, `45123#81:00:12345678#11`.
 *
 * They are the frames of candump's log, whose reader knows them all.
 *
 * @module
 */

import { LogReader } from "../../log/reader.ts";
import type { Message } from "../../message/message.ts";
import { UsageError } from "../command/usage_error.ts";

/**
 * Returns the frame that a word stands for.
 *
 * @param warn Receives what was changed: the length of an FD frame, say.
 * @throws {UsageError} It stands for none.
 */
export async function parseFrame(word: string, warn: (text: string) => void): Promise<Message> {
  if (/\s/.test(word)) throw new UsageError(`"${word}" is no frame: it has spaces; separate bytes with "."`);
  const reader = LogReader.open(new TextEncoder().encode(`(0.000000) can0 ${word}\n`), { format: "candump" });
  const [message] = await reader.readAll();
  const reasons = reader.diagnostics.map(({ reason }) => reason);
  if (message === undefined) {
    throw new UsageError(`"${word}" is no frame: ${reasons.join("; ") || "write 123#DEADBEEF"}`);
  }
  for (const reason of reasons) warn(`${word}: ${reason}`);
  return message.with({ channel: null, timestamp: 0 });
}
