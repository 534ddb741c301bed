import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { libcNames, libcPaths } from "../../ffi/names.ts";
import { chooseRuntime, openLibc } from "../../ffi/open.ts";
import { Bus, CanInterfaceNotImplementedError } from "../../mod.ts";

describe("chooseRuntime", () => {
  const linux = { process: { platform: "linux", arch: "x64" } };

  it("finds Deno and Bun", () => {
    assertEquals(typeof chooseRuntime({ ...linux, Deno: { dlopen() {} } }), "function");
    assertEquals(typeof chooseRuntime({ ...linux, Bun: {} }), "function");
    assert(chooseRuntime({ ...linux, Bun: {} }) !== chooseRuntime({ ...linux, Deno: { dlopen() {} } }));
    assertEquals(typeof chooseRuntime({ process: { platform: "linux", arch: "arm64" }, Bun: {} }), "function");
  });

  it("says elsewhere what is missing, and what works there", () => {
    const cases = [
      [{ process: { platform: "darwin", arch: "arm64" }, Bun: {} }, "needs Linux, and this is darwin"],
      [{ process: { platform: "linux", arch: "ia32" }, Bun: {} }, "64-bit little-endian"],
      [{ process: { platform: "linux", arch: "s390x" }, Bun: {} }, "and this is s390x"],
      [linux, "needs Deno or Bun"],
      [{}, "this is unknown"],
    ] as const;
    for (const [host, text] of cases) {
      const error = assertThrows(() => chooseRuntime(host), CanInterfaceNotImplementedError, text);
      assert(error.message.includes('interface: "virtual"'));
    }
  });
});

describe("openLibc", () => {
  it("loads once", () => {
    assert(openLibc() === openLibc());
  });

  it("takes a path, and says what to do if no library is found", () => {
    const error = assertThrows(() => openLibc("/nowhere/libc.so.6"), CanInterfaceNotImplementedError, "/nowhere/libc");
    assert(error.message.includes("libc:") && error.cause instanceof Error, error.message);
    const options = { channel: "vcan0", libc: "/nowhere/libc.so.6" };
    assertThrows(() => new Bus(options), CanInterfaceNotImplementedError, "/nowhere/libc");
  });

  it("knows libc's names on both architectures", () => {
    assertEquals(libcNames("aarch64"), ["libc.so.6", "libc.musl-aarch64.so.1"]);
    assertEquals(libcPaths("x86_64")[0], "/lib/x86_64-linux-gnu/libc.so.6");
  });
});
