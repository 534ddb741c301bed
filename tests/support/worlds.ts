/**
 * The two kinds of bus that one suite of behaviours runs on.
 *
 * @module
 */

import { Bus, type BusOptions } from "../../mod.ts";
import { noVcan } from "./kernel.ts";

/** Where buses are opened. */
export interface World {
  readonly name: string;
  /** Why it cannot be had here, or false. */
  readonly skip: string | false;
  /** Opens a bus; all buses of a world are on one wire. */
  open(options?: Partial<BusOptions>): Bus;
}

/** The kernel's vcan and the in-process bus. */
export const worlds: readonly World[] = [
  { name: "vcan", skip: noVcan, open: (options) => new Bus({ channel: "vcan0", ...options }) },
  { name: "virtual", skip: false, open: (options) => new Bus({ channel: "v", interface: "virtual", ...options }) },
];
