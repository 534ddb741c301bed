/**
 * A value over time, in several resolutions, so that no spike is lost at any zoom.
 *
 * Each resolution holds the least and the most of eight stretches of the one before, so all of it is little more than the finest
 * one. The finest is bounded, and so are the others; where it no longer reaches, the next one still does.
 *
 * @module
 */

import { Level, type Stretch } from "./level.ts";

/** The stretches that become one of the next resolution. */
const GROUP = 8;
/** The most stretches of a resolution: a thousand values a second for four minutes, then an eighth of the detail for half an hour. */
const MOST = 2 ** 18;
/** Without a value for so many periods, and so many seconds, there is a gap. */
const MISSED = 10;
const SILENT = 2;
/** Seconds by which frames of several buses may be out of order. */
const DISORDER = 1;

/** What is being gathered for a resolution. */
interface Gathering {
  count: number;
  from: number;
  to: number;
  minimum: number;
  maximum: number;
  gap: boolean;
}

/** A series. */
export class Series {
  unit: string;
  #levels: Level[] = [new Level(MOST)];
  /** Of each level, what will be a stretch of the next one. */
  #gathered: Gathering[] = [];
  #last = NaN;
  #first = NaN;
  #period = NaN;
  #gap = false;

  constructor(unit = "") {
    this.unit = unit;
  }

  /** The times of the first and the last value; NaN if there is none. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** Appends a value. A clock that was set back begins the series again. NaN is no value, but a gap. */
  append(time: number, value: number): void {
    if (Number.isNaN(value)) return this.gap();
    const since = time - this.#last;
    if (since < -DISORDER) this.clear();
    if (since > Math.max(SILENT, MISSED * this.#period)) this.#gap = true;
    else if (since >= 0) this.#period = Number.isNaN(this.#period) ? since : this.#period + (since - this.#period) / 16;
    if (Number.isNaN(this.#first)) this.#first = time;
    this.#last = Number.isNaN(this.#last) ? time : Math.max(time, this.#last);
    const gap = this.#gap;
    this.#gap = false;
    this.#push(0, this.#last, this.#last, value, value, gap);
  }

  /** Values are missing from here on to the next one. */
  gap(): void {
    if (!Number.isNaN(this.#last)) this.#gap = true;
  }

  clear(): void {
    this.#levels = [new Level(MOST)];
    this.#gathered = [];
    this.#first = this.#last = this.#period = NaN;
    this.#gap = false;
  }

  /** Returns what is in a window of time, and the values before and after it: about `count` stretches, or fewer. */
  query(from: number, to: number, count: number): Stretch[] {
    const stretches: Stretch[] = [];
    let level = 0;
    while (level < this.#levels.length - 1 && this.#countIn(level, from, to) > 4 * count) level++;
    this.#collect(level, from, to, stretches);
    return merged(stretches, from, to, count);
  }

  /** All values in a window of time in the finest resolution that there is. */
  *values(from: number, to: number): Generator<Stretch> {
    const stretches: Stretch[] = [];
    this.#collect(0, from, to, stretches);
    for (const stretch of stretches) if (stretch.from <= to && stretch.to >= from) yield stretch;
  }

  #push(number: number, from: number, to: number, minimum: number, maximum: number, gap: boolean): void {
    if (number === this.#levels.length) this.#levels.push(new Level(MOST));
    // What comes after a gap is not put together with what comes before.
    const before = this.#gathered[number];
    if (gap && before && before.count > 0) this.#pass(number);
    this.#levels[number].push(from, to, minimum, maximum, gap);
    const gathered = this.#gathered[number] ??= { count: 0, from, to, minimum, maximum, gap };
    if (gathered.count++ === 0) Object.assign(gathered, { from, minimum, maximum, gap });
    gathered.to = to;
    if (minimum < gathered.minimum) gathered.minimum = minimum;
    if (maximum > gathered.maximum) gathered.maximum = maximum;
    if (gathered.count === GROUP) this.#pass(number);
  }

  /** Passes what was gathered to the next level. */
  #pass(number: number): void {
    const gathered = this.#gathered[number];
    gathered.count = 0;
    this.#push(number + 1, gathered.from, gathered.to, gathered.minimum, gathered.maximum, gathered.gap);
  }

  #countIn(level: number, from: number, to: number): number {
    const each = this.#levels[level];
    return each.indexOf(to) - each.indexOf(from);
  }

  /** Collects from a level; what it no longer has from the next one, and what it does not have yet from the one before. */
  #collect(number: number, from: number, to: number, into: Stretch[]): void {
    const level = this.#levels[number];
    let start = level.indexOf(from);
    if (start > level.first) start--;
    else if (level.first > 0) {
      const next: Stretch[] = [];
      this.#collect(number + 1, from, Math.min(to, level.stretch(level.first).from), next);
      const begins = level.stretch(level.first).from;
      into.push(...next.filter((each) => each.to <= begins));
      // The stretch at the border has values that the level still has, and some that it has not: it is taken as a whole.
      const border = next.find((each) => each.from < begins && each.to > begins);
      if (border) {
        into.push(border);
        start = level.indexOf(border.to);
        if (start < level.end && level.stretch(start).to === border.to) start++;
      }
    }
    const stop = Math.min(level.indexOf(to) + 1, level.end);
    for (let i = start; i < stop; i++) into.push(level.stretch(i));
    if (number === 0 || stop < level.end) return;
    // Not yet passed on: the last few of the levels before.
    this.#rest(number - 1, from, to, into);
  }

  /** Collects what the levels up to one have not passed on yet. */
  #rest(number: number, from: number, to: number, into: Stretch[]): void {
    const level = this.#levels[number];
    const count = this.#gathered[number]?.count ?? 0;
    for (let i = level.end - count; i < level.end; i++) {
      const stretch = level.stretch(i);
      if (stretch.to >= from && stretch.from <= to) into.push(stretch);
    }
    if (number > 0) this.#rest(number - 1, from, to, into);
  }
}

/** Makes one stretch of all that begin in the same one of `count` parts of a window. */
function merged(stretches: readonly Stretch[], from: number, to: number, count: number): Stretch[] {
  if (stretches.length <= count) return [...stretches];
  const width = (to - from) / count;
  const result: Stretch[] = [];
  let part = NaN;
  for (const stretch of stretches) {
    const own = Math.floor((stretch.from - from) / width);
    const last = result.at(-1);
    if (last === undefined || own !== part || stretch.gap) {
      result.push(stretch);
      part = own;
    } else {
      result[result.length - 1] = {
        from: last.from,
        to: stretch.to,
        minimum: Math.min(last.minimum, stretch.minimum),
        maximum: Math.max(last.maximum, stretch.maximum),
        gap: last.gap,
      };
    }
  }
  return result;
}
