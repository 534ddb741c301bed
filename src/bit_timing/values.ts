/**
 * Bit timings and the limits of controllers, as in the kernel.
 *
 * @module
 */

export type { BitTimingConst } from "../kernel/can_netlink.ts";

/**
 * The values of a bit timing, rounded as in the kernel's `struct can_bittiming` (`linux/can/netlink.h`).
 *
 * @category Bit timing
 */
export interface BitTimingValues {
  /** Bitrate in bits per second, rounded down. */
  readonly bitrate: number;
  /** Sample point as a fraction of a bit, rounded down to three decimals, such as 0.875. */
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
