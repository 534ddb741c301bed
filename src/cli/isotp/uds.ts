/**
 * The services of UDS (ISO 14229-1) and OBD (SAE J1979), by the first bytes of a message.
 *
 * @module
 */

import { hexText } from "../../message/hex.ts";

/** UDS's services, by their identifier in a request. */
const services: Readonly<Record<number, string>> = {
  0x10: "DiagnosticSessionControl",
  0x11: "ECUReset",
  0x14: "ClearDiagnosticInformation",
  0x19: "ReadDTCInformation",
  0x22: "ReadDataByIdentifier",
  0x23: "ReadMemoryByAddress",
  0x24: "ReadScalingDataByIdentifier",
  0x27: "SecurityAccess",
  0x28: "CommunicationControl",
  0x29: "Authentication",
  0x2a: "ReadDataByPeriodicIdentifier",
  0x2c: "DynamicallyDefineDataIdentifier",
  0x2e: "WriteDataByIdentifier",
  0x2f: "InputOutputControlByIdentifier",
  0x31: "RoutineControl",
  0x34: "RequestDownload",
  0x35: "RequestUpload",
  0x36: "TransferData",
  0x37: "RequestTransferExit",
  0x38: "RequestFileTransfer",
  0x3d: "WriteMemoryByAddress",
  0x3e: "TesterPresent",
  0x83: "AccessTimingParameter",
  0x84: "SecuredDataTransmission",
  0x85: "ControlDTCSetting",
  0x86: "ResponseOnEvent",
  0x87: "LinkControl",
};

/** OBD's services, which the standard calls modes too. */
const modes: Readonly<Record<number, string>> = {
  0x01: "current data",
  0x02: "freeze frame data",
  0x03: "stored trouble codes",
  0x04: "clear trouble codes",
  0x05: "oxygen sensor monitoring",
  0x06: "on-board monitoring",
  0x07: "pending trouble codes",
  0x08: "control of a system",
  0x09: "vehicle information",
  0x0a: "permanent trouble codes",
};

/** Why a service was refused (negative response codes). */
const reasons: Readonly<Record<number, string>> = {
  0x10: "generalReject",
  0x11: "serviceNotSupported",
  0x12: "subFunctionNotSupported",
  0x13: "incorrectMessageLengthOrInvalidFormat",
  0x14: "responseTooLong",
  0x21: "busyRepeatRequest",
  0x22: "conditionsNotCorrect",
  0x24: "requestSequenceError",
  0x25: "noResponseFromSubnetComponent",
  0x26: "failurePreventsExecutionOfRequestedAction",
  0x31: "requestOutOfRange",
  0x33: "securityAccessDenied",
  0x34: "authenticationRequired",
  0x35: "invalidKey",
  0x36: "exceedNumberOfAttempts",
  0x37: "requiredTimeDelayNotExpired",
  0x38: "secureDataTransmissionRequired",
  0x39: "secureDataTransmissionNotAllowed",
  0x3a: "secureDataVerificationFailed",
  0x70: "uploadDownloadNotAccepted",
  0x71: "transferDataSuspended",
  0x72: "generalProgrammingFailure",
  0x73: "wrongBlockSequenceCounter",
  0x78: "requestCorrectlyReceivedResponsePending",
  0x7e: "subFunctionNotSupportedInActiveSession",
  0x7f: "serviceNotSupportedInActiveSession",
  0x81: "rpmTooHigh",
  0x82: "rpmTooLow",
  0x83: "engineIsRunning",
  0x84: "engineIsNotRunning",
  0x85: "engineRunTimeTooLow",
  0x86: "temperatureTooHigh",
  0x87: "temperatureTooLow",
  0x88: "vehicleSpeedTooHigh",
  0x89: "vehicleSpeedTooLow",
  0x8a: "throttlePedalTooHigh",
  0x8b: "throttlePedalTooLow",
  0x8c: "transmissionRangeNotInNeutral",
  0x8d: "transmissionRangeNotInGear",
  0x8f: "brakeSwitchNotClosed",
  0x90: "shifterLeverNotInPark",
  0x91: "torqueConverterClutchLocked",
  0x92: "voltageTooHigh",
  0x93: "voltageTooLow",
  0x94: "resourceTemporarilyNotAvailable",
};

/** The first byte of a negative response, which the refused service and the reason follow. */
const NEGATIVE = 0x7f;
/** The bit that a positive response has in addition to the service. */
const POSITIVE = 0x40;
/** The reason that is none: the answer will come. */
const PENDING = 0x78;

/** What a message is to a diagnostic protocol. */
export interface Service {
  readonly kind: "request" | "response" | "negative";
  /** The service as in a request, 0 to 255. */
  readonly service: number;
  /** Its name; null if there is none. */
  readonly name: string | null;
  /** Of a negative response: the code, 0 to 255, and its name. */
  readonly code?: number;
  readonly reason?: string | null;
}

/** Returns what a message is; null if it is empty or a negative response that is too short. */
export function serviceOf(data: Uint8Array): Service | null {
  const [first, service, code] = data;
  if (first === undefined) return null;
  if (first === NEGATIVE) {
    if (code === undefined) return null;
    return { kind: "negative", service, name: nameOf(service), code, reason: reasons[code] ?? null };
  }
  if (first & POSITIVE) return { kind: "response", service: first & ~POSITIVE, name: nameOf(first & ~POSITIVE) };
  return { kind: "request", service: first, name: nameOf(first) };
}

/** Whether a message says that the answer will come later. */
export function isPending(data: Uint8Array): boolean {
  return data.length >= 3 && data[0] === NEGATIVE && data[2] === PENDING;
}

/** Writes what a message is: `ReadDataByIdentifier refused: requestOutOfRange (31)`. */
export function serviceText(data: Uint8Array): string {
  const found = serviceOf(data);
  if (found === null) return "no service";
  const { kind, service, name, code, reason } = found;
  const shown = name ?? `unknown service ${hexText(service, 2)}`;
  if (kind === "request") return shown;
  if (kind === "response") return `${shown}, positive response`;
  return `${shown} ${code === PENDING ? "not yet answered" : "refused"}: ${reason ?? "unknown reason"} (${
    hexText(code!, 2)
  })`;
}

function nameOf(service: number): string | null {
  if (service in modes) return `OBD ${modes[service]}`;
  return services[service] ?? null;
}
