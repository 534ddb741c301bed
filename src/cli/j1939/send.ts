/**
 * `can j1939 send`: sends a message, and awaits an answer.
 *
 * @module
 */

import { J1939Socket } from "../../j1939/j1939_socket.ts";
import type { Action } from "../command/actions.ts";
import { UsageError } from "../command/usage_error.ts";
import { databaseOf } from "../databases.ts";
import { bytesOf } from "../frames/bytes.ts";
import { spy } from "./spy.ts";
import { messageJson, messageText } from "./text.ts";
import { addressText, parseAddress, parseDestination, parsePgn } from "./words.ts";

/** The address of a service tool. */
const TOOL = 0xf9;

/** The action. */
export const send: Action = {
  usage: "IF PGN [BYTE… | -]",
  flags: {
    dbc: spy.flags.dbc,
    json: spy.flags.json,
    from: { takes: "ADDRESS", text: "the address to send from; F9, that of a service tool, if not given" },
    to: { takes: "ADDRESS", text: "the node to send to; all if not given" },
    priority: { short: "p", takes: "PRIORITY", text: "0, the highest, to 7; 6 if not given" },
    expect: { takes: "PGN", text: "print the first message of this PGN that comes, and fail if none does" },
    timeout: { takes: "SECONDS", text: "how long to wait for messages; 1 if not given" },
  },
  async run(words, terminal) {
    const [channel, word, ...given] = words.words;
    if (channel === undefined || word === undefined) {
      throw new UsageError(
        "can j1939 send takes an interface, a PGN and bytes: can j1939 send can0 EA00 CA FE 00 --to 00",
      );
    }
    const expected = words.text("expect");
    for (const flag of ["timeout", "dbc", "json"]) {
      if (words.has(flag) && expected === undefined) throw new UsageError(`--${flag} needs --expect: the answer`);
    }
    const pgn = parsePgn("the PGN", word);
    const answer = expected === undefined ? null : parsePgn("--expect", expected);
    const address = parseAddress("--from", words.text("from") ?? addressText(TOOL));
    const destination = parseDestination("--to", words.text("to") ?? "all");
    const priority = words.whole("priority", 0, 7);
    const timeout = words.number("timeout") ?? 1;
    const database = databaseOf(words, terminal, true);
    const data = bytesOf(given);
    terminal.catchSignals();
    const { signal } = terminal;
    await using socket = new J1939Socket({
      channel,
      address,
      filters: [{ pgn: answer ?? pgn }],
      logger: terminal.logger,
    });
    await socket.sendAsync({ pgn, destination, data, ...priority !== undefined && { priority } }, {
      acknowledged: true,
      signal,
    });
    if (answer === null) return 0;
    const end = performance.now() + 1000 * timeout;
    for (;;) {
      const message = await socket.recvAsync({ timeout: Math.max(end - performance.now(), 0) / 1000, signal });
      if (message === null) {
        terminal.warn(`can: no message of PGN ${expected} within ${timeout} s`);
        return 1;
      }
      // A message of several frames to all nodes comes back to the socket that sent it.
      if (message.source === address) continue;
      terminal.out.write(
        words.has("json") ? messageJson(channel, message, database) : messageText(channel, message, () => "", database),
      );
      return 0;
    }
  },
};
