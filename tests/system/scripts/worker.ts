/**
 * A worker that opens sockets and sends periodically in every way, and then ends as the message that it receives says.
 *
 * @module
 */

import process from "node:process";
import { Bus, IsoTpSocket, J1939Socket, Message, watchLinks } from "../../../mod.ts";

/** The part of a worker's scope used here; the runtimes' types differ. */
interface WorkerScope {
  onmessage: ((event: { data: string }) => void) | null;
  postMessage(text: string): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

const bus = new Bus("vcan0");
const message = (arbitrationId: number) => new Message({ arbitrationId, isExtendedId: false, data: [1] });
bus.sendPeriodic(message(0x101), 0.01);
bus.sendPeriodic(message(0x102), 0.01, { modify: () => message(0x102) });
bus.recvAsync().catch(() => {});
// Kept, as sockets that are garbage-collected are closed.
const kept = [
  new Bus({ channel: "vcan0", fd: true }),
  new IsoTpSocket({ channel: "vcan0", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false }),
  new J1939Socket("vcan0"),
];
watchLinks().next();
scope.onmessage = ({ data: way }) => {
  if (way === "") kept.length = 0;
  else if (way === "close") scope.close();
  else if (way === "error") setTimeout(() => Promise.reject(new Error("on purpose")));
  else if (way === "exit") process.exit(0);
  else if (way === "busy") { for (;;); }
};
scope.postMessage("ready");
