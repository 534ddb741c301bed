// Recovers from a bus-off: reports it, waits, restarts the controller and continues to send. The interface (argument,
// default can0) must be up; restarting needs CAP_NET_ADMIN. If restartMs is set, as examples/configure.ts does, the
// kernel restarts the controller instead.
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
    await sleep(500); // a controller that returns at once is likely to disturb the bus again
    if (bus.state !== "BUS-OFF") continue; // another program has restarted it
    try {
      link.restart();
    } catch (error) {
      if (!(error instanceof CanError) || error.code !== "EOPNOTSUPP") throw error;
      console.log("the driver cannot restart its controller: setting the link down and up");
      link.down();
      link.up();
    }
    console.log(`back on the bus: ${bus.state}`);
  }
}

async function work(): Promise<void> {
  for (let count = 0;; count = (count + 1) % 256) {
    // Waits while the transmit queue is full.
    await bus.sendAsync(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [count] }));
    await sleep(100);
  }
}

await Promise.all([watchOver(link), work()]);
