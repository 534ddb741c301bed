/**
 * A server whose one bus on a network exchanges frames with one of this host.
 *
 * @module
 */

import type { Bus } from "../bus/bus.ts";
import type { Logger } from "../endpoint/options.ts";
import type { NetAddress } from "./address.ts";
import type { NetBus } from "./net_bus.ts";
import { exchange } from "./pump.ts";
import type { BusServer } from "./serve_options.ts";

/** Exchanges frames until it is closed. */
export function exchangeForever(bus: Bus, net: NetBus, address: NetAddress, logger: Logger | undefined): BusServer {
  const done = exchange(bus, net, logger);
  done.catch(() => {}); // it rejects for those who wait for it; nobody has to
  const close = async () => {
    bus.close();
    net.close();
    await done.catch(() => {});
  };
  return { address, clients: 1, done, close, [Symbol.asyncDispose]: close };
}
