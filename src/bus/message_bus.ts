/**
 * What every bus has that sends and receives messages, of this host or of another one.
 *
 * @module
 */

import { CanSocket } from "../endpoint/can_socket.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { copyFilters, type Logger } from "../endpoint/options.ts";
import { type CanFilter, toRawFilters } from "../message/filter.ts";
import type { Message } from "../message/message.ts";
import type { FramePort } from "../raw/frame_port.ts";
import type { FullBusOptions } from "../raw/options.ts";

/**
 * The kinds of frames that a bus sends and receives, with python-can's names: classic CAN, CAN FD too, or CAN XL too.
 *
 * @category Bus
 */
export type CanProtocol = "CAN_20" | "CAN_FD" | "CAN_XL";

/**
 * The base class of every bus: of `Bus`, whose frames the kernel or this process carries, and of those of
 * `@socketcan/bus/net`, whose frames a network carries.
 *
 * @category Bus
 */
export abstract class MessageBus extends CanSocket<Message, Message> {
  /** A description of the bus, as in python-can: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The kinds of frames that the bus sends and receives, as the options `fd` and `xl` have set. */
  readonly protocol: CanProtocol;
  readonly #endpoint: Endpoint<FramePort, Message, Message>;
  readonly #logger: Logger | undefined;
  readonly #joinFilters: boolean;
  #filters: readonly CanFilter[] | null;

  /** @ignore */
  protected constructor(endpoint: Endpoint<FramePort, Message, Message>, options: FullBusOptions) {
    super(endpoint);
    this.#endpoint = endpoint;
    this.protocol = protocolOf(options);
    this.channelInfo = endpoint.socket.channelInfo;
    this.#filters = copyFilters(options.filters);
    this.#joinFilters = options.joinFilters;
    this.#logger = options.logger;
  }

  /** The filters in force; null if the bus receives everything. */
  get filters(): readonly CanFilter[] | null {
    return this.#filters;
  }

  /**
   * Replaces the filters. Unread messages that were received under the previous filters are dropped, so every message read
   * after this call has passed the new ones.
   *
   * @param filters At most 512 filters; null or an empty array receives everything.
   * @throws {RangeError | TypeError} A filter is wrong, and the previous filters stay in force; or the bus was opened with
   * `receive: false`.
   * @throws {CanOperationError} The kernel refused the filters, and the previous ones stay in force; or the bus is closed.
   */
  setFilters(filters: readonly CanFilter[] | null): void {
    this.#endpoint.assertReceives("set filters of");
    this.#endpoint.socket.setFilters(toRawFilters(filters, this.#joinFilters));
    this.#endpoint.reader.clear();
    this.#filters = copyFilters(filters);
    this.#endpoint.arm(); // an error that was found while dropping frames is for the pending waits
    this.#logger?.debug?.(`filters set: ${JSON.stringify(this.#filters)}`);
  }
}

/** Returns the kinds of frames that options ask for. */
export function protocolOf({ fd, xl }: Pick<FullBusOptions, "fd" | "xl">): CanProtocol {
  return xl ? "CAN_XL" : fd ? "CAN_FD" : "CAN_20";
}
