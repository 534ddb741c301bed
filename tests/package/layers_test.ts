import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "../system/script.ts";

/**
 * The rooms of the house, from the top down. A room may import from the rooms below it, or only from those that it names.
 * Rooms on one floor may not import from each other.
 */
const house: readonly (readonly Room[])[] = [
  [{ name: "mod.ts", paths: ["mod.ts"] }],
  [{ name: "cli", paths: ["src/cli/"] }],
  [{ name: "web", paths: ["src/web/"] }],
  [
    { name: "live", paths: ["src/live/"], only: ["dbc", "message", "kernel"] },
    { name: "where", paths: ["src/where/"], only: ["dbc", "message", "check"] },
  ],
  [
    { name: "log", paths: ["src/log/"], only: ["endpoint", "message", "kernel", "check", "errors"] },
    { name: "dbc", paths: ["src/dbc/"], only: ["message", "check", "errors"] },
    { name: "net", paths: ["src/net/"] },
  ],
  [{ name: "bus", paths: ["src/bus/"] }],
  [{ name: "periodic", paths: ["src/periodic/"] }],
  [
    { name: "isotp", paths: ["src/isotp/"] },
    { name: "j1939", paths: ["src/j1939/"] },
    { name: "bcm", paths: ["src/bcm/"] },
  ],
  [{ name: "raw", paths: ["src/raw/"] }],
  [{ name: "link", paths: ["src/link/"] }],
  [{ name: "socket", paths: ["src/socket/"] }],
  [{ name: "ffi", paths: ["ffi/", "bun/"], only: ["errors"] }],
  [{ name: "endpoint", paths: ["src/endpoint/"] }],
  [{ name: "bit_timing", paths: ["src/bit_timing/"] }],
  [{ name: "message", paths: ["src/message/"] }],
  [{ name: "kernel", paths: ["src/kernel/"], only: [] }],
  [
    { name: "check", paths: ["src/check.ts"] },
    { name: "errors", paths: ["src/errors.ts"] },
    { name: "version", paths: ["src/version.ts"] },
  ],
];

interface Room {
  readonly name: string;
  /** The beginnings of its files' paths. */
  readonly paths: readonly string[];
  /** The rooms that it may import from. Default: all rooms below. */
  readonly only?: readonly string[];
}

const files = ["mod.ts", ...["src", "ffi", "bun"].flatMap(below)];

function below(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

function imports(file: string): string[] {
  const text = readFileSync(root + file, "utf8");
  const specifiers = [...text.matchAll(/^(?:import|export)\b[^;]*? from "([^"]+)";/gms)].map(([, specifier]) =>
    specifier
  );
  // Files, compression, networks and the command line come from the runtime, under the same name in both.
  const builtin = (specifier: string) =>
    file.startsWith("src/log/") && /^node:(fs\/promises|zlib|sqlite)$/.test(specifier) ||
    file.startsWith("src/web/") && /^node:(crypto|fs|fs\/promises|os|path)$/.test(specifier) ||
    file.startsWith("src/net/") && /^node:(dgram|dns\/promises|net|os)$/.test(specifier) ||
    file.startsWith("src/cli/") && /^node:(fs|os|process|stream|util)$/.test(specifier);
  return specifiers.filter((specifier) => !builtin(specifier)).map((specifier) => {
    assert(specifier.startsWith("."), `${file} imports "${specifier}": imports from a URL have no import map`);
    return join(dirname(file), specifier);
  });
}

function placeOf(file: string): { floor: number; room: Room } {
  for (const [floor, rooms] of house.entries()) {
    const room = rooms.find(({ paths }) => paths.some((path) => file === path || file.startsWith(path)));
    if (room) return { floor, room };
  }
  throw new Error(`${file} is in no room: add one to the table here, with what it may import`);
}

describe("The library's files", () => {
  it("import only from rooms below their own", () => {
    let count = 0;
    for (const file of files) {
      const from = placeOf(file);
      for (const target of imports(file)) {
        const to = placeOf(target);
        const allowed = from.room === to.room ||
          (to.floor > from.floor && (from.room.only?.includes(to.room.name) ?? true));
        assert(allowed, `${file} imports ${target}: ${from.room.name} may not import from ${to.room.name}`);
        count++;
      }
    }
    assert(count > 500, `only ${count} imports were found`);
  });

  it("do not import each other in a cycle", () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      assert(!path.includes(file), `a cycle: ${[...path.slice(path.indexOf(file)), file].join(" -> ")}`);
      if (done.has(file)) return;
      for (const target of imports(file)) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    assertEquals(done.size, files.length);
  });

  it("use no runtime's API outside ffi/ and bun/", () => {
    const users = files
      .filter((file) => !/^(ffi|bun)\//.test(file))
      .filter((file) => /\b(Deno|Bun)\.[a-zA-Z]|bun:ffi/.test(withoutComments(readFileSync(root + file, "utf8"))));
    assertEquals(users, []);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "").replace(/Symbol\.for\("[^"]*"\)/g, "");
}
