/**
 * Error frames apart from data.
 *
 * @module
 */

import { checkSignal } from "../check.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { Feed } from "../endpoint/feed.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CanOperationError } from "../errors.ts";
import { CAN_ERR_MASK } from "../kernel/can.ts";
import { EBADF, errnoName } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { FullBusOptions } from "../raw/options.ts";

/** How error frames are followed. */
export interface ErrorFeedOptions {
  /** Ends the iteration, as leaving the loop does. */
  readonly signal?: AbortSignal;
}

/** The error frames of a bus, until somebody ends it: by leaving the loop, `using`, the signal or `Bus.close`. */
export interface ErrorFeed extends AsyncIterableIterator<Message, undefined>, Disposable, AsyncDisposable {
  /** How many error frames were lost because they came faster than they were read; throws when the feed has ended. */
  readonly droppedFrames: number;
  /** The next error frame. */
  next(): Promise<IteratorResult<Message, undefined>>;
  /** Ends it. A second call does nothing. */
  return(): Promise<IteratorReturnResult<undefined>>;
}

/** Opens a socket. */
export type OpenSocket = (options: FullBusOptions, onReady: OnReady) => FramePort;

/** All feeds of one bus. While there is one, error frames do not come among the bus's messages. */
export class ErrorFeeds {
  readonly #data: FramePort;
  readonly #options: FullBusOptions;
  readonly #openSocket: OpenSocket;
  readonly #feeds = new Set<SocketFeed>();
  #keepAlive = true;

  /** @param data The socket that the bus's messages come from. */
  constructor(data: FramePort, options: FullBusOptions, openSocket: OpenSocket) {
    this.#data = data;
    this.#options = options;
    this.#openSocket = openSocket;
  }

  /** See `Bus.errors`. */
  open(given: ErrorFeedOptions): ErrorFeed {
    if (typeof given !== "object" || given === null) {
      throw new TypeError(`errors() takes options such as { signal }, not ${given}`);
    }
    const { signal } = given;
    checkSignal(signal);
    const options: FullBusOptions = {
      ...this.#options,
      fd: false,
      xl: false,
      rawFilters: [], // the kernel's way to say no data; joined ones would keep out the error frames too
      joinFilters: false,
      errorMask: this.#options.errorMask || CAN_ERR_MASK,
    };
    const open = (onReady: OnReady) => this.#openSocket(options, onReady);
    const feed = new SocketFeed(open, options, signal, () => this.#forget(feed));
    this.#feeds.add(feed);
    try {
      // Only now: a frame in between comes twice, not never.
      if (this.#feeds.size === 1) this.#data.setErrorMask(0);
    } catch (error) {
      this.#feeds.delete(feed);
      feed.end();
      throw error;
    }
    feed.keepAlive = this.#keepAlive;
    if (signal?.aborted) feed.end();
    return feed;
  }

  /** Whether a pending `next` keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const feed of this.#feeds) feed.keepAlive = value;
  }

  /** Ends all feeds; the bus's socket, which will be closed, is left as it is. */
  close(): void {
    const failures: unknown[] = [];
    const feeds = [...this.#feeds];
    this.#feeds.clear();
    for (const feed of feeds) {
      try {
        feed.end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #forget(feed: SocketFeed): void {
    if (this.#feeds.delete(feed) && this.#feeds.size === 0) this.#data.setErrorMask(this.#options.errorMask);
  }
}

/** A feed over a socket of its own. */
class SocketFeed extends Feed<Message> implements ErrorFeed {
  readonly #endpoint: Endpoint<FramePort, Message>;

  /** @param onEnd Called once, before the socket is closed. */
  constructor(
    open: (onReady: OnReady) => FramePort,
    { channel, logger }: FullBusOptions,
    signal: AbortSignal | undefined,
    onEnd: () => void,
  ) {
    const endpoint = new Endpoint<FramePort, Message>({ channel, logger, noun: "feed" }, open);
    super(endpoint, signal, onEnd);
    this.#endpoint = endpoint;
  }

  get droppedFrames(): number {
    if (this.ended) {
      const [code, channel] = [errnoName(EBADF), this.#endpoint.owner.channel];
      const text = `Cannot read droppedFrames of the errors of "${channel}": ${code} (they have ended)`;
      throw new CanOperationError(text, { code, errno: EBADF, channel });
    }
    return this.#endpoint.socket.droppedFrames;
  }
}
