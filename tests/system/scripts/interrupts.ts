// Blocks while a signal arrives: `interrupts.ts WAY SIGNAL [uncaught]`, with a handler for the signal unless it is "none".
import process from "node:process";
import { Bus, type CanOperationError } from "../../../mod.ts";

const [way, signal, uncaught] = process.argv.slice(2);
let handled = 0;
if (signal !== "none") {
  process.on(signal as NodeJS.Signals, () => {
    console.log("handled");
    handled++;
  });
}
process.on("SIGWINCH", () => {});

function wait(): void {
  using bus = new Bus({ channel: way === "reconnect" ? "missing0" : "vcan0", reconnect: way === "reconnect" });
  console.log("waiting");
  if (way === "iterate") { for (const message of bus) console.log(`${message}`); }
  while (way === "loop") bus.recv(0.01);
  bus.recv();
}

if (way === "after") {
  using bus = new Bus("vcan0");
  for (let i = 0; i < 3; i++) {
    bus.recv(0.01);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  console.log("ready");
  while (handled < 3) await new Promise((resolve) => setTimeout(resolve, 10));
} else if (uncaught) {
  wait();
} else {
  try {
    wait();
  } catch (error) {
    console.log((error as CanOperationError).code, way);
  }
  // The event loop runs the handler.
  for (let i = 0; i < 1000 && handled === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
}
