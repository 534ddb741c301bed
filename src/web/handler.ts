/**
 * The handler: answers the requests of the page.
 *
 * @module
 */

import { Access, loopback, newToken } from "./access.ts";
import { pageFile } from "./page_files.ts";
import type { Failure } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

/**
 * Options of `webHandler`.
 *
 * @category Web
 */
export interface WebOptions {
  /** The path below which the page is, with a slash at both ends. Default `"/"`. */
  readonly path?: string;
  /**
   * The names by which the server may be called, without a port: `["can.local", "192.168.1.5"]`; `"*"` for any. Default: those of
   * this machine for itself, `localhost`, `127.0.0.1` and `[::1]`. Other names are refused, so that no page of another site can
   * look in by a name that it makes lead here.
   */
  readonly hosts?: readonly string[];
  /**
   * What a request must know: in the link as `?token=`, then in a cookie; or as `Authorization: Bearer`. Null for nothing, if the
   * server that the handler is mounted in has its own guard. Default: null if `hosts` has only names of this machine for itself,
   * else a random one, which the handler's property `token` has.
   */
  readonly token?: string | null;
}

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
  /** Ends all connections, and closes what the handler has opened. A second call does nothing. */
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
 * Makes the handler of the live page.
 *
 * @category Web
 */
export function webHandler(options: WebOptions = {}): WebHandler {
  const { path = "/", hosts = loopback } = options;
  const isOwn = hosts.every((host) => loopback.includes(host));
  const token = options.token === undefined ? (isOwn ? null : newToken()) : options.token;
  const access = new Access(hosts, token, path);

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (`${url.pathname}/` === path) return Response.redirect(new URL(`${path}${url.search}`, url), 308);
    const done = access.check(request, url);
    if (done) return done;
    if (!url.pathname.startsWith(path)) throw new Refusal(404, `There is nothing at ${url.pathname}`);
    const name = url.pathname.slice(path.length) || "index.html";
    const file = request.method === "GET" ? await pageFile(name) : null;
    if (file === null) throw new Refusal(404, `There is nothing at ${url.pathname}`);
    return new Response(file.text, { headers: { "content-type": file.type } });
  }

  const handler = async (request: Request): Promise<Response> => {
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      response = failure(error);
    }
    const all = new Headers(response.headers);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    return new Response(response.body, { status: response.status, headers: all });
  };
  const close = () => Promise.resolve();
  return Object.assign(handler, { token, close, [Symbol.asyncDispose]: close });
}

function failure(error: unknown): Response {
  const status = error instanceof Refusal ? error.status : 500;
  const body: Failure = {
    error: error instanceof Error ? error.message : String(error),
    ...error instanceof Refusal && error.column !== undefined && { column: error.column },
  };
  return Response.json(body, { status });
}
