// <linux/netlink.h>: the attributes of messages, by table

/** In an attribute's type: it holds attributes. */
export const NLA_F_NESTED = 0x8000;
/** In an attribute's type: the numbers in it are big-endian. */
export const NLA_F_NET_BYTEORDER = 0x4000;

/*
 * struct nlattr (4 bytes), aligned to 4
 *   0  __u16 nla_len       with this header, without what aligns the next
 *   2  __u16 nla_type      a number, and NLA_F_*
 */
export const NLA_HDRLEN = 4;

const TYPE_MASK = 0x3fff;
/** Most bytes of an attribute, as its length has 16 bits. */
const LONGEST = 0xffff - NLA_HDRLEN;

/** A length as the next thing after it is aligned. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

/** How an attribute's payload is read and written. */
export interface Codec<T> {
  /** NLA_F_* bits to write beside the type. */
  readonly flags?: number;
  /** The value of a payload, or undefined where it is too short to be one. */
  decode(bytes: Uint8Array): T | undefined;
  /** The payload of a value. */
  encode(value: T): Uint8Array;
}

/** Names of attributes, each with its number and how it is read and written. */
export type AttributeTable = { readonly [name: string]: readonly [type: number, codec: Codec<unknown>] };

type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** The values of a table's attributes: those that are there. */
export type Attributes<T extends AttributeTable> =
  & { readonly [K in keyof T]?: ValueOf<T[K][1]> }
  & {
    /** The payloads of attributes that the table does not have, or that are too short, by number. */
    readonly unknown?: ReadonlyMap<number, Uint8Array>;
  };

/**
 * Reads attributes. Where one comes twice the last one counts, as in the kernel.
 *
 * @throws {RangeError} One says that it is longer than what is there, or shorter than its own header.
 */
export function decodeAttributes<T extends AttributeTable>(table: T, bytes: Uint8Array): Attributes<T> {
  const names = byNumber(table);
  const values: Record<string, unknown> = {};
  const unknown = new Map<number, Uint8Array>();
  for (const [type, payload] of split(bytes)) {
    const known = names.get(type);
    const value = known?.codec.decode(payload);
    if (known && value !== undefined) values[known.name] = value;
    else unknown.set(type, payload);
  }
  if (unknown.size > 0) values.unknown = unknown;
  return values as Attributes<T>;
}

type Known = ReadonlyMap<number, { readonly name: string; readonly codec: Codec<unknown> }>;

const known = new WeakMap<AttributeTable, Known>();

/** A table's attributes by their numbers, sorted once. */
function byNumber(table: AttributeTable): Known {
  let names = known.get(table);
  if (!names) {
    names = new Map(Object.entries(table).map(([name, [type, codec]]) => [type, { name, codec }]));
    known.set(table, names);
  }
  return names;
}

/**
 * Writes attributes, in the order of the values; those that are undefined are left out, and unknown ones come last.
 *
 * @throws {RangeError} One is longer than an attribute can be.
 */
export function encodeAttributes<T extends AttributeTable>(table: T, values: Attributes<T>): Uint8Array {
  const { unknown = new Map<number, Uint8Array>(), ...known } = values;
  const parts = Object.entries(known).filter(([, value]) => value !== undefined).map(([name, value]) => {
    const [type, codec] = table[name];
    return encodeAttribute(type | (codec.flags ?? 0), codec.encode(value));
  });
  return concat([...parts, ...Array.from(unknown, ([type, payload]) => encodeAttribute(type, payload))]);
}

/** One byte array after the other. */
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
  if (payload.length > LONGEST) {
    throw new RangeError(`Netlink attribute ${type & TYPE_MASK} has ${payload.length} bytes: at most ${LONGEST} fit`);
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
      throw new RangeError(`Netlink attribute at byte ${at} has a length of ${length}, where there are ${rest} bytes`);
    }
    yield [view.getUint16(at + 2, true) & TYPE_MASK, bytes.subarray(at + NLA_HDRLEN, at + length)];
    at += align(length);
  }
}

/** For reading structures. */
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

/** A text that ends with a zero, which the kernel's own may lack. */
export const stringCodec: Codec<string> = {
  decode: (bytes) => decodeString(bytes),
  encode: (value) => new TextEncoder().encode(`${value}\0`),
};

/** A text that ends with a zero for the kernel to add: as `ip` writes the names of kinds. */
export const bareStringCodec: Codec<string> = {
  decode: (bytes) => decodeString(bytes),
  encode: (value) => new TextEncoder().encode(value),
};

/** Bytes that somebody else reads. */
export const rawCodec: Codec<Uint8Array> = { decode: (bytes) => bytes, encode: (value) => value };

/** The characters before the first zero. */
export function decodeString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Attributes within an attribute.
 *
 * @param flags NLA_F_NESTED, where the writer says so.
 */
export function nested<T extends AttributeTable>(table: T, flags = 0): Codec<Attributes<T>> {
  return {
    flags,
    decode: (bytes) => decodeAttributes(table, bytes),
    encode: (values) => encodeAttributes(table, values),
  };
}

/** Attributes of one number within an attribute; others are passed over. */
export function list<T>(type: number, codec: Codec<T>, flags = 0): Codec<readonly T[]> {
  return {
    flags,
    decode: (bytes) =>
      [...split(bytes)].filter(([each]) => each === type)
        .map(([, payload]) => codec.decode(payload)).filter((value) => value !== undefined),
    encode: (values) => concat(values.map((value) => encodeAttribute(type, codec.encode(value)))),
  };
}

/** Numbers one after the other. */
export function array(item: Codec<number>): Codec<readonly number[]> {
  const size = item.encode(0).length;
  return {
    decode: (bytes) =>
      Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => item.decode(bytes.subarray(i * size))!),
    encode: (values) => concat(values.map((value) => item.encode(value))),
  };
}

/** A structure of at least `size` bytes: kernels add fields at the end. */
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
