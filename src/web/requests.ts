/**
 * Reading requests: every field is checked, and nothing is read beyond its bound.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";

/** The largest JSON of a request, in bytes. */
const JSON_BYTES = 256 * 1024;

/** Fields of a request, from its address or its body. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** @throws {Refusal} It is missing, no text, or too long. */
  text(name: string, most = 256): string {
    const value = this.#value(name);
    if (typeof value !== "string" || value.length > most) throw wrong(name, `a text of at most ${most} characters`);
    return value;
  }

  /** @throws {Refusal} It is missing, no number, or out of range. */
  number(name: string, least: number, most: number): number {
    const value = this.#value(name);
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw wrong(name, `a number from ${least} to ${most}`);
    }
    return value;
  }

  /** @throws {Refusal} It is missing, no whole number, or out of range. */
  whole(name: string, least: number, most: number): number {
    const value = this.number(name, least, most);
    if (!Number.isInteger(value)) throw wrong(name, "a whole number");
    return value;
  }

  /** @throws {Refusal} It is no boolean. */
  flag(name: string): boolean {
    const value = this.has(name) ? this.#values[name] : false;
    if (typeof value !== "boolean") throw wrong(name, "true or false");
    return value;
  }

  /** @throws {Refusal} It is missing, or no list of texts, or too long. */
  texts(name: string, most: number): string[] {
    const value = this.#value(name);
    const valid = Array.isArray(value) && value.length <= most &&
      value.every((each) => typeof each === "string" && each.length <= 1024);
    if (!valid) throw wrong(name, `a list of at most ${most} texts`);
    return value as string[];
  }

  /** @throws {Refusal} It is missing, or no object. */
  object(name: string): Fields {
    return new Fields(objectOf(this.#value(name), name));
  }

  /** All fields, by name. */
  entries(): [string, unknown][] {
    return Object.entries(this.#values);
  }

  #value(name: string): unknown {
    if (!this.has(name)) throw new Refusal(400, `The request lacks "${name}"`);
    return this.#values[name];
  }
}

function wrong(name: string, what: string): Refusal {
  return new Refusal(400, `"${name}" must be ${what}`);
}

function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name, "an object");
  return value as Record<string, unknown>;
}

/** The fields in an address. Those with digits are numbers; `series` is a list. */
export function queryOf(url: URL): Fields {
  const values: Record<string, unknown> = { series: url.searchParams.getAll("series") };
  for (const [name, text] of url.searchParams) {
    if (name === "series") continue;
    values[name] = ["from", "to", "time", "count", "pixels"].includes(name) && text.trim() !== "" ? Number(text) : text;
  }
  return new Fields(values);
}

/** Reads a body that is JSON. */
export async function jsonOf(request: Request): Promise<Fields> {
  checkType(request, "application/json");
  const text = new TextDecoder().decode(await bytesOf(request, JSON_BYTES));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `The body is no JSON: ${(error as Error).message}`);
  }
  return new Fields(objectOf(value, "the body"));
}

/**
 * Refuses a body of another type. A page of another site can post plain forms and texts to anywhere, but nothing of these types.
 */
export function checkType(request: Request, type: "application/json" | "application/octet-stream"): void {
  const given = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (given !== type) throw new Refusal(415, `The body must be ${type}, not ${given || "without a type"}`);
}

/** Reads a body whole. */
export async function bytesOf(request: Request, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(request, most)) chunks.push(chunk);
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Reads a body in parts. @throws {Refusal} It has more than `most` bytes, whatever it says of itself. */
export async function* chunksOf(request: Request, most: number): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new Refusal(413, `The body has more than ${most} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge();
  if (request.body === null) return;
  let length = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw tooLarge();
    yield chunk;
  }
}
