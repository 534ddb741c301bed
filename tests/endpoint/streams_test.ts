import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bus, CanOperationError, Message } from "../../mod.ts";
import { EAGAIN, ENETDOWN, ENOBUFS, ENODEV } from "../../src/kernel/errno.ts";
import { all, bySending, deliver, PATIENCE } from "../support/delivery.ts";
import { type Call, withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";
import { pause, until } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

function numbered(count: number, from = 0): Message[] {
  return Array.from({ length: count }, (_, i) => new Message({ arbitrationId: from + i }));
}

function ids(messages: readonly Message[]): number[] {
  return messages.map((message) => message.arbitrationId);
}

/** 0, 1, 2 ... */
function upTo(count: number): number[] {
  return ids(numbered(count));
}

/** A stream that appends what is written to it to an array. */
function collector(into: Message[]): WritableStream<Message> {
  return new WritableStream({ write: (message) => void into.push(message) }, { highWaterMark: 1 });
}

/** A stream of messages, and the number of messages taken from it so far. */
function producer(messages: readonly Message[]): { stream: ReadableStream<Message>; taken: () => number } {
  let next = 0;
  const stream = new ReadableStream<Message>({
    pull(controller) {
      if (next < messages.length) controller.enqueue(messages[next++]);
      else controller.close();
    },
  }, { highWaterMark: 0 });
  return { stream, taken: () => next };
}

for (const { name, skip, open } of worlds) {
  describe(`The readable stream of a Bus on ${name}`, { skip }, () => {
    it("returns queued messages, then later ones, in order", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      deliver(sender, ...numbered(3));
      const seen: number[] = [];
      const reading = (async () => {
        for await (const message of receiver.readable) {
          seen.push(message.arbitrationId);
          if (seen.length === 6) break;
        }
      })();
      await until(() => seen.length >= 3);
      assertEquals(seen, [0, 1, 2]);
      deliver(sender, ...numbered(4, 3));
      await reading;
      assertEquals(seen, upTo(6));
      assertEquals(receiver.recv(PATIENCE)!.arbitrationId, 6, "nothing was read ahead");
    });

    it("takes nothing from the bus until it is read", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const reader = receiver.readable.getReader();
      deliver(sender, ...numbered(3));
      await pause(20);
      assertEquals(receiver.recv(PATIENCE)!.arbitrationId, 0);
      assertEquals((await reader.read()).value!.arbitrationId, 1);
      await pause(20);
      await reader.cancel();
      assertEquals(ids(all(receiver, 1)), [2]);
    });

    it("is the same stream until it ends, then a new one", async () => {
      using sender = open();
      using receiver = open();
      const first = receiver.readable;
      assert(receiver.readable === first);
      const reader = first.getReader();
      reader.releaseLock();
      assert(receiver.readable === first);
      await first.cancel();
      assert(receiver.readable !== first);
      sender.send(numbered(1)[0]);
      assertEquals((await receiver.readable.getReader().read()).value!.arbitrationId, 0);
    });

    it("loses no message to a cancellation during a read, whenever the frame arrives", async () => {
      using sender = open();
      using receiver = open();
      for (let i = 0; i < 60; i++) {
        const reader = receiver.readable.getReader();
        const read = reader.read();
        if (i % 2) await pause();
        sender.send(new Message({ arbitrationId: i }));
        for (let turns = 0; turns < i % 7; turns++) await null;
        if (i % 3 === 2) await pause();
        await reader.cancel();
        const { value } = await read;
        const message = value ?? receiver.recv(PATIENCE);
        assertEquals(message!.arbitrationId, i);
      }
    });

    it("keeps the message of a read whose lock was released for the next reader", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const { readable } = receiver;
      const first = readable.getReader();
      const read = first.read();
      first.releaseLock();
      await assertRejects(() => read, TypeError);
      deliver(sender, ...numbered(3));
      const second = readable.getReader();
      for (const id of upTo(3)) assertEquals((await second.read()).value!.arbitrationId, id);
    });

    it("serves its reads in the order of their start among the waits of recvAsync", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const reader = receiver.readable.getReader();
      await pause(); // a new stream starts reading a little later
      const before = receiver.recvAsync();
      const reads = [reader.read(), reader.read()];
      const after = receiver.recvAsync();
      deliver(sender, ...numbered(4));
      assertEquals((await before)!.arbitrationId, 0);
      assertEquals((await reads[0]).value!.arbitrationId, 1);
      assertEquals((await after)!.arbitrationId, 2);
      assertEquals((await reads[1]).value!.arbitrationId, 3);
    });

    it("ends when the bus is closed, with and without a pending read", async () => {
      for (const reading of [true, false]) {
        const bus = open();
        const reader = bus.readable.getReader();
        const read = reading ? reader.read() : undefined;
        await pause();
        bus.close();
        await reader.closed;
        assertEquals((await (read ?? reader.read())).done, true);
        assertEquals((await bus.readable.getReader().read()).done, true, "so does a stream taken after the close");
      }
    });

    it("works with a TransformStream and with tee", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      deliver(sender, ...numbered(10));
      const even = new TransformStream<Message, string>({
        transform(message, controller) {
          if (message.arbitrationId % 2 === 0) controller.enqueue(message.arbitrationId.toString(16));
        },
      });
      const seen: string[] = [];
      for await (const text of receiver.readable.pipeThrough(even)) {
        seen.push(text);
        if (text === "8") break;
      }
      assertEquals(seen, ["0", "2", "4", "6", "8"]);

      using teed = open();
      const [one, other] = teed.readable.tee().map((branch) => branch.getReader());
      deliver(sender, ...numbered(5));
      for (const id of upTo(5)) {
        assertEquals((await one.read()).value!.arbitrationId, id);
        assertEquals((await other.read()).value!.arbitrationId, id);
      }
      await Promise.all([one.cancel(), other.cancel()]);
      sender.send(new Message({ arbitrationId: 77 }));
      let last: Message | null = null;
      while (last?.arbitrationId !== 77) last = await nextOf(teed);
    });

    it("leaves in the bus what an aborted pipe has not delivered", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open({ receiveBuffer: 2_000_000 });
      const count = 500;
      for (const after of [0, 1, 99]) {
        const aborting = new AbortController();
        const got: Message[] = [];
        deliver(sender, ...numbered(count));
        const to = new WritableStream<Message>({
          async write(message) {
            got.push(message);
            if (got.length % 10 === 9) await pause();
            if (got.length === after) aborting.abort(new Error("enough"));
          },
        });
        if (after === 0) aborting.abort(new Error("enough"));
        await assertRejects(() => receiver.readable.pipeTo(to, { signal: aborting.signal }), Error, "enough");
        // The runtime may have read one message before the abort, and still writes it.
        assert(got.length >= after && got.length <= after + 1, `${got.length} of ${after}`);
        const rest = all(receiver, count - got.length);
        assertEquals(ids([...got, ...rest]), upTo(count));
      }
    });

    it("does not starve the event loop while messages are always queued", async () => {
      using sender = open();
      using receiver = open({ receiveBuffer: 2_000_000 });
      let turns = 0;
      let going = true;
      const ticking = (async () => {
        while (going) {
          await pause();
          turns++;
        }
      })();
      const fill = () => sender.sendMany(numbered(100));
      fill();
      let count = 0;
      const aborting = new AbortController();
      const to = new WritableStream<Message>({
        write() {
          if (++count % 50 === 0) fill();
          if (count === 5000) aborting.abort();
        },
      });
      await assertRejects(() => receiver.readable.pipeTo(to, { signal: aborting.signal }));
      going = false;
      await ticking;
      assert(turns >= 2, `${turns} turns in ${count} messages`);
    });
  });

  describe(`The writable stream of a Bus on ${name}`, { skip }, () => {
    it("sends what is written to it, in order; closing it does not close the bus", async () => {
      using sender = open();
      using receiver = open();
      const first = sender.writable;
      assert(sender.writable === first);
      await producer(numbered(20)).stream.pipeTo(first);
      assert(!sender.closed);
      assert(sender.writable !== first);
      const writer = sender.writable.getWriter();
      await Promise.all(numbered(5, 20).map((message) => writer.write(message)));
      await writer.close();
      assertEquals(ids(bySending(all(receiver, 25))), upTo(25));
    });

    it("fails on what is not a message, and a new one works", async () => {
      using sender = open();
      using receiver = open();
      const writer = sender.writable.getWriter();
      await assertRejects(() => writer.write({} as Message), TypeError, "not a Message");
      await assertRejects(() => writer.closed, TypeError, "not a Message");
      await assertRejects(() => writer.write(new Message()), TypeError, "not a Message");
      await sender.writable.getWriter().write(new Message({ arbitrationId: 5 }));
      assertEquals(ids(all(receiver, 1)), [5]);
    });

    it("is replaced by a new one after an abort", async () => {
      using sender = open();
      using receiver = open();
      const first = sender.writable;
      await first.abort(new Error("enough"));
      assert(sender.writable !== first);
      await sender.writable.getWriter().write(new Message({ arbitrationId: 6 }));
      assertEquals(ids(all(receiver, 1)), [6]);
    });

    it("fails when the bus is closed, as does a pipe into it", async () => {
      const bus = open();
      const writer = bus.writable.getWriter();
      bus.close();
      for (const failing of [() => writer.closed, () => writer.write(new Message())]) {
        assertEquals((await assertRejects(failing, CanOperationError, "the bus is closed")).code, "EBADF");
      }
      const late = bus.writable.getWriter();
      await assertRejects(() => late.write(new Message()), CanOperationError, "the bus is closed");

      const to = open();
      const silent = open();
      const pipe = silent.readable.pipeTo(to.writable);
      await pause();
      to.close();
      await assertRejects(() => pipe, CanOperationError, "the bus is closed");
      silent.close();
    });

    it("is left usable, without an error, when the source of a pipe is closed", async () => {
      const from = open();
      using to = open();
      const pipe = from.readable.pipeTo(to.writable);
      await pause();
      from.close();
      await pipe;
      assert(!to.closed);
    });
  });
}

