/**
 * `can isotp recv`: prints the messages of a connection, as the end that they are for.
 *
 * @module
 */

import { CanOperationError } from "../../errors.ts";
import { IsoTpSocket } from "../../isotp/isotp_socket.ts";
import type { Action } from "../command/actions.ts";
import { UsageError } from "../command/usage_error.ts";
import { bytesText } from "../../message/hex.ts";
import { addressFlags, frameFlags, identifiersOf, socketOptionsOf } from "./options.ts";
import { send } from "./send.ts";
import { serviceText } from "./uds.ts";

/** The codes of a message that did not come whole, after which the next one may. */
const broken: readonly (string | undefined)[] = ["ETIMEDOUT", "EILSEQ", "EBADMSG"];

/** The action. */
export const recv: Action = {
  usage: "IF -s ID -d ID",
  flags: {
    ...addressFlags,
    ...frameFlags,
    "block-size": { takes: "COUNT", text: "frames that the other end sends before it waits; 0 for all" },
    stmin: { takes: "SECONDS", text: "time that it leaves between two frames, such as 0.001; 0 if not given" },
    "ignore-faster": { takes: "SECONDS", text: "ignore frames that come sooner than this after another" },
    count: {
      short: "n",
      takes: "COUNT",
      text: "end after so many messages; 1 in recv, without end in dump, if not given",
    },
    loop: { short: "l", text: "receive without end; a message that does not come whole is said on standard error" },
    timeout: send.flags.timeout,
  },
  async run(words, terminal) {
    const channel = words.only("can isotp recv takes an interface: can isotp recv can0 -s 7E8 -d 7E0");
    if (words.has("loop") && words.has("count")) throw new UsageError("--loop has no end: leave out --count");
    const count = words.has("loop") ? Infinity : words.whole("count", 1) ?? 1;
    const timeout = words.number("timeout") ?? null;
    const forceRxStMin = words.number("ignore-faster");
    const { source: txId, destination: rxId, isExtendedId } = identifiersOf(words);
    const options = {
      blockSize: words.whole("block-size", 0, 255) ?? 0,
      stMin: words.number("stmin") ?? 0,
      ...forceRxStMin !== undefined && { forceRxStMin },
    };
    terminal.catchSignals();
    const { signal } = terminal;
    using socket = new IsoTpSocket({
      channel,
      txId,
      rxId,
      isExtendedId,
      ...options,
      ...socketOptionsOf(words, terminal),
    });
    for (let received = 0; received < count;) {
      try {
        const pdu = await socket.recvAsync({ timeout, signal });
        if (pdu === null) {
          terminal.warn(`can: no message within ${timeout} s`);
          return 1;
        }
        terminal.out.line(bytesText(pdu, " "));
        if (words.has("uds")) terminal.out.line(`    ${serviceText(pdu)}`);
        terminal.out.flush();
        received++;
      } catch (error) {
        if (!words.has("loop") || !(error instanceof CanOperationError) || !broken.includes(error.code)) throw error;
        terminal.warn(`can: ${error.message}`);
      }
    }
    return 0;
  },
};
