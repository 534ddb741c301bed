/**
 * The word that was probably meant.
 *
 * @module
 */

/** Returns the most similar of some words; undefined if none is similar. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(Math.max(2, Math.floor(word.length / 3)) + 1, word.length);
  for (const each of words) {
    const steps = distance(word.toLowerCase(), each.toLowerCase());
    if (steps < least) [best, least] = [each, steps];
  }
  return best;
}

/** Returns a text that suggests the most similar of some words: `; did you mean "dump"?`, or nothing. */
export function suggestion(word: string, words: Iterable<string>, prefix = ""): string {
  const found = nearest(word, words);
  return found === undefined ? "" : `; did you mean ${prefix}${found}?`;
}

/** How many letters must be inserted, removed, replaced or swapped with their neighbour to make one word of the other. */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= one.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= other.length; j++) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[one.length][other.length];
}
