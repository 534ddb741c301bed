/**
 * The runtime, the kernel and the permissions.
 *
 * @module
 */

import { release } from "node:os";
import process from "node:process";
import { openLibc } from "../../../ffi/open.ts";
import { Bus } from "../../bus/bus.ts";
import { CanError } from "../../errors.ts";
import { AF_CAN, CAN_BCM, CAN_ISOTP, CAN_J1939 } from "../../kernel/can.ts";
import { EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT, errnoName } from "../../kernel/errno.ts";
import { SOCK_CLOEXEC, SOCK_DGRAM } from "../../kernel/socket.ts";
import { version } from "../../version.ts";
import type { Report } from "./finding.ts";

/** The kernel's protocols besides raw CAN, each with its module. */
const protocols: readonly (readonly [name: string, module: string, type: number, protocol: number])[] = [
  ["the broadcast manager", "can_bcm", SOCK_DGRAM, CAN_BCM],
  ["ISO-TP", "can_isotp", SOCK_DGRAM, CAN_ISOTP],
  ["J1939", "can_j1939", SOCK_DGRAM, CAN_J1939],
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
  const libc = openLibc();
  for (const [name, module, type, protocol] of protocols) {
    const fd = libc.socket(AF_CAN, type | SOCK_CLOEXEC, protocol); // a kernel that has the module loads it now
    if (fd >= 0) libc.close(fd);
    else {
      report({
        level: "warning",
        subject: "kernel",
        text: `it has not ${name}: ${errnoName(-fd)}`,
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
  if (error instanceof CanError && (error.errno === EPERM || error.errno === EACCES)) {
    return {
      level: "problem",
      subject: "permissions",
      text: `this program may not open CAN sockets: ${error.code}`,
      meaning:
        "CAN takes no privilege by itself: a container or a security policy (seccomp, AppArmor, SELinux) forbids it.",
      fix: "docker run --security-opt seccomp=unconfined --network host …   # for a container",
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
