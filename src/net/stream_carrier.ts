/**
 * What the protocols over a connection share.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import type { Message } from "../message/message.ts";
import type { Arrivals, Carrier } from "./carrier.ts";
import { badMessage, closedByPeer, networkError } from "./network_error.ts";
import type { TcpStream } from "./tcp.ts";

/** Frames on a connection. */
export abstract class StreamCarrier implements Carrier {
  abstract readonly channelInfo: string;
  protected readonly stream: TcpStream;
  /** The name of the bus. */
  protected readonly name: string;
  protected arrivals!: Arrivals;
  /** Who is at the other end, for errors. */
  readonly #peer: string;

  constructor(stream: TcpStream, name: string, peer: string) {
    this.stream = stream;
    this.name = name;
    this.#peer = peer;
  }

  /** Sends messages; see `Carrier.send`. */
  abstract send(messages: readonly Message[], from: number): number;
  /** Keeps bytes that arrived. */
  protected abstract keep(bytes: Uint8Array): void;
  /** Passes on the frames in what is kept, and pauses or resumes the stream. */
  protected abstract deliver(): void;

  get hasRoom(): boolean {
    return this.stream.hasRoom;
  }

  start(arrivals: Arrivals): void {
    this.arrivals = arrivals;
    this.stream.start({
      data: (bytes) => {
        this.keep(bytes);
        this.deliver();
      },
      room: () => arrivals.room(),
      end: (error) => {
        const action = "receive from";
        arrivals.fail(
          error === null
            ? closedByPeer(action, this.#peer, this.name)
            : networkError(CanOperationError, `${action} "${this.name}"`, error, this.name),
          true,
        );
      },
    });
    this.deliver(); // what came right behind the greeting
  }

  resume(): void {
    this.deliver();
  }

  setKeepAlive(keepAlive: boolean): void {
    this.stream.setKeepAlive(keepAlive);
  }

  close(): void {
    this.stream.close();
  }

  /** Closes the connection, as what arrived cannot be understood. */
  protected giveUp(why: string): void {
    this.stream.close();
    this.arrivals.fail(badMessage(CanOperationError, `receive from "${this.name}"`, why, this.name), true);
  }
}
