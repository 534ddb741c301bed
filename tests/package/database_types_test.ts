import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { tmpdir } from "node:os";
import { assertEquals } from "@std/assert";
import { Database, typesOf } from "../../src/dbc/mod.ts";
import { root } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";

const text = `BO_ 1 Engine: 8 X
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" X
 SG_ Gear : 16|3@1+ (1,0) [0|0] "" X
BO_ 2 Status: 8 X
 SG_ Mode M : 0|8@1+ (1,0) [0|0] "" X
 SG_ Detail m1 : 8|8@1+ (1,0) [0|0] "" X
BO_ 3 Clock: 16 X
 SG_ Time : 0|64@1+ (1,0) [0|0] "ns" X
 SG_ Seconds : 0|64@1+ (0.000000001,0) [0|0] "s" X
BO_ 4 Empty: 0 X
CM_ SG_ 1 Speed "Of the wheels, /* not
of the */ shaft";
VAL_ 1 Gear 0 "Park" 1 "Dri\\"ve" 2 "Park";
`;

const declaration = `/** The messages of a database. Made by typesOf. */
export type Messages = {
  Engine: {
    /** km/h: Of the wheels, /* not of the * / shaft */
    Speed: { raw: number; value: number; label: never };
    Gear: { raw: number; value: number; label: "Park" | "Dri\\"ve" };
  };
  Status: {
    Mode: { raw: number; value: number; label: never };
    Detail?: { raw: number; value: number; label: never };
  };
  Clock: {
    /** ns */
    Time: { raw: bigint; value: bigint; label: never };
    /** s */
    Seconds: { raw: bigint; value: number; label: never };
  };
  Empty: Record<never, never>;
};
`;

/** What a user writes. Each line that is expected to be wrong is one, or the compiler complains. */
const script = `
import { Message } from "${root}mod.ts";
import { Database, type DecodedSignal } from "${root}src/dbc/mod.ts";
import type { Messages } from "./messages.ts";

const database = Database.parse<Messages>("");
const decoded = database.decode(new Message());
if (decoded?.name === "Engine") {
  const speed: number = decoded.signals.Speed.value * 2;
  const gear: "Park" | "Dri\\"ve" | null = decoded.signals.Gear.label;
  const none: null = decoded.signals.Speed.label;
  // @ts-expect-error: no such signal
  decoded.signals.Torque;
  // @ts-expect-error: no such label
  const reverse: boolean = decoded.signals.Gear.label === "Reverse";
  console.log(speed, gear, none, reverse);
} else if (decoded?.name === "Status") {
  console.log(decoded.signals.Detail?.value, decoded.message.length);
  // @ts-expect-error: it may be absent
  decoded.signals.Detail.value;
} else if (decoded?.name === "Clock") {
  const time: bigint = decoded.signals.Time.raw + 1n;
  const seconds: number = decoded.signals.Seconds.value;
  console.log(time, seconds);
}
// @ts-expect-error: no such message
console.log(decoded?.name === "Brake");

database.encode("Engine", { Speed: 81.5, Gear: "Park" }, { padding: 1 });
database.encode("Engine", { Speed: { raw: 815 } });
database.encode("Status", database.decodeData("Status", new Uint8Array(8)).signals);
database.encode("Empty", {});
// @ts-expect-error: no such message
database.encode("Brake", {});
// @ts-expect-error: no such signal
database.encode("Engine", { Torque: 1 });
// @ts-expect-error: no such label
database.encode("Engine", { Gear: "Reverse" });
// @ts-expect-error: no labels
database.encode("Engine", { Speed: "fast" });
// @ts-expect-error: no such message
database.filters(["Brake"]);
database.filters(["Engine", "Clock"]);

// Without types everything has a name, and a label may be any text.
const untyped = Database.parse("");
const any: DecodedSignal | undefined = untyped.decode(new Message())?.signals.Anything;
const values: Record<string, number | string> = { Speed: 1, Gear: "Park" };
console.log(any?.value, untyped.encode("Engine", values));
`;

describe("typesOf", () => {
  it("writes the types of all messages, signals and labels", () => {
    assertEquals(typesOf(Database.parse(text)), declaration);
  });

  it("writes names that are no identifiers, and messages that share a name", () => {
    const { messages } = Database.parse(text);
    const [engine, , , empty] = messages;
    const renamed = [{ ...empty, name: "a b" }, { ...engine, name: "a b" }, { ...empty, name: '"' }];
    const lines = typesOf({ messages: renamed }).split("\n");
    assertEquals([lines[2], lines.at(-3)], ['  "a b": Record<never, never> | {', '  "\\"": Record<never, never>;']);
  });

  it("lets the compiler check a script", { timeout: PATIENCE }, async () => {
    const folder = mkdtempSync(`${tmpdir()}/types-`);
    try {
      writeFileSync(`${folder}/messages.ts`, typesOf(Database.parse(text)));
      writeFileSync(`${folder}/script.ts`, script);
      writeFileSync(
        `${folder}/tsconfig.json`,
        JSON.stringify({
          extends: `${root}tsconfig.json`,
          compilerOptions: { typeRoots: [`${root}node_modules/@types`] },
          files: ["script.ts"],
          include: [],
        }),
      );
      using compiler = new Program(`${root}node_modules/typescript-7/bin/tsc`, ["-p", folder]);
      const { end } = await compiler.result();
      assertEquals([end, ...compiler.lines], ["0"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
