// Rides out a bus-off: tells of it, waits, restarts the controller, and goes on. Needs a device (can0, or the one that is
// named) that is up, and CAP_NET_ADMIN to restart it. With a restartMs, "configure" has the kernel do that instead.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Bus, CanError, type Link, Message } from "../mod.ts";

const bus = new Bus({ channel: process.argv[2] ?? "can0", reconnect: true });
const link = bus.link;
const counters = () => JSON.stringify(bus.errorCounters);
console.log(`${bus.channelInfo}: ${bus.state}, error counters ${counters()}`);

async function watchOver(link: Link): Promise<void> {
  for await (const { error } of bus.errors()) {
    if (error?.classes.includes("restarted-after-bus-off")) console.log(`restarted: ${bus.state}`);
    if (!error?.classes.includes("bus-off")) continue;
    console.log(
      `bus-off: ${bus.state}, error counters ${counters()}, ${link.statistics().device?.busOff} times so far`,
    );
    const { restartMs } = link.status();
    if (restartMs) continue; // the kernel restarts it
    await sleep(500); // who comes back at once is likely to disturb the others at once
    if (bus.state !== "BUS-OFF") continue; // somebody else was quicker
    try {
      link.restart();
    } catch (error) {
      if (!(error instanceof CanError) || error.code !== "EOPNOTSUPP") throw error;
      console.log("the driver cannot restart its controller: down and up again");
      link.down();
      link.up();
    }
    console.log(`on the bus again: ${bus.state}`);
  }
}

async function work(): Promise<void> {
  for (let count = 0;; count = (count + 1) % 256) {
    await bus.sendAsync(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [count] })); // waits, if need be
    await sleep(100);
  }
}

await Promise.all([watchOver(link), work()]);
