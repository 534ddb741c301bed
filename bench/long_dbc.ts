/**
 * A large database.
 *
 * @module
 */

/** A DBC of some 800 kB, of messages with comments, attributes and labels. */
export function longText(): string {
  const parts = ['VERSION ""\nBU_: A B\nBA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;\n'];
  const tails: string[] = [];
  for (let id = 0; parts.join("").length + tails.join("").length < 800_000; id += 50) {
    for (let i = id; i < id + 50; i++) {
      const lines = Array.from(
        { length: 12 },
        (_, s) =>
          ` SG_ Signal_${s} : ${5 * s}|5@${s & 1}${s & 2 ? "+" : "-"} (0.${s + 1},-${s}) [0|${s}00] "unit ${s}" A,B\n`,
      );
      parts.push(`BO_ ${2 ** 31 + i} Message_${i}: 8 A\n${lines.join("")}\n`);
      tails.push(
        `CM_ SG_ ${2 ** 31 + i} Signal_1 "What signal 1 of message ${i} means.";\n`,
        `BA_ "GenMsgCycleTime" BO_ ${2 ** 31 + i} ${i % 1000};\n`,
        `VAL_ ${2 ** 31 + i} Signal_2 0 "off" 1 "on" 2 "error" 3 "not available" ;\n`,
      );
    }
  }
  return [...parts, ...tails].join("");
}
