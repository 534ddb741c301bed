/**
 * Which test files need a kernel with SocketCAN: those that import `support/kernel.ts`, itself or through other files of
 * `tests/`. It alone says whether there is one, so no other file can skip a test for the lack of it.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Test files by what they need; paths begin with "./tests/". */
export interface TestFiles {
  readonly all: readonly string[];
  readonly kernel: readonly string[];
  /** Those with tests of two SJA1000 controllers. */
  readonly controllers: readonly string[];
}

/** Folders of tests that start programs, read and write files or use networks, and so get every permission. */
const programs = ["cli", "log", "net", "web", "system", "package"];
/** Those of them that start other programs. */
export const slow: readonly string[] = ["system", "package"];
const noTests = ["data", "run", "std", "support", "vm"];

/**
 * The library's own tests, which may do nothing but call libc; or those that start programs.
 *
 * @param without Folders to leave out.
 */
export function testFiles(suite: "library" | "programs", without: readonly string[] = []): TestFiles {
  const folders = readdirSync("tests", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !noTests.includes(entry.name))
    .map(({ name }) => name)
    .filter((name) => programs.includes(name) === (suite === "programs") && !without.includes(name));
  const all = folders.flatMap((folder) =>
    readdirSync(`tests/${folder}`).filter((name) => name.endsWith("_test.ts")).sort().map((name) =>
      `tests/${folder}/${name}`
    )
  );
  const relative = (files: string[]) => files.map((file) => `./${file}`);
  return {
    all: relative(all),
    kernel: relative(all.filter((file) => imports(file, "tests/support/kernel.ts"))),
    controllers: relative(all.filter((file) => /\bnoControllers\b/.test(readFileSync(file, "utf8")))),
  };
}

/** Whether a file imports another, itself or through other files of `tests/`. */
function imports(file: string, wanted: string, seen = new Set<string>()): boolean {
  if (file === wanted) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  const specifiers = readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g);
  return [...specifiers].some(([, specifier]) => {
    const path = join(file, "..", specifier);
    // A program that a test writes may import a file that is not here.
    return path.startsWith("tests/") && existsSync(path) && imports(path, wanted, seen);
  });
}
