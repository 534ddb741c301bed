/**
 * Checks of arguments. Errors name the argument, its value and the limit.
 *
 * @module
 */

/**
 * Checks that a value is a whole number from `least` to `most`, and returns it.
 *
 * @param limitText The text of the upper limit in the error. Default: `most`.
 * @throws {TypeError} The value is not a number.
 * @throws {RangeError} The number is not whole, or is outside the limits.
 */
export function checkWhole(name: string, value: unknown, least: number, most: number, limitText?: string): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number: ${show(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    const shown = Number.isInteger(value) && value > 9 ? `${value} (0x${value.toString(16)})` : `${value}`;
    throw new RangeError(`${name} is ${shown}: it must be a whole number from ${least} to ${limitText ?? most}`);
  }
  return value;
}

/**
 * Checks the arguments of a constructor that takes either a channel or options: it would ignore a second one.
 *
 * @param what The class's name, for the error.
 * @throws {TypeError} There is more than one argument.
 */
export function checkSingle(what: string, { length }: ArrayLike<unknown>): void {
  if (length <= 1) return;
  throw new TypeError(`${what} takes one argument, not ${length}: options have the channel in them, { channel: ... }`);
}

/**
 * Checks that a value is an object that has only known properties.
 *
 * @param what The function or class that takes the object, for the error.
 * @throws {TypeError} The value is not an object, or has an unknown property.
 */
export function checkNames(what: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== "object" || given === null) throw new TypeError(`${what} takes an object, not ${show(given)}`);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`${what} has no option "${name}"; it has ${names.join(", ")}`);
  }
}

/**
 * Checks that a value is a boolean, and returns it.
 *
 * @throws {TypeError} The value is not a boolean.
 */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false: ${show(value)}`);
  return value;
}

/**
 * Checks that a value is an AbortSignal or undefined.
 *
 * @throws {TypeError} The value is something else.
 */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal: ${show(signal)}`);
  }
}

/** For each option its type (as `typeof` returns it, or "array"; several joined by " or ") and its default, if any. */
export type OptionTable<Options> = Record<keyof Options, readonly [type: string, fallback?: unknown]>;

/**
 * Checks options and fills in defaults. Options that are absent and have no default are left out.
 *
 * @param owner The class or function that takes the options, for the error: "Bus".
 * @throws {TypeError} `options` is not an object, or an option is unknown or of the wrong type.
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
      throw new TypeError(`Option ${name} must be of type ${type}: ${show(value)}`);
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
 * Checks that a value is one of several strings.
 *
 * @throws {RangeError} The value is not one of them.
 */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string)) {
    throw new RangeError(`${name} is ${show(value)}: it must be "${choices.join('" or "')}"`);
  }
}

/** The maximum length of a value in an error, in characters. */
const MAX_SHOWN = 80;

/**
 * Writes any value for an error: strings in quotes, objects and arrays in JSON's manner, at most 80 characters. Never
 * throws, whatever the value is.
 */
export function show(value: unknown): string {
  let text: string;
  try {
    text = write(value, 2);
  } catch {
    text = "an object that cannot be read"; // a getter or a proxy threw
  }
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}

/** @param depth How many levels of objects to write. */
function write(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`.trimEnd();
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error || value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value)) return `${nameOf(value)}(${(value as Uint8Array).length ?? value.byteLength})`;
  if (Array.isArray(value)) {
    if (depth === 0) return "[…]";
    // Joining a few is enough: the text is cut.
    return `[${value.slice(0, MAX_SHOWN).map((item) => write(item, depth - 1)).join(", ")}]`;
  }
  const name = nameOf(value);
  const prefix = name === "Object" || name === "" ? "" : `${name} `;
  const entries = Object.entries(value).slice(0, MAX_SHOWN);
  if (entries.length === 0) return `${prefix}{}`;
  if (depth === 0) return `${prefix}{…}`;
  return `${prefix}{ ${entries.map(([key, item]) => `${key}: ${write(item, depth - 1)}`).join(", ")} }`;
}

function nameOf(value: object): string {
  const { constructor } = value as { constructor?: { name?: unknown } };
  return typeof constructor?.name === "string" ? constructor.name : "";
}
