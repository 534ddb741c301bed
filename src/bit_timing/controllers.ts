/**
 * The bit timing limits of well-known controllers, for calculations on machines without the controller.
 *
 * @module
 */

import type { BitTimingConst } from "./values.ts";

type Range = readonly [least: number, most: number];

function limits(name: string, tseg1: Range, tseg2: Range, sjwMax: number, brp: Range, brpInc = 1): BitTimingConst {
  const [tseg1Min, tseg1Max] = tseg1;
  const [tseg2Min, tseg2Max] = tseg2;
  const [brpMin, brpMax] = brp;
  return Object.freeze({ name, tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax, brpInc });
}

/**
 * A controller in `bitTimingConsts`.
 *
 * @category Bit timing
 */
export type ControllerName =
  | "at91"
  | "bxcan"
  | "c_can"
  | "flexcan"
  | "flexcan_fd"
  | "hi311x"
  | "m_can"
  | "mcp251x"
  | "mcp251xfd"
  | "mscan"
  | "pcan_usb_fd"
  | "rcar_can"
  | "rcar_canfd"
  | "sja1000"
  | "sun4i_can"
  | "ti_hecc";

/**
 * A CAN FD controller in `dataBitTimingConsts`.
 *
 * @category Bit timing
 */
export type FdControllerName = "flexcan_fd" | "m_can" | "mcp251xfd" | "pcan_usb_fd" | "rcar_canfd";

/**
 * The limits of well-known controllers, as in the Linux drivers; for CAN FD controllers, those of the arbitration
 * phase. The status of a `Link` has the limits and the clock of a controller in this machine. The clock often differs
 * from the crystal's: an SJA1000 and an MCP2515 divide it by two.
 *
 * @example
 * ```ts
 * import { bitTimingConsts } from "@socketcan/bus";
 *
 * console.log(bitTimingConsts.sja1000.tseg1Max); // 16
 * ```
 *
 * @category Bit timing
 */
export const bitTimingConsts: Readonly<Record<ControllerName, BitTimingConst>> = Object.freeze({
  at91: limits("at91_can", [4, 16], [2, 8], 4, [2, 128]),
  bxcan: limits("bxcan", [1, 16], [1, 8], 4, [1, 1024]),
  c_can: limits("c_can", [2, 16], [1, 8], 4, [1, 1024]),
  flexcan: limits("flexcan", [4, 16], [2, 8], 4, [1, 256]),
  flexcan_fd: limits("flexcan", [2, 96], [2, 32], 16, [1, 1024]),
  hi311x: limits("hi3110", [2, 16], [2, 8], 4, [1, 64]),
  // Version 3.1 of the core and newer.
  m_can: limits("m_can", [2, 256], [2, 128], 128, [1, 512]),
  mcp251x: limits("mcp251x", [3, 16], [2, 8], 4, [1, 64]),
  mcp251xfd: limits("mcp251xfd", [2, 256], [1, 128], 128, [1, 256]),
  mscan: limits("mscan", [4, 16], [2, 8], 4, [1, 64]),
  pcan_usb_fd: limits("pcan_usb_fd", [1, 256], [1, 128], 128, [1, 1024]),
  rcar_can: limits("rcar_can", [4, 16], [2, 8], 4, [1, 1024]),
  rcar_canfd: limits("rcar_canfd", [2, 128], [2, 32], 32, [1, 1024]),
  sja1000: limits("sja1000", [1, 16], [1, 8], 4, [1, 64]),
  sun4i_can: limits("sun4i_can", [1, 16], [1, 8], 4, [1, 64]),
  ti_hecc: limits("ti_hecc", [1, 16], [1, 8], 4, [1, 256]),
});

/**
 * The limits of well-known CAN FD controllers in the data phase, as in the Linux drivers.
 *
 * @category Bit timing
 */
export const dataBitTimingConsts: Readonly<Record<FdControllerName, BitTimingConst>> = Object.freeze({
  flexcan_fd: limits("flexcan", [2, 39], [2, 8], 4, [1, 1024]),
  m_can: limits("m_can", [1, 32], [1, 16], 16, [1, 32]),
  mcp251xfd: limits("mcp251xfd", [1, 32], [1, 16], 16, [1, 256]),
  pcan_usb_fd: limits("pcan_usb_fd", [1, 32], [1, 16], 16, [1, 1024]),
  rcar_canfd: limits("rcar_canfd", [2, 16], [2, 8], 8, [1, 256]),
});
