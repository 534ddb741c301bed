/**
 * The handler: answers the requests of the page.
 *
 * @module
 */

import { Access, loopback, newToken } from "./access.ts";
import { answerApi, type Server } from "./api.ts";
import { Databases } from "./databases.ts";
import { Hub } from "./hub.ts";
import { LogFolder } from "./log_folder.ts";
import { fullWebOptions, type WebOptions } from "./options.ts";
import { pageFile } from "./page_files.ts";
import type { Failure } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import { Sender } from "./sender.ts";
import { fileNamed } from "./upload.ts";

/**
 * What `webHandler` returns: a function for `Deno.serve`, `Bun.serve` and other servers.
 *
 * @category Web
 */
export interface WebHandler extends AsyncDisposable {
  /** Answers a request. It never rejects. */
  (request: Request): Promise<Response>;
  /** What a request must know; null for nothing. */
  readonly token: string | null;
  /** Ends all connections and periodic frames, the log and the reading of the buses. A second call does nothing. */
  close(): Promise<void>;
}

/** Everything that a browser may do with the page: nothing beyond its own files. */
const headers = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Makes the handler of the live page, which shows buses and recordings in a browser.
 *
 * In `Bun.serve`, set `idleTimeout: 0`: it would close the stream of events of a page that is hidden.
 *
 * @throws {TypeError | RangeError} An option is unknown or wrong.
 * @throws {Error} A recording cannot be opened.
 *
 * @category Web
 */
export function webHandler(options: WebOptions = {}): WebHandler {
  const full = fullWebOptions(options);
  const isOwn = full.hosts.every((host) => loopback.includes(host));
  const token = full.token === undefined ? (isOwn ? null : newToken()) : full.token;
  const access = new Access(full.hosts, token, full.path);
  const files = full.recordings.map(fileNamed);
  const databases = new Databases();
  for (const { database, name, bus = "" } of full.databases) databases.add(database, name, bus);
  const changed = () => hub.changed();
  const sender = new Sender(full.buses, databases, full.allowSend, changed);
  const log = new LogFolder(full.recordFolder, changed);
  const hub: Hub = new Hub(full, databases, sender, log);
  const server: Server = { options: full, hub, sender, log };
  for (const file of files) hub.open(file);

  let closed: Promise<void> | undefined;
  const close = () => closed ??= closeAll(server);
  const handler = async (request: Request): Promise<Response> => {
    try {
      if (closed) throw new Refusal(503, "The page was closed");
      return guarded(await answer(request, access, server));
    } catch (error) {
      return guarded(failure(error));
    }
  };
  return Object.assign(handler, { token, close, [Symbol.asyncDispose]: close });
}

async function answer(request: Request, access: Access, server: Server): Promise<Response> {
  const url = new URL(request.url);
  const { path } = server.options;
  const welcome = access.check(request, url);
  if (welcome) return welcome;
  if (`${url.pathname}/` === path) return new Response(null, { status: 308, headers: { location: path + url.search } });
  if (!url.pathname.startsWith(path)) throw new Refusal(404, `There is nothing at ${url.pathname}`);
  const name = url.pathname.slice(path.length) || "index.html";
  if (name.startsWith("api/")) return await answerApi(server, name.slice(4), request, url);
  const file = request.method === "GET" ? await pageFile(name) : null;
  if (file === null) throw new Refusal(404, `There is nothing at ${url.pathname}`);
  return new Response(file.text, { headers: { "content-type": file.type } });
}

async function closeAll({ hub, sender, log }: Server): Promise<void> {
  sender.close();
  await hub.close();
  await log.stop();
}

function guarded(response: Response): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function failure(error: unknown): Response {
  const status = error instanceof Refusal ? error.status : 500;
  const body: Failure = {
    error: error instanceof Error ? error.message : String(error),
    ...error instanceof Refusal && error.column !== undefined && { column: error.column },
  };
  return Response.json(body, { status });
}
