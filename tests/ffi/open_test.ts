import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { bunSymbols } from "../../bun/libc.ts";
import { checkVersion, type Host, runtimeOf } from "../../ffi/host.ts";
import { libcNames, libcPaths } from "../../ffi/names.ts";
import { chooseRuntime, openLibc } from "../../ffi/open.ts";
import { symbols } from "../../ffi/symbols.ts";
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
      [linux, "needs Deno or Bun, and this is another runtime"],
      [
        { process: { ...linux.process, versions: { node: "26.10.0" } } },
        "needs Deno or Bun, and this is Node 26.10.0",
      ],
      [{}, "this is unknown"],
    ] as const;
    for (const [host, text] of cases) {
      const error = assertThrows(() => chooseRuntime(host), CanInterfaceNotImplementedError, text);
      assert(error.message.includes('interface: "virtual"'));
    }
  });
});

/** A host with a version of Deno or Bun. */
function hostOf(name: "Deno" | "Bun", version: string): Host {
  const process = { platform: "linux", arch: "x64", versions: { node: "24.3.0" } };
  return name === "Deno"
    ? { process, Deno: { dlopen() {}, version: { deno: version } } }
    : { process, Bun: { version } };
}

describe("checkVersion", () => {
  const rows = [
    ["Deno", "2.8.0", ["1.46.3", "2.0.0", "2.7.14"], ["2.8.0", "2.8.1", "2.10.0", "3.0.0", "2.9.0+abc123", "x"]],
    ["Bun", "1.2.6", ["0.8.1", "1.1.45", "1.2.5", "1.2.5-canary.3"], ["1.2.6", "1.3.0", "1.10.0", "2.0.0"]],
  ] as const;

  for (const [name, oldest, tooOld, recent] of rows) {
    it(`refuses ${name} before ${oldest}, and says what to do`, () => {
      for (const version of tooOld) {
        const host = hostOf(name, version);
        assertEquals(runtimeOf(host), { name, version });
        const text = `Cannot use ${name} ${version}: the oldest version that works is ${oldest}; update it with ` +
          `"${name.toLowerCase()} upgrade"`;
        for (const refuse of [() => checkVersion(host), () => chooseRuntime(host)]) {
          assertEquals(assertThrows(refuse, CanInterfaceNotImplementedError).message, text);
        }
      }
      for (const version of recent) assertEquals(typeof chooseRuntime(hostOf(name, version)), "function");
    });
  }

  it("accepts other runtimes, where the virtual bus works, and this one", () => {
    checkVersion({});
    checkVersion({ process: { platform: "linux", arch: "x64", versions: { node: "20.0.0" } } });
    checkVersion();
    assert(["Deno", "Bun"].includes(runtimeOf(globalThis as unknown as Host).name));
  });

  const { Deno } = globalThis as { Deno?: { version: object } };
  it("is called before a virtual bus is opened, too", { skip: !Deno && "Bun.version cannot be replaced" }, () => {
    const { version } = Deno!;
    Object.defineProperty(Deno, "version", { value: { ...version, deno: "2.7.14" }, configurable: true });
    try {
      const open = () => new Bus({ channel: "x", interface: "virtual" });
      assertThrows(open, CanInterfaceNotImplementedError, "Cannot use Deno 2.7.14");
    } finally {
      Object.defineProperty(Deno, "version", { value: version, configurable: true });
    }
    new Bus({ channel: "x", interface: "virtual" }).close();
  });
});

describe("Bun's binding", () => {
  it('passes addresses as usize: as "ptr", Bun before 1.3.4 passed numbers below 2^31 wrongly', () => {
    const bound = bunSymbols(symbols);
    assertEquals(bound.memcpy, { args: ["ptr", "usize", "usize"], returns: "ptr" });
    assertEquals(bound.if_freenameindex, { args: ["usize"], returns: "void" });
    assertEquals(bound.recvmmsg, { args: ["i32", "ptr", "u32", "i32", "ptr"], returns: "i32" });
    for (const [name, { parameters }] of Object.entries(symbols)) {
      const addresses = parameters.flatMap((type, i) => (type as string) === "usize" ? [bound[name].args[i]] : []);
      assertEquals(addresses.filter((type) => type !== "usize"), [], name);
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
