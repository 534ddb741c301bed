/**
 * Passing frames on between a bus of this host and one on a network.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import type { Logger } from "../endpoint/options.ts";
import { CanError } from "../errors.ts";
import { ENETDOWN } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import type { NetBus } from "./net_bus.ts";
import type { FullServeOptions } from "./serve_options.ts";

/** Frames that are passed on at once. */
const BATCH = 256;
/** The size of the bus's receive buffer, in bytes. */
const RECEIVE_BUFFER = 2 * 2 ** 20;

/** Opens the bus of this host that is served. */
export function openServed(channel: string, { fd, interface: kind, logger }: FullServeOptions): Bus {
  return new Bus({
    channel,
    interface: kind,
    fd,
    receiveBuffer: RECEIVE_BUFFER,
    ...logger && { logger: warningsOf(logger) },
  });
}

/** A logger without debug lines, which would be one a frame. */
function warningsOf(logger: Logger): Logger {
  return { warn: (text) => logger.warn(text) };
}

/**
 * Passes frames on in both directions until one of the buses is closed, and closes both then. Frames that the other bus
 * cannot carry are left out and logged, once for each reason, as are error frames from the network: no controller sends
 * them.
 *
 * @throws {CanError} One of the buses has failed: its interface is gone, or the connection is lost.
 */
export async function exchange(bus: Bus, net: NetBus, logger: Logger | undefined): Promise<void> {
  const reported = new Set<string>();
  const report = (text: string) => {
    if (reported.has(text)) return;
    reported.add(text);
    logger?.warn(text);
  };
  try {
    await Promise.race([
      pass(bus, net, report, () => true),
      pass(net, bus, report, (message) => {
        if (message.isErrorFrame) report(`error frames from ${net.channelInfo} are not sent on to "${bus.channel}"`);
        return !message.isErrorFrame;
      }),
    ]);
  } finally {
    bus.close();
    net.close();
  }
}

async function pass(
  from: MessageBus,
  to: MessageBus,
  report: (text: string) => void,
  wanted: (message: Message) => boolean,
): Promise<void> {
  while (!from.closed) {
    try {
      const batch = await from.recvManyAsync(BATCH);
      await sendAll(to, batch.filter(wanted), report);
    } catch (error) {
      if (from.closed || to.closed) return;
      // An interface that is down may come up again, and a datagram that could not be sent is lost.
      if (!(error instanceof CanError) || (error.errno !== ENETDOWN && error.syscall !== "send")) throw error;
      report(error.message);
    }
  }
}

/** Sends what can be sent. */
async function sendAll(to: MessageBus, messages: readonly Message[], report: (text: string) => void): Promise<void> {
  let left = messages;
  while (left.length > 0) {
    try {
      await to.sendManyAsync(left);
      return;
    } catch (error) {
      if (to.closed) return;
      if (!(error instanceof CanError) || error.syscall !== "send") throw error;
      report(error.message.replace(/; \d+ of \d+ messages were sent before$/, ""));
      left = left.slice((error.sent ?? 0) + 1);
    }
  }
}
