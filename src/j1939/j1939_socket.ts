/**
 * The J1939 socket.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { checkBoolean, checkSingle, show } from "../check.ts";
import { keepUntilHere } from "../endpoint/abandoned.ts";
import { CanSocket } from "../endpoint/can_socket.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { Feed } from "../endpoint/feed.ts";
import { copyFilters, type SignalOptions } from "../endpoint/options.ts";
import { deadlineOf, secondsUntil } from "../endpoint/timeout.ts";
import { promised } from "../endpoint/turn.ts";
import { checkWaitOptions, type WaitOptions } from "../endpoint/wait_queue.ts";
import { Writer } from "../endpoint/writer.ts";
import { CanTimeoutError } from "../errors.ts";
import { errnoName, ETIMEDOUT } from "../kernel/errno.ts";
import { J1939_NO_ADDR } from "../kernel/j1939.ts";
import type { ClaimState } from "./address_claim.ts";
import type { ClaimStatus } from "./claimer.ts";
import { Claims } from "./claims.ts";
import { type J1939Filter, toRawJ1939Filters } from "./filter.ts";
import type { J1939Message, J1939MessageInit } from "./message.ts";
import { Name } from "./name.ts";
import { type FullJ1939Options, fullJ1939Options, type J1939SocketOptions } from "./options.ts";
import { MessageSending, Outgoing } from "./outgoing.ts";
import { J1939Port } from "./port.ts";
import type { TransferEvent } from "./transfer_event.ts";
import { Transfers } from "./transfers.ts";

/**
 * Options of `J1939Socket.sendAsync`.
 *
 * @category J1939
 */
export interface J1939SendOptions extends WaitOptions {
  /**
   * Whether to wait for delivery. A message of several frames to one node is delivered when the receiver has acknowledged
   * the last byte; any other message, when its last frame was seen on the bus. Default false: the promise resolves when
   * the kernel has taken the message.
   */
  readonly acknowledged?: boolean;
}

/**
 * A J1939 socket over the kernel's `CAN_J1939`: messages of up to 117440505 bytes (SAE J1939-21) between nodes that have
 * addresses and NAMEs (SAE J1939-81). See the
 * {@link https://docs.kernel.org/networking/j1939.html | kernel's documentation}.
 *
 * Every `timeout` is in seconds: absent or null waits forever, 0 does not wait. A negative one is a RangeError.
 *
 * @category J1939
 * @example
 * ```ts ignore
 * import { J1939Socket } from "@socketcan/bus";
 *
 * using ecu = new J1939Socket({ channel: "can0", address: 0x20 });
 * ecu.send({ pgn: 0xfeca, destination: 0xff, priority: 6, data: [0, 0xff, 0, 0, 0, 0, 0xff, 0xff] });
 * for await (const { pgn, source, data } of ecu) console.log(pgn, source, data);
 * ```
 */
export class J1939Socket extends CanSocket<J1939Message, J1939MessageInit> {
  /** The NAME that the socket sends from and receives for; null if it was opened without one. */
  readonly name: Name | null;
  readonly #options: FullJ1939Options;
  readonly #endpoint: Endpoint<J1939Port, J1939Message, J1939MessageInit>;
  readonly #transfers: Transfers;
  readonly #claims: Claims;
  #filters: readonly J1939Filter[] | null;

  /**
   * Opens a socket.
   *
   * @param options The options; or just the name of the interface, to receive messages to all nodes.
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} The kernel has no J1939. Linux 5.4 and later have it in the module can-j1939.
   * @throws {TypeError | RangeError} An option is invalid.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: string | J1939SocketOptions) {
    checkSingle("J1939Socket", arguments);
    const full = fullJ1939Options(options);
    const { channel, logger, name, address } = full;
    const libc = openLibc(full.libc);
    const transfers: Transfers = new Transfers(channel, {
      follow: (sending, receiving) => endpoint.socket.follow(sending, receiving),
      watch(watching) {
        endpoint.socket.watching = watching;
        endpoint.arm();
      },
      settle: () => endpoint.socket.settle(),
    });
    // The kernel keeps the address of a NAME. An address beside it would count as this host's own even if another node
    // holds it.
    const bound = name === null ? address ?? J1939_NO_ADDR : J1939_NO_ADDR;
    logger?.debug?.(`opening J1939 channel "${channel}"`);
    const endpoint: Endpoint<J1939Port, J1939Message, J1939MessageInit> = new Endpoint(
      { channel, logger, noun: "socket" },
      (onReady) => new J1939Port(libc, full, bound, onReady, transfers),
      (port: J1939Port, rearm: () => void) =>
        new Writer(port, rearm, new MessageSending(full, port, transfers, (seconds) => claims.late(seconds))),
    );
    const claims = new Claims(libc, full, endpoint.socket);
    super(endpoint);
    endpoint.resources.add({
      close() {
        transfers.close(() => endpoint.closedError("send to"));
        claims.close(() => endpoint.closedError("claim an address on"));
      },
    });
    this.#endpoint = endpoint;
    this.#transfers = transfers;
    this.#options = full;
    this.#filters = copyFilters(full.filters);
    this.#claims = claims;
    this.name = name === null ? null : new Name(name);
  }

  /**
   * Hands a message to the kernel, which sends all its frames. While the socket is claiming an address (`state` is
   * `"claiming"`), the message waits until it has one.
   *
   * @param timeout Seconds to wait for room in the send buffer or the transmit queue, and for an address being claimed;
   * absent or null: forever; 0: do not wait.
   * @throws {CanTimeoutError} There was no room or no address in time. A long message of which a part was sent may still
   * arrive.
   * @throws {CanOperationError} The message cannot be sent; `code` is `EADDRNOTAVAIL` if the socket's NAME or the
   * destination's has no address, `EBADFD` if the socket has neither NAME nor address, `EACCES` for a message to all nodes
   * on a socket with `broadcast: false`, `ENETDOWN` or `ENODEV` if the link is down or the interface was removed, `EBADF`
   * if the socket is closed.
   * @throws {TypeError | RangeError} The message is invalid.
   */
  override send(message: J1939MessageInit, timeout?: number | null): void {
    super.send(new Outgoing(message), timeout);
  }

