/**
 * `can j1939 names`: which node has which address.
 *
 * @module
 */

import { Name } from "../../j1939/name.ts";
import { packJ1939Id, Pgn, unpackJ1939Id } from "../../j1939/pgn.ts";
import { J1939_IDLE_ADDR, J1939_PGN_ADDRESS_CLAIMED, J1939_PGN_REQUEST } from "../../kernel/j1939.ts";
import { Bus } from "../../bus/bus.ts";
import { Message } from "../../message/message.ts";
import type { Action } from "../command/actions.ts";
import { send } from "./send.ts";
import { spy } from "./spy.ts";
import { addressText, fieldsText } from "./words.ts";

/** Seconds that sending waits for room in the queue. */
const ROOM = 10;

/** Asks all nodes for their addresses, from a node without one: nothing but frames, so that it needs no address. */
const request = new Message({
  arbitrationId: packJ1939Id({ pgn: J1939_PGN_REQUEST, source: J1939_IDLE_ADDR }),
  data: new Pgn(J1939_PGN_ADDRESS_CLAIMED).toBytes(),
});

/** The action. */
export const names: Action = {
  usage: "IF",
  flags: {
    json: spy.flags.json,
    timeout: send.flags.timeout,
    listen: { text: "do not ask the nodes, which sends a message, but only listen to claims" },
  },
  async run(words, terminal) {
    const channel = words.only("can j1939 names takes an interface: can j1939 names can0");
    const timeout = words.number("timeout", 0, 86_400) ?? 1;
    terminal.catchSignals();
    const { signal, out } = terminal;
    const addresses = new Map<bigint, number>();
    using bus = new Bus({
      channel,
      filters: [{ canId: J1939_PGN_ADDRESS_CLAIMED << 8, canMask: 0x03ff_0000, isExtendedId: true }],
      logger: terminal.logger,
    });
    if (!words.has("listen")) bus.send(request, ROOM);
    const end = performance.now() + 1000 * timeout;
    for (let left = timeout; left > 0; left = (end - performance.now()) / 1000) {
      const message = await bus.recvAsync({ timeout: left, signal });
      if (message === null) break;
      if (message.data.length !== 8 || message.isRemoteFrame) continue;
      addresses.set(new Name(message.data).value, unpackJ1939Id(message.arbitrationId).source);
    }
    if (addresses.size === 0) terminal.warn(`can: no node has claimed an address within ${timeout} s`);
    for (const [value, address] of [...addresses].sort(([, one], [, other]) => one - other)) {
      const name = new Name(value);
      const held = address === J1939_IDLE_ADDR ? null : address;
      out.line(
        words.has("json")
          ? JSON.stringify({ address: held, name: `${name}`, fields: name })
          : `${held === null ? "--" : addressText(held)}  ${name}  ${fieldsText(name)}`.trimEnd(),
      );
    }
    return 0;
  },
};
