/**
 * The bus, the class that most programs start with.
 *
 * @module
 */

import { checkVersion } from "../../ffi/host.ts";
import { openLibc } from "../../ffi/open.ts";
import { checkSingle } from "../check.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { Feed } from "../endpoint/feed.ts";
import type { Logger, SignalOptions } from "../endpoint/options.ts";
import type { OnReady } from "../endpoint/source.ts";
import { Writer } from "../endpoint/writer.ts";
import { CanError, CanOperationError } from "../errors.ts";
import { ENODEV, errnoName } from "../kernel/errno.ts";
import { Link } from "../link/link.ts";
import { isListenOnly } from "../link/listen_only.ts";
import type { ControllerState } from "../link/names.ts";
import type { LinkStatus } from "../link/status.ts";
import type { Message } from "../message/message.ts";
import type { PeriodicOptions } from "../periodic/plan.ts";
import type { CyclicSendTask } from "../periodic/task.ts";
import { PeriodicTasks } from "../periodic/tasks.ts";
import type { FramePort } from "../raw/frame_port.ts";
import { type BusOptions, type FullBusOptions, fullOptions } from "../raw/options.ts";
import { RawPort } from "../raw/port.ts";
import { ReconnectingPort } from "../raw/reconnecting_port.ts";
import { VirtualPort } from "../raw/virtual_port.ts";
import { ErrorFeeds } from "./error_feed.ts";
import { MessageBus, protocolOf } from "./message_bus.ts";
import { MessageSending } from "./message_sending.ts";

/**
 * A CAN bus: a raw CAN socket of the kernel ([SocketCAN](https://docs.kernel.org/networking/can.html)), or a virtual bus
 * inside the process. It is modelled on [python-can's `Bus`](https://python-can.readthedocs.io/en/stable/bus.html).
 *
 * A `timeout` is in seconds. Absent or null waits forever, 0 does not wait, a negative number or NaN is a RangeError.
 *
 * @category Bus
 * @example
 * ```ts
 * import { Bus, Message } from "@socketcan/bus";
 *
 * using bus = new Bus({ channel: "demo", interface: "virtual", receiveOwnMessages: true });
 * bus.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
 * console.log(`${bus.recv(1.0)}`);
 * ```
 */
export class Bus extends MessageBus {
  readonly #endpoint: Endpoint<FramePort, Message, Message>;
  readonly #errors: ErrorFeeds;
  readonly #periodic: PeriodicTasks;
  readonly #logger: Logger | undefined;
  readonly #libc: string | undefined;
  readonly #virtual: boolean;

