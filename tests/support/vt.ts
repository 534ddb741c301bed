/**
 * A terminal's screen, as far as `can` and the runtimes use it: what xterm would show.
 *
 * @module
 */

/** A character on the screen, with the numbers of SGR that it has, sorted. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

const EMPTY: Cell = { text: " ", style: "" };
/** What follows the character Escape. */
const SEQUENCE = /^\[([?]?)([\d;]*)([A-Za-z])/;

/** A screen that interprets what is written to it. It throws at what it does not know. */
export class VtScreen {
  columns: number;
  rows: number;
  /** Whether the alternate screen is shown. */
  isAlternate = false;
  cursorShown = true;
  wraps = true;
  /** The number of characters that were written beyond the right edge. */
  clipped = 0;
  #cells: Cell[][] = [];
  #main: { readonly cells: Cell[][]; readonly x: number; readonly y: number } | null = null;
  #x = 0;
  #y = 0;
  #style: readonly string[] = [];
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(columns: number, rows: number) {
    [this.columns, this.rows] = [columns, rows];
    this.#cells = this.#blank();
  }

  /** The lines, without spaces at their ends. */
  get lines(): string[] {
    return this.#cells.map((cells) => cells.map(({ text }) => text).join("").trimEnd());
  }

  /** The whole screen as text. */
  get text(): string {
    return this.lines.join("\n");
  }

  /** Returns the styles of the first text on the screen that is like `text`: the numbers of SGR; undefined if there is none. */
  styleOf(text: string): string | undefined {
    for (const cells of this.#cells) {
      // A wide character has an empty cell after it.
      const at = cells.map((cell) => cell.text || "\0").join("").indexOf(text);
      if (at >= 0) return cells[at].style;
    }
    return undefined;
  }

  /** Changes the size; what was on the screen stays as far as it fits. */
  resize(columns: number, rows: number): void {
    [this.columns, this.rows] = [columns, rows];
    [this.#x, this.#y] = [Math.min(this.#x, columns - 1), Math.min(this.#y, rows - 1)];
    const old = this.#cells;
    this.#cells = this.#blank().map((line, y) => line.map((cell, x) => old[y]?.[x] ?? cell));
  }

  /** Interprets bytes. */
  write(bytes: Uint8Array): void {
    let text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    while (text !== "") {
      if (text[0] !== "\x1b") {
        const character = String.fromCodePoint(text.codePointAt(0)!);
        this.#put(character);
        text = text.slice(character.length);
        continue;
      }
      const match = SEQUENCE.exec(text.slice(1));
      if (match === null) {
        if (text.length < 16) break; // it may go on
        throw new Error(`unknown sequence ${JSON.stringify(text.slice(0, 16))}`);
      }
      this.#control(match[1], match[2], match[3]);
      text = text.slice(1 + match[0].length);
    }
    this.#rest = text;
  }

  #put(character: string): void {
    if (character === "\r") this.#x = 0;
    else if (character === "\n") this.#lineFeed();
    else if (character < " " || (character >= "\x7f" && character < "\xa0")) {
      throw new Error(`control character ${JSON.stringify(character)}`);
    } else if (/\p{M}/u.test(character)) { // part of the character before
      const line = this.#cells[this.#y];
      const at = Math.max(this.#x - 1, 0);
      line[at] = { ...line[at], text: line[at].text + character };
    } else {
      const width =
        /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\u{1f300}-\u{1faff}]/u.test(character)
          ? 2
          : 1;
      if (this.#x + width > this.columns) {
        if (this.wraps) {
          this.#x = 0;
          this.#lineFeed();
        } else {
          this.clipped++;
          this.#x = this.columns - width;
        }
      }
      const style = [...this.#style].sort((one, other) => Number(one) - Number(other)).join(";");
      this.#cells[this.#y][this.#x] = { text: character, style };
      if (width === 2) this.#cells[this.#y][this.#x + 1] = { text: "", style };
      this.#x += width;
    }
  }

  #lineFeed(): void {
    if (this.#y < this.rows - 1) this.#y++;
    else this.#cells = [...this.#cells.slice(1), this.#line()];
  }

  #control(mark: string, parameters: string, final: string): void {
    const numbers = parameters === "" ? [] : parameters.split(";").map(Number);
    if (mark === "?" && (final === "h" || final === "l")) {
      for (const mode of numbers) this.#mode(mode, final === "h");
    } else if (mark === "" && final === "H") {
      [this.#y, this.#x] = [(numbers[0] ?? 1) - 1, (numbers[1] ?? 1) - 1];
      if (this.#y >= this.rows) this.#y = this.rows - 1; // as terminals do
    } else if (mark === "" && final === "G") this.#x = Math.max((numbers[0] ?? 1) - 1, 0);
    else if (mark === "" && final === "K") this.#eraseLine(numbers[0] === 2 ? 0 : this.#x);
    else if (mark === "" && final === "J") {
      if (numbers[0] !== 2) this.#eraseLine(this.#x);
      for (let y = numbers[0] === 2 ? 0 : this.#y + 1; y < this.rows; y++) this.#cells[y] = this.#line();
    } else if (mark === "" && final === "m") {
      this.#style = numbers.length === 0 || numbers[0] === 0 ? [] : [...this.#style, ...parameters.split(";")];
    } else throw new Error(`unknown sequence ESC [ ${mark}${parameters}${final}`);
  }

  #eraseLine(x: number): void {
    const from = Math.min(x, this.columns - 1); // behind the right edge, the last character
    this.#cells[this.#y].splice(from, Infinity, ...this.#line().slice(from));
  }

  #mode(mode: number, on: boolean): void {
    if (mode === 25) this.cursorShown = on;
    else if (mode === 7) this.wraps = on;
    else if (mode === 1049) {
      if (on === this.isAlternate) return;
      this.isAlternate = on;
      if (on) {
        this.#main = { cells: this.#cells, x: this.#x, y: this.#y };
        this.#cells = this.#blank();
      } else if (this.#main !== null) {
        ({ cells: this.#cells, x: this.#x, y: this.#y } = this.#main);
        this.resize(this.columns, this.rows);
      }
    } else throw new Error(`unknown mode ${mode}`);
  }

  #line(): Cell[] {
    return Array.from({ length: this.columns }, () => EMPTY);
  }

  #blank(): Cell[][] {
    return Array.from({ length: this.rows }, () => this.#line());
  }
}
