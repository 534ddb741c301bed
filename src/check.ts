/**
 * Arguments that are refused by name, value and limit.
 *
 * @module
 */

/**
 * A whole number within limits.
 *
 * @param limitText How the limit is written. Default: the number itself.
 * @throws {TypeError} It is no number.
 * @throws {RangeError} It is not whole, or outside the limits.
 */
export function checkWhole(name: string, value: unknown, least: number, most: number, limitText?: string): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number: ${value}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    const shown = Number.isInteger(value) && value > 9 ? `${value} (0x${value.toString(16)})` : `${value}`;
    throw new RangeError(`${name} is ${shown}: it must be a whole number from ${least} to ${limitText ?? most}`);
  }
  return value;
}

/**
 * The arguments of a constructor that takes a channel or options: what follows a channel would be ignored.
 *
 * @param what What is constructed, for the error.
 * @throws {TypeError} There are several.
 */
export function checkSingle(what: string, { length }: ArrayLike<unknown>): void {
  if (length <= 1) return;
  throw new TypeError(`${what} takes one argument, not ${length}: options have the channel in them, { channel: ... }`);
}

/**
 * An object without unknown names.
 *
 * @param what Whose it is, for the error.
 * @throws {TypeError} It is no object, or has another name.
 */
export function checkNames(what: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== "object" || given === null) throw new TypeError(`${what} takes an object, not ${given}`);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`${what} has no option "${name}"; it has ${names.join(", ")}`);
  }
}

/**
 * True or false.
 *
 * @throws {TypeError} It is neither.
 */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false: ${value}`);
  return value;
}

/**
 * An AbortSignal, or none.
 *
 * @throws {TypeError} It is something else.
 */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal: ${signal}`);
  }
}

/** Of each option, its type (as `typeof` tells it, or "array"; several with " or "), and its default where it has one. */
export type OptionTable<Options> = Record<keyof Options, readonly [type: string, fallback?: unknown]>;

/**
 * Options with their defaults filled in; those that are absent and have none are left out.
 *
 * @param owner What takes them: "Bus".
 * @throws {TypeError} They are no object, or one is unknown or of the wrong type.
 */
export function fillOptions<Options extends object>(
  owner: string,
  options: Options,
  table: OptionTable<Options>,
): Record<string, unknown> {
  checkNames(owner, options, Object.keys(table));
  const full: Record<string, unknown> = {};
  for (const [name, [type, fallback]] of Object.entries<OptionTable<Options>[keyof Options]>(table)) {
    const value: unknown = options[name as keyof Options];
    if (value !== undefined && !isOf(type, value)) {
      throw new TypeError(`Option ${name} must be of type ${type}: ${value}`);
    }
    if ((value ?? fallback) !== undefined) full[name] = value ?? fallback;
  }
  return full;
}

function isOf(type: string, value: unknown): boolean {
  const kinds = [typeof value, Array.isArray(value) ? "array" : ""];
  return type.split(" or ").some((each) => kinds.includes(each));
}

/**
 * One of a few words.
 *
 * @throws {RangeError} It is none of them.
 */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string)) {
    throw new RangeError(`${name} is "${value}": it must be "${choices.join('" or "')}"`);
  }
}
