/**
 * The bitrates of buses.
 *
 * @module
 */

import type { LinkStatus } from "../link/status.ts";
import type { Bitrates } from "../live/traffic.ts";
import { type Arguments, type Flag, numberOf } from "./command/arguments.ts";
import { UsageError } from "./command/usage_error.ts";

/** The flag `bitrate`. */
export const bitrateFlag = {
  takes: "RATE[,DATARATE]",
  text: "the bitrates of buses that have none of their own, for the load",
} as const satisfies Flag;

/** Returns the bitrates of the flag; null if it is not given. */
export function givenBitrates(words: Arguments): Bitrates | null {
  const rates = words.text("bitrate");
  return rates === undefined ? null : parseBitrates(rates);
}

/**
 * Returns the bitrates of a text: `500000` or `500000,2000000`.
 *
 * @param word The whole word, for the error.
 * @throws {UsageError} It has none, or too many.
 */
export function parseBitrates(rates: string, word = rates): Bitrates {
  const [bitrate, dataBitrate = bitrate, more] = rates.split(",").map((rate) => numberOf("the bitrate", rate, 1, 1e9));
  if (more !== undefined) throw new UsageError(`${word} has more than a bitrate and one for the data`);
  return { bitrate, dataBitrate };
}

/** Returns the bitrates of a link; null if it has none, as a virtual one. */
export function bitratesOf(status: LinkStatus | undefined): Bitrates | null {
  if (!status?.bitTiming) return null;
  const { bitrate } = status.bitTiming;
  return { bitrate, dataBitrate: status.dataBitTiming?.bitrate ?? bitrate };
}
