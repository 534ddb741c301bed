/**
 * Bit timings and the limits of controllers, as the kernel has them.
 *
 * @module
 */

export type { BitTimingConst } from "../kernel/can_netlink.ts";

/** A bit timing: the kernel's `struct can_bittiming`, with its rounding. */
export interface BitTimingValues {
  /** Bits per second, rounded down. */
  readonly bitrate: number;
  /** Where in a bit it is sampled, as a part of 1 with three decimals, rounded down: 0.875. */
  readonly samplePoint: number;
  /** Length of a time quantum in nanoseconds, rounded to a whole number. */
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
}
