/**
 * The flags of ISO-TP connections, in the words of isotpsend and isotprecv.
 *
 * @module
 */

import type { IsoTpSocketOptions } from "../../isotp/options.ts";
import { CAN_EFF_MASK, CAN_MTU, CAN_SFF_MASK, CANFD_BRS, CANFD_MTU } from "../../kernel/can.ts";
import type { Arguments, Flag } from "../command/arguments.ts";
import type { Terminal } from "../command/terminal.ts";
import { UsageError } from "../command/usage_error.ts";
import { parseHex } from "../frames/bytes.ts";

/** Which connection. */
export const addressFlags = {
  source: {
    short: "s",
    takes: "ID",
    text: "the identifier that this end sends with, or one of the two that dump follows",
  },
  destination: { short: "d", takes: "ID", text: "the identifier of the other end" },
  extended: {
    short: "x",
    takes: "ADDRESS[:RXADDRESS]",
    text: "extended addressing: the byte in front of each frame; RXADDRESS in those of the other end",
  },
  uds: { short: "u", text: "say which service of UDS or OBD a message is, and why one was refused" },
} as const satisfies Record<string, Flag>;

/** How frames are made, and what is expected of those received. */
export const frameFlags = {
  padding: { short: "p", takes: "[TX]:[RX]", text: "fill frames up with the byte TX; RX is that of received frames" },
  "check-padding": {
    short: "P",
    takes: "MODE",
    choices: ["l", "c", "a"],
    text: "what is checked of received frames: length, content of the padding, all",
  },
  "link-layer": {
    short: "L",
    takes: "MTU:TXDL:FLAGS",
    text: "CAN FD: 72, the bytes of the frames sent (8 to 64), and 1 for the data bitrate or 0",
  },
} as const satisfies Record<string, Flag>;

const checks = { l: "length", c: "content", a: "all" } as const;

/** The identifiers of a connection. */
export interface Identifiers {
  readonly source: number;
  readonly destination: number;
  readonly isExtendedId: boolean;
}

/**
 * Returns the identifiers that the flags give. Eight digits are an extended identifier.
 *
 * @throws {UsageError} One is missing or wrong, or only one of them is extended.
 */
export function identifiersOf(words: Arguments): Identifiers {
  const [source, destination] = [words.text("source"), words.text("destination")];
  if (source === undefined || destination === undefined) {
    throw new UsageError("both ends need an identifier: -s 7E0 -d 7E8");
  }
  const [from, to] = [parseId("--source", source), parseId("--destination", destination)];
  if (from.isExtendedId !== to.isExtendedId) {
    throw new UsageError(`of ${source} and ${destination} one has eight digits, so is extended: both must be, or none`);
  }
  return { source: from.id, destination: to.id, isExtendedId: from.isExtendedId };
}

/** Returns an identifier; one of eight digits is extended. */
export function parseId(name: string, text: string): { id: number; isExtendedId: boolean } {
  const isExtendedId = text.replace(/^0x/i, "").length === 8;
  return { id: parseHex(name, text, isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK), isExtendedId };
}

/** Returns the addresses of extended addressing, of this end and of the other; null without. */
export function addressesOf(words: Arguments): readonly [own: number, other: number] | null {
  const text = words.text("extended");
  if (text === undefined) return null;
  const [own, other = own] = text.split(":").map((each) => parseHex("--extended", each, 0xff));
  return [own, other];
}

/** Returns the options that the flags give but for the identifiers. */
export function socketOptionsOf(words: Arguments, terminal: Terminal): Omit<IsoTpSocketOptions, "channel" | "txId"> {
  const addresses = addressesOf(words);
  const check = words.text("check-padding") as keyof typeof checks | undefined;
  return {
    ...addresses !== null && { extAddress: addresses[0], rxExtAddress: addresses[1] },
    ...paddingOf(words),
    ...check !== undefined && { checkPadding: checks[check] },
    ...linkLayerOf(words),
    logger: terminal.logger,
  };
}

function paddingOf(words: Arguments): Pick<IsoTpSocketOptions, "txPadding" | "rxPadding"> {
  const text = words.text("padding");
  if (text === undefined) return {};
  const [sent, received = "", more] = text.split(":");
  if (more !== undefined || sent + received === "") {
    throw new UsageError(`--padding is "${text}": it must be TX, TX:RX or :RX, such as CC:55`);
  }
  return {
    ...sent !== "" && { txPadding: parseHex("--padding", sent, 0xff) },
    ...received !== "" && { rxPadding: parseHex("--padding", received, 0xff) },
  };
}

function linkLayerOf(words: Arguments): Pick<IsoTpSocketOptions, "fd" | "txDl" | "bitrateSwitch"> {
  const text = words.text("link-layer");
  if (text === undefined) return {};
  const [, mtu, txDl, flags] = /^(\d+):(\d+):(\d+)$/.exec(text)?.map(Number) ?? [];
  if ((mtu !== CAN_MTU && mtu !== CANFD_MTU) || (flags !== 0 && flags !== CANFD_BRS)) {
    throw new UsageError(`--link-layer is "${text}": it must be 16:8:0, or for CAN FD 72:64:0, or 72:64:1`);
  }
  return { fd: mtu === CANFD_MTU, txDl, bitrateSwitch: flags === CANFD_BRS };
}
