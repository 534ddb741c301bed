/**
 * What an error frame says.
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
 * What an error frame says: everything that `linux/can/error.h` defines, several at once.
 *
 * The details are read from the data whether or not their class is set, as drivers leave zeros where they have nothing
 * to say; where `classes` lacks the class, the header promises nothing about them. As text, candump's words.
 *
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 *
 * const message = new Message({ isErrorFrame: true, arbitrationId: 0x204, data: [0, 0x20, 0, 0, 0, 0, 136, 0] });
 * console.log(message.error?.controllerProblems.includes("tx-error-passive")); // true
 * console.log(`${message.error}`); // controller-problem{tx-error-passive}, error-counter-tx-rx{{136}{0}}
 * ```
 */
export class ErrorFrame {
  /** The classes, in the header's order. */
  readonly classes: readonly ErrorClass[];
  /** Bits of classes that `linux/can/error.h` does not define; 0 for none. */
  readonly unknownClasses: number;
  /** Of `"lost-arbitration"`: the number of the bit in the frame, 0 for unspecified. */
  readonly lostArbitrationBit: number;
  /** Of `"controller-problem"`; empty for unspecified. */
  readonly controllerProblems: readonly ControllerProblem[];
  /** Of `"protocol-violation"`: what was wrong; empty for unspecified. */
  readonly protocolViolations: readonly ProtocolViolation[];
  /** Of `"protocol-violation"`: where in the frame. */
  readonly protocolLocation: ProtocolLocation;
  /** Of `"transceiver-status"`: both wires. */
  readonly transceiver: { readonly canh: WireStatus; readonly canl: WireStatus };
  /** Byte 5 of the data, whose meaning is the controller's own; 0 for nothing. */
  readonly controllerSpecific: number;
  /**
   * The error counters, 0 to 255 each. Null when they are not told: `"error-counters"` is not set, and both bytes are 0.
   * Drivers older than that class (Linux 6.0) fill the bytes without it, so a counter that is not 0 counts in any case;
   * a few older ones put other things there.
   */
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;

  /** @ignore Made by `Message.error`. */
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
 * The classes of error frames to receive, as the kernel takes them.
 *
 * @param mask Bits, 0 to 0x1fffffff, or names.
 * @throws {RangeError} It is out of range, or a name is unknown.
 * @throws {TypeError} It is neither.
 */
export function toErrorMask(mask: number | readonly ErrorClass[]): number {
  if (!Array.isArray(mask)) return checkWhole("Option errorMask", mask, 0, CAN_ERR_MASK);
  let bits = 0;
  for (const name of mask) {
    const bit = [...classNames.keys()].find((each) => classNames.get(each) === name);
    if (bit === undefined) {
      const choices = [...classNames.values()].map((each) => `"${each}"`).join(", ");
      throw new RangeError(`Option errorMask has "${String(name)}": there are ${choices}`);
    }
    bits |= bit;
  }
  return bits;
}

/** What the text of a class says in braces. */
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
