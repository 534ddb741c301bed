import { describe, it } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { fieldsText, parseName } from "../../src/cli/j1939/words.ts";
import { can } from "./run.ts";

describe("can j1939", () => {
  it("NAMEs are written as they are read", () => {
    const words = ["identityNumber=1000", "manufacturerCode=275", "function=130", "arbitraryAddressCapable=1"];
    const name = parseName(words);
    assertEquals(name.toJSON(), {
      identityNumber: 1000,
      manufacturerCode: 275,
      ecuInstance: 0,
      functionInstance: 0,
      function: 130,
      vehicleSystem: 0,
      vehicleSystemInstance: 0,
      industryGroup: 0,
      arbitraryAddressCapable: true,
    });
    assertEquals(fieldsText(name), words.join(" "));
  });

  it("refuses wrong words", async () => {
    const rows: [args: string[], error: RegExp][] = [
      [["spie"], /did you mean spy\?/],
      [["spy"], /takes an interface/],
      [["spy", "vcan0", "--pgn", "61444"], /61444: write it in hexadecimal digits, F004 if 61444 is decimal/],
      [["spy", "vcan0", "--pgn", "FFFFF"], /--pgn is FFFFF.*at most 3FFFF/],
      [["spy", "vcan0", "--pgn", "EA17"], /last byte must be 0/],
      [["spy", "vcan0", "--source", "FE"], /at most FD/],
      [["send", "vcan0"], /takes an interface, a PGN and bytes/],
      [["send", "vcan0", "FECA", "xy"], /"xy" is no data/],
      [["send", "vcan0", "FECA", "00", "--to", "FE"], /--to is FE/],
      [["send", "vcan0", "FECA", "00", "--timeout", "2"], /--timeout needs --expect/],
      [["send", "vcan0", "FECA", "00", "--address", "20"], /can j1939 send does not take --address/],
      [["names"], /takes an interface/],
      [["claim", "vcan0"], /takes an interface and a NAME/],
      [["claim", "vcan0", "identity=1"], /has no field identity/],
      [["claim", "vcan0", "1000"], /"1000" is no field/],
      [["claim", "vcan0", "function=256", "--address", "80"], /function is 256/],
      [["claim", "vcan0", "identityNumber=1"], /may not choose an address/],
      [["claim", "vcan0", "--name", "80"], /16 hexadecimal digits/],
      [["claim", "vcan0", "arbitraryAddressCapable=2"], /must be 0 or 1/],
    ];
    for (const [args, error] of rows) {
      const { status, err } = await can(["j1939", ...args]);
      assertEquals(status, 2, `${args.join(" ")}: ${err}`);
      assertMatch(err.trim(), error);
    }
  });
});
