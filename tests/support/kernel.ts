/**
 * Whether this machine's kernel has what a test needs.
 *
 * @module
 */

import { Bus, J1939Socket } from "../../mod.ts";

/** Why tests that need vcan0 are skipped; false if they are not. The machine of `tests/vm/run` has a vcan0. */
export const noVcan: string | false = reason("no vcan0 here", () => new Bus("vcan0"));

/** Why tests that need vcan0 and J1939 are skipped; false if they are not. */
export const noJ1939: string | false = noVcan || reason("no J1939 here", () => new J1939Socket("vcan0"));

function reason(what: string, open: () => Disposable): string | false {
  try {
    open()[Symbol.dispose]();
    return false;
  } catch (error) {
    return `${what}: ${(error as Error).message}`;
  }
}
