import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "../../src/kernel/netlink.ts";
import {
  array,
  decodeAttributes,
  encodeAttributes,
  list,
  nested,
  NLA_F_NESTED,
  rawCodec,
  s32,
  stringCodec,
  u16,
  u32,
  u8,
} from "../../src/kernel/nlattr.ts";
import { generator } from "../support/random.ts";
import { bytes } from "./bytes.ts";

const inner = { small: [1, u8], text: [2, stringCodec] } as const;
const table = {
  byte: [1, u8],
  short: [2, u16],
  word: [3, u32],
  signed: [4, s32],
  name: [5, stringCodec],
  raw: [6, rawCodec],
  nest: [7, nested(inner, NLA_F_NESTED)],
  names: [8, list(53, stringCodec)],
  numbers: [9, array(u16)],
} as const;

describe("linux/netlink.h: attributes", () => {
  const rows: readonly (readonly [string, Uint8Array, Parameters<typeof encodeAttributes<typeof table>>[1]])[] = [
    ["none", bytes(""), {}],
    //                    len   type  value pad
    ["a byte", bytes("05 00 01 00 7f 00 00 00"), { byte: 0x7f }],
    ["16 bits", bytes("06 00 02 00 34 12 00 00"), { short: 0x1234 }],
    ["32 bits", bytes("08 00 03 00 f8 ff ff ff"), { word: 0xfffffff8 }],
    ["signed", bytes("08 00 04 00 f8 ff ff ff"), { signed: -8 }],
    ["a text", bytes("0a 00 05 00 76 63 61 6e 35 00 00 00"), { name: "vcan5" }],
    ["no text", bytes("05 00 05 00 00 00 00 00"), { name: "" }],
    ["bytes", bytes("07 00 06 00 01 02 03 00"), { raw: bytes("01 02 03") }],
    ["no bytes", bytes("04 00 06 00"), { raw: bytes("") }],
    [
      "attributes",
      bytes(
        "14 00 07 80", // nested
        "05 00 01 00 ff 00 00 00",
        "06 00 02 00 61 00 00 00",
      ),
      { nest: { small: 255, text: "a" } },
    ],
    ["a list", bytes("14 00 08 00 06 00 35 00 61 00 00 00 06 00 35 00 62 00 00 00"), { names: ["a", "b"] }],
    ["numbers", bytes("0a 00 09 00 00 00 78 00 01 00 00 00"), { numbers: [0, 120, 1] }],
    [
      "unknown attributes",
      bytes(
        "08 00 03 00 01 00 00 00",
        "14 00 07 80", // nested
        "05 00 01 00 05 00 00 00",
        "06 00 09 00 aa bb 00 00", // an unknown one, nested
        "05 00 63 00 cc 00 00 00",
        "04 00 64 00",
      ),
      {
        word: 1,
        nest: { small: 5, unknown: new Map([[9, bytes("aa bb")]]) },
        unknown: new Map([[0x63, bytes("cc")], [0x64, bytes("")]]),
      },
    ],
  ];
  for (const [name, wire, values] of rows) {
    it(`${name}: encoded and decoded`, () => {
      assertEquals(decodeAttributes(table, wire), values);
      assertEquals(encodeAttributes(table, values), wire);
    });
  }

  it("payloads that are too short are kept as unknown ones", () => {
    assertEquals(decodeAttributes(table, bytes("06 00 03 00 01 02 00 00")), {
      unknown: new Map([[3, bytes("01 02")]]),
    });
  });

  it("longer payloads, of newer kernels, are read up to the known part", () => {
    assertEquals(decodeAttributes(table, bytes("0c 00 03 00 01 00 00 00 02 00 00 00")), { word: 1 });
  });

  it("the last of two equal types counts", () => {
    assertEquals(decodeAttributes(table, bytes("05 00 01 00 01 00 00 00 05 00 01 00 02 00 00 00")), { byte: 2 });
  });

  it("a type's flags are not part of its number", () => {
    assertEquals(decodeAttributes(table, bytes("05 00 01 80 01 00 00 00 05 00 02 40 01 00 00 00")), {
      byte: 1,
      unknown: new Map([[2, bytes("01")]]),
    });
  });

  it("padding after the last one may be missing", () => {
    assertEquals(decodeAttributes(table, bytes("05 00 01 00 01")), { byte: 1 });
  });

  it("undefined values are left out", () => {
    assertEquals(encodeAttributes(table, { byte: undefined, short: 1 }), bytes("06 00 02 00 01 00 00 00"));
  });

  it("impossible lengths are refused", () => {
    for (const wire of ["03 00 01 00", "00 00 01 00", "09 00 01 00 01 00 00 00", "08 00 01 00 01", "04 00 01"]) {
      assertThrows(
        () => decodeAttributes(table, bytes(wire)),
        RangeError,
        "Netlink attribute at byte 0 has a length of",
      );
    }
    assertThrows(
      () => encodeAttributes(table, { raw: new Uint8Array(65532) }),
      RangeError,
      "Netlink attribute 6 has 65532 bytes: at most 65531 fit",
    );
    assertEquals(encodeAttributes(table, { raw: new Uint8Array(65531) }).length, 65536);
  });

  it("random bytes are decoded, or refused with a RangeError", () => {
    const below = generator(4);
    for (let i = 0; i < 20_000; i++) {
      const wire = Uint8Array.from(
        { length: below(40) },
        (_, at) => at % 4 === 0 ? below(12) : at % 4 < 3 ? below(2) : 0,
      );
      try {
        decodeAttributes(table, wire);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  });
});

describe("linux/netlink.h: messages", () => {
  it("several in one read: encoded and decoded", () => {
    const wire = bytes(
      "13 00 00 00 10 00 02 00 01 00 00 00 09 00 00 00", // length type flags sequence pid
      "aa bb cc 00",
      "10 00 00 00 03 00 00 00 ff ff ff ff fe ff ff ff",
    );
    const messages = [
      { type: 16, flags: 2, sequence: 1, pid: 9, payload: bytes("aa bb cc") },
      { type: 3, flags: 0, sequence: 0xffffffff, pid: 0xfffffffe, payload: bytes("") },
    ];
    assertEquals(decodeMessages(wire), messages);
    assertEquals(bytes(...messages.map((message) => encodeMessage(message))), wire);
    assertEquals(decodeMessages(bytes("")), []);
  });

  it("impossible lengths are refused", () => {
    const header = "10 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00";
    for (
      const wire of [
        header.replace("10", "0f"),
        header.replace("10", "00"),
        header.replace("10", "11"),
        `${header} 10 00 00`,
      ]
    ) {
      assertThrows(() => decodeMessages(bytes(wire)), RangeError, "Netlink message at byte");
    }
  });

  const request = "38 00 00 00 10 00 05 06 74 3e 03 6b 00 00 00 00";
  const rows: readonly (readonly [string, type: number, flags: number, Uint8Array, unknown])[] = [
    // ip link add dev vcan5 mtu 72 txqueuelen 33 type vcan
    ["success", NLMSG_ERROR, NLM_F_CAPPED, bytes("00 00 00 00", request), { error: 0 }],
    // ip link set can0 mtu 72, while it is up
    [
      "failure, with the request",
      NLMSG_ERROR,
      0,
      bytes("f0 ff ff ff 28 00 00 00 10 00 05 00 71 3e 03 6b 00 00 00 00", "00 ".repeat(16), "08 00 04 00 48 00 00 00"),
      { error: -16 },
    ],
    // ip link add foo type nosuch
    [
      "failure, with the request and a text",
      NLMSG_ERROR,
      NLM_F_ACK_TLVS,
      bytes(
        "a1 ff ff ff", // -EOPNOTSUPP
        request,
        "00 ".repeat(16), // struct ifinfomsg
        "08 00 03 00 66 6f 6f 00", // IFLA_IFNAME foo
        "10 00 12 00 0a 00 01 00 6e 6f 73 75 63 68 00 00", // IFLA_LINKINFO { IFLA_INFO_KIND nosuch }
        "18 00 01 00 55 6e 6b 6e 6f 77 6e 20 64 65 76 69 63 65 20 74 79 70 65 00", // NLMSGERR_ATTR_MSG
      ),
      { error: -95, message: "Unknown device type" },
    ],
    [
      "failure, with the request's header, a text and an offset",
      NLMSG_ERROR,
      NLM_F_ACK_TLVS | NLM_F_CAPPED,
      bytes("de ff ff ff", request, "06 00 01 00 6e 6f 00 00", "08 00 02 00 24 00 00 00"),
      { error: -34, message: "no", offset: 0x24 },
    ],
    [
      "failure because an attribute is missing",
      NLMSG_ERROR,
      NLM_F_ACK_TLVS | NLM_F_CAPPED,
      bytes("ea ff ff ff", request, "08 00 05 00 02 00 00 00", "08 00 06 00 14 00 00 00"),
      { error: -22, missingType: 2, missingNest: 0x14 },
    ],
    ["the end of a list", NLMSG_DONE, 2, bytes("00 00 00 00"), { error: 0 }],
    [
      "the end of a list that failed",
      NLMSG_DONE,
      NLM_F_ACK_TLVS,
      bytes("ea ff ff ff", "06 00 01 00 6e 6f 00 00"),
      { error: -22, message: "no" },
    ],
  ];
  for (const [name, type, flags, payload, expected] of rows) {
    it(`acknowledgement: ${name}`, () => {
      assertEquals(decodeAcknowledgement({ type, flags, sequence: 0, pid: 0, payload }), expected);
    });
  }

  it("acknowledgements that are too short are refused", () => {
    for (const [type, length] of [[NLMSG_ERROR, 19], [NLMSG_DONE, 3]]) {
      const message = { type, flags: 0, sequence: 0, pid: 0, payload: new Uint8Array(length) };
      assertThrows(() => decodeAcknowledgement(message), RangeError, "Netlink acknowledgement has");
    }
  });
});
