/**
 * Writes the binary files of tests/data/logs: `deno run --allow-read --allow-write tests/log/files/make.ts`.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { blfFiles } from "./blf.ts";

for (const [name, bytes] of Object.entries(blfFiles)) {
  writeFileSync(new URL(`../../data/logs/${name}`, import.meta.url), bytes);
}
