/**
 * The length of a bit on the wire, and where it is sampled.
 *
 * @module
 */

import { checkNames } from "../check.ts";
import {
  type BitTimingPhase,
  checkPhase,
  constFromIp,
  fromIp,
  fromPython,
  ipText,
  type LinkBitrate,
  linkForm,
  linkNames,
  type LinkSegments,
  type OfDataPhase,
  type PythonBitTiming,
  type PythonBitTimingFd,
  pythonPhase,
} from "./forms.ts";
import { type BitTimingInit, type BitTimingJson, full } from "./init.ts";
import { partsPerMillion } from "./list.ts";
import { decodeRegisters, encodeBtr0, encodeBtr1, registersText } from "./registers.ts";
import { all, best, type BitTimingListRequest, type BitTimingRequest } from "./request.ts";
import type { BitTimingConst, BitTimingValues } from "./values.ts";

/**
 * A bit timing: how long a bit is, of which segments it consists, and where it is sampled. It is the same for each phase
 * of CAN FD, with limits of their own. Cannot be changed.
 *
 * @example The best one for a bitrate, as the kernel calculates it
 * ```ts
 * import { BitTiming, bitTimingConsts } from "@socketcan/bus";
 *
 * const timing = BitTiming.fromBitrate({ clock: 8_000_000, limits: bitTimingConsts.sja1000, bitrate: 500_000 });
 * console.log(timing.samplePoint, timing.btr0, timing.btr1); // 0.875 0 28
 * console.log(timing.toIp()); // tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1
 * ```
 */
export class BitTiming implements BitTimingValues {
  /** The controller's clock in hertz. */
  readonly clock: number;
  /** Bits per second, rounded down as in the kernel. */
  readonly bitrate: number;
  /** Where in a bit it is sampled, as a part of 1 with three decimals, rounded down as in the kernel. */
  readonly samplePoint: number;
  /**
   * Length of a time quantum in whole nanoseconds, as in the kernel: rounded down if the prescaler was calculated or
   * given; if `tq` was given, to the nearest, or with older algorithms what was given.
   */
  readonly tq: number;
  /** Propagation segment, in time quanta. */
  readonly propSeg: number;
  /** Phase segment 1, in time quanta. */
  readonly phaseSeg1: number;
  /** Phase segment 2, in time quanta. */
  readonly phaseSeg2: number;
  /** Synchronisation jump width, in time quanta. */
  readonly sjw: number;
  /** Bit rate prescaler: clock periods in a time quantum. */
  readonly brp: number;
  /** Whether each bit is sampled three times: the mode `triple-sampling` of a controller. */
  readonly tripleSampling: boolean;
  /** The bitrate that was asked for, in bits per second, or null if none was. */
  readonly nominalBitrate: number | null;

  /**
   * A timing of known segments, as `ip link set ... type can tq ...` takes them.
   *
   * @throws {RangeError} A value is out of range, of the controller's limits too, or does not agree with the others.
   * @throws {TypeError} Something is missing, unknown or of the wrong type.
   *
   * @example
   * ```ts
   * import { BitTiming } from "@socketcan/bus";
   *
   * const timing = new BitTiming({ clock: 16_000_000, brp: 2, tseg1: 13, tseg2: 2, sjw: 1 });
   * console.log(timing.bitrate); // 500000
   * ```
   */
  constructor(init: BitTimingInit) {
    const values = full(init);
    this.clock = values.clock;
    this.bitrate = values.bitrate;
    this.samplePoint = values.samplePoint;
    this.tq = values.tq;
    this.propSeg = values.propSeg;
    this.phaseSeg1 = values.phaseSeg1;
    this.phaseSeg2 = values.phaseSeg2;
    this.sjw = values.sjw;
    this.brp = values.brp;
    this.tripleSampling = values.tripleSampling;
    this.nominalBitrate = values.nominalBitrate;
    Object.freeze(this);
  }

  /**
   * The best timing for a bitrate: what the kernel makes of `ip link set ... type can bitrate ...`, value for value.
   * `bitrateError` tells how far off it is; the kernel, and this, take up to 5 %. What the kernel takes and should not is
   * refused: sample points so early that the segments are none that the controller has.
   *
   * @throws {RangeError} A value is out of range, or the controller cannot do it: the message tells what it can.
   * @throws {TypeError} Something is missing, unknown or of the wrong type.
   */
  static fromBitrate(request: BitTimingRequest): BitTiming {
    return new BitTiming(best(request));
  }

