/**
 * A line of the screen, made of pieces of text with styles.
 *
 * @module
 */

import { cut, safe, widthOf } from "./text.ts";

/** How text looks: attributes, which are always there, and a colour, which may be switched off. Numbers of SGR (ECMA-48). */
export interface Style {
  readonly attributes?: string;
  readonly color?: string;
}

/** The styles of the screen. What a colour says is also said by an attribute, or by words. */
export const styles = {
  plain: {},
  title: { attributes: "1" },
  heading: { attributes: "7" },
  faint: { attributes: "2" },
  good: { color: "32" },
  bad: { attributes: "1", color: "31" },
  name: { color: "36" },
  history: { color: "34" },
  /** Bytes and signals that changed: now, a moment ago, a while ago. */
  fresh: { attributes: "1;4", color: "91" },
  recent: { attributes: "4", color: "91" },
  fading: { attributes: "4", color: "33" },
} as const satisfies Record<string, Style>;

/** A line. */
export class Line {
  readonly #pieces: { readonly text: string; readonly style: Style; readonly width: number }[] = [];
  #width = 0;
  /** Whether the line is the selected one, and shown reversed. */
  selected = false;

  /** The columns that its text takes. */
  get width(): number {
    return this.#width;
  }

  /** Appends text. What a terminal would not only show is replaced. */
  add(text: string, style: Style = styles.plain): this {
    const shown = safe(text);
    const width = widthOf(shown);
    if (width > 0) this.#pieces.push({ text: shown, style, width });
    this.#width += width;
    return this;
  }

  /** Appends text in so many columns, cut or filled with spaces on the right. */
  left(text: string, width: number, style?: Style): this {
    const shown = cut(safe(text), width);
    return this.add(shown, style).add(" ".repeat(width - widthOf(shown)));
  }

  /** Appends text in so many columns, cut or filled with spaces on the left. */
  right(text: string, width: number, style?: Style): this {
    const shown = cut(safe(text), width);
    return this.add(" ".repeat(width - widthOf(shown))).add(shown, style);
  }

  /** Appends the pieces of another line. */
  append(other: Line): this {
    this.#pieces.push(...other.#pieces);
    this.#width += other.#width;
    return this;
  }

  /** Fills the line with spaces up to a column. */
  to(column: number, style?: Style): this {
    return this.add(" ".repeat(Math.max(column - this.#width, 0)), style);
  }

  /** The text without styles, cut to a width. */
  text(width = Infinity): string {
    return cut(this.#pieces.map(({ text }) => text).join(""), width);
  }

  /** The text with escape sequences, cut to a width. */
  render(width: number, colors: boolean): string {
    let result = "";
    let rest = width;
    const fits = this.#width <= width;
    for (const piece of this.#pieces) {
      if (rest <= 0) break;
      // If there is more than fits, the last column shows it.
      const shown = fits || piece.width < rest ? piece.text : cut(`${piece.text}  `, rest);
      result += styled(shown, piece.style, this.selected, colors);
      rest -= widthOf(shown);
    }
    if (this.selected && rest > 0) result += styled(" ".repeat(rest), styles.plain, true, colors);
    return result;
  }
}

function styled(text: string, { attributes, color }: Style, selected: boolean, colors: boolean): string {
  const codes = [attributes, colors ? color : undefined, selected ? "7" : undefined].filter((code) => code);
  return codes.length === 0 ? text : `\x1b[${codes.join(";")}m${text}\x1b[0m`;
}
