/**
 * The names of error classes and their details, as candump prints them.
 *
 * @module
 */

import {
  CAN_ERR_ACK,
  CAN_ERR_BUSERROR,
  CAN_ERR_BUSOFF,
  CAN_ERR_CNT,
  CAN_ERR_CRTL,
  CAN_ERR_CRTL_ACTIVE,
  CAN_ERR_CRTL_RX_OVERFLOW,
  CAN_ERR_CRTL_RX_PASSIVE,
  CAN_ERR_CRTL_RX_WARNING,
  CAN_ERR_CRTL_TX_OVERFLOW,
  CAN_ERR_CRTL_TX_PASSIVE,
  CAN_ERR_CRTL_TX_WARNING,
  CAN_ERR_LOSTARB,
  CAN_ERR_PROT,
  CAN_ERR_PROT_ACTIVE,
  CAN_ERR_PROT_BIT,
  CAN_ERR_PROT_BIT0,
  CAN_ERR_PROT_BIT1,
  CAN_ERR_PROT_FORM,
  CAN_ERR_PROT_LOC_ACK,
  CAN_ERR_PROT_LOC_ACK_DEL,
  CAN_ERR_PROT_LOC_CRC_DEL,
  CAN_ERR_PROT_LOC_CRC_SEQ,
  CAN_ERR_PROT_LOC_DATA,
  CAN_ERR_PROT_LOC_DLC,
  CAN_ERR_PROT_LOC_EOF,
  CAN_ERR_PROT_LOC_ID04_00,
  CAN_ERR_PROT_LOC_ID12_05,
  CAN_ERR_PROT_LOC_ID17_13,
  CAN_ERR_PROT_LOC_ID20_18,
  CAN_ERR_PROT_LOC_ID28_21,
  CAN_ERR_PROT_LOC_IDE,
  CAN_ERR_PROT_LOC_INTERM,
  CAN_ERR_PROT_LOC_RES0,
  CAN_ERR_PROT_LOC_RES1,
  CAN_ERR_PROT_LOC_RTR,
  CAN_ERR_PROT_LOC_SOF,
  CAN_ERR_PROT_LOC_SRTR,
  CAN_ERR_PROT_LOC_UNSPEC,
  CAN_ERR_PROT_OVERLOAD,
  CAN_ERR_PROT_STUFF,
  CAN_ERR_PROT_TX,
  CAN_ERR_RESTARTED,
  CAN_ERR_TRX,
  CAN_ERR_TRX_CANH_NO_WIRE,
  CAN_ERR_TRX_CANH_SHORT_TO_BAT,
  CAN_ERR_TRX_CANH_SHORT_TO_GND,
  CAN_ERR_TRX_CANH_SHORT_TO_VCC,
  CAN_ERR_TRX_CANL_NO_WIRE,
  CAN_ERR_TRX_CANL_SHORT_TO_BAT,
  CAN_ERR_TRX_CANL_SHORT_TO_CANH,
  CAN_ERR_TRX_CANL_SHORT_TO_GND,
  CAN_ERR_TRX_CANL_SHORT_TO_VCC,
  CAN_ERR_TRX_UNSPEC,
  CAN_ERR_TX_TIMEOUT,
} from "../kernel/error.ts";

/**
 * A class of error frames: `CAN_ERR_*` in `linux/can/error.h`, by candump's name.
 *
 * @category Message
 */
export type ErrorClass =
  | "tx-timeout"
  | "lost-arbitration"
  | "controller-problem"
  | "protocol-violation"
  | "transceiver-status"
  | "no-acknowledgement-on-tx"
  | "bus-off"
  | "bus-error"
  | "restarted-after-bus-off"
  | "error-counters";

/**
 * A problem of the controller: `CAN_ERR_CRTL_*` in `linux/can/error.h`, by candump's name; `"0x80"` is the bit without
 * a name.
 *
 * @category Message
 */
