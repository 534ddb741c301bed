/**
 * What a file format of databases is.
 *
 * @module
 */

import type { Diagnostics } from "./diagnostics.ts";
import type { DatabaseContent, Signal } from "./model.ts";

/**
 * The name of a file format.
 *
 * @category Databases
 */
export type DatabaseFormatName = "dbc" | "kcd" | "sym";

/** What was read from a file. */
export interface ReadDatabase {
  readonly content: DatabaseContent;
  /** Returns where in the text a signal of the content is. */
  readonly placeOf: (signal: Signal) => number;
}

/** A file format. */
export interface DatabaseFormat {
  readonly name: DatabaseFormatName;
  /** Whether a text looks like it. */
  detect(text: string): boolean;
  /** Reads a text; what cannot be read of it is skipped, with a diagnostic. */
  read(text: string, diagnostics: Diagnostics): ReadDatabase;
}
