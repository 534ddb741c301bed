/**
 * Error frames apart from data.
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

/** All feeds of one bus. While there is one, error frames do not come among the bus's messages. */
export class ErrorFeeds {
  readonly #data: FramePort;
  readonly #options: FullBusOptions;
  readonly #openSocket: OpenSocket;
  readonly #feeds = new Set<Feed<Message>>();
  #keepAlive = true;

  /** @param data The socket that the bus's messages come from. */
  constructor(data: FramePort, options: FullBusOptions, openSocket: OpenSocket) {
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
      rawFilters: [], // the kernel's way to say no data; joined ones would keep out the error frames too
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
      // Only now: a frame in between comes twice, not never.
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

  /** Whether a pending `next` keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const feed of this.#feeds) value ? feed.ref() : feed.unref();
  }

  /** Ends all feeds; the bus's socket, which will be closed, is left as it is. */
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
