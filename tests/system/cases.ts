/**
 * Messages of every form that a raw socket carries, with their text in can-utils' notation.
 *
 * @module
 */

import type { Message, MessageInit } from "../../mod.ts";

/** One message. */
export interface Case {
  /** The argument of `cansend`. */
  readonly text: string;
  /** The output of `candump -L`, without time and interface. */
  readonly log: string;
  /** The same message for this library. */
  readonly init: MessageInit & { readonly arbitrationId: number };
}

const ids = [
  { arbitrationId: 0x7ff, isExtendedId: false },
  { arbitrationId: 0x1fffffff, isExtendedId: true },
  { arbitrationId: 0, isExtendedId: false },
  { arbitrationId: 0, isExtendedId: true },
  { arbitrationId: 1, isExtendedId: false },
  { arbitrationId: 0x123, isExtendedId: true },
] as const;

const classicLengths = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const fdLengths = [...classicLengths, 12, 16, 20, 24, 32, 48, 64];

/** Every length with a standard and an extended identifier, then the other identifiers with the greatest length. */
const classicForms = [
  ...classicLengths.flatMap((length) => ids.slice(0, 2).map((id) => ({ ...id, length }))),
  ...ids.slice(2).map((id) => ({ ...id, length: 8 })),
];

const dataCases = classicForms.map(({ length, ...id }): Case => {
  const data = bytes(length);
  const text = `${idText(id)}#${hex(data)}`;
  return { text, log: text, init: { ...id, data } };
});

const remoteCases = classicForms.map(({ length, ...id }): Case => {
  const text = `${idText(id)}#R${length || ""}`;
  return { text, log: text, init: { ...id, isRemoteFrame: true, dlc: length } };
});

/** Classes and data of error frames; the first has all of Linux 6.1's, and less than 8 bytes of data. */
const errors: [text: string, arbitrationId: number, isExtendedId: boolean, data: number[]][] = [
  ["200003FF#", 0x3ff, false, []],
  ["20000004#0030000000000000", 0x004, false, [0, 0x30, 0, 0, 0, 0, 0, 0]],
  ["20000008#0000080000000000", 0x008, false, [0, 0, 8, 0, 0, 0, 0, 0]],
  ["20000040#0000000000006080", 0x040, false, [0, 0, 0, 0, 0, 0, 0x60, 0x80]],
  ["20000200#00000000000000FF", 0x200, false, [0, 0, 0, 0, 0, 0, 0, 0xff]],
  // The extended flag has no meaning in an error frame, but is passed on.
  ["BFFFFFFF#0123456789ABCDEF", 0x1fffffff, true, [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]],
];

const errorCases = errors.map(([text, arbitrationId, isExtendedId, data]): Case => ({
  text,
  log: text.replace(/^[AB]/, (digit) => digit === "A" ? "2" : "3"), // candump leaves the extended flag out
  init: { arbitrationId, isExtendedId, isErrorFrame: true, data },
}));

const fdCases = fdLengths.flatMap((length, i) =>
  [0, 1, 2, 3].map((flags): Case => {
    const id = ids[(4 * i + flags) % ids.length];
    const data = bytes(length);
    return {
      text: `${idText(id)}##${flags}${hex(data)}`,
      // candump shows CANFD_FDF too, which we and the kernel set.
      log: `${idText(id)}##${flags | 4}${hex(data)}`,
      init: { ...id, isFd: true, bitrateSwitch: (flags & 1) !== 0, errorStateIndicator: (flags & 2) !== 0, data },
    };
  })
);

/** All cases, no two alike. */
export const cases: readonly Case[] = [...dataCases, ...remoteCases, ...errorCases, ...fdCases];

/** The output of `candump -L` for a message, without time and interface. */
export function logText(message: Message): string {
  const id = idText(message);
  const data = hex([...message.data]);
  if (message.isRemoteFrame) return `${id}#R${message.dlc || ""}`;
  const flags = 4 | (message.bitrateSwitch ? 1 : 0) | (message.errorStateIndicator ? 2 : 0);
  return message.isFd ? `${id}##${flags}${data}` : `${id}#${data}`;
}

/** What a socket on vcan0, ours or python-can's, returns for such a message sent by this host; all but the time. */
export function received(init: Case["init"]): Omit<ReturnType<Message["toJSON"]>, "timestamp"> {
  return {
    isExtendedId: true,
    isRemoteFrame: false,
    isErrorFrame: false,
    isFd: false,
    bitrateSwitch: false,
    errorStateIndicator: false,
    dlc: init.data?.length ?? 0,
    channel: "vcan0",
    isRx: false,
    ...init,
    data: Array.from(init.data ?? []),
  };
}

/** Not among the cases: sent until another program shows that it is receiving. */
export const marker = {
  text: "7E0#4D61726B",
  init: { arbitrationId: 0x7e0, isExtendedId: false, data: [0x4d, 0x61, 0x72, 0x6b] },
} as const;

function bytes(length: number): number[] {
  return Array.from({ length }, (_, i) => (0xff + 29 * i + length) & 0xff);
}

function hex(data: readonly number[]): string {
  return data.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

function idText(id: { arbitrationId: number; isExtendedId: boolean }): string {
  return id.arbitrationId.toString(16).toUpperCase().padStart(id.isExtendedId ? 8 : 3, "0");
}
