/**
 * Text for a terminal: without control characters, and as wide as it is shown.
 *
 * @module
 */

const PLAIN = /^[\x20-\x7e]*$/;
/** Control characters, those that change the direction of text or are not shown, and line ends. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const COMBINING = /^\p{M}$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}$/u;

/** Returns a text that a terminal only shows: what could do more is replaced. */
export function safe(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, "\ufffd");
}

/** Returns the number of columns that a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** Returns as much of a text as has room in so many columns, with "…" at the end if something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let result = "";
  let used = 0;
  for (const character of text) {
    used += widthOfCharacter(character);
    if (used >= width) break;
    result += character;
  }
  return width > 0 ? `${result}…` : "";
}

function widthOfCharacter(character: string): number {
  if (character <= "~") return 1;
  return COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}
