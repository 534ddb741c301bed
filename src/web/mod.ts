/**
 * The live page: look at buses, or at recordings, in a browser.
 *
 * @example Mount it in a server
 * ```ts
 * import { webHandler } from "@socketcan/bus/web";
 *
 * await using handler = webHandler();
 * const response = await handler(new Request("http://localhost/"));
 * console.log(response.status); // 200
 * ```
 *
 * @module
 */

export { type WebHandler, webHandler, type WebOptions } from "./handler.ts";
