/**
 * BCM mode: frames sent periodically, and those received that the client has asked for.
 *
 * The frames that it sends periodically are the kernel's work, as `Bus.sendPeriodic` does it. Which of the received ones
 * are passed on is decided here as the kernel's broadcast manager would, so that virtual buses have this mode, too.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import { frameIdWord, type Message } from "../../message/message.ts";
import type { CyclicSendTask } from "../../periodic/task.ts";
import { parseFrameWords, parseSend, receivedText } from "./frame_text.ts";
import { type Client, errorText, type Mode, openBusOf, Outbox, passOn, syntaxError } from "./mode.ts";
import { parseByte, parseBytes, parseCount, parseId } from "./numbers.ts";
import { type Interest, Subscription } from "./subscription.ts";

/** The longest interval of the kernel's broadcast manager, in seconds. */
const MAX_SECONDS = 400 * 24 * 3600;
/** How many jobs, and how many subscriptions, a client may have. */
const MAX_ENTRIES = 4096;
/** Values of a multiplexer, as in the kernel. */
const MAX_CASES = 256;

type Handler = (words: readonly string[]) => boolean;

/** BCM mode. */
export class BcmMode implements Mode {
  readonly #client: Client;
  /** Sends only. */
  readonly #sender: Bus;
  readonly #outbox: Outbox;
  /** Receives while there are subscriptions. */
  #receiver: Bus | null = null;
  /** By identifier with flags. A job that was never given an interval has no task. */
  readonly #jobs = new Map<number, CyclicSendTask | null>();
  readonly #subscriptions = new Map<number, Subscription>();
  /** Each returns false if its words are wrong. */
  readonly #handlers: Readonly<Record<string, Handler>> = {
    add: (words) => this.#add(words),
    update: (words) => this.#update(words),
    delete: ([id = ""]) => this.#remove(id, this.#jobs, (task) => task?.stop()),
    subscribe: (words) => this.#subscribe(words, [null], null),
    filter: (words) => this.#filter(words),
    muxfilter: (words) => this.#multiplexed(words),
    unsubscribe: ([id = ""]) => this.#remove(id, this.#subscriptions, (each) => each.close()),
  };

  constructor(client: Client) {
    this.#client = client;
    this.#sender = openBusOf(client, { receive: false });
    this.#outbox = new Outbox(client, this.#sender);
  }

  command(words: readonly string[]): boolean {
    const message = parseSend(words, this.#client.options.fd);
    const handler = Object.hasOwn(this.#handlers, words[0]) ? this.#handlers[words[0]] : undefined;
    if (message === undefined && handler === undefined) return false;
    try {
      if (message) this.#outbox.add(message);
      else if (message === null || !handler!(words.slice(1))) this.#client.write(syntaxError(words[0]));
    } catch (error) {
      this.#client.write(errorText(error));
    }
    return true;
  }

  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  close(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#receiver?.close();
    this.#sender.close();
  }

  #add(words: readonly string[]): boolean {
    const seconds = parseInterval(words);
    const message = parseFrameWords(words.slice(2));
    if (seconds === null || message === null || this.#jobs.size >= MAX_ENTRIES) return false;
    const id = frameIdWord(message);
    this.#jobs.get(id)?.stop();
    // Without an interval the kernel sends the frame once.
    this.#jobs.set(id, seconds === 0 ? null : this.#sender.sendPeriodic(message, seconds));
    if (seconds === 0) this.#outbox.add(message);
    return true;
  }

  #update(words: readonly string[]): boolean {
    const message = parseFrameWords(words);
    if (message === null) return false;
    this.#jobs.get(frameIdWord(message))?.modifyData(message);
    return true;
  }

  #remove<T>(word: string, from: Map<number, T>, end: (entry: T) => void): boolean {
    const id = parseId(word);
    if (id === null) return false;
    const entry = from.get(id);
    if (entry !== undefined) end(entry);
    from.delete(id);
    if (this.#subscriptions.size === 0) {
      this.#receiver?.close();
      this.#receiver = null;
    }
    return true;
  }

  #filter(words: readonly string[]): boolean {
    const length = parseCount(words[3], 8);
    const mask = length !== null && words.length === 4 + length ? parseBytes(words.slice(4)) : null;
    return mask !== null && this.#subscribe(words.slice(0, 3), [mask], null);
  }

  #multiplexed(words: readonly string[]): boolean {
    const count = parseCount(words[3], MAX_CASES + 1);
    if (count === null || count < 2 || words.length !== 4 + 8 * count) return false;
    if (!words.slice(4).every((word) => word.length === 2 && parseByte(word) !== null)) return false;
    const [mask, ...cases] = Array.from({ length: count }, (_, i) => parseBytes(words.slice(4 + 8 * i, 12 + 8 * i))!);
    return this.#subscribe(words.slice(0, 3), cases, { mask, values: cases });
  }

  /** @param words The interval's two, and the identifier. */
  #subscribe(words: readonly string[], masks: Interest["masks"], multiplex: Interest["multiplex"]): boolean {
    const throttle = parseInterval(words);
    const id = parseId(words[2] ?? "");
    if (throttle === null || id === null || words.length !== 3 || this.#subscriptions.size >= MAX_ENTRIES) return false;
    this.#subscriptions.get(id)?.close();
    const pass = (message: Message) => void this.#client.write(receivedText(message, true));
    this.#subscriptions.set(id, new Subscription({ masks, multiplex, throttle: 1000 * throttle }, pass));
    if (this.#receiver === null) {
      this.#receiver = openBusOf(this.#client, { fd: false, errorMask: 0 });
      void passOn(this.#receiver, this.#client, (each) => {
        this.#subscriptions.get(frameIdWord(each))?.take(each);
        return "";
      });
    }
    return true;
  }
}

/** Returns the seconds of an interval, of two words: seconds and microseconds; null if it is none. */
function parseInterval(words: readonly string[]): number | null {
  const seconds = parseCount(words[0], MAX_SECONDS);
  const microseconds = parseCount(words[1], Number.MAX_SAFE_INTEGER);
  if (seconds === null || microseconds === null) return null;
  const sum = seconds + microseconds / 1e6;
  return sum <= MAX_SECONDS ? sum : null;
}
