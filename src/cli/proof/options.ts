/**
 * What the proofs of a link have in common.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";

/** How a link is proved. */
export interface ProofOptions {
  readonly id: number;
  readonly isExtendedId: boolean;
  /** The number of frames; Infinity for no end. */
  readonly loop: number;
  /** The number of faults after which it ends; Infinity for none. */
  readonly quit: number;
  /** Milliseconds between frames. */
  readonly gap: number;
  /** The number of frames that may be unanswered at a time. */
  readonly inFlight: number;
  /** Seconds after which a frame is lost, or none comes any more; Infinity for never. */
  readonly timeout: number;
  /** Shows a frame, if that is wanted. */
  readonly show: (message: Message) => void;
}