  /**
   * Hands messages to the kernel, in order.
   *
   * @param timeout As for `send`, for all of them together.
   * @returns How many the kernel has taken: all, or fewer if the timeout expired.
   * @throws {CanOperationError} As `send`; the error's `sent` is the number of messages that the kernel had taken before.
   * @throws {TypeError | RangeError} A message is invalid; none was sent.
   */
  override sendMany(messages: readonly J1939MessageInit[], timeout?: number | null): number {
    if (!Array.isArray(messages)) throw new TypeError(`sendMany takes an array of messages: ${show(messages)}`);
    return super.sendMany(messages.map((message) => new Outgoing(message)), timeout);
  }

  /**
   * Hands a message to the kernel without blocking the event loop; with `acknowledged: true`, also waits until it was
   * delivered.
   *
   * @throws As `send`; or the signal's reason when it is aborted: the message was not sent then, except that a long
   * message of which a part was sent may still arrive.
   * @throws {CanOperationError} With `acknowledged`, the message was not delivered. `code` is `EHOSTUNREACH` if the
   * receiver does not answer, `EALREADY` if it is busy, `EMSGSIZE` if it has no room, or stands for another abort reason.
   * Linux 6.1 ignores an abort by a receiver on another host: the error is then `EHOSTUNREACH`, after the receiver has
   * failed to answer in time.
   * @throws {CanTimeoutError} With `acknowledged`, the message was not delivered in time; it may still be.
   */
  override sendAsync(message: J1939MessageInit, options: J1939SendOptions = {}): Promise<void> {
    return promised(() => {
      const { acknowledged = false, ...wait } = options ?? {};
      checkBoolean("acknowledged", acknowledged);
      const outgoing = new Outgoing(message);
      if (!acknowledged) return super.sendAsync(outgoing, options === null ? options : wait);
      this.#endpoint.assertOpen("send to");
      return this.#sendAcknowledged(outgoing, checkWaitOptions(wait));
    });
  }

  /**
   * Hands messages to the kernel, in order, without blocking the event loop.
   *
   * @returns How many the kernel has taken: all, or fewer if the timeout expired.
   * @throws As `sendMany`; or the signal's reason when it is aborted.
   */
  override sendManyAsync(messages: readonly J1939MessageInit[], options: WaitOptions = {}): Promise<number> {
    return promised(() => {
      if (!Array.isArray(messages)) throw new TypeError(`sendManyAsync takes an array of messages: ${show(messages)}`);
      return super.sendManyAsync(messages.map((message) => new Outgoing(message)), options);
    });
  }

  /**
   * Iterates over the events of messages of more than 8 bytes that this socket sends or receives: their beginning,
   * progress and end, and why they were aborted.
   *
   * The feed is open from this call on. While one is open, the abort of a sent message is an event of it. Otherwise the
   * next receive throws the error, once, unless a `sendAsync` with `acknowledged` rejects with it. The abort of a message
   * being received is reported only here. A feed holds at most 1024 unread events, and then drops the oldest.
   *
   * @throws {CanOperationError} The socket is closed, or a system call failed.
   * @throws {TypeError} An option is invalid.
   */
  transfers(options: SignalOptions = {}): Feed<TransferEvent> {
    this.#endpoint.assertOpen("follow the transfers of");
    return this.#transfers.open(options, this);
  }

