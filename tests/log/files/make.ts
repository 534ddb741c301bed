/**
 * Writes the binary files of tests/data/logs: `deno run --allow-read --allow-write tests/log/files/make.ts [NAME]…`, by
 * default all of them. Compressed ones and databases differ from runtime to runtime.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { blfFiles } from "./blf.ts";
import { captureFiles } from "./captures.ts";
import { mf4Files } from "./mf4.ts";
import { makeSqliteFiles } from "./sqlite.ts";

const { process } = globalThis as unknown as { process: { argv: string[] } };
const wanted = process.argv.slice(2);
const folder = fileURLToPath(new URL("../../data/logs", import.meta.url));
for (const [name, bytes] of Object.entries({ ...blfFiles, ...mf4Files, ...captureFiles })) {
  if (wanted.length === 0 || wanted.includes(name)) writeFileSync(`${folder}/${name}`, bytes);
}
if (wanted.length === 0 || wanted.includes("sqlite")) makeSqliteFiles(folder);
