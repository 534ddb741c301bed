/**
 * Datagrams over UDP.
 *
 * @module
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { type Host, runtimeOf } from "../../ffi/host.ts";
import { nextTurn } from "../endpoint/turn.ts";
import { CanInitializationError, CanOperationError } from "../errors.ts";
import { formatAddress, type NetAddress } from "./address.ts";
import { networkError } from "./network_error.ts";

/**
 * The kernel's buffer for datagrams that wait to be read, in bytes: what it drops there shows only in sequence numbers, so it
 * should be large. But Deno allocates as much for every datagram that it reads, which takes milliseconds: there the kernel's
 * default stays.
 */
const KERNEL_BUFFER = 4 * 2 ** 20;

/** Datagrams that are sent before the event loop has its turn, in which others arrive. */
const PER_TURN = 16;

/** What a socket reports. */
export interface UdpEvents {
  datagram(bytes: Uint8Array, from: NetAddress): void;
  room(): void;
  /** A datagram could not be sent, or receiving failed. */
  error(error: Error): void;
}

/** Options of `UdpSocket.open`. */
export interface UdpOptions {
  /** The local address and port; port 0 for any. */
  readonly local: NetAddress;
  /** The version of IP. */
  readonly version: 4 | 6;
  /** Bytes that may wait to be sent. */
  readonly sendBuffer: number;
  /** Whether several sockets may use the port. Default false. */
  readonly shared?: boolean;
  /** The name of the bus, for errors. */
  readonly channel: string;
}

/** A socket that sends and receives datagrams. */
export class UdpSocket {
  readonly #socket: Socket;
  readonly #options: UdpOptions;
  #events: UdpEvents | null = null;
  /** Datagrams that the kernel has not taken yet, and their bytes. */
  readonly #queue = new Queue<{ readonly bytes: Uint8Array; readonly to: NetAddress }>();
  #unsent = 0;
  #inTurn = 0;
  #keepAlive = true;
  #closed = false;

  private constructor(socket: Socket, options: UdpOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /**
   * Opens a socket.
   *
   * @throws {CanInitializationError} The address is in use, or not one of this host's.
   */
  static open(options: UdpOptions): Promise<UdpSocket> {
    const { local, version, shared = false, channel } = options;
    const socket = createSocket({
      type: version === 4 ? "udp4" : "udp6",
      reuseAddr: shared,
      ...runtimeOf(globalThis as unknown as Host).name !== "Deno" && { recvBufferSize: KERNEL_BUFFER },
    });
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        socket.close();
        reject(networkError(CanInitializationError, `listen on ${formatAddress(local)}`, error, channel));
      };
      socket.once("error", failed);
      socket.bind({ address: local.host, port: local.port }, () => {
        socket.off("error", failed);
        const opened = new UdpSocket(socket, options);
        socket.on("error", (error) => opened.#failed("receive from", error));
        resolve(opened);
      });
    });
  }

  /** The socket itself, to set its options. */
  get native(): Socket {
    return this.#socket;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get hasRoom(): boolean {
    return this.#unsent < this.#options.sendBuffer;
  }

  /** Begins to pass on what arrives. */
  start(events: UdpEvents): void {
    this.#events = events;
    this.#socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
      if (!this.#closed) events.datagram(bytes, { host: from.address, port: from.port });
    });
  }

  /** Sends a datagram, whose bytes must not change afterwards. */
  send(bytes: Uint8Array, to: NetAddress): void {
    this.#unsent += bytes.length;
    this.#queue.push({ bytes, to });
    if (this.#queue.length > 1) return;
    this.#updateReference();
    this.#sendNext();
  }

  /** Sends one datagram at a time: Deno changes the order of those that are sent at once. */
  #sendNext(): void {
    const { bytes, to } = this.#queue.next!;
    this.#socket.send(bytes, to.port, to.host, (error: Error | null) => {
      this.#queue.shift();
      this.#unsent -= bytes.length;
      if (error) this.#failed("send to", error);
      if (this.#queue.length > 0) {
        if (++this.#inTurn % PER_TURN === 0) nextTurn(() => this.#sendNext());
        else this.#sendNext();
      } else if (this.#closed) this.#socket.close();
      else this.#updateReference();
      if (!this.#closed && this.hasRoom) this.#events?.room();
    });
  }

  /** Sets whether the socket keeps the process alive although nothing is being sent. */
  setKeepAlive(keepAlive: boolean): void {
    this.#keepAlive = keepAlive;
    this.#updateReference();
  }

  /** Closes the socket, after what was handed over has been sent. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#queue.length === 0) this.#socket.close();
  }

  #updateReference(): void {
    if (this.#closed) return;
    if (this.#keepAlive || this.#queue.length > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  #failed(action: string, error: Error): void {
    if (this.#closed) return;
    const { channel } = this.#options;
    this.#events?.error(networkError(CanOperationError, `${action} "${channel}"`, error, channel));
  }
}

/** Returns the version of IP of an address; 4 for a name. */
export function versionOf(host: string): 4 | 6 {
  return isIP(host) === 6 ? 6 : 4;
}

/** A queue: taking the first element of a long array would move all others. */
class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get next(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): void {
    if (++this.#head < 1024) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
