// A dashboard that is notified only of changes: the kernel compares the frames, and wakes this script for nothing else.
import process from "node:process";
import { BcmSocket, Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bcm = new BcmSocket(channel);

// Speed: changes of two bytes, at most ten times a second. Light: changes, and an event if its frames stop arriving.
const speed = bcm.subscribe({ arbitrationId: 0x3e9, isExtendedId: false, mask: [0xff, 0xff], throttle: 0.1 });
const light = bcm.subscribe({ arbitrationId: 0x19b, isExtendedId: false, timeout: 5, announceResume: true });

// Simulates the car: a hundred frames of each kind, with a counter that the mask excludes, and then silence.
const car = new Bus(channel);
let frames = 0;
const sending = car.sendPeriodic(new Message(), 0.01, {
  count: 100,
  modify() {
    const kmh = frames++ < 50 ? 30 : 50;
    car.send(new Message({ arbitrationId: 0x3e9, isExtendedId: false, data: [kmh, 0, frames] }));
    return new Message({ arbitrationId: 0x19b, isExtendedId: false, data: [1] });
  },
});
sending.done.then(() => car.close());

let events = 0;
for await (const event of bcm) {
  events++;
  if (event.type === "changed" && event.subscription === speed) console.log(`speed: ${event.message.data[0]} km/h`);
  else if (event.type === "changed") console.log(`light: ${event.message.data[0] ? "on" : "off"}`);
  else if (event.type === "timeout" && event.subscription === light) {
    console.log("light: silent");
    break;
  }
}
console.log(`${2 * frames} frames, ${events} events`);
