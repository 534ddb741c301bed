import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { IsoTpSocket, type IsoTpSocketOptions } from "../../mod.ts";
import { fullIsoTpOptions } from "../../src/isotp/options.ts";

const required = { channel: "vcan0", txId: 0x7e0, rxId: 0x7e8 };

type ErrorClass = typeof RangeError | typeof TypeError;

describe("Options of an ISO-TP socket", () => {
  it("default to the kernel's", () => {
    assertEquals(fullIsoTpOptions(required), {
      channel: "vcan0",
      txWord: 0x7e0,
      rxWord: 0x7e8,
      kernel: { flags: 0, frameTxTime: 0, extAddress: 0, txPadContent: 0, rxPadContent: 0, rxExtAddress: 0 },
      blockSize: 0,
      stMin: 0,
      wftMax: 0,
      mtu: 16,
      txDl: 8,
      txFlags: 0,
      forceTxStMin: undefined,
      forceRxStMin: undefined,
      waitTxDone: false,
      checksPadding: false,
      singleFrame: 7,
      broadcast: undefined,
      receiveBuffer: undefined,
      sendBuffer: undefined,
      logger: undefined,
      libc: undefined,
    });
  });

  it("are converted to the kernel's terms", () => {
    type Expected = Partial<ReturnType<typeof fullIsoTpOptions>>;
    const noFlags = fullIsoTpOptions(required).kernel;
    const rows: [Partial<IsoTpSocketOptions>, Expected][] = [
      [{ isExtendedId: true }, { txWord: 0x800007e0, rxWord: 0x800007e8 }],
      [{ isExtendedId: true, txId: 0x1fffffff }, { txWord: 0x9fffffff, rxWord: 0x800007e8 }],
      [{ txId: 0, rxId: 0x7ff }, { txWord: 0, rxWord: 0x7ff }],
      [{ extAddress: 0xf1 }, { kernel: { ...noFlags, flags: 0x002, extAddress: 0xf1 }, singleFrame: 6 }],
      [{ extAddress: 0, rxExtAddress: 1 }, { kernel: { ...noFlags, flags: 0x202, rxExtAddress: 1 }, singleFrame: 6 }],
      [{ rxId: undefined, sfBroadcast: true }, {
        rxWord: 0x7e0,
        kernel: { ...noFlags, flags: 0x800 },
        broadcast: "sf",
      }],
      [{ rxId: undefined, cfBroadcast: true }, {
        rxWord: 0x7e0,
        kernel: { ...noFlags, flags: 0x1000 },
        broadcast: "cf",
      }],
      [{ fd: true }, { mtu: 72, txDl: 64, singleFrame: 62 }],
      [{ fd: true, txDl: 8, bitrateSwitch: true }, { mtu: 72, txDl: 8, txFlags: 1, singleFrame: 7 }],
      [{ txPadding: 0xaa }, { kernel: { ...noFlags, flags: 0x004, txPadContent: 0xaa } }],
      [{ rxPadding: 0xbb }, { kernel: { ...noFlags, flags: 0x008, rxPadContent: 0xbb } }],
      [{ checkPadding: "length" }, { kernel: { ...noFlags, flags: 0x010 }, checksPadding: true }],
      [{ rxPadding: 0, checkPadding: "content" }, { kernel: { ...noFlags, flags: 0x028 }, checksPadding: true }],
      [{ rxPadding: 1, checkPadding: "all" }, {
        kernel: { ...noFlags, flags: 0x038, rxPadContent: 1 },
        checksPadding: true,
      }],
      [{ blockSize: 255, stMin: 0.0005, wftMax: 3 }, { blockSize: 255, stMin: 0xf5, wftMax: 3 }],
      [{ stMin: 0.127 }, { stMin: 0x7f }],
      // In the kernel 0 stands for its default.
      [{ frameTxTime: 0 }, { kernel: { ...noFlags, frameTxTime: 0xffffffff } }],
      [{ frameTxTime: 4.294967294 }, { kernel: { ...noFlags, frameTxTime: 0xfffffffe } }],
      [{ frameTxTime: 1e-9 }, { kernel: { ...noFlags, frameTxTime: 1 } }],
      [{ forceTxStMin: 0 }, { kernel: { ...noFlags, flags: 0x080 }, forceTxStMin: 0 }],
      [{ forceRxStMin: 4.294967295 }, { kernel: { ...noFlags, flags: 0x100 }, forceRxStMin: 0xffffffff }],
      [{ listenMode: true, halfDuplex: true }, { kernel: { ...noFlags, flags: 0x041 } }],
      // The kernel's own flag would block, so the library waits itself.
      [{ waitTxDone: true }, { waitTxDone: true, kernel: noFlags }],
    ];
    for (const [options, expected] of rows) {
      const full = fullIsoTpOptions({ ...required, ...options });
      assertEquals(full, { ...fullIsoTpOptions(required), ...expected }, JSON.stringify(options));
    }
  });

  it("the identifiers' format follows the identifiers where none is given", () => {
    const rows: [txId: number, rxId: number | undefined, isExtendedId: boolean | undefined, extended: boolean][] = [
      [0, 0x7ff, undefined, false],
      [0, 0x7ff, false, false],
      [0, 0x7ff, true, true],
      [0x800, 0x1fffffff, undefined, true],
      [0x800, 0x1fffffff, true, true],
      [0x7ff, undefined, undefined, false],
      [0x7ff, undefined, true, true],
      [0x800, undefined, undefined, true],
    ];
    for (const [txId, rxId, isExtendedId, extended] of rows) {
      const broadcast = rxId === undefined;
      const { txWord, rxWord } = fullIsoTpOptions({
        channel: "can0",
        txId,
        rxId,
        isExtendedId,
        sfBroadcast: broadcast,
      });
      const flag = extended ? 0x80000000 : 0;
      assertEquals([txWord, rxWord], [flag + txId, flag + (rxId ?? txId)], `${txId}, ${rxId}, ${isExtendedId}`);
    }
    const mixed = "set isExtendedId: true if both have 29 bits";
    const refused: [txId: number, rxId: number, isExtendedId: boolean | undefined, Class: ErrorClass, text: string][] =
      [
        [
          0x7e0,
          0x18daf110,
          undefined,
          TypeError,
          `rxId is 0x18daf110, an identifier of 29 bits, but txId is 0x7e0, of 11 bits: ${mixed}`,
        ],
        [
          0x800,
          0,
          undefined,
          TypeError,
          `txId is 0x800, an identifier of 29 bits, but rxId is 0x0, of 11 bits: ${mixed}`,
        ],
        [
          0x7e0,
          0x18daf110,
          false,
          RangeError,
          "rxId is 417001744 (0x18daf110): it must be a whole number from 0 to 0x7ff",
        ],
        [
          0x20000000,
          1,
          undefined,
          RangeError,
          "txId is 536870912 (0x20000000): it must be a whole number from 0 to 0x1fffffff",
        ],
      ];
    for (const [txId, rxId, isExtendedId, Class, text] of refused) {
      assertThrows(() => fullIsoTpOptions({ channel: "can0", txId, rxId, isExtendedId }), Class, text);
    }
  });

  it("are refused, naming option and value", () => {
    const refused: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [undefined, TypeError, "IsoTpSocket takes an object, not undefined"],
      ["vcan0", TypeError, 'IsoTpSocket takes an object, not "vcan0"'],
      [{ channel: undefined }, TypeError, "Option channel is missing"],
      [{ channel: "" }, TypeError, "Option channel is missing"],
      [{ interface: "virtual" }, TypeError, 'IsoTpSocket has no option "interface"'],
      [{ canid: 1 }, TypeError, 'IsoTpSocket has no option "canid"; it has channel, txId, rxId'],
      [{ txId: undefined }, TypeError, "Option txId is missing"],
      [{ rxId: undefined }, TypeError, "Option rxId is missing"],
      [{ txId: "7e0" }, TypeError, 'Option txId must be of type number: "7e0"'],
      [
        { isExtendedId: false, txId: 0x800 },
        RangeError,
        "Option txId is 2048 (0x800): it must be a whole number from 0 to 0x7ff",
      ],
      [{ rxId: -1 }, RangeError, "Option rxId is -1"],
      [{ isExtendedId: true, rxId: 0x20000000 }, RangeError, "0 to 0x1fffffff"],
      [{ rxId: 0x7e0 }, RangeError, "Option rxId is 2016, the same as txId"],
      [{ sfBroadcast: true }, TypeError, "Option rxId has no meaning with a broadcast"],
      [{ cfBroadcast: true }, TypeError, "Option rxId has no meaning with a broadcast"],
      [{ sfBroadcast: true, cfBroadcast: true }, TypeError, "exclude each other"],
      [{ rxExtAddress: 1 }, TypeError, "Option rxExtAddress needs extAddress"],
      [{ extAddress: 256 }, RangeError, "Option extAddress is 256"],
      [{ extAddress: 1, rxExtAddress: -1 }, RangeError, "Option rxExtAddress is -1"],
      [{ txPadding: 0.5 }, RangeError, "Option txPadding is 0.5"],
      [{ rxPadding: 300 }, RangeError, "Option rxPadding is 300"],
      [
        { checkPadding: "both" },
        RangeError,
        'Option checkPadding is "both": it must be "length" or "content" or "all"',
      ],
      [{ checkPadding: "all" }, TypeError, 'Option checkPadding: "all" needs rxPadding'],
      [{ blockSize: 256 }, RangeError, "Option blockSize is 256"],
      [{ wftMax: -1 }, RangeError, "Option wftMax is -1"],
      [{ stMin: 0.0015 }, RangeError, "Option stMin is 0.0015: it must be 0 to 0.127 s in steps of 0.001, or"],
      [{ stMin: 1 }, RangeError, "Option stMin is 1:"],
      [{ stMin: NaN }, RangeError, "Option stMin is NaN"],
      [{ txDl: 12 }, RangeError, "Option txDl is 12: it must be 8 without fd: true"],
      [{ fd: true, txDl: 7 }, RangeError, "Option txDl is 7: it must be one of 8, 12, 16"],
      [{ bitrateSwitch: true }, TypeError, "Option bitrateSwitch needs fd: true"],
      [{ frameTxTime: -1 }, RangeError, "Option frameTxTime is -1: it must be 0, or 1e-9 to 4.294967294 s"],
      [{ frameTxTime: 4.294967295 }, RangeError, "Option frameTxTime is 4.294967295"],
      [{ frameTxTime: 1e-10 }, RangeError, "Option frameTxTime is 1e-10"],
      [{ forceTxStMin: Infinity }, RangeError, "Option forceTxStMin is Infinity"],
      [{ forceRxStMin: NaN }, RangeError, "Option forceRxStMin is NaN"],
      [{ waitTxDone: 1 }, TypeError, "Option waitTxDone must be of type boolean: 1"],
      [{ receiveBuffer: 0 }, RangeError, "Option receiveBuffer is 0"],
      [{ logger: {} }, TypeError, "Option logger must have a function warn and may have a function debug: {}"],
    ];
    for (const [options, Class, text] of refused) {
      const given = typeof options === "object" ? { ...required, ...options } : options;
      assertThrows(() => new IsoTpSocket(given as IsoTpSocketOptions), Class, text);
    }
  });
});
