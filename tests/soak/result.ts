/**
 * What a soak tells at its end.
 *
 * @module
 */

import type { Verdict } from "./samples.ts";

/** What a soak counted. */
export interface SoakResult {
  /** Frames handed to the sender. */
  readonly frames: number;
  /** Those that came, each once, in order and as it was sent. */
  readonly received: number;
  readonly seconds: number;
  /** Those that did not come, by who told of it. */
  readonly lost: { readonly counted: number; readonly announced: number; readonly unseen: number };
  /** Those that came otherwise. */
  readonly misplaced: number;
  /** What the interface says that it dropped. */
  readonly droppedByLinks: number;
  readonly memory: Verdict;
  /** How often each thing happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** What is not as it must be; empty when the soak has passed. */
  readonly wrong: readonly string[];
}
