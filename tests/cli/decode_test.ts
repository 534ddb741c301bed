import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { car } from "./car.ts";
import { can } from "./run.ts";

const log = [
  "(1.000000) can0 123#2E03040100000000",
  "(1.100000) can0 456#11",
  "(2.500000) can0 123#C800000200000000",
  "(3.000000) can0 123#2E03",
].join("\n") + "\n";

describe("can decode", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/can-`);
    writeFileSync(`${folder}/a.log`, log);
    writeFileSync(`${folder}/car.dbc`, car);
  });
  after(() => rmSync(folder, { recursive: true }));
  const decode = (...args: string[]) => can(["decode", `${folder}/a.log`, "--dbc", `${folder}/car.dbc`, ...args]);

  it("shows frames with their signals", async () => {
    assertEquals(await decode("-tz"), {
      status: 0,
      err: "",
      out: ` (000.000000)  can0  123   [8]  2E 03 04 01 00 00 00 00
    EngineData: Speed 81.4 km/h, Gear Drive, Odometer 1 m
 (000.100000)  can0  456   [1]  11
 (001.500000)  can0  123   [8]  C8 00 00 02 00 00 00 00
    EngineData: Speed 20 km/h, Gear Park, Odometer 2 m
 (002.000000)  can0  123   [2]  2E 03
    EngineData: Speed 81.4 km/h, (too short for Gear, Odometer)
`,
    });
  });

  it("shows only signals, only some frames, or JSON", async () => {
    const { out } = await decode("--signals", "-tn", "--where", "Speed > 80 && Gear == 'Drive'");
    assertEquals(out, " EngineData: Speed 81.4 km/h, Gear Drive, Odometer 1 m\n");
    const lines = (await decode("--json", "--from", "1")).out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ timestampNs }) => timestampNs), ["2500000000", "3000000000"]);
    assertEquals(lines[0].decoded, {
      name: "EngineData",
      signals: {
        Speed: { raw: 200, value: 20, unit: "km/h" },
        Gear: { raw: 0, value: 0, label: "Park" },
        Odometer: { raw: 2, value: 2, unit: "m" },
      },
    });
    assertEquals(lines[1].decoded.missing, ["Gear", "Odometer"]);
  });

  it("refuses wrong words", async () => {
    assertEquals((await can(["decode", `${folder}/a.log`])).status, 2);
    assertMatch((await decode("--where", "Sped > 80")).err, /column 1: nothing is named Sped; did you mean Speed\?/);
    assertMatch((await can(["decode", `${folder}/a.log`, "--dbc", `${folder}/none.dbc`])).err, /none\.dbc/);
  });
});
