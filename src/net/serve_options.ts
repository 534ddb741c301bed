/**
 * What all servers of buses have in common.
 *
 * @module
 */

import { checkChoice, type OptionTable, show } from "../check.ts";
import type { Logger } from "../endpoint/options.ts";
import { AllowList, checkHost, checkPort, isLoopback, type NetAddress } from "./address.ts";

/**
 * The options that every server of buses accepts.
 *
 * These protocols have no passwords and no encryption: whoever reaches the port reads the bus and writes to it. So a server
 * listens on the loopback address unless another one is given, warns its logger if anyone may connect to that, and
 * `allow` says who may.
 *
 * @category Network
 */
export interface ServeOptions {
  /** The kind of the buses served, as the option of `Bus`. Default `"socketcan"`. */
  readonly interface?: "socketcan" | "virtual";
  /** The address to listen on; `"0.0.0.0"` and `"::"` for all of this host's. Default `"127.0.0.1"`. */
  readonly host?: string;
  /** The addresses and networks (`"192.168.1.0/24"`) that may connect. Default: all that reach `host`. */
  readonly allow?: readonly string[];
  /** Whether CAN FD frames are served as well. Default false. */
  readonly fd?: boolean;
  /** Receives warnings: who was refused, what could not be sent. Default: none. */
  readonly logger?: Logger;
}

/** The options of every server, for `fillOptions`. */
export const serveTable: OptionTable<ServeOptions> = {
  interface: ["string", "socketcan"],
  host: ["string", "127.0.0.1"],
  allow: ["array", []],
  fd: ["boolean", false],
  logger: ["object"],
};

/** The options with their defaults, checked. */
export interface FullServeOptions extends Required<Omit<ServeOptions, "logger" | "allow">> {
  readonly allow: AllowList;
  readonly logger: Logger | undefined;
}

/**
 * Checks the options that `fillOptions` has filled in.
 *
 * @param onePeer Whether only one address may send, whatever `allow` says.
 * @throws {RangeError} One is out of range.
 */
export function checkServe(
  full: Required<Omit<ServeOptions, "logger">> & Pick<ServeOptions, "logger">,
  onePeer = false,
): FullServeOptions {
  const { host, logger, allow } = full;
  checkChoice("Option interface", full.interface, ["socketcan", "virtual"]);
  checkHost("Option host", host);
  if (!isLoopback(host) && allow.length === 0 && !onePeer) {
    logger?.warn(
      `whoever reaches ${host} can read the bus and write to it: name those who may with allow, or listen on 127.0.0.1`,
    );
  }
  return { interface: full.interface, host, fd: full.fd, logger, allow: new AllowList(allow) };
}

/** Checks the names of channels. */
export function checkChannels(channels: unknown): readonly string[] {
  if (!Array.isArray(channels) || channels.length === 0) {
    throw new TypeError(`Option channels must be an array of at least one interface: ${show(channels)}`);
  }
  for (const [i, channel] of channels.entries()) {
    if (typeof channel !== "string" || !/^[^\s<>/]{1,16}$/.test(channel)) {
      throw new RangeError(`channels[${i}] is ${show(channel)}: it must be an interface's name, 1 to 16 characters`);
    }
  }
  return channels;
}

/** Checks a port to listen on, of which 0 stands for any. */
export function checkListenPort(port: number): number {
  return checkPort("Option port", port, 0);
}

/**
 * A server of buses: see `serveSocketcand`, `serveCannelloni` and `serveMulticast`.
 *
 * @category Network
 */
export interface BusServer extends AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  /** How many clients are connected; for datagrams, to how many peers it sends. */
  readonly clients: number;
  /**
   * Resolves when the server was closed, and rejects with the error that ended it.
   *
   * @throws {CanOperationError} The interface is gone, or the network failed.
   */
  readonly done: Promise<void>;
  /** Ends it, and the connections of its clients. A second call does nothing. */
  close(): Promise<void>;
}
