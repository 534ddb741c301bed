/**
 * An interface of this host in a multicast group.
 *
 * @module
 */

import { checkSingle, fillOptions, type OptionTable } from "../../check.ts";
import { isIP } from "node:net";
import { isLoopback } from "../address.ts";
import { exchangeForever } from "../exchange_server.ts";
import { openServed } from "../pump.ts";
import { type BusServer, checkChannels, checkServe, type ServeOptions, serveTable } from "../serve_options.ts";
import { MULTICAST_GROUP, MULTICAST_PORT, MulticastBus, type MulticastBusOptions } from "./bus.ts";

/**
 * The options of `serveMulticast`. `host` is the address of this host in the network to use; `"0.0.0.0"` and `"::"` stand for
 * the system's choice, which is what python-can uses. On loopback, the default, only this host's programs take part.
 *
 * @category Network
 */
export interface ServeMulticastOptions extends ServeOptions, Pick<MulticastBusOptions, "group" | "port" | "hopLimit"> {
  /** The interface that is served. */
  readonly channel: string;
}

const table: OptionTable<ServeMulticastOptions> = {
  ...serveTable,
  channel: ["string"],
  group: ["string", MULTICAST_GROUP],
  port: ["number", MULTICAST_PORT],
  hopLimit: ["number", 1],
};

/**
 * Exchanges the frames of an interface with a multicast group, of which python-can's `udp_multicast` buses are members. See
 * `MulticastBus` for what the protocol keeps.
 *
 * @throws {CanInitializationError} The group cannot be joined, or the interface cannot be opened.
 * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
 *
 * @category Network
 */
export async function serveMulticast(options: ServeMulticastOptions): Promise<BusServer> {
  checkSingle("serveMulticast", arguments);
  const all = fillOptions("serveMulticast", options, table) as unknown as Required<ServeMulticastOptions>;
  const { channel, group, port, hopLimit } = all;
  checkChannels([channel]);
  if (isIP(group) === 6 && isLoopback(all.host)) {
    throw new TypeError(
      `Option host is missing: loopback carries no multicast of IPv6; "::" is the system's choice, "::%eth0" an interface`,
    );
  }
  const full = checkServe(all);
  const { host, fd, logger } = full;
  const local = host === "0.0.0.0" || host === "::" ? {} : { localHost: host };
  // The kernel hands a member on loopback also what comes from elsewhere, if another program of this host is a member there.
  const allow = all.allow.length === 0 && isLoopback(host) ? ["127.0.0.0/8"] : all.allow;
  const net = await MulticastBus.open({ group, port, hopLimit, allow, fd, ...local, ...logger && { logger } });
  try {
    return exchangeForever(
      openServed(channel, full),
      net,
      { host: group, port },
      logger,
    );
  } catch (error) {
    net.close();
    throw error;
  }
}
