/**
 * Which lines the table has, in which order: one a row, and below an unfolded row one a signal and one for each 16 bytes.
 *
 * @module
 */

/** @import { BusRow, BusRows } from "./bus_rows.js" */

import { layout } from "./layout.js";

/** Bytes in a line. */
export const BYTES = 16;

/**
 * @typedef {object} Line
 * @property {BusRow} row
 * @property {"message" | "signal" | "data" | "note"} kind
 * @property {number} index Of the signal, or of the first byte.
 */

/** What rows can be sorted by, and what each is sorted by then. @type {Record<string, (row: BusRow) => string | number>} */
export const orders = {
  bus: ({ definition }) => definition.bus,
  id: ({ definition }) => definition.id,
  name: ({ definition }) => (definition.name ?? "\uffff").toLowerCase(),
  type: ({ definition, values }) => `${definition.kind} ${values?.frame.flags?.join(" ") ?? ""}`,
  data: ({ values }) => values?.frame.data ?? "",
  count: ({ values }) => values?.count ?? 0,
  period: ({ values }) => values?.period ?? Infinity,
  jitter: ({ values }) => values?.jitter ?? Infinity,
};

/** Those whose order changes while one looks. */
export const moving = new Set(["data", "count", "period", "jitter", "type"]);

/**
 * The rows that are shown, in order: the pinned ones first.
 *
 * @param {BusRows} rows
 */
function visible(rows) {
  const muted = new Set(layout.muted);
  const pinned = new Set(layout.pinned);
  const of = orders[layout.sort] ?? orders.id;
  const sign = layout.descending ? -1 : 1;
  const shown = [...rows.rows.values()].filter(({ definition, values, hidden, known }) =>
    values !== null && !hidden && (layout.showMuted || !muted.has(definition.key)) && !(layout.onlyNew && known)
  );
  const order = (/** @type {string | number} */ a, /** @type {string | number} */ b) => a < b ? -1 : a > b ? 1 : 0;
  return shown.sort((a, b) =>
    Number(pinned.has(b.definition.key)) - Number(pinned.has(a.definition.key)) ||
    sign * order(of(a), of(b)) ||
    order(a.definition.bus, b.definition.bus) || order(a.definition.id, b.definition.id) ||
    order(a.definition.key, b.definition.key)
  );
}

/**
 * The lines of the table.
 *
 * @param {BusRows} rows
 * @returns {Line[]}
 */
export function lines(rows) {
  const open = new Set(layout.open);
  return visible(rows).flatMap((row) => {
    /** @type {Line[]} */
    const own = [{ row, kind: "message", index: 0 }];
    if (!open.has(row.definition.key)) return own;
    if (note(row) !== "") own.push({ row, kind: "note", index: 0 });
    const length = (row.values?.frame.data.length ?? 0) / 2;
    if (length > 8) {
      for (let index = 0; index < length; index += BYTES) own.push({ row, kind: "data", index });
    }
    row.definition.signals.forEach((_, index) => own.push({ row, kind: "signal", index }));
    return own;
  });
}

/**
 * What else there is to say of a row.
 *
 * @param {BusRow} row
 */
export function note({ definition, values }) {
  const { comment, senders, cycleTime, name, kind } = definition;
  const xl = values?.frame.xl;
  const parts = [
    xl && `VCID ${xl.vcid}, SDT 0x${xl.sdt.toString(16)}, AF 0x${xl.af.toString(16)}${xl.sec ? ", SEC" : ""}`,
    senders.length > 0 && `sent by ${senders.join(", ")}`,
    cycleTime !== null && `every ${cycleTime * 1000} ms by the database`,
    comment,
    name === null && kind === "data" && "no database has this identifier",
  ];
  return parts.filter((part) => part).join(" · ");
}
