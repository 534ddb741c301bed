/**
 * Messages and signals, while statements are put together that name them.
 *
 * @module
 */

import type { Draft } from "../draft.ts";
import type { DatabaseMessage, Signal } from "../model.ts";

/** A signal, and what its statement says of its multiplexer. */
export interface LinkedSignal {
  readonly at: number;
  readonly selector: bigint | null;
  readonly draft: Draft<Signal>;
}

/** A message, and its signals by their names in the file, which may be shorter than theirs. */
export interface LinkedMessage {
  readonly sender: string | null;
  readonly draft: Draft<DatabaseMessage>;
  readonly signals: ReadonlyMap<string, LinkedSignal>;
  /** Whether it is no message of the database; what names it is none of the database either. */
  readonly isLeftOut: boolean;
}
