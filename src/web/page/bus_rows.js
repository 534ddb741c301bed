/**
 * What the page knows of the table's rows.
 *
 * @module
 */

/** @import { RowDefinition, RowValues, Snapshot } from "../protocol.ts" */

/** Milliseconds between two points of a signal's history, and how many are kept. */
const STEP = 250;
const KEPT = 120;

/** Seconds for which changed bits can be seen, and in how many steps they fade. */
const FADING = 2;
export const STEPS = 4;

/** A row: an identifier on a bus. */
export class BusRow {
  /** @param {RowDefinition} definition */
  constructor(definition) {
    this.definition = definition;
    /** @type {RowValues | null} */
    this.values = null;
    /** For each byte its bits that have changed lately, when they did (milliseconds), and those that changed ever. */
    this.changed = new Uint8Array(64);
    this.changedAt = new Float64Array(64);
    this.ever = new Uint8Array(64);
    /** The bits whose changes are known. */
    this.notched = new Uint8Array(64);
    /** Whether all that the row has shown is known. */
    this.known = false;
    /** The latest values of each signal that is a number. @type {number[][]} */
    this.history = [];
    this.historyAt = 0;
    /** All that the search can find, in lower case. */
    this.hidden = false;
  }

  /**
   * Takes what a snapshot says.
   *
   * @param {RowValues} values
   * @param {number} now Milliseconds.
   */
  update(values, now) {
    // A row that is unfolded no longer may still have the values from before.
    this.values = values;
    this.hidden = false;
    const mask = values.changed ?? "";
    for (let byte = 0; 2 * byte < mask.length && byte < 64; byte++) {
      const bits = parseInt(mask.slice(2 * byte, 2 * byte + 2), 16);
      if (bits === 0) continue;
      this.ever[byte] |= bits;
      const fresh = bits & ~this.notched[byte];
      if (fresh === 0) continue;
      this.known = false;
      this.changed[byte] = fresh | (now - this.changedAt[byte] < 500 ? this.changed[byte] : 0);
      this.changedAt[byte] = now;
    }
    if (values.values && now - this.historyAt >= STEP) {
      this.historyAt = now;
      values.values.forEach((value, index) => {
        const points = this.history[index] ??= [];
        points.push(Number(value?.value ?? NaN));
        if (points.length > KEPT) points.shift();
      });
    }
  }

  /**
   * How fresh the changes of a byte are: 0 (there are none to see) to STEPS.
   *
   * @param {number} byte
   * @param {number} now
   */
  freshness(byte, now) {
    const age = (now - this.changedAt[byte]) / 1000;
    return age < FADING ? STEPS - Math.floor(age / FADING * STEPS) : 0;
  }

  /** From here on only what is new is shown. */
  notch() {
    for (let byte = 0; byte < 64; byte++) this.notched[byte] |= this.ever[byte];
    this.changedAt.fill(0);
    this.known = true;
  }

  /** All changes are shown again. */
  unnotch() {
    this.notched.fill(0);
    this.known = false;
  }
}

/** The rows of the source that is shown. */
export class BusRows {
  constructor() {
    /** By the server's numbers. @type {Map<number, BusRow>} */
    this.rows = new Map();
    /** By their keys. @type {Map<string, BusRow>} */
    this.byKey = new Map();
    /** Counts up when rows have come, gone or changed their names. */
    this.version = 0;
    /** The time of the source. */
    this.time = 0;
  }

  /** @param {Snapshot} snapshot */
  take(snapshot) {
    const now = performance.now();
    this.time = snapshot.time;
    if (snapshot.reset) this.clear();
    for (const definition of snapshot.definitions) this.#define(definition);
    for (const values of snapshot.rows) {
      const row = this.rows.get(values.row);
      if (row === undefined) continue;
      // A longer frame has more lines in the table.
      if (row.values?.frame.data.length !== values.frame.data.length || row.hidden) this.version++;
      row.update(values, now);
    }
    for (const number of snapshot.hidden) {
      const row = this.rows.get(number);
      if (row !== undefined) row.hidden = true;
      this.version++;
    }
  }

  clear() {
    this.rows.clear();
    this.byKey.clear();
    this.version++;
  }

  /** @param {RowDefinition} definition */
  #define(definition) {
    const known = this.rows.get(definition.row);
    if (known === undefined) {
      const row = new BusRow(definition);
      this.rows.set(definition.row, row);
      this.byKey.set(definition.key, row);
    } else {
      known.definition = definition;
      known.history = [];
    }
    this.version++;
  }

  /**
   * Whether nothing has been heard of a row for a time.
   *
   * @param {BusRow} row
   */
  isSilent({ values }) {
    return values !== null && this.time - values.time > Math.max(3, 10 * (values.period ?? 0));
  }
}
