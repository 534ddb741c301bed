/**
 * `can test sequence`: a byte that rises by one with each frame, as in cansequence.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import { Message } from "../../message/message.ts";
import type { Terminal } from "../command/terminal.ts";
import { PacedSender } from "../gen/paced_sender.ts";
import { received } from "./received.ts";
import type { ProofOptions } from "./options.ts";

/** Sends the sequence. Returns the exit status. */
export async function sendSequence(bus: Bus, options: ProofOptions, terminal: Terminal): Promise<number> {
  const { id, isExtendedId, loop, gap, show } = options;
  let sequence = 0;
  const sender = new PacedSender(bus, {
    next: () => new Message({ arbitrationId: id, isExtendedId, data: [sequence++ & 0xff] }),
    count: loop,
    gap,
    burst: 1,
    precise: false,
    room: Infinity,
    drop: false,
    signal: terminal.signal,
    sent: (messages) => messages.forEach(show),
  });
  try {
    await sender.run();
  } finally {
    terminal.warn(`can: ${sender.report}`);
  }
  return 0;
}

/** Receives the sequence, and says where it is broken. Returns the exit status: 1 if it is. */
export async function receiveSequence(bus: Bus, options: ProofOptions, terminal: Terminal): Promise<number> {
  const { loop, quit, show } = options;
  const steps = new Steps();
  let frames = 0;
  try {
    for await (const message of received(bus, options, terminal)) {
      frames++;
      show(message);
      const [byte] = message.data;
      const fault = byte === undefined ? steps.without() : steps.next(byte);
      if (fault !== null) terminal.warn(`can: frame ${frames}: ${fault}`);
      if (frames === loop || steps.faults === quit) break;
    }
  } finally {
    const dropped = bus.droppedFrames > 0 ? `, ${bus.droppedFrames} dropped by this host's kernel` : "";
    const good = frames > 0 && steps.faults === 0;
    terminal.out.line(
      `${frames} frames, ${steps.missing} missing, ${steps.faults} wrong steps${dropped}: ${good ? "good" : "bad"}`,
    );
  }
  return frames > 0 && steps.faults === 0 ? 0 : 1;
}

/** Counts how often a byte has not risen by one. */
export class Steps {
  /** The number of steps that were not one. */
  faults = 0;
  /** The number of values left out by these steps. More than 127 in a row cannot be distinguished from a step back. */
  missing = 0;
  #expected: number | null = null;

  /** Returns what is wrong with the next value; null if nothing is. */
  next(value: number): string | null {
    const expected = this.#expected ?? value;
    this.#expected = (value + 1) & 0xff;
    const missing = (value - expected) & 0xff;
    if (missing === 0) return null;
    this.faults++;
    const got = `expected ${expected}, got ${value}`;
    if (missing > 127) return `${got}: repeated, or out of order`;
    this.missing += missing;
    return `${got}: ${missing} missing`;
  }

  /** Counts a frame that has no value. */
  without(): string {
    this.faults++;
    return "it has no data";
  }
}
