/**
 * Which messages a bus sends.
 *
 * @module
 */

import { show } from "../check.ts";
import type { Logger } from "../endpoint/options.ts";
import type { Sending } from "../endpoint/writer.ts";
import { Message } from "../message/message.ts";
import type { FullBusOptions } from "../raw/options.ts";

/** Checks the messages that a bus sends. */
export class MessageSending implements Sending<Message> {
  readonly channel: string;
  readonly logger: Logger | undefined;
  readonly noRoom: string;
  readonly #options: FullBusOptions;

  /** @param noRoom Why there may be no room, for an error's text. */
  constructor(options: FullBusOptions, noRoom: string) {
    this.#options = options;
    this.channel = options.channel;
    this.logger = options.logger;
    this.noRoom = noRoom;
  }

  check(message: Message): void {
    const { fd, xl, channel } = this.#options;
    if (!(message instanceof Message)) {
      throw new TypeError(`Cannot send ${show(message)}: it is not a Message`);
    }
    if (message.isFd && !fd) {
      throw new TypeError(`Cannot send a CAN FD message on a bus opened without fd: true: ${message}`);
    }
    if (message.isXl && !xl) {
      throw new TypeError(`Cannot send a CAN XL message on a bus opened without xl: true: ${message}`);
    }
    if (channel === "" && !message.channel) {
      throw new TypeError(`Cannot send on every channel at once: name one as the message's channel: ${message}`);
    }
  }
}
