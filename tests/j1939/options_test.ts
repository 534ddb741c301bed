import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type J1939MessageInit, type J1939SocketOptions, Name } from "../../mod.ts";
import { checkMessage } from "../../src/j1939/message.ts";
import { fullJ1939Options } from "../../src/j1939/options.ts";

describe("J1939 socket options", () => {
  it("have defaults", () => {
    const defaults = {
      channel: "can0",
      address: null,
      name: null,
      filters: null,
      rawFilters: [],
      priority: 6,
      broadcast: true,
      promiscuous: false,
      claim: { range: [128, 247], commandable: false },
    };
    assertEquals<unknown>(fullJ1939Options("can0"), defaults);
    assertEquals<unknown>(fullJ1939Options({ channel: "can0", address: undefined }), defaults);
  });

  it("take a NAME as a Name or a bigint", () => {
    assertEquals(fullJ1939Options({ channel: "can0", name: 5n }).name, 5n);
    assertEquals(fullJ1939Options({ channel: "can0", name: new Name({ identityNumber: 5 }) }).name, 5n);
  });

  it("are refused with name, value and limit if they are invalid", () => {
    const rows: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [null, TypeError, "J1939Socket takes an object, not null"],
      [{}, TypeError, "Option channel is missing: it must be the name of one interface"],
      [{ channel: "" }, TypeError, "Option channel is missing: it must be the name of one interface"],
      [{ channel: "can0", adress: 1 }, TypeError, 'no option "adress"; it has channel, address, name'],
      [
        { channel: "can0", address: 254 },
        RangeError,
        "Option address is 254 (0xfe): it must be a whole number from 0 to 253",
      ],
      [{ channel: "can0", address: "1" }, TypeError, 'Option address must be of type number: "1"'],
      [{ channel: "can0", name: 5 }, TypeError, "Option name must be of type bigint or object: 5"],
      [{ channel: "can0", name: {} }, TypeError, "Option name must be a Name or a bigint"],
      [{ channel: "can0", name: 0n }, RangeError, "Option name is 0, which is not a valid NAME"],
      [{ channel: "can0", name: -1n }, RangeError, "Option name is -1"],
      [{ channel: "can0", priority: 8 }, RangeError, "Option priority is 8"],
      [{ channel: "can0", broadcast: 1 }, TypeError, "Option broadcast must be of type boolean: 1"],
      [{ channel: "can0", promiscuous: null }, TypeError, "Option promiscuous must be of type boolean: null"],
      [{ channel: "can0", filters: [{ pgn: -1 }] }, RangeError, "filters[0].pgn is -1"],
      [{ channel: "can0", receiveBuffer: 0 }, RangeError, "Option receiveBuffer is 0"],
      [
        { channel: "can0", claim: { first: 1 } },
        TypeError,
        'Option claim has no option "first"; it has range, commandable',
      ],
      [{ channel: "can0", claim: { range: [1] } }, TypeError, "The last address of claim.range must be a number"],
      [{ channel: "can0", claim: { range: [1, 254] } }, RangeError, "The last address of claim.range is 254"],
      [{ channel: "can0", claim: { range: [9, 8] } }, RangeError, "it must be a whole number from 9 to 253"],
      [{ channel: "can0", claim: { range: [1, 2, 3] } }, TypeError, "claim.range must have two addresses: [1, 2, 3]"],
      [{ channel: "can0", claim: { commandable: true } }, TypeError, "Option claim has no effect without a name"],
      [
        { channel: "can0", name: 5n, address: 1, claim: { range: [1, 2] } },
        TypeError,
        "claim.range has no effect: the NAME is not arbitraryAddressCapable",
      ],
      [{ channel: "can0", claim: { commandable: 1 } }, TypeError, "Option commandable must be of type boolean: 1"],
    ];
    for (const [options, Class, text] of rows) {
      assertThrows(() => fullJ1939Options(options as J1939SocketOptions), Class, text);
    }
  });
});

describe("J1939 messages", () => {
  it("pass the check if they can be sent", () => {
    const rows: J1939MessageInit[] = [
      { pgn: 0, data: [] },
      { pgn: 0x3ffff, data: new Uint8Array(1785), priority: 0 },
      { pgn: 0xef00, destination: 0, data: [0, 255], priority: 7 },
      { pgn: 0xef00, destination: 254, data: [] },
      { pgn: 0xef00, destination: 255, data: [] },
      { pgn: 0xfeca, destination: 1, data: new Uint8Array(117440505) },
      { pgn: 0xef00, destination: 5n, data: new Uint8Array(1786) },
      { pgn: 0xef00, destination: new Name({ identityNumber: 5 }), data: [] },
    ];
    for (const message of rows) checkMessage(message);
  });

  it("are refused with field, value and limit if they cannot be sent", () => {
    const rows: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [null, TypeError, "Cannot send null"],
      ["x", TypeError, "it is not a message such as { pgn: 0xfeca, data: [1, 2] }"],
      [{ data: [] }, TypeError, "pgn must be a number: undefined"],
      [{ pgn: 0x40000, data: [] }, RangeError, "pgn is 262144 (0x40000): it must be a whole number from 0 to 0x3ffff"],
      [{ pgn: 0xef20, data: [] }, RangeError, "pgn is 0xef20: its last byte must be 0"],
      [{ pgn: 0, destination: 256, data: [] }, RangeError, "destination is 256"],
      [{ pgn: 0, destination: 0n, data: [] }, RangeError, "destination is a NAME of 0, which is not valid"],
      [{ pgn: 0, destination: "1", data: [] }, TypeError, 'destination must be a Name or a bigint: "1"'],
      [{ pgn: 0, priority: -1, data: [] }, RangeError, "priority is -1"],
      [{ pgn: 0 }, TypeError, "data must be a Uint8Array or an array of bytes: undefined"],
      [{ pgn: 0, data: "x" }, TypeError, 'data must be a Uint8Array or an array of bytes: "x"'],
      [{ pgn: 0, data: [1, 256] }, RangeError, "data[1] is 256"],
      [{ pgn: 0, data: [1, "2"] }, TypeError, "data[1] must be a number"],
      [
        { pgn: 0, data: new Uint8Array(1786) },
        RangeError,
        "data has 1786 bytes: it must be at most 1785 for a message to all nodes",
      ],
      [{ pgn: 0, destination: 1, data: new Uint8Array(117440506) }, RangeError, "at most 117440505"],
    ];
    for (const [message, Class, text] of rows) {
      assertThrows(() => checkMessage(message as J1939MessageInit), Class, text);
    }
  });
});
