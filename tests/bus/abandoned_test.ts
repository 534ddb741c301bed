import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  BcmSocket,
  Bus,
  type BusOptions,
  type CyclicSendTask,
  IsoTpSocket,
  J1939Socket,
  type Logger,
  Message,
  watchLinks,
} from "../../mod.ts";
import { PATIENCE } from "../support/delivery.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { collectAll, collectUntil } from "../support/garbage.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

/** A logger that collects the warnings about objects that were not closed. */
function listener(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = [];
  const warn = (line: string) => {
    if (line.includes("was not closed")) warnings.push(line);
  };
  return { logger: { debug() {}, warn }, warnings };
}

/** What a bus may be used for before it is dropped. */
const uses: Record<string, (bus: Bus) => void> = {
  "nothing": () => {},
  "a read": (bus) => void bus.recv(0),
  "a send": (bus) => bus.send(new Message()),
  "a wait that timed out": (bus) => void bus.recvAsync({ timeout: 0.001 }),
  "a stream": (bus) => void bus.readable,
  "a sending stream": (bus) => void bus.writable.getWriter().write(new Message()),
  "an iteration": (bus) => void bus[Symbol.asyncIterator](),
  "a feed": (bus) => void bus.errors(),
  "a periodic task that has ended": (bus) => void bus.sendPeriodic(new Message(), 0.001, { count: 2 }),
  "a periodic task that was stopped": (bus) => bus.sendPeriodic(new Message(), 60).stop(),
};

for (const { name, skip, open } of worlds) {
  describe(`A bus on ${name} that is garbage-collected unclosed`, { skip }, () => {
    for (const [use, run] of Object.entries(uses)) {
      it(`is closed, with a warning, after ${use}`, async () => {
        const before = await restingDescriptors();
        const { logger, warnings } = listener();
        const count = 20;
        const drop = () => {
          for (let i = 0; i < count; i++) run(open({ logger }));
        };
        drop();
        const expected = use === "a feed" ? 2 * count : count; // feeds are closed likewise
        await collectUntil(() => warnings.length >= expected);
        assertEquals(warnings.length, expected);
        const text =
          /^A (bus|feed) of "\w+" was not closed before it was garbage-collected; it is closed now\. .*"using"/;
        for (const warning of warnings) assert(text.test(warning), warning);
        await descriptorsBackTo(before);
      });
    }

    it("is not touched again if it was closed", async () => {
      const { logger, warnings } = listener();
      const before = await restingDescriptors();
      const drop = async () => {
        for (let i = 0; i < 20; i++) {
          using bus = open({ logger });
          await bus.recvAsync({ timeout: 0.001 });
          bus.errors();
        }
      };
      await drop();
      // These have the same descriptors now.
      const buses = Array.from({ length: 20 }, () => open({ logger }));
      const waits = buses.map((bus) => bus.recvAsync({ timeout: PATIENCE }));
      await collectAll();
      using sender = open();
      sender.send(new Message({ arbitrationId: 7 }));
      assertEquals((await Promise.all(waits)).map((message) => message?.arbitrationId), waits.map(() => 7));
      for (const bus of buses) bus.close();
      assertEquals(warnings, []);
      sender.close();
      await descriptorsBackTo(before);
    });

    it("stays open while a wait, an iteration, a stream, a feed or a task uses it", async () => {
      const { logger } = listener();
      const options: Partial<BusOptions> = { logger };
      const got: Record<string, number> = {};
      const follow = async (what: string, messages: AsyncIterable<Message>) => {
        for await (const _ of messages) {
          got[what] = (got[what] ?? 0) + 1;
          if (got[what] === 2) break;
          await pause(1); // no wait is pending meanwhile
        }
      };
      const start = () => [
        open(options).recvAsync().then(() => got.wait = 2),
        follow("iteration", open(options)),
        follow("messages", open(options).messages()),
        follow("stream", open(options).readable),
        follow("feed", open(options).errors()),
      ];
      const startTasks = () => {
        const active = new WeakRef(open(options).sendPeriodic(new Message({ arbitrationId: 0x321 }), 0.01));
        const task = open(options).sendPeriodic(new Message({ arbitrationId: 0x322 }), 0.01);
        task.stop();
        return { active, task };
      };
      const following = start();
      using sender = open();
      using listening = open({ filters: [{ canId: 0x320, canMask: 0x7fc }] });
      const { active, task } = startTasks();
      for (let i = 0; i < 2; i++) {
        await collectAll();
        sender.send(new Message({ arbitrationId: i }));
        sender.send(new Message({ arbitrationId: 0x40, isErrorFrame: true }));
        await pause(20);
      }
      await Promise.all(following);
      assertEquals(got, { wait: 2, iteration: 2, messages: 2, stream: 2, feed: 2 });
      listening.recvMany(99_999, 0);
      assert((await listening.recvAsync({ timeout: PATIENCE }))?.arbitrationId === 0x321, "the task still sends");
      active.deref()!.stop();
      await restart(task, listening);
    });
  });
}

/** Starts a task whose bus has been dropped. */
async function restart(task: CyclicSendTask, bus: Bus): Promise<void> {
  task.start();
  for (;;) {
    const message = await bus.recvAsync({ timeout: PATIENCE });
    assert(message, "the task does not send");
    if (message.arbitrationId === 0x322) break;
  }
  task.stop();
}

describe("Unclosed sockets of the kernel", { skip: noVcan }, () => {
  it("give back thousands of descriptors", async () => {
    const before = await restingDescriptors();
    const { logger, warnings } = listener();
    const batch = 200;
    const drop = () => {
      for (let i = 0; i < batch; i++) new Bus({ channel: "vcan0", logger });
    };
    for (let total = batch; total <= 3000; total += batch) {
      drop();
      await collectUntil(() => warnings.length >= total);
      assertEquals(warnings.length, total);
      await descriptorsBackTo(before);
    }
  });

  it("give their descriptors back, of every class", async () => {
    const before = await restingDescriptors();
    const { logger, warnings } = listener();
    const channel = "vcan0";
    const count = 5;
    const open: Record<string, () => unknown> = {
      "IsoTpSocket": () => new IsoTpSocket({ channel, txId: 0x7e0, rxId: 0x7e8, isExtendedId: false, logger }),
      "IsoTpSocket, wait": () =>
        new IsoTpSocket({ channel, txId: 0x7e0, rxId: 0x7e8, isExtendedId: false, logger }).recvAsync({ timeout: 0 }),
      "J1939Socket": () => new J1939Socket({ channel, logger }),
      "J1939Socket, claim": () => {
        const socket = new J1939Socket({ channel, logger, name: 0x1234n, address: 0x20 });
        socket.claim({ timeout: 0.01 }).catch(() => "in vain");
      },
      "BcmSocket": () => new BcmSocket({ channel, logger }),
      "BcmSocket, unsubscribed": () =>
        new BcmSocket({ channel, logger }).subscribe({ arbitrationId: 1, isExtendedId: false }).unsubscribe(),
    };
    for (const [kind, make] of Object.entries(open)) {
      warnings.length = 0;
      const drop = () => {
        for (let i = 0; i < count; i++) make();
      };
      drop();
      await collectUntil(() => warnings.length >= count);
      assertEquals(warnings.length, count, kind);
      await descriptorsBackTo(before);
    }
    const drop = () => {
      for (let i = 0; i < count; i++) watchLinks();
    };
    drop();
    await collectUntil(() => openDescriptors() <= before);
    await descriptorsBackTo(before);
  });
});
