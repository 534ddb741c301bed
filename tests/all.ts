/**
 * Everything: checks, then the tests in both runtimes, on this machine and on a kernel with SocketCAN.
 *
 * `deno run -A tests/all.ts [checks] [host] [kernel]`; without a word, all three.
 *
 * @module
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = `${root}node_modules/.bin`;
const deno = Deno.execPath();
const bun = `${bin}/bun`;

/** Seconds for one run on the emulated machine, which is some twenty times slower than this one. */
const LIMIT = 2400;

let passed = 0;
/** What failed, with its reason: told again at the very end, as the report of a test is far above it by then. */
const failures: string[] = [];

const parts = new Set(Deno.args);
const unknown = [...parts].filter((part) => !["checks", "host", "kernel"].includes(part));
if (unknown.length > 0) throw new RangeError(`no such part: ${unknown}; there are checks, host and kernel`);
const wanted = (part: string) => parts.size === 0 || parts.has(part);

Deno.chdir(root);
Deno.env.set("PATH", `${bin}:${Deno.env.get("PATH")}`);
if (!installed()) await step("install the development tools", ["npm", "ci", "--no-audit", "--no-fund"]);

const reports = mkdtempSync(`${tmpdir()}/reports-`);
try {
  if (wanted("checks")) await checks();
  if (wanted("host")) {
    for (const runtime of ["deno", "bun"] as const) await tests(runtime, "library", "host");
    for (const runtime of ["deno", "bun"] as const) await tests(runtime, "programs", "host");
    await step("the examples in the documentation", [
      deno,
      "test",
      "--doc",
      "--allow-ffi",
      "mod.ts",
      "src",
      "ffi",
      "bun",
    ]);
  }
  if (wanted("kernel")) {
    for (const runtime of ["deno", "bun"] as const) await tests(runtime, "library", "kernel");
    for (const runtime of ["deno", "bun"] as const) await tests(runtime, "programs", "kernel");
    console.log("\nCoverage in Deno, on the kernel (Bun printed its own above):");
    await run([deno, "coverage", "--quiet", `--include=^file://${root}(src|ffi)/`, `${reports}/coverage`]);
  }
} finally {
  rmSync(reports, { recursive: true });
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `- ${failure}`).join("\n")}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
Deno.exitCode = failures.length > 0 ? 1 : 0;

/** Whether npm has installed what the lock file says, and has done so since it last changed. */
function installed(): boolean {
  const mark = "node_modules/.package-lock.json";
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync("package-lock.json").mtimeMs;
}

async function checks(): Promise<void> {
  const code = ["mod.ts", "src", "ffi", "bun", "tests", "examples", "bench"];
  await step("format", ["dprint", "check"]);
  await step("lint", [deno, "lint", "--quiet", ...code]);
  await step("documentation", [deno, "doc", "--quiet", "--lint", "mod.ts"]);
  await step("types in Deno", [deno, "check", "--quiet", ...code]);
  await step("types in tsc, with Bun's", ["tsc", "-p", "."]);
}

/** The library's own tests are granted nothing but FFI; those that start programs are granted all. */
async function tests(runtime: "deno" | "bun", suite: "library" | "programs", where: "host" | "kernel"): Promise<void> {
  const others = ["data", "package", "std", "support", "system", "vm"];
  const rooms = readdirSync("tests", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !others.includes(entry.name))
    .map(({ name }) => `./tests/${name}`);
  // What needs no kernel is proved on this machine, where it is faster.
  const folders = where === "host" ? ["./tests/system", "./tests/package"] : ["./tests/system"];
  const files = suite === "library" ? rooms : folders;
  const report = `${reports}/${runtime}-${suite}-${where}.xml`;
  const covered = suite === "library" && where === "kernel";
  const command = runtime === "deno"
    ? [
      deno,
      "test",
      "--no-check",
      "--hide-stacktraces",
      suite === "library" ? "--allow-ffi" : "-A",
      `--junit-path=${report}`,
      // The report is made at the end, on this machine.
      ...(covered ? [`--coverage=${reports}/coverage`, "--coverage-raw-data-only"] : []),
      ...files,
    ]
    : [
      bun,
      "test",
      "--timeout=300000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...(covered ? ["--coverage"] : []),
      ...files,
    ];
  const title = `${suite} tests in ${runtime}, on ${where === "host" ? "this machine" : "a kernel with SocketCAN"}`;
  console.log(`\n== ${title}`);
  const ended = await run(where === "host" ? command : onKernel(command));
  const results = read(report);
  passed += results.passed;
  failures.push(...results.failures.map((failure) => `${title}: ${failure}`));
  console.log(`== ${title}: ${results.passed} passed, ${results.failures.length} failed, ${results.skipped} skipped`);
  if (ended !== 0 && results.failures.length === 0) fail(title, `ended with ${ended}`);
  if (where === "kernel" && results.skipped > 0) fail(title, "nothing may be skipped where there is a kernel");
}

function onKernel(command: string[]): string[] {
  return ["tests/vm/run", "--timeout", `${LIMIT}`, "--out", reports, "--", ...command];
}

/** Reads the leaves of a JUnit report: Deno reports a group as a test too. */
function read(report: string): { passed: number; failures: string[]; skipped: number } {
  const result = { passed: 0, failures: [] as string[], skipped: 0 };
  const text = existsSync(report) ? readFileSync(report, "utf8") : "";
  const cases = [...text.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)];
  const names = new Set(cases.map(([, name]) => name));
  const ends = [...names].map((name) => [name, name.lastIndexOf(" &gt; ")] as const).filter(([, end]) => end >= 0);
  const groups = new Set(ends.map(([name, end]) => name.slice(0, end)));
  for (const [test, name, inside = ""] of cases) {
    const file = /(?:file|classname)="([^"]*\.ts)"/.exec(test)?.[1];
    const failure = /<(?:failure|error)(?: type="[^"]*")?(?: message="([^"]*)")?/.exec(inside);
    if (inside.includes("<skipped")) result.skipped++;
    else if (groups.has(name)) continue;
    else if (failure) result.failures.push(plain(`${file}: ${name}: ${failure[1] ?? "no message"}`));
    else result.passed++;
  }
  return result;
}

/** XML's text as it was before it was made XML, and without colors. */
function plain(text: string): string {
  const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return stripVTControlCharacters(text.replace(/&(?:#(\d+)|(amp|lt|gt|quot|apos));/g, (_, code, name) => {
    return name ? characters[name] : String.fromCodePoint(Number(code));
  }));
}

async function step(title: string, command: string[]): Promise<void> {
  console.log(`\n== ${title}`);
  const ended = await run(command);
  if (ended === 0) passed++;
  else fail(title, `ended with ${ended}`);
}

function fail(what: string, why: string): void {
  console.error(`== FAILED: ${why}`);
  failures.push(`${what}: ${why}`);
}

async function run([program, ...args]: string[]): Promise<number> {
  try {
    // Not node:child_process, which gives a Deno that it starts this one's permissions.
    const { code } = await new Deno.Command(program, { args, stdin: "null" }).spawn().status;
    return code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`cannot start ${program}: it is not installed`);
    return 127;
  }
}
