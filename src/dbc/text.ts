/**
 * The text of a file.
 *
 * @module
 */

/**
 * Returns the text of a file's bytes: UTF-8 if they are that, UTF-16 if they begin with its mark, else Windows' code page 1252, in
 * which most tools write.
 *
 * @param encoding A label of the {@link https://encoding.spec.whatwg.org/#names-and-labels | Encoding Standard} to use instead.
 * @throws {RangeError} There is no such encoding.
 */
export function textOf(source: string | Uint8Array, encoding?: string): string {
  if (typeof source === "string") return source.startsWith("\ufeff") ? source.slice(1) : source;
  const isUtf16 = source.length >= 2 && source[0] + source[1] === 0xff + 0xfe && Math.abs(source[0] - source[1]) === 1;
  encoding ??= isUtf16 ? `utf-16${source[0] === 0xff ? "le" : "be"}` : undefined;
  if (encoding !== undefined) return new TextDecoder(encoding).decode(source);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(source);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // which means that it is not UTF-8
    return new TextDecoder("windows-1252").decode(source);
  }
}
