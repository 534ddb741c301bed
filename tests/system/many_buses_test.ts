import { existsSync, readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { ip, PATIENCE } from "./tools.ts";

/** As many on each interface as there are interfaces. */
const EACH = 8;

const channels = Array.from({ length: EACH }, (_, i) => `many${i}`);

/** Buses on every interface; the first on each is the one that sends, and hears itself. */
function openAll(): Bus[][] {
  return channels.map((channel) =>
    Array.from({ length: EACH }, (_, i) => new Bus({ channel, receiveOwnMessages: i === 0, receiveBuffer: 4_000_000 }))
  );
}

/** The epoll descriptors of this process that watch a descriptor. */
function epollsOf(fd: number): string[] {
  return readdirSync("/proc/self/fd").filter((each) => {
    // The folder was read by way of a descriptor that is closed again.
    if (!existsSync(`/proc/self/fd/${each}`)) return false;
    return RegExp(`^tfd: +${fd} `, "m").test(readFileSync(`/proc/self/fdinfo/${each}`, "utf8"));
  });
}

/** What this process's threads are doing: the number of the system call that each sleeps in, its arguments. */
function threads(): string[] {
  return readdirSync("/proc/self/task").map((id) => readFileSync(`/proc/self/task/${id}/syscall`, "utf8"));
}

describe(`${EACH * EACH} buses on ${EACH} interfaces`, { skip: noVcan, timeout: PATIENCE }, () => {
  before(() => {
    for (const channel of channels) {
      ip("link", "add", channel, "type", "vcan");
      ip("link", "set", channel, "up");
    }
  });
  after(() => {
    for (const channel of channels) ip("link", "del", channel);
  });

  it("receive all of their interface's frames, in order, and nothing else", async () => {
    const before = await restingDescriptors();
    const buses = openAll();
    const COUNT = 300;
    const received = buses.flatMap((group, which) =>
      group.map(async (bus) => {
        for (let i = 0; i < COUNT; i++) {
          const message = await bus.recvAsync({ timeout: 60 });
          assert(message, `${bus.channel}: only ${i} of ${COUNT} came`);
          assertEquals([message.arbitrationId, ...message.data], [i, which]);
        }
        assertEquals(bus.recv(0), null);
        assertEquals(bus.droppedFrames, 0);
      })
    );
    for (let i = 0; i < COUNT; i++) {
      for (const [which, [sender]] of buses.entries()) {
        await sender.sendAsync(new Message({ arbitrationId: i, data: [which] }));
      }
      if (i % 10 === 0) await pause();
    }
    await Promise.all(received);
    for (const bus of buses.flat()) bus.close();
    await descriptorsBackTo(before);
  });

  it("wait in one thread", async () => {
    const before = await restingDescriptors();
    using single = new Bus(channels[0]);
    single.recvAsync().catch(() => "closed");
    await pause(200);
    const one = threads().length;
    const buses = openAll().flat();
    for (const bus of buses) bus.recvAsync().catch(() => "closed");
    await pause(200);
    const all = threads();
    // An engine may start a helper of its own at any time: a thread for each bus would be 64 more.
    assert(all.length - one < EACH, `${one} threads while one bus waits, ${all.length} while ${buses.length} more do`);
    const [epoll, ...others] = epollsOf(single.fd);
    assertEquals(others, []);
    for (const bus of buses) assertEquals(epollsOf(bus.fd), [epoll], "all are watched by one");
    const first = `0x${Number(epoll).toString(16)}`;
    assertEquals(all.filter((each) => each.split(" ")[1] === first).length, 1, `one sleeps there: ${all.join("")}`);
    for (const bus of [single, ...buses]) bus.close();
    await descriptorsBackTo(before);
  });

  it("get their turn while one interface is flooded without pause", async () => {
    const before = await restingDescriptors();
    const buses = openAll();
    const [flooded, ...quiet] = buses;
    // Every message that one of them reads is followed by another, so that there is always one for each of them.
    const counts = flooded.map(() => 0);
    const flood = flooded.map(async (bus, i) => {
      for await (const message of bus) {
        assertEquals(message.arbitrationId, counts[i]++);
        if (i === 0 && !bus.closed) bus.send(new Message({ arbitrationId: counts[0] + 999 }));
      }
    });
    flooded[0].sendMany(Array.from({ length: 1000 }, (_, arbitrationId) => new Message({ arbitrationId })));

    // How many messages each of them gets between the sending of a quiet one and its arrival. They are read without a
    // turn of the event loop 512 (and what was read ahead, 64) at a time, and each turn looks at all.
    const FEW_TURNS = 4 * (512 + 64);
    for (let i = 0; i < 30; i++) {
      const waits = quiet.flat().map(async (bus) => {
        const start = [...counts];
        const message = await bus.recvAsync({ timeout: 60 });
        assertEquals(message?.arbitrationId, i);
        const most = Math.max(...counts.map((count, which) => count - start[which]));
        assert(most <= FEW_TURNS, `${most} flooded messages before a quiet one on ${bus.channel}`);
      });
      for (const [sender] of quiet) sender.send(new Message({ arbitrationId: i }));
      await Promise.all(waits);
    }
    // The flood went on between any two quiet messages, and was fair among its own.
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(least > 30 && most - least <= FEW_TURNS, counts.join());
    assertEquals(flooded.map((bus) => bus.droppedFrames), flooded.map(() => 0));
    for (const bus of buses.flat()) bus.close();
    await Promise.all(flood);
    await descriptorsBackTo(before);
  });
});
