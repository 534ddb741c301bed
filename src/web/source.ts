/**
 * What the page can look at: live buses, or a recording.
 *
 * @module
 */

import type { Databases } from "./databases.ts";
import type { FrameStore } from "./frames/frame_store.ts";
import type { Meter } from "./meter.ts";
import type { SignalSeriesList } from "./plots/signal_series.ts";
import type { Series } from "./plots/series.ts";
import type { SourceState } from "./protocol.ts";

/** A source. */
export interface Source {
  readonly id: string;
  readonly state: SourceState;
  readonly frames: FrameStore;
  /** By the names of the buses. */
  readonly meters: ReadonlyMap<string, Meter>;
  readonly signals: SignalSeriesList;
  /** Begins to record the series of a signal, from as early as there are frames. */
  plot(key: string): void;
  /** The part of the frames that were looked through for a series, 0 to 1. */
  progressOf(key: string): number;
  close(): void | Promise<void>;
}

/** Returns a series by its key; undefined if there is none. */
export function seriesOf(source: Source, key: string): Series | undefined {
  const signal = source.signals.get(key);
  if (signal !== undefined) return signal.series;
  const [name, bus, more] = key.split("/");
  if (bus === undefined || more !== undefined) return undefined;
  const meter = [...source.meters].find(([each]) => encodeURIComponent(each) === bus)?.[1];
  return meter && Object.hasOwn(meter.series, name) ? meter.series[name as keyof Meter["series"]] : undefined;
}

/** What sources share. */
export interface SourceOptions {
  readonly databases: Databases;
  /** Called when `state` has changed. */
  readonly changed: () => void;
}
