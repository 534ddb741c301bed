// Sets the bitrate of a CAN interface and brings it up, without the program ip. Needs root or the capability
// CAP_NET_ADMIN. Arguments: the interface (can0), the bitrate (500000).
import process from "node:process";
import { CanError, Link } from "../mod.ts";

const [name = "can0", bitrate = "500000"] = process.argv.slice(2);
try {
  const link = Link.open(name);
  const reporting = link.status().supportedModes?.includes("berr-reporting") ?? false;
  link.configure({
    bitrate: Number(bitrate),
    restartMs: 100, // after a bus-off
    ...reporting && { modes: { "berr-reporting": true } },
  }, { restartLink: true });
  link.up();

  const { driver, parent, state, bitTiming, clock, modes, errorCounters } = link.status();
  console.log(`${name}: ${driver} on ${parent}, clock ${clock! / 1e6} MHz, ${state}`);
  console.log(
    `${bitTiming?.bitrate} bit/s, sampled at ${bitTiming?.samplePoint}, modes: ${modes?.join(", ") || "none"}`,
  );
  console.log(`error counters: ${errorCounters?.tx} sending, ${errorCounters?.rx} receiving`);
} catch (error) {
  // RangeError: the controller does not support it; the text says what it supports. CanError: no such link, no
  // permission.
  if (!(error instanceof CanError || error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
