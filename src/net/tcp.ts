/**
 * Connections over TCP.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { setKeepAlive } from "../endpoint/turn.ts";
import { CanInitializationError } from "../errors.ts";
import { formatAddress, type NetAddress } from "./address.ts";
import { networkError, noAnswer } from "./network_error.ts";

/** Milliseconds for which a connection that is closed may still send, and wait for the other end. */
const LINGER = 1000;

/** What a connection reports. */
export interface TcpEvents {
  data(bytes: Uint8Array): void;
  /** There is room to send again. */
  room(): void;
  /** The connection has ended: by the other end (null), or by an error. Nothing is reported after it. */
  end(error: Error | null): void;
}

/** A connection. Nothing is read before `start`. */
export class TcpStream {
  readonly #socket: Socket;
  readonly #sendBuffer: number;
  #events: TcpEvents | null = null;
  /** Why it ended before `start`; undefined while it has not. */
  #ended: Error | null | undefined = undefined;
  /** Writes that the kernel has not taken yet. */
  #unsent = 0;
  #keepAlive = true;
  #closed = false;

  /** @param sendBuffer Bytes that may wait to be sent. */
  constructor(socket: Socket, sendBuffer: number) {
    this.#socket = socket;
    this.#sendBuffer = sendBuffer;
    socket.pause();
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => {
      if (!this.#closed) this.#events?.data(bytes);
    });
    socket.on("drain", () => {
      if (!this.#closed) this.#events?.room();
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("end", () => this.#end(null));
    socket.on("close", () => this.#end(null));
  }

  /**
   * Connects to a server.
   *
   * @param seconds How long that may take.
   * @throws {CanInitializationError} There is no such server, or it does not answer.
   */
  static connect(address: NetAddress, seconds: number, sendBuffer: number): Promise<TcpStream> {
    const action = `connect to ${formatAddress(address)}`;
    return new Promise((resolve, reject) => {
      const socket = connect(address);
      const timer = setTimeout(() => {
        socket.destroy();
        reject(noAnswer(CanInitializationError, action, `no answer within ${seconds} s`));
      }, 1000 * seconds);
      const failed = (error: Error) => {
        clearTimeout(timer);
        socket.destroy();
        reject(networkError(CanInitializationError, action, error));
      };
      socket.once("error", failed);
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.off("error", failed);
        resolve(new TcpStream(socket, sendBuffer));
      });
    });
  }

  /** Where the connection comes from. */
  get peer(): NetAddress {
    return { host: this.#socket.remoteAddress ?? "", port: this.#socket.remotePort ?? 0 };
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Whether less waits to be sent than may. */
  get hasRoom(): boolean {
    return this.#socket.writableLength < this.#sendBuffer;
  }

  /** Begins to read. What is to be called may be replaced by calling this again. */
  start(events: TcpEvents): void {
    this.#events = events;
    if (this.#ended !== undefined) queueMicrotask(() => this.#events?.end(this.#ended!));
    else this.#socket.resume();
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  /** Sends text or bytes, in order. Returns whether there is room for more. */
  write(data: string | Uint8Array): boolean {
    if (this.#closed || this.#ended !== undefined) return false;
    this.#unsent++;
    this.#updateReference();
    const sent = () => {
      this.#unsent--;
      this.#updateReference();
      if (this.#events !== null && !this.#closed && this.hasRoom) this.#events.room();
    };
    if (typeof data === "string") this.#socket.write(data, "latin1", sent);
    else this.#socket.write(data, sent);
    return this.hasRoom;
  }

  /** Sets whether the connection keeps the process alive although nothing is being sent. */
  setKeepAlive(keepAlive: boolean): void {
    this.#keepAlive = keepAlive;
    this.#updateReference();
  }

  /** Closes the connection, after what was written has been sent. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#socket.destroyed) return;
    this.#socket.ref();
    // To close a socket with unread data resets the connection, and what was sent last may be lost.
    this.#socket.resume();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER);
    if (!this.#keepAlive && this.#unsent === 0) {
      setKeepAlive(timer, false);
      this.#socket.unref();
    }
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #updateReference(): void {
    if (this.#closed) return;
    if (this.#keepAlive || this.#unsent > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  #end(error: Error | null): void {
    if (this.#ended !== undefined || this.#closed) return;
    this.#ended = error;
    this.#socket.destroy();
    this.#events?.end(error);
  }
}