  /**
   * All timings of a controller for a bitrate, best first: the nearest bitrate, then the nearest sample point, then the
   * smallest prescaler. The kernel's choice is among them, and not always the first: it never samples later than asked.
   *
   * @throws {RangeError} A value is out of range.
   * @throws {TypeError} Something is missing, unknown or of the wrong type.
   *
   * @example
   * ```ts
   * import { BitTiming, bitTimingConsts } from "@socketcan/bus";
   *
   * const limits = bitTimingConsts.mcp251x;
   * const timings = BitTiming.list({ clock: 8_000_000, limits, bitrate: 83_333, maxError: 1000 });
   * for (const timing of timings.slice(0, 3)) console.log(`${timing}`);
   * ```
   */
  static list(request: BitTimingListRequest): BitTiming[] {
    return all(request).map((init) => new BitTiming(init));
  }

  /**
   * The timing that the registers of an SJA1000 hold, and of those that copy it.
   *
   * @throws {RangeError} A register is not from 0 to 255.
   *
   * @example
   * ```ts
   * import { BitTiming } from "@socketcan/bus";
   *
   * console.log(BitTiming.fromRegisters({ clock: 8_000_000, btr0: 0x00, btr1: 0x1c }).bitrate); // 500000
   * ```
   */
  static fromRegisters(registers: { readonly clock: number; readonly btr0: number; readonly btr1: number }): BitTiming {
    checkNames("BitTiming.fromRegisters", registers, ["clock", "btr0", "btr1"]);
    return new BitTiming({ clock: registers.clock, ...decodeRegisters(registers.btr0, registers.btr1) });
  }

  /**
   * The timing of a link, of an object in what `ip -details -json link show` prints, or of its `linkinfo.info_data`.
   *
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   * @throws {TypeError} The link has none.
   * @throws {RangeError} Its values are none of a bit timing.
   */
  static fromIp(link: unknown, phase: BitTimingPhase = "nominal"): BitTiming {
    return new BitTiming(fromIp(link, phase) as unknown as BitTimingInit);
  }

  /**
   * A controller's limits, of an object in what `ip -details -json link show` prints, or of its `linkinfo.info_data`.
   *
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   * @throws {TypeError} The link has none.
   */
  static constFromIp(link: unknown, phase: BitTimingPhase = "nominal"): BitTimingConst {
    return constFromIp(link, phase);
  }

  /**
   * The timing of python-can's `can.BitTiming`: its arguments, or `dict(timing)` since python-can 4.2.
   *
   * @throws {RangeError} A value is out of range, or no prescaler comes near the bitrate.
   * @throws {TypeError} Something is missing, unknown or of the wrong type.
   */
  static fromPythonCan(timing: PythonBitTiming): BitTiming {
    return new BitTiming(fromPython(timing) as unknown as BitTimingInit);
  }

  /**
   * The timings of python-can's `can.BitTimingFd`: its arguments, or `dict(timing)`.
   *
   * @throws {RangeError} A value is out of range, or no prescaler comes near a bitrate.
   * @throws {TypeError} Something is missing, unknown or of the wrong type.
   */
  static fromPythonCanFd(timing: PythonBitTimingFd): { nominal: BitTiming; data: BitTiming } {
    const phase = (prefix: "nom" | "data") => BitTiming.fromPythonCan(pythonPhase(timing, prefix));
    return { nominal: phase("nom"), data: phase("data") };
  }

  /** Time quanta between the synchronisation segment and the sample point: `propSeg` and `phaseSeg1`. */
  get tseg1(): number {
    return this.propSeg + this.phaseSeg1;
  }

  /** Time quanta after the sample point: `phaseSeg2`. */
  get tseg2(): number {
    return this.phaseSeg2;
  }

  /** Time quanta in a bit, with the one of the synchronisation segment. */
  get bitTime(): number {
    return 1 + this.tseg1 + this.tseg2;
  }

  /** How far the real bitrate is off `nominalBitrate`, in parts per million; 0 also where there is none. */
  get bitrateError(): number {
    return this.nominalBitrate === null ? 0 : partsPerMillion(this.clock, this.brp, this.bitTime, this.nominalBitrate);
  }

  /**
   * Register BTR0 of an SJA1000: jump width and prescaler.
   *
   * @throws {RangeError} They do not fit in.
   */
  get btr0(): number {
    return encodeBtr0(this);
  }

