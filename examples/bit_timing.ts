// Prints a controller's bit timings for the usual bitrates, as the kernel calculates them, and the best alternatives
// for one bitrate. Arguments: the controller (sja1000), its clock in MHz (8), the bitrate for the alternatives
// (500000).
import process from "node:process";
import { BitTiming, bitTimingConsts, type ControllerName } from "../mod.ts";

const [controller = "sja1000", megahertz = "8", wanted = "500000"] = process.argv.slice(2);
const limits = bitTimingConsts[controller as ControllerName];
if (!limits) {
  throw new RangeError(`unknown controller "${controller}"; known: ${Object.keys(bitTimingConsts).join(", ")}`);
}
const clock = Number(megahertz) * 1e6;

console.log(`${limits.name} at ${megahertz} MHz`);
for (const bitrate of [1_000_000, 800_000, 500_000, 250_000, 125_000, 100_000, 50_000, 20_000, 10_000]) {
  try {
    const timing = BitTiming.fromBitrate({ clock, limits, bitrate });
    console.log(`${bitrate}: ${timing.toIp()} (sample point ${timing.samplePoint}, ${timing.bitrateError} ppm off)`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.log(`${bitrate}: ${error.message}`);
  }
}

const timings = BitTiming.list({ clock, limits, bitrate: Number(wanted), maxError: 5000 });
console.log(`${timings.length} timings for ${wanted} bit/s, of which the best are:`);
for (const timing of timings.slice(0, 5)) console.log(`${timing}`);
