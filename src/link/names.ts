/**
 * Names, as `ip` prints them, of the kernel's numbers.
 *
 * @module
 */

import {
  CAN_CTRLMODE_3_SAMPLES,
  CAN_CTRLMODE_BERR_REPORTING,
  CAN_CTRLMODE_CC_LEN8_DLC,
  CAN_CTRLMODE_FD,
  CAN_CTRLMODE_FD_NON_ISO,
  CAN_CTRLMODE_LISTENONLY,
  CAN_CTRLMODE_LOOPBACK,
  CAN_CTRLMODE_ONE_SHOT,
  CAN_CTRLMODE_PRESUME_ACK,
  CAN_CTRLMODE_TDC_AUTO,
  CAN_CTRLMODE_TDC_MANUAL,
  CAN_STATE_BUS_OFF,
  CAN_STATE_ERROR_ACTIVE,
  CAN_STATE_ERROR_PASSIVE,
  CAN_STATE_ERROR_WARNING,
  CAN_STATE_SLEEPING,
  CAN_STATE_STOPPED,
} from "../kernel/can_netlink.ts";
import {
  IF_OPER_DORMANT,
  IF_OPER_DOWN,
  IF_OPER_LOWERLAYERDOWN,
  IF_OPER_NOTPRESENT,
  IF_OPER_TESTING,
  IF_OPER_UNKNOWN,
  IF_OPER_UP,
  IFF_ALLMULTI,
  IFF_AUTOMEDIA,
  IFF_BROADCAST,
  IFF_DEBUG,
  IFF_DORMANT,
  IFF_DYNAMIC,
  IFF_ECHO,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MASTER,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_NOTRAILERS,
  IFF_POINTOPOINT,
  IFF_PORTSEL,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_SLAVE,
  IFF_UP,
} from "../kernel/if.ts";

/**
 * A mode of a CAN controller, named as in `ip link set ... type can`: CAN_CTRLMODE_* of `linux/can/netlink.h`. See the
 * [kernel documentation](https://docs.kernel.org/networking/can.html).
 *
 * @category Links
 */
export type ControllerMode =
  | "loopback"
  | "listen-only"
  | "triple-sampling"
  | "one-shot"
  | "berr-reporting"
  | "fd"
  | "presume-ack"
  | "fd-non-iso"
  | "cc-len8-dlc"
  | "tdc-auto"
  | "tdc-manual";

const modeBits: Record<ControllerMode, number> = {
  "loopback": CAN_CTRLMODE_LOOPBACK,
  "listen-only": CAN_CTRLMODE_LISTENONLY,
  "triple-sampling": CAN_CTRLMODE_3_SAMPLES,
  "one-shot": CAN_CTRLMODE_ONE_SHOT,
  "berr-reporting": CAN_CTRLMODE_BERR_REPORTING,
  "fd": CAN_CTRLMODE_FD,
  "presume-ack": CAN_CTRLMODE_PRESUME_ACK,
  "fd-non-iso": CAN_CTRLMODE_FD_NON_ISO,
  "cc-len8-dlc": CAN_CTRLMODE_CC_LEN8_DLC,
  "tdc-auto": CAN_CTRLMODE_TDC_AUTO,
  "tdc-manual": CAN_CTRLMODE_TDC_MANUAL,
};

/** All modes that this library knows. */
export const controllerModes: readonly ControllerMode[] = Object.keys(modeBits) as ControllerMode[];

/** The names of the bits that are set, without unknown bits. */
export function modeNames(bits: number): ControllerMode[] {
  return controllerModes.filter((mode) => (bits & modeBits[mode]) !== 0);
}

/** The CAN_CTRLMODE_* bits of modes. */
export function bitsOfModes(modes: readonly ControllerMode[]): number {
  return modes.reduce((bits, mode) => bits | modeBits[mode], 0);
}

/**
 * The state of a CAN controller, CAN_STATE_* of `linux/can/netlink.h`; `"STOPPED"` while the link is down. The error
 * states are those of ISO 11898-1.
 *
 * @category Links
 */
export type ControllerState =
  | "ERROR-ACTIVE"
  | "ERROR-WARNING"
  | "ERROR-PASSIVE"
  | "BUS-OFF"
  | "STOPPED"
  | "SLEEPING";

const states: Readonly<Record<number, ControllerState>> = {
  [CAN_STATE_ERROR_ACTIVE]: "ERROR-ACTIVE",
  [CAN_STATE_ERROR_WARNING]: "ERROR-WARNING",
  [CAN_STATE_ERROR_PASSIVE]: "ERROR-PASSIVE",
  [CAN_STATE_BUS_OFF]: "BUS-OFF",
  [CAN_STATE_STOPPED]: "STOPPED",
  [CAN_STATE_SLEEPING]: "SLEEPING",
};

/** The name of a CAN_STATE_* value; null for an unknown one. */
export function stateName(state: number | undefined): ControllerState | null {
  return states[state ?? -1] ?? null;
}

/**
 * Whether a link can carry frames, as defined by [RFC 2863](https://www.rfc-editor.org/rfc/rfc2863);
 * `"UNKNOWN"` where the driver does not report it, as with vcan. See
 * [operational states](https://docs.kernel.org/networking/operstates.html).
 *
 * @category Links
 */
export type OperState = "UNKNOWN" | "NOTPRESENT" | "DOWN" | "LOWERLAYERDOWN" | "TESTING" | "DORMANT" | "UP";

const operStates: Readonly<Record<number, OperState>> = {
  [IF_OPER_UNKNOWN]: "UNKNOWN",
  [IF_OPER_NOTPRESENT]: "NOTPRESENT",
  [IF_OPER_DOWN]: "DOWN",
  [IF_OPER_LOWERLAYERDOWN]: "LOWERLAYERDOWN",
  [IF_OPER_TESTING]: "TESTING",
  [IF_OPER_DORMANT]: "DORMANT",
  [IF_OPER_UP]: "UP",
};

/** The name of an IF_OPER_* value. */
export function operStateName(state: number = IF_OPER_UNKNOWN): OperState {
  return operStates[state] ?? "UNKNOWN";
}

const flagNames: readonly (readonly [number, string])[] = [
  [IFF_LOOPBACK, "LOOPBACK"],
  [IFF_BROADCAST, "BROADCAST"],
  [IFF_POINTOPOINT, "POINTOPOINT"],
  [IFF_MULTICAST, "MULTICAST"],
  [IFF_NOARP, "NOARP"],
  [IFF_ALLMULTI, "ALLMULTI"],
  [IFF_PROMISC, "PROMISC"],
  [IFF_MASTER, "MASTER"],
  [IFF_SLAVE, "SLAVE"],
  [IFF_DEBUG, "DEBUG"],
  [IFF_DYNAMIC, "DYNAMIC"],
  [IFF_AUTOMEDIA, "AUTOMEDIA"],
  [IFF_PORTSEL, "PORTSEL"],
  [IFF_NOTRAILERS, "NOTRAILERS"],
  [IFF_UP, "UP"],
  [IFF_LOWER_UP, "LOWER_UP"],
  [IFF_DORMANT, "DORMANT"],
  [IFF_ECHO, "ECHO"],
];

/** The names of IFF_* bits as `ip` prints them: NO-CARRIER for a link that is up and not running, never RUNNING. */
export function flagNamesOf(flags: number): string[] {
  const names = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) === 0 ? ["NO-CARRIER", ...names] : names;
}
