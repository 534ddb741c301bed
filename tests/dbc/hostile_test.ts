import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Database } from "../../src/dbc/mod.ts";
import { fuzzDatabases } from "../fuzz/databases.ts";

/** Long files that take for ever if anything in them is read more than a few times. */
const long: Readonly<Record<string, string>> = {
  "a space": " ".repeat(1e6),
  "a word": "a".repeat(1e6),
  "a number": "1".repeat(1e6),
  "quotes": '"'.repeat(1e6),
  "backslashes in a text": `CM_ "${"\\".repeat(1e6)}";`,
  "paths in a text": `CM_ "${"\\x".repeat(5e5)}";`,
  "comments": "//\n".repeat(2e5),
  "texts that end in the next line": 'CM_ "\n'.repeat(3e4),
  "texts that are never closed": 'VAL_ 1 s 0 "\n'.repeat(3e4) + "\n",
  "keywords": "NS_ :\n" + "CM_\n".repeat(1e5),
  "messages of one identifier": "BO_ 1 M: 8 X\n".repeat(3e4),
  "branches": `BO_ 1 M: 8 X\n SG_ x M : 0|8@1+ (1,0) [0|0] "" X\n${
    Array.from({ length: 5000 }, (_, i) => ` SG_ a${i} m${i} : 8|8@1+ (1,0) [0|0] "" X\n`).join("")
  }`,
  "branches of branches": `BO_ 1 M: 8 X\n${
    Array.from({ length: 5000 }, (_, i) => ` SG_ a${i} M : 8|8@1+ (1,0) [0|0] "" X\n`).join("")
  }${Array.from({ length: 5000 }, (_, i) => `SG_MUL_VAL_ 1 a${i} a${(i + 1) % 5000} 1-1;\n`).join("")}`,
  "open elements": "<a>".repeat(1e5),
  "open comments": `<NetworkDefinition>${"<!--".repeat(2e5)}`,
  "ampersands": `<a>${"&".repeat(1e5)}</a>`,
  "spaces in a tag": `<a ${" ".repeat(1e6)}`,
  "enums without an end": `FormatVersion=6.0\n${"Enum=a(\n".repeat(3e4)}`,
  "an enum": `FormatVersion=6.0\n{ENUMS}\nEnum=a(${'0="a",'.repeat(1e5)}1="b")`,
  "escaped quotes": `FormatVersion=6.0\n${'\\"'.repeat(5e5)}`,
  "branches of a symbol": `FormatVersion=6.0\n{SEND}\n[M]\nID=1h\nMux=a 0,8 1\n${"[M]\nMux=a 0,8 2\n".repeat(2e4)}`,
};

describe("Hostile databases", () => {
  it("corrupted files of every format are read, and written, or refused", { timeout: 120_000 }, () => {
    const { tried, signals } = fuzzDatabases(2000, 5);
    assertEquals(tried, 2000);
    assert(signals > 1000, `only ${signals} signals were read: the corruption leaves too little`);
  });

  for (const [what, text] of Object.entries(long)) {
    it(`long files of ${what} are read to the end`, { timeout: 120_000 }, () => {
      const { diagnostics } = Database.parse(text);
      assert(diagnostics.length <= 1000);
      try {
        Database.parse(text, { strict: true });
      } catch (error) {
        assert(error instanceof SyntaxError, `${error}`);
        assert(error.message.length < 500, `an error of ${error.message.length} characters`);
      }
    });
  }

  it("a file of 10 MB is read into memory that is bounded by its size", { timeout: 300_000 }, () => {
    const blocks: string[] = [];
    for (let id = 0, size = 0; size < 10e6; id++) {
      const signals = [0, 8, 16, 24, 32, 40, 48, 56].map((start) =>
        ` SG_ Signal${id}_${start} : ${start}|8@1+ (0.1,-40) [-40|250] "km/h" A,B\n`
      );
      blocks.push(`BO_ ${0x8000_0000 + id} Message${id}: 8 A\n${signals.join("")}`);
      size += blocks.at(-1)!.length;
    }
    const text = blocks.join("");
    const before = process.memoryUsage().heapUsed;
    const { messages, diagnostics } = Database.parse(text);
    const used = process.memoryUsage().heapUsed - before;
    assertEquals([messages.length, diagnostics.length], [blocks.length, 0]);
    assert(used < 60 * text.length, `${used} bytes for ${text.length}`);
  });
});
