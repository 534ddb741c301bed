/**
 * A cannelloni server.
 *
 * @module
 */

import { checkChoice, checkSingle, fillOptions, type OptionTable } from "../../check.ts";
import { type NetAddress, parseAddress } from "../address.ts";
import { exchangeForever } from "../exchange_server.ts";
import { netOptions } from "../options.ts";
import { exchange, openServed } from "../pump.ts";
import {
  type BusServer,
  checkChannels,
  checkListenPort,
  checkServe,
  type FullServeOptions,
  type ServeOptions,
  serveTable,
} from "../serve_options.ts";
import type { TcpStream } from "../tcp.ts";
import { TcpServer, type TcpSession } from "../tcp_server.ts";
import { CANNELLONI_PORT, CannelloniBus } from "./bus.ts";
import { ConnectionCarrier } from "./connection.ts";

/** Seconds that a client has for its greeting. */
const GREETING_TIME = 10;

/**
 * The options of `serveCannelloni`.
 *
 * @category Network
 */
export interface ServeCannelloniOptions extends ServeOptions {
  /** The interface that is served. */
  readonly channel: string;
  /** What carries the frames: datagrams to and from one peer, or the connections of any number of clients. Default `"udp"`. */
  readonly transport?: "udp" | "tcp";
  /** UDP: the peer, `"host"` or `"host:port"`, port 20000 by default. Only what comes from its address is accepted. */
  readonly peer?: string;
  /** The port to listen on; 0 for any that is free. Default 20000. */
  readonly port?: number;
}

type Own = Omit<ServeCannelloniOptions, keyof ServeOptions>;

const table: OptionTable<ServeCannelloniOptions> = {
  ...serveTable,
  channel: ["string"],
  transport: ["string", "udp"],
  peer: ["string"],
  port: ["number", CANNELLONI_PORT],
};

/**
 * Serves an interface as [cannelloni](https://github.com/mguentner/cannelloni) does: exchanges its frames with one peer over
 * UDP, or with clients that connect over TCP. See `CannelloniBus` for what the protocol keeps.
 *
 * @throws {CanInitializationError} The address is in use or not one of this host's, or the interface cannot be opened.
 * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
 *
 * @category Network
 */
export async function serveCannelloni(options: ServeCannelloniOptions): Promise<BusServer> {
  checkSingle("serveCannelloni", arguments);
  const all = fillOptions("serveCannelloni", options, table) as unknown as Required<ServeCannelloniOptions>;
  const { channel, transport, port }: Required<Own> = all;
  const { peer } = options;
  checkChannels([channel]);
  checkChoice("Option transport", transport, ["udp", "tcp"]);
  if (transport === "tcp" && peer !== undefined) {
    throw new TypeError(`Option peer has no meaning with transport: "tcp": say with allow who may connect`);
  }
  if (transport === "udp" && options.allow !== undefined) {
    throw new TypeError(`Option allow has no meaning with transport: "udp": only the peer may send`);
  }
  if (transport === "udp" && peer === undefined) {
    throw new TypeError(`Option peer is missing: with transport: "udp", where the frames go, as "host:port"`);
  }
  checkListenPort(port);
  const full = checkServe(all, transport === "udp");
  if (transport === "tcp") {
    return await TcpServer.listen(port, full, (stream, leave) => new ClientSession(stream, channel, full, leave));
  }
  return await serveDatagrams(channel, parseAddress(peer!, CANNELLONI_PORT), port, full);
}

async function serveDatagrams(
  channel: string,
  peer: NetAddress,
  port: number,
  options: FullServeOptions,
): Promise<BusServer> {
  const { host, fd, logger } = options;
  const bus = openServed(channel, options);
  try {
    const net = await CannelloniBus.open({ ...peer, localHost: host, localPort: port, fd, ...logger && { logger } });
    return exchangeForever(bus, net, { host, port: net.localPort }, logger);
  } catch (error) {
    bus.close();
    throw error;
  }
}

/** A client that has connected. */
class ClientSession implements TcpSession {
  readonly #stream: TcpStream;
  #net: CannelloniBus | null = null;

  constructor(stream: TcpStream, channel: string, options: FullServeOptions, leave: () => void) {
    this.#stream = stream;
    void this.#serve(channel, options).catch((error: Error) => {
      options.logger?.warn(`a client of "${channel}" has left: ${error.message}`);
    }).finally(leave);
  }

  close(): void {
    this.#stream.close();
    this.#net?.close();
  }

  async #serve(channel: string, options: FullServeOptions): Promise<void> {
    const carrier = await ConnectionCarrier.open(this.#stream, GREETING_TIME, channel);
    const net = this.#net = new CannelloniBus(carrier, netOptions({ fd: options.fd }, channel));
    try {
      await exchange(openServed(channel, options), net, options.logger);
    } finally {
      net.close();
    }
  }
}
