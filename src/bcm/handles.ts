/**
 * The subscriptions and transmissions of a `BcmSocket`.
 *
 * @module
 */

import { fillOptions } from "../check.ts";
import { CanOperationError } from "../errors.ts";
import {
  type BcmHead,
  CAN_FD_FRAME,
  RX_DELETE,
  RX_READ,
  TX_ANNOUNCE,
  TX_COUNTEVT,
  TX_DELETE,
  TX_READ,
  TX_RESET_MULTI_IDX,
  TX_SETUP,
} from "../kernel/bcm.ts";
import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_RTR_FLAG, CAN_SFF_MASK } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";
import { checkMessages } from "./plan.ts";
import type { BcmPort, BcmTarget } from "./port.ts";
import type { BcmReport } from "./report.ts";

/**
 * What the kernel holds of a subscription or transmission: fields of `struct bcm_msg_head` (`linux/can/bcm.h`).
 *
 * @category Broadcast manager
 */
export interface BcmStatus {
  /** Flags such as SETTIMER and RX_CHECK_DLC, as in `linux/can/bcm.h`. */
  readonly flags: number;
  /** Of a transmission: how many frames are still to be sent with `ival1`. */
  readonly count: number;
  /** Seconds: the timeout of a subscription, the period of a transmission. */
  readonly ival1: number;
  /** Seconds: the throttle of a subscription, the subsequent period of a transmission. */
  readonly ival2: number;
  /** The messages of a transmission; the masks of a subscription, as the frames' data. */
  readonly messages: readonly Message[];
}

/** What handles need of their socket. */
export interface HandleHost {
  /** The socket's object, which is not garbage-collected while there are subscriptions or transmissions. */
  readonly socket: object;
  /** Whether the socket is closed, which ends all its subscriptions and transmissions. */
  readonly closed: boolean;
  /** The kernel socket; throws if it is closed. */
  bcm(action: string): BcmPort<unknown>;
  /** The handle has ended. */
  forget(handle: BcmSubscription | BcmTransmission): void;
}

/**
 * A subscription, made by `BcmSocket.subscribe` or `BcmSocket.answer`.
 *
 * @category Broadcast manager
 */
export class BcmSubscription implements Disposable {
  readonly #host: HandleHost;
  readonly #head: BcmHead;
  readonly #target: BcmTarget;
  /** Whether it has ended: the kernel may hold another one under the same key. */
  #ended = false;

  /** @ignore */
  constructor(host: HandleHost, head: BcmHead, target: BcmTarget) {
    this.#host = host;
    this.#head = head;
    this.#target = target;
  }

  /** The frames' identifier. */
  get arbitrationId(): number {
    return this.#head.canId & (this.isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK);
  }

