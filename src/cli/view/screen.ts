/**
 * The screen: lines made of the table, the buses and the state of the view.
 *
 * @module
 */

import type { LiveTable } from "../../live/table.ts";
import { columnsOf, itemLine, titleLine } from "./body.ts";
import { busLines, type BusState, summaryLine } from "./head.ts";
import { helpLines } from "./help.ts";
import type { Item } from "./items.ts";
import { Line, styles } from "./line.ts";
import type { View } from "./view.ts";

/** The size of a screen in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is drawn. */
export interface Picture {
  readonly table: LiveTable;
  readonly buses: readonly BusState[];
  readonly log: { readonly path: string; readonly count: number } | null;
  readonly isPaused: boolean;
  /** The time in seconds, of the table's clock. */
  readonly now: number;
}

/** The smallest screen. */
const LEAST: Size = { columns: 30, rows: 6 };

/** Draws the screen: as many lines as it has. The view scrolls as far as the selected line needs. */
export function drawScreen(picture: Picture, view: View, size: Size): Line[] {
  if (size.columns < LEAST.columns || size.rows < LEAST.rows) {
    const text = `the screen is too small: ${LEAST.columns} by ${LEAST.rows} at least`;
    return fill([new Line().add(text)], size.rows);
  }
  if (view.showHelp) return fill(helpLines(size), size.rows);
  const { table, now } = picture;
  const rows = view.rowsOf(table);
  const items = view.linesOf(rows);
  const head = [
    summaryLine({
      ...picture,
      shown: rows.length,
      rows: table.rows.length,
      muted: table.rows.filter((row) => row.known.muted).length,
      frames: table.frames,
      dropped: table.dropped,
      overflow: table.overflow,
      filter: view.filter?.expression ?? null,
      onlyNews: view.onlyNews,
    }),
    ...busLines(picture.buses, Math.floor(size.rows / 4)),
  ];
  const columns = columnsOf(table.rows, size.columns);
  const title = titleLine(columns, view.sort, view.reversed);
  title.to(size.columns);
  const height = size.rows - head.length - 2;
  scroll(view, items, height);
  const body = items.slice(view.top, view.top + height).map((item) => {
    const line = itemLine(item, columns, view.isUnfolded(item.row), now);
    line.selected = item.key === view.selected;
    return line;
  });
  if (items.length === 0) body.push(emptyLine(picture, view));
  const heading = new Line().add(title.text(size.columns), styles.heading);
  return [...fill([...head, heading, ...body], size.rows - 1), lastLine(view, items, height)];
}

/** Moves the screen so that the selected line is on it, and that it does not end before the last line. */
function scroll(view: View, items: readonly Item[], height: number): void {
  const at = view.selected === null ? -1 : items.findIndex(({ key }) => key === view.selected);
  if (at >= 0) view.top = Math.min(Math.max(view.top, at - height + 1), at);
  view.top = Math.max(Math.min(view.top, items.length - height), 0);
}

function emptyLine({ table, buses }: Picture, view: View): Line {
  if (table.rows.length > 0) return new Line().add("no row passes: see filter, muted rows and only news above");
  const down = buses.filter(({ status }) => status !== null && !status.isUp).map(({ name }) => name);
  return new Line().add(
    view.filter === null && down.length > 0
      ? `nothing received: ${down.join(", ")} is down`
      : 'nothing received yet; "can doctor" says why nothing arrives',
    styles.faint,
  );
}

/** Draws the last line: the question, what was said, or the keys. */
function lastLine(view: View, items: readonly Item[], height: number): Line {
  const { prompt, notice, top } = view;
  if (prompt !== null) {
    const line = new Line().add(`${prompt.label}: `, styles.title).add(prompt.text).add(" ", styles.heading);
    return notice === null ? line : line.add(`  ${notice.text}`, styles.bad);
  }
  if (notice !== null) return new Line().add(notice.text, notice.isError ? styles.bad : styles.title);
  const place = items.length > height ? `${top + 1}-${top + height} of ${items.length}  ` : "";
  const line = new Line().add(place);
  for (const [key, text] of keys) line.add(key, styles.title).add(` ${text}  `);
  return line;
}

const keys = [
  ["?", "help"],
  ["q", "quit"],
  ["/", "search"],
  ["f", "filter"],
  ["s", "sort"],
  ["Enter", "unfold"],
  ["a", "accept changes"],
  ["x", "mute"],
  ["Space", "pause"],
] as const;

function fill(lines: readonly Line[], count: number): Line[] {
  return Array.from({ length: count }, (_, i) => lines[i] ?? new Line());
}
