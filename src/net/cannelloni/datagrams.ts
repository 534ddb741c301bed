/**
 * cannelloni's datagrams, version 2: `02 00`, a sequence number, a big-endian count of 16 bits, and so many records.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";
import { timeNow } from "../../message/time_now.ts";
import { formatAddress, type NetAddress } from "../address.ts";
import type { Arrivals, Carrier } from "../carrier.ts";
import type { UdpSocket } from "../udp.ts";
import { MIN_RECORD, RecordReader, recordSize, writeRecord } from "./records.ts";
import { Sequence } from "./sequence.ts";

const VERSION = 2;
/** The operation: data. There are others that cannelloni does not use. */
const DATA = 0;
/** Bytes before the records. */
const HEADER = 5;
/** The longest datagram: what fits into an Ethernet frame of 1500 bytes, behind the headers of IP and UDP. */
const MAX_DATAGRAM = 1472;

/** Writes messages from index `from` on into a datagram, as many as fit, and returns it with their number. */
export function encodeDatagram(
  messages: readonly Message[],
  from: number,
  number: number,
): { bytes: Uint8Array; count: number } {
  const bytes = new Uint8Array(MAX_DATAGRAM);
  let at = HEADER;
  let count = 0;
  while (from + count < messages.length && at + recordSize(messages[from + count]) <= MAX_DATAGRAM) {
    at = writeRecord(messages[from + count], bytes, at);
    count++;
  }
  bytes[0] = VERSION;
  bytes[1] = DATA;
  bytes[2] = number;
  bytes[3] = count >>> 8;
  bytes[4] = count;
  return { bytes: bytes.subarray(0, at), count };
}

/** Reads the datagrams of one sender. */
export class DatagramReader {
  readonly #channel: string;
  readonly #sequence = new Sequence();
  readonly #records = new RecordReader();

  constructor(channel: string) {
    this.#channel = channel;
  }

  /** Passes on the frames of a datagram, and counts those that did not arrive. */
  read(bytes: Uint8Array, arrivals: Pick<Arrivals, "deliver" | "lose" | "reject">): void {
    const fault = faultOf(bytes);
    if (fault !== null) return arrivals.reject(fault);
    const count = bytes[3] << 8 | bytes[4];
    const { verdict, missing } = this.#sequence.take(bytes[2]);
    if (verdict === "repeated") return;
    // How many frames a missing datagram had is not known: at least one. A late one shows it, less the one counted then.
    if (missing > 0) arrivals.lose(missing);
    if (verdict === "late") {
      const frames = Math.min(count, Math.floor((bytes.length - HEADER) / MIN_RECORD));
      if (frames > 1) arrivals.lose(frames - 1);
      return;
    }
    const time = timeNow();
    this.#records.start(bytes, HEADER);
    for (let i = 0; i < count; i++) {
      const message = this.#records.next(time, this.#channel);
      if (message === null) {
        return arrivals.reject(this.#records.fault ?? `a datagram that ends after ${i} of ${count} frames`);
      }
      arrivals.deliver(message);
    }
  }
}

/** Returns why a datagram is none of cannelloni's; null if it may be one. */
function faultOf(bytes: Uint8Array): string | null {
  if (bytes.length < HEADER) return `a datagram of ${bytes.length} bytes`;
  if (bytes[0] !== VERSION) return `a datagram of version ${bytes[0]} instead of ${VERSION}`;
  if (bytes[1] !== DATA) return `a datagram with the operation ${bytes[1]} instead of ${DATA}, data`;
  return null;
}

/** Frames in datagrams to and from one peer. */
export class DatagramCarrier implements Carrier {
  readonly channelInfo: string;
  readonly localPort: number;
  readonly #socket: UdpSocket;
  readonly #peer: NetAddress;
  readonly #channel: string;
  readonly #allows: (host: string) => boolean;
  #number = 0;

  /** @param allows Whether datagrams from an address are the peer's. */
  constructor(socket: UdpSocket, peer: NetAddress, channel: string, allows: (host: string) => boolean) {
    this.#socket = socket;
    this.#peer = peer;
    this.#channel = channel;
    this.#allows = allows;
    this.localPort = socket.port;
    this.channelInfo = `cannelloni (UDP) with ${formatAddress(peer)}, local port ${socket.port}`;
  }

  get hasRoom(): boolean {
    return this.#socket.hasRoom;
  }

  start(arrivals: Arrivals): void {
    const reader = new DatagramReader(this.#channel);
    this.#socket.start({
      datagram: (bytes, { host }) => {
        if (this.#allows(host)) reader.read(bytes, arrivals);
      },
      room: () => arrivals.room(),
      error: (error) => arrivals.fail(error),
    });
  }

  send(messages: readonly Message[], from: number): number {
    let sent = 0;
    while (this.hasRoom && from + sent < messages.length) {
      const { bytes, count } = encodeDatagram(messages, from + sent, this.#number);
      this.#number = (this.#number + 1) & 0xff;
      this.#socket.send(bytes, this.#peer);
      sent += count;
    }
    return sent;
  }

  /** Nothing was held up: datagrams do not wait. */
  resume(): void {}

  setKeepAlive(keepAlive: boolean): void {
    this.#socket.setKeepAlive(keepAlive);
  }

  close(): void {
    this.#socket.close();
  }
}
