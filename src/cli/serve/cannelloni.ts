/**
 * `can serve cannelloni`.
 *
 * @module
 */

import type { Action } from "../command/actions.ts";
import { UsageError } from "../command/usage_error.ts";
import { serveFlags, serveOptionsOf, serveUntilStopped } from "./serving.ts";

/** The action. */
export const cannelloni: Action = {
  usage: "IF --peer HOST[:PORT] | --tcp",
  flags: {
    ...serveFlags,
    peer: { takes: "HOST[:PORT]", text: "exchange datagrams with it; it alone may send" },
    tcp: { text: "wait for clients that connect over TCP" },
  },
  async run(words, terminal) {
    const channel = words.only(
      "can serve cannelloni takes one interface: can serve cannelloni can0 --peer 192.168.1.7",
    );
    const peer = words.text("peer");
    words.exclusive("peer", "tcp");
    words.exclusive("peer", "allow");
    if (peer === undefined && !words.has("tcp")) {
      throw new UsageError("can serve cannelloni takes --peer HOST[:PORT], or --tcp for clients that connect");
    }
    const { serveCannelloni } = await import("../../net/mod.ts");
    const options = { ...serveOptionsOf(words, terminal), channel };
    const starting = serveCannelloni(peer === undefined ? { ...options, transport: "tcp" } : { ...options, peer });
    return await serveUntilStopped(starting, channel, terminal);
  },
};
