// Records a bus into a log for three seconds or until Ctrl-C, in files of about 10 MB, and keeps the latest five:
// record.ts [CHANNEL [FILE]]
import process from "node:process";
import { Bus, Message } from "../mod.ts";
import { LogWriter, record } from "../src/log/mod.ts";

const [channel = "vcan0", path = "drive.log"] = process.argv.slice(2);
const stop = new AbortController();
process.on("SIGINT", () => stop.abort());

using bus = new Bus({ channel, fd: true });
using sensor = new Bus(channel); // generates some traffic
const task = sensor.sendPeriodic(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [18] }), 0.1);

await using log = LogWriter.open(path, { rotate: { bytes: 10e6 }, keep: { files: 5 } });
log.marker("recording begins");
const report = await record(bus, log, { signal: stop.signal, duration: 3, logger: console });
task.stop();
console.log(`${report.messages} messages in ${log.path}, ${report.dropped} dropped, ended by ${report.ended}`);
