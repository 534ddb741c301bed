/**
 * Announcing a socketcand server to its network, as `beacon.c` of socketcand does.
 *
 * @module
 */

import { hostname, networkInterfaces } from "node:os";
import type { NetAddress } from "../address.ts";
import type { FullServeOptions } from "../serve_options.ts";
import { UdpSocket } from "../udp.ts";
import { BEACON_PORT } from "./port.ts";

/** Milliseconds between two announcements. */
const INTERVAL = 3000;

/** Announces a server until it is closed. */
export class Beacon {
  readonly #socket: UdpSocket;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(socket: UdpSocket, text: string, to: string) {
    this.#socket = socket;
    const bytes = new TextEncoder().encode(text);
    const announce = () => socket.send(bytes, { host: to, port: BEACON_PORT });
    announce();
    this.#timer = setInterval(announce, INTERVAL);
  }

  /**
   * Begins to announce a server.
   *
   * @throws {RangeError} The address is none of IPv4: there is no broadcast in IPv6.
   */
  static async start(address: NetAddress, channels: readonly string[], { logger }: FullServeOptions): Promise<Beacon> {
    const to = broadcastAddress(address.host);
    const socket = await UdpSocket.open({
      local: { host: address.host, port: 0 },
      version: 4,
      sendBuffer: Infinity,
      channel: "beacon",
    });
    socket.native.setBroadcast(true);
    let reported = false;
    socket.start({
      datagram: () => {},
      room: () => {},
      error: (error) => {
        if (!reported) logger?.warn(`the server cannot be announced: ${error.message}`);
        reported = true;
      },
    });
    return new Beacon(socket, beaconText(address, channels), to);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

/** Writes an announcement. */
export function beaconText({ host, port }: NetAddress, channels: readonly string[], name: string = hostname()): string {
  const buses = channels.map((channel) => `<Bus name="${escape(channel)}"/>`).join("");
  return `<CANBeacon name="${escape(name)}" type="SocketCAN" description="socketcand">\n` +
    `<URL>can://${host}:${port}</URL>${buses}</CANBeacon>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Returns the address by which all hosts of an address's network are reached. */
function broadcastAddress(host: string): string {
  if (host.includes(":")) {
    throw new RangeError(`Cannot announce a server at ${host}: IPv6 has no broadcast; give an address of IPv4`);
  }
  if (host === "0.0.0.0") return "255.255.255.255";
  if (host.startsWith("127.")) return "127.255.255.255";
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []).find(({ address }) => address === host);
  const mask = own?.netmask.split(".") ?? ["255", "255", "255", "255"];
  return host.split(".").map((byte, i) => Number(byte) | (~Number(mask[i]) & 255)).join(".");
}
