/**
 * The live page: look at buses, or at recordings, in a browser.
 *
 * @example Mount it in a server
 * ```ts
 * import { Bus } from "@socketcan/bus";
 * import { webHandler } from "@socketcan/bus/web";
 *
 * using bus = new Bus({ channel: "demo", interface: "virtual" });
 * await using handler = webHandler({ buses: [bus] });
 * const response = await handler(new Request("http://localhost/")); // in Deno.serve(handler) or Bun.serve({ fetch: handler })
 * console.log(response.status); // 200
 * ```
 *
 * @module
 */

export { type WebHandler, webHandler } from "./handler.ts";
export type { WebDatabase, WebFinding, WebOptions } from "./options.ts";
