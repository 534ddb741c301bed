/**
 * The outcomes of PDUs, and the calls that report them.
 *
 * @module
 */

import type { CanOperationError } from "../errors.ts";
import { EADDRNOTAVAIL, EBADMSG, ENETDOWN, ENODEV, ENXIO } from "../kernel/errno.ts";
import { type Direction, isFailure, isoTpError } from "./errors.ts";

/**
 * The kernel stores one error for both directions of a socket and returns it from the next call, whichever that is. This
 * class sorts them: each error is reported to the send or receive that it concerns.
 */
export class Outcomes {
  readonly #channel: string;
  readonly #checksPadding: boolean;
  readonly #isIdle: () => boolean;
  readonly #onChange: () => void;
  readonly #onDown: () => void;
  /** An error for the next receive, as `-errno`. */
  #pending = 0;
  /** The error of a PDU whose send did not wait, for the next call, as `-errno`. */
  #failed = 0;
  /** The PDU that is being sent, if its send waits. */
  #sending: Uint8Array | null = null;
  /** The outcomes of PDUs whose sends wait: 0 or `-errno`. */
  readonly #outcomes = new WeakMap<Uint8Array, number>();
  /** Whether the last PDU needs flow control and is not known to have been sent. */
  #segmented = false;
  #downReported = false;

  /**
   * @param checksPadding Whether the padding of what is received is checked.
   * @param isIdle Returns whether the kernel is sending no PDU now.
   * @param onChange Called when `pending` or `failed` may have changed.
   * @param onDown Called when the socket has reported that the link went down.
   */
  constructor(
    channel: string,
    checksPadding: boolean,
    isIdle: () => boolean,
    onChange: () => void,
    onDown: () => void = () => {},
  ) {
    this.#channel = channel;
    this.#checksPadding = checksPadding;
    this.#isIdle = isIdle;
    this.#onChange = onChange;
    this.#onDown = onDown;
  }

  /** Whether there is an error for the next receive. */
  get pending(): boolean {
    return this.#pending !== 0;
  }

  /** Whether there is an error of a PDU whose send did not wait. */
  get failed(): boolean {
    return this.#failed !== 0;
  }

  /** Whether a receive has reported that the interface is down, or will do so. */
  get downReported(): boolean {
    return this.#downReported;
  }

  /** A PDU was received: the interface is up. */
  received(): void {
    this.#downReported = false;
  }

  /** Whether a PDU is being sent and its send waits. */
  isSending(pdu: Uint8Array): boolean {
    return this.#sending === pdu;
  }

  /**
   * Whether a PDU whose send waits has been sent.
   *
   * @throws {CanOperationError} Sending it has failed.
   */
  isSent(pdu: Uint8Array): boolean {
    const outcome = this.#outcomes.get(pdu);
    if (!outcome) return outcome === 0;
    this.#outcomes.delete(pdu);
    throw isoTpError("send", outcome, this.#channel);
  }

  /** The kernel has taken a PDU. @param waits Whether its send waits. @param segmented Whether it needs flow control. */
  handedOver(pdu: Uint8Array, waits: boolean, segmented: boolean): void {
    this.#end(0); // the PDU before it was sent: the kernel would have reported a failure
    this.#downReported = false;
    this.#segmented = segmented;
    this.#sending = waits ? pdu : null;
  }

  /** The send of a PDU no longer waits: a failure is reported by the next call. */
  leave(pdu: Uint8Array): void {
    if (this.#sending === pdu) this.#sending = null;
    const outcome = this.#outcomes.get(pdu);
    this.#outcomes.delete(pdu);
    if (outcome) this.#fail(outcome);
  }

  /** The PDU was sent, and the socket has no error left. */
  settle(): void {
    this.#segmented = false;
    this.#end(0);
  }

  /**
   * Keeps an error of the socket for the call that it concerns.
   *
   * @param result `-errno`.
   * @param finder Which call returned it.
   */
  sort(result: number, finder: Direction): void {
    if (!isFailure("send", result)) this.keep(result);
    else if (result === -EBADMSG && !this.#isSenders(finder)) this.keep(result);
    else if (this.#sending === null) this.#fail(result);
    else this.#end(result);
  }

  /** Keeps an error for the next receive and wakes a pending one. */
  keep(result: number): void {
    if (isGone(result)) {
      this.#pending = -ENODEV;
      this.#end(-ENODEV);
    } else this.#pending ||= result;
    if (result === -ENETDOWN) {
      this.#downReported = true;
      this.#onDown();
    }
    this.#onChange();
  }

  /**
   * Reports to a receive that found nothing.
   *
   * @param writing Whether a send is pending: it has precedence for the error of a PDU.
   * @throws {CanOperationError} There is an error for the receive.
   */
  throwToReceiver(writing: boolean): void {
    const result = this.#pending;
    if (result !== 0) {
      this.#pending = 0;
      this.#onChange();
      throw isoTpError("receive", result, this.#channel);
    }
    if (this.failed && !writing) throw this.#takeFailure("");
  }

  /**
   * Reports to a send, before its own PDU is sent.
   *
   * @throws {CanOperationError} An earlier PDU has failed.
   */
  throwToSender(): void {
    if (this.failed) throw this.#takeFailure(", and this one was not sent");
  }

  /** Makes the error of a send whose own call failed. */
  sendError(result: number): CanOperationError {
    return isoTpError("send", isGone(result) ? -ENODEV : result, this.#channel);
  }

  /** Whether an EBADMSG is about flow control, not data: the kernel does not say which if the padding of both is checked. */
  #isSenders(finder: Direction): boolean {
    if (!this.#checksPadding) return true;
    if (!this.#segmented) return false;
    return this.#sending === null ? finder === "send" : this.#isIdle();
  }

  #end(outcome: number): void {
    if (this.#sending !== null) this.#outcomes.set(this.#sending, outcome);
    this.#sending = null;
  }

  #fail(result: number): void {
    this.#failed = result;
    this.#onChange();
  }

  /** @param consequence Added to the text. */
  #takeFailure(consequence: string): CanOperationError {
    const result = this.#failed;
    this.#fail(0);
    return isoTpError("send", result, this.#channel, `an earlier PDU is lost${consequence}`);
  }
}

/** Whether an error means that the interface was removed: the kernel has unbound the socket. */
function isGone(result: number): boolean {
  return result === -ENODEV || result === -ENXIO || result === -EADDRNOTAVAIL;
}
