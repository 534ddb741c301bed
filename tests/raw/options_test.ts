import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { BcmSocket, Bus, type BusOptions, CanError, CanOperationError, J1939Socket } from "../../mod.ts";
import { fullOptions } from "../../src/raw/options.ts";

describe("The options of a bus", () => {
  it("have python-can's defaults", () => {
    assertEquals(fullOptions("vcan0"), {
      channel: "vcan0",
      interface: "socketcan",
      fd: false,
      xl: false,
      receive: true,
      filters: null,
      joinFilters: false,
      receiveOwnMessages: false,
      localLoopback: true,
      errorMask: 0x1fffffff,
      timestamps: "software",
      reconnect: false,
      rawFilters: [{ canId: 0, canMask: 0 }],
    });
  });

  it("include fd: true with xl: true, as in the kernel", () => {
    assertEquals(fullOptions({ channel: "c", xl: true }).fd, true);
  });

  it("receive: false receives nothing, and is refused with options about what to receive", () => {
    const full = fullOptions({ channel: "c", receive: false, filters: [], errorMask: 0 });
    assertEquals([full.rawFilters, full.errorMask], [[], 0]);
    const conflicts: Partial<BusOptions>[] = [
      { filters: [{ canId: 1, canMask: 1 }] },
      { joinFilters: true },
      { receiveOwnMessages: true },
      { errorMask: ["bus-off"] },
    ];
    for (const conflict of conflicts) {
      const text = `Option ${Object.keys(conflict)[0]} cannot be combined with receive: false`;
      assertThrows(() => new Bus({ channel: "c", receive: false, ...conflict }), TypeError, text);
    }
  });

  it("are refused as a second argument, which would be ignored", () => {
    for (const Class of [Bus, BcmSocket, J1939Socket] as (new (...args: unknown[]) => Bus)[]) {
      const text = `${Class.name} takes one argument, not 2: options have the channel in them, { channel: ... }`;
      assertThrows(() => new Class("vcan0", { fd: true }), TypeError, text);
    }
  });

  it("are refused by name and value", () => {
    const refused: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [undefined, TypeError, "Bus takes the name of a channel or options, not undefined"],
      [{}, TypeError, "Option channel is missing"],
      [{ channel: 0 }, TypeError, "Option channel must be of type string: 0"],
      [{ channel: "c", bitrate: 500000 }, TypeError, 'Bus has no option "bitrate"'],
      [{ channel: "c", interface: "pcan" }, RangeError, 'Option interface is "pcan"'],
      [
        { channel: "c", timestamps: "gps" },
        RangeError,
        'Option timestamps is "gps": it must be "software" or "hardware"',
      ],
      [{ channel: "c", reconnect: "yes" }, TypeError, 'Option reconnect must be of type boolean: "yes"'],
      [{ channel: "c", fd: 1 }, TypeError, "Option fd must be of type boolean: 1"],
      [{ channel: "c", errorMask: -1 }, RangeError, "Option errorMask is -1: it must be a whole number from 0 to"],
      [{ channel: "c", errorMask: 0x20000000 }, RangeError, "Option errorMask is 536870912"],
      [{ channel: "c", receiveBuffer: 0 }, RangeError, "Option receiveBuffer is 0"],
      [{ channel: "c", sendBuffer: 1.5 }, RangeError, "Option sendBuffer is 1.5"],
      [{ channel: "c", filters: 3 }, TypeError, "Option filters must be of type object: 3"],
      [{ channel: "c", filters: { canId: 1, canMask: 1 } }, TypeError, "filters must be an array or null"],
      [{ channel: "c", filters: [null] }, TypeError, "filters[0] must be { canId, canMask }: null"],
      [
        { channel: "c", logger: {} },
        TypeError,
        "Option logger must have a function warn and may have a function debug: {}",
      ],
      [{ channel: "c", toString: 1 }, TypeError, 'Bus has no option "toString"'],
    ];
    for (const [options, Class, text] of refused) {
      assertThrows(() => new Bus(options as BusOptions), Class, text);
    }
  });
});

describe("CanError", () => {
  it("has a name, details and a cause, and leaves out the fields that were not given", () => {
    const cause = new Error("before");
    const error = new CanOperationError("text", { code: "EIO", errno: 5, cause });
    assertEquals([error.name, `${error}`, error.code, error.errno, error.cause], [
      "CanOperationError",
      "CanOperationError: text",
      "EIO",
      5,
      cause,
    ]);
    assertEquals("sent" in error, false);
    assertEquals("cause" in new CanError("text"), false);
  });
});
