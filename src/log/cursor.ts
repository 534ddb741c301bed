/**
 * Reading the fields of a line of text one after the other.
 *
 * @module
 */

/** The values of hexadecimal digits by character code; 255 for all other characters. */
export const HEX_VALUE = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

const [LF, SPACE, ZERO] = [10, 32, 48];

/**
 * A position in bytes of text, in which every line ends with LF. That is part of no word, and blanks end before it: so
 * nothing here reads beyond a line, and no offset has to be compared with an end. Blanks are the space and all control
 * characters but LF.
 */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** The offset of the next byte. */
  at = 0;

  /** The next byte. */
  get byte(): number {
    return this.bytes[this.at];
  }

  /** Whether nothing follows in the line. Blanks must have been skipped before. */
  get isEnd(): boolean {
    return this.bytes[this.at] === LF;
  }

  /** Skips blanks. */
  blanks(): void {
    const { bytes } = this;
    let { at } = this;
    for (let byte; (byte = bytes[at]) <= SPACE && byte !== LF;) at++;
    this.at = at;
  }

  /** Takes a word: everything up to a blank, or to the end of the line. */
  word(): void {
    const { bytes } = this;
    let { at } = this;
    while (bytes[at] > SPACE) at++;
    this.at = at;
  }

  /** Skips a word and the blanks behind it. */
  skip(): void {
    this.word();
    this.blanks();
  }

  /** Takes decimal digits, and returns their value; 0 if there are none. */
  decimal(): number {
    const { bytes } = this;
    let { at } = this;
    let value = 0;
    for (let digit; (digit = bytes[at] - ZERO) >= 0 && digit <= 9; at++) value = 10 * value + digit;
    this.at = at;
    return value;
  }

  /** Takes the decimal digits of a fraction, and returns the first `count` of them as a number. Missing ones are 0. */
  fraction(count: number): number {
    const { bytes } = this;
    let { at } = this;
    const end = at + count;
    let value = 0;
    let digit;
    for (; at < end && (digit = bytes[at] - ZERO) >= 0 && digit <= 9; at++) value = 10 * value + digit;
    for (let missing = end - at; missing > 0; missing--) value *= 10;
    while ((digit = bytes[at] - ZERO) >= 0 && digit <= 9) at++;
    this.at = at;
    return value;
  }

  /** Takes hexadecimal digits, and returns their value; 0 if there are none. */
  hex(): number {
    const { bytes } = this;
    let { at } = this;
    let value = 0;
    for (let digit; (digit = HEX_VALUE[bytes[at]]) !== 255; at++) value = value * 16 + digit;
    this.at = at;
    return value;
  }

  /** Takes a word, and returns its value as a number; -1 if it is not a number, or nothing follows. */
  number(base: number): number {
    const { bytes } = this;
    let { at } = this;
    const from = at;
    let value = 0;
    for (let digit; (digit = HEX_VALUE[bytes[at]]) < base; at++) value = value * base + digit;
    this.at = at;
    if (bytes[at] <= SPACE) return at > from ? value : -1;
    this.word();
    return -1;
  }

  /**
   * Takes bytes of two hexadecimal digits, a word each, and the blanks before them. Stops before any other word.
   *
   * @param count The number of bytes wanted.
   * @returns The number of bytes taken.
   */
  hexBytes(count: number, memory: Uint8Array, to: number): number {
    const { bytes } = this;
    let { at } = this;
    let taken = 0;
    for (; taken < count; taken++) {
      for (let byte; (byte = bytes[at]) <= SPACE && byte !== LF;) at++;
      const high = HEX_VALUE[bytes[at]];
      const low = high === 255 ? 255 : HEX_VALUE[bytes[at + 1]];
      if (low === 255 || bytes[at + 2] > SPACE) break;
      memory[to + taken] = high * 16 + low;
      at += 2;
    }
    this.at = at;
    return taken;
  }

  /** Takes bytes as `hexBytes` does, but numbers of any length. Stops before a word that is not a number of 0 to 255. */
  numberBytes(base: number, count: number, memory: Uint8Array, to: number): number {
    for (let taken = 0;; taken++) {
      if (base === 16) taken += this.hexBytes(count - taken, memory, to + taken);
      this.blanks();
      if (taken === count) return taken;
      const { at } = this;
      const value = this.number(base);
      if (value < 0 || value > 255) {
        this.at = at;
        return taken;
      }
      memory[to + taken] = value;
    }
  }
}
