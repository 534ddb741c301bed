/**
 * The names of rows that the page uses, which stay the same from one run to another: `can0/123`.
 *
 * @module
 */

import type { Row } from "../live/row.ts";

/** The name of a row. */
export function keyOf({ channel, id }: Row): string {
  return `${encodeURIComponent(channel)}/${id}`;
}

/** The key of a row in its table, by its name: `can0 123`; null if it is no name. */
export function rowKeyOf(name: string): string | null {
  const [bus, id, more] = name.split("/");
  if (id === undefined || more !== undefined) return null;
  try {
    return `${decodeURIComponent(bus)} ${id}`;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
