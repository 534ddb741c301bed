/**
 * Messages being sent.
 *
 * @module
 */

import type { Logger } from "../endpoint/options.ts";
import type { Sending } from "../endpoint/writer.ts";
import { checkMessage, describeMessage, type J1939MessageInit } from "./message.ts";
import type { Name } from "./name.ts";
import type { FullJ1939Options } from "./options.ts";
import type { J1939Port } from "./port.ts";
import type { Transfers } from "./transfers.ts";

/** A message being sent. Object identity tells whether the kernel has already taken the first part of it. */
export class Outgoing implements J1939MessageInit {
  readonly pgn: number;
  readonly destination: number | bigint | Name | undefined;
  readonly priority: number | undefined;
  readonly data: Uint8Array | readonly number[];

  /** @throws {TypeError | RangeError} The message can't be sent. */
  constructor(message: J1939MessageInit) {
    checkMessage(message);
    this.pgn = message.pgn;
    this.destination = message.destination;
    this.priority = message.priority;
    this.data = message.data;
  }

  toString(): string {
    return describeMessage(this);
  }
}

/** How a J1939 socket sends messages. */
export class MessageSending implements Sending<J1939MessageInit> {
  readonly channel: string;
  readonly logger: Logger | undefined;
  readonly noRoom: string =
    "the send buffer is full, or another socket of this host has a transfer between the same nodes; a long message of " +
    "which a part was sent may still arrive";
  readonly #port: J1939Port;
  readonly #transfers: Transfers;
  readonly #lateClaim: (seconds: number) => string | undefined;

  /** @param lateClaim Returns what to say if a message timed out because the socket is claiming an address. */
  constructor(
    { channel, logger }: FullJ1939Options,
    port: J1939Port,
    transfers: Transfers,
    lateClaim: (seconds: number) => string | undefined,
  ) {
    this.channel = channel;
    this.logger = logger;
    this.#port = port;
    this.#transfers = transfers;
    this.#lateClaim = lateClaim;
  }

  check(message: J1939MessageInit): void {
    if (!(message instanceof Outgoing)) checkMessage(message);
  }

  late(_message: J1939MessageInit, seconds: number): string | undefined {
    return this.#lateClaim(seconds);
  }

  hold(message: J1939MessageInit): J1939MessageInit {
    const held = new Outgoing({ ...message, data: new Uint8Array(message.data) }); // a Buffer's `slice` does not copy
    this.#port.replace(message, held);
    this.#transfers.replace(message, held);
    return held;
  }
}