async function nextOf(bus: Bus): Promise<Message> {
  const message = await bus.recvAsync({ timeout: PATIENCE });
  assert(message, "nothing arrived");
  return message;
}

describe("Piping one virtual bus into another", () => {
  const open = (channel: string) => worlds[1].open({ channel });

  it("makes a bridge, in both directions at once", async () => {
    using left = open("left");
    using right = open("right");
    using nodeLeft = open("left");
    using nodeRight = open("right");
    const stopping = new AbortController();
    const { signal } = stopping;
    const bridge = Promise.allSettled([
      left.readable.pipeTo(right.writable, { signal }),
      right.readable.pipeTo(left.writable, { signal }),
    ]);
    nodeLeft.sendMany(numbered(100));
    nodeRight.sendMany(numbered(100, 1000));
    for (const id of upTo(100)) {
      assertEquals((await nextOf(nodeRight)).arbitrationId, id);
      assertEquals((await nextOf(nodeLeft)).arbitrationId, 1000 + id);
    }
    stopping.abort(new Error("enough"));
    for (const end of await bridge) assertEquals(end.status === "rejected" && end.reason.message, "enough");
    nodeLeft.send(new Message({ arbitrationId: 7 }));
    assertEquals(left.recv(1)!.arbitrationId, 7, "the bus still works");
    assertEquals([nodeLeft.recv(0), nodeRight.recv(0)], [null, null], "nothing is echoed back");
  });
});

