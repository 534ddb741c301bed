/**
 * What every bus on a network has.
 *
 * @module
 */

import { MessageBus } from "../bus/message_bus.ts";
import { MessageSending } from "../bus/message_sending.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { Writer } from "../endpoint/writer.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { Carrier } from "./carrier.ts";
import { NetPort } from "./net_port.ts";
import type { NetOptions } from "./options.ts";

/** What a type of bus is to its users. */
export interface NetTraits {
  /**
   * Throws if the protocol cannot carry a message.
   *
   * @throws {TypeError} The error says what it cannot carry.
   */
  check?(message: Message): void;
  /** Why frames may be lost, for the warning of the first loss. */
  readonly whyLost?: string;
}

/**
 * The base class of the buses whose frames a network carries. They are used as a `Bus` is, with one difference: frames
 * arrive through the event loop. So **a call that would have to block fails** with `EDEADLK`: `recv`, `recvMany` and the
 * loop `for (… of bus)` when nothing has arrived (`recv(0)` does not wait), and `send` and `sendMany` when there is no
 * room. Use `recvAsync`, `for await` and `sendAsync`.
 *
 * `droppedFrames` counts the frames that did not arrive, as far as the protocol shows it: see each type. A lost connection
 * is thrown (`ECONNRESET`) once all that arrived before was received, and by every call from then on.
 *
 * @category Network
 */
export abstract class NetBus extends MessageBus {
  /** @ignore */
  protected constructor(carrier: Carrier, options: NetOptions, traits: NetTraits) {
    const { channel, logger, receive } = options;
    const sending = new NetSending(options, traits);
    super(
      new Endpoint<FramePort, Message, Message>(
        {
          channel,
          logger,
          noun: "bus",
          receives: receive,
          ...traits.whyLost !== undefined && { whyLost: traits.whyLost },
        },
        (onReady) => new NetPort(carrier, options, onReady),
        (socket, rearm) => new Writer(socket, rearm, sending),
      ),
      options,
    );
    logger?.debug?.(`opened ${this.channelInfo}`);
  }
}

/** Checks the messages that a bus sends. */
class NetSending extends MessageSending {
  readonly #traits: NetTraits;

  constructor(options: NetOptions, traits: NetTraits) {
    super(options, "the network takes what was sent before more slowly than it is sent");
    this.#traits = traits;
  }

  override check(message: Message): void {
    super.check(message);
    this.#traits.check?.(message);
  }
}
