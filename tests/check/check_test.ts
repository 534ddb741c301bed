import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BcmSocket, Bus, IsoTpSocket, J1939Socket, Link, Message, watchLinks } from "../../mod.ts";
import { show } from "../../src/check.ts";

describe("show", () => {
  it("writes any value", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    const rows: [unknown, string][] = [
      [undefined, "undefined"],
      [null, "null"],
      [true, "true"],
      [1.5, "1.5"],
      [-0, "-0"],
      [NaN, "NaN"],
      [5n, "5n"],
      ['a\n"', '"a\\n\\""'],
      [Symbol("s"), "Symbol(s)"],
      [Math.max, "function max"],
      [() => {}, "function"],
      [{}, "{}"],
      [Object.create(null), "{}"],
      [{ a: 1, b: "x", c: 5n, d: Symbol.iterator }, '{ a: 1, b: "x", c: 5n, d: Symbol(Symbol.iterator) }'],
      [{ a: { b: { c: 1 } } }, "{ a: { b: {…} } }"],
      [[1, [2, [3]]], "[1, [2, […]]]"],
      [circle, "[[[…]]]"],
      [new Uint8Array(3), "Uint8Array(3)"],
      [new DataView(new ArrayBuffer(4)), "DataView(4)"],
      [new Map([[1, 2]]), "Map {}"],
      [new AbortController().signal.constructor, "function AbortSignal"],
      [new RangeError("no"), "RangeError: no"],
      [/x/g, "/x/g"],
      [{ constructor: 5 }, "{ constructor: 5 }"],
    ];
    for (const [value, text] of rows) assertEquals(show(value), text);
  });

  it("cuts long values to 80 characters", () => {
    for (const value of ["x".repeat(500), Array.from({ length: 1e5 }, (_, i) => i), { long: "y".repeat(500) }]) {
      const text = show(value);
      assertEquals(text.length, 80);
      assert(text.endsWith("…"), text);
    }
  });

  it("does not throw, whatever the value does", () => {
    const thrower = () => {
      throw new Error("on purpose");
    };
    assertEquals(show(new Proxy({}, { ownKeys: thrower })), "an object that cannot be read");
    assertEquals(
      show({
        get a() {
          return thrower();
        },
      }),
      "an object that cannot be read",
    );
  });
});

describe("Errors of arguments", () => {
  it("are TypeErrors or RangeErrors, and never say [object Object]", () => {
    const using = new Bus({ channel: "errors", interface: "virtual" });
    const wrong: unknown[] = [{}, { a: { b: 1 } }, [{}], Symbol("s"), 5n, () => {}, Object.create(null), new Map()];
    const calls: ((value: never) => unknown)[] = [
      (value) => new Bus(value),
      (value) => new Bus({ channel: value }),
      (value) => new Bus({ channel: "c", interface: value }),
      (value) => new Bus({ channel: "c", fd: value }),
      (value) => new Bus({ channel: "c", filters: [value] }),
      (value) => new Bus({ channel: "c", filters: [{ canId: value, canMask: 0 }] }),
      (value) => new Bus({ channel: "c", logger: value }),
      (value) => new Bus({ channel: "c", receiveBuffer: value }),
      (value) => new IsoTpSocket(value),
      (value) => new IsoTpSocket({ channel: "c", txId: value, rxId: 1 }),
      (value) => new J1939Socket({ channel: "c", address: value }),
      (value) => new J1939Socket({ channel: "c", filters: [value] }),
      (value) => new BcmSocket({ channel: value }),
      (value) => new Message({ arbitrationId: value }),
      (value) => new Message({ timestamp: value }),
      (value) => new Message({ isFd: value }),
      (value) => Link.open(value),
      (value) => Link.create("c", { mtu: value }),
      (value) => watchLinks({ signal: value }),
      (value) => using.recv(value),
      (value) => using.send(value),
      (value) => using.sendPeriodic(value, 1),
      (value) => using.sendPeriodic(new Message(), value),
      (value) => using.setFilters(value),
      (value) => using.errors({ signal: value }),
    ];
    for (const call of calls) {
      for (const value of wrong) {
        let error: Error;
        try {
          call(value as never);
          continue; // a value that is valid here, such as options without a property
        } catch (thrown) {
          error = thrown as Error;
        }
        const text = `${call}, ${show(value)}: ${error}`;
        assert(!error.message.includes("[object"), text);
        assert(!/Cannot convert|null prototype|is not a function/.test(error.message), text);
      }
    }
    using.close();
  });

  it("accept a logger that has only warn", () => {
    const warnings: string[] = [];
    using bus = new Bus({ channel: "warn", interface: "virtual", logger: { warn: (text) => warnings.push(text) } });
    bus.setFilters(null);
    bus.send(new Message());
    assertEquals(bus.recv(0), null);
    const text = "Option logger must have a function warn and may have a function debug: ";
    for (const logger of [{}, { debug() {} }, { warn() {}, debug: 5 }, { warn: "x" }]) {
      const open = () => new Bus({ channel: "warn", interface: "virtual", logger: logger as never });
      assertThrows(open, TypeError, text);
    }
  });
});
