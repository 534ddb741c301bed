/**
 * The frames of the soak. Each carries its number, and everything else in it follows from the number.
 *
 * @module
 */

import { Message } from "../../mod.ts";

/** The lengths of FD frames with room for a number, in bytes. */
const fdLengths = [4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/** Returns bits that look random, computed from a number. */
function mixed(number: number): number {
  let bits = Math.imul(number + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 0;
}

/** Returns the kind of a frame: of eight frames, one is a remote frame, three are FD frames and four are classic. */
function kindOf(bits: number): "remote" | "fd" | "classic" {
  const eighth = bits & 7;
  return eighth === 0 ? "remote" : eighth < 4 ? "fd" : "classic";
}

function isExtended(bits: number): boolean {
  return (bits & 8) !== 0;
}

function idOf(bits: number): number {
  return isExtended(bits) ? bits >>> 3 : bits >>> 21;
}

function lengthOf(bits: number, isFd: boolean): number {
  return isFd ? fdLengths[(bits >>> 4) % fdLengths.length] : 4 + (bits >>> 4) % 5;
}

/** The numbers in frames start again from 0 after this many, far more than are ever in transit. */
const NUMBERS = 2 ** 14;

/** The frames by number. They are created once, as creating a frame costs more than sending it. */
const made: Message[] = [];

/** Returns the frame at a position in the sequence. */
export function frameOf(position: number): Message {
  const number = position % NUMBERS;
  return made[number] ??= makeFrame(number);
}

/** Returns the position in the sequence of a frame with a number: the one nearest to `least`. */
export function positionOf(number: number, least: number): number {
  const ahead = (number - least % NUMBERS + NUMBERS) % NUMBERS;
  return least + (ahead < NUMBERS / 2 ? ahead : ahead - NUMBERS);
}

function makeFrame(number: number): Message {
  const bits = mixed(number);
  const kind = kindOf(bits);
  // A remote frame has no data: its number is its identifier.
  if (kind === "remote") return new Message({ arbitrationId: number, isRemoteFrame: true, dlc: (bits >>> 4) % 9 });
  const isFd = kind === "fd";
  const data = new Uint8Array(lengthOf(bits, isFd));
  for (let i = 0; i < data.length; i++) data[i] = i < 4 ? number >>> (8 * i) : bits >>> (i & 15);
  return new Message({
    arbitrationId: idOf(bits),
    isExtendedId: isExtended(bits),
    isFd,
    bitrateSwitch: isFd && (bits & 0x100) !== 0,
    errorStateIndicator: isFd && (bits & 0x200) !== 0,
    data,
  });
}

/** Returns the number in a frame. */
export function numberOf(message: Message): number {
  const { data } = message;
  if (message.isRemoteFrame) return message.arbitrationId;
  return (data[0] | (data[1] << 8) | (data[2] << 16) | (data[3] << 24)) >>> 0;
}

/** Returns the first property of a frame that does not match its number, or null. */
export function wrongIn(message: Message, number: number): string | null {
  const bits = mixed(number);
  const kind = kindOf(bits);
  if (message.isErrorFrame || !message.isLocal || message.isConfirm) return "flags";
  if (message.isRemoteFrame !== (kind === "remote")) return "isRemoteFrame";
  if (kind === "remote") {
    if (!message.isExtendedId || message.arbitrationId !== number) return "arbitrationId";
    return !message.isFd && message.dlc === (bits >>> 4) % 9 ? null : "dlc";
  }
  const isFd = kind === "fd";
  if (message.isFd !== isFd) return "isFd";
  if (message.isExtendedId !== isExtended(bits)) return "isExtendedId";
  if (message.arbitrationId !== idOf(bits)) return "arbitrationId";
  if (message.bitrateSwitch !== (isFd && (bits & 0x100) !== 0)) return "bitrateSwitch";
  if (message.errorStateIndicator !== (isFd && (bits & 0x200) !== 0)) return "errorStateIndicator";
  const { data } = message;
  if (message.dlc !== lengthOf(bits, isFd) || data.length !== message.dlc) return "length";
  for (let i = 4; i < data.length; i++) {
    if (data[i] !== ((bits >>> (i & 15)) & 0xff)) return `data[${i}]`;
  }
  return null;
}
