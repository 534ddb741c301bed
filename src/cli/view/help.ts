/**
 * The help on the screen.
 *
 * @module
 */

import { bindings } from "./bindings.ts";
import { Line, styles } from "./line.ts";

/** The width of a column, and of the keys in it. */
const WIDTH = 40;
const KEYS = 10;

/** Draws the help, in as many columns as fit; the keys are those of the table. */
export function helpLines({ columns, rows }: { readonly columns: number; readonly rows: number }): Line[] {
  const lines = bindings.map(({ keys, text }) => {
    return new Line().right(Object.keys(keys).join(" "), KEYS, styles.title).add(`  ${text}`);
  });
  const room = rows - 2;
  const across = Math.max(1, Math.min(Math.floor(columns / WIDTH), Math.ceil(lines.length / 8)));
  const down = Math.max(Math.ceil(lines.length / across), 1);
  const shown = Array.from({ length: Math.min(down, room) }, (_, i) => {
    const line = new Line();
    for (let column = 0; column < across; column++) {
      const part = lines[i + column * down];
      if (part !== undefined) line.to(column * WIDTH).append(part);
    }
    return line;
  });
  return [
    new Line().add("can view: keys", styles.title).add("   any key leaves this help"),
    new Line(),
    ...shown,
  ];
}
