/**
 * Keys, from the bytes that a terminal sends for them.
 *
 * @module
 */

/** The names of keys that send several bytes, as xterm, the Linux console and rxvt write them. */
const sequences: Readonly<Record<string, string>> = {
  "[A": "Up",
  "[B": "Down",
  "[C": "Right",
  "[D": "Left",
  "[H": "Home",
  "[F": "End",
  "[1~": "Home",
  "[4~": "End",
  "[7~": "Home",
  "[8~": "End",
  "[5~": "PgUp",
  "[6~": "PgDn",
  "[3~": "Delete",
  "[[A": "F1",
  "[11~": "F1",
  OP: "F1",
  OA: "Up",
  OB: "Down",
  OC: "Right",
  OD: "Left",
  OH: "Home",
  OF: "End",
};

/** The names of single characters. */
const controls: Readonly<Record<string, string>> = {
  "\r": "Enter",
  "\n": "Enter",
  "\t": "Tab",
  "\x7f": "Backspace",
  "\b": "Backspace",
  " ": "Space",
};

/** What follows Escape in a sequence, as far as it has come, and all of it. */
const BEGUN = /^(?:\[\[?[0-9;?<=>]*(?:[@-Z\\^-~])?|O[A-Za-z]?)?/;
const WHOLE = /^(?:\[\[?[0-9;?<=>]*[@-Z\\^-~]|O[A-Za-z])$/;
const ESCAPE = "\x1b";

/**
 * Makes keys of bytes. A key is a character, or a name: `Up`, `Enter`, `^C`. Sequences of unknown keys give nothing.
 */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Whether a sequence has begun that may go on, or be the key Escape. */
  get isWaiting(): boolean {
    return this.#text !== "";
  }

  /** Returns the keys of the next bytes. */
  push(bytes: Uint8Array): string[] {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const keys: string[] = [];
    while (this.#text !== "") {
      if (this.#text[0] !== ESCAPE) {
        const character = String.fromCodePoint(this.#text.codePointAt(0)!);
        this.#text = this.#text.slice(character.length);
        keys.push(nameOf(character));
        continue;
      }
      const [sequence] = BEGUN.exec(this.#text.slice(1))!;
      if (!WHOLE.test(sequence)) {
        if (sequence.length === this.#text.length - 1) break; // it may go on
        keys.push("Esc");
        this.#text = this.#text.slice(1);
        continue;
      }
      this.#text = this.#text.slice(1 + sequence.length);
      const name = sequences[sequence];
      if (name !== undefined) keys.push(name);
    }
    return keys;
  }

  /** Returns the keys of a sequence that has not gone on: nothing follows, so it was Escape. */
  flush(): string[] {
    const rest = this.#text.slice(1);
    if (this.#text === "") return [];
    this.#text = "";
    return ["Esc", ...Array.from(rest, nameOf)];
  }
}

function nameOf(character: string): string {
  if (Object.hasOwn(controls, character)) return controls[character];
  if (character < " ") return `^${String.fromCharCode(character.charCodeAt(0) + 0x40)}`;
  return character;
}
