/**
 * Bytes as people write them.
 *
 * @module
 */

/** Texts of two hexadecimal digits a byte, and byte arrays, one after the other. */
export function bytes(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    return typeof part === "string" ? (part.match(/\S\S/g) ?? []).map((byte) => parseInt(byte, 16)) : [...part];
  }));
}

/** Bytes that are zero. */
export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}
