/**
 * A client's place in a recording.
 *
 * @module
 */

import type { PlayerState } from "./protocol.ts";
import type { Recording } from "./recording.ts";
import { TickingTable } from "./table.ts";

/** Frames that are rather passed over by a checkpoint than put into the table one by one. */
const FAR = 100_000;

/** Plays a recording: the table is that of all frames up to a time. */
export class Player {
  readonly recording: Recording;
  table = new TickingTable();
  playing = false;
  speed = 1;
  /** The time; NaN until there is a frame. */
  #time = NaN;
  /** The number of the first frame that is not in the table. */
  #index = 0;

  constructor(recording: Recording) {
    this.recording = recording;
  }

  get time(): number {
    return Number.isNaN(this.#time) ? this.recording.start : this.#time;
  }

  get state(): PlayerState {
    return { time: this.time, playing: this.playing, speed: this.speed, index: this.#index };
  }

  /**
   * Goes to a time.
   *
   * @returns Whether the table is another one.
   */
  seek(time: number): boolean {
    const { frames, checkpoints, start, end } = this.recording;
    this.#time = Math.min(Math.max(time, start), end);
    // Frames at this very time are in the table.
    const target = frames.indexOf(this.#time + 1e-9 * Math.max(1, Math.abs(this.#time) * 1e-6));
    let replaced = false;
    if (target < this.#index || target > this.#index + FAR) {
      const { index, table } = checkpoints.before(target);
      if (target < this.#index || index > this.#index) {
        this.table = table;
        this.#index = index;
        replaced = true;
      }
    }
    frames.scan(this.#index, target, (message) => {
      this.table.add(message);
    });
    this.#index = Math.max(target, this.#index);
    return replaced;
  }

  /**
   * Goes on for some seconds of this machine's time.
   *
   * @returns Whether the table is another one.
   */
  advance(seconds: number): boolean {
    const { start, end, state } = this.recording;
    if (Number.isNaN(this.#time)) return start > 0 || end > 0 ? this.seek(start) : false;
    if (!this.playing) return false;
    const replaced = this.seek(this.#time + seconds * this.speed);
    if (this.#time >= end && state.recording!.done) this.playing = false;
    return replaced;
  }
}
