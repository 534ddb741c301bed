/**
 * The way to the server: its events come down one stream, everything else is asked for.
 *
 * @module
 */

/** @import { Failure, Hello, Snapshot, State, View } from "../protocol.ts" */

/** The name of this page at the server. */
export const client = crypto.getRandomValues(new Uint32Array(4)).reduce((text, each) => text + each.toString(36), "p-");

/** An answer of the server that says what is wrong. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} [column] Where an expression is wrong, from 1.
   */
  constructor(message, column) {
    super(message);
    this.column = column;
  }
}

/**
 * @typedef {object} Listener What becomes of the events.
 * @property {(hello: Hello) => void} hello
 * @property {(state: State) => void} state
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(connected: boolean) => void} connected
 */

/** Milliseconds until a lost connection is tried again. */
const RETRY = 2000;

/**
 * Opens the stream of events, and opens it again whenever it is lost.
 *
 * @param {Listener} listener
 */
export function listen(listener) {
  const source = new EventSource(`api/events?client=${client}`);
  source.onopen = () => listener.connected(true);
  source.onerror = () => {
    isKnown = false;
    listener.connected(false);
    // A browser tries again by itself, but not after an answer that is an error.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(listener), RETRY);
  };
  for (const name of /** @type {const} */ (["hello", "state", "snapshot"])) {
    source.addEventListener(name, (event) => {
      isKnown = true;
      listener[name](JSON.parse(event.data));
    });
  }
}

/**
 * Sends a request.
 *
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {Record<string, string | number | readonly string[]>} [query]
 * @param {object | Blob} [body] A file as it is, anything else as JSON.
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(method, path, query = {}, body = undefined, signal = undefined) {
  const isFile = body instanceof Blob;
  const response = await fetch(address(path, query), {
    method,
    signal,
    headers: body ? { "content-type": isFile ? "application/octet-stream" : "application/json" } : {},
    body: body && !isFile ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  /** @type {Failure} */
  let failure;
  try {
    failure = JSON.parse(text);
  } catch {
    // Not this server, but a proxy before it.
    failure = { error: `${path}: the server answers ${response.status} ${response.statusText}` };
  }
  throw new Refusal(failure.error, failure.column);
}

/**
 * An address with its query.
 *
 * @param {string} path
 * @param {Record<string, string | number | readonly string[]>} query
 */
export function address(path, query) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}=${encodeURIComponent(each)}`)
  );
  return pairs.length > 0 ? `${path}?${pairs.join("&")}` : path;
}

/** Whether the server knows this page. */
let isKnown = false;

/**
 * Says what this page looks at. Before the server knows the page this does nothing: it is sent the whole view then.
 *
 * @param {Omit<View, "client">} changes
 */
export async function look(changes) {
  if (isKnown) await ask("POST", "api/view", {}, { client, ...changes });
}