  /** Whether the identifier has 29 bits. */
  get isExtendedId(): boolean {
    return (this.#head.canId & CAN_EFF_FLAG) !== 0;
  }

  /** Whether the frames are remote frames. */
  get isRemoteFrame(): boolean {
    return (this.#head.canId & CAN_RTR_FLAG) !== 0;
  }

  /** Whether the frames are CAN FD frames. */
  get isFd(): boolean {
    return ((this.#head.flags ?? 0) & CAN_FD_FRAME) !== 0;
  }

  /**
   * Reads what the kernel holds (RX_READ); null if the subscription has ended.
   *
   * @throws {CanOperationError} The interface is gone, or the socket is closed.
   */
  read(): BcmStatus | null {
    const bcm = this.#host.bcm("read a subscription of");
    if (this.#ended) return null;
    return status(bcm.read("read a subscription", RX_READ, this.#head, this.#target));
  }

  /**
   * Ends the subscription and drops its events that were not received yet. A second call does nothing.
   *
   * @throws {CanOperationError} The kernel refuses.
   */
  unsubscribe(): void {
    if (this.#ended || this.#host.closed) return;
    const { canId, flags = 0 } = this.#head;
    const head = { opcode: RX_DELETE, canId, flags: flags & CAN_FD_FRAME };
    const bcm = this.#host.bcm("unsubscribe from");
    bcm.erase("unsubscribe", head, this.#target);
    this.#ended = true;
    bcm.drop(head);
    this.#host.forget(this);
  }

  /** Ends the subscription at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.unsubscribe();
  }
}

/**
 * Options of `BcmTransmission.update`.
 *
 * @category Broadcast manager
 */
export interface BcmUpdateOptions {
  /**
   * Whether the next message is sent at once, in addition to the timer's. It counts as one of `count`; if it is the last,
   * the kernel reports no `"expired"`. Default false.
   */
  readonly announce?: boolean;
  /** Whether the first message is sent next. Default false: the message whose turn it is. */
  readonly restart?: boolean;
}

/**
 * Messages that the kernel sends periodically, made by `BcmSocket.transmit`.
 *
 * @category Broadcast manager
 */
export class BcmTransmission implements Disposable {
  readonly #host: HandleHost;
  readonly #head: BcmHead;
  readonly #target: BcmTarget;
  #messages: readonly Message[];
  #stopped = false;

  /** @ignore */
  constructor(host: HandleHost, head: BcmHead, messages: readonly Message[], target: BcmTarget) {
    this.#host = host;
    this.#head = head;
    this.#messages = messages;
    this.#target = target;
  }

  /** The interface's name when the transmission was made. */
  get channel(): string {
    return this.#target.channel;
  }

  /** The messages, which are sent in turn. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /**
   * Reads what the kernel holds (TX_READ); null if the transmission has ended.
   *
   * @throws {CanOperationError} The interface is gone, or the socket is closed.
   */
  read(): BcmStatus | null {
    const bcm = this.#host.bcm("read a transmission of");
    return status(bcm.read("read a transmission", TX_READ, this.#head, this.#target));
  }

  /**
   * Replaces the messages; the times at which frames are due stay.
   *
   * @param messages As many as before, of the same kind; on a socket for every interface, with the same channel.
   * @throws {RangeError | TypeError} They are not, or an option is wrong; the previous ones stay.
   * @throws {CanOperationError} The kernel refuses, or the transmission was stopped, or the socket is closed.
   */
  update(messages: Message | readonly Message[], options: BcmUpdateOptions = {}): void {
    const { announce, restart } = fillOptions("update", options, {
      announce: ["boolean", false],
      restart: ["boolean", false],
    });
    const checked = checkMessages(messages, this.#target.index !== 0, this.#messages);
    const { canId, flags = 0 } = this.#head;
    const head = {
      opcode: TX_SETUP,
      canId,
      flags: flags & (CAN_FD_FRAME | TX_COUNTEVT) | (announce ? TX_ANNOUNCE : 0) | (restart ? TX_RESET_MULTI_IDX : 0),
    };
    if (this.#stopped) {
      const { channel } = this.#target;
      throw new CanOperationError(`Cannot update a transmission on "${channel}": it was stopped; call transmit again`, {
        channel,
      });
    }
    this.#host.bcm("update a transmission of").command("update a transmission", head, checked, this.#target);
    this.#messages = checked;
  }

  /**
   * Stops sending. A second call does nothing.
   *
   * @throws {CanOperationError} The kernel refuses.
   */
  stop(): void {
    if (this.#stopped || this.#host.closed) return;
    const { canId, flags = 0 } = this.#head;
    const head = { opcode: TX_DELETE, canId, flags: flags & CAN_FD_FRAME };
    this.#host.bcm("stop a transmission of").erase("stop a transmission", head, this.#target);
    this.#stopped = true;
    this.#host.forget(this);
  }

  /** Stops sending at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.stop();
  }
}

function status(report: BcmReport | null): BcmStatus | null {
  if (report === null) return null;
  const { flags, count, ival1, ival2 } = report.head;
  return { flags, count, ival1: ival1 / 1e6, ival2: ival2 / 1e6, messages: report.messages };
}
