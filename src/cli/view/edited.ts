/**
 * The editing of an answer.
 *
 * @module
 */

/** Returns a text after a key: a character, or one that removes something. */
export function edited(text: string, key: string): string {
  switch (key) {
    case "Backspace":
      return Array.from(text).slice(0, -1).join("");
    case "^U":
      return "";
    case "^W":
      return text.replace(/\S*\s*$/, "");
    case "Space":
      return `${text} `;
    default:
      return Array.from(key).length === 1 ? text + key : text;
  }
}
