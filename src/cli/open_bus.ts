/**
 * Opening buses for a command.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import { CAN_ERR_MASK, CANXL_MIN_MTU } from "../kernel/can.ts";
import { Link } from "../link/link.ts";
import type { BusOptions } from "../raw/options.ts";
import type { Arguments, Flag } from "./command/arguments.ts";
import type { Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";
import type { ChannelWords } from "./frames/channel_words.ts";

/** The flags of commands that open buses to receive. */
export const receiverFlags = {
  hardware: { short: "H", text: "the times of the controller, if it has a clock" },
  "receive-buffer": { short: "r", takes: "BYTES", text: "the size of the socket's receive buffer" },
  reconnect: { short: "D", text: "wait for an interface that goes down or away, instead of ending" },
} as const satisfies Record<string, Flag>;

/** How buses are opened that receive. */
export interface ReceiveOptions
  extends Pick<BusOptions, "receiveBuffer" | "timestamps" | "reconnect" | "receiveOwnMessages" | "logger"> {
  /** Whether error frames of all classes are received where the words give no mask. */
  readonly errors?: boolean;
}

/** Opens a bus that receives all kinds of frames that its interface, or the network, carries. */
export function openReceiver(
  words: ChannelWords,
  terminal: Terminal,
  options: ReceiveOptions = {},
): Promise<MessageBus> {
  const { errors, ...rest } = options;
  const { channel, filters, joinFilters, errorMask } = words;
  return openBusNamed({
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
 * Returns the options that `receiverFlags` give.
 *
 * @throws {UsageError} The size of the buffer is none.
 */
export function receiverOptions(words: Arguments): ReceiveOptions {
  const receiveBuffer = words.whole("receive-buffer", 1);
  return {
    timestamps: words.has("hardware") ? "hardware" : "software",
    reconnect: words.has("reconnect"),
    ...receiveBuffer !== undefined && { receiveBuffer },
  };
}

/**
 * Opens a bus for each of some words.
 *
 * @param buses Closes them.
 */
export async function openReceivers(
  channels: readonly ChannelWords[],
  terminal: Terminal,
  buses: DisposableStack,
  options: ReceiveOptions,
): Promise<MessageBus[]> {
  const opened: MessageBus[] = [];
  for (const channel of channels) opened.push(buses.use(await openReceiver(channel, terminal, options)));
  return opened;
}

/**
 * Opens an interface, or a bus on a network by its name: `socketcand://host/can0`.
 *
 * @throws {UsageError} An option is for interfaces of this host only.
 */
export async function openBusNamed(options: BusOptions): Promise<MessageBus> {
  const { channel, xl: _, timestamps, reconnect, localLoopback, receiveOwnMessages, ...shared } = options;
  if (!isNetName(channel)) return new Bus(options);
  const local = Object.entries({
    hardware: timestamps === "hardware",
    reconnect,
    "no-loopback": localLoopback === false,
    "allow-send": receiveOwnMessages,
  }).find(([, given]) => given);
  if (local) throw new UsageError(`--${local[0]} is for interfaces of this host, not for ${channel}`);
  const { openBus } = await import("../net/mod.ts");
  return await openBus(channel, shared);
}

/** Whether a name is that of a bus on a network. */
export function isNetName(channel: string): boolean {
  return channel.includes("://");
}

/** Whether an interface, or one of all, carries CAN XL: older kernels refuse the option. */
export function carriesXl(channel: string): boolean {
  return !isNetName(channel) &&
    Link.statuses().some(({ name, mtu }) => (channel === "" || name === channel) && mtu >= CANXL_MIN_MTU);
}
