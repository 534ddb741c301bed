/**
 * `run.ts [SECONDS] [SEED]`: fuzzes with one seed after the other, and ends at the first one that finds an error.
 *
 * @module
 */

import process from "node:process";
import { fuzzBcm } from "./bcm.ts";
import { fuzzReceived } from "./received.ts";
import { fuzzTraffic } from "./traffic.ts";

const seconds = Number(process.argv[2] ?? 60);
let seed = Number(process.argv[3] ?? 2);
if (!(seconds > 0 && Number.isInteger(seed))) throw new RangeError("usage: run.ts [SECONDS] [SEED]");

const first = seed;
const end = performance.now() + 1000 * seconds;
for (; performance.now() < end; seed++) {
  try {
    fuzzReceived(seed, 100);
    fuzzBcm(seed, 1000);
    await fuzzTraffic(seed, 500);
  } catch (error) {
    throw new Error(`seed ${seed} found an error`, { cause: error });
  }
}
console.log(`seeds ${first} to ${seed - 1}: no errors found`);
