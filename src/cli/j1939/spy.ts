/**
 * `can j1939 spy`: shows the messages of all nodes.
 *
 * @module
 */

import { J1939Socket } from "../../j1939/j1939_socket.ts";
import type { Action } from "../command/actions.ts";
import type { Arguments } from "../command/arguments.ts";
import { databaseFlags, databaseOf } from "../databases.ts";
import { type TimeMode, timeModes, timeWriter } from "../frames/times.ts";
import type { J1939Filter } from "../../j1939/filter.ts";
import { messageJson, messageText } from "./text.ts";
import { parseAddress, parsePgn } from "./words.ts";

/** Messages received at once. */
const BATCH = 64;

/** The action. */
export const spy: Action = {
  usage: "IF",
  flags: {
    dbc: databaseFlags.dbc,
    pgn: { takes: "PGN", many: true, text: "only messages of this PGN" },
    source: { takes: "ADDRESS", many: true, text: "only messages from this address" },
    count: { short: "n", takes: "COUNT", text: "end after so many messages" },
    time: { short: "t", takes: "MODE", choices: timeModes, text: "times, as in can dump" },
    utc: { text: "dates in UTC instead of local time" },
    json: { text: "write JSON, an object a line" },
  },
  async run(words, terminal) {
    const channel = words.only("can j1939 spy takes an interface: can j1939 spy can0");
    const count = words.whole("count", 1) ?? Infinity;
    const filters = filtersOf(words);
    // Whoever spies on J1939 takes all frames for its own, whatever the database says.
    const database = databaseOf(words, terminal, true);
    const time = timeWriter((words.text("time") ?? "n") as TimeMode, words.has("utc"));
    terminal.catchSignals();
    const { signal, out } = terminal;
    using socket = new J1939Socket({
      channel,
      filters,
      promiscuous: true,
      logger: terminal.logger,
    });
    let lost = 0;
    for (let shown = 0; shown < count;) {
      const messages = await socket.recvManyAsync(Math.min(BATCH, count - shown), { signal });
      for (const message of messages) {
        out.write(
          words.has("json") ? messageJson(channel, message, database) : messageText(channel, message, time, database),
        );
      }
      shown += messages.length;
      const { droppedFrames } = socket;
      if (droppedFrames > lost) terminal.warn(`can: the kernel dropped ${droppedFrames - lost} messages`);
      lost = droppedFrames;
      out.flush();
    }
    return 0;
  },
};

/** Each of the PGNs from each of the addresses. */
function filtersOf(words: Arguments): J1939Filter[] {
  const pgns = words.texts("pgn").map((text) => ({ pgn: parsePgn("--pgn", text) }));
  const sources = words.texts("source").map((text) => ({ source: parseAddress("--source", text) }));
  if (pgns.length === 0) return sources;
  if (sources.length === 0) return pgns;
  return pgns.flatMap((pgn) => sources.map((source) => ({ ...pgn, ...source })));
}
