/**
 * The words of an expression.
 *
 * @module
 */

/** An expression is wrong, at a column. */
export class ExpressionError extends SyntaxError {
  override readonly name = "ExpressionError";
  /** The column, from 1. */
  readonly column: number;

  constructor(column: number, reason: string) {
    super(`column ${column}: ${reason}`);
    this.column = column;
  }
}

/** A word of an expression, and the column where it begins, from 1. */
export interface Token {
  readonly kind: "number" | "text" | "name" | "operator" | "end";
  readonly text: string;
  readonly column: number;
}

const WORD =
  /(?<number>0[xX][0-9a-fA-F]+|0[bB][01]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<text>"[^"]*"|'[^']*')|(?<operator>&&|\|\||[=!<>]=|<<|>>|[-+*\/%&|^~!<>()[\]])/uy;

/**
 * Splits an expression.
 *
 * @throws {ExpressionError} A character begins no word.
 */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < expression.length;) {
    if (/\s/.test(expression[at])) {
      at++;
      continue;
    }
    WORD.lastIndex = at;
    const groups = WORD.exec(expression)?.groups;
    if (groups === undefined) throw new ExpressionError(at + 1, "unexpected character");
    const [kind, text] = Object.entries(groups).find(([, each]) => each !== undefined)!;
    tokens.push({ kind: kind as Token["kind"], text, column: at + 1 });
    at += text.length;
  }
  tokens.push({ kind: "end", text: "", column: expression.length + 1 });
  return tokens;
}
