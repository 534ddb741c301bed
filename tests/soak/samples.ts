/**
 * The memory and descriptors of a process while it ran, and whether they grew.
 *
 * @module
 */

/**
 * Bytes a frame by which resident memory may grow after the first third of a run. The smallest object kept for each frame
 * would take 16 bytes, two words; half of that exceeds the noise of a garbage collector over a million frames.
 */
export const MAX_BYTES_A_FRAME = 8;

/** Descriptors that may be open beyond the minimum: a thread that waits has some of its own, and comes and goes. */
const MAX_EXTRA_DESCRIPTORS = 12;

/** Frames before which memory is not judged, as the heap is still growing to its size. */
const MIN_FRAMES = 1_000_000;

interface Sample {
  readonly frames: number;
  readonly bytes: number;
  readonly descriptors: number;
}

/** Samples of memory and descriptors, by the number of frames sent. */
export class Samples {
  readonly all: Sample[] = [];

  add(frames: number, bytes: number, descriptors: number): void {
    this.all.push({ frames, bytes, descriptors });
  }
}

/** How memory and descriptors developed. */
export interface Verdict {
  /** Resident bytes after the first third of the run. */
  readonly warm: number;
  /** Resident bytes at the end. */
  readonly end: number;
  /** The maximum of resident bytes. */
  readonly max: number;
  /** Growth in bytes a frame: the slope of the line through the samples after the first third. */
  readonly slope: number;
  /** The minimum and maximum of open descriptors. */
  readonly descriptors: readonly [number, number];
  /** The limits that were exceeded. */
  readonly wrong: string[];
}

/** Judges samples. */
export function judge({ all }: Samples): Verdict {
  const warm = all.slice(Math.floor(all.length / 3));
  const slope = slopeOf(warm);
  const numbers = all.map(({ descriptors }) => descriptors);
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const wrong: string[] = [];
  if (warm.at(-1)!.frames >= MIN_FRAMES && slope > MAX_BYTES_A_FRAME) {
    wrong.push(`memory grows by ${slope.toFixed(2)} bytes a frame, more than the limit of ${MAX_BYTES_A_FRAME}`);
  }
  if (max - min > MAX_EXTRA_DESCRIPTORS) wrong.push(`from ${min} to ${max} descriptors were open`);
  return {
    warm: warm[0].bytes,
    end: warm.at(-1)!.bytes,
    max: Math.max(...all.map(({ bytes }) => bytes)),
    slope,
    descriptors: [min, max],
    wrong,
  };
}

/** Returns the slope of the least-squares line. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const frames = mean((each) => each.frames);
  const bytes = mean((each) => each.bytes);
  const across = mean((each) => (each.frames - frames) * (each.bytes - bytes));
  const along = mean((each) => (each.frames - frames) ** 2);
  return along === 0 ? 0 : across / along;
}
