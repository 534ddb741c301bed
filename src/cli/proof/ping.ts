/**
 * `can test ping` and `can test echo`: one host sends, another one answers, as the two sides of canfdtest.
 *
 * A frame has eight bytes, each one more than that before it; the first one rises with each frame. The answer has the next
 * identifier, and one added to each byte.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import { CanError } from "../../errors.ts";
import { Message } from "../../message/message.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessStopped } from "../command/waiting.ts";
import type { ProofOptions } from "./options.ts";
import { received, receiveMany, withoutErrors } from "./received.ts";
import { Steps } from "./sequence.ts";

const LENGTH = 8;

/** Seconds to wait for room in the queue. */
const ROOM = 10;

/** Returns the frame that begins with a byte. */
export function rising(arbitrationId: number, isExtendedId: boolean, first: number): Message {
  const data = Uint8Array.from({ length: LENGTH }, (_, i) => first + i);
  return new Message({ arbitrationId, isExtendedId, data });
}

/** Whether each byte of a frame is one more than that before it. */
function isRising({ data, isRemoteFrame }: Message): boolean {
  return !isRemoteFrame && data.length === LENGTH && data.every((byte, i) => byte === ((data[0] + i) & 0xff));
}

/** Counts what became of frames that should be answered. */
export class Answers {
  good = 0;
  lost = 0;
  /** Answers that are not what was expected, or that came twice or too late. */
  wrong = 0;
  /** Answers that came after the answer to a later frame. */
  disordered = 0;
  #mostSeconds = 0;
  #allSeconds = 0;
  #latest = -1;
  /** The frames that are not answered, by their first byte: their number, and when they were sent. */
  readonly #pending = new Map<number, { readonly index: number; readonly at: number }>();

  /** The number of frames that are not answered. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** When the frame that waits for the longest was sent; null if none waits. */
  get oldest(): number | null {
    for (const { at } of this.#pending.values()) return at;
    return null;
  }

  /** Whether all is as it should be. */
  get isGood(): boolean {
    return this.good > 0 && this.lost + this.wrong + this.disordered === 0;
  }

  /** A frame was sent, at a time in seconds. */
  sent(index: number, at: number): void {
    this.#pending.set(index & 0xff, { index, at });
  }

  /** Something arrived in answer. */
  arrived(message: Message, at: number): void {
    const first = isRising(message) ? (message.data[0] - 1) & 0xff : -1;
    const asked = this.#pending.get(first);
    if (asked === undefined) {
      this.wrong++;
      return;
    }
    this.#pending.delete(first);
    this.good++;
    if (asked.index < this.#latest) this.disordered++;
    this.#latest = Math.max(this.#latest, asked.index);
    this.#mostSeconds = Math.max(this.#mostSeconds, at - asked.at);
    this.#allSeconds += at - asked.at;
  }

  /** Frames that were sent before a time are lost. */
  expire(before: number): void {
    for (const [first, { at }] of this.#pending) {
      if (at > before) break;
      this.#pending.delete(first);
      this.lost++;
    }
  }

  toString(): string {
    const times = this.good > 0
      ? `; ${(1000 * this.#allSeconds / this.good).toFixed(2)} ms on average, ${
        (1000 * this.#mostSeconds).toFixed(2)
      } ms at most`
      : "";
    return `${this.good} answers, ${this.lost} lost, ${this.wrong} wrong, ${this.disordered} out of order${times}: ${
      this.isGood ? "good" : "bad"
    }`;
  }
}

/** Sends frames and awaits their answers. Returns the exit status: 1 if some were lost, wrong or out of order. */
export async function ping(bus: Bus, options: ProofOptions, terminal: Terminal): Promise<number> {
  const { id, isExtendedId, loop, inFlight, timeout, quit, show } = options;
  const { signal } = terminal;
  const answers = new Answers();
  const faults = () => answers.lost + answers.wrong + answers.disordered;
  try {
    for (let sent = 0; !signal.aborted && faults() < quit;) {
      for (; sent < loop && answers.waiting < inFlight && !signal.aborted; sent++) {
        await sendWithRoom(bus, [rising(id, isExtendedId, sent)], terminal);
        answers.sent(sent, seconds());
      }
      if (answers.oldest === null) break;
      const rest = Math.max(answers.oldest + timeout - seconds(), 0);
      for (const message of withoutErrors(await receiveMany(bus, rest, terminal), terminal)) {
        show(message);
        answers.arrived(message, seconds());
      }
      answers.expire(seconds() - timeout);
      if (answers.good === 0 && answers.lost > 0) {
        terminal.warn(`can: nobody answers: "can test echo ${bus.channel}" does, on the other host`);
        answers.expire(Infinity);
        break;
      }
    }
  } finally {
    terminal.out.line(`${answers}`);
  }
  return answers.isGood ? 0 : 1;
}

/** Answers the frames of `ping`. Returns the exit status: 1 if some were wrong, missing or out of order. */
export async function echo(bus: Bus, options: ProofOptions, terminal: Terminal): Promise<number> {
  const { id, isExtendedId, loop, quit, show } = options;
  const steps = new Steps();
  let frames = 0;
  let wrong = 0;
  try {
    for await (const message of received(bus, options, terminal)) {
      frames++;
      show(message);
      if (isRising(message)) {
        const fault = steps.next(message.data[0]);
        if (fault !== null) terminal.warn(`can: frame ${frames}: ${fault}`);
      } else {
        wrong++;
        terminal.warn(`can: frame ${frames} is none of "can test ping": ${message}`);
      }
      if (!message.isRemoteFrame) {
        const data = message.data.map((byte) => byte + 1);
        await sendWithRoom(bus, [new Message({ arbitrationId: id + 1, isExtendedId, data })], terminal);
      }
      if (frames === loop || steps.faults + wrong === quit) break;
    }
  } finally {
    const good = frames > 0 && wrong + steps.faults === 0;
    terminal.out.line(
      `${frames} frames, ${wrong} wrong, ${steps.missing} missing, ${steps.faults} wrong steps: ${
        good ? "good" : "bad"
      }`,
    );
  }
  return frames > 0 && wrong + steps.faults === 0 ? 0 : 1;
}

async function sendWithRoom(bus: Bus, messages: readonly Message[], { signal }: Terminal): Promise<void> {
  const wait = bus.sendManyAsync(messages, { timeout: ROOM, signal });
  if (await unlessStopped(wait, signal, messages.length) > 0) return;
  const { channel } = bus;
  throw new CanError(
    `Cannot send to "${channel}": no room in the queue within ${ROOM} s: "can doctor ${channel}" finds out why`,
    {
      code: "ENOBUFS",
      syscall: "send",
      channel,
    },
  );
}

function seconds(): number {
  return performance.now() / 1000;
}
