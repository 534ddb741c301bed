import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Bus, CanInitializationError, CanOperationError, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { noControllers } from "./machine.ts";
import { ip, onOneProcessor, PATIENCE, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };
const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] });

describe("Links", options, () => {
  before(() => ip("link", "add", "vcan1", "type", "vcan"));
  after(() => ip("link", "del", "vcan1"));

  it("that do not exist: the error says how to create one, and lists the existing ones", () => {
    const error = assertThrows(() => new Bus("vcan99"), CanInitializationError, '"vcan99": ENODEV (no such device)');
    assert(/ip link add dev vcan99 type vcan.*CAN interfaces here: .*vcan0/.test(error.message), error.message);
    assertEquals([error.code, error.channel], ["ENODEV", "vcan99"]);
    assertThrows(() => new Bus("can99"), CanInitializationError, "is its driver loaded and the device plugged in?");
    assertThrows(() => new Bus("a-name-that-is-far-too-long"), RangeError, "longer than 15 bytes");
  });

  it("that are not CAN", () => {
    assertThrows(() => new Bus("lo"), CanInitializationError, "it is not a CAN interface; CAN interfaces here: ");
  });

  it("that are down", () => {
    const error = assertThrows(() => new Bus("vcan1"), CanInitializationError, 'Cannot open CAN interface "vcan1"');
    assert(/ENETDOWN.*sudo ip link set vcan1 up.*bitrate/.test(error.message), error.message);
  });

  it("that carry no FD frames", () => {
    ip("link", "set", "vcan1", "mtu", "16", "up");
    using bus = new Bus({ channel: "vcan1", fd: true });
    const error = assertThrows(
      () => bus.send(new Message({ isFd: true })),
      CanOperationError,
      "it carries no CAN FD frames: its MTU is 16, and must be 72",
    );
    assertEquals(error.code, "EMSGSIZE");
    bus.send(message);
  });

  it("that go down and up again: reported once, and the bus keeps working", async () => {
    ip("link", "set", "vcan1", "up");
    using bus = new Bus("vcan1");
    using waiting = new Bus("vcan1");
    using sender = new Bus("vcan1");
    sender.send(message);
    assertEquals((await receive(waiting, 1))[0].arbitrationId, 0x123);
    assertEquals((await receive(bus, 1))[0].arbitrationId, 0x123);
    const rejected = assertRejects(() => waiting.recvAsync(), CanOperationError, "ENETDOWN");
    await pause(50);
    ip("link", "set", "vcan1", "down");
    await rejected;
    assertThrows(() => sender.send(message), CanOperationError, 'ip link set vcan1 up"; the bus works again then');
    assertThrows(() => bus.recv(1), CanOperationError, "ENETDOWN");
    assertEquals(bus.recv(0.01), null, "once");
    ip("link", "set", "vcan1", "up");
    sender.send(message);
    assertEquals((await receive(bus, 1))[0].arbitrationId, 0x123);
    assertEquals((await receive(waiting, 1))[0].arbitrationId, 0x123);
  });

  it("all at once: messages name their interface, received and sent", async () => {
    ip("link", "set", "vcan1", "up");
    using every = new Bus("");
    using zero = new Bus("vcan0");
    using one = new Bus("vcan1");
    for (const [bus, name] of [[zero, "vcan0"], [one, "vcan1"]] as const) {
      bus.send(message);
      assertEquals((await receive(every, 1))[0].channel, name);
    }
    const to = (channel: string | null) => new Message({ ...message.toJSON(), channel });
    assertEquals(every.sendMany([to("vcan1"), to("vcan0"), to("vcan1")]), 3);
    await Promise.all([receive(zero, 1), receive(one, 2)]);
    for (const bus of [zero, one]) assertEquals(await bus.recvAsync({ timeout: 0.1 }), null);
    assertThrows(() => every.send(to(null)), TypeError, "name one as the message's channel");
    assertThrows(
      () => every.send(to("vcan99")),
      CanOperationError,
      'Cannot send to "vcan99": ENODEV (no such device); CAN interfaces',
    );
    assertThrows(() => every.send(to("a-name-that-is-far-too-long")), CanOperationError, "ENODEV");
    const error = assertThrows(() => every.sendMany([to("vcan0"), to("vcan99")]), CanOperationError, "1 of 2 messages");
    assertEquals([error.sent, (await receive(zero, 1))[0].arbitrationId], [1, 0x123]);
  });

  it("all at once: a renamed link, and one created again, has its current name", async () => {
    ip("link", "add", "vcan3", "type", "vcan");
    ip("link", "set", "vcan3", "up");
    using every = new Bus("");
    const from = async (channel: string) => {
      using bus = new Bus(channel);
      bus.send(message);
      return (await receive(every, 1))[0].channel;
    };
    assertEquals(await from("vcan3"), "vcan3");
    ip("link", "set", "vcan3", "down");
    ip("link", "set", "vcan3", "name", "engine");
    ip("link", "set", "engine", "up");
    assertEquals(await from("engine"), "engine");
    {
      using bus = new Bus("engine");
      bus.send(message);
    }
    ip("link", "del", "engine");
    assertEquals((await receive(every, 1))[0].channel, "engine", "the last name of one that is gone");
    ip("link", "add", "vcan3", "type", "vcan");
    ip("link", "set", "vcan3", "up");
    assertEquals(await from("vcan3"), "vcan3");
    ip("link", "del", "vcan3");
  });

  it("that went down, found by a send: the next receive fails too, once", async () => {
    ip("link", "set", "vcan1", "up");
    using bus = new Bus("vcan1");
    const reported = assertRejects(() => bus.recvAsync(), CanOperationError, "ENETDOWN");
    ip("link", "set", "vcan1", "down");
    for (let i = 0; i < 2; i++) assertThrows(() => bus.send(message), CanOperationError, "ENETDOWN");
    await reported;
    assertEquals(bus.recv(0), null);
    assertThrows(() => bus.send(message), CanOperationError, "ENETDOWN");
    assertEquals(bus.recv(0), null);
    ip("link", "set", "vcan1", "up");
    bus.send(message);
  });

  it("that went down and up before a send: the send succeeds, and the next receive fails", async () => {
    ip("link", "set", "vcan1", "up");
    using bus = new Bus("vcan1");
    using other = new Bus("vcan1");
    ip("link", "set", "vcan1", "down");
    ip("link", "set", "vcan1", "up");
    assertThrows(() => other.recv(0), CanOperationError, "ENETDOWN");
    const reported = assertRejects(() => bus.recvAsync(), CanOperationError, "ENETDOWN");
    bus.send(message); // takes the socket's pending error before the waiting receive sees it
    await reported;
    assertEquals((await receive(other, 1))[0].arbitrationId, 0x123);
  });

  it("that are deleted", async () => {
    using _held = onOneProcessor();
    ip("link", "add", "vcan2", "type", "vcan");
    ip("link", "set", "vcan2", "up");
    using bus = new Bus("vcan2");
    using awaited = new Bus("vcan2");
    const waits = [awaited.recvAsync(), awaited.recvAsync()];
    using late = new Bus("vcan2");
    using sender = new Bus("vcan2");
    for (let i = 0; i < 100; i++) sender.send(new Message({ arbitrationId: i }));
    assertEquals([(await waits[0])!.arbitrationId, (await waits[1])!.arbitrationId], [0, 1]);
    await Promise.all([receive(awaited, 98), receive(bus, 100)]);
    waits[0] = awaited.recvAsync();
    waits[1] = awaited.recvAsync();
    ip("link", "del", "vcan2");
    // First what arrived before, then the error.
    assertEquals([late.recv(1)!.arbitrationId, late.recvMany(1000, 1).length], [0, 99]);
    assertThrows(() => late.recv(1), CanOperationError, "ENODEV");
    await Promise.all(waits.map((wait) => assertRejects(() => wait, CanOperationError, "ENODEV")));
    const error = assertThrows(() => bus.recv(1), CanOperationError, 'Cannot receive from "vcan2": ENODEV');
    assertEquals(error.code, "ENODEV");
    assertThrows(() => bus.recv(), CanOperationError, "open a new one when it is back");
    assertThrows(() => bus.send(message), CanOperationError, "the interface is gone");
  });
});

describe("SJA1000 controllers", { ...options, skip: noControllers }, () => {
  it("carry frames to each other, which are then not local", () => {
    for (const name of ["can0", "can1"]) ip("link", "set", name, "up", "type", "can", "bitrate", "500000");
    try {
      using from = new Bus({ channel: "can0", receiveOwnMessages: true });
      using to = new Bus("can1");
      from.send(message, 1);
      const got = to.recv(30)!;
      assertEquals([got.arbitrationId, ...got.data, got.channel], [0x123, 1, 2, "can1"]);
      assert(got.isRx && !got.isLocal && !got.isConfirm, `${got}`);
      const echo = from.recv(30)!;
      assert(echo.isConfirm && echo.isLocal, `${echo}`);
    } finally {
      for (const name of ["can0", "can1"]) ip("link", "set", name, "down");
    }
  });
});
