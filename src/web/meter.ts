/**
 * How a bus does: what came over it, second by second.
 *
 * @module
 */

import { type Bitrates, Traffic } from "../live/traffic.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import { Series } from "./plots/series.ts";
import type { BusHealth, Gap } from "./protocol.ts";

/** The latest errors and gaps that are kept. */
const LATEST = 20;

/** What the kernel says of an interface. */
export interface LinkReading {
  readonly state: string | null;
  readonly up: boolean;
  readonly bitrates: Bitrates | null;
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;
  readonly restarts: number | null;
  /** Frames that the interface has dropped. */
  readonly dropped: number;
}

/** The series of each bus: their names, and their units. */
const seriesUnits = { load: "%", rate: "1/s", "tx-errors": "", "rx-errors": "", "error-frames": "1/s" } as const;

type SeriesName = keyof typeof seriesUnits;

/** Counts what comes over a bus. Once a second it is read off. */
export class Meter {
  readonly bus: string;
  /** Load, rate and error counters over time. */
  readonly series: Readonly<Record<SeriesName, Series>>;
  /** What its receiving failed with. */
  problem: string | null = null;
  #bitrates: Bitrates | null = null;
  #reading: LinkReading | null = null;
  #traffic = new Traffic("none");
  #errorsNow = 0;
  #lostNow = 0;
  #counters: { readonly tx: number; readonly rx: number } | null = null;
  #state: string | null = null;
  #restarts = 0;
  #totals = { frames: 0, errorFrames: 0, dropped: 0, rate: 0, peakRate: 0, load: 0, peakLoad: 0, bytes: 0 };
  readonly #errors: { time: number; text: string }[] = [];
  readonly #gaps: Gap[] = [];
  #clock: "software" | "hardware" | null = null;

  constructor(bus: string) {
    this.bus = bus;
    const series = Object.entries(seriesUnits).map(([name, unit]) => [name, new Series(unit)]);
    this.series = Object.fromEntries(series) as Record<SeriesName, Series>;
  }

  /** The bitrates, without which there is no load; set before the first frame, or when a second has ended. */
  set bitrates(bitrates: Bitrates | null) {
    // To count the stuff bits of each frame takes most of the time.
    if (this.#bitrates === null && bitrates !== null) this.#traffic = new Traffic("exact");
    this.#bitrates = bitrates;
  }

  add(message: Message): void {
    this.#traffic.add(message, this.#bitrates);
    const lost = droppedBefore(message);
    if (lost > 0) this.lost(message.timestamp, lost);
    this.#clock = message.timestampSource ?? this.#clock;
    const { error } = message;
    if (error === null) return;
    this.#errorsNow++;
    this.#totals.errorFrames++;
    this.#counters = error.errorCounters ?? this.#counters;
    if (error.classes.includes("bus-off")) this.#state = "BUS-OFF";
    if (error.classes.includes("restarted-after-bus-off")) {
      this.#state = "ERROR-ACTIVE";
      this.#restarts++;
    }
    keep(this.#errors, { time: message.timestamp, text: `${error}` });
  }

  /** Frames are missing before a time. */
  lost(time: number, count: number): void {
    this.#totals.dropped += count;
    this.#lostNow += count;
    keep(this.#gaps, { time, count });
  }

  /**
   * Reads off what came since the last call.
   *
   * @param time The time of now.
   * @param seconds How long that was.
   * @param reading What the kernel says of the interface; null if there is none.
   */
  read(time: number, seconds: number, reading: LinkReading | null): void {
    const { frames, busy, payload } = this.#traffic;
    const totals = this.#totals;
    this.#reading = reading;
    totals.frames += frames;
    totals.rate = frames / seconds;
    totals.bytes = payload / 8 / seconds;
    totals.load = busy / seconds;
    totals.peakRate = Math.max(totals.peakRate, totals.rate);
    totals.peakLoad = Math.max(totals.peakLoad, totals.load);
    this.#counters = reading?.errorCounters ?? this.#counters;
    const { series } = this;
    if (this.#lostNow > 0) { for (const each of Object.values(series)) each.gap(); }
    series.rate.append(time, totals.rate);
    series["error-frames"].append(time, this.#errorsNow / seconds);
    if (this.#bitrates !== null) series.load.append(time, 100 * totals.load);
    if (this.#counters !== null) {
      series["tx-errors"].append(time, this.#counters.tx);
      series["rx-errors"].append(time, this.#counters.rx);
    }
    this.#traffic.reset();
    if (reading?.bitrates) this.bitrates = reading.bitrates;
    this.#errorsNow = this.#lostNow = 0;
  }

  /** How it did at a time of a recording. */
  healthAt(time: number): BusHealth {
    const [now] = this.series.rate.query(time, time, 1);
    return { ...this.health(), rate: now?.maximum ?? 0 };
  }

  /** How it does. Frames count as soon as they have come; rates are those of the last second. */
  health(): BusHealth {
    const totals = this.#totals;
    const reading = this.#reading;
    const bitrates = this.#bitrates;
    return {
      bus: this.bus,
      state: reading === null ? this.#state : reading.state,
      up: this.problem === null && (reading?.up ?? true),
      problem: this.problem,
      bitrate: bitrates?.bitrate ?? null,
      dataBitrate: bitrates?.dataBitrate ?? null,
      load: bitrates && totals.load,
      peakLoad: bitrates && totals.peakLoad,
      rate: totals.rate,
      peakRate: totals.peakRate,
      frames: totals.frames + this.#traffic.frames,
      bytes: totals.bytes,
      errorCounters: this.#counters,
      errorFrames: totals.errorFrames,
      errors: this.#errors,
      restarts: reading === null ? this.#restarts : reading.restarts,
      dropped: { socket: totals.dropped, interface: reading?.dropped ?? null },
      gaps: this.#gaps,
      clock: this.#clock,
    };
  }
}

function keep<T>(list: T[], item: T): void {
  if (list.push(item) > LATEST) list.shift();
}
