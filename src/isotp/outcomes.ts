/**
 * What becomes of PDUs, and who is told of it.
 *
 * @module
 */

import type { CanOperationError } from "../errors.ts";
import { EADDRNOTAVAIL, EBADMSG, ENETDOWN, ENODEV, ENXIO } from "../kernel/errno.ts";
import { type Direction, isFailure, isoTpError } from "./errors.ts";

/**
 * The kernel has one place for the errors of a socket's both directions, and gives what is there to the next call,
 * whatever that is. Here they are sorted.
 */
export class Outcomes {
  readonly #channel: string;
  readonly #checksPadding: boolean;
  readonly #isIdle: () => boolean;
  readonly #onChange: () => void;
  /** `-errno` for the next receive. */
  #pending = 0;
  /** `-errno` of a PDU whose sender has not waited, for the next call. */
  #failed = 0;
  /** The PDU that is being sent, if its sender waits. */
  #sent: Uint8Array | null = null;
  /** What became of PDUs whose senders wait: 0 or `-errno`. */
  readonly #outcomes = new WeakMap<Uint8Array, number>();
  /** Whether the PDU that was handed over last needs flow control, and has not been seen to be through. */
  #segmented = false;
  #downTold = false;

  /**
   * @param checksPadding Whether the padding of what is received is checked.
   * @param isIdle Whether the kernel is sending nothing now.
   * @param onChange Is called when `pending` or `failed` may have changed.
   */
  constructor(channel: string, checksPadding: boolean, isIdle: () => boolean, onChange: () => void) {
    this.#channel = channel;
    this.#checksPadding = checksPadding;
    this.#isIdle = isIdle;
    this.#onChange = onChange;
  }

  /** Whether there is an error for the next receive. */
  get pending(): boolean {
    return this.#pending !== 0;
  }

  /** Whether there is an error of a PDU whose sender has not waited. */
  get failed(): boolean {
    return this.#failed !== 0;
  }

  /** Whether who receives has been told that the interface is down, or will be. */
  get downTold(): boolean {
    return this.#downTold;
  }

  /** Something was received: the interface is up. */
  received(): void {
    this.#downTold = false;
  }

  /** Whether that PDU is being sent, and its sender waits. */
  isSending(pdu: Uint8Array): boolean {
    return this.#sent === pdu;
  }

  /**
   * Whether a PDU whose sender waits has been sent.
   *
   * @throws {CanOperationError} It has failed.
   */
  isSent(pdu: Uint8Array): boolean {
    const outcome = this.#outcomes.get(pdu);
    if (!outcome) return outcome === 0;
    this.#outcomes.delete(pdu);
    throw isoTpError("send", outcome, this.#channel);
  }

  /** The kernel has taken a PDU. */
  handedOver(pdu: Uint8Array, waits: boolean, segmented: boolean): void {
    this.#end(0); // of the one before: the kernel would have told its failure
    this.#downTold = false;
    this.#segmented = segmented;
    this.#sent = waits ? pdu : null;
  }

  /** That PDU's sender waits no more: if it fails, that is told like that of one who has not waited. */
  leave(pdu: Uint8Array): void {
    if (this.#sent === pdu) this.#sent = null;
    const outcome = this.#outcomes.get(pdu);
    this.#outcomes.delete(pdu);
    if (outcome) this.#fail(outcome);
  }

  /** What was being sent is through, and the socket has no error any more. */
  settle(): void {
    this.#segmented = false;
    this.#end(0);
  }

  /**
   * Keeps an error of the socket for whom it concerns.
   *
   * @param result `-errno`.
   * @param finder Whose call it came to.
   */
  sort(result: number, finder: Direction): void {
    if (!isFailure("send", result)) this.keep(result);
    else if (result === -EBADMSG && !this.#isSenders(finder)) this.keep(result);
    else if (this.#sent === null) this.#fail(result);
    else this.#end(result);
  }

  /** Keeps an error for the next receive, and sees to it that who waits receives. */
  keep(result: number): void {
    if (isGone(result)) {
      this.#pending = -ENODEV;
      this.#end(-ENODEV);
    } else this.#pending ||= result;
    this.#downTold ||= result === -ENETDOWN;
    this.#onChange();
  }

  /**
   * Tells a receive that has found nothing.
   *
   * @param writing Whether somebody waits to send, who is told first.
   * @throws {CanOperationError} There is an error for it.
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
   * Tells a send that has something of its own to send.
   *
   * @throws {CanOperationError} A PDU before has failed.
   */
  throwToSender(): void {
    if (this.failed) throw this.#takeFailure(", and this one was not sent");
  }

  /** The error of a send that failed itself. */
  sendError(result: number): CanOperationError {
    return isoTpError("send", isGone(result) ? -ENODEV : result, this.#channel);
  }

  /** Whether a bad message was flow control, and no data: where both are checked, the kernel does not tell. */
  #isSenders(finder: Direction): boolean {
    if (!this.#checksPadding) return true;
    if (!this.#segmented) return false;
    return this.#sent === null ? finder === "send" : this.#isIdle();
  }

  #end(outcome: number): void {
    if (this.#sent !== null) this.#outcomes.set(this.#sent, outcome);
    this.#sent = null;
  }

  #fail(result: number): void {
    this.#failed = result;
    this.#onChange();
  }

  /** @param besides What else is to be told. */
  #takeFailure(besides: string): CanOperationError {
    const result = this.#failed;
    this.#fail(0);
    return isoTpError("send", result, this.#channel, `a PDU that was handed over before is lost${besides}`);
  }
}

/** Whether the interface is gone: the kernel has unbound the socket. */
function isGone(result: number): boolean {
  return result === -ENODEV || result === -ENXIO || result === -EADDRNOTAVAIL;
}