describe("The streams of a bus with failing system calls", { skip: noVcan }, () => {
  const { open } = worlds[0];

  for (const [errno, code] of [[ENETDOWN, "ENETDOWN"], [ENODEV, "ENODEV"]] as const) {
    it(`the readable stream fails with ${code}, with and without a pending read, as does a pipe`, async () => {
      for (const waiting of [true, false]) {
        using sender = open({ receiveOwnMessages: true });
        using receiver = open();
        const failing = receiver.readable;
        let armed = false;
        const fault = (call: Call) => call === "recvmmsg" && armed ? -errno : undefined;
        const got: Message[] = [];
        await withFaults(fault, async () => {
          armed = !waiting;
          const pipe = failing.pipeTo(collector(got));
          const rejected = assertRejects(() => pipe, CanOperationError, code);
          await pause(20);
          armed = true;
          sender.send(new Message({ arbitrationId: 1 }));
          assertEquals((await rejected).code, code);
        }).result;
        assert(sender.recv(PATIENCE), "it was delivered");
        assertEquals(got, []);
        assert(receiver.readable !== failing);
        const reader = receiver.readable.getReader();
        assertEquals((await reader.read()).value!.arbitrationId, 1, "the next stream returns what arrived");
        if (errno === ENODEV) await assertRejects(() => reader.read(), CanOperationError, "ENODEV");
      }
    });

    it(`the writable stream fails with ${code}`, async () => {
      using sender = open();
      using receiver = open();
      const failing = sender.writable;
      const writer = failing.getWriter();
      const fault = (call: Call) => call === "send" ? -errno : undefined;
      await withFaults(fault, async () => {
        const error = await assertRejects(() => writer.write(new Message()), CanOperationError, code);
        assertEquals(error.code, code);
        assert(await assertRejects(() => writer.closed) === error);
      }).result;
      assert(sender.writable !== failing);
      await sender.writable.getWriter().write(new Message({ arbitrationId: 8 }));
      assertEquals(ids(all(receiver, 1)), [8]);
    });
  }

  for (const [errno, code] of [[ENOBUFS, "ENOBUFS"], [EAGAIN, "EAGAIN"]] as const) {
    it(`${code} applies backpressure until there is room; nothing is lost or sent twice`, async () => {
      using sender = open();
      using receiver = open();
      const { stream, taken } = producer(numbered(50));
      let full = false;
      let tries = 0;
      const fault = (call: Call) => call === "send" && (full || tries++ % 3 !== 2) ? -errno : undefined;
      await withFaults(fault, async () => {
        full = true;
        const pipe = stream.pipeTo(sender.writable);
        await until(() => taken() > 0);
        await pause(60);
        // One is being sent; the runtime may hold another one.
        assert(taken() >= 1 && taken() <= 2, `${taken()} were taken`);
        assertEquals(receiver.recv(0), null);
        full = false;
        await pipe;
      }).result;
      assertEquals(ids(bySending(all(receiver, 50))), upTo(50));
    });

    it(`${code} at the far end of a bridge leaves the unsent messages in the near bus`, async () => {
      using feeder = open({ receiveOwnMessages: true });
      using near = open();
      using far = open();
      deliver(feeder, ...numbered(50));
      let tries = 0;
      const fault = (call: Call) => call === "send" ? (tries++, -errno) : undefined;
      await withFaults(fault, async () => {
        const pipe = near.readable.pipeTo(far.writable);
        const rejected = assertRejects(() => pipe, CanOperationError, "the bus is closed");
        await until(() => tries > 0);
        await pause(60);
        far.close();
        await rejected;
      }).result;
      const left = ids(all(near, 48));
      assert(left.length === 48 || left.length === 49, `${left.length} are left`);
      assertEquals(left, upTo(50).slice(-left.length));
    });

    it(`${code}: desiredSize and ready show the backpressure, and an abort discards the waiting message`, async () => {
      using sender = open();
      using receiver = open();
      const writer = sender.writable.getWriter();
      const fault = (call: Call) => call === "send" ? -errno : undefined;
      await withFaults(fault, async () => {
        assertEquals(writer.desiredSize, 1);
        let ready = false;
        const written = assertRejects(() => writer.write(new Message({ arbitrationId: 1 })), Error, "enough");
        writer.ready.then(() => ready = true, () => {});
        await pause(30);
        assertEquals([writer.desiredSize, ready], [0, false]);
        await writer.abort(new Error("enough"));
        await written;
      }).result;
      await sender.writable.getWriter().write(new Message({ arbitrationId: 2 }));
      assertEquals(ids(all(receiver, 1)), [2]);
    });

    it(`${code}: closing the bus rejects a pending write`, async () => {
      const sender = open();
      const writer = sender.writable.getWriter();
      const fault = (call: Call) => call === "send" ? -errno : undefined;
      await withFaults(fault, async () => {
        const writing = assertRejects(() => writer.write(new Message()), CanOperationError, "the bus is closed");
        await pause(10);
        sender.close();
        await writing;
      }).result;
    });
  }
});
