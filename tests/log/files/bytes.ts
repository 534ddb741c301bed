/**
 * Bytes of numbers and texts, to write down the fields of a binary file one after the other.
 *
 * @module
 */

type Part = Uint8Array;

/** Joins parts. */
export function join(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Returns whole numbers of `size` bytes each. */
function numbers(size: number, littleEndian: boolean, values: readonly (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(size * values.length);
  values.forEach((value, i) => {
    let rest = BigInt(value);
    for (let at = 0; at < size; at++, rest >>= 8n) {
      bytes[size * i + (littleEndian ? at : size - 1 - at)] = Number(rest & 0xffn);
    }
  });
  return bytes;
}

/** Returns numbers in one byte order. */
export function order(littleEndian: boolean) {
  return {
    u8: (...values: number[]) => numbers(1, littleEndian, values),
    u16: (...values: number[]) => numbers(2, littleEndian, values),
    u32: (...values: number[]) => numbers(4, littleEndian, values),
    u64: (...values: (number | bigint)[]) => numbers(8, littleEndian, values),
    f64(...values: number[]) {
      const bytes = new Uint8Array(8 * values.length);
      values.forEach((value, i) => new DataView(bytes.buffer).setFloat64(8 * i, value, littleEndian));
      return bytes;
    },
  };
}

/** Little-endian numbers. */
export const { u8, u16, u32, u64, f64 } = order(true);

/** Returns a text as UTF-8, followed by zeros up to `length` bytes. */
export function text(value: string, length = 0): Uint8Array {
  return padded(new TextEncoder().encode(value), length);
}

/** Returns bytes written in hexadecimal, with spaces between them. */
export function hex(value: string): Uint8Array {
  return Uint8Array.from(value.split(/\s+/).filter((byte) => byte !== ""), (byte) => Number.parseInt(byte, 16));
}

/** Returns bytes followed by zeros up to `length`. */
export function padded(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length >= length ? bytes : join(bytes, new Uint8Array(length - bytes.length));
}

/** Returns the numbers from 0 on. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}
