import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Bus, CanOperationError, Message } from "../../mod.ts";
import { registerSocket } from "../../src/endpoint/open_sockets.ts";
import { later } from "../support/pause.ts";

const target = globalThis as unknown as Partial<EventTarget>;

describe("At unload", { skip: !target.dispatchEvent && "this runtime has no events" }, () => {
  it("open sockets are closed, the last one first, whatever that throws; closed ones are not", async () => {
    const bus = new Bus({ channel: "unload", interface: "virtual" });
    const task = bus.sendPeriodic(new Message(), 0.01);
    const wait = later(new Bus({ channel: "idle", interface: "virtual" }).recvAsync());
    const loop = (async () => {
      for await (const _ of new Bus({ channel: "elsewhere", interface: "virtual" }));
      return "ended";
    })();
    const order: number[] = [];
    const sockets = [1, 2, 3].map((number) => ({
      unregister: () => {},
      close() {
        this.unregister();
        order.push(number);
        if (number === 3) throw new Error("on purpose");
      },
    }));
    for (const socket of sockets) socket.unregister = registerSocket(socket);
    sockets[1].close();
    order.length = 0;
    target.dispatchEvent!(new Event("unload"));
    assertEquals(order, [3, 1]);
    assert(bus.closed);
    await assertRejects(() => wait, CanOperationError, "EBADF");
    await task.done;
    assertEquals(await loop, "ended");
    target.dispatchEvent!(new Event("unload"));
    assertEquals(order, [3, 1]);
    using next = new Bus({ channel: "unload", interface: "virtual" });
    assert(!next.closed);
  });
});
