import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { type Bus, CanOperationError, Message } from "../../mod.ts";
import { EAGAIN } from "../../src/kernel/errno.ts";
import { all, bySending, deliver, PATIENCE, take } from "../support/delivery.ts";
import { worlds } from "../support/worlds.ts";

/** One message of each kind of frame. */
const forms: Record<string, Message> = {
  "standard": new Message({ arbitrationId: 0x7ff, isExtendedId: false, data: [1, 2, 3] }),
  "extended": new Message({ arbitrationId: 0x1fffffff, data: [1, 2, 3, 4, 5, 6, 7, 8] }),
  "extended with a small identifier": new Message({ arbitrationId: 1, data: [] }),
  "remote": new Message({ arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 4 }),
  "error": new Message({ arbitrationId: 0x4, isErrorFrame: true, data: [0, 8, 0, 0, 0, 0, 96, 0] }),
  "FD": new Message({ arbitrationId: 5, isFd: true, data: new Uint8Array(64).map((_, i) => i) }),
  "FD, BRS": new Message({ arbitrationId: 5, isFd: true, bitrateSwitch: true, data: new Uint8Array(12) }),
  "FD, ESI": new Message({ arbitrationId: 5, isFd: true, errorStateIndicator: true }),
  "with another length code": new Message({ arbitrationId: 5, data: [8, 7, 6, 5, 4, 3, 2, 1], len8Dlc: 12 }),
  "FD, 8 bytes": new Message({ arbitrationId: 5, isFd: true, data: [8, 7, 6, 5, 4, 3, 2, 1] }),
};

function numbered(count: number, from = 0): Message[] {
  return Array.from({ length: count }, (_, i) => new Message({ arbitrationId: from + i }));
}

function ids(messages: Iterable<Message>): number[] {
  return Array.from(messages, (message) => message.arbitrationId);
}

