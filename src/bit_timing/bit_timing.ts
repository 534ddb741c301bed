/**
 * Bit timings: the length of a bit on the wire, and where it is sampled.
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
import { type BitTimingInit, type BitTimingJson, completeTiming } from "./init.ts";
import { partsPerMillion } from "./list.ts";
import { decodeRegisters, encodeBtr0, encodeBtr1, registersText } from "./registers.ts";
import { allTimings, bestTiming, type BitTimingListRequest, type BitTimingRequest } from "./request.ts";
import type { BitTimingConst, BitTimingValues } from "./values.ts";

/**
 * A bit timing: the length of a bit, its segments, and where it is sampled (ISO 11898-1). In CAN FD, each of the two
 * phases of a frame has its own bit timing and limits. Immutable.
 *
 * It corresponds to python-can's
 * {@link https://python-can.readthedocs.io/en/stable/bit_timing.html | `can.BitTiming`}, and to the kernel's
 * `struct can_bittiming` (`linux/can/netlink.h`).
 *
 * @example The best timing for a bitrate, as the kernel calculates it
 * ```ts
 * import { BitTiming, bitTimingConsts } from "@socketcan/bus";
 *
 * const timing = BitTiming.fromBitrate({ clock: 8_000_000, limits: bitTimingConsts.sja1000, bitrate: 500_000 });
 * console.log(timing.samplePoint, timing.btr0, timing.btr1); // 0.875 0 28
 * console.log(timing.toIp()); // tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1
 * ```
 *
 * @category Bit timing
 */
export class BitTiming implements BitTimingValues {
  /** The controller's clock in hertz. */
  readonly clock: number;
  /** Bitrate in bits per second, rounded down as in the kernel. */
  readonly bitrate: number;
  /** Sample point as a fraction of a bit, rounded down to three decimals as in the kernel. */
  readonly samplePoint: number;
  /**
   * Length of a time quantum in whole nanoseconds, as in the kernel: rounded down if the prescaler was calculated or
   * given. If `tq` was given, it is rounded to the nearest length that the prescaler allows; algorithms older than
   * `"v6.3"` keep the given value.
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
  /** Whether each bit is sampled three times: the controller mode `triple-sampling`. */
  readonly tripleSampling: boolean;
  /** The requested bitrate in bits per second, or null if none was requested. */
  readonly nominalBitrate: number | null;

  /**
   * Constructs a timing from its segments, as in `ip link set ... type can tq ...`.
   *
   * @throws {RangeError} A value is out of range or outside the given limits, or contradicts the others.
   * @throws {TypeError} A value is missing, unknown or of the wrong type.
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
    const values = completeTiming(init);
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
   * Returns the best timing for a bitrate, exactly as the kernel calculates it for `ip link set ... type can bitrate
   * ...`. `bitrateError` says how far the bitrate is off; like the kernel, this method accepts up to 5 %. Unlike the
   * kernel, it refuses a sample point so early that the segments would exceed the controller's limits.
   *
   * @throws {RangeError} A value is out of range, or the controller does not support it; the error names what it
   * supports.
   * @throws {TypeError} A value is missing, unknown or of the wrong type.
   */
  static fromBitrate(request: BitTimingRequest): BitTiming {
    return new BitTiming(bestTiming(request));
  }

  /**
   * Returns all timings of a controller for a bitrate, best first: sorted by the error of the bitrate, then by the
   * error of the sample point, then by the prescaler. The kernel's choice is among them but not always first, because
   * the kernel never samples later than requested.
   *
   * @throws {RangeError} A value is out of range.
   * @throws {TypeError} A value is missing, unknown or of the wrong type.
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
    return allTimings(request).map((init) => new BitTiming(init));
  }

  /**
   * Returns the timing in the registers of an SJA1000, or of a controller that is compatible with it.
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
   * Returns the timing of a link.
   *
   * @param link An object of the output of `ip -details -json link show`, or its `linkinfo.info_data`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   * @throws {TypeError} The link has no bit timing.
   * @throws {RangeError} The values are not a valid bit timing.
   */
  static fromIp(link: unknown, phase: BitTimingPhase = "nominal"): BitTiming {
    return new BitTiming(fromIp(link, phase) as unknown as BitTimingInit);
  }

  /**
   * Returns the limits of a link's controller.
   *
   * @param link An object of the output of `ip -details -json link show`, or its `linkinfo.info_data`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   * @throws {TypeError} The link has no limits.
   */
  static constFromIp(link: unknown, phase: BitTimingPhase = "nominal"): BitTimingConst {
    return constFromIp(link, phase);
  }

  /**
   * Returns the timing of a python-can `can.BitTiming`.
   *
   * @param timing The arguments of `can.BitTiming`, or `dict(timing)` of python-can 4.2 or newer.
   * @throws {RangeError} A value is out of range, or no prescaler comes within 5 % of the bitrate.
   * @throws {TypeError} A value is missing, unknown or of the wrong type.
   */
  static fromPythonCan(timing: PythonBitTiming): BitTiming {
    return new BitTiming(fromPython(timing) as unknown as BitTimingInit);
  }

