/**
 * Bit timings and the limits of controllers, as the kernel has them.
 *
 * @module
 */

/** What a controller can do: the kernel's `struct can_bittiming_const`. All times are in time quanta. */
export interface BitTimingConst {
  /** The controller's name, such as `"sja1000"`. */
  readonly name: string;
  /** Least of propagation segment and phase segment 1 together. */
  readonly tseg1Min: number;
  /** Most of both. */
  readonly tseg1Max: number;
  /** Least of phase segment 2. */
  readonly tseg2Min: number;
  /** Most of it. */
  readonly tseg2Max: number;
  /** Most of the synchronisation jump width. */
  readonly sjwMax: number;
  /** Least of the bit rate prescaler: clock periods in a time quantum. */
  readonly brpMin: number;
  /** Most of it. */
  readonly brpMax: number;
  /** What the prescaler is a multiple of. */
  readonly brpInc: number;
}

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
