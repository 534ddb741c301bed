/**
 * Peers for tests of network protocols: byte for byte, without the library's own client or server.
 *
 * @module
 */

import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { assert } from "@std/assert";
import { pause } from "../support/pause.ts";

/** Milliseconds, far more than anything takes. */
const LIMIT = 60_000;

/** Waits until a condition holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + LIMIT;
  while (!condition()) {
    assert(performance.now() < deadline, `waited in vain for ${what}`);
    await pause(2);
  }
}

/** One end of a connection. */
export class TcpPeer implements Disposable {
  /** What has arrived, in the pieces in which it did. */
  readonly pieces: Uint8Array[] = [];
  closed = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => this.pieces.push(Uint8Array.from(bytes)));
    socket.on("error", () => {});
    socket.on("close", () => this.closed = true);
  }

  static connect(port: number): Promise<TcpPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new TcpPeer(socket)));
      socket.once("error", reject);
    });
  }

  /** All that has arrived, as text. */
  get text(): string {
    return this.pieces.map((piece) => new TextDecoder("latin1").decode(piece)).join("");
  }

  /** All that has arrived. */
  get bytes(): number[] {
    return this.pieces.flatMap((piece) => [...piece]);
  }

  write(data: string | Uint8Array | readonly number[]): void {
    this.socket.write(typeof data === "string" ? data : Uint8Array.from(data as Uint8Array));
  }

  /** Waits for text behind what was expected before, and forgets it. */
  async expect(text: string): Promise<void> {
    await until(() => this.text.includes(text), `${JSON.stringify(text)} in ${JSON.stringify(this.text.slice(-200))}`);
    const rest = this.text.slice(this.text.indexOf(text) + text.length);
    this.pieces.splice(0, this.pieces.length, ...(rest === "" ? [] : [new TextEncoder().encode(rest)]));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A server whose clients a test plays against. */
export class TcpListener implements AsyncDisposable {
  readonly peers: TcpPeer[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.peers.push(new TcpPeer(socket)));
  }

  static listen(): Promise<TcpListener> {
    const server = createServer();
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(new TcpListener(server))));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next client. */
  async accept(): Promise<TcpPeer> {
    await until(() => this.peers.length > 0, "a client");
    return this.peers.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer[Symbol.dispose]();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A socket for datagrams. */
export class UdpPeer implements Disposable {
  readonly datagrams: number[][] = [];
  readonly socket: UdpSocket;

  private constructor(socket: UdpSocket) {
    this.socket = socket;
    socket.on("message", (bytes: Uint8Array) => this.datagrams.push([...bytes]));
  }

  static open(): Promise<UdpPeer> {
    const socket = createSocket("udp4");
    return new Promise((resolve) => socket.bind({ address: "127.0.0.1", port: 0 }, () => resolve(new UdpPeer(socket))));
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Sends a datagram, and waits until the kernel has it. */
  send(bytes: readonly number[] | Uint8Array, port: number): Promise<void> {
    return new Promise((resolve, reject) =>
      this.socket.send(Uint8Array.from(bytes), port, "127.0.0.1", (error) => error ? reject(error) : resolve())
    );
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** The bytes of digits, which may have blanks and, behind two slashes, remarks. */
export function bytesOf(text: string): number[] {
  const digits = text.replace(/\/\/.*$/gm, "").replace(/\s/g, "");
  assert(/^([0-9a-f]{2})*$/i.test(digits), digits);
  return Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
