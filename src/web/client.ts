/**
 * A client: a page that looks, with what it has already been sent.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import { ExpressionError } from "../where/tokens.ts";
import { where } from "../where/where.ts";
import type { Databases } from "./databases.ts";
import { idOf } from "../live/table.ts";
import { rowDefinition, rowText, rowValues } from "./describe.ts";
import { EventStream } from "./event_stream.ts";
import { LiveSource } from "./live_source.ts";
import { Player } from "./player.ts";
import type { Recording } from "./recording.ts";
import { Refusal } from "./refusal.ts";
import type { BusHealth, Hello, RowDefinition, RowValues, Snapshot, State, View } from "./protocol.ts";
import type { Source } from "./source.ts";
import { keyOf, rowKeyOf } from "./row_key.ts";
import type { TickingTable, Touched } from "./table.ts";
import { TraceView } from "./trace_view.ts";

/** Seconds between two accounts of the buses' health, which are sent even if nothing else has changed. */
const HEALTH = 0.5;
/** Milliseconds in a tick in which a filter looks through frames. */
const SCAN = 10;
/** Seconds by which a snapshot may come early, as timers are not exact. */
const EARLY = 0.01;

/** What a client looks at, in full. */
type FullView = Required<Omit<View, "client" | "source">>;

const everything: FullView = { where: "", search: "", unfolded: [], muted: [], hold: false, series: [], rate: 20 };

/** A client. */
export class Client {
  readonly id: string;
  readonly #databases: Databases;
  #source: Source;
  #player: Player | null = null;
  #view = everything;
  #passes: ((message: Message) => boolean) | null = null;
  #databasesVersion = 0;
  #trace: TraceView;
  /** Ends the holding of the trace's frames; null if they are not held. */
  #release: (() => void) | null = null;
  #stream: EventStream | null = null;
  /** When it was connected last, in seconds of the monotonic clock. */
  #seenAt: number;
  #unfolded: ReadonlySet<string> = new Set();
  /** The rows that have changed since the last snapshot, with the bits that have. */
  #pending = new Map<number, Uint8Array | null>();
  /** The rows that it knows, and those that it shows. */
  readonly #defined = new Set<number>();
  readonly #shown = new Set<number>();
  #reset = true;
  #sentAt = -Infinity;
  #healthAt = -Infinity;
  #skipped = 0;

  constructor(id: string, source: Source, databases: Databases, now: number) {
    this.id = id;
    this.#databases = databases;
    this.#source = source;
    this.#seenAt = now;
    this.#trace = this.#look(source);
  }

  get source(): Source {
    return this.#source;
  }

  get player(): Player | null {
    return this.#player;
  }

  get trace(): TraceView {
    return this.#trace;
  }

  get series(): readonly string[] {
    return this.#view.series;
  }

  get connected(): boolean {
    return this.#stream !== null;
  }

  /** Seconds since it was connected. */
  away(now: number): number {
    return this.connected ? 0 : now - this.#seenAt;
  }

  /**
   * Connects the client; an older connection ends.
   *
   * @param resumed Whether it was known before.
   */
  connect(resumed: boolean, state: State, now: number): Response {
    const hello: Hello = { resumed, missed: resumed ? this.away(now) : 0 };
    this.#stream?.close();
    const stream = new EventStream(() => {
      if (this.#stream !== stream) return;
      this.#stream = null;
      this.#seenAt = performance.now() / 1000;
    });
    this.#stream = stream;
    stream.send("hello", hello);
    stream.send("state", state);
    this.#again();
    return stream.response;
  }

  disconnect(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#hold(false);
  }

  #hold(wanted: boolean): void {
    if (wanted) this.#release ??= this.#source.frames.hold();
    else {
      this.#release?.();
      this.#release = null;
    }
  }

  /** Sends what there is; it waits if the client reads slowly. */
  announce(state: State): void {
    this.#stream?.send("state", state);
  }

