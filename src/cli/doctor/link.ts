/**
 * An interface, as the kernel describes it.
 *
 * @module
 */

import { CANFD_MTU } from "../../kernel/can.ts";
import { Link } from "../../link/link.ts";
import type { LinkStatistics } from "../../link/statistics.ts";
import type { LinkStatus } from "../../link/status.ts";
import { suggestion } from "../../where/nearest.ts";
import type { Report } from "./finding.ts";

/** Finds the interfaces to examine: the one named, or all. */
export function examineLinks(name: string | undefined, report: Report): Link[] {
  const links = Link.list();
  if (name === undefined && links.length === 0) {
    report({
      level: "problem",
      subject: "interfaces",
      text: "there is no CAN interface",
      meaning: "No driver has found a device, and there is no virtual one. A virtual one serves to try things.",
      fix: "sudo ip link add dev vcan0 type vcan && sudo ip link set vcan0 up",
    });
  }
  if (name === undefined) return links;
  const found = links.filter((link) => link.name === name);
  if (found.length === 0) {
    const names = links.map((link) => link.name);
    report({
      level: "problem",
      subject: name,
      text: `there is no such CAN interface${suggestion(name, names)}`,
      meaning: names.length > 0 ? `There are ${names.join(", ")}.` : "There is none at all: is the device plugged in?",
      fix: /^vcan/.test(name)
        ? `sudo ip link add dev ${name} type vcan && sudo ip link set ${name} up`
        : "ip link show",
    });
  }
  return found;
}

/**
 * Examines the settings, the state and the counters of an interface.
 *
 * @param refused How many frames found the queue full.
 */
export function examineLink(status: LinkStatus, statistics: LinkStatistics, report: Report, refused = 0): void {
  const { name: subject, kind, isUp, mtu, modes, bitTiming, bitrateConst, state, txQueueLength } = status;
  const problem = (text: string, meaning: string, fix: string) =>
    report({ level: "problem", subject, text, meaning, fix });
  const warning = (text: string, meaning: string, fix: string) =>
    report({ level: "warning", subject, text, meaning, fix });
  const isController = kind === "can";
  if (isController && bitTiming === null && bitrateConst === null) {
    problem(
      "it has no bitrate",
      "A controller must have that of all others on the bus.",
      `sudo ip link set ${subject} up type can bitrate 500000`,
    );
  } else if (!isUp) {
    problem("it is down", "It neither sends nor receives.", `sudo ip link set ${subject} up`);
  } else report({ level: "ok", subject, text: `it is up${bitTiming ? `, at ${bitTiming.bitrate} bit/s` : ""}` });
  if (state === "BUS-OFF") {
    problem(
      "the controller is bus-off",
      "It made so many errors that it has left the bus: a wrong bitrate, a missing termination or a short circuit.",
      status.restartMs === 0
        ? `sudo ip link set ${subject} type can restart`
        : `can link watch   # it restarts by itself`,
    );
  }
  if (modes?.includes("listen-only")) {
    warning(
      "it is in listen-only mode",
      "It receives, but sends and acknowledges nothing.",
      `sudo ip link set ${subject} down && sudo ip link set ${subject} up type can listen-only off`,
    );
  }
  if (modes?.includes("fd") && mtu < CANFD_MTU) {
    problem("its MTU is too small for CAN FD", `It is ${mtu}.`, `sudo ip link set ${subject} mtu ${CANFD_MTU}`);
  }
  if (kind !== "can" && mtu < CANFD_MTU) {
    warning(
      "its MTU is too small for CAN FD",
      `It is ${mtu}: only classic frames pass.`,
      `sudo ip link set ${subject} down && sudo ip link set ${subject} mtu ${CANFD_MTU} up`,
    );
  }
  const { rx, tx, device } = statistics;
  const unsent = tx.dropped + refused;
  if (unsent > 0) {
    warning(
      `${unsent} frames were dropped instead of sent`,
      `The queue of ${txQueueLength} frames was full, or the controller did not take them.`,
      `sudo ip link set ${subject} txqueuelen ${Math.max(1000, txQueueLength)}`,
    );
  }
  if (rx.overErrors + rx.fifoErrors + rx.missedErrors > 0) {
    warning(
      `the controller lost ${rx.overErrors + rx.fifoErrors + rx.missedErrors} frames`,
      "The processor did not fetch them in time.",
      `can link stats ${subject}`,
    );
  }
  if (device && device.busOff > 0 && state !== "BUS-OFF") {
    warning(
      `the controller was bus-off ${device.busOff} times`,
      "It works now. Look at the bitrate, the termination and the wiring.",
      `can dump -e ${subject},0:0,#FFFFFFFF`,
    );
  }
}
