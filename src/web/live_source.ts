/**
 * Live buses, as one source.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { pause } from "../endpoint/turn.ts";
import type { Bitrates } from "../live/traffic.ts";
import { droppedBefore } from "../message/losses.ts";
import { fieldsOf, type Message } from "../message/message.ts";
import { FrameStore } from "./frames/frame_store.ts";
import { MemoryShelf } from "./frames/shelf.ts";
import { readLinks } from "./links.ts";
import { Meter } from "./meter.ts";
import { SignalSeriesList } from "./plots/signal_series.ts";
import type { SourceState } from "./protocol.ts";
import type { Source, SourceOptions } from "./source.ts";
import { TickingTable } from "./table.ts";

/** Frames received at once. */
const BATCH = 512;
/** Milliseconds between two readings of the meters, and after an error of a bus. */
const SECOND = 1000;

/** Options of live buses. */
export interface LiveOptions extends SourceOptions {
  /** The most frames that the trace keeps. */
  readonly bound: number;
  /** Bitrates of buses that do not know their own. */
  readonly bitrates: Readonly<Record<string, Bitrates>>;
  /** Called with what a bus received. */
  readonly received: (batch: readonly Message[], bus: MessageBus) => void;
}

/** Reads buses, for as long as it is not closed. */
export class LiveSource implements Source {
  readonly id = "live";
  readonly table = new TickingTable();
  readonly frames: FrameStore;
  readonly signals: SignalSeriesList;
  readonly meters = new Map<string, Meter>();
  readonly #options: LiveOptions;
  readonly #closing = new AbortController();
  readonly #following: Promise<unknown>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(buses: readonly MessageBus[], options: LiveOptions) {
    this.#options = options;
    this.frames = new FrameStore(new MemoryShelf(), options.bound);
    this.signals = new SignalSeriesList(options.databases);
    for (const { channel } of buses) if (channel !== "") this.#meterOf(channel);
    let last = performance.now();
    const read = () => {
      const now = performance.now();
      const readings = readLinks(buses);
      for (const meter of this.meters.values()) {
        meter.read(Date.now() / 1000, (now - last) / 1000, readings.get(meter.bus) ?? null);
      }
      last = now;
    };
    read();
    this.#timer = setInterval(read, SECOND);
    this.#following = Promise.all(buses.map((bus) => this.#follow(bus)));
  }

  get state(): SourceState {
    return { source: this.id, kind: "live", title: "live", buses: [...this.meters.keys()], recording: null };
  }

  plot(key: string): void {
    const signal = this.signals.get(key) === undefined ? this.signals.begin(key) : null;
    if (signal === null) return;
    const row = this.table.rows.find(({ key }) => key === signal.row);
    if (row === undefined) return; // none has come yet
    const { idWord } = fieldsOf(row.message);
    this.frames.scan(
      this.frames.first,
      this.frames.end,
      (message) => {
        if (message.channel === row.message.channel) this.signals.append(signal, message);
      },
      (each) => each === idWord,
    );
  }

  progressOf(): number {
    return 1;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#following;
    this.frames.close();
  }

  async #follow(bus: MessageBus): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !bus.closed) {
      try {
        const batch = await bus.recvManyAsync(BATCH, { signal });
        for (const message of batch) this.#add(message);
        this.#options.received(batch, bus);
        this.#problem(bus, null);
      } catch (error) {
        if (signal.aborted || bus.closed) break;
        this.#problem(bus, error instanceof Error ? error.message : String(error));
        await pause(SECOND, signal);
      }
    }
    if (!signal.aborted) this.#problem(bus, "it was closed");
  }

  #add(message: Message): void {
    this.frames.append(message);
    const row = this.table.add(message);
    const meter = this.#meterOf(message.channel ?? "");
    meter.add(message);
    if (this.signals.isEmpty) return;
    if (droppedBefore(message) > 0) this.signals.gap(meter.bus);
    if (row !== null) this.signals.add(row.key, message);
  }

  #meterOf(bus: string): Meter {
    let meter = this.meters.get(bus);
    if (meter === undefined) {
      const { bitrates, changed } = this.#options;
      this.meters.set(bus, meter = new Meter(bus));
      if (Object.hasOwn(bitrates, bus)) meter.bitrates = bitrates[bus];
      changed();
    }
    return meter;
  }

  /** Notes what is wrong with a bus. It concerns all interfaces if the bus is bound to all. */
  #problem(bus: MessageBus, problem: string | null): void {
    for (const meter of bus.channel === "" ? this.meters.values() : [this.#meterOf(bus.channel)]) {
      if (meter.problem === problem) continue;
      meter.problem = problem;
      if (problem !== null) { for (const each of Object.values(meter.series)) each.gap(); }
      if (problem !== null) this.signals.gap(meter.bus);
    }
  }
}