  /**
   * Changes what it looks at.
   *
   * @throws {Refusal} The expression is wrong; nothing has changed.
   */
  look(view: Partial<FullView>, source: Source): void {
    const next = { ...this.#view, ...view };
    const passes = next.where === this.#view.where ? this.#passes : compile(next.where, this.#databases);
    const other = source !== this.#source;
    const filters = other || passes !== this.#passes || next.muted !== this.#view.muted;
    this.#view = next;
    this.#passes = passes;
    this.#unfolded = new Set(next.unfolded);
    if (other) {
      this.#hold(false);
      this.#trace = this.#look(source);
    } else if (filters) this.#trace = this.#traceOf(source);
    this.#hold(next.hold);
    this.#pending = this.#all();
  }

  /** The databases are others: names and values may be, and so may be what the expression means. */
  #rename(): void {
    this.#databasesVersion = this.#databases.version;
    this.#defined.clear();
    this.#pending = this.#all();
    try {
      this.#passes = compile(this.#view.where, this.#databases);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return; // it names signals of a database that is gone, which have no values now
    }
    if (this.#passes !== null) this.#trace = this.#traceOf(this.#source);
  }

  /**
   * Does what is due at a tick.
   *
   * @param touched The rows of the live buses that have changed since the last tick.
   */
  tick(touched: readonly Touched[], now: number, seconds: number): void {
    if (this.#databasesVersion !== this.#databases.version) this.#rename();
    if (this.#player === null) this.#touch(touched);
    else if (this.connected) {
      if (this.#player.advance(seconds)) this.#restart();
      this.#touch(this.#player.table.take());
    }
    this.#trace.scan(SCAN);
    if (this.#stream === null || now - this.#sentAt < 1 / this.#view.rate - EARLY) return;
    const health = now - this.#healthAt >= HEALTH - EARLY;
    if (this.#pending.size === 0 && !health && !this.#reset && !this.#player?.playing) return;
    if (!this.#stream.hasRoom) {
      this.#skipped++;
      this.#sentAt = now;
      return;
    }
    this.#sentAt = now;
    if (health) this.#healthAt = now;
    this.#stream.send("snapshot", this.#snapshot(health));
  }

  /** Goes to a time of the recording. */
  seek(time: number): void {
    if (this.#player?.seek(time)) this.#restart();
  }

  #snapshot(health: boolean): Snapshot {
    const { rows, beyond } = this.#table;
    const definitions: RowDefinition[] = [];
    const values: RowValues[] = [];
    const hidden: number[] = [];
    for (const [number, changed] of this.#pending) {
      const row = rows[number];
      if (!this.#isShown(number)) {
        if (this.#shown.delete(number)) hidden.push(number);
        continue;
      }
      if (!this.#defined.has(number)) definitions.push(rowDefinition(row, number, this.#databases));
      this.#defined.add(number);
      this.#shown.add(number);
      const unfolded = this.#unfolded.size > 0 && this.#unfolded.has(keyOf(row));
      values.push(rowValues(row, number, changed, unfolded, this.#databases));
    }
    this.#pending.clear();
    const reset = this.#reset;
    this.#reset = false;
    const player = this.#player?.state ?? null;
    return {
      time: player?.time ?? Date.now() / 1000,
      skipped: this.#skipped,
      reset,
      definitions,
      rows: values,
      hidden,
      beyond,
      ...health && { buses: this.#health() },
      trace: this.#trace.extent,
      player,
    };
  }

  #health(): BusHealth[] {
    return [...this.#source.meters.values()].map((meter) =>
      this.#player === null ? meter.health() : meter.healthAt(this.#player.time)
    );
  }

  get #table(): TickingTable {
    return this.#player?.table ?? (this.#source as LiveSource).table;
  }

  #isShown(number: number): boolean {
    const row = this.#table.rows[number];
    if (this.#passes !== null && !this.#passes(row.message)) return false;
    const { search } = this.#view;
    return search === "" || rowText(row, this.#databases).toLowerCase().includes(search.toLowerCase());
  }

  #touch(touched: readonly Touched[]): void {
    for (const { number, changed } of touched) {
      const before = this.#pending.get(number);
      this.#pending.set(number, before && changed ? either(before, changed) : changed ?? before ?? null);
    }
  }

  /** Begins with a source. */
  #look(source: Source): TraceView {
    this.#source = source;
    this.#player = source instanceof LiveSource ? null : new Player(source as Recording);
    this.#restart();
    return this.#traceOf(source);
  }

  #traceOf(source: Source): TraceView {
    const passes = this.#passes;
    const muted = new Set(this.#view.muted.map(rowKeyOf));
    if (passes === null && muted.size === 0) return new TraceView(source, null);
    const isMuted = (message: Message) => muted.size > 0 && muted.has(`${message.channel ?? ""} ${idOf(message)}`);
    return new TraceView(source, (message) => !isMuted(message) && (passes === null || passes(message)));
  }

  /** Another table: the client forgets what it has. */
  #restart(): void {
    this.#reset = true;
    this.#again();
  }

  /** Everything is sent again. */
  #again(): void {
    this.#defined.clear();
    this.#shown.clear();
    this.#healthAt = this.#sentAt = -Infinity;
    this.#pending = this.#all();
  }

  #all(): Map<number, Uint8Array | null> {
    return new Map(this.#table.rows.map((_, number) => [number, this.#pending.get(number) ?? null]));
  }
}

/** @throws {Refusal} The expression is wrong. */
function compile(expression: string, databases: Databases): ((message: Message) => boolean) | null {
  if (expression.trim() === "") return null;
  try {
    return where(expression, databases);
  } catch (error) {
    if (error instanceof ExpressionError) throw new Refusal(400, error.message, error.column);
    throw error;
  }
}

/** The bits that either of two masks has. */
function either(one: Uint8Array, other: Uint8Array): Uint8Array {
  const [long, short] = one.length >= other.length ? [one.slice(), other] : [other.slice(), one];
  for (let i = 0; i < short.length; i++) long[i] |= short[i];
  return long;
}
