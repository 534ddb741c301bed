/**
 * `can isotp send`: sends a message, and awaits an answer.
 *
 * @module
 */

import { IsoTpSocket } from "../../isotp/isotp_socket.ts";
import type { Action } from "../command/actions.ts";
import type { Arguments } from "../command/arguments.ts";
import type { Terminal } from "../command/terminal.ts";
import { UsageError } from "../command/usage_error.ts";
import { bytesText } from "../../message/hex.ts";
import { bytesOf } from "../frames/bytes.ts";
import { addressFlags, frameFlags, identifiersOf, parseId, socketOptionsOf } from "./options.ts";
import { isPending, serviceText } from "./uds.ts";

/** The least seconds to wait for what was announced by "response pending": UDS's P2* of a server. */
const PENDING_TIME = 5;

/** The action. */
export const send: Action = {
  usage: "IF -s ID -d ID [BYTE… | -]",
  flags: {
    ...addressFlags,
    ...frameFlags,
    length: { short: "D", takes: "BYTES", text: "send so many bytes, which count up, instead of given ones" },
    broadcast: {
      takes: "KIND",
      choices: ["single", "consecutive"],
      text: "to several nodes, without -d: in one frame, or in many without flow control",
    },
    "force-stmin": { takes: "SECONDS", text: "the time between two frames, whatever the other end asks for" },
    "frame-time": { takes: "SECONDS", text: "how long a frame takes to be sent (N_As); 0.00005 if not given" },
    wait: { short: "w", text: "print the answer, and fail if none comes" },
    timeout: { takes: "SECONDS", text: "how long to wait: 1 second with --wait, for ever in recv, if not given" },
  },
  async run(words, terminal) {
    const [channel, ...given] = words.words;
    if (channel === undefined) {
      throw new UsageError("can isotp send takes an interface: can isotp send can0 -s 7E0 -d 7E8 22 F1 90");
    }
    if (words.has("timeout") && !words.has("wait")) throw new UsageError("--timeout needs --wait: for an answer");
    const timeout = words.number("timeout") ?? 1;
    const forceTxStMin = words.number("force-stmin");
    const frameTxTime = words.number("frame-time");
    const ids = identifiers(words);
    const pdu = pduOf(words, given);
    terminal.catchSignals();
    const { signal } = terminal;
    using socket = new IsoTpSocket({
      channel,
      ...ids,
      ...socketOptionsOf(words, terminal),
      ...forceTxStMin !== undefined && { forceTxStMin },
      ...frameTxTime !== undefined && { frameTxTime },
      waitTxDone: true,
    });
    await socket.sendAsync(pdu, { signal });
    return words.has("wait") ? await answer(socket, timeout, words, terminal) : 0;
  },
};

function identifiers(words: Arguments) {
  const broadcast = words.text("broadcast");
  if (broadcast === undefined) {
    const { source: txId, destination: rxId, isExtendedId } = identifiersOf(words);
    return { txId, rxId, isExtendedId };
  }
  if (words.has("destination") || words.has("wait")) {
    throw new UsageError("--broadcast receives nothing: leave out -d and --wait");
  }
  const source = words.text("source");
  if (source === undefined) throw new UsageError("--broadcast needs the identifier to send with: -s 7DF");
  const { id: txId, isExtendedId } = parseId("--source", source);
  return { txId, isExtendedId, ...broadcast === "single" ? { sfBroadcast: true } : { cfBroadcast: true } };
}

function pduOf(words: Arguments, given: readonly string[]): Uint8Array {
  const length = words.whole("length", 1, 2 ** 32 - 1);
  if (length === undefined) {
    const pdu = bytesOf(given);
    if (pdu.length === 0) throw new UsageError("there are no bytes to send: give at least one, or -D");
    return pdu;
  }
  if (given.length > 0) throw new UsageError("--length makes the bytes: leave out the others");
  return Uint8Array.from({ length }, (_, i) => i % 255 + 1); // as isotpsend has it
}

/** Prints the answer. With --uds, one that says that the answer will come later is none. */
async function answer(socket: IsoTpSocket, timeout: number, words: Arguments, terminal: Terminal): Promise<number> {
  for (let limit = timeout;; limit = Math.max(timeout, PENDING_TIME)) {
    const pdu = await socket.recvAsync({ timeout: limit, signal: terminal.signal });
    if (pdu === null) {
      terminal.warn(`can: no answer within ${limit} s`);
      return 1;
    }
    const uds = words.has("uds");
    if (uds && isPending(pdu)) terminal.warn(`can: ${serviceText(pdu)}`);
    else {
      terminal.out.line(bytesText(pdu, " "));
      if (uds) terminal.out.line(`    ${serviceText(pdu)}`);
      return 0;
    }
  }
}
