/**
 * Bytes in readable notation.
 *
 * @module
 */

/** Concatenates byte arrays and strings of two hexadecimal digits per byte. */
export function bytes(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    return typeof part === "string" ? (part.match(/\S\S/g) ?? []).map((byte) => parseInt(byte, 16)) : [...part];
  }));
}

/** A string of zero bytes. */
export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}
