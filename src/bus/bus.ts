/**
 * The bus: what most users touch.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { checkSingle } from "../check.ts";
import { CanSocket } from "../endpoint/can_socket.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { Feed } from "../endpoint/feed.ts";
import { copyFilters, type Logger, type SignalOptions } from "../endpoint/options.ts";
import type { OnReady } from "../endpoint/source.ts";
import { type Sending, Writer } from "../endpoint/writer.ts";
import { CanError, CanOperationError } from "../errors.ts";
import { ENODEV, errnoName } from "../kernel/errno.ts";
import { Link } from "../link/link.ts";
import type { ControllerState } from "../link/names.ts";
import type { LinkStatus } from "../link/status.ts";
import { Message } from "../message/message.ts";
import type { PeriodicOptions } from "../periodic/plan.ts";
import type { CyclicSendTask } from "../periodic/task.ts";
import { PeriodicTasks } from "../periodic/tasks.ts";
import { type CanFilter, toRawFilters } from "../raw/filter.ts";
import type { FramePort } from "../raw/frame_port.ts";
import { type BusOptions, type FullBusOptions, fullOptions } from "../raw/options.ts";
import { RawPort } from "../raw/port.ts";
import { ReconnectingPort } from "../raw/reconnecting_port.ts";
import { VirtualPort } from "../raw/virtual_port.ts";
import { ErrorFeeds } from "./error_feed.ts";

/** The kinds of frames that a bus is open for, in python-can's words. */
export type CanProtocol = "CAN_20" | "CAN_FD" | "CAN_XL";

/**
 * A CAN bus: python-can's `can.Bus`, over the kernel's raw sockets or inside the process.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 *
 * @example
 * ```ts
 * import { Bus, Message } from "@socketcan/bus";
 *
 * using bus = new Bus({ channel: "demo", interface: "virtual", receiveOwnMessages: true });
 * bus.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
 * console.log(`${bus.recv(1.0)}`);
 * ```
 */
export class Bus extends CanSocket<Message, Message> {
  /** What the bus is, for people: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The kinds of frames that the bus is open for. */
  readonly protocol: CanProtocol;
  readonly #endpoint: Endpoint<FramePort, Message, Message>;
  readonly #errors: ErrorFeeds;
  readonly #periodic: PeriodicTasks;
  readonly #logger: Logger | undefined;
  readonly #libc: string | undefined;
  readonly #virtual: boolean;
  #filters: readonly CanFilter[] | null;

  /**
   * Opens a bus.
   *
   * @param options The name of the interface, or options.
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} There is no SocketCAN here.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: string | BusOptions) {
    checkSingle("Bus", arguments);
    const full = fullOptions(options);
    const { channel, logger } = full;
    const protocol = full.xl ? "CAN_XL" : full.fd ? "CAN_FD" : "CAN_20";
    logger?.debug(`opening ${full.interface} channel "${channel}", ${protocol}`);
    const sending = new MessageSending(full);
    const endpoint = new Endpoint<FramePort, Message, Message>(
      { channel, logger, noun: "bus" },
      (onReady) => openSocket(full, onReady),
      (socket, rearm) => new Writer(socket, rearm, sending),
    );
    super(endpoint);
    this.#endpoint = endpoint;
    this.#errors = new ErrorFeeds(endpoint.socket, full, openSocket);
    this.#periodic = new PeriodicTasks({
      options: full,
      openSocket,
      check: (message) => sending.check(message),
      assertOpen: (action) => endpoint.assertOpen(action),
    });
    this.protocol = protocol;
    this.channelInfo = endpoint.socket.channelInfo;
    this.#filters = copyFilters(full.filters);
    this.#logger = logger;
    this.#libc = full.libc;
    this.#virtual = full.interface === "virtual";
    try {
      logger?.debug(`opened ${this.channelInfo}`);
    } catch (error) {
      endpoint.close();
      throw error;
    }
  }

  /**
   * Error frames without end, apart from data, while the event loop goes on: a storm of them delays no data. They are
   * those of the bus's `errorMask`, of all classes if that is 0. While one such iteration is open, no error frames come
   * among the bus's messages, but for those that were there before.
   *
   * It is open from the call on: no error frame after it is missed. Leaving the loop, the signal and `close` end it. An
   * error that is thrown, as by `recv`, does not: after `ENETDOWN` another loop over the same iteration goes on. Hold it
   * with `using` to be rid of it then.
   *
   * @example
   * ```ts
   * import { Bus, Message } from "@socketcan/bus";
   *
   * using bus = new Bus({ channel: "demo", interface: "virtual" });
   * using errors = bus.errors();
   * using device = new Bus({ channel: "demo", interface: "virtual" });
   * device.send(new Message({ isErrorFrame: true, arbitrationId: 0x40 }));
   * for await (const message of errors) {
   *   console.log(`${message.error}`); // bus-off
   *   if (message.error?.classes.includes("bus-off")) break;
   * }
   * ```
   *
   * @throws {CanInitializationError} The interface is down or gone, or a system call failed.
   * @throws {CanOperationError} The bus is closed.
   */
  errors(options: SignalOptions = {}): Feed<Message> {
    this.#endpoint.assertOpen("follow the errors of");
    return this.#errors.open(options);
  }