  /**
   * Opens a bus.
   *
   * @param options The name of the interface, or an object of options that includes it.
   * @throws {CanInitializationError} The interface does not exist, is not a CAN interface or is down; or a system call
   * failed.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN.
   * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
   * @throws {Deno.errors.NotCapable} Deno runs without `--allow-ffi`.
   */
  constructor(options: string | BusOptions) {
    checkSingle("Bus", arguments);
    const full = fullOptions(options);
    const { channel, logger } = full;
    logger?.debug?.(`opening ${full.interface} channel "${channel}", ${protocolOf(full)}`);
    const sending = new MessageSending(
      full,
      "the send buffer or the interface's transmit queue is full, as when no other node acknowledges frames" +
        (full.reconnect ? "; or the interface is down or gone" : ""),
    );
    const endpoint = new Endpoint<FramePort, Message, Message>(
      { channel, logger, noun: "bus", receives: full.receive },
      (onReady) => openSocket(full, onReady),
      (socket, rearm) => new Writer(socket, rearm, sending),
    );
    super(endpoint, full);
    this.#endpoint = endpoint;
    this.#errors = new ErrorFeeds(this, endpoint.socket, full, openSocket);
    this.#periodic = new PeriodicTasks({
      bus: this,
      resources: endpoint.resources,
      options: full,
      openSocket,
      check: (message) => sending.check(message),
      assertOpen: (action) => endpoint.assertOpen(action),
    });
    this.#logger = logger;
    this.#libc = full.libc;
    this.#virtual = full.interface === "virtual";
    try {
      logger?.debug?.(`opened ${this.channelInfo}`);
      if (logger && endpoint.socket.ifindex > 0 && isListenOnly(openLibc(full.libc), endpoint.socket.ifindex)) {
        logger.warn(`"${channel}" is in listen-only mode: this bus can receive, but not send`);
      }
    } catch (error) {
      endpoint.close();
      throw error;
    }
  }

  /**
   * Opens a feed of error frames that is separate from the bus's messages, so that a storm of error frames delays no data.
   *
   * The feed has the error classes of the bus's `errorMask`, or all classes if that is 0. While a feed is open, the bus's
   * messages contain no error frames, except those that were queued before.
   *
   * The feed is open from this call on, so no later error frame is missed. It ends when the loop is left, when the signal
   * is aborted, and on `close`. An error thrown from it, as by `recv`, does not end it: after `ENETDOWN`, iterating over it
   * again continues. Declare it with `using` to close it in any case.
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
   * The bus's interface as a `Link`, for its status, its statistics, and restarting it after a bus-off.
   *
   * @throws {CanOperationError} The bus is closed, virtual or bound to every interface; or the interface is gone.
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
    if (!this.#virtual && this.channel !== "") throw this.#noLink("there is no such interface yet");
    throw this.#noLink(
      this.#virtual ? "it is virtual" : "it is bound to every CAN interface: use Link.list() for their links",
    );
  }

  /**
   * The controller's state, read from the kernel at each access; null for a vcan and for a virtual bus, which have no
   * controller.
   *
   * @throws {CanOperationError} As `link`, except for a virtual bus.
   */
  get state(): ControllerState | null {
    return this.#status()?.state ?? null;
  }

  /**
   * The controller's transmit and receive error counters (ISO 11898-1), read from the kernel at each access; null where
   * the driver does not report them or there is no controller.
   *
   * @throws {CanOperationError} As `link`, except for a virtual bus.
   */
  get errorCounters(): { readonly tx: number; readonly rx: number } | null {
    return this.#status()?.errorCounters ?? null;
  }

  /**
   * Sends a message periodically, or several in turn, like
   * [python-can's `send_periodic`](https://python-can.readthedocs.io/en/stable/bus.html#can.BusABC.send_periodic).
   *
   * The kernel's broadcast manager sends them, even while the script is busy, without a thread or any work for the event
   * loop. Timers of this process are used on a virtual bus, and for what the kernel cannot do: `modify` and CAN XL. Their
   * frames keep to multiples of the period; a frame that a busy event loop delays by more than 20 ms and by more than a
   * period is skipped.
   *
   * **A task does not keep the process alive, and ends with it.** A script whose last statement is `sendPeriodic` exits at
   * once, having sent one frame: end it with `await task.done`, which waits until the task ends or is stopped.
   *
   * The kernel adds the latency of its timer to each interval, which matters at periods of a few milliseconds; the option
   * `precise` corrects that, at a cost to the event loop.
   *
   * The messages are sent from a separate socket. All sockets of this host receive them, including this bus, whatever
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
   * @param messages 1 to 256 messages of the same kind: classic, CAN FD or CAN XL. They may have any identifiers, and
   * several tasks may use the same one.
   * @param period Seconds from one frame to the next, 0.000001 to 34560000.
   * @throws {RangeError | TypeError} An argument is wrong, or the bus was not opened for such messages.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry the messages; or the bus is closed.
   * @throws {CanInitializationError} The separate socket cannot be opened, for example because the interface is down.
   * @throws {CanInterfaceNotImplementedError} The kernel has no broadcast manager.
   */
  sendPeriodic(messages: Message | readonly Message[], period: number, options: PeriodicOptions = {}): CyclicSendTask {
    this.#endpoint.assertOpen("send periodically to");
    return this.#periodic.send(messages, period, options);
  }

  /**
   * Stops every task that `sendPeriodic` has started. Each can be started again.
   *
   * @throws {CanOperationError} The kernel refused to stop a task, which continues, while all others are stopped; or the
   * bus is closed.
   */
  stopAllPeriodicTasks(): void {
    this.#endpoint.assertOpen("stop the periodic tasks of");
    this.#periodic.stopAll();
  }

  /** Makes pending asynchronous waits keep the process alive, which is the default. */
  override ref(): this {
    this.#errors.keepAlive = true;
    this.#periodic.keepAlive = true;
    return super.ref();
  }

  /** Lets the process exit while asynchronous waits are pending. In Deno such waits may then end up to 10 ms late. */
  override unref(): this {
    this.#errors.keepAlive = false;
    this.#periodic.keepAlive = false;
    return super.unref();
  }

  /** Closes the bus, stops its periodic tasks and rejects every pending wait. A second call does nothing. */
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
      this.#logger?.debug?.(`closed ${this.channelInfo}`);
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
  if (options.interface === "virtual") {
    checkVersion();
    return new VirtualPort(options, onReady);
  }
  const Socket = options.reconnect ? ReconnectingPort : RawPort;
  return new Socket(openLibc(options.libc), options, onReady);
}
