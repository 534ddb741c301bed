/**
 * What a client of socketcand has opened.
 *
 * @module
 */

import { Bus } from "../../bus/bus.ts";
import { CanError } from "../../errors.ts";
import { ENETDOWN } from "../../kernel/errno.ts";
import type { Message } from "../../message/message.ts";
import type { BusOptions } from "../../raw/options.ts";
import type { FullServeOptions } from "../serve_options.ts";

/** One of the modes of the protocol. */
export interface Mode {
  /**
   * Carries out a command.
   *
   * @returns False if it is none of this mode's. A promise is waited for before the next command is read.
   */
  command(words: readonly string[]): boolean | Promise<boolean>;
  /** Sends the frames that were gathered; called when no more commands have arrived, and after many. */
  flush?(): Promise<void>;
  /** Ends the mode: what it has opened is closed. */
  close(): void;
}

/** The client to which a mode belongs. */
export interface Client {
  readonly channel: string;
  readonly options: FullServeOptions;
  /** Sends text; the promise is that of room for more, undefined if there is some. */
  write(text: string): Promise<void> | undefined;
  /** Ends the connection, because of an error that is reported to the client. */
  end(error: Error): void;
}

/** The size of the receive buffer of a client's bus, in bytes: frames wait there while others are served. */
const RECEIVE_BUFFER = 2 * 2 ** 20;

/** Frames that are sent on at once. */
const BATCH = 256;

/** Opens the client's bus. */
export function openBusOf({ channel, options }: Client, more: Partial<BusOptions>): Bus {
  const { fd, interface: kind } = options;
  return new Bus({ channel, interface: kind, fd, receiveBuffer: RECEIVE_BUFFER, ...more });
}

/** Writes an error for the client: socketcand has words only. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : `${error}`;
  return `< error ${text.replace(/[<>\s]+/g, " ")} >`;
}

/** The answer to a command that is wrong, which socketcand itself passes over in silence. */
export function syntaxError(command: string): string {
  return `< error syntax error in ${command} command >`;
}

/** Gathers the frames that a client sends, so that as many as have arrived are sent by one call. */
export class Outbox {
  readonly #client: Client;
  readonly #bus: Bus;
  #messages: Message[] = [];

  constructor(client: Client, bus: Bus) {
    this.#client = client;
    this.#bus = bus;
  }

  add(message: Message): void {
    this.#messages.push(message);
  }

  /** Sends them, waiting for room on the bus. One that cannot be sent is reported to the client and left out. */
  async flush(): Promise<void> {
    let messages = this.#messages;
    this.#messages = [];
    while (messages.length > 0 && !this.#bus.closed) {
      try {
        await this.#bus.sendManyAsync(messages);
        return;
      } catch (error) {
        if (this.#bus.closed) return;
        this.#client.write(errorText(error));
        messages = messages.slice(((error as CanError).sent ?? 0) + 1);
      }
    }
  }
}

/**
 * Passes on what a bus receives until it is closed. While the client does not take it the bus is not read: what the kernel
 * drops then is logged.
 */
export async function passOn(bus: Bus, client: Client, textOf: (message: Message) => string): Promise<void> {
  let reported = 0;
  while (!bus.closed) {
    let batch: readonly Message[];
    try {
      batch = await bus.recvManyAsync(BATCH);
    } catch (error) {
      if (bus.closed) return;
      if (!(error instanceof CanError)) throw error;
      client.write(errorText(error));
      if (error.errno === ENETDOWN) continue; // it may come up again
      return client.end(error);
    }
    let text = "";
    for (const message of batch) text += textOf(message);
    const room = text === "" ? undefined : client.write(text);
    if (room !== undefined) await room;
    if (!bus.closed && bus.droppedFrames > reported) {
      client.options.logger?.warn(
        `${
          bus.droppedFrames - reported
        } frames of "${client.channel}" were not sent to a client, which reads too slowly`,
      );
      reported = bus.droppedFrames;
    }
  }
}
