/**
 * Feeds of error frames, separate from data.
 *
 * @module
 */

import { checkNames, checkSignal } from "../check.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { Feed } from "../endpoint/feed.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CAN_ERR_MASK } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { FullBusOptions } from "../raw/options.ts";

/** Opens a socket. */
export type OpenSocket = (options: FullBusOptions, onReady: OnReady) => FramePort;

/** The open feeds of one bus. While there are any, the bus's own messages contain no error frames. */
export class ErrorFeeds {
  readonly bus: object;
  readonly #data: FramePort;
  readonly #options: FullBusOptions;
  readonly #openSocket: OpenSocket;
  readonly #feeds = new Set<Feed<Message>>();
  #keepAlive = true;

  /**
   * @param bus The bus, which is not garbage-collected while a feed is in use.
   * @param data The socket of the bus's messages.
   */
  constructor(bus: object, data: FramePort, options: FullBusOptions, openSocket: OpenSocket) {
    this.bus = bus;
    this.#data = data;
    this.#options = options;
    this.#openSocket = openSocket;
  }

  /** See `Bus.errors`. */
  open(given: SignalOptions): Feed<Message> {
    checkNames("errors()", given, ["signal"]);
    checkSignal(given.signal);
    const options: FullBusOptions = {
      ...this.#options,
      fd: false,
      xl: false,
      receive: true,
      rawFilters: [], // receives no data; joined filters would exclude the error frames too
      joinFilters: false,
      errorMask: this.#options.errorMask || CAN_ERR_MASK,
    };
    const { channel, logger } = options;
    const endpoint = new Endpoint<FramePort, Message>(
      { channel, logger, noun: "feed" },
      (onReady) => this.#openSocket(options, onReady),
    );
    const feed: Feed<Message> = new Feed(endpoint, given, () => this.#forget(feed));
    this.#feeds.add(feed);
    try {
      // After the feed is open, so that a frame in between arrives twice instead of never.
      if (this.#feeds.size === 1) this.#data.setErrorMask(0);
    } catch (error) {
      this.#feeds.delete(feed);
      feed.close();
      throw error;
    }
    if (!this.#keepAlive) feed.unref();
    if (given.signal?.aborted) feed.close();
    return feed;
  }

  /** Whether a pending `next` of a feed keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const feed of this.#feeds) value ? feed.ref() : feed.unref();
  }

  /** Closes all feeds, without restoring the error mask of the bus's socket, which is closed next. */
  close(): void {
    const failures: unknown[] = [];
    const feeds = [...this.#feeds];
    this.#feeds.clear();
    for (const feed of feeds) {
      try {
        feed.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #forget(feed: Feed<Message>): void {
    if (this.#feeds.delete(feed) && this.#feeds.size === 0) this.#data.setErrorMask(this.#options.errorMask);
  }
}
