/**
 * J1939: messages of any length between nodes that have addresses and names.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { checkBoolean, checkSingle } from "../check.ts";
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
import { type FullJ1939Options, fullJ1939Options, type J1939Options } from "./options.ts";
import { MessageSending, Outgoing } from "./outgoing.ts";
import { J1939Port } from "./port.ts";
import type { TransferEvent } from "./transfer_event.ts";
import { Transfers } from "./transfers.ts";

/** How a message is sent while the event loop goes on. */
export interface J1939SendOptions extends WaitOptions {
  /**
   * Whether to wait until the message has come through: to one node, until it has acknowledged the last byte; to
   * everybody, and in one frame, until the last frame was seen on the bus. Default false: until the kernel has it.
   */
  readonly acknowledged?: boolean;
}

/**
 * A J1939 socket of the kernel (`CAN_J1939`): SAE J1939-21, with messages of up to 117440505 bytes, and J1939-81.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 *
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
  /** The NAME that it sends and receives for; null if it was opened without. */
  readonly name: Name | null;
  readonly #options: FullJ1939Options;
  readonly #endpoint: Endpoint<J1939Port, J1939Message, J1939MessageInit>;
  readonly #transfers: Transfers;
  readonly #claims: Claims;
  #filters: readonly J1939Filter[] | null;

  /**
   * Opens a socket.
   *
   * @param options The name of the interface, to listen to what is for everybody; or options.
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} There is no J1939 here: Linux has it since 5.4, in the module can-j1939.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: string | J1939Options) {
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
      restore: (destination) => claims.restore(destination),
    });
    // For a NAME the kernel knows the address; a fixed one beside it would be taken for ours though it may be another's.
    const bound = name === null ? address ?? J1939_NO_ADDR : J1939_NO_ADDR;
    logger?.debug(`opening J1939 channel "${channel}"`);
    const endpoint: Endpoint<J1939Port, J1939Message, J1939MessageInit> = new Endpoint(
      { channel, logger, noun: "socket" },
      (onReady) => new J1939Port(libc, full, bound, onReady, transfers),
      (port: J1939Port, rearm: () => void) => new Writer(port, rearm, new MessageSending(full, port, transfers)),
    );
    const claims = new Claims(libc, full, endpoint.socket);
    super(endpoint);
    this.#endpoint = endpoint;
    this.#transfers = transfers;
    this.#options = full;
    this.#filters = copyFilters(full.filters);
    this.#claims = claims;
    this.name = name === null ? null : new Name(name);
  }

  /** As `Bus.send`: hands a message to the kernel, which sends the frames it takes. */
  override send(message: J1939MessageInit, timeout?: number | null): void {
    super.send(new Outgoing(message), timeout);
  }

  /** As `Bus.sendMany`. */
  override sendMany(messages: readonly J1939MessageInit[], timeout?: number | null): number {
    if (!Array.isArray(messages)) throw new TypeError(`sendMany takes an array of messages: ${messages}`);
    return super.sendMany(messages.map((message) => new Outgoing(message)), timeout);
  }

  /**
   * Hands a message to the kernel, while the event loop goes on; with `acknowledged: true`, waits until it has come
   * through.
   *
   * @throws As `send`, or the signal's reason when it is aborted: then the message was not sent, but for one that had been
   * begun, which may arrive nevertheless.
   * @throws {CanOperationError} With `acknowledged`, why the message has not come through, by `code`: nobody answers
   * (`EHOSTUNREACH`), the receiver is busy (`EALREADY`) or has no room (`EMSGSIZE`), or any other reason of an abort. Linux
   * 6.1 heeds a receiver's abort only if that is a node of the same host: that of another shows as `EHOSTUNREACH`, as soon
   * as it does not answer in time.
   * @throws {CanTimeoutError} With `acknowledged`, too, if it has not come through in time; it still may.
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
   * What happens to messages of more than 8 bytes that this socket sends or receives, without end, while the event loop
   * goes on: their beginning, progress, end, and why they were aborted.
   *
   * It is open from the call on. While it is, `recv` does not throw what aborted a message that was sent: otherwise it
   * does, once, unless `sendAsync` waits for it. At most 1024 events are kept for who does not read them.
   *
   * @throws {CanOperationError} The socket is closed, or a system call failed.
   */
  transfers(options: SignalOptions = {}): Feed<TransferEvent> {
    this.#endpoint.assertOpen("follow the transfers of");
    return this.#transfers.open(options);
  }

  /**
   * Claims an address for the socket's NAME, and defends it until the socket is closed, as SAE J1939-81 has it: claims the
   * option `address`; yields it to a NAME that is a smaller number; then, if the NAME is `arbitraryAddressCapable`, claims
   * another that is free; answers requests for addresses; and begins anew when the link was down. While that goes on, in
   * the event loop or while a call of this socket blocks, `claim` waits for an address.
   *
   * One socket of this host claims for a NAME. Others that are opened with the same NAME use its address. A message of
   * several frames that is on its way when the address is lost breaks off (`EPROTO`).
   *
   * @returns The address. It may still be lost later: `state`, `address` and `claimChanges` tell.
   * @throws {CanOperationError} There is no address to be had (`EADDRNOTAVAIL`), or the socket is closed (`EBADF`).
   * @throws {CanTimeoutError} There was none in time: an address takes a quarter of a second.
   * @throws {TypeError} The socket has no NAME, or no address to claim.
   */
  claim(options: WaitOptions = {}): Promise<number> {
    return promised(() => {
      this.#endpoint.assertOpen("claim an address on");
      return this.#claims.claim(options);
    });
  }

  /**
   * Changes of `state` and `address`, without end, while the event loop goes on. It is open from the call on.
   *
   * @throws {CanOperationError} The socket is closed.
   */
  claimChanges(options: SignalOptions = {}): Feed<ClaimStatus> {
    this.#endpoint.assertOpen("follow the claims of");
    return this.#claims.open(options);
  }

  /**
   * Where the socket's NAME is: `"unclaimed"`, `"claiming"`, `"claimed"`, `"cannot-claim"`, as far as `claim` knows;
   * `"static"` if it was opened without a NAME.
   */
  get state(): ClaimState | "static" {
    return this.name === null ? "static" : this.#claims.status.state;
  }

  /**
   * The address that it sends from; null while it has none, or where another socket claims for its NAME. While `claiming`,
   * the one that it is about to have.
   */
  get address(): number | null {
    return this.name === null ? this.#options.address : this.#claims.status.address;
  }

  /** The filters in force; null receives everything. */
  get filters(): readonly J1939Filter[] | null {
    return this.#filters;
  }

  /**
   * Replaces the filters. What was received under the older ones and not yet read is dropped.
   *
   * @param filters At most 512; null or an empty list receives everything.
   * @throws {RangeError | TypeError} A filter is wrong; the older ones stay in force.
   * @throws {CanOperationError} The kernel refuses, and the older ones stay in force; or the socket is closed.
   */
  setFilters(filters: readonly J1939Filter[] | null): void {
    this.#endpoint.assertOpen("set filters of");
    this.#endpoint.socket.setFilters(toRawJ1939Filters(filters));
    this.#endpoint.reader.clear();
    this.#filters = copyFilters(filters);
    this.#endpoint.arm(); // an error that was found among the dropped messages is for those who wait
  }

  /** A pending asynchronous wait keeps the process alive: the default. */
  override ref(): this {
    return this.#setKeepAlive(true);
  }

  /** A pending asynchronous wait does not keep the process alive. In Deno it may then end up to 10 ms late. */
  override unref(): this {
    return this.#setKeepAlive(false);
  }

  /**
   * Closes the socket and rejects every pending wait. What the kernel has taken is sent nevertheless: meanwhile the process
   * stays alive (a message of 1785 bytes to everybody takes 13 s), and `await using` waits for it, unless there is no
   * progress for 30 s (`ETIME`): Linux 6.1 may hold what was begun while the link went down until it goes down again. A
   * claimed address is left without a word. A second call does nothing.
   */
  override close(): void {
    if (this.closed) return;
    try {
      this.#transfers.close(() => this.#endpoint.closedError("send to"));
      this.#claims.close(() => this.#endpoint.closedError("claim an address on"));
    } finally {
      super.close();
      this.#options.logger?.debug(`closed J1939 channel "${this.channel}"`);
    }
  }

  /** Closes at the end of an `await using` block, which ends when all that the kernel had taken was sent. */
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
        return new CanTimeoutError(`${text}; it may still come through`, details);
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

/** What is left of a timeout; null for one that never ends. */
function rest(deadline: number): number | null {
  return deadline === Infinity ? null : Math.max(secondsUntil(deadline), 0);
}
