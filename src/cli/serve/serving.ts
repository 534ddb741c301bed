/**
 * What the actions of `can serve` share.
 *
 * @module
 */

import type { BusServer, ServeOptions } from "../../net/mod.ts";
import type { Arguments, Flag } from "../command/arguments.ts";
import type { Terminal } from "../command/terminal.ts";

/** The flags of every server. */
export const serveFlags = {
  address: { takes: "ADDRESS", text: "listen there instead of on 127.0.0.1; 0.0.0.0 for all of this host's addresses" },
  port: { short: "p", takes: "PORT", text: "another port than the protocol's own" },
  allow: { takes: "ADDRESS", many: true, text: "only they may connect: 192.168.1.7, 192.168.1.0/24" },
  fd: { short: "f", text: "CAN FD frames too" },
} as const satisfies Record<string, Flag>;

/** Returns the options that the flags of every server stand for. */
export function serveOptionsOf(words: Arguments, terminal: Terminal): ServeOptions & { readonly port?: number } {
  const host = words.text("address");
  const port = words.whole("port", 0, 65535);
  const allow = words.texts("allow");
  return {
    ...host !== undefined && { host },
    ...port !== undefined && { port },
    ...allow.length > 0 && { allow },
    fd: words.has("fd"),
    logger: terminal.logger,
  };
}

/** Says what is served, and serves it until a signal comes or the server fails. */
export async function serveUntilStopped(
  starting: Promise<BusServer>,
  what: string,
  terminal: Terminal,
): Promise<number> {
  terminal.catchSignals();
  await using server = await starting;
  const { host, port } = server.address;
  terminal.warn(`can: serving ${what} at ${host.includes(":") ? `[${host}]` : host}:${port}`);
  terminal.signal.addEventListener("abort", () => void server.close());
  if (terminal.signal.aborted) await server.close();
  await server.done;
  return 0;
}
