/**
 * The table of keys: what each does, for the screen and for the help.
 *
 * @module
 */

/** What a key can do. */
export type Action =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "first"
  | "last"
  | "toggle"
  | "unfold"
  | "fold"
  | "unfoldAll"
  | "sort"
  | "reverse"
  | "search"
  | "next"
  | "previous"
  | "filter"
  | "accept"
  | "acceptRow"
  | "forget"
  | "onlyNews"
  | "mute"
  | "showMuted"
  | "save"
  | "load"
  | "pause"
  | "reset"
  | "clear"
  | "log"
  | "mark"
  | "redraw"
  | "help"
  | "leave"
  | "quit";

/** A row of the help: keys, each with what it does, and both in words. */
interface Binding {
  readonly keys: Readonly<Record<string, Action>>;
  /** At most 28 characters. */
  readonly text: string;
}

/** The keys, in the order of the help. */
export const bindings: readonly Binding[] = [
  { keys: { Up: "up", Down: "down" }, text: "a line up, down (also k, j)" },
  { keys: { PgUp: "pageUp", PgDn: "pageDown" }, text: "a page up, down" },
  { keys: { Home: "first", End: "last" }, text: "the first line, the last" },
  { keys: { Enter: "toggle" }, text: "unfold or fold the row" },
  { keys: { Left: "fold", Right: "unfold" }, text: "fold the row, unfold it" },
  { keys: { e: "unfoldAll" }, text: "unfold or fold all rows" },
  { keys: { s: "sort", S: "reverse" }, text: "sort by the next; reverse" },
  { keys: { "/": "search" }, text: "search identifiers and names" },
  { keys: { n: "next", N: "previous" }, text: "the next match, the previous" },
  { keys: { f: "filter" }, text: "filter, as can dump --where" },
  { keys: { Space: "pause", p: "pause" }, text: "pause; frames still count" },
  { keys: { Esc: "leave" }, text: "nothing selected" },
  { keys: { a: "accept", A: "acceptRow" }, text: "changes are known; the row's" },
  { keys: { u: "forget" }, text: "all changes are news again" },
  { keys: { v: "onlyNews" }, text: "only rows with news" },
  { keys: { x: "mute", X: "showMuted" }, text: "mute the row; show muted" },
  { keys: { w: "save", o: "load" }, text: "write or open what is known" },
  { keys: { r: "reset" }, text: "count from 0 again" },
  { keys: { c: "clear" }, text: "clear the table" },
  { keys: { l: "log" }, text: "begin a log, or end it" },
  { keys: { m: "mark" }, text: "put a marker into the log" },
  { keys: { "^L": "redraw" }, text: "draw the screen again" },
  { keys: { "?": "help", h: "help" }, text: "this help" },
  { keys: { q: "quit", "^C": "quit" }, text: "quit" },
];

/** Keys that the help leaves out. */
const others: Readonly<Record<string, Action>> = {
  k: "up",
  j: "down",
  g: "first",
  G: "last",
  F1: "help",
};

const actions: ReadonlyMap<string, Action> = new Map(
  [...bindings.map(({ keys }) => keys), others].flatMap((keys) => Object.entries(keys)),
);

/** Returns what a key does; undefined for nothing. */
export function actionOf(key: string): Action | undefined {
  return actions.get(key);
}
