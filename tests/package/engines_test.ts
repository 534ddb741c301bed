import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { checkVersion } from "../../ffi/host.ts";
import { root } from "../system/script.ts";

describe("package.json", () => {
  it("names the oldest runtimes that the library accepts", () => {
    const { engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    assertEquals(engines, { bun: ">=1.2.6", deno: ">=2.8.0" });
    checkVersion({ Bun: { version: "1.2.6" } });
    checkVersion({ Deno: { version: { deno: "2.8.0" } } });
    assertThrows(() => checkVersion({ Bun: { version: "1.2.5" } }));
    assertThrows(() => checkVersion({ Deno: { version: { deno: "2.7.14" } } }));
  });
});
