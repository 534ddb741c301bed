import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "../system/script.ts";

/** The rooms of the house, by the beginning of their paths, and the rooms that each may import from besides itself. */
const rooms: Record<string, readonly string[]> = {
  // Leaves.
  "src/errors.ts": [],
  "src/check.ts": [],
  "src/engine.ts": [],
  "src/timeout.ts": [],
  "src/turn.ts": [],
  "src/kernel/": [],
  "src/record.ts": ["src/kernel/"],
  // The way to libc.
  "ffi/": ["bun/", "src/errors.ts"],
  "bun/": ["ffi/"],
  // What users write and read.
  "src/error_names.ts": ["src/kernel/"],
  "src/error_frame.ts": ["src/check.ts", "src/error_names.ts", "src/kernel/"],
  "src/message": ["src/check.ts", "src/engine.ts", "src/error_frame.ts", "src/kernel/", "src/record.ts"],
  "src/filter.ts": ["src/check.ts", "src/kernel/"],
  "src/options.ts": ["src/check.ts", "src/error_frame.ts", "src/error_names.ts", "src/kernel/", "src/filter.ts"],
  "src/isotp_options.ts": ["src/check.ts", "src/kernel/", "src/options.ts"],
  // Bit timings.
  "src/bit_timing/": ["src/check.ts", "src/kernel/"],
  "src/bit_timing.ts": ["src/bit_timing/", "src/check.ts"],
  // J1939's values.
  "src/j1939/name.ts": ["src/check.ts"],
  "src/j1939/pgn.ts": ["src/check.ts", "src/kernel/"],
  "src/j1939/message.ts": ["src/check.ts", "src/j1939/name.ts", "src/j1939/pgn.ts", "src/kernel/"],
  "src/j1939/filter.ts": ["src/check.ts", "src/j1939/name.ts", "src/j1939/pgn.ts", "src/kernel/"],
  "src/j1939/address_claim.ts": [],
  "src/j1939/options.ts": [
    "src/check.ts",
    "src/j1939/address_claim.ts",
    "src/j1939/filter.ts",
    "src/j1939/name.ts",
    "src/kernel/",
    "src/options.ts",
  ],
  // Sockets.
  "src/socket/": [
    "ffi/",
    "src/j1939/message.ts",
    "src/j1939/options.ts",
    "src/errors.ts",
    "src/kernel/",
    "src/record.ts",
    "src/message",
    "src/options.ts",
    "src/isotp_options.ts",
    "src/turn.ts",
  ],
  "src/virtual.ts": ["src/errors.ts", "src/kernel/", "src/record.ts", "src/message", "src/options.ts", "src/socket/"],
  // Links.
  "src/link/": [
    "ffi/",
    "src/bit_timing",
    "src/check.ts",
    "src/errors.ts",
    "src/kernel/",
    "src/socket/",
  ],
  "src/link.ts": ["ffi/", "src/check.ts", "src/errors.ts", "src/kernel/", "src/link/", "src/socket/"],
  // Those who wait for a socket.
  "src/wait_queue.ts": ["src/check.ts", "src/timeout.ts", "src/turn.ts"],
  "src/reader.ts": [
    "src/check.ts",
    "src/options.ts",
    "src/socket/",
    "src/timeout.ts",
    "src/turn.ts",
    "src/wait_queue.ts",
  ],
  "src/writer.ts": [
    "src/errors.ts",
    "src/kernel/",
    "src/options.ts",
    "src/socket/",
    "src/timeout.ts",
    "src/wait_queue.ts",
  ],
  "src/streams.ts": ["src/reader.ts", "src/writer.ts"],
  "src/endpoint.ts": [
    "src/errors.ts",
    "src/kernel/",
    "src/options.ts",
    "src/reader.ts",
    "src/socket/",
    "src/streams.ts",
    "src/writer.ts",
  ],
  "src/can_receiver.ts": ["src/endpoint.ts", "src/socket/", "src/turn.ts", "src/wait_queue.ts"],
  "src/can_socket.ts": [
    "src/can_receiver.ts",
    "src/endpoint.ts",
    "src/socket/",
    "src/turn.ts",
    "src/wait_queue.ts",
    "src/writer.ts",
  ],
  "src/events.ts": ["src/check.ts", "src/endpoint.ts", "src/feed.ts", "src/socket/"],
  "src/feed.ts": ["src/endpoint.ts", "src/socket/"],
  "src/watch_links.ts": [
    "ffi/",
    "src/check.ts",
    "src/endpoint.ts",
    "src/errors.ts",
    "src/feed.ts",
    "src/kernel/",
    "src/link/",
    "src/socket/",
  ],
  // The bus.
  "src/error_feed.ts": [
    "src/check.ts",
    "src/endpoint.ts",
    "src/errors.ts",
    "src/feed.ts",
    "src/kernel/",
    "src/message",
    "src/options.ts",
    "src/socket/",
  ],
  "src/periodic/": [
    "ffi/",
    "src/check.ts",
    "src/errors.ts",
    "src/kernel/",
    "src/message",
    "src/options.ts",
    "src/socket/",
    "src/turn.ts",
  ],
  "src/bus.ts": ["ffi/", "src/"],
  // The broadcast manager.
  "src/bcm": [
    "ffi/",
    "src/can_receiver.ts",
    "src/check.ts",
    "src/endpoint.ts",
    "src/errors.ts",
    "src/kernel/",
    "src/message",
    "src/options.ts",
    "src/periodic/",
    "src/socket/",
  ],
  "src/j1939/": [
    "ffi/",
    "src/j1939/",
    "src/can_socket.ts",
    "src/check.ts",
    "src/endpoint.ts",
    "src/errors.ts",
    "src/events.ts",
    "src/kernel/",
    "src/options.ts",
    "src/socket/",
    "src/timeout.ts",
    "src/turn.ts",
    "src/wait_queue.ts",
    "src/writer.ts",
  ],
  "src/isotp.ts": [
    "ffi/",
    "src/can_socket.ts",
    "src/check.ts",
    "src/endpoint.ts",
    "src/errors.ts",
    "src/isotp_options.ts",
    "src/kernel/",
    "src/options.ts",
    "src/socket/",
    "src/writer.ts",
  ],
  "mod.ts": ["src/"],
};

