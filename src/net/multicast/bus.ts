/**
 * A bus of everyone in a multicast group.
 *
 * @module
 */

import { isIP } from "node:net";
import { checkSingle, checkWhole, type OptionTable, show } from "../../check.ts";
import { CanInitializationError } from "../../errors.ts";
import { CONFIRM, LOCAL } from "../../message/fields.ts";
import type { Message } from "../../message/message.ts";
import { AllowList, checkHost, checkPort, formatAddress, type NetAddress } from "../address.ts";
import type { Arrivals, Carrier } from "../carrier.ts";
import { NetBus } from "../net_bus.ts";
import { networkError } from "../network_error.ts";
import { fullNetOptions, type NetBusOptions, type NetOptions } from "../options.ts";
import { UdpSocket } from "../udp.ts";
import { decodeMap, encodeMap } from "./frame_map.ts";
import { Sent } from "./sent.ts";

/** python-can's group of IPv4. */
export const MULTICAST_GROUP = "239.74.163.2";
/** python-can's port. */
export const MULTICAST_PORT = 43113;

/**
 * The options of a `MulticastBus`, those of python-can's `UdpMulticastBus`.
 *
 * @category Network
 */
export interface MulticastBusOptions extends NetBusOptions {
  /**
   * The multicast address, of IPv4 (`224.0.0.0/4`) or IPv6 (`ff00::/8`); python-can's `channel`. Default `"239.74.163.2"`,
   * python-can's `DEFAULT_GROUP_IPv4`; its `DEFAULT_GROUP_IPv6` is `"ff15:7079:7468:6f6e:6465:6d6f:6d63:6173"`.
   */
  readonly group?: string;
  /** The port. Default 43113. */
  readonly port?: number;
  /**
   * The network to use: for IPv4 the address of this host in it, for IPv6 `"::%eth0"` with the interface's name. Default:
   * the system's choice.
   */
  readonly localHost?: string;
  /** How many routers a frame may pass, 1 to 255, the first network included (TTL, hop limit). Default 1. */
  readonly hopLimit?: number;
  /** The addresses and networks from which frames are received. Default: all. */
  readonly allow?: readonly string[];
  /** Whether the bus receives the messages that it sends itself. Default false. */
  readonly receiveOwnMessages?: boolean;
}

type Own = Omit<MulticastBusOptions, keyof NetBusOptions>;

const table: OptionTable<Own> = {
  group: ["string", MULTICAST_GROUP],
  port: ["number", MULTICAST_PORT],
  localHost: ["string"],
  hopLimit: ["number", 1],
  allow: ["array", []],
  receiveOwnMessages: ["boolean", false],
};

/**
 * A bus of everyone in a multicast group, as python-can's
 * [`udp_multicast`](https://python-can.readthedocs.io/en/stable/interfaces/udp_multicast.html) is: a frame a datagram, to
 * all hosts of a network.
 *
 * A message keeps the `timestamp` and the `channel` that its sender gave it, which python-can replaces; `timestampSource` is
 * null then, because it is not known by what clock. A message without a time gets the time at which it arrived.
 *
 * Frames may be lost, doubled and reordered by the network, and the protocol does not show it: `droppedFrames` counts only
 * those for which the receive buffer had no room, and datagrams that are no frames.
 *
 * @category Network
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 * import { MulticastBus } from "@socketcan/bus/net";
 *
 * using sender = await MulticastBus.open({ localHost: "127.0.0.1" });
 * using bus = await MulticastBus.open({ localHost: "127.0.0.1" });
 * await sender.sendAsync(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] }));
 * console.log(`${await bus.recvAsync({ timeout: 10 })}`);
 * ```
 */
export class MulticastBus extends NetBus {
  /** @ignore */
  private constructor(carrier: MulticastCarrier, options: NetOptions) {
    super(carrier, options, { whyLost: "this bus was not read in time, or datagrams were no frames" });
  }