export type ControllerProblem =
  | "rx-overflow"
  | "tx-overflow"
  | "rx-error-warning"
  | "tx-error-warning"
  | "rx-error-passive"
  | "tx-error-passive"
  | "back-to-error-active"
  | "0x80";

/**
 * A violation of the protocol: `CAN_ERR_PROT_*` in `linux/can/error.h`, by candump's name.
 *
 * @category Message
 */
export type ProtocolViolation =
  | "single-bit-error"
  | "frame-format-error"
  | "bit-stuffing-error"
  | "tx-dominant-bit-error"
  | "tx-recessive-bit-error"
  | "bus-overload"
  | "active-error"
  | "error-on-tx";

/**
 * Where in a frame the protocol was violated: `CAN_ERR_PROT_LOC_*` in `linux/can/error.h`, by candump's name. The codes
 * are the SJA1000's; the names of flags, of the error delimiter and of `"tolerate-dominant-bits"` come from its data
 * sheet. A code without a name is given in hexadecimal.
 *
 * @category Message
 */
export type ProtocolLocation =
  | "unspecified"
  | "start-of-frame"
  | "id.28-to-id.21"
  | "id.20-to-id.18"
  | "bit-srtr"
  | "bit-ide"
  | "id.17-to-id.13"
  | "id.12-to-id.5"
  | "id.4-to-id.0"
  | "bit-rtr"
  | "reserved-bit-1"
  | "reserved-bit-0"
  | "data-length-code"
  | "data-field"
  | "crc-sequence"
  | "crc-delimiter"
  | "acknowledge-slot"
  | "acknowledge-delimiter"
  | "end-of-frame"
  | "intermission"
  | "active-error-flag"
  | "passive-error-flag"
  | "tolerate-dominant-bits"
  | "error-delimiter"
  | "overload-flag"
  | `0x${string}`;

/**
 * The state of a wire: `CAN_ERR_TRX_*` in `linux/can/error.h`. Undefined values are given in hexadecimal.
 *
 * @category Message
 */
export type WireStatus =
  | "unspecified"
  | "no-wire"
  | "short-to-bat"
  | "short-to-vcc"
  | "short-to-gnd"
  | "short-to-canh"
  | `0x${string}`;

/** Names by bit or code. */
type Names<Name> = ReadonlyMap<number, Name>;

/** Names of the classes, in the header's order. */
export const classNames: Names<ErrorClass> = new Map([
  [CAN_ERR_TX_TIMEOUT, "tx-timeout"],
  [CAN_ERR_LOSTARB, "lost-arbitration"],
  [CAN_ERR_CRTL, "controller-problem"],
  [CAN_ERR_PROT, "protocol-violation"],
  [CAN_ERR_TRX, "transceiver-status"],
  [CAN_ERR_ACK, "no-acknowledgement-on-tx"],
  [CAN_ERR_BUSOFF, "bus-off"],
  [CAN_ERR_BUSERROR, "bus-error"],
  [CAN_ERR_RESTARTED, "restarted-after-bus-off"],
  [CAN_ERR_CNT, "error-counters"],
]);

/** Names of the bits of byte 1. */
export const problemNames: Names<ControllerProblem> = new Map([
  [CAN_ERR_CRTL_RX_OVERFLOW, "rx-overflow"],
  [CAN_ERR_CRTL_TX_OVERFLOW, "tx-overflow"],
  [CAN_ERR_CRTL_RX_WARNING, "rx-error-warning"],
  [CAN_ERR_CRTL_TX_WARNING, "tx-error-warning"],
  [CAN_ERR_CRTL_RX_PASSIVE, "rx-error-passive"],
  [CAN_ERR_CRTL_TX_PASSIVE, "tx-error-passive"],
  [CAN_ERR_CRTL_ACTIVE, "back-to-error-active"],
  [0x80, "0x80"],
]);

