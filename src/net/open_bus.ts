/**
 * Opening any bus by its name.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import { show } from "../check.ts";
import { parseAddress } from "./address.ts";
import { CANNELLONI_PORT, CannelloniBus } from "./cannelloni/bus.ts";
import { MULTICAST_GROUP, MULTICAST_PORT, MulticastBus } from "./multicast/bus.ts";
import type { NetBusOptions } from "./options.ts";
import { SocketcandBus } from "./socketcand/bus.ts";
import { SOCKETCAND_PORT } from "./socketcand/port.ts";

/** A scheme of names: how a bus is opened by what follows `scheme://`. */
interface Scheme {
  /** What a name looks like, for errors. */
  readonly form: string;
  open(authority: string, path: string | undefined, options: NetBusOptions): Promise<MessageBus>;
}

const schemes: Readonly<Record<string, Scheme>> = {
  socketcand: {
    form: "socketcand://host:port/can0",
    open(authority, channel, options) {
      if (channel === undefined || channel === "") throw noName("socketcand", "it names no channel of the server");
      return SocketcandBus.open({ ...options, ...parseAddress(authority, SOCKETCAND_PORT), channel });
    },
  },
  cannelloni: {
    form: "cannelloni://host:port or cannelloni://host:port/localPort",
    open(authority, localPort, options) {
      if (localPort !== undefined && !/^\d{1,5}$/.test(localPort)) {
        throw noName("cannelloni", "what follows the / is no port");
      }
      return CannelloniBus.open({
        ...options,
        ...parseAddress(authority, CANNELLONI_PORT),
        ...localPort !== undefined && { localPort: Number(localPort) },
      });
    },
  },
  "cannelloni+tcp": {
    form: "cannelloni+tcp://host:port",
    open(authority, path, options) {
      if (path !== undefined) throw noName("cannelloni+tcp", "a connection has no local port to choose");
      return CannelloniBus.open({ ...options, ...parseAddress(authority, CANNELLONI_PORT), transport: "tcp" });
    },
  },
  "udp-multicast": {
    form: "udp-multicast://239.74.163.2:43113, or with the address of this host in the network behind it: /192.168.1.5",
    open(authority, localHost, options) {
      const { host: group, port } = parseAddress(authority === "" ? MULTICAST_GROUP : authority, MULTICAST_PORT);
      return MulticastBus.open({ ...options, group, port, ...localHost !== undefined && { localHost } });
    },
  },
};

/** Whether a name is that of a bus on a network, instead of an interface of this host. */
export function isNetName(name: string): boolean {
  return name.includes("://");
}

/**
 * Opens any bus by its name: an interface of this host or a bus on a network.
 *
 * | name                                          | bus                                                    |
 * | --------------------------------------------- | ------------------------------------------------------ |
 * | `can0`                                        | `Bus`                                                  |
 * | `socketcand://host:29536/can0`                | `SocketcandBus`                                        |
 * | `cannelloni://host:20000/20000`               | `CannelloniBus` over UDP; the last number is `localPort` |
 * | `cannelloni+tcp://host:20000`                 | `CannelloniBus` over TCP                               |
 * | `udp-multicast://239.74.163.2:43113/192.168.1.5` | `MulticastBus`; the last address is `localHost`     |
 *
 * Ports may be left out. The bus's `channel`, and that of its messages, is the name without the scheme, so that the buses of
 * several hosts stay apart: `host:29536/can0`. The option `name` replaces it.
 *
 * @throws {CanInitializationError} The bus cannot be opened.
 * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, which an interface of this host needs.
 * @throws {SyntaxError | TypeError | RangeError} The name or an option is wrong.
 *
 * @category Network
 * @example
 * ```ts ignore
 * import { openBus } from "@socketcan/bus/net";
 *
 * using bus = await openBus("socketcand://bench1/can0", { fd: true });
 * for await (const message of bus) console.log(`${message}`);
 * ```
 */
export async function openBus(name: string, options: NetBusOptions = {}): Promise<MessageBus> {
  if (typeof name !== "string") throw new TypeError(`openBus takes a bus's name, not ${show(name)}`);
  if (!isNetName(name)) {
    const { name: _, ...rest } = options;
    return new Bus({ ...rest, channel: name });
  }
  const [, scheme, authority, path] = /^([^:]*):\/\/([^/]*)(?:\/(.*))?$/s.exec(name) ?? [];
  if (scheme === undefined || !Object.hasOwn(schemes, scheme)) {
    throw new SyntaxError(
      `${show(name)} is no bus: there are ${Object.keys(schemes).join("://, ")}://, and interfaces such as can0`,
    );
  }
  return await schemes[scheme].open(authority, path, { name: name.slice(scheme.length + 3), ...options });
}

function noName(scheme: string, why: string): SyntaxError {
  return new SyntaxError(`This is the name of no bus: ${why}; write ${schemes[scheme].form}`);
}
