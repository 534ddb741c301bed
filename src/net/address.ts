/**
 * Addresses of hosts, and who may connect.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { checkWhole, show } from "../check.ts";

/**
 * A host and a port.
 *
 * @category Network
 */
export interface NetAddress {
  /** A name, or an address of IPv4 or IPv6. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/**
 * Reads `host`, `host:port`, `[::1]:port` or an address of IPv6 alone.
 *
 * @param fallback The port if the text has none.
 * @throws {SyntaxError} It is none of these.
 */
export function parseAddress(text: string, fallback: number): NetAddress {
  if (isIP(text) === 6) return { host: text, port: fallback };
  const [, inBrackets, name, port] = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = inBrackets ?? name;
  if (host === undefined || Number(port ?? fallback) > 65535) {
    throw new SyntaxError(`${show(text)} is no address: write a host, host:port or [::1]:port`);
  }
  return { host, port: port === undefined ? fallback : Number(port) };
}

/** Writes an address as `parseAddress` reads it. */
export function formatAddress({ host, port }: NetAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Checks a port. */
export function checkPort(name: string, port: number, least = 1): number {
  return checkWhole(name, port, least, 65535);
}

/** Checks a host, of which only the network knows whether there is one. */
export function checkHost(name: string, host: string): string {
  if (host === "" || /[\s/]/.test(host)) {
    throw new RangeError(`${name} is ${show(host)}: it must be a name or an address`);
  }
  return host;
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Addresses that may connect. An empty list allows all. */
export class AllowList {
  readonly #list = new BlockList();
  readonly #open: boolean;

  /**
   * @param entries Addresses (`192.168.1.7`) and networks (`192.168.1.0/24`).
   * @throws {RangeError} One of them is neither.
   */
  constructor(entries: readonly string[]) {
    this.#open = entries.length === 0;
    for (const [i, entry] of entries.entries()) {
      const [address, prefix] = typeof entry === "string" ? entry.split("/") : [];
      const version = isIP(address ?? "");
      const bits = prefix === undefined ? undefined : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
      if (version === 0 || (bits !== undefined && !(bits <= (version === 4 ? 32 : 128)))) {
        throw new RangeError(
          `allow[${i}] is ${show(entry)}: it must be an address, or a network such as 192.168.1.0/24`,
        );
      }
      const family = version === 4 ? "ipv4" : "ipv6";
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, bits, family);
    }
  }

  /** Whether an address may connect. */
  allows(address: string): boolean {
    return this.#open || this.#list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }
}
