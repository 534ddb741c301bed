/**
 * Whether this machine's kernel can do what a test needs.
 *
 * @module
 */

import { Bus } from "../../mod.ts";

/** Why tests that need a vcan0 are skipped, or false. `tests/vm/run` has one; the whole suite is run there. */
export const noVcan: string | false = reason();

function reason(): string | false {
  try {
    new Bus("vcan0").close();
    return false;
  } catch (error) {
    return `no vcan0 here: ${(error as Error).message}`;
  }
}
