/**
 * The file names of a rotated log, and the deletion of its older files.
 *
 * @module
 */

import { fileSystem } from "./output.ts";

/** The parts of a path. */
interface Parts {
  readonly folder: string;
  /** The file's name, with placeholders. */
  readonly name: string;
}

/** The placeholders for the time and the file number, and what their values look like. */
const placeholders: Record<string, RegExp> = {
  Y: /\d{4,}/,
  m: /\d\d/,
  d: /\d\d/,
  H: /\d\d/,
  M: /\d\d/,
  S: /\d\d/,
  F: /\d{4,}-\d\d-\d\d/,
  T: /\d{6}/,
  n: /\d{3,15}/,
};

/** The files of one log: `drive-%F-%n.log`. */
export class FileNames {
  readonly #parts: Parts;
  readonly #pattern: RegExp;
  /** The highest number in use. */
  #number = 0;

  /**
   * @param pattern A path whose file name may contain `%Y`, `%m`, `%d`, `%H`, `%M`, `%S`, `%F` (`%Y-%m-%d`), `%T` (`%H%M%S`),
   * `%n` (a number of at least three digits, the same wherever it stands) and `%%`. Without `%n`, `-%n` is inserted before
   * the extension.
   * @throws {RangeError} The name contains another placeholder.
   */
  constructor(pattern: string) {
    this.#parts = splitPath(/(?<!%)(%%)*%n/.test(pattern) ? pattern : withNumber(pattern));
    let numbered = false;
    const text = this.#parts.name.replace(/%(.)|[\\^$.*+?()[\]{}|]/g, (each, letter) => {
      if (letter === undefined) return `\\${each}`;
      if (letter === "%") return "%";
      const expression = expressionOf(letter, pattern);
      if (letter !== "n") return expression;
      if (numbered) return "\\k<number>";
      numbered = true;
      return `(?<number>${expression})`;
    });
    this.#pattern = new RegExp(`^${text}$`);
    for (const name of this.#existing()) this.#number = Math.max(this.#number, this.#numberOf(name));
  }

  /** Returns the path of the next file. Its number is higher than that of every existing file of the log. */
  next(now: Date = new Date()): string {
    this.#number++;
    return this.#parts.folder + fill(this.#parts.name, now, this.#number);
  }

  /**
   * Deletes the oldest files, those with the lowest numbers, until both limits are met. The newest file is always kept.
   * Files of earlier runs count, too.
   *
   * @param files The largest number of files; Infinity for no limit.
   * @param bytes The largest total size in bytes; Infinity for no limit.
   * @throws {Error} A file cannot be deleted.
   */
  retain(files: number, bytes: number): void {
    const fs = fileSystem();
    const names = this.#existing().sort((one, other) => this.#numberOf(other) - this.#numberOf(one));
    let total = 0;
    for (const [index, name] of names.entries()) {
      const path = this.#parts.folder + name;
      total += fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (index > 0 && (index >= files || total > bytes)) fs.rmSync(path, { force: true });
    }
  }

  #existing(): string[] {
    const fs = fileSystem();
    const folder = this.#parts.folder || ".";
    if (!fs.existsSync(folder)) return [];
    const files = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map(({ name }) => name).filter((name) => this.#pattern.test(name));
  }

  #numberOf(name: string): number {
    return Number(this.#pattern.exec(name)?.groups?.number ?? 0);
  }
}

/**
 * Fills in the placeholders of a path, for a log that is not rotated.
 *
 * @throws {RangeError} The name contains an unknown placeholder.
 */
export function nameAt(pattern: string, now: Date): string {
  const { folder, name } = splitPath(pattern);
  for (const [, letter] of name.matchAll(/%(.)/g)) if (letter !== "%") expressionOf(letter, pattern);
  return folder + fill(name, now, 1);
}

function splitPath(path: string): Parts {
  const at = path.lastIndexOf("/") + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

/** Inserts `-%n` before the extension, which may be a double one such as `.log.gz`. */
function withNumber(path: string): string {
  const { folder, name } = splitPath(path);
  const at = name.search(/(?<=.)\.[^.%]+(\.gz)?$/i);
  return folder + (at < 0 ? `${name}-%n` : `${name.slice(0, at)}-%n${name.slice(at)}`);
}

function expressionOf(letter: string, pattern: string): string {
  const expression = placeholders[letter];
  if (expression) return expression.source;
  const known = Object.keys(placeholders).map((each) => `%${each}`).join(", ");
  throw new RangeError(`"${pattern}" contains "%${letter}": a name may contain ${known} and %%`);
}

function fill(name: string, now: Date, number: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const values: Record<string, string> = {
    Y: String(now.getFullYear()),
    m: two(now.getMonth() + 1),
    d: two(now.getDate()),
    H: two(now.getHours()),
    M: two(now.getMinutes()),
    S: two(now.getSeconds()),
    n: String(number).padStart(3, "0"),
    "%": "%",
  };
  values.F = `${values.Y}-${values.m}-${values.d}`;
  values.T = values.H + values.M + values.S;
  return name.replace(/%(.)/g, (_, letter) => values[letter]);
}
