/**
 * What a process held while it ran, and whether that grew.
 *
 * @module
 */

/**
 * Bytes a frame by which resident memory may grow after the first third of a run. The least that is kept for a frame,
 * an object of two words, is 16; half of that is more than the noise of a garbage collector over a million frames.
 */
export const MOST_BYTES_A_FRAME = 8;

/** Descriptors that may be open beyond the fewest: waiting begins and ends, with a thread that has some of its own. */
const MOST_DESCRIPTORS = 12;

/** Frames before which memory is not judged: the heap has yet to find its size. */
const LEAST_FRAMES = 1_000_000;

interface Sample {
  readonly frames: number;
  readonly bytes: number;
  readonly descriptors: number;
}

/** Memory and descriptors, by frames. */
export class Samples {
  readonly all: Sample[] = [];

  add(frames: number, bytes: number, descriptors: number): void {
    this.all.push({ frames, bytes, descriptors });
  }
}

/** What became of memory and descriptors. */
export interface Verdict {
  /** Resident bytes when the first third of the run was over, at the end, and at the most. */
  readonly warm: number;
  readonly end: number;
  readonly most: number;
  /** Bytes a frame: the slope of the line through the samples after the first third. */
  readonly slope: number;
  /** Fewest and most open descriptors. */
  readonly descriptors: readonly [number, number];
  /** What is not as it must be. */
  readonly wrong: string[];
}

/** Judges samples. */
export function judge({ all }: Samples): Verdict {
  const warm = all.slice(Math.floor(all.length / 3));
  const slope = slopeOf(warm);
  const numbers = all.map(({ descriptors }) => descriptors);
  const [fewest, most] = [Math.min(...numbers), Math.max(...numbers)];
  const wrong: string[] = [];
  if (warm.at(-1)!.frames >= LEAST_FRAMES && slope > MOST_BYTES_A_FRAME) {
    wrong.push(`memory grows by ${slope.toFixed(2)} bytes a frame, and ${MOST_BYTES_A_FRAME} are the limit`);
  }
  if (most - fewest > MOST_DESCRIPTORS) wrong.push(`from ${fewest} to ${most} descriptors were open`);
  return {
    warm: warm[0].bytes,
    end: warm.at(-1)!.bytes,
    most: Math.max(...all.map(({ bytes }) => bytes)),
    slope,
    descriptors: [fewest, most],
    wrong,
  };
}

/** The slope of the line of least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const frames = mean((each) => each.frames);
  const bytes = mean((each) => each.bytes);
  const across = mean((each) => (each.frames - frames) * (each.bytes - bytes));
  const along = mean((each) => (each.frames - frames) ** 2);
  return along === 0 ? 0 : across / along;
}