  /**
   * The bus's interface as a link: to look at, to count, to restart after a bus-off.
   *
   * @throws {CanOperationError} The bus is closed, virtual or on every channel; or the interface is gone.
   */
  get link(): Link {
    this.#endpoint.assertOpen("take the link of");
    const { ifindex } = this.#endpoint.socket;
    if (ifindex > 0) {
      try {
        return Link.open(ifindex, { libc: this.#libc });
      } catch (error) {
        if (!(error instanceof CanError) || error.errno !== ENODEV) throw error;
        throw this.#noLink("the interface is gone", error);
      }
    }
    throw this.#noLink(this.#virtual ? "it is virtual" : "it has every CAN interface: Link.list() gives their links");
  }

  /**
   * The controller's state, read from the kernel now; null where there is no controller: a vcan's, a virtual bus's.
   *
   * @throws {CanOperationError} As `link`, but not for a virtual bus.
   */
  get state(): ControllerState | null {
    return this.#status()?.state ?? null;
  }

  /**
   * The controller's error counters, read from the kernel now; null where it tells none, or there is no controller.
   *
   * @throws {CanOperationError} As `link`, but not for a virtual bus.
   */
  get errorCounters(): { readonly tx: number; readonly rx: number } | null {
    return this.#status()?.errorCounters ?? null;
  }

  /**
   * Sends messages again and again: one, or several in turn, as python-can's `send_periodic`.
   *
   * The kernel's broadcast manager does it, which goes on while the script is busy; no thread, and no work for the event
   * loop. Timers of this process do it on a virtual bus, and where the kernel cannot: with `modify`, and for CAN XL. Their
   * frames keep to multiples of the period, too; those that a busy event loop delays by more than 20 ms, and by more than a
   * period, are left out.
   *
   * The frames come from a socket of their own: all sockets of this host receive them, this bus too, whatever
   * `localLoopback` and `receiveOwnMessages` say.
   *
   * @example
   * ```ts
   * import { Bus, Message } from "@socketcan/bus";
   *
   * using bus = new Bus({ channel: "demo", interface: "virtual" });
   * const task = bus.sendPeriodic(new Message({ arbitrationId: 0x123, data: [1] }), 0.01, { count: 3 });
   * task.modifyData(new Message({ arbitrationId: 0x123, data: [2] }));
   * console.log(await task.done); // finished
   * console.log(bus.recvMany(9, 0).map(({ data }) => data[0])); // [ 1, 2, 2 ]
   * ```
   *
   * @param messages 1 to 256 of one kind; with any identifiers, which several tasks may share.
   * @param period Seconds from one frame to the next, 0.000001 to 34560000.
   * @throws {RangeError | TypeError} An argument is wrong, or the bus is not open for such messages.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry them; or the bus is closed.
   * @throws {CanInitializationError} The socket for them cannot be opened: the interface is down or gone, say.
   * @throws {CanInterfaceNotImplementedError} The kernel has no broadcast manager.
   */
  sendPeriodic(messages: Message | readonly Message[], period: number, options: PeriodicOptions = {}): CyclicSendTask {
    this.#endpoint.assertOpen("send periodically to");
    return this.#periodic.send(messages, period, options);
  }

  /**
   * Stops all that `sendPeriodic` has started; each task can be started again.
   *
   * @throws {CanOperationError} The kernel refuses to stop one, which goes on, when all others are stopped; or the bus is
   * closed.
   */
  stopAllPeriodicTasks(): void {
    this.#endpoint.assertOpen("stop the periodic tasks of");
    this.#periodic.stopAll();
  }

  /** The filters in force; null receives everything. */
  get filters(): readonly CanFilter[] | null {
    return this.#filters;
  }

  /**
   * Replaces the filters. What was received under the older ones and not yet read is dropped, so that every message
   * read from now on has passed the new ones.
   *
   * @param filters At most 512; null or an empty list receives everything.
   * @throws {RangeError | TypeError} A filter is wrong; the older ones stay in force.
   * @throws {CanOperationError} The kernel refuses, and the older ones stay in force; or the bus is closed.
   */
  setFilters(filters: readonly CanFilter[] | null): void {
    this.#endpoint.assertOpen("set filters of");
    this.#endpoint.socket.setFilters(toRawFilters(filters));
    this.#endpoint.reader.clear();
    this.#filters = copyFilters(filters);
    this.#endpoint.arm(); // an error that was found among the dropped frames is for those who wait
    this.#logger?.debug(`filters set: ${JSON.stringify(this.#filters)}`);
  }

  /** A pending asynchronous wait keeps the process alive: the default. */
  override ref(): this {
    this.#errors.keepAlive = true;
    this.#periodic.keepAlive = true;
    return super.ref();
  }

  /** A pending asynchronous wait does not keep the process alive. In Deno it may then end up to 10 ms late. */
  override unref(): this {
    this.#errors.keepAlive = false;
    this.#periodic.keepAlive = false;
    return super.unref();
  }

  /** Closes the bus and rejects every pending wait. A second call does nothing. */
  override close(): void {
    if (this.closed) return;
    try {
      try {
        this.#errors.close();
      } finally {
        try {
          super.close();
        } finally {
          this.#periodic.close();
        }
      }
    } finally {
      this.#logger?.debug(`closed ${this.channelInfo}`);
    }
  }

  #noLink(why: string, cause?: unknown): CanOperationError {
    const code = errnoName(ENODEV);
    const text = `Cannot take the link of ${this.channelInfo}: ${code} (${why})`;
    return new CanOperationError(text, { code, errno: ENODEV, channel: this.channel, cause });
  }

  #status(): LinkStatus | null {
    this.#endpoint.assertOpen("read the state of");
    return this.#virtual ? null : this.link.status();
  }
}

