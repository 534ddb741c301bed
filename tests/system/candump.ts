/**
 * candump, listening.
 *
 * @module
 */

import { Bus, Message } from "../../mod.ts";
import { marker } from "./cases.ts";
import { Program } from "./tools.ts";

/** Standard and error frames of vcan0, on candump's command line. */
export const everything = "vcan0,0:0,#FFFFFFFF";

/** Starts candump; when it returns, candump listens. */
export async function startCandump(...args: string[]): Promise<Program> {
  const candump = new Program("candump", args);
  using bus = new Bus("vcan0");
  const message = new Message(marker.init);
  await candump.until(() => candump.lines.length > 0, "show a marker", () => bus.send(message));
  return candump;
}
