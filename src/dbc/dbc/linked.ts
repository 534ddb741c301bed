/**
 * Messages and signals, while statements are put together that name them.
 *
 * @module
 */

import type { Draft } from "../draft.ts";
import type { DatabaseMessage, SignalGroup } from "../model.ts";
import type { SignalStatement } from "./statements.ts";

/** A message, and its signals by their names in the file, which may be shorter than theirs. */
export interface LinkedMessage {
  readonly sender: string | null;
  readonly draft: Draft<DatabaseMessage>;
  readonly signals: ReadonlyMap<string, SignalStatement>;
  /** The groups of the draft, to be filled. */
  readonly groups: SignalGroup[];
  /** Whether it is no message of the database; what names it is none of the database either. */
  readonly isLeftOut: boolean;
}
