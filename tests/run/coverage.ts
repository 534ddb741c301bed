/**
 * The lines that the library's tests ran, in both runtimes.
 *
 * @module
 */

import { existsSync, globSync, readFileSync } from "node:fs";

/** A file's lines by number: whether each was run. */
type Lines = Map<number, boolean>;

/** Makes a table of all source files from what the tests left in a folder. */
export async function coverageTable(root: string, folder: string): Promise<string> {
  const lcov = `${folder}/deno.lcov`;
  const options = ["--quiet", "--lcov", `--output=${lcov}`, `--include=^file://${root}(src|ffi)/`];
  await new Deno.Command(Deno.execPath(), {
    args: ["coverage", ...options, `${folder}/coverage`],
    stdin: "null",
    stdout: "null",
  }).output();
  const deno = read([lcov], root);
  const bun = read(globSync(`${folder}/bun-coverage-*/lcov.info`), root);
  const files = [...new Set([...deno.keys(), ...bun.keys()])].filter((file) => /^(src|ffi)\//.test(file)).sort();
  const row = (name: string, columns: string[]) => name.padEnd(40) + columns.map((text) => text.padStart(8)).join("");
  const percent = (lines: Lines[]) => {
    const all = lines.flatMap((each) => [...each.values()]);
    return all.length > 0 ? (100 * all.filter(Boolean).length / all.length).toFixed(1) : "–";
  };
  return [
    row("", ["Deno", "Bun"]),
    ...files.map((file) => row(file, [deno, bun].map((lines) => percent([lines.get(file) ?? new Map()])))),
    row("all", [deno, bun].map((lines) => percent([...lines.values()]))),
  ].join("\n");
}

/** Reads files in lcov's format: a line was run if it was in any of them. */
function read(paths: readonly string[], root: string): Map<string, Lines> {
  const files = new Map<string, Lines>();
  for (const path of paths.filter((path) => existsSync(path))) {
    let lines: Lines = new Map();
    for (const line of readFileSync(path, "utf8").split("\n")) {
      const [, key, value] = /^(SF|DA):(.*)$/.exec(line) ?? [];
      if (key === "SF") {
        const file = value.replace(root, "");
        lines = files.get(file) ?? new Map();
        files.set(file, lines);
      } else if (key === "DA") {
        const [number, times] = value.split(",").map(Number);
        lines.set(number, lines.get(number) || times > 0);
      }
    }
  }
  return files;
}
