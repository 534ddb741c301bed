/**
 * The result of a soak.
 *
 * @module
 */

import type { Verdict } from "./samples.ts";

/** The counts of a soak. */
export interface SoakResult {
  /** Frames handed to the sender. */
  readonly frames: number;
  /** Frames that arrived, each once, in order and as it was sent. */
  readonly received: number;
  readonly seconds: number;
  /** Frames that did not arrive, by how their loss was reported: counted in `droppedFrames`, by an error, or not. */
  readonly lost: { readonly counted: number; readonly announced: number; readonly unseen: number };
  /** Frames that arrived in any other way. */
  readonly misplaced: number;
  /** Frames that the interface counts as dropped. */
  readonly droppedByLinks: number;
  readonly memory: Verdict;
  /** How often each thing happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** The failures; empty if the soak has passed. */
  readonly wrong: readonly string[];
}
