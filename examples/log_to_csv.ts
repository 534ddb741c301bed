// Decodes a log to CSV, a line for each message of the database with a column for each signal: log_to_csv.ts DBC LOG >CSV. Without
// files, decodes a log in memory.
import { readFileSync } from "node:fs";
import process from "node:process";
import { Database } from "../src/dbc/mod.ts";
import { LogReader } from "../src/log/mod.ts";

const [dbc, log] = process.argv.slice(2);
const database = Database.parse(
  dbc !== undefined ? readFileSync(dbc) : `
BO_ 291 EngineData: 3 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
BO_ 292 EngineStatus: 2 Engine
 SG_ Temperature : 0|8@1+ (1,-40) [-40|215] "degC" Dashboard
`,
);
const example = `(1700000000.000000) can0 123#2F0302
(1700000000.100000) can0 124#8200
(1700000000.200000) can0 123#F4
(1700000000.300000) can0 456#00
`;

// Each message has its columns side by side.
const firstColumns = new Map<string, number>();
const header = ["time"];
for (const { name, signals } of database.messages) {
  firstColumns.set(name, header.length);
  header.push(...signals.map((signal) => `${name}.${signal.name}${signal.unit && ` [${signal.unit}]`}`));
}
console.log(header.map((cell) => /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join());

const values = database.signalValues(); // overwritten by each message, so that no objects are made
for await (const message of LogReader.open(log ?? new TextEncoder().encode(example))) {
  const found = database.decodeSignals(message, values);
  if (found === null) continue;
  const cells = new Array<string>(header.length).fill("");
  cells[0] = `${message.timestamp}`;
  for (let i = 0; i < found.signals.length; i++) {
    if (values.present[i]) cells[firstColumns.get(found.name)! + i] = `${values.values[i]}`;
  }
  console.log(cells.join());
}
