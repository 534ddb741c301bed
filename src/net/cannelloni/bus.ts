/**
 * A bus of another host, through cannelloni.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkChoice, checkSingle, type OptionTable } from "../../check.ts";
import { CanInitializationError } from "../../errors.ts";
import { AllowList, checkHost, checkPort, formatAddress, isLoopback, type NetAddress } from "../address.ts";
import { NetBus } from "../net_bus.ts";
import { networkError } from "../network_error.ts";
import { fullNetOptions, type NetBusOptions, type NetOptions } from "../options.ts";
import { TcpStream } from "../tcp.ts";
import { UdpSocket, versionOf } from "../udp.ts";
import { ConnectionCarrier } from "./connection.ts";
import { DatagramCarrier } from "./datagrams.ts";

/** The port of both ends, as cannelloni has it. */
export const CANNELLONI_PORT = 20000;

/**
 * The options of a `CannelloniBus`.
 *
 * @category Network
 */
export interface CannelloniBusOptions extends NetBusOptions {
  /** The peer's name or address (cannelloni's `-R`). */
  readonly host: string;
  /** The peer's port (`-r`). Default 20000. */
  readonly port?: number;
  /** What carries the frames: datagrams, or a connection to a cannelloni that waits for one (`-C s`). Default `"udp"`. */
  readonly transport?: "udp" | "tcp";
  /** UDP: the port that the peer sends to (`-l`); 0 for any that is free. Default 20000. */
  readonly localPort?: number;
  /** UDP: the local address to listen on (`-L`). Default: loopback if the peer is on this host, otherwise all addresses. */
  readonly localHost?: string;
  /** TCP: seconds that connecting may take, more than 0. Default 10. */
  readonly timeout?: number;
}

type Own = Omit<CannelloniBusOptions, keyof NetBusOptions>;

const table: OptionTable<Own> = {
  host: ["string"],
  port: ["number", CANNELLONI_PORT],
  transport: ["string", "udp"],
  localPort: ["number"],
  localHost: ["string"],
  timeout: ["number"],
};

/**
 * A bus of another host, which a [cannelloni](https://github.com/mguentner/cannelloni) there serves, or `can serve
 * cannelloni`: version 2 of its protocol over UDP, version 1 over TCP.
 *
 * The protocol has no times: a message's `timestamp` is when it arrived here. All other fields are kept, those of CAN FD,
 * remote and error frames included, but for `len8Dlc`.
 *
 * Over UDP frames may be lost. `droppedFrames` counts them by the datagrams' sequence numbers, which cannelloni itself
 * ignores: each missing datagram counts as one frame, though it may have held more. Frames keep their order: datagrams that
 * others have overtaken are dropped, and counted with all their frames.
 *
 * @category Network
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 * import { CannelloniBus, serveCannelloni } from "@socketcan/bus/net";
 *
 * await using server = await serveCannelloni({ channel: "demo", interface: "virtual", transport: "tcp", port: 0 });
 * using bus = await CannelloniBus.open({ ...server.address, transport: "tcp" });
 * await bus.sendAsync(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] }));
 * ```
 */
export class CannelloniBus extends NetBus {
  /** UDP: the port on which the peer's frames arrive; TCP: that of this end of the connection. */
  readonly localPort: number;

  /** @ignore */
  constructor(carrier: ConnectionCarrier | DatagramCarrier, options: NetOptions) {
    super(carrier, options, { whyLost: "the network lost or reordered datagrams, or this bus was not read in time" });
    this.localPort = carrier.localPort;
  }

  /**
   * Begins to exchange frames with a peer. Over UDP that succeeds whether or not there is one.
   *
   * @throws {CanInitializationError} The local port is in use, the peer's name is unknown; or, over TCP, there is no server.
   * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
   */
  static async open(options: CannelloniBusOptions): Promise<CannelloniBus> {
    checkSingle("CannelloniBus.open", arguments);
    const { own, bus } = fullNetOptions("CannelloniBus", options, table, defaultName);
    const { host, port = CANNELLONI_PORT, transport, timeout = 10 } = own;
    if (host === undefined) throw new TypeError("Option host is missing: the peer's name or address");
    checkHost("Option host", host);
    checkPort("Option port", port);
    checkChoice("Option transport", transport, ["udp", "tcp"]);
    if (!(timeout > 0)) throw new RangeError(`Option timeout is ${timeout}: it must be more than 0 seconds`);
    const stray = (transport === "tcp" ? ["localPort", "localHost"] as const : ["timeout"] as const).find((name) =>
      own[name] !== undefined
    );
    if (stray) throw new TypeError(`Option ${stray} has no meaning with transport: "${transport}"`);
    if (transport === "tcp") {
      const stream = await TcpStream.connect({ host, port }, timeout, bus.sendBuffer);
      return new CannelloniBus(await ConnectionCarrier.open(stream, timeout, bus.channel), bus);
    }
    return new CannelloniBus(await openDatagrams({ host, port }, own, bus), bus);
  }
}

function defaultName({ host, port = CANNELLONI_PORT }: Own): string {
  return `${host === undefined ? "" : formatAddress({ host, port })}`;
}

async function openDatagrams(
  peer: NetAddress,
  own: Own,
  { channel, sendBuffer }: NetOptions,
): Promise<DatagramCarrier> {
  const { localPort = CANNELLONI_PORT } = own;
  checkPort("Option localPort", localPort, 0);
  const host = await addressOf(peer.host, channel);
  const version = versionOf(host);
  const all = isLoopback(host) ? host : version === 4 ? "0.0.0.0" : "::";
  const local = { host: checkHost("Option localHost", own.localHost ?? all), port: localPort };
  const socket = await UdpSocket.open({ local, version, sendBuffer, channel });
  // As cannelloni does, by the address alone: the peer may send from another port than it listens on.
  const allowed = new AllowList([host]);
  return new DatagramCarrier(socket, { host, port: peer.port }, channel, (from) => allowed.allows(from));
}

/** Looks a name up once: for each datagram would take too long. */
async function addressOf(host: string, channel: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw networkError(CanInitializationError, `find "${host}"`, error as Error, channel);
  }
}
