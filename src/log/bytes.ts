/**
 * A growing buffer of bytes.
 *
 * @module
 */

const encoder = new TextEncoder();
const HEX = Uint8Array.from("0123456789ABCDEF", (digit) => digit.charCodeAt(0));
/** The powers of ten, as many as a number of 2^53 has digits. */
const POWERS = Array.from({ length: 17 }, (_, i) => 10 ** i);

/** A growing buffer, of which the first `length` bytes of `memory` are in use. Numbers are little-endian. */
export class Bytes {
  memory: Uint8Array;
  /** The same memory. */
  data: DataView;
  length = 0;

  constructor(size = 65536) {
    this.memory = new Uint8Array(size);
    this.data = new DataView(this.memory.buffer);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.memory.length) return;
    const memory = new Uint8Array(Math.max(2 * this.memory.length, this.length + count));
    memory.set(this.memory.subarray(0, this.length));
    this.memory = memory;
    this.data = new DataView(memory.buffer);
  }

  /** Appends `count` bytes, all of which the caller has to set. Returns their offset. */
  claim(count: number): number {
    this.reserve(count);
    const { length } = this;
    this.length += count;
    return length;
  }

  /** Returns a view of the content, valid until the next call. */
  view(): Uint8Array {
    return this.memory.subarray(0, this.length);
  }

  /** Empties the buffer, keeping its memory. */
  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.memory[this.length++] = value;
  }

  /** Appends blanks. */
  spaces(count: number): void {
    this.reserve(count);
    for (let i = 0; i < count; i++) this.memory[this.length++] = 32;
  }

  /** Appends a few bytes of an array. */
  part(values: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    const { memory } = this;
    let { length } = this;
    for (let i = from; i < to; i++) memory[length++] = values[i];
    this.length = length;
  }

  bytes(values: Uint8Array): void {
    this.reserve(values.length);
    this.memory.set(values, this.length);
    this.length += values.length;
  }

  u16(value: number): void {
    const at = this.claim(2);
    this.data.setUint16(at, value, true);
  }

  /** Appends an unsigned 32-bit number. */
  u32(value: number): void {
    const at = this.claim(4);
    this.data.setUint32(at, value, true);
  }

  /** Appends a double. */
  f64(value: number): void {
    const at = this.claim(8);
    this.data.setFloat64(at, value, true);
  }

  /** Overwrites an unsigned 32-bit number at offset `at`. */
  patch32(at: number, value: number): void {
    this.data.setUint32(at, value, true);
  }

  /** Appends an unsigned 64-bit number, 0 to 2^53 - 1. */
  u64(value: number): void {
    const high = Math.floor(value / 2 ** 32);
    this.u32(value - high * 2 ** 32);
    this.u32(high);
  }

  /** Appends text as UTF-8. */
  text(text: string): void {
    this.reserve(3 * text.length);
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        at += encoder.encodeInto(text.slice(i), this.memory.subarray(at)).written;
        break;
      }
      this.memory[at++] = code;
    }
    this.length = at;
  }

  /** Appends a number in upper-case hexadecimal with the given number of digits. */
  hex(value: number, digits: number): void {
    this.reserve(digits);
    for (let i = digits - 1; i >= 0; i--) this.memory[this.length++] = HEX[(value >>> (4 * i)) & 15];
  }

  /** Appends bytes in hexadecimal, two digits each. `separator` is a character code put between them; 0 for none. */
  hexBytes(bytes: Uint8Array, from: number, to: number, separator: number): void {
    this.reserve(3 * (to - from));
    const { memory } = this;
    let at = this.length;
    for (let i = from; i < to; i++) {
      if (separator !== 0 && i > from) memory[at++] = separator;
      const byte = bytes[i];
      memory[at++] = HEX[byte >>> 4];
      memory[at++] = HEX[byte & 15];
    }
    this.length = at;
  }

  /** Appends an integer from 0 to 2^53 - 1 in decimal, padded with zeros to at least `digits` digits. */
  decimal(value: number, digits = 1): void {
    this.reserve(20);
    const { memory, length } = this;
    let count = digits;
    while (value >= POWERS[count]) count++;
    for (let i = length + count - 1; i >= length; i--) {
      const rest = value < 2 ** 31 ? (value / 10) | 0 : Math.floor(value / 10);
      memory[i] = 48 + (value - 10 * rest);
      value = rest;
    }
    this.length = length + count;
  }
}
