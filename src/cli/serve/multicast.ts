/**
 * `can serve multicast`.
 *
 * @module
 */

import type { Action } from "../command/actions.ts";
import { serveFlags, serveOptionsOf, serveUntilStopped } from "./serving.ts";

/** The action. */
export const multicast: Action = {
  usage: "IF [--group ADDRESS]",
  flags: {
    ...serveFlags,
    group: { takes: "ADDRESS", text: "another group than python-can's 239.74.163.2" },
    hops: { takes: "COUNT", text: "how many routers a frame may pass; 1 if not given: this network" },
  },
  async run(words, terminal) {
    const channel = words.only("can serve multicast takes one interface: can serve multicast can0");
    const group = words.text("group");
    const hopLimit = words.whole("hops", 1, 255);
    const { serveMulticast } = await import("../../net/mod.ts");
    const options = {
      ...serveOptionsOf(words, terminal),
      channel,
      ...group !== undefined && { group },
      ...hopLimit !== undefined && { hopLimit },
    };
    return await serveUntilStopped(serveMulticast(options), channel, terminal);
  },
};
