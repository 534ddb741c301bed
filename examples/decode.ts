// Prints the signals on a bus until Ctrl-C: decode.ts [CHANNEL [DBC]]. Without a file, those of a small database.
import { readFileSync } from "node:fs";
import process from "node:process";
import { Bus } from "../mod.ts";
import { Database } from "../src/dbc/mod.ts";

const [channel = "vcan0", path] = process.argv.slice(2);
const database = Database.parse(
  path !== undefined ? readFileSync(path) : `
BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
VAL_ 291 Gear 0 "neutral" 1 "first" 2 "second" ;
`,
);
for (const { line, reason } of database.diagnostics) console.error(`${path}, line ${line}: ${reason}`);

// The kernel delivers only the messages of the database.
using bus = new Bus({ channel, fd: true, filters: database.filters() });
console.log(`decoding ${bus.channelInfo}`);
for (const message of bus) {
  const decoded = database.decode(message);
  if (decoded === null) continue; // a remote or an error frame
  const texts = Object.entries(decoded.signals).map(([name, { value, label, unit, inRange }]) =>
    `${name} ${label ?? value}${label === null && unit ? ` ${unit}` : ""}${inRange ? "" : " (out of range)"}`
  );
  for (const name of decoded.missing) texts.push(`${name} missing`);
  for (const name of decoded.unknownMultiplexers) texts.push(`${name} unknown`);
  console.log(`${decoded.name}: ${texts.join(", ")}`);
}
