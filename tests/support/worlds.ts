/**
 * The two kinds of bus on which the same tests run.
 *
 * @module
 */

import { Bus, type BusOptions } from "../../mod.ts";
import { noVcan } from "./kernel.ts";

/** A kind of bus. */
export interface World {
  readonly name: string;
  /** Why it is not available here; false if it is. */
  readonly skip: string | false;
  /** Opens a bus. All buses of a world are connected. */
  open(options?: Partial<BusOptions>): Bus;
}

/** The kernel's vcan, and the virtual bus within the process. */
export const worlds: readonly World[] = [
  { name: "vcan", skip: noVcan, open: (options) => new Bus({ channel: "vcan0", ...options }) },
  { name: "virtual", skip: false, open: (options) => new Bus({ channel: "v", interface: "virtual", ...options }) },
];
