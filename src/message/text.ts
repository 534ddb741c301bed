/**
 * Messages as lines of text.
 *
 * @module
 */

/** The fields of a message that its text shows. */
export interface TextFields {
  readonly timestamp: number;
  readonly arbitrationId: number;
  readonly isExtendedId: boolean;
  readonly isRx: boolean;
  readonly isErrorFrame: boolean;
  readonly isRemoteFrame: boolean;
  readonly isFd: boolean;
  readonly isXl: boolean;
  readonly bitrateSwitch: boolean;
  readonly errorStateIndicator: boolean;
  readonly dlc: number;
  readonly data: Uint8Array;
  readonly vcid: number;
  readonly sdt: number;
  readonly af: number;
  readonly sec: boolean;
  readonly channel: string | null;
}

/** Formats a message for `Message.toString`. */
export function messageText(message: TextFields): string {
  const { data } = message;
  const flags = [
    message.isExtendedId ? "X" : "S",
    message.isRx ? "Rx" : "Tx",
    message.isErrorFrame ? "E" : " ",
    message.isRemoteFrame ? "R" : " ",
    message.isFd ? "F" : message.isXl ? "L" : " ",
    message.bitrateSwitch ? "BS" : "  ",
    message.errorStateIndicator ? "EI" : "  ",
  ];
  const fields = [
    `Timestamp: ${microseconds(message.timestamp).padStart(15)}`,
    `ID: ${hex(message.arbitrationId, message.isExtendedId ? 8 : 4)}`.padStart(12),
    flags.join(" "),
    `DL: ${String(message.dlc).padStart(2)}`,
    Array.from(data, (byte) => hex(byte, 2)).join(" ").padEnd(24),
  ];
  if (message.isXl) {
    fields.push(`VCID: ${hex(message.vcid, 2)}`, `SDT: ${hex(message.sdt, 2)}`, `AF: ${hex(message.af, 8)}`);
    if (message.sec) fields.push("SEC");
  }
  const text = String.fromCharCode(...data);
  if (/^[0-9A-Za-z]+$/.test(text)) fields.push(`'${text}'`);
  if (message.channel !== null) fields.push(`Channel: ${message.channel}`);
  return fields.join("    ").trim();
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** Formats seconds with six decimals, rounding halves to even as Python does (JavaScript rounds exact halves up). */
function microseconds(seconds: number): string {
  const exact = seconds.toFixed(20);
  const half = /^(.*\.\d{5}[02468])50*$/.exec(exact);
  return half ? half[1] : seconds.toFixed(6);
}
