/**
 * Bit timings in the registers BTR0 and BTR1 of the SJA1000 and the many controllers that are compatible with it.
 *
 * @module
 */

import { checkWhole } from "../check.ts";

/*
 * BTR0                     BTR1
 *   0-5  brp - 1             0-3  propSeg + phaseSeg1 - 1
 *   6-7  sjw - 1             4-6  phaseSeg2 - 1
 *                            7    three samples
 */

/** The values in the registers. */
export interface RegisterValues {
  readonly brp: number;
  readonly sjw: number;
  readonly tseg1: number;
  readonly tseg2: number;
  readonly tripleSampling: boolean;
}

/**
 * Decodes both registers.
 *
 * @throws {RangeError} A register is not from 0 to 255.
 */
export function decodeRegisters(btr0: number, btr1: number): RegisterValues {
  checkWhole("btr0", btr0, 0, 0xff, "0xff");
  checkWhole("btr1", btr1, 0, 0xff, "0xff");
  return {
    brp: (btr0 & 0x3f) + 1,
    sjw: (btr0 >> 6) + 1,
    tseg1: (btr1 & 0xf) + 1,
    tseg2: ((btr1 >> 4) & 0x7) + 1,
    tripleSampling: (btr1 & 0x80) !== 0,
  };
}

/**
 * Encodes register BTR0.
 *
 * @throws {RangeError} A value does not fit into the register.
 */
export function encodeBtr0({ brp, sjw }: Pick<RegisterValues, "brp" | "sjw">): number {
  return field("brp", brp, 64, "BTR0") | field("sjw", sjw, 4, "BTR0") << 6;
}

/**
 * Encodes register BTR1.
 *
 * @throws {RangeError} A value does not fit into the register.
 */
export function encodeBtr1({ tseg1, tseg2, tripleSampling }: Omit<RegisterValues, "brp" | "sjw">): number {
  return field("tseg1", tseg1, 16, "BTR1") | field("tseg2", tseg2, 8, "BTR1") << 4 | (tripleSampling ? 0x80 : 0);
}

/** Formats both registers in hexadecimal; returns an empty string if a value does not fit into them. */
export function registersText(timing: RegisterValues): string {
  if (timing.brp > 64 || timing.sjw > 4 || timing.tseg1 > 16 || timing.tseg2 > 8) return "";
  return [encodeBtr0(timing), encodeBtr1(timing)]
    .map((register) => register.toString(16).toUpperCase().padStart(2, "0")).join("");
}

function field(name: string, value: number, most: number, register: string): number {
  return checkWhole(name, value, 1, most, `${most} in ${register}`) - 1;
}
