/**
 * A small expression over a frame: `id == 0x123 && data[0] > 16`. It can compute and compare, and nothing else.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import { suggestion } from "./nearest.ts";
import { ExpressionError, type Token, tokensOf } from "./tokens.ts";

/** A value; undefined where the frame has none, which equals nothing and is neither more nor less. */
export type Value = number | bigint | string | boolean | undefined;

/** The values of names that the frame's own fields do not have: the signals of a database. */
export interface Names {
  /** All names, for the suggestion. */
  readonly all: Iterable<string>;
  has(name: string): boolean;
  /** Returns the value of a name in a frame. */
  value(message: Message, name: string): Value;
  /** Returns the label of the value. */
  label(message: Message, name: string): string | undefined;
}

type Evaluate = (message: Message) => Value;

/** The fields of a frame. */
const fields: Readonly<Record<string, Evaluate>> = {
  id: (message) => message.arbitrationId,
  ext: (message) => message.isExtendedId,
  rtr: (message) => message.isRemoteFrame,
  err: (message) => message.isErrorFrame,
  fd: (message) => message.isFd,
  xl: (message) => message.isXl,
  brs: (message) => message.bitrateSwitch,
  esi: (message) => message.errorStateIndicator,
  len: (message) => message.dlc,
  time: (message) => message.timestamp,
  channel: (message) => message.channel ?? "",
  rx: (message) => message.isRx,
  tx: (message) => !message.isRx,
  true: () => true,
  false: () => false,
};

const numeric = (value: Value) => typeof value === "string" || value === undefined ? NaN : Number(value);
const arithmetic = (compute: (a: number, b: number) => number) => (a: Value, b: Value): Value => {
  const result = compute(numeric(a), numeric(b));
  return Number.isNaN(result) ? undefined : result;
};
/** Bitwise, on whole numbers of up to 64 bits. */
const bitwise = (compute: (a: bigint, b: bigint) => bigint) => (a: Value, b: Value): Value => {
  const [one, other] = [numeric(a), numeric(b)];
  if (!Number.isInteger(one) || !Number.isInteger(other)) return undefined;
  const whole = (given: Value, value: number) => typeof given === "bigint" ? given : BigInt(value);
  return BigInt.asUintN(64, compute(whole(a, one), whole(b, other)));
};
const equal = (a: Value, b: Value): boolean =>
  typeof a === "string" || typeof b === "string" ? a === b : numeric(a) === numeric(b);

/** The operators of two values, by how tightly they bind, the loosest first. */
const levels: readonly Readonly<Record<string, (a: Value, b: Value) => Value>>[] = [
  { "==": equal, "!=": (a, b) => a !== undefined && b !== undefined && !equal(a, b) },
  {
    "<": (a, b) => numeric(a) < numeric(b),
    "<=": (a, b) => numeric(a) <= numeric(b),
    ">": (a, b) => numeric(a) > numeric(b),
    ">=": (a, b) => numeric(a) >= numeric(b),
  },
  { "|": bitwise((a, b) => a | b) },
  { "^": bitwise((a, b) => a ^ b) },
  { "&": bitwise((a, b) => a & b) },
  { "<<": bitwise((a, b) => b > 63n ? 0n : a << b), ">>": bitwise((a, b) => b > 63n ? 0n : a >> b) },
  { "+": arithmetic((a, b) => a + b), "-": arithmetic((a, b) => a - b) },
  { "*": arithmetic((a, b) => a * b), "/": arithmetic((a, b) => a / b), "%": arithmetic((a, b) => a % b) },
];

/** Parentheses and signs nest at most this deep. */
const DEPTH = 100;

/**
 * Returns a function that says whether a frame fulfils an expression.
 *
 * @param names Other names than the frame's fields: the signals of a database.
 * @throws {ExpressionError} The expression is wrong; the error has the column.
 */
export function where(expression: string, names: Names | null = null): (message: Message) => boolean {
  const evaluate = new Parser(expression, names).parse();
  return (message) => Boolean(evaluate(message));
}

