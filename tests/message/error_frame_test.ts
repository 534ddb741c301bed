import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bus, type BusOptions, type ErrorFrame, Message } from "../../mod.ts";
import { classNames, locationNames, problemNames, violationNames, wireNames } from "../../src/message/error_names.ts";
import { fullOptions } from "../../src/raw/options.ts";
import { generator } from "../support/random.ts";

function decode(classes: number, data: number[] = []): ErrorFrame {
  return new Message({ isErrorFrame: true, arbitrationId: classes, data }).error!;
}

/** The contents of an error frame without any details. */
const nothing = {
  classes: [],
  unknownClasses: 0,
  lostArbitrationBit: 0,
  controllerProblems: [],
  protocolViolations: [],
  protocolLocation: "unspecified",
  transceiver: { canh: "unspecified", canl: "unspecified" },
  controllerSpecific: 0,
  errorCounters: null,
};

describe("Message.error", () => {
  it("is null for messages other than error frames", () => {
    for (const init of [{}, { isRemoteFrame: true, dlc: 8 }, { isFd: true, data: new Uint8Array(64) }]) {
      assertEquals(new Message(init).error, null);
    }
  });

  it("names each class", () => {
    const rows: [number, string, string?][] = [
      [0x001, "tx-timeout"],
      [0x002, "lost-arbitration", "lost-arbitration{at bit 0}"],
      [0x004, "controller-problem", "controller-problem{}"],
      [0x008, "protocol-violation", "protocol-violation{{}{}}"],
      [0x010, "transceiver-status"],
      [0x020, "no-acknowledgement-on-tx"],
      [0x040, "bus-off"],
      [0x080, "bus-error"],
      [0x100, "restarted-after-bus-off"],
    ];
    for (const [bit, name, text = name] of rows) {
      for (const data of [[], [0], new Array(8).fill(0)]) {
        const error = decode(bit, data);
        assertEquals<unknown>({ ...error }, { ...nothing, classes: [name] });
        assertEquals(`${error}`, text);
      }
    }
    const counters = decode(0x200);
    assertEquals([counters.classes, counters.errorCounters], [["error-counters"], { tx: 0, rx: 0 }]);
    assertEquals(`${counters}`, "error-counter-tx-rx{{0}{0}}");
  });

  it("keeps bits and codes that have no name", () => {
    const unknown = decode(0x1ffffc00);
    assertEquals([unknown.classes, unknown.unknownClasses], [[], 0x1ffffc00]);
    assertEquals(`${unknown}`, "unknown-class{0x1ffffc00}");
    assertEquals(`${decode(0)}`, "no-error-class");
    assertEquals(`${decode(0x4, [0, 0x81])}`, "controller-problem{rx-overflow,0x80}");
    assertEquals(`${decode(0x8, [0, 0, 0, 0x14])}`, "protocol-violation{{}{0x14}}");
    assertEquals(decode(0x8, [0, 0, 0, 1]).protocolLocation, "0x01");
    assertEquals(decode(0x10, [0, 0, 0, 0, 0x1f]).transceiver, { canh: "0x0f", canl: "0x10" });
    assertEquals(`${decode(0x1, [0, 0, 0, 0, 0, 0xa])}`, "tx-timeout, controller-specific{0x0a}");
  });

  it("names each bit of a controller problem", () => {
    assertEquals(decode(4, [0, 0xff]).controllerProblems, [
      "rx-overflow",
      "tx-overflow",
      "rx-error-warning",
      "tx-error-warning",
      "rx-error-passive",
      "tx-error-passive",
      "back-to-error-active",
      "0x80",
    ]);
    assertEquals(decode(4, [0, 0x30]).controllerProblems, ["rx-error-passive", "tx-error-passive"]);
  });

  it("names each bit of a protocol violation", () => {
    assertEquals(decode(8, [0, 0, 0xff]).protocolViolations, [
      "single-bit-error",
      "frame-format-error",
      "bit-stuffing-error",
      "tx-dominant-bit-error",
      "tx-recessive-bit-error",
      "bus-overload",
      "active-error",
      "error-on-tx",
    ]);
  });

  it("names each location", () => {
    const names = [
      "unspecified 0x01 id.28-to-id.21 start-of-frame bit-srtr bit-ide id.20-to-id.18 id.17-to-id.13",
      "crc-sequence reserved-bit-0 data-field data-length-code bit-rtr reserved-bit-1 id.4-to-id.0 id.12-to-id.5",
      "0x10 active-error-flag intermission tolerate-dominant-bits 0x14 0x15 passive-error-flag error-delimiter",
      "crc-delimiter acknowledge-slot end-of-frame acknowledge-delimiter overload-flag 0x1d 0x1e 0x1f 0x20",
    ].join(" ").split(" ");
    assertEquals(names.map((_, code) => decode(8, [0, 0, 0, code]).protocolLocation as string), names);
  });

  it("names each state of both wires", () => {
    const states = ["unspecified", "no-wire", "short-to-bat", "short-to-vcc", "short-to-gnd"];
    const codes = [0, 4, 5, 6, 7];
    codes.forEach((high, i) =>
      codes.forEach((low, j) => {
        const expected = { canh: states[j], canl: states[i] };
        assertEquals<unknown>(decode(0x10, [0, 0, 0, 0, high << 4 | low]).transceiver, expected);
      })
    );
    assertEquals(decode(0x10, [0, 0, 0, 0, 0x80]).transceiver, { canh: "unspecified", canl: "short-to-canh" });
    assertEquals(
      `${decode(0x10, [0, 0, 0, 0, 0x47])}, ${decode(0x10, [0, 0, 0, 0, 0x80])}`,
      "transceiver-status{canh-short-to-gnd,canl-no-wire}, transceiver-status{canl-short-to-canh}",
    );
  });

  it("decodes several classes in one frame", () => {
    const error = decode(0x3ff, [9, 0x28, 0x82, 0x19, 0x50, 0x77, 136, 7]);
    assertEquals<unknown>({ ...error }, {
      classes: [...classNames.values()],
      unknownClasses: 0,
      lostArbitrationBit: 9,
      controllerProblems: ["tx-error-warning", "tx-error-passive"],
      protocolViolations: ["frame-format-error", "error-on-tx"],
      protocolLocation: "acknowledge-slot",
      transceiver: { canh: "unspecified", canl: "short-to-bat" },
      controllerSpecific: 0x77,
      errorCounters: { tx: 136, rx: 7 },
    });
    assertEquals(
      `${error}`,
      "tx-timeout, lost-arbitration{at bit 9}, controller-problem{tx-error-warning,tx-error-passive}, " +
        "protocol-violation{{frame-format-error,error-on-tx}{acknowledge-slot}}, " +
        "transceiver-status{canl-short-to-bat}, no-acknowledgement-on-tx, bus-off, bus-error, " +
        "restarted-after-bus-off, error-counter-tx-rx{{136}{7}}, controller-specific{0x77}",
    );
  });

  it("reports error counters of drivers that do not set their class", () => {
    assertEquals(decode(4, [0, 8, 0, 0, 0, 0, 96, 0]).errorCounters, { tx: 96, rx: 0 });
    assertEquals(decode(4, [0, 8, 0, 0, 0, 0, 0, 0]).errorCounters, null);
  });

  it("loses no bit of random error frames, and formats equal frames equally", () => {
    const below = generator(7);
    for (let i = 0; i < 20_000; i++) {
      // Every other frame has few bits set, so that some have a single bit.
      const word = () => below(2 ** 29) & (i % 2 ? below(2 ** 29) & below(2 ** 29) : -1);
      const data = Array.from({ length: below(9) }, () => word() & 0xff);
      const classes = word();
      const error = decode(classes, data);
      assertEquals(encode(error), [classes, ...data, ...new Array(8 - data.length).fill(0)]);
      const text = `${error}`;
      assertEquals(`${decode(classes, data)}`, text);
      for (const name of error.classes) {
        assert(text.includes(name === "error-counters" ? "error-counter-tx-rx" : name), `${name} in ${text}`);
      }
      assert(!/undefined|null|NaN|object/.test(text), text);
    }
  });
});

