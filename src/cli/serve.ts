/**
 * `can serve`: gives interfaces to other hosts.
 *
 * @module
 */

import { commandOf } from "./command/actions.ts";
import type { Command } from "./command/command.ts";
import { cannelloni } from "./serve/cannelloni.ts";
import { multicast } from "./serve/multicast.ts";
import { socketcand } from "./serve/socketcand.ts";

/** The command. */
export const command: Command = commandOf("serve", { socketcand, cannelloni, multicast }, {
  about: [
    "Serves interfaces until Ctrl-C: socketcand to any number of clients (can dump socketcand://host/can0, python-can, " +
    "SavvyCAN), cannelloni to a peer or to clients that connect, multicast to all of a group (python-can's udp_multicast).",
    "None of these protocols has a password: whoever reaches the address reads the bus and writes to it. Without --address " +
    "that is this host alone; with it, --allow says who.",
  ],
  examples: [
    { line: "serve socketcand vcan0", text: "to programs of this host, on port 29536" },
    { line: "serve socketcand can0 can1 --address 192.168.1.5 --allow 192.168.1.0/24 --beacon", text: "to a network" },
    { line: "serve cannelloni can0 --address 0.0.0.0 --peer 192.168.1.7", text: "to a cannelloni there" },
    { line: "serve multicast vcan0", text: "to members of python-can's group; with --address 0.0.0.0, of the network" },
  ],
  permissions: ["--allow-ffi", "--allow-net", "--allow-sys (for --beacon)"],
});
