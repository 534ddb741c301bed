/**
 * A recording, as a source. It is read once into a file of frames; what has been read can be used at once.
 *
 * @module
 */

import type { LogNote } from "../log/entry.ts";
import { LogReader } from "../log/reader.ts";
import type { LogInput } from "../log/source.ts";
import { noteDropped } from "../message/losses.ts";
import { fieldsOf, Message } from "../message/message.ts";
import { Checkpoints } from "./checkpoints.ts";
import { FrameStore } from "./frames/frame_store.ts";
import { FileShelf } from "./frames/shelf.ts";
import { Meter } from "./meter.ts";
import { type SignalSeries, SignalSeriesList } from "./plots/signal_series.ts";
import type { Mark, SourceState } from "./protocol.ts";
import type { Source, SourceOptions } from "./source.ts";

/** The most marks and diagnostics that are kept. */
const MARKS = 1000;
const DIAGNOSTICS = 20;
/** Milliseconds of work after which others have their turn. */
const TURN = 10;
/** Milliseconds between two reports of the progress. */
const REPORT = 250;
/** Frames looked through at once for a series. */
const PART = 50_000;

/** Options of a recording. */
export interface RecordingOptions extends SourceOptions {
  readonly id: string;
  readonly title: string;
  readonly input: LogInput;
  /** Its size in bytes; null if that is not known. */
  readonly size: number | null;
  /** The folder for the file of frames. Default: that for temporary files. */
  readonly folder: string | undefined;
}

/** A recording. */
export class Recording implements Source {
  readonly id: string;
  readonly frames: FrameStore;
  readonly meters = new Map<string, Meter>();
  readonly signals: SignalSeriesList;
  readonly checkpoints = new Checkpoints();
  readonly #options: RecordingOptions;
  readonly #reader: LogReader;
  readonly #reading: Promise<void>;
  readonly #marks: Mark[] = [];
  /** Series that are being filled, with the number of the next frame. */
  readonly #filled = new Map<string, number>();
  #closed = false;
  #done = false;
  #error: string | null = null;
  #format = "";
  #start = NaN;
  #end = NaN;
  /** The second that the meters count. */
  #second = NaN;
  /** Frames that are missing before the next one. */
  #lost = 0;

  /** @throws {Error} There is no place for its frames. */
  constructor(options: RecordingOptions) {
    this.id = options.id;
    this.#options = options;
    this.frames = new FrameStore(new FileShelf(options.folder), null);
    this.signals = new SignalSeriesList(options.databases);
    this.#reader = LogReader.open(options.input);
    this.#reading = this.#readAll();
  }

  get state(): SourceState {
    const { size } = this.#options;
    return {
      source: this.id,
      kind: "recording",
      title: this.#options.title,
      buses: [...this.meters.keys()],
      recording: {
        format: this.#format,
        progress: this.#done ? 1 : size ? Math.min(this.#reader.bytesRead / size, 0.99) : 0,
        done: this.#done,
        error: this.#error,
        diagnostics: this.#reader.diagnostics.slice(0, DIAGNOSTICS).map(({ line, offset, reason }) =>
          `${line === null ? `byte ${offset}` : `line ${line}`}: ${reason}`
        ),
        skipped: this.#reader.skipped,
        start: this.start,
        end: this.end,
        frames: this.frames.end,
        marks: this.#marks,
      },
    };
  }

  /** The times of the first and the last frame; 0 if there is none. */
  get start(): number {
    return this.#start || 0;
  }

  get end(): number {
    return this.#end || 0;
  }

  plot(key: string): void {
    const signal = this.signals.get(key) === undefined ? this.signals.begin(key) : null;
    if (signal === null) return;
    this.#filled.set(key, 0);
    void this.#fill(signal);
  }

  progressOf(key: string): number {
    const at = this.#filled.get(key);
    return at === undefined || this.frames.end === 0 ? 1 : at / this.frames.end;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reader.close();
    await this.#reading;
    this.frames.close();
  }

  async #readAll(): Promise<void> {
    let turn = performance.now();
    let reported = turn;
    try {
      this.#format = (await this.#reader.info()).format;
      for await (const items of this.#reader.batches()) {
        for (const item of items) {
          if (item instanceof Message) this.#add(item);
          else this.#note(item);
        }
        const now = performance.now();
        if (now - turn < TURN) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (this.#closed) return;
        turn = performance.now();
        if (turn - reported < REPORT) continue;
        reported = turn;
        this.#options.changed();
      }
    } catch (error) {
      if (this.#closed) return;
      this.#error = error instanceof Error ? error.message : String(error);
    }
    this.#readMeters();
    this.#done = true;
    this.#options.changed();
  }

  #add(message: Message): void {
    if (this.#lost > 0) noteDropped(message, this.#lost);
    this.#lost = 0;
    const { timestamp } = message;
    if (Number.isNaN(this.#start)) this.#start = timestamp;
    this.#end = Number.isNaN(this.#end) ? timestamp : Math.max(timestamp, this.#end);
    const second = Math.floor(timestamp);
    if (second !== this.#second) {
      if (second > this.#second) this.#readMeters();
      this.#second = second;
    }
    const bus = message.channel ?? "";
    let meter = this.meters.get(bus);
    if (meter === undefined) this.meters.set(bus, meter = new Meter(bus));
    meter.add(message);
    this.checkpoints.add(message, this.frames.end);
    this.frames.append(message);
  }

  /** Ends a second of the recording. */
  #readMeters(): void {
    if (!Number.isNaN(this.#second)) { for (const meter of this.meters.values()) meter.read(this.#second, 1, null); }
  }

  #note(note: LogNote): void {
    if (note.type === "object") return;
    const time = note.timestampNs === null ? this.end : Number(note.timestampNs) / 1e9;
    const dropped = note.type === "dropped" ? note.count ?? 0 : null;
    const text = note.type === "marker"
      ? note.text
      : `${note.count ?? "some"} frames lost on ${note.channel ?? "a bus"}`;
    if (this.#marks.length < MARKS) this.#marks.push({ time, dropped, text });
    if (dropped !== null) this.#lost += dropped;
  }

  /** Looks through the frames for a series, in parts, also through those that are still to be read. */
  async #fill(signal: SignalSeries): Promise<void> {
    const { key } = signal;
    for (let at = 0; !this.#closed && this.signals.get(key) === signal;) {
      const row = this.checkpoints.rowNamed(signal.row);
      const idWord = row && fieldsOf(row.message).idWord;
      const end = Math.min(at + PART, this.frames.end);
      if (idWord !== undefined) {
        this.frames.scan(
          at,
          end,
          (message) => {
            if ((message.channel ?? "") === row!.channel) this.signals.append(signal, message);
          },
          (each) => each === idWord,
        );
        at = end;
        this.#filled.set(key, at);
      }
      if (this.#done && (at === this.frames.end || idWord === undefined)) break;
      await new Promise((resolve) => setTimeout(resolve, at === this.frames.end || idWord === undefined ? 100 : 0));
    }
    this.#filled.delete(key);
  }
}
