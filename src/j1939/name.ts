/**
 * The 64 bits that tell a node of a J1939 network from all others.
 *
 * @module
 */

import { checkBoolean, checkWhole } from "../check.ts";

/** The fields of a NAME. Those that are absent are 0 or false. */
export interface NameInit {
  /** Serial number that the manufacturer gave, 0 to 2097151. */
  readonly identityNumber?: number;
  /** The manufacturer's number at SAE, 0 to 2047. */
  readonly manufacturerCode?: number;
  /** Which of several units that together are one function, 0 to 7. */
  readonly ecuInstance?: number;
  /** Which of several functions of the same kind, 0 to 31. */
  readonly functionInstance?: number;
  /** What it does, 0 to 255: up to 127 the same everywhere, from 128 on depending on industry group and vehicle system. */
  readonly function?: number;
  /** What it is a part of, 0 to 127, depending on the industry group. */
  readonly vehicleSystem?: number;
  /** Which of several of these, 0 to 15. */
  readonly vehicleSystemInstance?: number;
  /** 0 global, 1 on-highway, 2 agriculture and forestry, 3 construction, 4 marine, 5 industrial; up to 7. */
  readonly industryGroup?: number;
  /** Whether it chooses another address if it loses its own. */
  readonly arbitraryAddressCapable?: boolean;
}

/** Each number's first bit, and how many it has; bit 48 is reserved. */
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
 * The NAME of a node, SAE J1939-81. Of two nodes that want the same address, the one whose NAME is the smaller number
 * gets it.
 *
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
  /** The NAME as the kernel has it. */
  readonly value: bigint;

  /**
   * A NAME.
   *
   * @param init Its fields; or all of it, as a number or the 8 bytes of an address claim.
   * @throws {TypeError} It is none of these, or a field is unknown or of the wrong type.
   * @throws {RangeError} A field is out of its range, the number has more than 64 bits, or there are not 8 bytes.
   */
  constructor(init: NameInit | bigint | Uint8Array) {
    if (init instanceof Uint8Array) this.value = fromBytes(init);
    else if (typeof init === "bigint") this.value = checkName("NAME", init);
    else this.value = fromFields(init);
  }

  /** Serial number that the manufacturer gave. */
  get identityNumber(): number {
    return fieldOf(this.value, "identityNumber");
  }

  /** The manufacturer's number at SAE. */
  get manufacturerCode(): number {
    return fieldOf(this.value, "manufacturerCode");
  }

  /** Which of several units that together are one function. */
  get ecuInstance(): number {
    return fieldOf(this.value, "ecuInstance");
  }

  /** Which of several functions of the same kind. */
  get functionInstance(): number {
    return fieldOf(this.value, "functionInstance");
  }

  /** What it does. */
  get function(): number {
    return fieldOf(this.value, "function");
  }

  /** What it is a part of. */
  get vehicleSystem(): number {
    return fieldOf(this.value, "vehicleSystem");
  }

  /** Which of several of these. */
  get vehicleSystemInstance(): number {
    return fieldOf(this.value, "vehicleSystemInstance");
  }

  /** 0 global, 1 on-highway, 2 agriculture and forestry, 3 construction, 4 marine, 5 industrial. */
  get industryGroup(): number {
    return fieldOf(this.value, "industryGroup");
  }

  /** Whether it chooses another address if it loses its own. */
  get arbitraryAddressCapable(): boolean {
    return (this.value & ARBITRARY) !== 0n;
  }

  /** The 8 bytes of an address claim. */
  toBytes(): Uint8Array {
    return new Uint8Array(BigUint64Array.of(this.value).buffer);
  }

  /** Its fields. */
  toJSON(): Required<NameInit> {
    const numbers = Object.keys(fields).map((name) => [name, fieldOf(this.value, name as NumberField)]);
    return { ...Object.fromEntries(numbers), arbitraryAddressCapable: this.arbitraryAddressCapable };
  }

  /** 16 hexadecimal digits, as can-utils write it. */
  toString(): string {
    return this.value.toString(16).padStart(16, "0");
  }
}

function fromFields(init: NameInit): bigint {
  if (typeof init !== "object" || init === null) throw new TypeError(`Name takes its fields, not ${init}`);
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
 * A NAME as a number.
 *
 * @param label What it is, for the error.
 * @throws {TypeError} It is no NAME and no bigint.
 * @throws {RangeError} It has more than 64 bits, or is negative.
 */
export function checkName(label: string, name: unknown): bigint {
  const value = name instanceof Name ? name.value : name;
  if (typeof value !== "bigint") throw new TypeError(`${label} must be a Name or a bigint: ${value}`);
  if (value < 0n || value > MOST) {
    throw new RangeError(`${label} is ${value}: it must be from 0 to 0x${MOST.toString(16)}`);
  }
  return value;
}