  /**
   * Register BTR1 of an SJA1000: segments, and whether to sample three times.
   *
   * @throws {RangeError} They do not fit in.
   */
  get btr1(): number {
    return encodeBtr1(this);
  }

  /**
   * What a link is configured with, for exactly this timing. To sample three times is a mode of the controller.
   *
   * @param form `"bitrate"`: bitrate and sample point, of which the kernel makes segments of its own. Default
   * `"segments"`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   */
  toLink(form?: "segments", phase?: "nominal"): LinkSegments;
  /** What a link is configured with, for this bitrate and sample point. */
  toLink(form: "bitrate", phase?: "nominal"): LinkBitrate;
  /** What a link is configured with, for exactly this timing in the data phase. */
  toLink(form: "segments", phase: "data"): OfDataPhase<LinkSegments>;
  /** What a link is configured with, for this bitrate and sample point in the data phase. */
  toLink(form: "bitrate", phase: "data"): OfDataPhase<LinkBitrate>;
  toLink(form: "segments" | "bitrate" = "segments", phase: BitTimingPhase = "nominal"): unknown {
    checkPhase(phase);
    return linkNames(linkForm(this, form), phase);
  }

  /**
   * What `ip link set can0 type can` takes, such as `"tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1"` or
   * `"bitrate 500000 sample-point 0.875 sjw 1"`.
   *
   * @param form `"bitrate"`: bitrate and sample point, of which the kernel makes segments of its own. Default
   * `"segments"`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   */
  toIp(form: "segments" | "bitrate" = "segments", phase: BitTimingPhase = "nominal"): string {
    checkPhase(phase);
    return ipText(linkForm(this, form), phase) +
      (this.tripleSampling && phase === "nominal" ? " triple-sampling on" : "");
  }

  /** The arguments of python-can's `can.BitTiming`. */
  toPythonCan(): Required<Omit<PythonBitTiming, "bitrate">> {
    const { clock, brp, tseg1, tseg2, sjw, tripleSampling } = this;
    return { f_clock: clock, brp, tseg1, tseg2, sjw, nof_samples: tripleSampling ? 3 : 1 };
  }

  /**
   * The arguments of python-can's `can.BitTimingFd`.
   *
   * @param data The timing of the data phase.
   * @throws {RangeError} It is for another clock.
   */
  toPythonCanFd(data: BitTiming): Required<Omit<PythonBitTimingFd, "nom_bitrate" | "data_bitrate">> {
    if (data.clock !== this.clock) {
      throw new RangeError(
        `The data phase has a clock of ${data.clock} Hz: it must be that of this timing, ${this.clock}`,
      );
    }
    return {
      f_clock: this.clock,
      nom_brp: this.brp,
      nom_tseg1: this.tseg1,
      nom_tseg2: this.tseg2,
      nom_sjw: this.sjw,
      data_brp: data.brp,
      data_tseg1: data.tseg1,
      data_tseg2: data.tseg2,
      data_sjw: data.sjw,
    };
  }

  /** Whether two timings are the same on the wire and to the controller: clock, prescaler, segments and samples. */
  equals(other: BitTiming): boolean {
    const names = ["clock", "brp", "propSeg", "phaseSeg1", "phaseSeg2", "sjw", "tripleSampling"] as const;
    return other instanceof BitTiming && names.every((name) => this[name] === other[name]);
  }

  /**
   * The timing in one line, in the layout of python-can 4.1:
   * `500000 bits/s, sample point: 87.50%, BRP: 1, TSEG1: 13, TSEG2: 2, SJW: 1, BTR: 001Ch`; without registers if it does
   * not fit in, and with the error if there is one.
   */
  toString(): string {
    const { bitrate, brp, tseg1, tseg2, sjw, bitTime, bitrateError } = this;
    const point = (100 * (1 + tseg1) / bitTime).toFixed(2);
    const registers = registersText(this);
    return `${bitrate} bits/s, sample point: ${point}%, BRP: ${brp}, TSEG1: ${tseg1}, TSEG2: ${tseg2}, SJW: ${sjw}` +
      (registers && `, BTR: ${registers}h`) + (bitrateError === 0 ? "" : `, error: ${bitrateError.toFixed(1)} ppm`);
  }

  /** Everything as a plain object. */
  toJSON(): BitTimingJson {
    return { ...this };
  }
}
