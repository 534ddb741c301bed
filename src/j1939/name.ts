/**
 * The 64-bit NAME that identifies a node on a J1939 network.
 *
 * @module
 */

import { checkBoolean, checkWhole, show } from "../check.ts";

/**
 * The fields of a NAME, SAE J1939-81. Absent fields are 0 or false.
 *
 * @category J1939
 */
export interface NameInit {
  /** The serial number assigned by the manufacturer, 0 to 2097151. */
  readonly identityNumber?: number;
  /** The manufacturer code assigned by SAE, 0 to 2047. */
  readonly manufacturerCode?: number;
  /** Which of several ECUs that share one function, 0 to 7. */
  readonly ecuInstance?: number;
  /** Which of several functions of the same kind, 0 to 31. */
  readonly functionInstance?: number;
  /**
   * The function, 0 to 255: up to 127 it is independent of the industry group, from 128 it depends on industry group and
   * vehicle system.
   */
  readonly function?: number;
  /** The vehicle system that the function belongs to, 0 to 127; depends on the industry group. */
  readonly vehicleSystem?: number;
  /** Which of several vehicle systems of the same kind, 0 to 15. */
  readonly vehicleSystemInstance?: number;
  /**
   * The industry group, 0 to 7: 0 global, 1 on-highway, 2 agriculture and forestry, 3 construction, 4 marine,
   * 5 industrial.
   */
  readonly industryGroup?: number;
  /** Whether the node may claim an address of its own choice when it loses the one it wants. */
  readonly arbitraryAddressCapable?: boolean;
}

/** First bit and number of bits of each numeric field; bit 48 is reserved. */
const fields = {
  identityNumber: [0, 21],
  manufacturerCode: [21, 11],
  ecuInstance: [32, 3],
  functionInstance: [35, 5],
  function: [40, 8],
  vehicleSystem: [49, 7],
  vehicleSystemInstance: [56, 4],
  industryGroup: [60, 3],
} as const satisfies Record<string, readonly [first: number, bits: number]>;

type NumberField = keyof typeof fields;

const ARBITRARY = 1n << 63n;
const MOST = (1n << 64n) - 1n;

/**
 * The NAME of a node, SAE J1939-81, laid out as `linux/can/j1939.h` describes. When two nodes claim the same address, the
 * one with the numerically smaller NAME wins. No two nodes of a network may have the same NAME.
 *
 * @category J1939
 * @example
 * ```ts
 * import { Name } from "@socketcan/bus";
 *
 * const name = new Name({ arbitraryAddressCapable: true, industryGroup: 4, manufacturerCode: 275, identityNumber: 1 });
 * console.log(`${name}`, name.value, name.function);
 * console.log(`${new Name(0xc0509b0022709bfbn).identityNumber}`); // 1088507
 * ```
 */
export class Name {
  /** The NAME as a number, 0 to 2^64 - 1. */
  readonly value: bigint;

  /**
   * Makes a NAME.
   *
   * @param init Its fields; or the whole NAME, as a number or as the 8 bytes of an address claim.
   * @throws {TypeError} `init` is none of these, or a field is unknown or of the wrong type.
   * @throws {RangeError} A field is out of range, the number is negative or has more than 64 bits, or the length is not 8.
   */
  constructor(init: NameInit | bigint | Uint8Array) {
    if (init instanceof Uint8Array) this.value = fromBytes(init);
    else if (typeof init === "bigint") this.value = checkName("NAME", init);
    else this.value = fromFields(init);
  }

  /** The serial number assigned by the manufacturer, 0 to 2097151. */
  get identityNumber(): number {
    return fieldOf(this.value, "identityNumber");
  }

  /** The manufacturer code assigned by SAE, 0 to 2047. */
  get manufacturerCode(): number {
    return fieldOf(this.value, "manufacturerCode");
  }

  /** Which of several ECUs that share one function, 0 to 7. */
  get ecuInstance(): number {
    return fieldOf(this.value, "ecuInstance");
  }

  /** Which of several functions of the same kind, 0 to 31. */
  get functionInstance(): number {
    return fieldOf(this.value, "functionInstance");
  }

  /** The function, 0 to 255. */
  get function(): number {
    return fieldOf(this.value, "function");
  }

  /** The vehicle system that the function belongs to, 0 to 127. */
  get vehicleSystem(): number {
    return fieldOf(this.value, "vehicleSystem");
  }

  /** Which of several vehicle systems of the same kind, 0 to 15. */
  get vehicleSystemInstance(): number {
    return fieldOf(this.value, "vehicleSystemInstance");
  }

  /** The industry group: 0 global, 1 on-highway, 2 agriculture and forestry, 3 construction, 4 marine, 5 industrial. */
  get industryGroup(): number {
    return fieldOf(this.value, "industryGroup");
  }

  /** Whether the node may claim an address of its own choice when it loses the one it wants. */
  get arbitraryAddressCapable(): boolean {
    return (this.value & ARBITRARY) !== 0n;
  }

  /** Returns the 8 bytes that an address claim carries. */
  toBytes(): Uint8Array {
    return new Uint8Array(BigUint64Array.of(this.value).buffer);
  }

  /** Returns all fields, as `new Name()` takes them. The reserved bit 48 is not among them. */
  toJSON(): Required<NameInit> {
    const numbers = Object.keys(fields).map((name) => [name, fieldOf(this.value, name as NumberField)]);
    return { ...Object.fromEntries(numbers), arbitraryAddressCapable: this.arbitraryAddressCapable };
  }

  /** Returns 16 hexadecimal digits, as can-utils prints a NAME. */
  toString(): string {
    return this.value.toString(16).padStart(16, "0");
  }
}

function fromFields(init: NameInit): bigint {
  if (typeof init !== "object" || init === null) throw new TypeError(`Name takes its fields, not ${show(init)}`);
  let value = 0n;
  for (const [name, field] of Object.entries(init)) {
    if (field === undefined) continue;
    if (name === "arbitraryAddressCapable") {
      if (checkBoolean(name, field)) value |= ARBITRARY;
      continue;
    }
    if (!Object.hasOwn(fields, name)) throw new TypeError(`A NAME has no field "${name}"`);
    const [first, bits] = fields[name as NumberField];
    value |= BigInt(checkWhole(name, field, 0, 2 ** bits - 1)) << BigInt(first);
  }
  return value;
}

function fieldOf(value: bigint, name: NumberField): number {
  const [first, bits] = fields[name];
  return Number(BigInt.asUintN(bits, value >> BigInt(first)));
}

function fromBytes(bytes: Uint8Array): bigint {
  if (bytes.length !== 8) throw new RangeError(`A NAME has 8 bytes, not ${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

/**
 * Returns a NAME as a number.
 *
 * @param label What is checked, for the error text.
 * @throws {TypeError} The value is neither a Name nor a bigint.
 * @throws {RangeError} The bigint is negative or has more than 64 bits.
 */
export function checkName(label: string, name: unknown): bigint {
  const value = name instanceof Name ? name.value : name;
  if (typeof value !== "bigint") throw new TypeError(`${label} must be a Name or a bigint: ${show(value)}`);
  if (value < 0n || value > MOST) {
    throw new RangeError(`${label} is ${value}: it must be from 0 to 0x${MOST.toString(16)}`);
  }
  return value;
}
