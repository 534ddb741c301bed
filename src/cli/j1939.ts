/**
 * `can j1939`: J1939 messages, addresses and NAMEs.
 *
 * @module
 */

import { commandOf } from "./command/actions.ts";
import type { Command } from "./command/command.ts";
import { claim } from "./j1939/claim.ts";
import { names } from "./j1939/names.ts";
import { send } from "./j1939/send.ts";
import { spy } from "./j1939/spy.ts";

/** The command. */
export const command: Command = commandOf("j1939", { spy, send, names, claim }, {
  about: [
    "spy shows PGN, source, destination, priority and data, and with --dbc the signals: all extended messages of the " +
    "database are taken for J1939's. The kernel joins messages of several frames to all nodes and to this host, but does not show those " +
    "between two other hosts.",
    "send ends when the message has been delivered: the receiver has acknowledged the last frame, or it was seen on the bus. " +
    "names asks for all addresses, and lists them with the NAMEs. claim claims an address, defends it until a signal, and " +
    "prints each change.",
    "PGNs, addresses, NAMEs and bytes are hexadecimal digits; the fields of a NAME are decimal numbers.",
  ],
  examples: [
    { line: "j1939 spy vcan0 -n 10", text: "ten messages" },
    { line: "j1939 spy can0 --dbc j1939.dbc --pgn F004", text: "the messages of one PGN, decoded" },
    { line: "j1939 send vcan0 FECA 00 FF 00 00 00 00 FF FF --from 20", text: "no active trouble codes, to all nodes" },
    { line: "j1939 send can0 EA00 EB FE 00 --to 00 --expect FEEB", text: "ask the engine who it is" },
    { line: "j1939 names vcan0", text: "which node has which address" },
    {
      line: "j1939 claim vcan0 identityNumber=1000 manufacturerCode=275 arbitraryAddressCapable=1 --address 80",
      text: "claim address 80, or another one if a node with a smaller NAME has it",
    },
  ],
  permissions: ["--allow-ffi", "--allow-read (for --dbc)"],
});
