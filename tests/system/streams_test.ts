import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Bus, CanOperationError, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { ip, onOneProcessor, PATIENCE, receive } from "./tools.ts";

const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] });

describe("A bridge between two interfaces", { skip: noVcan, timeout: PATIENCE }, () => {
  before(() => {
    ip("link", "add", "near", "type", "vcan");
    ip("link", "set", "near", "up");
  });
  after(() => ip("link", "del", "near"));

  it("carries every message, in order", async () => {
    using _held = onOneProcessor();
    using feeder = new Bus("near");
    using from = new Bus({ channel: "near", receiveBuffer: 4_000_000 });
    using to = new Bus("vcan0");
    using listener = new Bus({ channel: "vcan0", receiveBuffer: 4_000_000 });
    const stopping = new AbortController();
    const bridge = from.readable.pipeTo(to.writable, { signal: stopping.signal });
    const ended = assertRejects(() => bridge);
    const COUNT = 3000;
    const messages = Array.from({ length: COUNT }, (_, arbitrationId) => new Message({ arbitrationId }));
    for (let i = 0; i < COUNT; i += 100) {
      feeder.sendMany(messages.slice(i, i + 100));
      await pause();
    }
    for (const [i, carried] of (await receive(listener, COUNT)).entries()) {
      assertEquals([carried.arbitrationId, carried.channel], [i, "vcan0"]);
    }
    stopping.abort();
    await ended;
  });

  it("fails when its source goes down, and works again when it is up", async () => {
    using from = new Bus("near");
    using to = new Bus("vcan0");
    using listener = new Bus("vcan0");
    const first = from.readable;
    const down = assertRejects(() => first.pipeTo(to.writable, { preventAbort: true }), CanOperationError, "ENETDOWN");
    await pause(50);
    ip("link", "set", "near", "down");
    assertEquals((await down).channel, "near");
    ip("link", "set", "near", "up");
    assert(from.readable !== first);
    const stopping = new AbortController();
    const ended = assertRejects(() => from.readable.pipeTo(to.writable, { signal: stopping.signal }));
    using feeder = new Bus("near");
    feeder.send(message);
    assertEquals((await receive(listener, 1))[0].arbitrationId, 0x123);
    stopping.abort();
    await ended;
  });

  it("fails when its destination goes down, and works again when it is up", async () => {
    using feeder = new Bus("vcan0");
    using from = new Bus("vcan0");
    using to = new Bus("near");
    const first = to.writable;
    const down = assertRejects(() => from.readable.pipeTo(first), CanOperationError, 'Cannot send to "near": ENETDOWN');
    ip("link", "set", "near", "down");
    feeder.send(message);
    await down;
    ip("link", "set", "near", "up");
    using listener = new Bus("near");
    assert(to.writable !== first);
    const stopping = new AbortController();
    const ended = assertRejects(() => from.readable.pipeTo(to.writable, { signal: stopping.signal }));
    feeder.send(message);
    assertEquals((await receive(listener, 1))[0].arbitrationId, 0x123);
    stopping.abort();
    await ended;
  });

  it("fails when an interface is deleted", async () => {
    ip("link", "add", "shortly", "type", "vcan");
    ip("link", "set", "shortly", "up");
    using from = new Bus("shortly");
    using to = new Bus("vcan0");
    const gone = assertRejects(() => from.readable.pipeTo(to.writable), CanOperationError, "ENODEV");
    await pause(50);
    ip("link", "del", "shortly");
    await gone;
    await assertRejects(() => from.readable.getReader().read(), CanOperationError, "the interface is gone");
  });
});
