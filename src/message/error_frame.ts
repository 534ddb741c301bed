/**
 * Error frames, decoded.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { CAN_ERR_MASK } from "../kernel/can.ts";
import { CAN_ERR_CNT, decodeErrorData } from "../kernel/error.ts";
import {
  classNames,
  type ControllerProblem,
  type ErrorClass,
  hex,
  locationNames,
  namesOf,
  problemNames,
  type ProtocolLocation,
  type ProtocolViolation,
  violationNames,
  wireNames,
  type WireStatus,
} from "./error_names.ts";

/**
 * The decoded contents of an error frame: everything that `linux/can/error.h` defines. One frame may report several
 * errors.
 *
 * The details are decoded from the data whether or not their class is set, because drivers leave zeros in fields that
 * they do not use. If `classes` lacks a detail's class, the header does not define that detail. As text, an error frame
 * is described in candump's words.
 *
 * See "Network Problem Notifications" in the
 * {@link https://docs.kernel.org/networking/can.html | kernel's documentation}, and `linux/can/error.h`.
 *
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 *
 * const message = new Message({ isErrorFrame: true, arbitrationId: 0x204, data: [0, 0x20, 0, 0, 0, 0, 136, 0] });
 * console.log(message.error?.controllerProblems.includes("tx-error-passive")); // true
 * console.log(`${message.error}`); // controller-problem{tx-error-passive}, error-counter-tx-rx{{136}{0}}
 * ```
 *
 * @category Message
 */
export class ErrorFrame {
  /** The classes, in the header's order. */
  readonly classes: readonly ErrorClass[];
  /** Class bits that `linux/can/error.h` does not define; 0 if there are none. */
  readonly unknownClasses: number;
  /** For `"lost-arbitration"`: the number of the bit in the frame; 0 if unspecified. */
  readonly lostArbitrationBit: number;
  /** For `"controller-problem"`: the problems; empty if unspecified. */
  readonly controllerProblems: readonly ControllerProblem[];
  /** For `"protocol-violation"`: the kinds of violation; empty if unspecified. */
  readonly protocolViolations: readonly ProtocolViolation[];
  /** For `"protocol-violation"`: where in the frame it was detected. */
  readonly protocolLocation: ProtocolLocation;
  /** For `"transceiver-status"`: the state of both wires. */
  readonly transceiver: { readonly canh: WireStatus; readonly canl: WireStatus };
  /** Byte 5 of the data, whose meaning depends on the controller; 0 if unused. */
  readonly controllerSpecific: number;
  /**
   * The error counters, 0 to 255 each. Null if the frame does not report them: `"error-counters"` is not set, and both
   * bytes are 0. Drivers that predate this class (Linux 6.0) fill the bytes without setting it, so a counter other than
   * 0 is always reported; a few older drivers put other values there.
   */
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;

  /** @ignore `Message.error` constructs it. */
  constructor(classes: number, data: Uint8Array) {
    const fields = decodeErrorData(data);
    this.classes = namesOf(classNames, classes);
    this.unknownClasses = [...classNames.keys()].reduce((rest, bit) => rest & ~bit, classes);
    this.lostArbitrationBit = fields.lostArbitration;
    this.controllerProblems = namesOf(problemNames, fields.controller);
    this.protocolViolations = namesOf(violationNames, fields.protocol);
    this.protocolLocation = locationNames.get(fields.location) ?? hex(fields.location);
    this.transceiver = {
      canh: wireNames.get(fields.canh) ?? hex(fields.canh),
      canl: wireNames.get(fields.canl) ?? hex(fields.canl),
    };
    this.controllerSpecific = fields.controllerSpecific;
    const { txErrors: tx, rxErrors: rx } = fields;
    this.errorCounters = classes & CAN_ERR_CNT || tx || rx ? { tx, rx } : null;
  }

  /** One line, in the words of `candump -e`: `controller-problem{tx-error-passive}, bus-off`. */
  toString(): string {
    const parts = this.classes.filter((name) => name !== "error-counters").map((name) => name + detailsOf(this, name));
    if (this.errorCounters) parts.push(`error-counter-tx-rx{{${this.errorCounters.tx}}{${this.errorCounters.rx}}}`);
    if (this.unknownClasses) parts.push(`unknown-class{${hex(this.unknownClasses)}}`);
    if (this.controllerSpecific) parts.push(`controller-specific{${hex(this.controllerSpecific)}}`);
    return parts.length > 0 ? parts.join(", ") : "no-error-class";
  }
}

/**
 * Converts the option `errorMask` to the kernel's mask of error classes to receive.
 *
 * @param mask Bits, 0 to 0x1fffffff, or names.
 * @throws {RangeError} The mask is out of range, or a name is unknown.
 * @throws {TypeError} The mask is neither a number nor an array.
 */
export function toErrorMask(mask: number | readonly ErrorClass[]): number {
  if (!Array.isArray(mask)) return checkWhole("Option errorMask", mask, 0, CAN_ERR_MASK);
  let bits = 0;
  for (const name of mask) {
    const bit = [...classNames.keys()].find((each) => classNames.get(each) === name);
    if (bit === undefined) {
      const choices = [...classNames.values()].map((each) => `"${each}"`).join(", ");
      throw new RangeError(`Option errorMask has "${String(name)}": it must be one of ${choices}`);
    }
    bits |= bit;
  }
  return bits;
}

/** The details in braces that follow a class's name. */
function detailsOf(error: ErrorFrame, name: ErrorClass): string {
  switch (name) {
    case "lost-arbitration":
      return `{at bit ${error.lostArbitrationBit}}`;
    case "controller-problem":
      return `{${error.controllerProblems}}`;
    case "protocol-violation":
      return `{{${error.protocolViolations}}{${
        error.protocolLocation === "unspecified" ? "" : error.protocolLocation
      }}}`;
    case "transceiver-status": {
      const wires = Object.entries(error.transceiver).filter(([, status]) => status !== "unspecified");
      return wires.length > 0 ? `{${wires.map(([wire, status]) => `${wire}-${status}`)}}` : "";
    }
    default:
      return "";
  }
}
