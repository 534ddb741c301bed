/**
 * A page without a browser: what it would be sent, and what it would ask for.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { WebHandler } from "../../src/web/mod.ts";
import type { RowDefinition, RowValues, Snapshot, State, View } from "../../src/web/protocol.ts";

/** An event. */
export interface Event {
  readonly name: string;
  readonly id: number;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

let count = 0;

/** A page that looks through a handler. */
export class Page implements AsyncDisposable {
  readonly id: string;
  readonly #handler: WebHandler;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  /** All rows that it has been sent, by their keys, as the page keeps them. */
  readonly rows = new Map<string, RowDefinition & Partial<RowValues>>();
  readonly #keys = new Map<number, string>();
  state: State | null = null;
  snapshot: Snapshot | null = null;
  /** The number of snapshots so far. */
  snapshots = 0;
  /** The bits that changed, of each row, in all snapshots. */
  readonly changed = new Map<string, string[]>();

  private constructor(handler: WebHandler, id: string, body: ReadableStream<Uint8Array>) {
    this.#handler = handler;
    this.id = id;
    this.#reader = body.getReader();
  }

  static async open(handler: WebHandler, id = `page-${++count}-${"x".repeat(8)}`): Promise<Page> {
    const response = await handler(new Request(`http://localhost/api/events?client=${id}`));
    assertEquals(response.status, 200, response.status === 200 ? "" : await response.text());
    return new Page(handler, id, response.body!);
  }

  /** Returns the next event. */
  async next(): Promise<Event> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split("\n");
        this.#text = this.#text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
        const event = { name: field("event"), id: Number(field("id")), data: JSON.parse(field("data")) };
        this.#take(event);
        return event;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error("the stream of events ended");
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** Reads events until a condition holds, for at most 20 s. */
  async until(condition: () => boolean): Promise<void> {
    for (const end = performance.now() + 20_000; !condition();) {
      assert(performance.now() < end, `still false: ${condition}; ${JSON.stringify(this.snapshot)?.slice(0, 500)}`);
      await this.next();
    }
  }

  /** Reads the next snapshot. */
  async nextSnapshot(): Promise<Snapshot> {
    while ((await this.next()).name !== "snapshot");
    return this.snapshot!;
  }

  // deno-lint-ignore no-explicit-any
  async get(path: string): Promise<any> {
    return await answered(await this.#handler(new Request(`http://localhost/${this.#named(path)}`)));
  }

  // deno-lint-ignore no-explicit-any
  async post(path: string, body: unknown): Promise<any> {
    return await answered(await post(this.#handler, path, body));
  }

  look(view: Partial<View>): Promise<unknown> {
    return this.post("api/view", { client: this.id, ...view });
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #named(path: string): string {
    return `${path}${path.includes("?") ? "&" : "?"}client=${this.id}`;
  }

  #take({ name, data }: Event): void {
    if (name === "state") this.state = data;
    if (name !== "snapshot") return;
    const snapshot = data as Snapshot;
    this.snapshot = snapshot;
    this.snapshots++;
    if (snapshot.reset) {
      this.rows.clear();
      this.#keys.clear();
    }
    for (const definition of snapshot.definitions) {
      this.#keys.set(definition.row, definition.key);
      this.rows.set(definition.key, { ...this.rows.get(definition.key), ...definition });
    }
    for (const values of snapshot.rows) {
      const key = this.#keys.get(values.row)!;
      this.rows.set(key, { ...this.rows.get(key)!, ...values });
      if (values.changed) this.changed.set(key, [...this.changed.get(key) ?? [], values.changed]);
    }
    for (const row of snapshot.hidden) this.rows.delete(this.#keys.get(row)!);
  }
}

/** Posts JSON. */
export function post(handler: WebHandler, path: string, body: unknown, headers = {}): Promise<Response> {
  return handler(
    new Request(`http://localhost/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    }),
  );
}

/** Posts a file. */
export function upload(handler: WebHandler, path: string, bytes: Uint8Array | string, headers = {}): Promise<Response> {
  return handler(
    new Request(`http://localhost/${path}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream", ...headers },
      body: bytes as BodyInit,
    }),
  );
}

// deno-lint-ignore no-explicit-any
async function answered(response: Response): Promise<any> {
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return response.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text;
}
