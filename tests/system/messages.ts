/**
 * Messages to compare with python-can's, without a kernel.
 *
 * @module
 */

import type { MessageInit } from "../../mod.ts";
import { ascii, generator, randomMessage } from "../support/random.ts";

const counting = (length: number) => Array.from({ length }, (_, i) => i);

const chosen: MessageInit[] = [
  {},
  { arbitrationId: 0x1fffffff },
  { arbitrationId: 0x7ff, isExtendedId: false },
  { arbitrationId: 0, isExtendedId: false, data: [0] },
  { arbitrationId: 0x123, data: counting(8) },
  { arbitrationId: 0x123, isExtendedId: false, data: [0xff, 0xfe], isRx: false },
  { timestamp: 0.0078125 }, // an exact half of a microsecond: Python rounds to even
  { timestamp: 0.0234375 },
  { timestamp: 1.0078125 },
  { timestamp: 1700000000.0078125 },
  { timestamp: 1.0000005 },
  { timestamp: 1.0000015 },
  { timestamp: 5e-7 },
  { timestamp: 4.99e-7 },
  { timestamp: 5.01e-7 },
  { timestamp: 1e-9 },
  { timestamp: 0.999999 },
  { timestamp: 0.9999995 },
  { timestamp: 0.999999999 },
  { timestamp: 59.9999999999 }, // rounded up to the next second
  { timestamp: 1700000000.123456 },
  { timestamp: 1700000000.1234567 },
  { timestamp: 4294967295.999999 },
  { timestamp: 4294967296.5 },
  { timestamp: 123456789012345 }, // wider than its column
  { timestamp: 2 ** 53 - 1 },
  { channel: "vcan0" },
  { channel: "" },
  { channel: "can-ü", data: [1], timestamp: 2.5 },
  { data: ascii("0") },
  { data: ascii("abcXYZ09"), channel: "can0" },
  { data: ascii("hello me") },
  { data: ascii("a_b") },
  { data: ascii("é"), channel: "can0" },
  { data: [0x41, 0xff] },
  { isRemoteFrame: true },
  { isRemoteFrame: true, dlc: 4, arbitrationId: 0x123, isExtendedId: false },
  { isRemoteFrame: true, dlc: 8, channel: "can0", isRx: false },
  { isErrorFrame: true, isExtendedId: false, arbitrationId: 0x4, data: [0, 0x30, 0, 0, 0, 0, 0, 0] },
  { isErrorFrame: true, isExtendedId: true, arbitrationId: 0x1fffffff, data: [] },
  { isErrorFrame: true, isExtendedId: false, arbitrationId: 0x80, channel: "can0", data: ascii("Error123") },
  { isFd: true },
  { isFd: true, bitrateSwitch: true, data: counting(8) },
  { isFd: true, errorStateIndicator: true, data: counting(12), isRx: false },
  { isFd: true, bitrateSwitch: true, errorStateIndicator: true, data: counting(64), channel: "can0" },
  {
    isFd: true,
    isExtendedId: false,
    arbitrationId: 0x7ff,
    data: ascii("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"),
  },
];

const below = generator(2);

/** Messages to print: chosen ones, and 500 at random. */
export const printable: readonly MessageInit[] = [
  ...chosen,
  ...Array.from({ length: 500 }, () => randomMessage(below)),
];

/** Pairs that are equal, differ in one field, or by a little time; with the allowed difference of time in seconds. */
export const equalityPairs: readonly (readonly [MessageInit, MessageInit, number | null])[] = [
  ...chosen.map((one, i) => [one, chosen[(i + 1) % chosen.length], 1e-6] as const),
  ...chosen.map((one) => [one, one, 1e-6] as const),
  ...pairs({ arbitrationId: 0x123, data: [1, 2], timestamp: 10, channel: "can0" }, [
    {},
    { arbitrationId: 0x124 },
    { isExtendedId: false },
    { data: [1, 3] },
    { data: [1] },
    { data: [1, 2, 0] },
    { channel: "can1" },
    { channel: null },
    { isRx: false },
    { isErrorFrame: true, isExtendedId: true },
    { isFd: true },
    { isRemoteFrame: true, data: [], dlc: 2 },
  ]),
  ...pairs({ arbitrationId: 1, isFd: true, data: [1, 2] }, [
    {},
    { isFd: false },
    { bitrateSwitch: true },
    { errorStateIndicator: true },
    { bitrateSwitch: true, errorStateIndicator: true },
  ]),
  ...pairs({ isRemoteFrame: true, dlc: 4 }, [{}, { dlc: 5 }, { isRemoteFrame: false, dlc: 0 }]),
  ...[0, 5e-7, 9.9e-7, 1.1e-6, 0.4, 0.6, 10].flatMap((late) =>
    [1e-6, 0, 0.5, null].flatMap((delta) => [
      [{ timestamp: 10 }, { timestamp: 10 + late }, delta] as const,
      [{ timestamp: 10 + late }, { timestamp: 10 }, delta] as const,
    ])
  ),
];

function pairs(base: MessageInit, changes: MessageInit[]): [MessageInit, MessageInit, number | null][] {
  return changes.flatMap((change) => {
    const other = { ...base, ...change };
    return [1e-6, null].flatMap((delta): [MessageInit, MessageInit, number | null][] => [
      [base, other, delta],
      [other, base, delta],
    ]);
  });
}
