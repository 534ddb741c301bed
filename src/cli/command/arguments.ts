/**
 * The words of a command line.
 *
 * They are split by `node:util`, which is in both runtimes: a package from npm cannot depend on `@std/cli`, which is on JSR
 * alone.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { suggestion } from "../../where/nearest.ts";
import { UsageError } from "./usage_error.ts";

/** A flag of a subcommand, by its long name. */
export interface Flag {
  /** The letter of its short form. */
  readonly short?: string;
  /** What stands for its value in the help; a flag without it takes none. */
  readonly takes?: string;
  /** Whether it may be given several times. */
  readonly many?: boolean;
  /** The values it takes, if these are few. */
  readonly choices?: readonly string[];
  /** What it does, as a line of the help. */
  readonly text: string;
}

/** The flags that every subcommand has. */
export const commonFlags = {
  help: { short: "h", text: "show this help" },
  color: {
    takes: "WHEN",
    choices: ["auto", "always", "never"],
    text: "colours; auto: on a terminal, unless NO_COLOR is set",
  },
} as const satisfies Record<string, Flag>;

/** The words of a command line, by flag. */
export class Arguments {
  /** The words that are no flags. */
  readonly words: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(words: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.words = words;
    this.#values = values;
  }

  /** The flags that were given. */
  get flags(): Iterable<string> {
    return this.#values.keys();
  }

  /** Returns these words without the first one that is no flag. */
  rest(): Arguments {
    return new Arguments(this.words.slice(1), this.#values);
  }

  /**
   * Returns the only word that is no flag.
   *
   * @param usage What is said if there is none, or several.
   * @throws {UsageError} There is none, or several.
   */
  only(usage: string): string {
    const [word, more] = this.words;
    if (word === undefined || more !== undefined) throw new UsageError(usage);
    return word;
  }

  /** How often a flag was given. */
  count(flag: string): number {
    return this.#values.get(flag)?.length ?? 0;
  }

  /** Whether a flag was given. */
  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  /** Returns the value of a flag; undefined if it was not given. */
  text(flag: string): string | undefined {
    return this.#values.get(flag)?.at(-1);
  }

  /** Returns all values of a flag. */
  texts(flag: string): readonly string[] {
    return this.#values.get(flag) ?? [];
  }

  /**
   * Returns the value of a flag as a number; undefined if it was not given.
   *
   * @param least The smallest value.
   * @param most The largest value.
   * @throws {UsageError} It is not a number, or out of range.
   */
  number(flag: string, least = 0, most = Infinity): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : numberOf(`--${flag}`, text, least, most);
  }

  /**
   * Returns the value of a flag as a number above 0; undefined if it was not given.
   *
   * @throws {UsageError} It is not a number, or not above 0.
   */
  positive(flag: string): number | undefined {
    const value = this.number(flag, -Infinity);
    if (value !== undefined && value <= 0) throw new UsageError(`--${flag} is ${this.text(flag)}: it must be above 0`);
    return value;
  }

  /**
   * Checks that at most one of some flags was given.
   *
   * @throws {UsageError} Two of them were.
   */
  exclusive(...flags: readonly string[]): void {
    const [one, other] = flags.filter((flag) => this.has(flag));
    if (other !== undefined) throw new UsageError(`--${one} and --${other} exclude each other: give one of them`);
  }

  /**
   * Checks that flags which only mean something beside another one were given with it.
   *
   * @throws {UsageError} One was given without it.
   */
  requires(other: string, ...flags: readonly string[]): void {
    const alone = this.has(other) ? undefined : flags.find((flag) => this.has(flag));
    if (alone !== undefined) throw new UsageError(`--${alone} needs --${other}`);
  }

  /** Returns the value of a flag as a whole number, decimal or `0x` hexadecimal; undefined if it was not given. */
  whole(flag: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.number(flag, least, most);
    if (value !== undefined && !Number.isInteger(value)) {
      throw new UsageError(`--${flag} takes a whole number, not ${this.text(flag)}`);
    }
    return value;
  }
}

/**
 * Returns the number that a text stands for.
 *
 * @throws {UsageError} It is no number, or out of range.
 */
export function numberOf(name: string, text: string, least = 0, most = Infinity): number {
  const value = text.trim() === "" ? NaN : text === "inf" ? Infinity : Number(text);
  if (Number.isNaN(value)) throw new UsageError(`${name} takes a number, not "${text}"`);
  if (value < least) throw new UsageError(`${name} is ${text}: it must be at least ${least}`);
  if (value > most) throw new UsageError(`${name} is ${text}: it must be at most ${most}`);
  return value;
}

/**
 * Splits the words after a subcommand into flags and others.
 *
 * @param name The subcommand, for the errors.
 * @throws {UsageError} A flag is unknown, lacks its value, or has one that it does not take.
 */
export function parse(name: string, flags: Readonly<Record<string, Flag>>, args: readonly string[]): Arguments {
  const all: Record<string, Flag> = { ...flags, ...commonFlags };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(all).map(([flag, { short, takes }]) =>
        [flag, { type: takes ? "string" : "boolean", multiple: true, ...short && { short } }] as const
      ),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    else if (token.kind === "option") {
      const flag = all[token.name];
      if (flag === undefined) throw unknownFlag(name, token.rawName, all);
      const value = check(token.rawName, flag, token.value);
      values.set(token.name, flag.many || !flag.takes ? [...values.get(token.name) ?? [], value] : [value]);
    }
  }
  return new Arguments(words, values);
}

function unknownFlag(name: string, flag: string, all: Readonly<Record<string, Flag>>): UsageError {
  const known = flag.startsWith("--") ? Object.keys(all) : [];
  const meant = suggestion(flag.replace(/^-+/, ""), known, "--");
  return new UsageError(`can ${name} has no flag ${flag}${meant || `; "can help ${name}" lists them`}`);
}

function check(name: string, { takes, choices }: Flag, value: string | undefined): string {
  if (!takes) {
    if (value !== undefined) throw new UsageError(`${name} takes no value, so not "${value}"`);
    return "";
  }
  if (value === undefined) throw new UsageError(`${name} takes a value: ${name} ${takes}`);
  if (choices && !choices.includes(value)) {
    throw new UsageError(`${name} is "${value}": it must be ${listed(choices)}${suggestion(value, choices)}`);
  }
  return value;
}

/** Lists words: `auto, always or never`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
