/**
 * Writes the binary files of tests/data/logs: `deno run --allow-read --allow-write tests/log/files/make.ts`.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { blfFiles } from "./blf.ts";
import { captureFiles } from "./captures.ts";
import { mf4Files } from "./mf4.ts";

for (const [name, bytes] of Object.entries({ ...blfFiles, ...mf4Files, ...captureFiles })) {
  writeFileSync(new URL(`../../data/logs/${name}`, import.meta.url), bytes);
}
