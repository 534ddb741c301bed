/**
 * Taking what was sent.
 *
 * The sockets of a host may be given a frame a little after it was sent: a processor of Linux that has more to do than it
 * gets done leaves that to a thread of its own (ksoftirqd), and the sending call returns before. The broadcast manager
 * tells the end of its task even before the last frame is in any socket.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Bus, Message } from "../../mod.ts";

/** Far more than any frame takes, in seconds. */
export const PATIENCE = 20;

/** What messages are taken from. */
interface Source<T> {
  recvMany(max: number, timeout: number): T[];
}

/** The next so many, however they come. */
export function take<T>(source: Source<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const more = source.recvMany(count - taken.length, PATIENCE);
    assert(more.length > 0, `only ${taken.length} of ${count} came: ${taken.join("; ")}`);
    taken.push(...more);
  }
  return taken;
}

/** Everything that has come, which is at least so many. */
export function all<T>(source: Source<T>, count: number): T[] {
  return [...take(source, count), ...source.recvMany(99_999, 0)];
}

/**
 * Sends one after the other, each when the last is in every socket: so they come in this order.
 *
 * @param sender A bus with `receiveOwnMessages` that was opened before those that are looked at: the kernel gives a frame to
 * the one that was opened first last. What else it has received is lost.
 */
export function deliver(sender: Bus, ...messages: readonly Message[]): void {
  for (const message of messages) {
    sender.recvMany(99_999, 0);
    sender.send(message, PATIENCE);
    let came: Message;
    do [came] = take(sender, 1); while (!came.isConfirm || came.arbitrationId !== message.arbitrationId);
  }
}

/**
 * Messages in the order in which they were sent. That in which they come is another one where the thread that sends moves to
 * another processor, and overtakes what the first has not yet delivered.
 */
export function bySending(messages: readonly Message[]): Message[] {
  return [...messages].sort((one, other) => Number(one.timestampNs - other.timestampNs));
}

/** Nothing more comes, even after some periods, but what was sent before and was still on its way. */
export async function assertSilence(bus: Bus): Promise<void> {
  const now = Date.now() / 1000 + 0.001; // whole milliseconds
  bus.recvMany(99_999, 0);
  for (let late: Message | null; (late = await bus.recvAsync({ timeout: 0.1 })) !== null;) {
    const wasOnTheWay = bus.channelInfo.startsWith("socketcan") && late.timestamp <= now;
    assert(wasOnTheWay, `${late} was sent after ${now}`);
  }
}
