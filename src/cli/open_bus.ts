/**
 * Opening buses for a command.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import { CAN_ERR_MASK, CANXL_MIN_MTU } from "../kernel/can.ts";
import { Link } from "../link/link.ts";
import type { BusOptions } from "../raw/options.ts";
import type { Arguments } from "./command/arguments.ts";
import type { Terminal } from "./command/terminal.ts";
import type { ChannelWords } from "./frames/channel_words.ts";

/** How buses are opened that receive. */
export interface ReceiveOptions
  extends Pick<BusOptions, "receiveBuffer" | "timestamps" | "reconnect" | "receiveOwnMessages" | "logger"> {
  /** Whether error frames of all classes are received where the words give no mask. */
  readonly errors?: boolean;
}

/** Opens a bus that receives all kinds of frames that its interface carries. */
export function openReceiver(words: ChannelWords, terminal: Terminal, options: ReceiveOptions = {}): Bus {
  const { errors, ...rest } = options;
  const { channel, filters, joinFilters, errorMask } = words;
  return new Bus({
    channel,
    filters,
    joinFilters,
    errorMask: errorMask ?? (errors ? CAN_ERR_MASK : 0),
    fd: true,
    xl: carriesXl(channel),
    logger: terminal.logger,
    ...rest,
  });
}

/**
 * Opens a bus for each of some words, as `--hardware` and `--reconnect` say.
 *
 * @param buses Closes them.
 */
export function openReceivers(
  channels: readonly ChannelWords[],
  words: Arguments,
  terminal: Terminal,
  buses: DisposableStack,
  options: Omit<ReceiveOptions, "timestamps" | "reconnect">,
): Bus[] {
  const timestamps = words.has("hardware") ? "hardware" : "software";
  const reconnect = words.has("reconnect");
  return channels.map((channel) => buses.use(openReceiver(channel, terminal, { ...options, timestamps, reconnect })));
}

/** Whether an interface, or one of all, carries CAN XL: older kernels refuse the option. */
export function carriesXl(channel: string): boolean {
  return Link.statuses().some(({ name, mtu }) => (channel === "" || name === channel) && mtu >= CANXL_MIN_MTU);
}
