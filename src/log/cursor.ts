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

const [LF, CR, SPACE, ZERO] = [10, 13, 32, 48];

/**
 * A position in bytes of text, in which every line ends with LF. That is neither a digit nor a space, so that nothing here
 * reads beyond a line, and no offset has to be compared with an end.
 */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** The offset of the next byte. */
  at = 0;

  /** The next byte. */
  get byte(): number {
    return this.bytes[this.at];
  }

  /** Whether the line ends here: with LF, or with CR LF. */
  get isEnd(): boolean {
    const byte = this.bytes[this.at];
    return byte === LF || (byte === CR && this.bytes[this.at + 1] === LF);
  }

  /** Skips spaces. */
  spaces(): void {
    const { bytes } = this;
    let { at } = this;
    while (bytes[at] === SPACE) at++;
    this.at = at;
  }

  /** Takes everything up to a space, or to the end of the line. */
  word(): void {
    const { bytes } = this;
    let { at } = this;
    while (bytes[at] !== SPACE && bytes[at] !== LF) at++;
    this.at = at;
  }

  /** Takes a decimal number; 0 if there are no digits. More than 15 digits are not exact. */
  decimal(): number {
    const { bytes } = this;
    let { at } = this;
    let value = 0;
    for (let digit; (digit = bytes[at] - ZERO) >= 0 && digit <= 9; at++) value = 10 * value + digit;
    this.at = at;
    return value;
  }

  /** Takes a decimal fraction and returns its first nine digits, as a number of 0 to 999 999 999. */
  billionths(): number {
    const { bytes } = this;
    let { at } = this;
    const end = at + 9;
    let value = 0;
    for (let digit; at < end && (digit = bytes[at] - ZERO) >= 0 && digit <= 9; at++) value = 10 * value + digit;
    for (let missing = end - at; missing > 0; missing--) value *= 10;
    while (bytes[at] - ZERO >= 0 && bytes[at] - ZERO <= 9) at++;
    this.at = at;
    return value;
  }

  /** Takes a hexadecimal number; 0 if there are no digits. */
  hex(): number {
    const { bytes } = this;
    let { at } = this;
    let value = 0;
    for (let digit; (digit = HEX_VALUE[bytes[at]]) !== 255; at++) value = value * 16 + digit;
    this.at = at;
    return value;
  }
}
