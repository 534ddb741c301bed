/**
 * A server for clients that connect over TCP.
 *
 * @module
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { CanInitializationError, CanOperationError } from "../errors.ts";
import { formatAddress, type NetAddress } from "./address.ts";
import { networkError } from "./network_error.ts";
import type { BusServer, FullServeOptions } from "./serve_options.ts";
import { TcpStream } from "./tcp.ts";

/** How many clients may be connected at once: each has a socket of its own on the bus. */
const MAX_CLIENTS = 64;
/** Bytes that may wait to be sent to a client before its bus is no longer read. */
const SEND_BUFFER = 2 ** 20;

/** What is done for a client. */
export interface TcpSession {
  /** Ends it. */
  close(): void;
}

/** Accepts clients, and counts them. */
export class TcpServer implements BusServer {
  readonly done: Promise<void>;
  readonly address: NetAddress;
  readonly #server: Server;
  readonly #options: FullServeOptions;
  readonly #sessions = new Set<TcpSession>();
  #settle!: { resolve(): void; reject(error: Error): void };
  #closed = false;

  private constructor(server: Server, options: FullServeOptions) {
    this.#server = server;
    this.#options = options;
    const { address, port } = server.address() as AddressInfo;
    this.address = { host: address, port };
    this.done = new Promise((resolve, reject) => this.#settle = { resolve, reject });
    this.done.catch(() => {}); // it rejects for those who wait for it; nobody has to
  }

  /**
   * Begins to listen.
   *
   * @param accept Called for each client; it calls `leave` when the client is gone.
   * @throws {CanInitializationError} The address is in use, or not one of this host's.
   */
  static listen(
    port: number,
    options: FullServeOptions,
    accept: (stream: TcpStream, leave: () => void) => TcpSession,
  ): Promise<TcpServer> {
    const native = createServer();
    const { host } = options;
    return new Promise((resolve, reject) => {
      const failed = (error: Error) =>
        reject(networkError(CanInitializationError, `listen on ${formatAddress({ host, port })}`, error));
      native.once("error", failed);
      native.listen({ host, port }, () => {
        native.off("error", failed);
        const server = new TcpServer(native, options);
        native.on("connection", (socket) => server.#accept(socket, accept));
        native.on("error", (error) => server.#fail(error));
        resolve(server);
      });
    });
  }

  get clients(): number {
    return this.#sessions.size;
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#server.close();
      for (const session of this.#sessions) session.close();
      this.#settle.resolve();
    }
    await this.done.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket, accept: (stream: TcpStream, leave: () => void) => TcpSession): void {
    const { allow, logger } = this.#options;
    const host = socket.remoteAddress ?? "";
    const full = this.#sessions.size >= MAX_CLIENTS;
    if (this.#closed || full || !allow.allows(host)) {
      socket.on("error", () => {}); // it is refused, whatever becomes of it
      socket.destroy();
      if (!this.#closed) {
        logger?.warn(`refused ${host}: ${full ? `${MAX_CLIENTS} clients are connected` : "it is not allowed"}`);
      }
      return;
    }
    const session = accept(new TcpStream(socket, SEND_BUFFER), () => this.#sessions.delete(session));
    this.#sessions.add(session);
    logger?.debug?.(`${formatAddress({ host, port: socket.remotePort ?? 0 })} has connected`);
  }

  #fail(error: Error): void {
    this.#settle.reject(networkError(CanOperationError, `listen on ${this.#options.host}`, error));
    void this.close();
  }
}
