/**
 * Whether this machine's kernel can do what a test needs.
 *
 * @module
 */

import { Bus, J1939Socket } from "../../mod.ts";

/** Why tests that need a vcan0 are skipped, or false. `tests/vm/run` has one; the whole suite is run there. */
export const noVcan: string | false = reason("no vcan0 here", () => new Bus("vcan0"));

/** Likewise for tests that need J1939 as well. */
export const noJ1939: string | false = noVcan || reason("no J1939 here", () => new J1939Socket("vcan0"));

function reason(what: string, open: () => Disposable): string | false {
  try {
    open()[Symbol.dispose]();
    return false;
  } catch (error) {
    return `${what}: ${(error as Error).message}`;
  }
}
