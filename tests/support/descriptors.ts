/**
 * Counting the process's open descriptors, with no permission but FFI.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { pause } from "./pause.ts";

const HIGHEST = 1024;
const POLLNVAL = 0x20;

/** Returns how many descriptors below 1024 are open: `poll` marks the others. */
export function openDescriptors(): number {
  const fds = new DataView(new ArrayBuffer(8 * HIGHEST));
  for (let fd = 0; fd < HIGHEST; fd++) fds.setInt32(8 * fd, fd, true);
  const result = openLibc().poll(new Uint8Array(fds.buffer), 0);
  if (result < 0) throw new Error(`poll failed: ${result}`);
  let open = 0;
  for (let fd = 0; fd < HIGHEST; fd++) {
    if ((fds.getInt16(8 * fd + 6, true) & POLLNVAL) === 0) open++;
  }
  return open;
}

/** Returns how many are open once the number is stable: descriptors of earlier tests may take a moment to close. */
export async function restingDescriptors(): Promise<number> {
  let last = openDescriptors();
  for (let same = 0; same < 5; same++) {
    await pause(20);
    const now = openDescriptors();
    if (now !== last) same = 0;
    last = now;
  }
  return last;
}

/**
 * Waits until no more than `before` descriptors are open: the thread that waits for sockets ends a little later than
 * they, and that of an earlier test perhaps so late that it was counted in `before`.
 */
export async function descriptorsBackTo(before: number): Promise<void> {
  const end = performance.now() + 30_000;
  while (openDescriptors() > before) {
    if (performance.now() > end) throw new Error(`${openDescriptors()} descriptors are open, but there were ${before}`);
    await pause(5);
  }
}

const SOL_SOCKET = 1;
const SO_DOMAIN = 39;
const AF_CAN = 29;
const AF_NETLINK = 16;

/** Returns how many descriptors below 1024 are CAN or netlink sockets: the runtimes themselves have none. */
export function openSockets(): number {
  const libc = openLibc();
  const domain = new Int32Array(1);
  let open = 0;
  for (let fd = 0; fd < HIGHEST; fd++) {
    const result = libc.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, new Uint8Array(domain.buffer));
    if (result === 4 && (domain[0] === AF_CAN || domain[0] === AF_NETLINK)) open++;
  }
  return open;
}
