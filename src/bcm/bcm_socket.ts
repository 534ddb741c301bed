/**
 * The kernel's broadcast manager, which filters and sends frames by itself.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { checkSingle, fillOptions, type OptionTable, show } from "../check.ts";
import { CanReceiver } from "../endpoint/can_receiver.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { checkCommon, type CommonOptions } from "../endpoint/options.ts";
import {
  type BcmHead,
  CAN_FD_FRAME,
  RX_CHANGED,
  RX_RTR_FRAME,
  RX_SETUP,
  RX_TIMEOUT,
  SETTIMER,
  STARTTIMER,
  TX_COUNTEVT,
  TX_EXPIRED,
  TX_SETUP,
} from "../kernel/bcm.ts";
import { CAN_RTR_FLAG } from "../kernel/can.ts";
import { frameIdWord, Message } from "../message/message.ts";
import { type BcmEvent, makeEvent } from "./event.ts";
import { BcmSubscription, BcmTransmission, type HandleHost } from "./handles.ts";
import { type BcmTransmitOptions, planTransmit } from "./plan.ts";
import { BcmPort, type BcmTarget } from "./port.ts";
import type { BcmReport } from "./report.ts";
import { type BcmSubscriptionOptions, encodeSubscription } from "./subscription.ts";

/**
 * Options of a `BcmSocket`.
 *
 * @category Broadcast manager
 */
export interface BcmSocketOptions extends Omit<CommonOptions, "sendBuffer"> {
  /** Name of the interface, such as `"vcan0"`; `""` for every CAN interface. */
  readonly channel: string;
}

const table: OptionTable<BcmSocketOptions> = {
  channel: ["string"],
  receiveBuffer: ["number"],
  logger: ["object"],
  libc: ["string"],
};

const transmitTable: OptionTable<BcmTransmitOptions> = {
  count: ["number"],
  duration: ["number"],
  subsequentPeriod: ["number"],
};

/**
 * A socket of the kernel's [broadcast manager](https://docs.kernel.org/networking/can.html) (`CAN_BCM`, `linux/can/bcm.h`).
 * The kernel compares frames by itself and wakes the script only for what it subscribed to: a change of certain bits, at a
 * limited rate, or a missing frame. Events are received as messages are from a `Bus`: `recv`, `recvAsync`, `for await`,
 * `readable`.
 *
 * For periodic messages, `Bus.sendPeriodic` is more convenient; `transmit` is the kernel's own interface.
 *
 * @example
 * ```ts ignore
 * using bcm = new BcmSocket("vcan0");
 * const speed = bcm.subscribe({ arbitrationId: 0x0c9, isExtendedId: false, mask: [0xff, 0xff], throttle: 0.1 });
 * const brake = bcm.subscribe({ arbitrationId: 0x0d1, isExtendedId: false, timeout: 0.5 });
 * for await (const event of bcm) {
 *   if (event.type === "changed") console.log(`${event.message}`); // only changes
 *   else if (event.type === "timeout") console.log(event.subscription === brake ? "no brakes" : "no speed");
 * }
 * ```
 *
 * @category Broadcast manager
 */
export class BcmSocket extends CanReceiver<BcmEvent> {
  readonly #endpoint: Endpoint<BcmPort<BcmEvent>, BcmEvent>;
  readonly #subscriptions: Handles<BcmSubscription>;
  readonly #transmissions: Handles<BcmTransmission>;
  readonly #host: HandleHost;
  #lastKey = 0;

  /**
   * Opens a socket.
   *
   * @param options The name of the interface, or options.
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, or no broadcast manager.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: string | BcmSocketOptions) {
    checkSingle("BcmSocket", arguments);
    const { channel, receiveBuffer, logger, libc } = checkOptions(options);
    const subscriptions = new Handles<BcmSubscription>();
    const transmissions = new Handles<BcmTransmission>();
    logger?.debug?.(`opening a broadcast manager on "${channel}"`);
    const endpoint = new Endpoint<BcmPort<BcmEvent>, BcmEvent>(
      { channel, logger, noun: "socket" },
      (onReady) =>
        new BcmPort(
          openLibc(libc),
          { channel, receiveBuffer, logger },
          onReady,
          (report) => toEvent(report, subscriptions, transmissions),
        ),
    );
    super(endpoint);
    this.#endpoint = endpoint;
    this.#subscriptions = subscriptions;
    this.#transmissions = transmissions;
    this.#host = {
      socket: this,
      get closed() {
        return endpoint.closed;
      },
      bcm: (action) => {
        endpoint.assertOpen(action);
        return endpoint.socket;
      },
      forget(handle) {
        if (handle instanceof BcmSubscription) subscriptions.delete(handle);
        else transmissions.delete(handle);
      },
    };
  }

  /**
   * Subscribes to frames: to changes of their content, and to their absence.
   *
   * @throws {RangeError | TypeError} An option is wrong, or there is a subscription to these frames already.
   * @throws {CanOperationError} The interface is gone, or the socket is closed.
   */
  subscribe(options: BcmSubscriptionOptions): BcmSubscription {
    this.#endpoint.assertOpen("subscribe on");
    const { head, frames } = encodeSubscription(options);
    return this.#subscribe("subscribe", head, frames, this.#endpoint.socket.target(null));
  }

