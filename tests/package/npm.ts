/**
 * Packs the library for npm: `deno task npm [FOLDER]` makes the archive in a folder, by default the current one. It holds
 * JavaScript and declarations, so that every type checker and Node accept it, and Bun and Deno run it from node_modules.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Makes the archive.
 *
 * @param target The folder to put it into.
 * @returns The path of the archive.
 */
export function packForNpm(target: string): string {
  const work = mkdtempSync(join(tmpdir(), "npm-"));
  const folder = join(work, "package");
  try {
    const { devDependencies: _, private: __, files, ...manifest } = JSON.parse(read(`${root}package.json`));
    run(`${root}node_modules/typescript-7/bin/tsc`, "-p", `${root}tests/package/npm.json`, "--outDir", folder);
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (file.endsWith(".d.ts")) writeFileSync(join(folder, file), withJsSpecifiers(read(join(folder, file))));
    }
    for (const file of files as string[]) {
      if (file === "src") cpSync(`${root}src/web/page`, join(folder, "src/web/page"), { recursive: true });
      if (!file.endsWith(".ts") && statSync(root + file).isFile()) cpSync(root + file, join(folder, file));
    }
    const full = {
      ...manifest,
      exports: {
        ...Object.fromEntries(Object.entries(manifest.exports).map(compiled)),
        "./package.json": "./package.json",
      },
      bin: Object.fromEntries(
        Object.entries(manifest.bin).map(([name, path]) => [name, compiled(["", path])[1].default]),
      ),
      // For what does not read exports.
      main: "./mod.js",
      types: "./mod.d.ts",
      sideEffects: false,
    };
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(full, null, 2)}\n`);
    const cache = ["--cache", join(work, "cache")];
    return join(target, run("npm", "pack", folder, "--pack-destination", target, "--silent", ...cache).trim());
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** An entry point, as the compiler makes it. */
function compiled([name, source]: [string, unknown]): [string, { types: string; default: string }] {
  const path = (source as string).replace(/\.ts$/, "");
  return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
}

/** The compiler leaves the extension `.ts` in declarations, where not every resolver takes it for that of a declaration. */
function withJsSpecifiers(declarations: string): string {
  return declarations.replace(/((?:from|import) "|import\(")(\.[^"]+)\.ts"/g, '$1$2.js"');
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

if (import.meta.main) console.log(packForNpm(resolve(process.argv[2] ?? ".")));
