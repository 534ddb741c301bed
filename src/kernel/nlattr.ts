// <linux/netlink.h>: attributes of messages, described by tables

/** In an attribute's type: the payload consists of attributes. */
export const NLA_F_NESTED = 0x8000;
/** In an attribute's type: the payload is big-endian. */
export const NLA_F_NET_BYTEORDER = 0x4000;

/*
 * struct nlattr (4 bytes), aligned to 4
 *   0  __u16 nla_len       including this header, without padding
 *   2  __u16 nla_type      a number and NLA_F_* flags
 */
export const NLA_HDRLEN = 4;

const TYPE_MASK = 0x3fff;
/** Maximum bytes of a payload, since the length has 16 bits. */
const MAX_PAYLOAD = 0xffff - NLA_HDRLEN;

/** Rounds a length up to the alignment of netlink, 4 bytes. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

/** Decodes and encodes an attribute's payload. */
export interface Codec<T> {
  /** NLA_F_* flags to write with the type. */
  readonly flags?: number;
  /** Returns the value of a payload, or undefined if the payload is too short. */
  decode(bytes: Uint8Array): T | undefined;
  /** Returns the payload of a value. */
  encode(value: T): Uint8Array;
}

/** Attributes by name, each with its number and codec. */
export type AttributeTable = { readonly [name: string]: readonly [type: number, codec: Codec<unknown>] };

type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** The values of a table's attributes; those that are not present are absent. */
export type Attributes<T extends AttributeTable> =
  & { readonly [K in keyof T]?: ValueOf<T[K][1]> }
  & {
    /** The payloads, by number, of attributes that the table lacks or whose payload is too short. */
    readonly unknown?: ReadonlyMap<number, Uint8Array>;
  };

/**
 * Decodes attributes. If one is repeated, the last one counts, as in the kernel.
 *
 * @throws {RangeError} An attribute's length exceeds the bytes that remain, or is less than that of its header.
 */
export function decodeAttributes<T extends AttributeTable>(table: T, bytes: Uint8Array): Attributes<T> {
  const entries = byNumber(table);
  const values: Record<string, unknown> = {};
  const unknown = new Map<number, Uint8Array>();
  for (const [type, payload] of split(bytes)) {
    const entry = entries.get(type);
    const value = entry?.codec.decode(payload);
    if (entry && value !== undefined) values[entry.name] = value;
    else unknown.set(type, payload);
  }
  if (unknown.size > 0) values.unknown = unknown;
  return values as Attributes<T>;
}

type EntriesByNumber = ReadonlyMap<number, { readonly name: string; readonly codec: Codec<unknown> }>;

const indexes = new WeakMap<AttributeTable, EntriesByNumber>();

/** Returns a table's entries by attribute number. The index of each table is built once. */
function byNumber(table: AttributeTable): EntriesByNumber {
  let index = indexes.get(table);
  if (!index) {
    index = new Map(Object.entries(table).map(([name, [type, codec]]) => [type, { name, codec }]));
    indexes.set(table, index);
  }
  return index;
}

/**
 * Encodes attributes in the order of `values`, then the unknown ones. Undefined values are left out.
 *
 * @throws {RangeError} A payload is longer than an attribute can be.
 */
export function encodeAttributes<T extends AttributeTable>(table: T, values: Attributes<T>): Uint8Array {
  const { unknown = new Map<number, Uint8Array>(), ...named } = values;
  const parts = Object.entries(named).filter(([, value]) => value !== undefined).map(([name, value]) => {
    const [type, codec] = table[name];
    return encodeAttribute(type | (codec.flags ?? 0), codec.encode(value));
  });
  return concat([...parts, ...Array.from(unknown, ([type, payload]) => encodeAttribute(type, payload))]);
}

