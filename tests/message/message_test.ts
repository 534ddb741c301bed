import { describe, it } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { CAN_MTU } from "../../src/kernel/can.ts";
import { copyFrame, frameIdWord, frameLength } from "../../src/message/message.ts";
import { messageOfWords } from "../../src/message/of_frame.ts";

/** Formats a message's frame as the kernel lays it out. */
function frame(message: Message): string {
  const words = new Uint32Array(18);
  copyFrame(message, frameLength(message), words, 0);
  const bytes = new Uint8Array(words.buffer, 0, frameLength(message));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ").replace(/( 00)+$/, " …");
}

describe("Message", () => {
  it("is empty by default, with an extended identifier as in python-can", () => {
    assertEquals(new Message().toJSON(), {
      timestamp: 0,
      channel: null,
      arbitrationId: 0,
      isExtendedId: true,
      isRemoteFrame: false,
      isErrorFrame: false,
      isFd: false,
      bitrateSwitch: false,
      errorStateIndicator: false,
      isRx: true,
      dlc: 0,
      data: [],
    });
    assertEquals([new Message().isLocal, new Message().isConfirm, new Message().timestampNs], [false, false, 0n]);
  });

  //  can_id       len fl      data
  const golden: [MessageInit, number, string][] = [
    [{ arbitrationId: 0x123, isExtendedId: false, data: [0xde, 0xad] }, 16, "23 01 00 00 02 00 00 00 de ad …"],
    [{ arbitrationId: 0x123, data: [1] }, 16, "23 01 00 80 01 00 00 00 01 …"],
    [
      { arbitrationId: 0x1fffffff, data: [1, 2, 3, 4, 5, 6, 7, 8] },
      16,
      "ff ff ff 9f 08 00 00 00 01 02 03 04 05 06 07 08",
    ],
    [{ arbitrationId: 0x7ff, isExtendedId: false, isRemoteFrame: true, dlc: 4 }, 16, "ff 07 00 40 04 …"],
    [{ arbitrationId: 0x44, isErrorFrame: true, data: [9] }, 16, "44 00 00 20 01 00 00 00 09 …"],
    [{ arbitrationId: 1, isFd: true, data: [7] }, 72, "01 00 00 80 01 04 00 00 07 …"],
    [{ arbitrationId: 1, isFd: true, bitrateSwitch: true }, 72, "01 00 00 80 00 05 …"],
    [{ arbitrationId: 1, isFd: true, errorStateIndicator: true }, 72, "01 00 00 80 00 06 …"],
    //  can_id       len       len8_dlc
    [
      { arbitrationId: 0x123, isExtendedId: false, len8Dlc: 9, data: [1, 2, 3, 4, 5, 6, 7, 8] },
      16,
      "23 01 00 00 08 00 00 09 01 02 03 04 05 06 07 08",
    ],
    [{ isRemoteFrame: true, len8Dlc: 15, dlc: 8, isExtendedId: false }, 16, "00 00 00 40 08 00 00 0f …"],
    //  prio  vcid   fl sdt len   af          data
    [
      { isXl: true, arbitrationId: 0x7ff, isExtendedId: false, data: [5] },
      13,
      "ff 07 00 00 80 00 01 00 00 00 00 00 05",
    ],
    [
      { isXl: true, arbitrationId: 0x123, vcid: 0xab, sdt: 3, af: 0xfedcba98, sec: true, data: [1, 2, 3, 4, 5] },
      17,
      "23 01 ab 00 81 03 05 00 98 ba dc fe 01 02 03 04 05",
    ],
    [{ isXl: true, data: new Array(60).fill(1) }, 72, `00 00 00 00 80 00 3c 00 00 00 00 00${" 01".repeat(60)}`],
  ];
  for (const [init, length, bytes] of golden) {
    it(`encodes ${JSON.stringify(init)} as ${bytes}`, () => {
      const message = new Message(init);
      assertEquals(frame(message), bytes);
      assertEquals(frameLength(message), length);
      for (const [name, value] of Object.entries(init)) {
        assertEquals((message.toJSON() as Record<string, unknown>)[name], value, name);
      }
      assert(message.equals(new Message(message.toJSON())));
    });
  }

  it("copies its data, and returns the same array at each read", () => {
    const data = Uint8Array.of(1, 2, 3);
    const message = new Message({ data });
    data[0] = 9;
    assertEquals([...message.data], [1, 2, 3]);
    assert(message.data === message.data);
    assertEquals(message.data.byteOffset % 8, 0, "aligned for any typed array");
  });

  it("holds up to 2048 bytes in an XL frame, which is neither classic nor FD", () => {
    const data = Uint8Array.from({ length: 2048 }, (_, i) => i * 7);
    const message = new Message({ isXl: true, priority: 5, data });
    assertEquals([message.arbitrationId, message.priority, message.dlc, frameLength(message)], [5, 5, 2048, 2060]);
    assertEquals(message.data, data);
    assert(message.isXl && !message.isFd && !message.isExtendedId && !message.isRemoteFrame && !message.isErrorFrame);
    assert(!new Message({ isXl: true, data: new Uint8Array(60) }).isFd, "as many bytes as an FD frame");
    const none = new Message();
    assertEquals([none.isXl, none.priority, none.vcid, none.sdt, none.af, none.sec], [false, 0, 0, 0, 0, false]);
  });

  it("ignores length codes other than 9 to 15, and in frames other than classic ones of 8 bytes", () => {
    const received = (idWord: number, length: number, code: number) =>
      messageOfWords(Uint32Array.of(idWord, length | (code << 24), 0, 0), 0, CAN_MTU, 0, 0, 0, null);
    const codes = [[1, 8, 12], [0x40000001, 8, 15], [1, 8, 8], [1, 8, 16], [1, 8, 255], [1, 3, 12], [
      0x20000004,
      8,
      12,
    ]];
    assertEquals(codes.map(([id, length, code]) => received(id, length, code).len8Dlc), [12, 15, 0, 0, 0, 0, 0]);
    assert(received(1, 3, 77).equals(received(1, 3, 0)));
  });

  it("has no timestamp source unless a bus has received it", () => {
    assertEquals(new Message({ timestamp: 1 }).timestampSource, null);
  });

  it("refuses fields that cannot be sent, naming the field, the value and the limit", () => {
    const refused: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [{ arbitrationId: 0x20000000 }, RangeError, "arbitrationId is 536870912 (0x20000000)"],
      [{ arbitrationId: 0x800, isExtendedId: false }, RangeError, "0 to 0x7ff"],
      [{ arbitrationId: -1 }, RangeError, "arbitrationId is -1"],
      [{ arbitrationId: 1.5 }, RangeError, "arbitrationId is 1.5"],
      [{ arbitrationId: NaN }, RangeError, "arbitrationId is NaN"],
      [{ arbitrationId: "1" }, TypeError, 'arbitrationId must be a number: "1"'],
      [{ data: new Uint8Array(9) }, RangeError, "data has 9 bytes: at most 8"],
      [{ data: new Uint8Array(65), isFd: true }, RangeError, "data has 65 bytes: at most 64"],
      [{ data: new Uint8Array(9), isFd: true }, RangeError, "pad it to 12"],
      [{ data: new Uint8Array(63), isFd: true }, RangeError, "pad it to 64"],
      [{ data: [256] }, RangeError, "data[0] is 256"],
      [{ data: [0, -1] }, RangeError, "data[1] is -1"],
      [{ data: [0, "1"] }, TypeError, 'data[1] must be a number: "1"'],
      [{ data: 5 }, TypeError, "data must be a Uint8Array or an array of numbers: 5"],
      [{ data: "abc" }, TypeError, "data must be"],
      [{ data: new ArrayBuffer(4) }, TypeError, "data must be"],
      [{ dlc: 3 }, RangeError, "dlc is 3 but data has 0 bytes"],
      [{ dlc: 9, isRemoteFrame: true }, RangeError, "dlc is 9"],
      [{ data: [1], isRemoteFrame: true }, RangeError, "a remote frame carries none"],
      [{ isRemoteFrame: true, isErrorFrame: true }, TypeError, "exclude each other"],
      [{ isRemoteFrame: true, isFd: true }, TypeError, "exclude each other"],
      [{ isErrorFrame: true, isFd: true }, TypeError, "exclude each other"],
      [{ isXl: true }, RangeError, "data has 0 bytes: a CAN XL frame has at least 1"],
      [{ isXl: true, data: new Uint8Array(2049) }, RangeError, "data has 2049 bytes: at most 2048 fit a CAN XL frame"],
      [{ isXl: true, isFd: true, data: [1] }, TypeError, "isFd and isXl exclude each other"],
      [{ isXl: true, isRemoteFrame: true, dlc: 1 }, TypeError, "isRemoteFrame and isXl exclude each other"],
      [{ isXl: true, isExtendedId: true, data: [1] }, TypeError, "isExtendedId and isXl exclude each other"],
      [{ isXl: true, priority: 0x800, data: [1] }, RangeError, "priority is 2048 (0x800): it must be a whole number"],
      [{ isXl: true, arbitrationId: 0x800, data: [1] }, RangeError, "arbitrationId is 2048 (0x800): it must be"],
      [{ isXl: true, isExtendedId: 0 as never, data: [1] }, TypeError, "isExtendedId must be true or false: 0"],
      [{ vcid: NaN }, TypeError, "vcid is for CAN XL: set isXl too"],
      [{ isXl: true, priority: 1, arbitrationId: 2, data: [1] }, TypeError, "priority is 1 but arbitrationId is 2"],
      [{ isXl: true, vcid: 256, data: [1] }, RangeError, "vcid is 256"],
      [{ isXl: true, sdt: -1, data: [1] }, RangeError, "sdt is -1"],
      [{ isXl: true, af: 2 ** 32, data: [1] }, RangeError, "af is 4294967296"],
      [{ isXl: true, sec: 1, data: [1] }, TypeError, "sec must be true or false: 1"],
      [{ vcid: 1 }, TypeError, "vcid is for CAN XL: set isXl too"],
      [{ isFd: true, sec: true }, TypeError, "sec is for CAN XL: set isXl too"],
      [{ len8Dlc: 9, data: new Uint8Array(7) }, RangeError, "only a classic frame of 8 bytes"],
      [{ len8Dlc: 9, isFd: true, data: new Uint8Array(8) }, RangeError, "only a classic frame of 8 bytes"],
      [{ len8Dlc: 9, isErrorFrame: true, data: new Uint8Array(8) }, RangeError, "only a classic frame of 8 bytes"],
      [{ len8Dlc: 16, data: new Uint8Array(8) }, RangeError, "len8Dlc is 16"],
      [{ len8Dlc: 8, data: new Uint8Array(8) }, RangeError, "len8Dlc is 8: it must be 9 to 15"],
      [{ bitrateSwitch: true }, TypeError, "bitrateSwitch is for CAN FD"],
      [{ errorStateIndicator: true }, TypeError, "errorStateIndicator is for CAN FD"],
      [{ isFd: 1 }, TypeError, "isFd must be true or false: 1"],
      [{ timestamp: -1 }, RangeError, "timestamp must be"],
      [{ timestamp: Infinity }, RangeError, "Infinity"],
      [{ timestamp: "now" }, TypeError, 'timestamp must be a number of seconds: "now"'],
      [{ channel: 0 }, TypeError, "channel must be a string or null: 0"],
      [5, TypeError, "Message takes an object of fields, not 5"],
      [{ arbitration_id: 1 }, TypeError, `no field "arbitration_id"`],
    ];
    for (const [init, Class, text] of refused) {
      assertThrows(() => new Message(init as MessageInit), Class, text, JSON.stringify(init));
    }
  });

  it("keeps timestamps given as floating-point seconds", () => {
    for (const timestamp of [0, 0.5, 1e-9, 1.999999999, 1700000000.123456, 4294967296.25, 0.9999999999]) {
      const message = new Message({ timestamp });
      assert(Math.abs(message.timestamp - timestamp) <= 5e-10, `${timestamp}: ${message.timestamp}`);
    }
    assertEquals(new Message({ timestamp: 1700000000.123456 }).timestamp, 1700000000.123456);
    assertEquals(new Message({ timestamp: 4294967297.5 }).timestampNs, 4294967297_500000000n);
  });

  it("equals a message with the same fields", () => {
    const init: MessageInit = { arbitrationId: 5, data: [1, 2], timestamp: 10, channel: "can0" };
    const message = new Message(init);
    assert(message.equals(new Message({ ...init, timestamp: 10.0000001 })));
    assert(!message.equals(new Message({ ...init, timestamp: 10.1 })));
    assert(message.equals(new Message({ ...init, timestamp: 10.1 }), 0.2));
    assert(message.equals(new Message({ ...init, timestamp: 99 }), null));
    const others: MessageInit[] = [
      { arbitrationId: 6 },
      { isExtendedId: false },
      { data: [1] },
      { data: [1, 3] },
      { isRx: false },
      { channel: "can1" },
      { channel: null },
      { isFd: true },
      { isErrorFrame: true, isExtendedId: true },
      { data: [], isRemoteFrame: true, dlc: 2 },
    ];
    for (const other of others) {
      assert(!message.equals(new Message({ ...init, ...other })), JSON.stringify(other));
      assert(!new Message({ ...init, ...other }).equals(message), JSON.stringify(other));
    }
  });

  it("survives a round trip through JSON and encodes the identifier word correctly, for random messages", () => {
    for (let i = 0; i < 2000; i++) {
      const isFd = chance();
      const isExtendedId = chance();
      const isRemoteFrame = !isFd && chance();
      const length = isFd ? [0, 1, 7, 8, 12, 16, 20, 24, 32, 48, 64][below(11)] : below(9);
      const init: MessageInit = {
        arbitrationId: below(isExtendedId ? 0x20000000 : 0x800),
        isExtendedId,
        isFd,
        isRemoteFrame,
        bitrateSwitch: isFd && chance(),
        errorStateIndicator: isFd && chance(),
        dlc: length,
        data: isRemoteFrame ? [] : Array.from({ length }, () => below(256)),
        timestamp: below(2 ** 31) + below(1e6) / 1e6,
        channel: chance() ? `can${below(10)}` : null,
        isRx: chance(),
      };
      const message = new Message(init);
      assert(message.equals(new Message(JSON.parse(JSON.stringify(message))), 0), `${message}`);
      const flags = (isExtendedId ? 0x80000000 : 0) + (isRemoteFrame ? 0x40000000 : 0);
      assertEquals(frameIdWord(message), init.arbitrationId! + flags);
      assertEquals(message.dlc, length);
    }
  });

  it("prints in python-can's layout", () => {
    const rows: [MessageInit, string][] = [
      [{}, "Timestamp:        0.000000    ID: 00000000    X Rx                DL:  0"],
      [
        { arbitrationId: 0x7df, isExtendedId: false, data: [0x41, 0x62, 0x39], timestamp: 1.5, channel: "can0" },
        "Timestamp:        1.500000        ID: 07df    S Rx                DL:  3    41 62 39                    'Ab9'" +
        "    Channel: can0",
      ],
      [
        { isFd: true, bitrateSwitch: true, errorStateIndicator: true, isRx: false, data: [1] },
        "Timestamp:        0.000000    ID: 00000000    X Tx     F BS EI    DL:  1    01",
      ],
    ];
    for (const [init, text] of rows) assertEquals(`${new Message(init)}`, text);
    // Exact halves are rounded to even, as in Python.
    assert(`${new Message({ timestamp: 0.0078125 })}`.includes(" 0.007812 "));
    assert(`${new Message({ timestamp: 0.0234375 })}`.includes(" 0.023438 "));
  });

  it("prints the additional fields of XL frames", () => {
    assertEquals(
      `${new Message({ isXl: true, priority: 0x12, vcid: 3, sdt: 5, af: 0xabcdef, sec: true, data: [1, 2] })}`,
      "Timestamp:        0.000000        ID: 0012    S Rx     L          DL:  2    01 02                   " +
        "    VCID: 03    SDT: 05    AF: 00abcdef    SEC",
    );
  });

  it("is printed by console.log as its text", () => {
    const message = new Message({ arbitrationId: 1 });
    assertEquals(inspect(message), `Message { ${message} }`);
  });
});

function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

function chance(): boolean {
  return Math.random() < 0.5;
}