  /**
   * Claims an address for the socket's NAME, waits until it is valid, and defends it until the socket is closed, as
   * SAE J1939-81 requires. The socket claims the option `address`; yields it to a node with a smaller NAME; then, if the
   * NAME is `arbitraryAddressCapable`, claims a free one; answers requests for addresses; and claims again after the link
   * was down. It does so while the event loop runs and while a call of this socket blocks.
   *
   * Only one socket of a host should claim for a NAME. Other sockets opened with the same NAME use its address. If a second
   * one claims another address, the first one follows, and its logger is warned. If the
   * address is lost while a message of several frames is being sent, that message is aborted (`EPROTO`).
   *
   * No other host may use the same NAME (SAE J1939-81, 4.2.1). If one claims an address with it, the logger is warned. If
   * this socket holds an address by then, it claims it again. If it is still claiming, it gives up: `state` becomes
   * `"duplicate-name"`, nothing can be sent, and no message is received but those to all nodes, until `claim` is called
   * again or the link goes down and up.
   *
   * @returns The address. It may be lost later: see `state`, `address` and `claimChanges`.
   * @throws {CanOperationError} No address is available (`EADDRNOTAVAIL`), another host uses the same NAME (`ENOTUNIQ`), or
   * the socket is closed (`EBADF`).
   * @throws {CanTimeoutError} The timeout expired. A claim takes at least 0.25 s.
   * @throws {TypeError} The socket has no NAME, or neither an `address` nor a NAME that is `arbitraryAddressCapable`.
   */
  async claim(options: WaitOptions = {}): Promise<number> {
    this.#endpoint.assertOpen("claim an address on");
    const address = await this.#claims.claim(options);
    keepUntilHere(this);
    return address;
  }

  /**
   * Iterates over the changes of `state` and `address`. The feed is open from this call on; it holds at most 1024 unread
   * events, and then drops the oldest.
   *
   * @throws {CanOperationError} The socket is closed.
   * @throws {TypeError} An option is invalid.
   */
  claimChanges(options: SignalOptions = {}): Feed<ClaimStatus> {
    this.#endpoint.assertOpen("follow the claims of");
    return this.#claims.open(options, this);
  }

  /**
   * The state of this socket's address claim; `"static"` if it was opened without a NAME. `"unclaimed"` if `claim` was not
   * called, even if another socket has claimed an address for the NAME.
   */
  get state(): ClaimState | "static" {
    return this.name === null ? "static" : this.#claims.status.state;
  }

  /**
   * The address that the socket sends from, 0 to 253; while `state` is `"claiming"`, the one being claimed. Null if it has
   * none, or if another socket claims for its NAME.
   */
  get address(): number | null {
    return this.name === null ? this.#options.address : this.#claims.status.address;
  }

  /** The filters in force; null if everything is received. */
  get filters(): readonly J1939Filter[] | null {
    return this.#filters;
  }

  /**
   * Replaces the filters. Messages received under the previous ones and not read yet are dropped.
   *
   * @param filters At most 512; null or an empty list receives everything.
   * @throws {RangeError | TypeError} A filter is invalid; the previous ones stay in force.
   * @throws {CanOperationError} The kernel refuses the filters, and the previous ones stay in force; or the socket is
   * closed.
   */
  setFilters(filters: readonly J1939Filter[] | null): void {
    this.#endpoint.assertOpen("set filters of");
    this.#endpoint.socket.setFilters(toRawJ1939Filters(filters));
    this.#endpoint.reader.clear();
    this.#filters = copyFilters(filters);
    this.#endpoint.arm(); // a pending receive gets an error that was found among the dropped messages
  }

  /** Makes pending asynchronous waits keep the process alive, which is the default. */
  override ref(): this {
    return this.#setKeepAlive(true);
  }

  /** Lets the process exit despite pending asynchronous waits. In Deno these may then end up to 10 ms late. */
  override unref(): this {
    return this.#setKeepAlive(false);
  }

  /**
   * Closes the socket and rejects all pending waits. A second call does nothing.
   *
   * The kernel still sends the messages that it has taken: a message of 1785 bytes to all nodes takes 13 s. The process
   * stays alive meanwhile, and `await using` waits for it, until there is no progress for 30 s (`ETIME`): Linux 6.1 may
   * hold a message that was begun while the link went down until the link goes down again.
   *
   * No message is sent about a claimed address, which is no longer defended.
   */
  override close(): void {
    if (this.closed) return;
    try {
      this.#transfers.close(() => this.#endpoint.closedError("send to"));
      this.#claims.close(() => this.#endpoint.closedError("claim an address on"));
    } finally {
      super.close();
      this.#options.logger?.debug?.(`closed J1939 channel "${this.channel}"`);
    }
  }

  /** Closes the socket at the end of an `await using` block, which waits until the kernel has sent all its messages. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#endpoint.socket.closed;
  }

  async #sendAcknowledged(message: Outgoing, options: WaitOptions): Promise<void> {
    const deadline = deadlineOf(options.timeout);
    const acknowledgement = this.#transfers.expect(message);
    try {
      await super.sendAsync(message, options);
      await acknowledgement.wait({ ...options, timeout: rest(deadline) }, () => {
        const text = `Cannot send ${message} on "${this.channel}": not acknowledged within ${options.timeout} s`;
        const details = { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, channel: this.channel };
        return new CanTimeoutError(`${text}; it may still be delivered`, details);
      });
    } finally {
      this.#transfers.forget(acknowledgement);
    }
  }

  #setKeepAlive(value: boolean): this {
    this.#transfers.keepAlive = value;
    this.#claims.keepAlive = value;
    return value ? super.ref() : super.unref();
  }
}

/** Returns the seconds left until a deadline; null if there is none. */
function rest(deadline: number): number | null {
  return deadline === Infinity ? null : Math.max(secondsUntil(deadline), 0);
}
