/**
 * DBC, Vector's format, which every tool reads.
 *
 * @module
 */

import type { DatabaseFormat } from "../format.ts";
import { statementsOf } from "./grammar.ts";
import { link } from "./link.ts";

/** See `DatabaseFormat`. */
export const dbc: DatabaseFormat = {
  name: "dbc",
  // It has no mark: all that looks like no other format.
  detect: () => true,
  read: (text, diagnostics) => link(statementsOf(text, diagnostics), diagnostics),
};
