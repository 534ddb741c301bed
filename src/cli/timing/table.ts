/**
 * Bit timings as can-calc-bit-timing of can-utils 2020.11 prints them.
 *
 * @module
 */

import { BitTiming } from "../../bit_timing/bit_timing.ts";
import { bitTimingConsts } from "../../bit_timing/controllers.ts";
import type { BitTimingConst } from "../../bit_timing/values.ts";

/** A calculation of can-calc-bit-timing for one bitrate. */
export interface Asked {
  /** The controller's name in can-calc-bit-timing. */
  readonly controller: string;
  readonly clock: number;
  readonly bitrate: number;
  /** Thousandths of a bit; 0 for CiA's. */
  readonly samplePoint: number;
}

type Register = (timing: BitTiming) => string;

const bits = (...fields: [value: number, shift: number][]) =>
  fields.reduce((word, [value, shift]) => (word | (value - 1) << shift) >>> 0, 0);
const hex = (digits: number, ...words: number[]) =>
  words.map((word) => `0x${word.toString(16).padStart(digits, "0")}`).join(" ");

const sja1000: Register = ({ btr0, btr1 }) => hex(2, btr0, btr1);

/** can-calc-bit-timing's controllers, in its order, with the registers that it prints. */
export const controllers: Record<string, { title: string; register: Register }> = {
  sja1000: { title: "BTR0 BTR1", register: sja1000 },
  mscan: { title: "BTR0 BTR1", register: sja1000 },
  at91: {
    title: "    CAN_BR",
    register: ({ phaseSeg2, phaseSeg1, propSeg, sjw, brp }) =>
      hex(8, bits([phaseSeg2, 0], [phaseSeg1, 4], [propSeg, 8], [sjw, 12], [brp, 16])),
  },
  flexcan: {
    title: "  CAN_CTRL",
    register: ({ phaseSeg2, phaseSeg1, propSeg, sjw, brp }) =>
      hex(8, bits([propSeg, 0], [phaseSeg2, 16], [phaseSeg1, 19], [sjw, 22], [brp, 24])),
  },
  mcp251x: {
    title: "CNF1 CNF2 CNF3",
    register: ({ phaseSeg2, phaseSeg1, propSeg, sjw, brp }) =>
      hex(2, bits([brp, 0], [sjw, 6]), 0x80 | bits([propSeg, 0], [phaseSeg1, 3]), bits([phaseSeg2, 0])),
  },
  ti_hecc: {
    title: "    CANBTC",
    register: ({ tseg1, tseg2, sjw, brp }) => hex(8, bits([tseg2, 0], [tseg1, 3], [sjw, 8], [brp, 16])),
  },
  rcar_can: {
    title: "     CiBCR",
    register: ({ tseg1, tseg2, sjw, brp }) => hex(8, bits([tseg2, 8], [sjw, 12], [brp, 16], [tseg1, 28])),
  },
};

/** The limits of one of can-calc-bit-timing's controllers. */
export function limitsOf(controller: string): BitTimingConst {
  return bitTimingConsts[controller as keyof typeof bitTimingConsts];
}

/** A percentage as C prints it: exact halves are rounded to even; with one digit these are quarters. */
function percent(value: number): string {
  return `${(value % 1 === 0.25 ? value - 0.05 : value).toFixed(1).padStart(4)}%`;
}

/** The two lines above a table. */
export function heading(controller: string): string[] {
  return [
    "nominal                                 real Bitrt   nom  real SampP",
    `Bitrate TQ[ns] PrS PhS1 PhS2 SJW BRP Bitrate Error SampP SampP Error ${controllers[controller].title}`,
  ];
}

/** A line of a table, and the error of a timing that we refuse. */
export function line({ controller, clock, bitrate, samplePoint }: Asked): { text: string; error?: Error } {
  const wide = (value: number, width: number) => `${value}`.padStart(width);
  let timing: BitTiming;
  try {
    const point = samplePoint === 0 ? {} : { samplePoint: samplePoint / 1000 };
    timing = BitTiming.fromBitrate({ clock, bitrate, limits: limitsOf(controller), ...point, algorithm: "v4.8" });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { text: `${wide(bitrate, 7)} ***bitrate not possible***`, error };
  }
  const nominal = samplePoint || (bitrate > 800_000 ? 750 : bitrate > 500_000 ? 800 : 875);
  const real = Math.round(timing.samplePoint * 1000);
  const text = [
    wide(bitrate, 7),
    wide(timing.tq, 6),
    wide(timing.propSeg, 3),
    wide(timing.phaseSeg1, 4),
    wide(timing.phaseSeg2, 4),
    wide(timing.sjw, 3),
    wide(timing.brp, 3),
    wide(timing.bitrate, 7),
    percent(100 * Math.abs(bitrate - timing.bitrate) / bitrate),
    percent(nominal / 10),
    percent(real / 10),
    percent(100 * Math.abs(nominal - real) / nominal),
    controllers[controller].register(timing),
  ].join(" ");
  return { text };
}

/** Whether a line shows segments outside the controller's limits: can-calc-bit-timing does not check the minimums. */
export function isOutside(controller: string, text: string): boolean {
  const [, , propSeg, phaseSeg1, phaseSeg2] = text.trim().split(/\s+/).map(Number);
  const { tseg1Min, tseg2Min } = limitsOf(controller);
  return propSeg + phaseSeg1 < tseg1Min || phaseSeg2 < tseg2Min;
}
