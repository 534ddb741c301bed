/**
 * `can serve socketcand`.
 *
 * @module
 */

import type { Action } from "../command/actions.ts";
import { UsageError } from "../command/usage_error.ts";
import { serveFlags, serveOptionsOf, serveUntilStopped } from "./serving.ts";

/** The action. */
export const socketcand: Action = {
  usage: "IF… [--address ADDRESS] [--allow ADDRESS]…",
  flags: {
    ...serveFlags,
    beacon: { text: "announce the server to its network, so that python-can and SavvyCAN find it" },
  },
  async run(words, terminal) {
    const channels = words.words;
    if (channels.length === 0) throw new UsageError("can serve socketcand takes interfaces: can serve socketcand can0");
    const { serveSocketcand } = await import("../../net/mod.ts");
    const options = { ...serveOptionsOf(words, terminal), channels, beacon: words.has("beacon") };
    return await serveUntilStopped(serveSocketcand(options), channels.join(", "), terminal);
  },
};
