import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { ExpressionError } from "../../src/where/tokens.ts";
import { type Names, where } from "../../src/where/where.ts";

const message = new Message({
  arbitrationId: 0x123,
  isExtendedId: false,
  data: [0x10, 0xff, 3],
  channel: "can0",
  timestamp: 1.5,
});

/** Signals of a database: `Speed` is 81.5, `Gear` 4 with the label Drive, `Absent` is not in this frame. */
const names: Names = {
  all: ["Speed", "Gear", "Absent"],
  has: (name) => ["Speed", "Gear", "Absent"].includes(name),
  value: (_, name) => ({ Speed: 81.5, Gear: 4n })[name],
  label: (_, name) => ({ Gear: "Drive" })[name],
};

describe("where", () => {
  it("computes, compares and combines", () => {
    const cases: Record<string, boolean> = {
      "id == 0x123": true,
      "id != 291": false,
      "id==0x123&&len==3": true,
      "len > 3 || data[0] == 16": true,
      "data[1] & 0x0f == 15": true,
      "data[0] + data[2] * 2 == 22": true,
      "(data[0] + data[2]) * 2 == 38": true,
      "data[data[2] - 2] == 255": true,
      "data[7] == 0": false,
      "data[7] != 0": false,
      "!(data[7] > 0)": true,
      "1 << 4 == data[0]": true,
      "~0 & 0xff == 255": true,
      "-len < 0": true,
      "7 % 4 == 3 && 7 / 2 == 3.5 && (6 ^ 3) == 5 && (4 | 1) == 5 && 256 >> 4 == 16": true,
      "ext || rtr || err || fd || xl || brs || esi || tx": false,
      "rx && true": true,
      'channel == "can0"': true,
      "channel != 'can1'": true,
      "time >= 1.5 && time <= 15e-1": true,
      "Speed > 81 && Speed < 82": true,
      "Gear == 4": true,
      'Gear == "Drive"': true,
      '"Drive" == Gear': true,
      'Gear != "Park"': true,
      "Absent == 0 || Absent != 0 || Absent < 1 || Absent > 0": false,
      "0.1e1 == 1": true,
      "0b101 == 5": true,
      "data[0] / 0 > 5": true,
    };
    for (const [expression, expected] of Object.entries(cases)) {
      assertEquals(where(expression, names)(message), expected, expression);
    }
  });

  it("refuses what it does not know, with the column", () => {
    const refused = (expression: string, reason: string) => {
      const error = assertThrows(() => where(expression, names), ExpressionError);
      assertEquals(error.message, reason);
    };
    refused("Sped > 1", "column 1: nothing is named Sped; did you mean Speed?");
    refused("id == ", "column 7: expected a value");
    refused("id = 3", "column 4: unexpected character");
    refused("id == 3)", "column 8: unexpected )");
    refused("(id == 3", "column 9: expected )");
    refused("data > 3", "column 6: expected the number of a byte: data[0]");
    refused("data[3", "column 7: expected ]");
    refused("id id", "column 4: unexpected id");
    refused("constructor == 1", "column 1: nothing is named constructor");
    refused("", "column 1: expected a value");
    assertThrows(() => where(`${"(".repeat(1e5)}1`), ExpressionError, "nested too deeply");
    assertThrows(() => where("!".repeat(1e5)), ExpressionError, "nested too deeply");
  });
});