for (const { name, skip, open } of worlds) {
  describe(`Bus on ${name}`, { skip }, () => {
    for (const [form, message] of Object.entries(forms)) {
      it(`carries a message: ${form}`, () => {
        using sender = open({ fd: true });
        using receiver = open({ fd: true });
        const before = Date.now() / 1000 - 1;
        sender.send(message);
        const got = receiver.recv(PATIENCE)!;
        const asSent = new Message({ ...message.toJSON(), channel: receiver.channel, isRx: false });
        assert(got.equals(asSent, null), `${got} is not ${asSent}`);
        assert(got.isLocal && !got.isConfirm && !got.isRx);
        assertEquals(got.timestampSource, "software");
        assert(got.timestamp > before && got.timestamp < before + 3600, `${got.timestamp} against ${before}`);
        assert(Math.abs(got.timestamp - Number(got.timestampNs) / 1e9) < 1e-6);
        assertEquals(sender.recv(0), null);
      });
    }

    it("keeps the order, and receives many at once", () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      assertEquals(sender.sendMany(numbered(200)), 200);
      take(sender, 200); // the sender gets them last
      const got = [receiver.recvMany(3, 1), [receiver.recv(1)!], receiver.recvMany(1000, 1)];
      assertEquals(got.map(({ length }) => length), [3, 1, 196]);
      assertEquals(ids(bySending(got.flat())), ids(numbered(200)));
      deliver(sender, ...numbered(100));
      assertEquals(ids(receiver.recvMany(3, 1)), [0, 1, 2]);
      assertEquals(receiver.recv(1)!.arbitrationId, 3);
      assertEquals(ids(receiver.recvMany(1000, 1)), ids(numbered(96, 4)));
      assertEquals(receiver.recvMany(1, 0), []);
      assertEquals(receiver.recvMany(1, 0.01), []);
      deliver(sender, ...numbered(200));
      assertEquals(ids(receiver.recvMany(1000, 1)), ids(numbered(200)));
      assertEquals(sender.sendMany([]), 0);
      assertThrows(() => receiver.recvMany(0, 0), RangeError, "max is 0");
      assertThrows(() => receiver.recvMany(1.5, 0), RangeError, "max is 1.5");
    });

    it("receives its own messages with receiveOwnMessages, marked as confirmed", () => {
      using bus = open({ receiveOwnMessages: true });
      using other = open();
      bus.send(new Message({ arbitrationId: 1 }));
      const own = bus.recv(PATIENCE)!;
      assert(own.isConfirm && own.isLocal);
      assert(!other.recv(PATIENCE)!.isConfirm);
    });

    it("delivers to no other socket of the host without localLoopback", () => {
      using silent = open({ localLoopback: false });
      using loud = open();
      using receiver = open();
      silent.send(new Message({ arbitrationId: 1 }));
      loud.send(new Message({ arbitrationId: 2 }));
      assertEquals(receiver.recv(PATIENCE)!.arbitrationId, 2);
    });

    it("returns from recv(0) at once, and from other timeouts never early and soon after", () => {
      using bus = open();
      for (const [timeout, soon] of [[0, 0.05], [0.25, 0.4]]) {
        const waits: number[] = [];
        // The shortest of many: a busy machine may delay any one of them.
        do {
          const start = performance.now();
          assertEquals(bus.recv(timeout), null);
          waits.push((performance.now() - start) / 1000);
        } while (waits.length < 5 || (waits.length < 100 && Math.min(...waits) >= soon));
        assert(Math.min(...waits) >= timeout, `${waits}`);
        assert(Math.min(...waits) < soon, `${waits}`);
      }
    });

    it("refuses invalid timeouts", () => {
      using bus = open();
      for (const timeout of [-1, -0.001, NaN, -Infinity]) {
        assertThrows(() => bus.recv(timeout), RangeError, `timeout is ${timeout}`);
        assertThrows(() => bus.recvMany(1, timeout), RangeError, `timeout is ${timeout}`);
        assertThrows(() => bus.send(forms.standard, timeout), RangeError, `timeout is ${timeout}`);
        assertThrows(() => bus.sendMany([forms.standard], timeout), RangeError, `timeout is ${timeout}`);
      }
      assertThrows(() => bus.recv("1" as unknown as number), TypeError, "timeout must be a number");
    });

    it("iterates, blocking, until the loop is left or the bus is closed", () => {
      using sender = open({ receiveOwnMessages: true });
      const receiver = open();
      deliver(sender, ...numbered(5));
      const seen: number[] = [];
      for (const message of receiver) {
        seen.push(message.arbitrationId);
        if (seen.length === 2) break;
      }
      for (const message of receiver) {
        seen.push(message.arbitrationId);
        if (seen.length === 4) receiver.close();
      }
      assertEquals(seen, [0, 1, 2, 3]);
    });

    it("sends and receives FD frames only with fd: true", () => {
      using sender = open({ fd: true });
      using classic = open();
      assertEquals([sender.protocol, classic.protocol], ["CAN_FD", "CAN_20"]);
      sender.sendMany([forms.FD, forms.standard]);
      assertEquals(classic.recv(PATIENCE)!.arbitrationId, 0x7ff);
      assertThrows(() => classic.send(forms.FD), TypeError, "fd: true");
      assertThrows(() => classic.sendMany([forms.standard, forms.FD]), TypeError, "fd: true");
      assertEquals(sender.recv(0), null, "a refused list is not sent at all");
      assertThrows(() => classic.send({} as Message), TypeError, "not a Message");
      assertThrows(() => classic.sendMany(new Set() as unknown as Message[]), TypeError, "an array of messages");
    });

    it("receives error frames of the classes in errorMask", () => {
      using sender = open({ receiveOwnMessages: true });
      using every = open();
      using none = open({ errorMask: 0 });
      using busOff = open({ errorMask: 0x40 });
      const errors = [0x4, 0x40, 0x44, 0x100].map((id) => new Message({ arbitrationId: id, isErrorFrame: true }));
      deliver(sender, ...errors, new Message({ arbitrationId: 1 }));
      assertEquals(ids(all(every, 5)), [0x4, 0x40, 0x44, 0x100, 1]);
      assertEquals(ids(all(none, 1)), [1]);
      assertEquals(ids(all(busOff, 3)), [0x40, 0x44, 1]);
    });

    it("receives error frames with one filter, and none with several joined ones", () => {
      using sender = open({ receiveOwnMessages: true });
      const filter = { canId: 1, canMask: 0x7ff };
      using one = open({ filters: [filter], joinFilters: true });
      using two = open({ filters: [filter, { canId: 1, canMask: 0x1fffffff }], joinFilters: true });
      using either = open({ filters: [filter, { canId: 2, canMask: 0x7ff }] });
      deliver(sender, forms.error, new Message({ arbitrationId: 1 }));
      assertEquals([ids(all(one, 2)), ids(all(two, 1)), ids(all(either, 2))], [[4, 1], [1], [4, 1]]);
    });

    it("receives nothing with receive: false, and says so", async () => {
      using sender = open({ receive: false });
      using receiver = open({ receiveOwnMessages: true });
      deliver(receiver, forms.standard, forms.error);
      sender.send(forms.standard);
      assertEquals(all(receiver, 1).length, 1);
      const uses = [
        () => sender.recv(0),
        () => sender.recvMany(1, 0),
        () => [...sender],
        () => sender.readable,
        () => sender.setFilters(null),
      ];
      for (const use of uses) assertThrows(use, TypeError, "the bus was opened with receive: false");
      for (const use of [() => sender.recvAsync(), () => sender.recvManyAsync(1), () => sender.messages().next()]) {
        await assertRejects(use, TypeError, "the bus was opened with receive: false");
      }
      if (name === "vcan") {
        assertEquals(openLibc().recv(sender.fd, new Uint8Array(72), 0), -EAGAIN, "nothing is queued");
      }
      using errors = sender.errors();
      deliver(receiver, forms.error);
      assertEquals((await errors.next()).value!.arbitrationId, 4);
      sender.close();
      assertThrows(() => sender.recv(0), CanOperationError, "the bus is closed");
    });

    it("counts the frames that found no room, and loses no others", () => {
      using sender = open();
      using roomy = open({ receiveBuffer: 400_000 });
      using receiver = open();
      assertEquals(receiver.droppedFrames, 0);
      const sent = 1000;
      sender.sendMany(numbered(sent));
      let arrived = 0;
      while (arrived + roomy.droppedFrames < sent) arrived += take(roomy, 1).length;
      // The bus that was opened first gets each frame last, so by now all have been delivered.
      const got = receiver.recvMany(2 * sent, 0);
      assert(got.length > 100 && got.length < sent, `${got.length}`);
      assertEquals(ids(got), ids(numbered(got.length)), "the first frames are kept");
      assertEquals(receiver.droppedFrames, sent - got.length);
      assert(roomy.receiveBuffer >= 400_000);
      assertEquals([arrived + roomy.droppedFrames, roomy.recv(0)], [sent, null]);
      assert(roomy.droppedFrames <= receiver.droppedFrames);
    });

    it("refuses every use but close once it is closed", () => {
      const bus = open();
      assert(!bus.closed);
      bus.close();
      bus.close();
      assert(bus.closed);
      const uses = [
        () => bus.recv(0),
        () => bus.recvMany(1, 0),
        () => bus.send(forms.standard),
        () => bus.sendMany([forms.standard]),
        () => bus.setFilters(null),
        () => bus.fd,
        () => bus.droppedFrames,
        () => bus.receiveBuffer,
        () => bus.sendBuffer,
      ];
      for (const use of uses) {
        const error = assertThrows(use, CanOperationError, `"${bus.channel}": EBADF (the bus is closed)`);
        assertEquals([error.code, error.errno, error.channel], ["EBADF", 9, bus.channel]);
      }
      assertEquals([...bus], []);
    });

    it("closes at the end of a block", async () => {
      let outer: Bus;
      {
        using bus = open();
        outer = bus;
      }
      assert(outer.closed);
      {
        await using bus = open();
        outer = bus;
      }
      assert(outer.closed);
    });

    it("describes itself", () => {
      using bus = open();
      assertEquals(bus.channelInfo, `${name === "vcan" ? "socketcan" : "virtual"} channel "${bus.channel}"`);
      assert(bus.receiveBuffer > 0 && bus.sendBuffer > 0);
      if (name === "vcan") assert(bus.fd > 2);
      else assertThrows(() => bus.fd, CanOperationError, "a virtual bus has none");
    });

    it("has a link where there is an interface, and a state where there is a controller", () => {
      using bus = open();
      assertEquals([bus.state, bus.errorCounters], [null, null]);
      if (name === "vcan") assertEquals([bus.link.name, bus.link.status().kind], ["vcan0", "vcan"]);
      else assertThrows(() => bus.link, CanOperationError, "ENODEV (it is virtual)");
      using every = open({ channel: "" });
      assertThrows(() => every.link, CanOperationError, name === "vcan" ? "use Link.list()" : "it is virtual");
      bus.close();
      for (const read of [() => bus.link, () => bus.state, () => bus.errorCounters]) {
        assertEquals(assertThrows(read, CanOperationError, "the bus is closed").code, "EBADF");
      }
    });

    it("logs each step, and nothing without a logger", () => {
      const lines: string[] = [];
      const logger = {
        debug: (line: string) => void lines.push(line),
        warn: (line: string) => void lines.push(`warning: ${line}`),
      };
      {
        using bus = open({ logger, receiveOwnMessages: true });
        bus.send(forms.standard);
        bus.recv(PATIENCE);
        bus.recv(0.1);
        bus.setFilters([{ canId: 1, canMask: 2 }]);
      }
      const log = lines.join("\n");
      for (const part of ["opening", "opened", "sent Timestamp", "received Timestamp", "waiting for a frame"]) {
        assert(log.includes(part), `${part} in:\n${log}`);
      }
      assert(log.includes('"canMask":2') && lines.at(-1)!.startsWith("closed"), log);
    });

    it("loses no message when the logger throws", () => {
      let failing = false;
      const debug = (line: string) => {
        if (failing && line.startsWith("received")) throw new Error("the logger failed");
      };
      using sender = open({ receiveOwnMessages: true });
      using bus = open({ logger: { debug, warn() {} } });
      const send = (arbitrationId: number) => deliver(sender, new Message({ arbitrationId }));
      send(1);
      send(2);
      assertEquals(bus.recv(1)?.arbitrationId, 1); // 2 has been read ahead
      send(3);
      failing = true;
      assertThrows(() => bus.recvMany(8, 0), Error, "the logger failed");
      failing = false;
      assertEquals(bus.recvMany(8, 0).map(({ arbitrationId }) => arbitrationId), [2, 3]);
      send(4);
      failing = true;
      assertThrows(() => bus.recv(1), Error, "the logger failed");
      failing = false;
      assertEquals(bus.recv(1)?.arbitrationId, 4);
    });
  });
}

describe("A virtual bus", () => {
  const open = worlds[1].open;

  it("does not wait forever, as only the blocked thread could send", () => {
    using bus = open();
    const error = assertThrows(() => bus.recv(), CanOperationError, "recvAsync");
    assertEquals(error.code, "EDEADLK");
  });

  it("shares a wire with buses of the same channel, and with those on every channel", () => {
    using one = open({ channel: "one" });
    using other = open({ channel: "other" });
    using every = open({ channel: "" });
    one.send(new Message({ arbitrationId: 1 }));
    assertEquals(other.recv(0), null);
    assertEquals(every.recv(0)!.channel, "one");
    every.send(new Message({ arbitrationId: 2, channel: "other" }));
    assertEquals([other.recv(0)!.arbitrationId, one.recv(0)], [2, null]);
    assertThrows(() => every.send(new Message()), TypeError, "name one as the message's channel");
  });
});
