/**
 * What happens inside this process, received as if it came from a socket.
 *
 * @module
 */

import { checkNames, checkSignal } from "../check.ts";
import { Endpoint } from "./endpoint.ts";
import { Feed } from "./feed.ts";
import type { SignalOptions } from "./options.ts";
import type { OnReady, Source } from "./source.ts";

/** Events that nobody has read yet are kept, up to so many: then the oldest is lost. */
const MOST = 1024;

/** Events that somebody may wait for. */
export class Events<T> implements Source<T> {
  readonly fd: number = -1;
  readonly receiveBuffer: number = 0;
  readonly idle: boolean = false;
  /** How many were lost because nobody read them. */
  droppedFrames = 0;
  /** Whether a receive is pending, and whether it keeps the process alive. */
  waiting = false;
  keepAlive = false;
  readonly #onReady: OnReady;
  readonly #onWait: () => void;
  #events: T[] = [];

  /** @param onWait Called when `waiting` or `keepAlive` has changed. */
  constructor(onReady: OnReady, onWait: () => void) {
    this.#onReady = onReady;
    this.#onWait = onWait;
  }

  /** Something has happened. */
  push(event: T): void {
    if (this.#events.push(event) > MOST) {
      this.#events.shift();
      this.droppedFrames++;
    }
    if (this.waiting) this.#onReady();
  }

  /** Waiting for it failed. */
  fail(error: Error): void {
    if (this.waiting) this.#onReady(error);
  }

  receive(into: T[], from: number, max: number): number {
    const events = this.#events.splice(0, max);
    events.forEach((event, i) => into[from + i] = event);
    return events.length;
  }

  /** Nothing happens while the thread waits. */
  waitReadable(): void {}

  arm(readable: boolean, _writable: boolean, keepAlive: boolean): void {
    const kept = readable && keepAlive;
    if (readable === this.waiting && kept === this.keepAlive) return;
    this.waiting = readable;
    this.keepAlive = kept;
    this.#onWait();
  }

  close(): void {
    this.arm(false, false, false);
    this.#events = [];
  }
}

/** All feeds of the same events, each of which gets every one from its opening on. */
export class EventFeeds<T> {
  readonly #channel: string;
  readonly #onCount: () => void;
  readonly #onWait: () => void;
  readonly #feeds = new Map<Feed<T>, Events<T>>();

  /**
   * @param onCount Is called when there is one more, or one less; if it throws, the feed is not opened.
   * @param onWait Called when `waiting` or `keepAlive` may have changed.
   */
  constructor(channel: string, onCount: () => void, onWait: () => void) {
    this.#channel = channel;
    this.#onCount = onCount;
    this.#onWait = onWait;
  }

  /** How many there are. */
  get size(): number {
    return this.#feeds.size;
  }

  /** Whether somebody waits for an event. */
  get waiting(): boolean {
    return [...this.#feeds.values()].some(({ waiting }) => waiting);
  }

  /** Whether somebody waits for an event who keeps the process alive. */
  get keepAlive(): boolean {
    return [...this.#feeds.values()].some(({ keepAlive }) => keepAlive);
  }

  /**
   * Opens one.
   *
   * @param what Which method was called, for an error.
   */
  open(what: string, options: SignalOptions): Feed<T> {
    checkNames(what, options, ["signal"]);
    checkSignal(options.signal);
    const endpoint = new Endpoint<Events<T>, T>(
      { channel: this.#channel, noun: "feed" },
      (onReady) => new Events<T>(onReady, () => this.#onWait()),
    );
    const feed: Feed<T> = new Feed(endpoint, options, () => {
      if (this.#feeds.delete(feed)) this.#onCount();
    });
    this.#feeds.set(feed, endpoint.socket);
    try {
      this.#onCount();
    } catch (error) {
      this.#feeds.delete(feed);
      feed.close();
      throw error;
    }
    if (options.signal?.aborted) feed.close();
    return feed;
  }

  /** Something has happened. */
  push(event: T): void {
    for (const events of this.#feeds.values()) events.push(event);
  }

  /** Waiting for it failed. */
  fail(error: Error): void {
    for (const events of this.#feeds.values()) events.fail(error);
  }

  /** Ends all. */
  close(): void {
    for (const feed of [...this.#feeds.keys()]) feed.close();
  }
}
