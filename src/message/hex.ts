/**
 * Numbers, identifiers and bytes in hexadecimal digits, upper-case as in can-utils.
 *
 * @module
 */

/** The 2 digits of each byte. */
export const byteDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) => hexText(byte, 2));

/** Writes a number of 0 or more with at least so many digits. */
export function hexText(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** Writes an identifier with 3 or 8 digits. */
export function identifierText(id: number, isExtendedId: boolean): string {
  return hexText(id, isExtendedId ? 8 : 3);
}

/** Writes bytes, the first `count` of them, with 2 digits each. */
export function bytesText(bytes: Uint8Array, separator = "", count: number = bytes.length): string {
  let text = "";
  for (let i = 0; i < count; i++) text += i > 0 ? separator + byteDigits[bytes[i]] : byteDigits[bytes[i]];
  return text;
}