  /**
   * Returns the timings of a python-can `can.BitTimingFd`.
   *
   * @param timing The arguments of `can.BitTimingFd`, or `dict(timing)`.
   * @throws {RangeError} A value is out of range, or no prescaler comes within 5 % of a bitrate.
   * @throws {TypeError} A value is missing, unknown or of the wrong type.
   */
  static fromPythonCanFd(timing: PythonBitTimingFd): { nominal: BitTiming; data: BitTiming } {
    const phase = (prefix: "nom" | "data") => BitTiming.fromPythonCan(pythonPhase(timing, prefix));
    return { nominal: phase("nom"), data: phase("data") };
  }

  /** Time quanta between the synchronisation segment and the sample point: `propSeg` plus `phaseSeg1`. */
  get tseg1(): number {
    return this.propSeg + this.phaseSeg1;
  }

  /** Time quanta after the sample point: `phaseSeg2`. */
  get tseg2(): number {
    return this.phaseSeg2;
  }

  /** Time quanta in a bit, including the one of the synchronisation segment. */
  get bitTime(): number {
    return 1 + this.tseg1 + this.tseg2;
  }

  /** Error of the bitrate relative to `nominalBitrate`, in parts per million; 0 if that is null. */
  get bitrateError(): number {
    return this.nominalBitrate === null ? 0 : partsPerMillion(this.clock, this.brp, this.bitTime, this.nominalBitrate);
  }

  /**
   * Register BTR0 of an SJA1000: jump width and prescaler.
   *
   * @throws {RangeError} A value does not fit into the register.
   */
  get btr0(): number {
    return encodeBtr0(this);
  }

  /**
   * Register BTR1 of an SJA1000: segments and triple sampling.
   *
   * @throws {RangeError} A value does not fit into the register.
   */
  get btr1(): number {
    return encodeBtr1(this);
  }

  /**
   * Returns the options of `Link.configure` for this timing. They do not include triple sampling, which is a controller
   * mode.
   *
   * @param form `"segments"` for exactly this timing; `"bitrate"` for its bitrate and sample point, from which the
   * kernel calculates the segments itself. Default `"segments"`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   */
  toLink(form?: "segments", phase?: "nominal"): LinkSegments;
  /** Returns the options of `Link.configure` for this bitrate and sample point. */
  toLink(form: "bitrate", phase?: "nominal"): LinkBitrate;
  /** Returns the options of `Link.configure` for exactly this timing in the data phase. */
  toLink(form: "segments", phase: "data"): OfDataPhase<LinkSegments>;
  /** Returns the options of `Link.configure` for this bitrate and sample point in the data phase. */
  toLink(form: "bitrate", phase: "data"): OfDataPhase<LinkBitrate>;
  toLink(form: "segments" | "bitrate" = "segments", phase: BitTimingPhase = "nominal"): unknown {
    checkPhase(phase);
    return linkNames(linkForm(this, form), phase);
  }

  /**
   * Returns the arguments of `ip link set can0 type can` for this timing, such as
   * `"tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1"` or `"bitrate 500000 sample-point 0.875 sjw 1"`.
   *
   * @param form `"segments"` for exactly this timing; `"bitrate"` for its bitrate and sample point, from which the
   * kernel calculates the segments itself. Default `"segments"`.
   * @param phase `"data"` for the data phase of CAN FD. Default `"nominal"`.
   */
  toIp(form: "segments" | "bitrate" = "segments", phase: BitTimingPhase = "nominal"): string {
    checkPhase(phase);
    return ipText(linkForm(this, form), phase) +
      (this.tripleSampling && phase === "nominal" ? " triple-sampling on" : "");
  }

  /** Returns the arguments of python-can's `can.BitTiming`. */
  toPythonCan(): Required<Omit<PythonBitTiming, "bitrate">> {
    const { clock, brp, tseg1, tseg2, sjw, tripleSampling } = this;
    return { f_clock: clock, brp, tseg1, tseg2, sjw, nof_samples: tripleSampling ? 3 : 1 };
  }

  /**
   * Returns the arguments of python-can's `can.BitTimingFd`, with this timing for the arbitration phase.
   *
   * @param data The timing of the data phase.
   * @throws {RangeError} `data` has another clock.
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

  /** Whether another timing has the same clock, prescaler, segments, jump width and triple sampling. */
  equals(other: BitTiming): boolean {
    const names = ["clock", "brp", "propSeg", "phaseSeg1", "phaseSeg2", "sjw", "tripleSampling"] as const;
    return other instanceof BitTiming && names.every((name) => this[name] === other[name]);
  }

  /**
   * Returns the timing as one line in python-can 4.1's layout:
   * `500000 bits/s, sample point: 87.50%, BRP: 1, TSEG1: 13, TSEG2: 2, SJW: 1, BTR: 001Ch`. The registers are omitted
   * if the values do not fit into them; the error of the bitrate is appended if there is one.
   */
  toString(): string {
    const { bitrate, brp, tseg1, tseg2, sjw, bitTime, bitrateError } = this;
    const point = (100 * (1 + tseg1) / bitTime).toFixed(2);
    const registers = registersText(this);
    return `${bitrate} bits/s, sample point: ${point}%, BRP: ${brp}, TSEG1: ${tseg1}, TSEG2: ${tseg2}, SJW: ${sjw}` +
      (registers && `, BTR: ${registers}h`) + (bitrateError === 0 ? "" : `, error: ${bitrateError.toFixed(1)} ppm`);
  }

  /** Returns all values as a plain object. */
  toJSON(): BitTimingJson {
    return { ...this };
  }
}