  /**
   * Lets the kernel answer remote frames of the message's identifier with the message.
   *
   * @param message A classic data frame. On a socket for every interface, its `channel` names the one to answer on.
   * @throws {RangeError | TypeError} It is not such a message, or there is a subscription to these remote frames already.
   * @throws {CanOperationError} The interface is gone, or the socket is closed.
   */
  answer(message: Message): BcmSubscription {
    this.#endpoint.assertOpen("answer on");
    if (!(message instanceof Message)) throw new TypeError(`Cannot answer with ${show(message)}: it is not a Message`);
    if (message.isFd || message.isXl || message.isRemoteFrame || message.isErrorFrame) {
      throw new TypeError(`Cannot answer remote frames with ${message}: it must be a classic data frame`);
    }
    const canId = (frameIdWord(message) | CAN_RTR_FLAG) >>> 0;
    const head = { opcode: RX_SETUP, flags: RX_RTR_FRAME, canId };
    return this.#subscribe("answer remote frames", head, [message], this.#target(message));
  }

  /**
   * Lets the kernel send messages periodically, the first at once.
   *
   * When the frames of `count` or `duration` have been sent, if they are 2 or more, `"expired"` is received. A frame that is
   * due while the link is down or the transmit queue is full is lost, and counts as sent.
   *
   * @param messages 1 to 256 messages of one kind, sent in turn. Any identifiers; several transmissions may share one.
   * @param period Seconds from one frame to the next, 0.000001 to 34560000. The kernel starts each interval when it has sent
   * the last frame, which adds the latency of its timer to each.
   * @throws {RangeError | TypeError} An argument is wrong.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry the messages; or the socket is closed.
   */
  transmit(
    messages: Message | readonly Message[],
    period: number,
    options: BcmTransmitOptions = {},
  ): BcmTransmission {
    this.#endpoint.assertOpen("transmit on");
    const full: BcmTransmitOptions = fillOptions("transmit", options, transmitTable);
    const plan = planTransmit(messages, period, full, this.channel === "");
    const [first] = plan.messages;
    if (first.isXl) throw new TypeError(`Cannot transmit ${first}: the broadcast manager does not support CAN XL`);
    const target = this.#target(first);
    this.#lastKey = this.#lastKey % 0xffffffff + 1;
    const head: BcmHead = {
      opcode: TX_SETUP,
      flags: SETTIMER | STARTTIMER | (first.isFd ? CAN_FD_FRAME : 0) | (plan.count > 0 ? TX_COUNTEVT : 0),
      count: plan.count,
      ival1: plan.count > 0 ? plan.period : 0,
      ival2: plan.count > 0 ? plan.subsequentPeriod : plan.period,
      canId: this.#lastKey,
    };
    this.#endpoint.socket.command("transmit", head, plan.messages, target);
    return this.#transmissions.add(keyOf(head), new BcmTransmission(this.#host, head, plan.messages, target));
  }

  #subscribe(action: string, head: BcmHead, frames: readonly Message[], target: BcmTarget): BcmSubscription {
    const key = keyOf(head, target.index);
    if (this.#subscriptions.get(key)) {
      throw new RangeError(
        `Cannot ${action}: there is already a subscription to identifier 0x${
          head.canId.toString(16)
        } of that kind on ` +
          `"${target.channel}"; end it first with unsubscribe`,
      );
    }
    this.#endpoint.socket.command(action, head, frames, target);
    return this.#subscriptions.add(key, new BcmSubscription(this.#host, head, target));
  }

  #target(message: Message): BcmTarget {
    if (this.channel === "" && !message.channel) {
      throw new TypeError(`Cannot send on every channel at once: name one as the message's channel: ${message}`);
    }
    return this.#endpoint.socket.target(message.channel);
  }
}

/** Handles by their key in the kernel. */
class Handles<T> {
  readonly #handles = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#handles.get(key);
  }

  add(key: string, handle: T): T {
    this.#handles.set(key, handle);
    return handle;
  }

  delete(handle: T): void {
    for (const [key, each] of this.#handles) if (each === handle) this.#handles.delete(key);
  }
}

/**
 * The kernel's key: the identifier and whether the frames are CAN FD. The index keeps apart answers on several interfaces; it
 * is 0 for everything that causes events.
 */
function keyOf({ canId, flags = 0 }: BcmHead, index = 0): string {
  return `${canId}${flags & CAN_FD_FRAME ? " FD" : ""} ${index}`;
}

/** The event of a report; null if its subscription or transmission has ended since. */
function toEvent(
  { head, messages: [message], channel }: BcmReport,
  subscriptions: Handles<BcmSubscription>,
  transmissions: Handles<BcmTransmission>,
): BcmEvent | null {
  if (head.opcode === TX_EXPIRED) {
    const transmission = transmissions.get(keyOf(head));
    if (!transmission) return null;
    return makeEvent({ type: "expired", message: null, transmission, channel: transmission.channel }, head.canId);
  }
  const subscription = subscriptions.get(keyOf(head));
  if (!subscription) return null;
  if (head.opcode === RX_CHANGED && message) {
    return makeEvent({ type: "changed", message, subscription, channel }, head.canId);
  }
  return head.opcode === RX_TIMEOUT
    ? makeEvent({ type: "timeout", message: null, subscription, channel }, head.canId)
    : null;
}

function checkOptions(given: string | BcmSocketOptions): BcmSocketOptions {
  const options = typeof given === "string" ? { channel: given } : given;
  const full = fillOptions("BcmSocket", options, table) as unknown as BcmSocketOptions;
  if (full.channel === undefined) {
    throw new TypeError(`Option channel is missing: the name of an interface, or "" for every CAN interface`);
  }
  checkCommon(full);
  return full;
}
