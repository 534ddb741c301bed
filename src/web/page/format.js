/**
 * Numbers and times as text.
 *
 * @module
 */

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/**
 * A count with its thousands apart.
 *
 * @param {number} value
 */
export function count(value) {
  return whole.format(value);
}

/**
 * A period or a jitter, given in seconds, as milliseconds that keep their width.
 *
 * @param {number | null} seconds
 */
export function milliseconds(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  const ms = seconds * 1000;
  return ms >= 100_000 ? count(ms) : ms.toFixed(ms >= 1000 ? 0 : ms >= 100 ? 1 : 2);
}

/**
 * A physical value in at most seven digits.
 *
 * @param {number | string | null} value A string if it has more digits than a number can hold.
 */
export function quantity(value) {
  if (value === null) return "–";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(4);
  return String(Number(value.toPrecision(7)));
}

/**
 * A number of bytes.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit === 0 || bytes >= 100 ? bytes.toFixed(0) : bytes.toFixed(1)} ${units[unit]}`;
}

/**
 * The time of day with milliseconds, in the time zone of the browser.
 *
 * @param {number} seconds Since 1970.
 * @param {number} [digits] Of the fraction of a second.
 */
export function timeOfDay(seconds, digits = 3) {
  const date = new Date(Math.floor(seconds) * 1000);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (digits === 0) return clock;
  const fraction = Math.floor((seconds - Math.floor(seconds)) * 10 ** digits);
  return `${clock}.${String(fraction).padStart(digits, "0")}`;
}

/**
 * The day, as in ISO 8601.
 *
 * @param {number} seconds Since 1970.
 */
export function day(seconds) {
  const date = new Date(seconds * 1000);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * A length of time: `0.250 s`, `3:07`, `1:02:45`.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 3 : 1)} s`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => index === 0 ? String(part) : String(part).padStart(2, "0")).join(":");
}

/**
 * An identifier as candump writes it.
 *
 * @param {number} id
 * @param {boolean} extended
 */
export function identifier(id, extended) {
  return id.toString(16).toUpperCase().padStart(extended ? 8 : 3, "0");
}
