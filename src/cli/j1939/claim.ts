/**
 * `can j1939 claim`: claims an address, and holds it.
 *
 * @module
 */

import { J1939Socket } from "../../j1939/j1939_socket.ts";
import { Name } from "../../j1939/name.ts";
import type { Action } from "../command/actions.ts";
import { UsageError } from "../command/usage_error.ts";
import { addressText, parseAddress, parseName } from "./words.ts";

/** The action. */
export const claim: Action = {
  usage: "IF FIELD=VALUE… | IF --name NAME",
  flags: {
    name: { takes: "NAME", text: "the NAME, in 16 hexadecimal digits, instead of its fields" },
    address: { takes: "ADDRESS", text: "the address to claim first; a free one of 80 to F7 if not given" },
    commandable: { text: "let other nodes command another address (commanded address)" },
  },
  async run(words, terminal) {
    const [channel, ...fields] = words.words;
    const digits = words.text("name");
    if (channel === undefined || (digits === undefined) === (fields.length === 0)) {
      throw new UsageError(
        "can j1939 claim takes an interface and a NAME: can j1939 claim can0 identityNumber=1000 arbitraryAddressCapable=1",
      );
    }
    if (digits !== undefined && !/^(0x)?[0-9a-f]{16}$/i.test(digits)) {
      throw new UsageError(`--name is "${digits}": it must be 16 hexadecimal digits`);
    }
    const name = digits === undefined ? parseName(fields) : new Name(BigInt(`0x${digits.replace(/^0x/i, "")}`));
    const text = words.text("address");
    if (text === undefined && !name.arbitraryAddressCapable) {
      throw new UsageError("this NAME may not choose an address (arbitraryAddressCapable=1): give it one by --address");
    }
    terminal.catchSignals();
    const { signal, out } = terminal;
    await using socket = new J1939Socket({
      channel,
      name,
      ...text !== undefined && { address: parseAddress("--address", text) },
      claim: { commandable: words.has("commandable") },
      logger: terminal.logger,
    });
    using changes = socket.claimChanges({ signal });
    await socket.claim({ signal });
    for await (const { state, address } of changes) {
      out.line(`${state}${address === null ? "" : ` ${addressText(address)}`}  ${name}`);
      out.flush();
      if (state === "cannot-claim" || state === "duplicate-name") {
        terminal.warn(`can: the address was lost: ${state === "cannot-claim" ? "no other is free" : "see above"}`);
        return 1;
      }
    }
    return 0;
  },
};
