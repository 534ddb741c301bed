/**
 * The lines of a SYM file.
 *
 * @module
 */

/** A line with something in it: `[Name]`, `{SECTION}` or `Key=field field …`. */
export interface Line {
  /** Where its first field is in the text. */
  readonly at: number;
  /** What is between spaces; quoted texts keep their quotes, and may have spaces. */
  readonly fields: readonly string[];
  /** What is behind `//`; null if there is no such thing. */
  readonly comment: string | null;
}

const lineEnd = /\r\n?|\n/g;

/** Yields the lines of a text, without those that are empty or only a comment. */
export function* linesOf(text: string): Iterable<Line> {
  let begin = 0;
  for (const { index, 0: feed } of text.matchAll(lineEnd)) {
    const line = lineOf(text, begin, index);
    if (line) yield line;
    begin = index + feed.length;
  }
  const last = lineOf(text, begin, text.length);
  if (last) yield last;
}

function lineOf(text: string, begin: number, end: number): Line | null {
  const fields: string[] = [];
  let at = begin;
  for (let next = begin; next < end;) {
    if (isSpace(text[next])) {
      next++;
      continue;
    }
    if (text.startsWith("//", next)) {
      const comment = text.slice(next + 2, end).trim();
      return fields.length === 0 ? null : { at, fields, comment: comment === "" ? null : comment };
    }
    if (fields.length === 0) at = next;
    const fieldEnd = endOutsideQuotes(text, next, end, isSpace);
    fields.push(text.slice(next, fieldEnd));
    next = fieldEnd;
  }
  return fields.length === 0 ? null : { at, fields, comment: null };
}

/** Returns the parts of a text between the commas that are not in quotes. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  for (let begin = 0; begin <= text.length;) {
    const end = endOutsideQuotes(text, begin, text.length, (character) => character === ",");
    parts.push(text.slice(begin, end));
    begin = end + 1;
  }
  return parts;
}

/** Returns where the first character is that ends something, but for those in quotes; `end` if there is none. */
function endOutsideQuotes(text: string, begin: number, end: number, isEnd: (character: string) => boolean): number {
  let isQuoted = false;
  for (let next = begin; next < end; next++) {
    if (text[next] === '"') isQuoted = !isQuoted;
    else if (isQuoted && text[next] === "\\") next++; // and what it escapes
    else if (!isQuoted && isEnd(text[next])) return next;
  }
  return end;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\t";
}
