/**
 * What python-can's udp_multicast sends: one map of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) a
 * datagram. Of the format only what can be in such a map is read: no arrays, extensions or nested maps. A general decoder
 * would have to be kept from building whatever a datagram asks for.
 *
 * @module
 */

/** A value in the map. */
export type Value = null | boolean | number | bigint | string | Uint8Array;

/** The longest text that is read: a key, or the name of a channel. */
const MAX_TEXT = 256;
/** How many entries a map may have: python-can's has 11. */
const MAX_ENTRIES = 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a map.
 *
 * @throws {SyntaxError} The bytes are not exactly one map of such values.
 */
export function readMap(bytes: Uint8Array): Map<string, Value> {
  const reader = new Reader(bytes);
  const map = reader.map();
  if (reader.at !== bytes.length) throw new SyntaxError(`${bytes.length - reader.at} bytes behind the map`);
  return map;
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  map(): Map<string, Value> {
    const type = this.#view.getUint8(this.#skip(1));
    const count = (type & 0xf0) === 0x80 ? type & 0x0f : type === 0xde ? this.#view.getUint16(this.#skip(2)) : -1;
    if (count < 0) throw new SyntaxError(`type 0x${type.toString(16)} instead of a map`);
    if (count > MAX_ENTRIES) throw new SyntaxError(`a map of ${count} entries`);
    const map = new Map<string, Value>();
    for (let i = 0; i < count; i++) {
      const key = this.#value();
      if (typeof key !== "string") throw new SyntaxError("a key that is no text");
      if (map.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key)} twice`);
      map.set(key, this.#value());
    }
    return map;
  }

  #value(): Value {
    const view = this.#view;
    const type = view.getUint8(this.#skip(1));
    if (type <= 0x7f) return type;
    if (type >= 0xe0) return type - 0x100;
    if ((type & 0xe0) === 0xa0) return this.#text(type & 0x1f);
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(view.getUint8(this.#skip(1)));
      case 0xc5:
        return this.#binary(view.getUint16(this.#skip(2)));
      case 0xca:
        return view.getFloat32(this.#skip(4));
      case 0xcb:
        return view.getFloat64(this.#skip(8));
      case 0xcc:
        return view.getUint8(this.#skip(1));
      case 0xcd:
        return view.getUint16(this.#skip(2));
      case 0xce:
        return view.getUint32(this.#skip(4));
      case 0xcf:
        return view.getBigUint64(this.#skip(8));
      case 0xd0:
        return view.getInt8(this.#skip(1));
      case 0xd1:
        return view.getInt16(this.#skip(2));
      case 0xd2:
        return view.getInt32(this.#skip(4));
      case 0xd3:
        return view.getBigInt64(this.#skip(8));
      case 0xd9:
        return this.#text(view.getUint8(this.#skip(1)));
      case 0xda:
        return this.#text(view.getUint16(this.#skip(2)));
    }
    throw new SyntaxError(`a value of type 0x${type.toString(16)}`);
  }

  #text(length: number): string {
    if (length > MAX_TEXT) throw new SyntaxError(`a text of ${length} bytes`);
    try {
      return decoder.decode(this.#binary(length));
    } catch (error) {
      if (error instanceof TypeError) throw new SyntaxError("a text that is no UTF-8");
      throw error;
    }
  }

  #binary(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  /** Goes on by so many bytes, and returns where they begin. */
  #skip(count: number): number {
    const from = this.at;
    if (from + count > this.#bytes.length) throw new SyntaxError(`an end after ${this.#bytes.length} bytes`);
    this.at = from + count;
    return from;
  }
}

/** Writes a map, as Python's msgpack does: the shortest form of each value, but 8 bytes for a number that is not whole. */
export class MapWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  /**
   * @param count The number of entries, at most 15.
   * @param size At least the bytes that they take.
   */
  constructor(count: number, size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[this.#at++] = 0x80 | count;
  }

  /** What was written. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Adds a whole number of at most 32 bits. */
  whole(key: string, value: number): void {
    this.#text(key);
    const view = this.#view;
    if (value <= 0x7f) view.setUint8(this.#skip(1), value);
    else if (value <= 0xff) view.setUint16(this.#skip(2), 0xcc00 | value);
    else if (value <= 0xffff) {
      view.setUint8(this.#skip(1), 0xcd);
      view.setUint16(this.#skip(2), value);
    } else {
      view.setUint8(this.#skip(1), 0xce);
      view.setUint32(this.#skip(4), value);
    }
  }

  /** Adds a number with 64 bits. */
  float(key: string, value: number): void {
    this.#text(key);
    this.#view.setUint8(this.#skip(1), 0xcb);
    this.#view.setFloat64(this.#skip(8), value);
  }

  flag(key: string, value: boolean): void {
    this.#text(key);
    this.#view.setUint8(this.#skip(1), value ? 0xc3 : 0xc2);
  }

  textOrNull(key: string, value: string | null): void {
    this.#text(key);
    if (value === null) this.#view.setUint8(this.#skip(1), 0xc0);
    else this.#text(value);
  }

  /** Adds at most 255 bytes. */
  binary(key: string, bytes: Uint8Array, length: number): void {
    this.#text(key);
    this.#view.setUint16(this.#skip(2), 0xc400 | length);
    this.#bytes.set(bytes.subarray(0, length), this.#skip(length));
  }

  #text(text: string): void {
    const bytes = encoder.encode(text);
    if (bytes.length <= 31) this.#view.setUint8(this.#skip(1), 0xa0 | bytes.length);
    else this.#view.setUint16(this.#skip(2), 0xd900 | bytes.length);
    this.#bytes.set(bytes, this.#skip(bytes.length));
  }

  #skip(count: number): number {
    this.#at += count;
    return this.#at - count;
  }
}
