/**
 * The pages for users, and the blocks of code in them.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { root } from "../system/script.ts";

/** A fenced block of TypeScript. */
export interface Block {
  /** The page's path from the project's folder. */
  readonly page: string;
  /** Number of the first line of code. */
  readonly line: number;
  /** The words after `ts`, such as `"ignore"`. */
  readonly marks: readonly string[];
  /** The code, in which the library's name is replaced by the path of its source. */
  readonly code: string;
}

/** The README and the guides, by their paths from the project's folder. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(`${root}docs`).filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`),
];

/** The text of a page. */
export function pageText(page: string): string {
  return readFileSync(root + page, "utf8");
}

/**
 * The blocks of TypeScript on a page. Their marks are
 *
 * - none: it runs to its end;
 * - `ignore endless`: it runs until Ctrl-C;
 * - `ignore can0`: it needs a device;
 * - `ignore`: it is not meant to run.
 */
export function blocksOf(page: string): Block[] {
  const text = pageText(page);
  return [...text.matchAll(/^```ts(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: marks, 2: code, index }) => ({
    page,
    line: text.slice(0, index).split("\n").length + 1,
    marks: marks.split(" ").filter(Boolean),
    code: code
      .replaceAll(`"@socketcan/bus"`, JSON.stringify(`${root}mod.ts`))
      .replaceAll(`"@socketcan/bus/log"`, JSON.stringify(`${root}src/log/mod.ts`))
      .replaceAll(`"@socketcan/bus/dbc"`, JSON.stringify(`${root}src/dbc/mod.ts`))
      .replaceAll(`"@socketcan/bus/web"`, JSON.stringify(`${root}src/web/mod.ts`))
      .replaceAll(`"@socketcan/bus/net"`, JSON.stringify(`${root}src/net/mod.ts`)),
  }));
}

/** A page without its fenced blocks and its code between backticks. */
export function proseOf(page: string): string {
  return pageText(page).replace(/^```[\s\S]*?^```$/gm, "").replace(/(`+).+?\1/g, "``");
}