/** Concatenates byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function encodeAttribute(type: number, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD) {
    throw new RangeError(
      `Netlink attribute ${type & TYPE_MASK} has ${payload.length} bytes: at most ${MAX_PAYLOAD} fit`,
    );
  }
  const bytes = new Uint8Array(align(NLA_HDRLEN + payload.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, NLA_HDRLEN + payload.length, true);
  view.setUint16(2, type, true);
  bytes.set(payload, NLA_HDRLEN);
  return bytes;
}

function* split(bytes: Uint8Array): Generator<readonly [type: number, payload: Uint8Array]> {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.length - at;
    const length = rest < NLA_HDRLEN ? rest : view.getUint16(at, true);
    if (length < NLA_HDRLEN || length > rest) {
      throw new RangeError(`Netlink attribute at byte ${at} has a length of ${length}, but ${rest} bytes remain`);
    }
    yield [view.getUint16(at + 2, true) & TYPE_MASK, bytes.subarray(at + NLA_HDRLEN, at + length)];
    at += align(length);
  }
}

/** Returns a DataView of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const u8: Codec<number> = {
  decode: (bytes) => bytes.length < 1 ? undefined : bytes[0],
  encode: (value) => Uint8Array.of(value),
};

export const u16: Codec<number> = {
  decode: (bytes) => bytes.length < 2 ? undefined : viewOf(bytes).getUint16(0, true),
  encode: (value) => new Uint8Array(Uint16Array.of(value).buffer),
};

export const u32: Codec<number> = {
  decode: (bytes) => bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0, true),
  encode: (value) => new Uint8Array(Uint32Array.of(value).buffer),
};

export const s32: Codec<number> = {
  decode: (bytes) => bytes.length < 4 ? undefined : viewOf(bytes).getInt32(0, true),
  encode: (value) => new Uint8Array(Int32Array.of(value).buffer),
};

/** A string with a final zero, which the kernel may leave out. */
export const stringCodec: Codec<string> = {
  decode: (bytes) => decodeString(bytes),
  encode: (value) => new TextEncoder().encode(`${value}\0`),
};

/** A string written without a final zero, which the kernel adds: `ip` writes the names of kinds this way. */
export const bareStringCodec: Codec<string> = {
  decode: (bytes) => decodeString(bytes),
  encode: (value) => new TextEncoder().encode(value),
};

/** Bytes that are decoded elsewhere. */
export const rawCodec: Codec<Uint8Array> = { decode: (bytes) => bytes, encode: (value) => value };

/** Decodes the characters before the first zero, or all if there is none. */
export function decodeString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Returns the codec of an attribute that consists of attributes.
 *
 * @param flags NLA_F_NESTED, if the kernel expects it for this attribute.
 */
export function nested<T extends AttributeTable>(table: T, flags = 0): Codec<Attributes<T>> {
  return {
    flags,
    decode: (bytes) => decodeAttributes(table, bytes),
    encode: (values) => encodeAttributes(table, values),
  };
}

/** Returns the codec of an attribute that is a list of attributes of one number; others in it are ignored. */
export function list<T>(type: number, codec: Codec<T>, flags = 0): Codec<readonly T[]> {
  return {
    flags,
    decode: (bytes) =>
      [...split(bytes)].filter(([each]) => each === type)
        .map(([, payload]) => codec.decode(payload)).filter((value) => value !== undefined),
    encode: (values) => concat(values.map((value) => encodeAttribute(type, codec.encode(value)))),
  };
}

/** Returns the codec of an array of numbers. */
export function array(item: Codec<number>): Codec<readonly number[]> {
  const size = item.encode(0).length;
  return {
    decode: (bytes) =>
      Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => item.decode(bytes.subarray(i * size))!),
    encode: (values) => concat(values.map((value) => item.encode(value))),
  };
}

/** Returns the codec of a structure of at least `size` bytes: newer kernels append fields. */
export function struct<T>(
  size: number,
  decode: (view: DataView) => T,
  encode: (value: T, view: DataView) => void,
): Codec<T> {
  return {
    decode: (bytes) => bytes.length < size ? undefined : decode(viewOf(bytes)),
    encode(value) {
      const view = new DataView(new ArrayBuffer(size));
      encode(value, view);
      return new Uint8Array(view.buffer);
    },
  };
}
