// Error frames, decoded and received separately from data, so that they never delay data.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus({ channel, errorMask: ["controller-problem", "bus-off", "restarted-after-bus-off"] });
const errors = bus.errors();

const following = (async () => {
  for await (const { error } of errors) {
    console.log(`error: ${error}`);
    if (error?.controllerProblems.includes("tx-error-passive")) {
      console.log(
        `  ${error.errorCounters?.tx} transmit errors: is another node connected, with the same bitrate?`,
      );
    }
    if (error?.classes.includes("bus-off")) break; // the controller has left the bus
  }
})();

const reading = (async () => {
  for await (const { arbitrationId, data } of bus) {
    console.log(`data:  ${arbitrationId.toString(16)} ${data}`);
    if (data[0] === 3) break;
  }
})();

// A vcan has no controller that could fail, so a second bus simulates one: error frames can be sent like any others.
using device = new Bus(channel);
const passive = new Message({ isErrorFrame: true, arbitrationId: 0x204, data: [0, 0x20, 0, 0, 0, 0, 128, 0] });
// Its classes are not in errorMask.
const noise = new Message({ isErrorFrame: true, arbitrationId: 0x88, data: [0, 0, 4, 0xa, 0, 0, 0, 0] });
const busOff = new Message({ isErrorFrame: true, arbitrationId: 0x40 });
for (const [i, error] of [noise, passive, busOff].entries()) {
  device.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [i + 1] }));
  device.send(error);
}

await Promise.all([following, reading]);
console.log(`${noise.error}`); // any error frame can be decoded
