import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BcmSocket, Bus, type BusOptions, CanError, CanOperationError, Message } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { drainUntilQuiet, ip, PATIENCE, receive } from "./tools.ts";

const CHANNEL = "vcanper";
const make = (byte: number, channel: string | null = null) =>
  new Message({ arbitrationId: 0x123, isExtendedId: false, data: [byte], channel });

function add(): void {
  ip("link", "add", CHANNEL, "type", "vcan");
  ip("link", "set", CHANNEL, "up");
}

/** The first bytes of the next messages, without error frames. */
async function bytesOf(bus: Bus, count: number): Promise<number[]> {
  return (await receive(bus, count)).map(({ data }) => data[0]);
}

describe("Periodic tasks on links that go down or are deleted", { skip: noVcan, timeout: PATIENCE }, () => {
  beforeEach(add);
  afterEach(() => {
    if (existsSync(`/sys/class/net/${CHANNEL}`)) ip("link", "del", CHANNEL);
  });

  it("do not start on a link that is down, and say what to do", async () => {
    using bus = new Bus(CHANNEL);
    ip("link", "set", CHANNEL, "down");
    for (const options of [{}, { modify: (message: Message) => message }]) {
      const error = assertThrows(() => bus.sendPeriodic(make(1), 1, options), CanError, "ENETDOWN");
      assert(error.message.includes(`sudo ip link set ${CHANNEL} up`), error.message);
      const task = bus.sendPeriodic(make(1), 1, { ...options, autostart: false, count: 1 });
      assertThrows(() => task.start(), CanError, "ENETDOWN");
      assertEquals(task.active, false);
      ip("link", "set", CHANNEL, "up");
      task.start();
      assertEquals(await task.done, "finished");
      const active = bus.sendPeriodic(make(1), 30, options);
      const { done } = active;
      ip("link", "set", CHANNEL, "down");
      assertThrows(() => active.start(), CanOperationError, "ENETDOWN");
      assertEquals([active.active, await done], [false, "stopped"]);
    }
  });

  it("do not start with a message that the link cannot carry", () => {
    ip("link", "set", CHANNEL, "down");
    ip("link", "set", CHANNEL, "mtu", "16", "up");
    using bus = new Bus({ channel: CHANNEL, fd: true });
    using bcm = new BcmSocket(CHANNEL);
    const long = new Message({ isFd: true });
    const uses = [
      () => bus.sendPeriodic(long, 1),
      () => bus.sendPeriodic(long, 1, { modify: (message) => message }),
      () => bcm.transmit(long, 1),
    ];
    for (const use of uses) {
      assertThrows(use, CanOperationError, "EMSGSIZE (message too long); it carries no CAN FD frames: its MTU is 16");
    }
  });

  for (const options of [{}, { modify: (message: Message) => message }]) {
    const how = "modify" in options ? "by timers" : "by the kernel";
    it(`continue when the link is up again, and end: ${how}`, async () => {
      const warnings: string[] = [];
      const logger = { debug() {}, warn: (line: string) => void warnings.push(line) };
      using bus = new Bus({ channel: CHANNEL, logger });
      using listener = new Bus({ channel: CHANNEL, reconnect: true });
      const endless = bus.sendPeriodic(make(1), 0.01, options);
      const count = 400; // far longer than the rest of the test
      const finite = bus.sendPeriodic(make(2), 0.02, { ...options, count });
      let isOver = false;
      const done = finite.done.finally(() => isOver = true);
      const seen = await bytesOf(listener, 9);
      ip("link", "set", CHANNEL, "down");
      await pause(300);
      assert(endless.active && finite.active);
      ip("link", "set", CHANNEL, "up");
      seen.push(...listener.recvMany(999, 0).map(({ data }) => data[0]));
      const bytes = await bytesOf(listener, 30);
      assert(bytes.includes(1) && bytes.includes(2), `${bytes}`);
      while (!isOver) seen.push(...await bytesOf(listener, 1));
      assertEquals(await done, "finished");
      assert(endless.active);
      assert(warnings.some((line) => line.includes("ENETDOWN")), warnings.join("\n"));
      const lost = count - [...seen, ...bytes].filter((byte) => byte === 2).length;
      assert(lost > 0);
    });
  }

  it("end with an error when the link is deleted", async () => {
    const before = await restingDescriptors();
    {
      using bus = new Bus(CHANNEL);
      const waited = bus.sendPeriodic(make(1), 0.01);
      const unasked = bus.sendPeriodic(make(2), 0.01, { count: 100_000 });
      const timed = bus.sendPeriodic(make(3), 0.01, { modify: (message) => message });
      const ends = [waited.done, timed.done].map((done) => assertRejects(() => done, CanOperationError, "is gone"));
      await pause(50);
      ip("link", "del", CHANNEL);
      await Promise.all(ends);
      assertEquals([waited.active, unasked.active, timed.active], [false, false, false]);
      await assertRejects(() => unasked.done, CanOperationError, "ENODEV");
      for (const task of [waited, unasked, timed]) {
        task.stop();
        assertThrows(() => task.start());
      }
      add();
      waited.start(); // the kernel's tasks have their own socket, now bound to the new interface
      assert(waited.active);
    }
    await descriptorsBackTo(before);
  });

  it("without a waiter are found to have ended", async () => {
    const warnings: string[] = [];
    using bus = new Bus({ channel: CHANNEL, logger: { debug() {}, warn: (line) => void warnings.push(line) } });
    const task = bus.sendPeriodic(make(1), 0.01);
    const timed = bus.sendPeriodic(make(2), 0.01, { modify: (message) => message });
    ip("link", "del", CHANNEL);
    await pause(600); // a check; and no unhandled rejection
    assertEquals([task.active, timed.active], [false, false]);
    await assertRejects(() => timed.done, CanOperationError, "the interface is gone");
    assert(warnings.some((line) => /A periodic task has ended: .*ENODEV/.test(line)), warnings.join("\n"));
    await assertRejects(() => task.done, CanOperationError, "ENODEV");
  });

  it("with reconnect, continue when the link is created again", async () => {
    const warnings: string[] = [];
    const options: BusOptions = {
      channel: CHANNEL,
      reconnect: true,
      logger: { debug() {}, warn: (line) => void warnings.push(line) },
    };
    using bus = new Bus(options);
    const endless = bus.sendPeriodic(make(1), 0.01);
    const finite = bus.sendPeriodic(make(2), 0.02, { count: 500 }); // far longer than the rest of the test
    const over = bus.sendPeriodic(make(3), 0.01, { count: 30 });
    const twoRates = bus.sendPeriodic(make(4), 0.01, { count: 20, subsequentPeriod: 0.015 });
    const stopped = bus.sendPeriodic(make(5), 0.01);
    const timed = bus.sendPeriodic(make(6), 0.01, { modify: (message) => message });
    const ends = [over.done, finite.done];
    ip("link", "del", CHANNEL);
    await pause(500);
    stopped.stop();
    assertEquals([endless, finite, twoRates, timed, stopped].map(({ active }) => active), [
      true,
      true,
      true,
      true,
      false,
    ]);
    endless.modifyData(make(11));
    endless.modifyPeriod(0.005);
    add();
    using listener = new Bus(CHANNEL);
    const seen = new Set<number>();
    while (seen.size < 4) for (const byte of await bytesOf(listener, 10)) seen.add(byte);
    assertEquals([...seen].sort((a, b) => a - b), [2, 4, 6, 11]);
    assertEquals(await Promise.all(ends), ["finished", "finished"]);
    assert(warnings.some((line) => line.includes("; waiting for it")), warnings.join("\n"));
  });

  it("on every interface: a task ends with its interface, and follows its renaming", async () => {
    using bus = new Bus("");
    using listener = new Bus({ channel: CHANNEL, reconnect: true });
    const here = bus.sendPeriodic(make(1, CHANNEL), 0.01);
    const there = bus.sendPeriodic(make(2, "vcan0"), 0.01);
    await bytesOf(listener, 3);
    ip("link", "set", CHANNEL, "down");
    ip("link", "set", CHANNEL, "name", "vcanper2");
    ip("link", "set", "vcanper2", "up");
    listener.recvMany(999, 0);
    await bytesOf(listener, 3);
    here.modifyData(make(3, CHANNEL));
    while ((await bytesOf(listener, 1))[0] !== 3);
    here.stop();
    await drainUntilQuiet(listener);
    assertThrows(() => here.start(), CanOperationError, "ENODEV");
    const again = bus.sendPeriodic(make(4, "vcanper2"), 0.01);
    const { done } = again;
    ip("link", "del", "vcanper2");
    await assertRejects(() => done, CanOperationError, "ENODEV");
    assert(there.active);
  });

  it("BcmSocket answers an identifier separately on each interface", () => {
    using bcm = new BcmSocket("");
    const answers = [bcm.answer(make(1, "vcan0")), bcm.answer(make(2, CHANNEL))];
    assertThrows(() => bcm.answer(make(3, CHANNEL)), RangeError, `of that kind on "${CHANNEL}"; end it first`);
    const ask = (channel: string, wait = 60): number | undefined => {
      using bus = new Bus(channel);
      bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true }));
      return bus.recv(wait)?.data[0];
    };
    assertEquals([ask("vcan0"), ask(CHANNEL)], [1, 2]);
    answers[0].unsubscribe();
    assertEquals([ask("vcan0", 0.5), ask(CHANNEL)], [undefined, 2]);
  });

  it("BcmSocket reports a link that is down once, and a deleted one each time", async () => {
    using bcm = new BcmSocket(CHANNEL);
    const subscription = bcm.subscribe({ arbitrationId: 0x123, isExtendedId: false, mask: null });
    const send = () => {
      using bus = new Bus(CHANNEL);
      bus.send(make(1));
    };
    send();
    ip("link", "set", CHANNEL, "down");
    assertThrows(() => bcm.recv(1), CanOperationError, "ENETDOWN (network is down); bring it up");
    assertEquals((await receive(bcm, 1))[0].type, "changed");
    assertEquals(bcm.recv(0.05), null);
    assertThrows(() => bcm.transmit(make(1), 1), CanOperationError, "ENETDOWN");
    ip("link", "set", CHANNEL, "up");
    send();
    assertEquals((await receive(bcm, 1))[0].type, "changed");
    send();
    assertEquals((await receive(bcm, 1))[0].type, "changed");
    const wait = bcm.recvAsync();
    await pause(100);
    ip("link", "del", CHANNEL);
    await assertRejects(() => wait, CanOperationError, "ENODEV (no such device); the interface is gone: close this");
    for (let i = 0; i < 3; i++) assertThrows(() => bcm.recv(1), CanOperationError, "ENODEV");
    assertThrows(() => bcm.subscribe({ arbitrationId: 5 }), CanOperationError, "ENODEV");
    assertThrows(() => subscription.read(), CanOperationError, "ENODEV");
    subscription.unsubscribe();
  });
});
