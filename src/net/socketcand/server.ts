/**
 * A socketcand server.
 *
 * @module
 */

import { checkSingle, fillOptions, type OptionTable } from "../../check.ts";
import {
  type BusServer,
  checkChannels,
  checkListenPort,
  checkServe,
  type ServeOptions,
  serveTable,
} from "../serve_options.ts";
import { TcpServer } from "../tcp_server.ts";
import { Beacon } from "./beacon.ts";
import { SOCKETCAND_PORT } from "./port.ts";
import { Session } from "./session.ts";

/**
 * The options of `serveSocketcand`.
 *
 * @category Network
 */
export interface ServeSocketcandOptions extends ServeOptions {
  /** The interfaces that clients may open. */
  readonly channels: readonly string[];
  /** The port to listen on; 0 for any that is free. Default 29536. */
  readonly port?: number;
  /**
   * Whether the server is announced to its network every 3 seconds, by broadcasts to UDP port 42000, so that python-can and
   * SavvyCAN find it. Default false.
   */
  readonly beacon?: boolean;
}

type Own = Omit<ServeSocketcandOptions, keyof ServeOptions>;

const table: OptionTable<ServeSocketcandOptions> = {
  ...serveTable,
  channels: ["array"],
  port: ["number", SOCKETCAND_PORT],
  beacon: ["boolean", false],
};

/**
 * Serves interfaces as [socketcand](https://github.com/linux-can/socketcand) does, to `SocketcandBus`, python-can, SavvyCAN
 * and others: raw, BCM, ISO-TP and control mode, in its
 * [protocol](https://github.com/linux-can/socketcand/blob/master/doc/protocol.md).
 *
 * Remote frames are sent as the protocol has them, which socketcand itself leaves out; wrong commands are answered by an
 * error, which it passes over. CAN FD (`fdframe`, `fdsend`) is an option, as older clients do not know it.
 *
 * @throws {CanInitializationError} The address is in use, or not one of this host's.
 * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
 *
 * @category Network
 * @example
 * ```ts
 * import { serveSocketcand } from "@socketcan/bus/net";
 *
 * await using server = await serveSocketcand({ channels: ["demo"], interface: "virtual", port: 0 });
 * console.log(server.address.host); // 127.0.0.1
 * ```
 */
export async function serveSocketcand(options: ServeSocketcandOptions): Promise<BusServer> {
  checkSingle("serveSocketcand", arguments);
  const all = fillOptions("serveSocketcand", options, table) as unknown as Required<ServeSocketcandOptions>;
  const { channels, port, beacon }: Required<Own> = all;
  checkChannels(channels);
  const full = checkServe(all);
  const server = await TcpServer.listen(
    checkListenPort(port),
    full,
    (stream, leave) => new Session(stream, channels, full, leave),
  );
  if (!beacon) return server;
  try {
    const announcing = await Beacon.start({ host: full.host, port: server.address.port }, channels, full);
    void server.done.catch(() => {}).then(() => announcing.close());
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}