/** Names of the bits of byte 2. */
export const violationNames: Names<ProtocolViolation> = new Map([
  [CAN_ERR_PROT_BIT, "single-bit-error"],
  [CAN_ERR_PROT_FORM, "frame-format-error"],
  [CAN_ERR_PROT_STUFF, "bit-stuffing-error"],
  [CAN_ERR_PROT_BIT0, "tx-dominant-bit-error"],
  [CAN_ERR_PROT_BIT1, "tx-recessive-bit-error"],
  [CAN_ERR_PROT_OVERLOAD, "bus-overload"],
  [CAN_ERR_PROT_ACTIVE, "active-error"],
  [CAN_ERR_PROT_TX, "error-on-tx"],
]);

/** Names of the codes of byte 3. */
export const locationNames: Names<ProtocolLocation> = new Map([
  [CAN_ERR_PROT_LOC_UNSPEC, "unspecified"],
  [CAN_ERR_PROT_LOC_SOF, "start-of-frame"],
  [CAN_ERR_PROT_LOC_ID28_21, "id.28-to-id.21"],
  [CAN_ERR_PROT_LOC_ID20_18, "id.20-to-id.18"],
  [CAN_ERR_PROT_LOC_SRTR, "bit-srtr"],
  [CAN_ERR_PROT_LOC_IDE, "bit-ide"],
  [CAN_ERR_PROT_LOC_ID17_13, "id.17-to-id.13"],
  [CAN_ERR_PROT_LOC_ID12_05, "id.12-to-id.5"],
  [CAN_ERR_PROT_LOC_ID04_00, "id.4-to-id.0"],
  [CAN_ERR_PROT_LOC_RTR, "bit-rtr"],
  [CAN_ERR_PROT_LOC_RES1, "reserved-bit-1"],
  [CAN_ERR_PROT_LOC_RES0, "reserved-bit-0"],
  [CAN_ERR_PROT_LOC_DLC, "data-length-code"],
  [CAN_ERR_PROT_LOC_DATA, "data-field"],
  [CAN_ERR_PROT_LOC_CRC_SEQ, "crc-sequence"],
  [CAN_ERR_PROT_LOC_CRC_DEL, "crc-delimiter"],
  [CAN_ERR_PROT_LOC_ACK, "acknowledge-slot"],
  [CAN_ERR_PROT_LOC_ACK_DEL, "acknowledge-delimiter"],
  [CAN_ERR_PROT_LOC_EOF, "end-of-frame"],
  [CAN_ERR_PROT_LOC_INTERM, "intermission"],
  // Not in error.h, but defined by the SJA1000's data sheet; its driver passes them on.
  [0x11, "active-error-flag"],
  [0x13, "tolerate-dominant-bits"],
  [0x16, "passive-error-flag"],
  [0x17, "error-delimiter"],
  [0x1c, "overload-flag"],
]);

/** Names of the codes of both halves of byte 4. */
export const wireNames: Names<WireStatus> = new Map([
  [CAN_ERR_TRX_UNSPEC, "unspecified"],
  [CAN_ERR_TRX_CANH_NO_WIRE, "no-wire"],
  [CAN_ERR_TRX_CANH_SHORT_TO_BAT, "short-to-bat"],
  [CAN_ERR_TRX_CANH_SHORT_TO_VCC, "short-to-vcc"],
  [CAN_ERR_TRX_CANH_SHORT_TO_GND, "short-to-gnd"],
  [CAN_ERR_TRX_CANL_NO_WIRE, "no-wire"],
  [CAN_ERR_TRX_CANL_SHORT_TO_BAT, "short-to-bat"],
  [CAN_ERR_TRX_CANL_SHORT_TO_VCC, "short-to-vcc"],
  [CAN_ERR_TRX_CANL_SHORT_TO_GND, "short-to-gnd"],
  [CAN_ERR_TRX_CANL_SHORT_TO_CANH, "short-to-canh"],
]);

/** Returns the names of the bits that are set. */
export function namesOf<Name>(names: Names<Name>, bits: number): Name[] {
  return [...names].flatMap(([bit, name]) => bits & bit ? [name] : []);
}

/** Formats a value that has no name. */
export function hex(value: number): `0x${string}` {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