const files = ["mod.ts", ...["src", "ffi", "bun"].flatMap(below)];

function below(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

function imports(file: string): string[] {
  const text = readFileSync(root + file, "utf8");
  return [...text.matchAll(/^(?:import|export)\b[^;]*? from "([^"]+)";/gms)].map((match) => match[1]);
}

function roomOf(file: string): string {
  const room = Object.keys(rooms).find((each) => each.endsWith(".ts") ? file === each : file.startsWith(each));
  assert(room, `${file} is in no room: give it one here, and say what it may import`);
  return room;
}

describe("The library's files", () => {
  it("import only from the rooms that theirs may know", () => {
    let count = 0;
    for (const file of files) {
      for (const specifier of imports(file)) {
        assert(specifier.startsWith("."), `${file} imports "${specifier}": a URL import has no import map`);
        const target = join(dirname(file), specifier);
        const [from, to] = [roomOf(file), roomOf(target)];
        const allowed = from === to || rooms[from].some((each) => target.startsWith(each));
        assert(allowed, `${file} imports ${target}: ${from} may not know ${to}`);
        count++;
      }
    }
    assert(count > 50, `only ${count} imports were found`);
  });

  it("name no runtime outside ffi/ and bun/", () => {
    const naming = files
      .filter((file) => !/^(ffi|bun)\//.test(file))
      .filter((file) => /\b(Deno|Bun)\.[a-zA-Z]|bun:ffi/.test(withoutComments(readFileSync(root + file, "utf8"))));
    assertEquals(naming, []);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "").replace(/Symbol\.for\("[^"]*"\)/g, "");
}
