// Simulates an ECU for a second: the kernel sends each of its messages at the cycle time of the database, with start values until
// this script has others.
import process from "node:process";
import { Bus } from "../mod.ts";
import { Database } from "../src/dbc/mod.ts";

const database = Database.parse(`
BU_: Engine Dashboard
BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
BO_ 292 EngineStatus: 2 Engine
 SG_ Temperature : 0|8@1+ (1,-40) [-40|215] "degC" Dashboard
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_ SG_ "GenSigStartValue" INT 0 65535;
BA_DEF_DEF_ "GenSigStartValue" 0;
BA_ "GenMsgCycleTime" BO_ 291 20;
BA_ "GenMsgCycleTime" BO_ 292 100;
BA_ "GenSigStartValue" SG_ 292 Temperature 60;
VAL_ 291 Gear 0 "neutral" 1 "first" 2 "second" ;
`);

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus(channel);
const tasks = new Map(
  database.messages
    .filter(({ senders, cycleTime }) => senders.includes("Engine") && cycleTime !== null)
    .map(({ name, cycleTime }) => [name, bus.sendPeriodic(database.encode(name, {}), cycleTime!)]),
);
for (const { name, cycleTime } of database.messages) console.log(`${name} every ${cycleTime} s`);

// The car accelerates.
for (let speed = 0; speed <= 50; speed += 5) {
  tasks.get("EngineData")!.modifyData(
    database.encode("EngineData", { Speed: speed, Gear: speed < 25 ? "first" : "second" }),
  );
  await new Promise((resolve) => setTimeout(resolve, 90));
}
bus.stopAllPeriodicTasks();
console.log("stopped");
