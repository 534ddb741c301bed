// Error frames, explained and apart from data: however many there are, they hold up no data.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus({ channel, errorMask: ["controller-problem", "bus-off", "restarted-after-bus-off"] });
const errors = bus.errors();

const following = (async () => {
  for await (const { error } of errors) {
    console.log(`error: ${error}`);
    if (error?.controllerProblems.includes("tx-error-passive")) {
      console.log(`  ${error.errorCounters?.tx} errors on sending: is anybody there, with the same bitrate?`);
    }
    if (error?.classes.includes("bus-off")) break; // the device has left the bus, and this loop is left too
  }
})();

const reading = (async () => {
  for await (const { arbitrationId, data } of bus) {
    console.log(`data:  ${arbitrationId.toString(16)} ${data}`);
    if (data[0] === 3) break;
  }
})();

// A vcan has no device that could fail, so this stands in for one: error frames can be sent like others.
using device = new Bus(channel);
const passive = new Message({ isErrorFrame: true, arbitrationId: 0x204, data: [0, 0x20, 0, 0, 0, 0, 128, 0] });
const noise = new Message({ isErrorFrame: true, arbitrationId: 0x88, data: [0, 0, 4, 0xa, 0, 0, 0, 0] }); // not asked for
const busOff = new Message({ isErrorFrame: true, arbitrationId: 0x40 });
for (const [i, error] of [noise, passive, busOff].entries()) {
  device.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [i + 1] }));
  device.send(error);
}

await Promise.all([following, reading]);
console.log(`${noise.error}`); // what any error frame says
