/**
 * Which frames a bus receives, where the kernel does not decide it.
 *
 * @module
 */

import { CAN_ERR_FLAG, CAN_ERR_MASK, filterMatches, type RawFilter } from "../kernel/can.ts";
import { frameIdWord, type Message } from "../message/message.ts";
import type { FullBusOptions } from "./options.ts";

/** Decides as the kernel does: by the kind of frame, the filters and the error mask. */
export class Acceptance {
  filters: readonly RawFilter[];
  errorMask: number;
  readonly #options: FullBusOptions;

  constructor(options: FullBusOptions) {
    this.#options = options;
    this.filters = options.rawFilters;
    this.errorMask = options.errorMask;
  }

  /** Whether the bus receives a message. */
  accepts(message: Message): boolean {
    const { fd, xl, joinFilters } = this.#options;
    if ((message.isFd && !fd) || (message.isXl && !xl)) return false;
    const idWord = frameIdWord(message);
    if (idWord & CAN_ERR_FLAG) {
      // The kernel counts matches for joined filters, and an error frame matches only once, by the error mask.
      return (idWord & this.errorMask & CAN_ERR_MASK) !== 0 && !(joinFilters && this.filters.length > 1);
    }
    return joinFilters
      ? this.filters.every((filter) => filterMatches(filter, idWord))
      : this.filters.some((filter) => filterMatches(filter, idWord));
  }
}
