/**
 * candump, ready to receive.
 *
 * @module
 */

import { Bus, Message } from "../../mod.ts";
import { marker } from "./cases.ts";
import { Program, receive } from "./tools.ts";

/** Standard and error frames of vcan0, on candump's command line. */
export const everything = "vcan0,0:0,#FFFFFFFF";

/** Starts candump with a large receive buffer; on return it is receiving, and no marker is still under way. */
export async function startCandump(...args: string[]): Promise<Program> {
  const candump = new Program("candump", ["-r", "8000000", ...args]);
  const filters = [{ canId: marker.init.arbitrationId, canMask: 0x7ff }];
  using bus = new Bus({ channel: "vcan0", receiveOwnMessages: true, filters });
  const message = new Message(marker.init);
  let onTheWay = 0;
  await candump.until(() => candump.lines.length > 0, "show a marker", () => {
    bus.send(message);
    onTheWay += 1 - bus.recvMany(99, 0).length;
  });
  await receive(bus, onTheWay, candump); // what this bus has received, all others have
  return candump;
}
