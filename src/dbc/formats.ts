/**
 * The file formats that there are.
 *
 * @module
 */

import { dbc } from "./dbc/mod.ts";
import type { DatabaseFormat, DatabaseFormatName } from "./format.ts";
import { kcd } from "./kcd/mod.ts";
import { sym } from "./sym/mod.ts";

/** In the order in which they are tried. */
const formats: readonly DatabaseFormat[] = [kcd, sym, dbc];

/** The names of all formats. */
export const formatNames: readonly DatabaseFormatName[] = formats.map(({ name }) => name);

/** Returns a format by name, or the one that a text looks like. */
export function formatOf(text: string, name?: DatabaseFormatName): DatabaseFormat {
  return formats.find((format) => name === undefined ? format.detect(text) : format.name === name)!;
}
