/**
 * cannelloni over TCP: each end sends `CANNELLONIv1`, then records.
 *
 * @module
 */

import { CanInitializationError } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import { timeNow } from "../../message/time_now.ts";
import { formatAddress } from "../address.ts";
import { badMessage, networkError, noAnswer } from "../network_error.ts";
import { StreamCarrier } from "../stream_carrier.ts";
import type { TcpStream } from "../tcp.ts";
import { MAX_RECORD, RecordReader, writeRecord } from "./records.ts";

const GREETING = new TextEncoder().encode("CANNELLONIv1");
/** Frames that are sent by one write. */
const BATCH = 1024;

/** Frames on a connection to a peer. */
export class ConnectionCarrier extends StreamCarrier {
  readonly channelInfo: string;
  readonly localPort: number;
  readonly #records = new RecordReader();
  /** What has arrived and was not passed on yet. */
  #rest: Uint8Array;

  private constructor(stream: TcpStream, rest: Uint8Array, channel: string) {
    const peer = formatAddress(stream.peer);
    super(stream, channel, peer);
    this.#rest = rest;
    this.localPort = stream.localPort;
    this.channelInfo = `cannelloni (TCP) with ${peer}`;
  }

  /**
   * Exchanges the greetings. The connection is closed if that fails.
   *
   * @param seconds How long that may take.
   * @throws {CanInitializationError} The peer sends something else, or nothing.
   */
  static async open(stream: TcpStream, seconds: number, channel: string): Promise<ConnectionCarrier> {
    const action = `speak cannelloni with ${formatAddress(stream.peer)}`;
    stream.write(GREETING);
    try {
      const rest = await new Promise<Uint8Array>((resolve, reject) => {
        let received = new Uint8Array(0);
        const fail = (error: Error) => {
          clearTimeout(timer);
          reject(error);
        };
        const timer = setTimeout(
          () => fail(noAnswer(CanInitializationError, action, `it sent no greeting within ${seconds} s`, channel)),
          1000 * seconds,
        );
        stream.start({
          data: (bytes) => {
            received = joined(received, bytes);
            const length = Math.min(received.length, GREETING.length);
            if (!received.subarray(0, length).every((byte, i) => byte === GREETING[i])) {
              fail(badMessage(CanInitializationError, action, "it does not begin with CANNELLONIv1", channel));
            } else if (length === GREETING.length) {
              clearTimeout(timer);
              stream.pause();
              resolve(received.subarray(length));
            }
          },
          room: () => {},
          end: (error) =>
            fail(
              error === null
                ? badMessage(CanInitializationError, action, "it closed the connection instead of a greeting", channel)
                : networkError(CanInitializationError, action, error, channel),
            ),
        });
      });
      return new ConnectionCarrier(stream, rest, channel);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  send(messages: readonly Message[], from: number): number {
    if (!this.hasRoom) return 0;
    const count = Math.min(messages.length - from, BATCH);
    const bytes = new Uint8Array(count * MAX_RECORD);
    let at = 0;
    for (let i = from; i < from + count; i++) at = writeRecord(messages[i], bytes, at);
    this.stream.write(bytes.subarray(0, at));
    return count;
  }

  protected keep(bytes: Uint8Array): void {
    this.#rest = joined(this.#rest, bytes);
  }

  protected deliver(): void {
    const records = this.#records;
    records.start(this.#rest, 0);
    const time = timeNow();
    let goOn = true;
    for (
      let message = records.next(time, this.name);
      message !== null;
      message = goOn ? records.next(time, this.name) : null
    ) {
      goOn = this.arrivals.deliver(message);
    }
    this.#rest = this.#rest.subarray(records.at);
    if (records.fault !== null && goOn) {
      // Where the next record begins is not known.
      this.giveUp(`${formatAddress(this.stream.peer)} sent ${records.fault}`);
    } else if (goOn) this.stream.resume();
    else this.stream.pause();
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
