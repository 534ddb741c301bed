/**
 * `can isotp`: sends, receives and follows ISO-TP messages.
 *
 * @module
 */

import { commandOf } from "./command/actions.ts";
import type { Command } from "./command/command.ts";
import { dump } from "./isotp/dump.ts";
import { recv } from "./isotp/recv.ts";
import { send } from "./isotp/send.ts";

/** The command. */
export const command: Command = commandOf("isotp", { send, recv, dump }, {
  about: [
    "send and recv are one end of a connection, over the kernel's ISO-TP: -s is the identifier of this end, -d that of the " +
    "other, in hexadecimal digits; eight digits are an extended one. dump takes no part: it joins the frames of both ends.",
    "Bytes are hexadecimal digits, 22 F1 90 or 22F190; without any, or for -, they are read from standard input. send ends " +
    "when the message has been sent, and fails if it cannot be. With -u, --wait passes over responsePending (7F xx 78), and " +
    "waits at least 5 seconds more.",
  ],
  examples: [
    { line: "isotp send vcan0 -s 7DF --broadcast single 01 0C", text: "a request to all: OBD, engine speed" },
    { line: "isotp send vcan0 -s 7E0 -d 7E8 22 F1 90 --wait -u", text: "ask an ECU for its VIN, and print the answer" },
    { line: "isotp recv vcan0 -s 7E0 -d 7E8 -n 2 --timeout 1", text: "two messages, in hexadecimal digits" },
    { line: "isotp dump vcan0 -s 7E0 -d 7E8 -u", text: "what a tester and an ECU say to each other" },
  ],
  permissions: ["--allow-ffi"],
});