function openSocket(options: FullBusOptions, onReady: OnReady): FramePort {
  if (options.interface === "virtual") return new VirtualPort(options, onReady);
  const Socket = options.reconnect ? ReconnectingPort : RawPort;
  return new Socket(openLibc(options.libc), options, onReady);
}

/** What a bus sends. */
class MessageSending implements Sending<Message> {
  readonly channel: string;
  readonly logger: Logger | undefined;
  readonly noRoom: string;
  readonly #options: FullBusOptions;

  constructor(options: FullBusOptions) {
    this.#options = options;
    this.channel = options.channel;
    this.logger = options.logger;
    this.noRoom = "the send buffer or the interface's queue is full; a bus without another node acknowledges nothing" +
      (options.reconnect ? "; or the interface is down or gone" : "");
  }

  check(message: Message): void {
    const { fd, xl, channel } = this.#options;
    if (!(message instanceof Message)) {
      throw new TypeError(`Cannot send ${message}: it is not a Message`);
    }
    if (message.isFd && !fd) {
      throw new TypeError(`Cannot send a CAN FD message on a bus opened without fd: true: ${message}`);
    }
    if (message.isXl && !xl) {
      throw new TypeError(`Cannot send a CAN XL message on a bus opened without xl: true: ${message}`);
    }
    if (channel === "" && !message.channel) {
      throw new TypeError(`Cannot send on every channel at once: name one as the message's channel: ${message}`);
    }
  }
}