/** Encodes a decoded error frame: its classes, followed by its eight bytes of data. */
function encode(error: ErrorFrame): number[] {
  const codeOf = (names: ReadonlyMap<number, string>, name: string, among = 0xff) =>
    name.startsWith("0x")
      ? Number(name)
      : [...names].find(([code, each]) => each === name && (code & among) === code)![0];
  const bitsOf = (names: ReadonlyMap<number, string>, set: readonly string[]) =>
    set.reduce((bits, name) => bits | codeOf(names, name, -1), 0);
  return [
    bitsOf(classNames, error.classes) | error.unknownClasses,
    error.lostArbitrationBit,
    bitsOf(problemNames, error.controllerProblems),
    bitsOf(violationNames, error.protocolViolations),
    codeOf(locationNames, error.protocolLocation),
    codeOf(wireNames, error.transceiver.canh, 0x0f) | codeOf(wireNames, error.transceiver.canl, 0xf0),
    error.controllerSpecific,
    error.errorCounters?.tx ?? 0,
    error.errorCounters?.rx ?? 0,
  ];
}

describe("Option errorMask", () => {
  it("takes bits and names", () => {
    const maskOf = (errorMask: BusOptions["errorMask"]) => fullOptions({ channel: "c", errorMask }).errorMask;
    assertEquals(maskOf(undefined), 0x1fffffff);
    assertEquals(maskOf(0x44), 0x44);
    assertEquals(maskOf([]), 0);
    assertEquals(maskOf(["bus-off", "controller-problem", "bus-off"]), 0x44);
    assertEquals(maskOf([...classNames.values()]), 0x3ff);
  });

  it("refuses anything else, naming the value and the valid names", () => {
    const refused: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [["bus-off", "busoff"], RangeError, 'has "busoff": it must be one of "tx-timeout", "lost-arbitration"'],
      [[64], RangeError, 'Option errorMask has "64": it must be one of "tx-timeout"'],
      [[null], RangeError, 'Option errorMask has "null": it must be one of "tx-timeout"'],
      ["bus-off", TypeError, 'Option errorMask must be of type number or array: "bus-off"'],
      [null, TypeError, "Option errorMask must be of type number or array: null"],
      [new Set(["bus-off"]), TypeError, "Option errorMask must be of type number or array"],
    ];
    for (const [errorMask, Class, text] of refused) {
      assertThrows(() => new Bus({ channel: "c", errorMask } as BusOptions), Class, text);
    }
  });
});
