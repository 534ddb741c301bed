/**
 * Events of this process, received through the same interface as frames from a socket.
 *
 * @module
 */

import { checkNames, checkSignal } from "../check.ts";
import { Endpoint } from "./endpoint.ts";
import { Feed } from "./feed.ts";
import type { SignalOptions } from "./options.ts";
import type { OnReady, Source } from "./source.ts";

/** The number of unread events that are kept. Beyond it the oldest is dropped. */
const MAX_UNREAD = 1024;

/** A queue of events that can be received like frames. */
export class Events<T> implements Source<T> {
  readonly fd: number = -1;
  readonly receiveBuffer: number = 0;
  readonly idle: boolean = false;
  /** How many events were dropped unread. */
  droppedFrames = 0;
  /** Whether a receive is pending. */
  waiting = false;
  /** Whether a pending receive keeps the process alive. */
  keepAlive = false;
  readonly #onReady: OnReady;
  readonly #onWait: () => void;
  #events: T[] = [];

  /** @param onWait Called after `waiting` or `keepAlive` has changed. */
  constructor(onReady: OnReady, onWait: () => void) {
    this.#onReady = onReady;
    this.#onWait = onWait;
  }

  /** Adds an event. */
  push(event: T): void {
    if (this.#events.push(event) > MAX_UNREAD) {
      this.#events.shift();
      this.droppedFrames++;
    }
    if (this.waiting) this.#onReady();
  }

  /** Rejects the pending receives: waiting for events failed. */
  fail(error: Error): void {
    if (this.waiting) this.#onReady(error);
  }

  receive(into: T[], from: number, max: number): number {
    const events = this.#events.splice(0, max);
    events.forEach((event, i) => into[from + i] = event);
    return events.length;
  }

  /** Returns at once: no event can occur while this thread is blocked. */
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

/** The open feeds of one kind of event. Each feed receives every event that occurs after it was opened. */
export class EventFeeds<T> {
  readonly #channel: string;
  readonly #onCount: () => void;
  readonly #onWait: () => void;
  readonly #feeds = new Map<Feed<T>, Events<T>>();
  /** The socket that the feeds belong to, which is not garbage-collected while any is open; null while none is. */
  owner: object | null = null;

  /**
   * @param onCount Called after a feed was opened or closed. If it throws, the feed is not opened.
   * @param onWait Called after `waiting` or `keepAlive` may have changed.
   */
  constructor(channel: string, onCount: () => void, onWait: () => void) {
    this.#channel = channel;
    this.#onCount = onCount;
    this.#onWait = onWait;
  }

  /** The number of open feeds. */
  get size(): number {
    return this.#feeds.size;
  }

  /** Whether any feed has a pending receive. */
  get waiting(): boolean {
    return [...this.#feeds.values()].some(({ waiting }) => waiting);
  }

  /** Whether any feed has a pending receive that keeps the process alive. */
  get keepAlive(): boolean {
    return [...this.#feeds.values()].some(({ keepAlive }) => keepAlive);
  }

  /**
   * Opens a feed.
   *
   * @param what The method that was called, for errors: "errors()".
   * @param owner The socket that the feed belongs to.
   */
  open(what: string, options: SignalOptions, owner: object | null = null): Feed<T> {
    checkNames(what, options, ["signal"]);
    checkSignal(options.signal);
    const endpoint = new Endpoint<Events<T>, T>(
      { channel: this.#channel, noun: "feed" },
      (onReady) => new Events<T>(onReady, () => this.#onWait()),
    );
    const feed: Feed<T> = new Feed(endpoint, options, () => {
      const open = this.#feeds.delete(feed);
      if (this.#feeds.size === 0) this.owner = null;
      if (open) this.#onCount();
    });
    this.#feeds.set(feed, endpoint.socket);
    this.owner = owner;
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

  /** Adds an event to every feed. */
  push(event: T): void {
    for (const events of this.#feeds.values()) events.push(event);
  }

  /** Rejects the pending receives of every feed: waiting for events failed. */
  fail(error: Error): void {
    for (const events of this.#feeds.values()) events.fail(error);
  }

  /** Closes every feed. */
  close(): void {
    for (const feed of [...this.#feeds.keys()]) feed.close();
  }
}
