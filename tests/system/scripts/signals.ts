// Blocks in recv() while signals with a handler arrive.
import process from "node:process";
import { Bus } from "../../../mod.ts";

process.on("SIGWINCH", () => {});
using bus = new Bus("vcan0");
console.log("waiting");
console.log(`${bus.recv()}`);
