/**
 * Receiving what was sent, however late it arrives.
 *
 * A frame may reach the host's sockets a little after the call that sent it: a busy processor leaves the delivery to a
 * kernel thread (ksoftirqd), and the call returns before. The broadcast manager even reports the end of its task before
 * the last frame is in any socket.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Bus, Message } from "../../mod.ts";

/** Seconds, far more than the delivery of any frame takes. */
export const PATIENCE = 20;

/** A bus or socket to receive from. */
interface Source<T> {
  recvMany(max: number, timeout: number): T[];
}

/** Receives the next `count` messages. */
export function take<T>(source: Source<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const more = source.recvMany(count - taken.length, PATIENCE);
    assert(more.length > 0, `only ${taken.length} of ${count} arrived: ${taken.join("; ")}`);
    taken.push(...more);
  }
  return taken;
}

/** Receives everything that has arrived, which is at least `count` messages. */
export function all<T>(source: Source<T>, count: number): T[] {
  return [...take(source, count), ...source.recvMany(99_999, 0)];
}

/**
 * Sends messages one by one, each when the last is in every socket, so that they arrive in this order.
 *
 * @param sender A bus with `receiveOwnMessages` that was opened before the receiving ones: the kernel delivers a frame to
 * the socket that was opened first last. Whatever else this bus has received is discarded.
 */
export function deliver(sender: Bus, ...messages: readonly Message[]): void {
  for (const message of messages) {
    sender.recvMany(99_999, 0);
    sender.send(message, PATIENCE);
    let echo: Message;
    do [echo] = take(sender, 1); while (!echo.isConfirm || echo.arbitrationId !== message.arbitrationId);
  }
}

/**
 * Sorts messages by the time at which they were sent. They arrive in another order if the sending thread moves to another
 * processor and overtakes what the first one has not yet delivered.
 */
export function bySending(messages: readonly Message[]): Message[] {
  return [...messages].sort((one, other) => Number(one.timestampNs - other.timestampNs));
}

/** Asserts that nothing more arrives, even after some periods, except what was sent before this call. */
export async function assertSilence(bus: Bus): Promise<void> {
  const now = Date.now() / 1000 + 0.001; // whole milliseconds
  bus.recvMany(99_999, 0);
  for (let late: Message | null; (late = await bus.recvAsync({ timeout: 0.1 })) !== null;) {
    const wasInTransit = bus.channelInfo.startsWith("socketcan") && late.timestamp <= now;
    assert(wasInTransit, `${late} was sent after ${now}`);
  }
}

/** Asserts that of the frames that are sent from now on, each of these identifiers arrives 10 times and no other one. */
export async function assertOnly(bus: Bus, identifiers: readonly number[]): Promise<void> {
  const since = Date.now() / 1000 + 0.05;
  const counts = new Map(identifiers.map((id) => [id, 0]));
  while ([...counts.values()].some((count) => count < 10)) {
    const message = await bus.recvAsync({ timeout: PATIENCE });
    assert(message, `no frames arrive: ${JSON.stringify([...counts])}`);
    if (message.timestamp <= since) continue;
    const count = counts.get(message.arbitrationId);
    assert(count !== undefined, `${message} was sent after ${since}`);
    counts.set(message.arbitrationId, count + 1);
  }
}
