/**
 * What a test needs besides a vcan: why it is skipped where that is missing, or false.
 *
 * Tests of controllers have "SJA1000" in the title of their outermost group: by it `tests/all.ts` picks what QEMU must run.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { Link } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";

/** Two SJA1000 controllers, can0 and can1, on one wire: only the machine that QEMU emulates has them. */
export const noControllers: string | false = noVcan || (
  ["can0", "can1"].every((name) => Link.list().some((link) => link.name === name && isSja1000(link)))
    ? false
    : "no SJA1000 controllers can0 and can1 here"
);

/** The kernel's driver for serial adapters, which a pseudo-terminal can play. */
export const noSlcan: string | false = noVcan || reasonWithoutSlcan();

function isSja1000(link: Link): boolean {
  return link.status().bitTimingConst?.name === "sja1000";
}

/** Connects a pseudo-terminal to the driver, as it may be loaded only then. */
function reasonWithoutSlcan(): string | false {
  const attach =
    "import fcntl, os, struct, termios; fcntl.ioctl(os.openpty()[1], termios.TIOCSETD, struct.pack('i', 17))";
  const { status, stderr } = spawnSync("/usr/bin/python3", ["-c", attach], { encoding: "utf8" });
  return status !== 0 && `no slcan here: ${stderr?.trim().split("\n").at(-1)}`;
}
