/**
 * A bus of another host, through its socketcand.
 *
 * @module
 */

import { checkSingle, type OptionTable } from "../../check.ts";
import { CanInitializationError, CanOperationError } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import { checkHost, checkPort, formatAddress, type NetAddress } from "../address.ts";
import { NetBus } from "../net_bus.ts";
import { badMessage, networkError, noAnswer } from "../network_error.ts";
import { fullNetOptions, type NetBusOptions, type NetOptions } from "../options.ts";
import { StreamCarrier } from "../stream_carrier.ts";
import { TcpStream } from "../tcp.ts";
import { Elements } from "./elements.ts";
import { parseReceived, sendText } from "./frame_text.ts";
import { SOCKETCAND_PORT } from "./port.ts";

/** The longest element that a server sends: the PDUs of ISO-TP, which raw mode does not have, are longer. */
const LONGEST_ELEMENT = 1024;

/**
 * The options of a `SocketcandBus`.
 *
 * @category Network
 */
export interface SocketcandBusOptions extends NetBusOptions {
  /** The server's name or address. */
  readonly host: string;
  /** The server's port. Default 29536. */
  readonly port?: number;
  /** The interface of the server's host, such as `"can0"`. It is also the default of `name`. */
  readonly channel: string;
  /**
   * Whether to send and receive CAN FD frames as well. Servers know them only of late: one that does not answers
   * `unknown command`, which the next receive throws. Default false.
   */
  readonly fd?: boolean;
  /** Seconds that connecting and opening the channel may take, more than 0. Default 10. */
  readonly timeout?: number;
}

type Own = Pick<SocketcandBusOptions, "host" | "port" | "channel" | "timeout">;

const table: OptionTable<Own> = {
  host: ["string"],
  port: ["number", SOCKETCAND_PORT],
  channel: ["string"],
  timeout: ["number", 10],
};

/**
 * A bus of another host, which a [socketcand](https://github.com/linux-can/socketcand) there serves, or `can serve
 * socketcand`. It uses the server's raw mode: every frame arrives in order, with the time that the server's kernel took,
 * in microseconds.
 *
 * The protocol has no losses of its own, and none are counted here: what the server's host loses, because the network is
 * too slow, only the server knows. `droppedFrames` counts what the server sent that is not a frame.
 *
 * Error frames arrive, without their data, but cannot be sent; servers other than this library's leave out remote frames.
 *
 * @category Network
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 * import { serveSocketcand, SocketcandBus } from "@socketcan/bus/net";
 *
 * await using server = await serveSocketcand({ channels: ["demo"], interface: "virtual", port: 0 });
 * using sender = await SocketcandBus.open({ ...server.address, channel: "demo" });
 * using bus = await SocketcandBus.open({ ...server.address, channel: "demo" });
 * await sender.sendAsync(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] }));
 * console.log(`${await bus.recvAsync({ timeout: 10 })}`);
 * ```
 */
export class SocketcandBus extends NetBus {
  /** @ignore */
  private constructor(carrier: SocketcandCarrier, options: NetOptions) {
    super(carrier, options, { check, whyLost: "the server sent what is no frame" });
  }

  /**
   * Connects to a server, and opens one of its channels.
   *
   * @throws {CanInitializationError} There is no such server, it does not answer in time, or refuses the channel.
   * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
   */
  static async open(options: SocketcandBusOptions): Promise<SocketcandBus> {
    checkSingle("SocketcandBus.open", arguments);
    const { own, bus } = fullNetOptions("SocketcandBus", options, table, ({ channel }) => channel);
    const { host, port = SOCKETCAND_PORT, channel, timeout = 10 } = own;
    if (host === undefined) throw new TypeError("Option host is missing: the server's name or address");
    if (channel === undefined) throw new TypeError("Option channel is missing: an interface of the server's host");
    checkHost("Option host", host);
    checkPort("Option port", port);
    if (!/^[^\s<>]{1,16}$/.test(channel)) {
      throw new RangeError(
        `Option channel is ${JSON.stringify(channel)}: it must be an interface's name, 1 to 16 characters`,
      );
    }
    if (!(timeout > 0)) throw new RangeError(`Option timeout is ${timeout}: it must be more than 0 seconds`);
    const carrier = await SocketcandCarrier.open({ host, port }, channel, timeout, bus.channel, bus.sendBuffer);
    return new SocketcandBus(carrier, bus);
  }
}

/** Refuses what socketcand's protocol has no words for. */
function check(message: Message): void {
  if (message.isErrorFrame) {
    throw new TypeError(
      `Cannot send an error frame through socketcand, whose protocol can only receive them: ${message}`,
    );
  }
}

