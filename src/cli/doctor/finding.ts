/**
 * What an examination finds.
 *
 * @module
 */

/** A finding. */
export interface Finding {
  /** `problem`: it does not work; `warning`: it may not. */
  readonly level: "ok" | "warning" | "problem";
  /** What was examined: an interface, the kernel. */
  readonly subject: string;
  readonly text: string;
  /** What follows from it. */
  readonly meaning?: string;
  /** The command that mends it. */
  readonly fix?: string;
}

/** Receives findings. */
export type Report = (finding: Finding) => void;