  /**
   * Joins a group.
   *
   * @throws {CanInitializationError} The port is in use by a program that does not share it, or there is no such network.
   * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
   */
  static async open(options: MulticastBusOptions = {}): Promise<MulticastBus> {
    checkSingle("MulticastBus.open", arguments);
    const { own, bus } = fullNetOptions("MulticastBus", options, table, ({ group }) => group!);
    const full = own as Required<Own>;
    if (!isMulticast(full.group)) {
      throw new RangeError(
        `Option group is ${show(full.group)}: it must be a multicast address, in 224.0.0.0/4 or ff00::/8`,
      );
    }
    checkPort("Option port", full.port);
    checkWhole("Option hopLimit", full.hopLimit, 1, 255);
    if (full.localHost !== undefined) checkHost("Option localHost", full.localHost);
    return new MulticastBus(await MulticastCarrier.open(full, bus), bus);
  }
}

/** Whether an address is one of multicast. */
function isMulticast(group: string): boolean {
  return isIP(group) === 4 ? /^2(2[4-9]|3\d)\./.test(group) : isIP(group) === 6 && /^ff/i.test(group);
}

/** The sockets of a member of a group: one that receives, one that sends. */
class MulticastCarrier implements Carrier {
  readonly channelInfo: string;
  /** Shares its port with all members on this host, so that own frames could not be told by it. */
  readonly #receiver: UdpSocket;
  readonly #sender: UdpSocket;
  readonly #group: NetAddress;
  readonly #channel: string;
  readonly #allow: AllowList;
  readonly #receivesOwn: boolean;
  readonly #sent = new Sent();

  private constructor(receiver: UdpSocket, sender: UdpSocket, own: Required<Own>, channel: string) {
    const { group: host, port, allow, receiveOwnMessages } = own;
    this.#receiver = receiver;
    this.#sender = sender;
    this.#group = { host, port };
    this.#channel = channel;
    this.#allow = new AllowList(allow);
    this.#receivesOwn = receiveOwnMessages;
    this.channelInfo = `udp_multicast ${formatAddress(this.#group)}`;
  }

  static async open(own: Required<Own>, { channel, sendBuffer }: NetOptions): Promise<MulticastCarrier> {
    const { group, port, hopLimit } = own;
    const localHost = own.localHost as string | undefined;
    const version = isIP(group) === 6 ? 6 : 4;
    const any = version === 6 ? "::" : "0.0.0.0";
    const receiver = await UdpSocket.open({ local: { host: any, port }, version, sendBuffer, shared: true, channel });
    let sender: UdpSocket | null = null;
    try {
      receiver.native.addMembership(group, localHost);
      sender = await UdpSocket.open({ local: { host: any, port: 0 }, version, sendBuffer, channel });
      if (localHost !== undefined) sender.native.setMulticastInterface(localHost);
      sender.native.setMulticastTTL(hopLimit);
      return new MulticastCarrier(receiver, sender, own, channel);
    } catch (error) {
      receiver.close();
      sender?.close();
      if (error instanceof CanInitializationError) throw error;
      throw networkError(
        CanInitializationError,
        `join ${group}${localHost ? ` on ${localHost}` : ""}`,
        error as Error,
        channel,
      );
    }
  }

  get hasRoom(): boolean {
    return this.#sender.hasRoom;
  }

  start(arrivals: Arrivals): void {
    const room = () => arrivals.room();
    const error = (failure: Error) => arrivals.fail(failure);
    this.#sender.start({ datagram: () => {}, room, error });
    this.#receiver.start({ datagram: (bytes, from) => this.#take(bytes, from, arrivals), room, error });
  }

  send(messages: readonly Message[], from: number): number {
    let sent = 0;
    while (this.hasRoom && from + sent < messages.length) {
      const bytes = encodeMap(messages[from + sent++]);
      this.#sent.add(bytes);
      this.#sender.send(bytes, this.#group);
    }
    return sent;
  }

  /** Nothing was held up: datagrams do not wait. */
  resume(): void {}

  setKeepAlive(keepAlive: boolean): void {
    this.#receiver.setKeepAlive(keepAlive);
    this.#sender.setKeepAlive(false);
  }

  close(): void {
    this.#receiver.close();
    this.#sender.close();
  }

  #take(bytes: Uint8Array, from: NetAddress, arrivals: Arrivals): void {
    const own = from.port === this.#sender.port && this.#sent.takes(bytes);
    if (own ? !this.#receivesOwn : !this.#allow.allows(from.host)) return;
    let message: Message;
    try {
      message = decodeMap(bytes, this.#channel, own ? LOCAL | CONFIRM : 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return arrivals.reject(`${error.message}, from ${from.host}`);
    }
    arrivals.deliver(message);
  }
}
