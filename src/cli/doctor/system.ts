/**
 * The runtime, the kernel and the permissions.
 *
 * @module
 */

import { release } from "node:os";
import process from "node:process";
import { BcmSocket } from "../../bcm/bcm_socket.ts";
import { Bus } from "../../bus/bus.ts";
import { CanError, CanInterfaceNotImplementedError } from "../../errors.ts";
import { IsoTpSocket } from "../../isotp/isotp_socket.ts";
import { J1939Socket } from "../../j1939/j1939_socket.ts";
import { EAFNOSUPPORT, EPROTONOSUPPORT } from "../../kernel/errno.ts";
import { Link } from "../../link/link.ts";
import { version } from "../../version.ts";
import type { Report } from "./finding.ts";

/** The kernel's protocols besides raw CAN, and a socket of each. They need an interface to open. */
const protocols: readonly (readonly [name: string, module: string, open: (channel: string) => Disposable])[] = [
  ["the broadcast manager", "can_bcm", (channel) => new BcmSocket(channel)],
  ["ISO-TP", "can_isotp", (channel) => new IsoTpSocket({ channel, txId: 0x7e0, rxId: 0x7e8, isExtendedId: false })],
  ["J1939", "can_j1939", (channel) => new J1939Socket({ channel })],
];

/** Examines the system. Returns whether it makes sense to go on. */
export function examineSystem(report: Report): boolean {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  const runtime = bun === undefined ? `Deno ${deno}` : `Bun ${bun}`;
  report({ level: "ok", subject: "system", text: `can ${version}, ${runtime}, Linux ${release()}, ${process.arch}` });
  try {
    new Bus({ channel: "", receive: false }).close();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    report(unable(error));
    return false;
  }
  report({ level: "ok", subject: "kernel", text: "it has raw CAN" });
  const up = Link.statuses().find(({ isUp }) => isUp);
  for (const [name, module, open] of up ? protocols : []) {
    try {
      using _ = open(up!.name);
    } catch (error) {
      if (!(error instanceof CanError)) throw error;
      if (error.errno !== EPROTONOSUPPORT && !(error instanceof CanInterfaceNotImplementedError)) continue;
      report({
        level: "warning",
        subject: "kernel",
        text: `it has not ${name}`,
        meaning: "What needs it does not work; raw frames do.",
        fix: `sudo modprobe ${module}`,
      });
    }
  }
  return true;
}

/** Why there is no socket at all. */
function unable(error: Error): Parameters<Report>[0] {
  if (error instanceof CanError && (error.errno === EAFNOSUPPORT || error.errno === EPROTONOSUPPORT)) {
    return {
      level: "problem",
      subject: "kernel",
      text: "it has no CAN",
      meaning: "The modules are not loaded, or this kernel is built without them, as in many containers and clouds.",
      fix: "sudo modprobe can_raw",
    };
  }
  if (error.name === "NotCapable") {
    return {
      level: "problem",
      subject: "permissions",
      text: "Deno may not call libc",
      meaning: "Nothing of CAN works without.",
      fix: "run it again with --allow-ffi",
    };
  }
  return { level: "problem", subject: "kernel", text: error.message };
}