/** Makes functions of an expression. Bitwise operators bind tighter than comparisons: `id & 0xff == 3` is what it looks like. */
class Parser {
  readonly #names: Names | null;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(expression: string, names: Names | null) {
    this.#names = names;
    this.#tokens = tokensOf(expression);
  }

  parse(): Evaluate {
    const result = this.#or();
    if (this.#next.kind !== "end") throw this.#error(this.#next, `unexpected ${this.#next.text}`);
    return result;
  }

  get #next(): Token {
    return this.#tokens[this.#at];
  }

  #take(operator: string): boolean {
    if (this.#next.kind !== "operator" || this.#next.text !== operator) return false;
    this.#at++;
    return true;
  }

  #or(): Evaluate {
    let left = this.#and();
    while (this.#take("||")) {
      const [one, other] = [left, this.#and()];
      left = (message) => Boolean(one(message)) || Boolean(other(message));
    }
    return left;
  }

  #and(): Evaluate {
    let left = this.#binary(0);
    while (this.#take("&&")) {
      const [one, other] = [left, this.#binary(0)];
      left = (message) => Boolean(one(message)) && Boolean(other(message));
    }
    return left;
  }

  #binary(level: number): Evaluate {
    if (level === levels.length) return this.#unary();
    const from = this.#at;
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text } = this.#next;
      if (kind !== "operator" || !Object.hasOwn(levels[level], text)) return left;
      this.#at++;
      const to = this.#at;
      const right = this.#binary(level + 1);
      const compute = levels[level][text];
      // A signal beside a text stands for its label.
      const [one, other] = [this.#labelled(from, left, to), this.#labelled(to, right, from)];
      left = (message) => compute(one(message), other(message));
    }
  }

  /** Returns the label of a signal that stands alone at `at`, if what is compared with it is a text; else `evaluate`. */
  #labelled(at: number, evaluate: Evaluate, compared: number): Evaluate {
    const [token, partner] = [this.#tokens[at], this.#tokens[compared]];
    const names = this.#names;
    if (names === null || partner.kind !== "text" || token.kind !== "name" || !names.has(token.text)) return evaluate;
    return (message) => names.label(message, token.text);
  }

  #unary(): Evaluate {
    if (++this.#depth > DEPTH) throw this.#error(this.#next, "nested too deeply");
    try {
      if (this.#take("!")) {
        const value = this.#unary();
        return (message) => !value(message);
      }
      if (this.#take("-")) {
        const value = this.#unary();
        return (message) => arithmetic((a) => -a)(value(message), 0);
      }
      if (this.#take("~")) {
        const value = this.#unary();
        return (message) => bitwise((a) => ~a)(value(message), 0);
      }
      return this.#primary();
    } finally {
      this.#depth--;
    }
  }

  #primary(): Evaluate {
    const token = this.#next;
    if (this.#take("(")) {
      const inner = this.#or();
      if (!this.#take(")")) throw this.#error(this.#next, "expected )");
      return inner;
    }
    this.#at++;
    switch (token.kind) {
      case "number": {
        const value = Number(token.text);
        return () => value;
      }
      case "text": {
        const value = token.text.slice(1, -1);
        return () => value;
      }
      case "name":
        return token.text === "data" ? this.#byte() : this.#named(token);
    }
    throw this.#error(token, `expected a value${token.text === "" ? "" : `, not ${token.text}`}`);
  }

  /** A byte of the data: `data[3]`. */
  #byte(): Evaluate {
    if (!this.#take("[")) throw this.#error(this.#next, "expected the number of a byte: data[0]");
    const index = this.#or();
    if (!this.#take("]")) throw this.#error(this.#next, "expected ]");
    return (message) => message.data[numeric(index(message))];
  }

  #named(token: Token): Evaluate {
    const { text } = token;
    const names = this.#names;
    if (names?.has(text)) return (message) => names.value(message, text);
    if (Object.hasOwn(fields, text)) return fields[text];
    const known = [...Object.keys(fields), "data", ...names?.all ?? []];
    throw this.#error(token, `nothing is named ${text}${suggestion(text, known)}`);
  }

  #error(token: Token, reason: string): Error {
    return new ExpressionError(token.column, reason);
  }
}