/** The connection to a server, in raw mode. */
class SocketcandCarrier extends StreamCarrier {
  readonly channelInfo: string;
  readonly #elements: Elements;
  readonly #server: string;

  private constructor(stream: TcpStream, elements: Elements, server: string, channel: string, name: string) {
    super(stream, name, `the server at ${server}`);
    this.#elements = elements;
    this.#server = server;
    this.channelInfo = `socketcand at ${server}, channel "${channel}"`;
  }

  static async open(
    address: NetAddress,
    channel: string,
    timeout: number,
    name: string,
    sendBuffer: number,
  ): Promise<SocketcandCarrier> {
    const deadline = performance.now() + 1000 * timeout;
    const stream = await TcpStream.connect(address, timeout, sendBuffer);
    const elements = new Elements(LONGEST_ELEMENT);
    const server = formatAddress(address);
    try {
      const talk = new Talk(stream, elements, `open "${channel}" at ${server}`, deadline, timeout);
      await talk.expect("hi", "a greeting");
      stream.write(`< open ${channel} >`);
      await talk.expect("ok", `an answer to "open"`);
      stream.write("< rawmode >");
      await talk.expect("ok", `an answer to "rawmode"`);
    } catch (error) {
      stream.close();
      throw error;
    }
    return new SocketcandCarrier(stream, elements, server, channel, name);
  }

  send(messages: readonly Message[], from: number): number {
    if (!this.hasRoom) return 0;
    // In few writes, each of which is a system call.
    const count = Math.min(messages.length - from, 256);
    let text = "";
    for (let i = from; i < from + count; i++) text += sendText(messages[i]);
    this.stream.write(text);
    return count;
  }

  protected keep(bytes: Uint8Array): void {
    this.#elements.add(bytes);
  }

  protected deliver(): void {
    try {
      for (let words = this.#elements.next(); words !== null; words = this.#elements.next()) {
        if (!this.#take(words)) return this.stream.pause();
      }
    } catch (error) {
      return this.giveUp(`the server sent ${(error as Error).message}`);
    }
    this.stream.resume();
  }

  /** Takes an element; returns whether to take another one. */
  #take(words: readonly string[]): boolean {
    const message = parseReceived(words, this.name);
    if (message !== null) return this.arrivals.deliver(message);
    const shown = `< ${words.join(" ")} >`.slice(0, 80);
    if (words[0] === "error") {
      const why = `the server at ${this.#server} says: ${words.slice(1).join(" ")}`;
      this.arrivals.fail(badMessage(CanOperationError, `go on with "${this.name}"`, why, this.name));
    } else if (/^(frame|fdframe|rtr)$/.test(words[0] ?? "")) this.arrivals.reject(shown);
    return true;
  }
}

/** The beginning of a conversation, in which each answer is waited for. */
class Talk {
  readonly #stream: TcpStream;
  readonly #elements: Elements;
  readonly #action: string;
  readonly #deadline: number;
  readonly #timeout: number;
  #ended: Error | null | undefined = undefined;
  #wake: () => void = () => {};

  constructor(stream: TcpStream, elements: Elements, action: string, deadline: number, timeout: number) {
    this.#stream = stream;
    this.#elements = elements;
    this.#action = action;
    this.#deadline = deadline;
    this.#timeout = timeout;
    stream.start({
      data: (bytes) => {
        elements.add(bytes);
        stream.pause(); // until it was read
        this.#wake();
      },
      room: () => {},
      end: (error) => {
        this.#ended = error;
        this.#wake();
      },
    });
  }

  /**
   * Waits for an answer.
   *
   * @throws {CanInitializationError} Another one came, or none.
   */
  async expect(answer: string, what: string): Promise<void> {
    for (;;) {
      const words = this.#next();
      if (words !== null) {
        if (words.length === 1 && words[0] === answer) return;
        throw badMessage(
          CanInitializationError,
          this.#action,
          `instead of "< ${answer} >" the server sent "< ${words.join(" ")} >"`.slice(0, 120),
        );
      }
      if (this.#ended !== undefined) {
        const why = `it closed the connection before ${what}`;
        throw this.#ended === null
          ? badMessage(CanInitializationError, this.#action, why)
          : networkError(CanInitializationError, this.#action, this.#ended);
      }
      if (!await this.#more()) {
        throw noAnswer(
          CanInitializationError,
          this.#action,
          `the server did not send ${what} within ${this.#timeout} s`,
        );
      }
    }
  }

  #next(): string[] | null {
    try {
      return this.#elements.next();
    } catch (error) {
      throw badMessage(CanInitializationError, this.#action, `the server sent ${(error as Error).message}`);
    }
  }

  /** Waits for more; returns false if the time is over. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, this.#deadline - performance.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#stream.resume();
    });
  }
}
