/**
 * A line of history: a bar for each slot of time.
 *
 * @module
 */

const BARS = "▁▂▃▄▅▆▇█";

/** Draws slots, in at most as many columns. Of each, the end that is farther from the slot before, so that no peak is missed. */
export function sparkline(slots: readonly { readonly least: number; readonly most: number }[]): string {
  let [low, high] = [Infinity, -Infinity];
  for (const { least, most } of slots) {
    if (least < low) low = least;
    if (most > high) high = most;
  }
  let before: number | null = null;
  let text = "";
  for (const { least, most } of slots) {
    const value: number = before !== null && Math.abs(least - before) > Math.abs(most - before) ? least : most;
    before = value;
    // Halves, as the range may be larger than a number can be. A value that is none has no bar.
    const share = high === low && !Number.isNaN(value)
      ? 0
      : value / 2 / (high / 2 - low / 2) - low / 2 / (high / 2 - low / 2);
    text += Number.isFinite(share) ? BARS[Math.round(share * (BARS.length - 1))] : " ";
  }
  return text;
}
