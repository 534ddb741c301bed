import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { ip, onOneProcessor, PATIENCE } from "./tools.ts";

/** The number of interfaces, and of buses on each. */
const EACH = 8;

const channels = Array.from({ length: EACH }, (_, i) => `many${i}`);

/** Buses on every interface; the first on each sends, and receives its own messages. */
function openAll(): Bus[][] {
  return channels.map((channel) =>
    Array.from({ length: EACH }, (_, i) => new Bus({ channel, receiveOwnMessages: i === 0, receiveBuffer: 4_000_000 }))
  );
}

/** The text of each descriptor or thread in a folder of /proc; some end while others are read. */
function readEach(folder: string, pathOf: (name: string) => string): [name: string, text: string][] {
  return readdirSync(folder).flatMap((name): [string, string][] => {
    try {
      return [[name, readFileSync(pathOf(name), "utf8")]];
    } catch (error) {
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code!)) throw error;
      return [];
    }
  });
}

/** The epoll descriptors of this process that watch a descriptor. */
function epollsOf(fd: number): string[] {
  const watched = RegExp(`^tfd: +${fd} `, "m");
  const all = readEach("/proc/self/fd", (name) => `/proc/self/fdinfo/${name}`);
  return all.filter(([, text]) => watched.test(text)).map(([name]) => name);
}

/** For each thread of this process, the number and arguments of the system call that it sleeps in. */
function threads(): string[] {
  return readEach("/proc/self/task", (id) => `/proc/self/task/${id}/syscall`).map(([, text]) => text);
}

/** Waits until threads sleep in a system call whose first argument is an epoll descriptor. */
async function sleepersIn(epoll: string): Promise<string[]> {
  const argument = `0x${Number(epoll).toString(16)}`;
  for (const end = performance.now() + 60_000;; await pause(20)) {
    const sleeping = threads().filter((each) => each.split(" ")[1] === argument);
    if (sleeping.length > 0 || performance.now() > end) return sleeping;
  }
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
    using _held = onOneProcessor();
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
    const [epoll, ...others] = epollsOf(single.fd);
    assertEquals(others, []);
    await sleepersIn(epoll);
    const one = threads().length;
    const buses = openAll().flat();
    for (const bus of buses) bus.recvAsync().catch(() => "closed");
    await pause(200);
    for (const bus of buses) assertEquals(epollsOf(bus.fd), [epoll], "all are watched by one");
    assertEquals((await sleepersIn(epoll)).length, 1, `one sleeps there: ${threads().join("")}`);
    const all = threads().length;
    // The runtime may start a helper thread at any time; a thread for each bus would be 64 more.
    assert(all - one < EACH, `${one} threads while one bus waits, ${all} while ${buses.length} more do`);
    for (const bus of [single, ...buses]) bus.close();
    await descriptorsBackTo(before);
  });

  it("get their turn while one interface is flooded without pause", async () => {
    using _held = onOneProcessor();
    const before = await restingDescriptors();
    const buses = openAll();
    const [flooded, ...quiet] = buses;
    // Every message read is answered by another one, so that each of them always has one to read.
    const counts = flooded.map(() => 0);
    const flood = flooded.map(async (bus, i) => {
      for await (const message of bus) {
        assertEquals(message.arbitrationId, counts[i]++);
        if (i === 0 && !bus.closed) bus.send(new Message({ arbitrationId: counts[0] + 999 }));
      }
    });
    flooded[0].sendMany(Array.from({ length: 1000 }, (_, arbitrationId) => new Message({ arbitrationId })));

    // How many messages each of them reads between the sending of a quiet one and its arrival. Up to 512 (and 64 read
    // ahead) are read without a turn of the event loop, and each turn polls all buses.
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
    // The flood continued between any two quiet messages, and was fair among its own buses.
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(least > 30 && most - least <= FEW_TURNS, counts.join());
    assertEquals(flooded.map((bus) => bus.droppedFrames), flooded.map(() => 0));
    for (const bus of buses.flat()) bus.close();
    await Promise.all(flood);
    await descriptorsBackTo(before);
  });
});
