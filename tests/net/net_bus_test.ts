import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CanOperationError, Message, type MessageBus, type MessageInit } from "../../mod.ts";
import { kinds, type Pair } from "./buses.ts";
import { until } from "./peers.ts";

const timeout = 60;
const patient = { timeout };

const standard = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0, 0x7f, 0x80, 0xff] });
const others: MessageInit[] = [
  { arbitrationId: 0x7ff, isExtendedId: false, data: [] },
  { arbitrationId: 0, data: [1] },
  { arbitrationId: 0x1fffffff, data: [1, 2, 3, 4, 5, 6, 7, 8] },
  { arbitrationId: 0x321, isExtendedId: false, isRemoteFrame: true, dlc: 5 },
  { arbitrationId: 0x12345, isRemoteFrame: true },
  { arbitrationId: 0x456, isExtendedId: false, isFd: true, data: new Uint8Array(12).fill(0xa5) },
  {
    arbitrationId: 0x456,
    isFd: true,
    bitrateSwitch: true,
    errorStateIndicator: true,
    data: new Uint8Array(64).fill(1),
  },
];
const messages = [standard, ...others.map((each) => new Message(each))];

/** What a frame is, without time, channel and direction. */
function frameOf(message: Message | null): unknown {
  assert(message !== null, "nothing arrived");
  const { timestamp: _, channel: __, isRx: ___, ...frame } = message.toJSON();
  return frame;
}

/** Waits until what the far side sends arrives: a server takes a moment to open its bus. */
async function connected({ bus, far }: Pair): Promise<void> {
  const hello = new Message({ arbitrationId: 0x7e, isExtendedId: false });
  for (;;) {
    far.send(hello);
    if (await bus.recvAsync({ timeout: 0.05 }) !== null) break;
  }
  while (await bus.recvAsync({ timeout: 0.2 }) !== null);
}

for (const [kind, open] of Object.entries(kinds)) {
  describe(`A bus on ${kind}`, { timeout: 1000 * timeout * 5 }, () => {
    it("sends every kind of frame, in order", async () => {
      await using pair = await open();
      await connected(pair);
      for (const message of messages) await pair.bus.sendAsync(message);
      for (const message of messages) assertEquals(frameOf(await pair.far.recvAsync(patient)), frameOf(message));
      assertEquals(await pair.bus.sendManyAsync(messages), messages.length);
      for (const message of messages) assertEquals(frameOf(await pair.far.recvAsync(patient)), frameOf(message));
      pair.bus.send(standard); // there is room
      assertEquals(frameOf(await pair.far.recvAsync(patient)), frameOf(standard));
    });

    it("receives every kind of frame, in order, with channel and time", async () => {
      await using pair = await open();
      await connected(pair);
      const before = Date.now() / 1000 - 1;
      pair.far.sendMany(messages);
      for (const message of messages) {
        const received = await pair.bus.recvAsync(patient);
        assertEquals(frameOf(received), frameOf(message));
        const { timestamp, timestampSource, channel, isRx, isConfirm } = received!;
        assert(timestamp >= before && timestamp <= Date.now() / 1000 + 1, `${timestamp}`);
        // The multicast's time is its sender's, of whatever clock; so is its channel.
        assertEquals(timestampSource, kind === "multicast" ? null : "software");
        if (kind !== "multicast") assertEquals(channel, "remote");
        assertEquals([isRx, isConfirm], [true, false]);
      }
      assertEquals(pair.bus.droppedFrames, 0);
    });

    it("receives error frames, with what the protocol keeps of them", async () => {
      await using pair = await open();
      await connected(pair);
      pair.far.send(new Message({ isErrorFrame: true, arbitrationId: 0x44, data: [0, 1, 0, 0, 0, 0, 96, 97] }));
      const received = await pair.bus.recvAsync(patient);
      assertEquals([received!.isErrorFrame, received!.arbitrationId], [true, 0x44]);
      assertEquals(received!.data.length, kind === "socketcand" ? 0 : 8);
      if (kind === "socketcand") {
        await assertRejects(() => pair.bus.sendAsync(received!), TypeError, "only receive them");
      }
    });

    it("is received from at once, by iteration, as a stream, until an abort and until a close", async () => {
      await using pair = await open();
      await connected(pair);
      const { bus, far } = pair;
      assertEquals([bus.recv(0), bus.recvMany(5, 0)], [null, []]);
      far.sendMany([standard, standard, standard]);
      const first = await bus.recvManyAsync(10, patient);
      assert(first.length >= 1 && first.length <= 3);
      const rest = first.length < 3 ? await bus.recvManyAsync(3 - first.length, patient) : [];
      for (let got = first.length + rest.length; got < 3; got++) await bus.recvAsync(patient);
      far.sendMany(messages.slice(0, 3));
      let count = 0;
      for await (const message of bus) {
        assertEquals(frameOf(message), frameOf(messages[count++]));
        if (count === 3) break;
      }
      far.send(standard);
      const reader = bus.readable.getReader();
      assertEquals(frameOf((await reader.read()).value!), frameOf(standard));
      reader.releaseLock();
      const writer = bus.writable.getWriter();
      await writer.write(standard);
      writer.releaseLock();
      assertEquals(frameOf(await far.recvAsync(patient)), frameOf(standard));
      assertEquals(await bus.recvAsync({ timeout: 0.01 }), null);
      const reason = new Error("enough");
      await assertRejects(() => bus.recvAsync({ signal: AbortSignal.abort(reason) }), Error, "enough");
      const waiting = assertRejects(() => bus.recvAsync(), CanOperationError, "EBADF");
      bus.close();
      await waiting;
      bus.close();
      assert(bus.closed);
      assertThrows(() => bus.recv(0), CanOperationError, "EBADF");
      await assertRejects(() => bus.sendAsync(standard), CanOperationError, "EBADF");
    });

    it("never blocks the event loop: it says what to use instead", async () => {
      await using pair = await open();
      for (
        const wait of [() => pair.bus.recv(), () => pair.bus.recv(1), () => pair.bus.recvMany(2), () => [...pair.bus]]
      ) {
        const error = assertThrows(wait, CanOperationError, "recvAsync");
        assertEquals([error.code, error.channel], ["EDEADLK", "remote"]);
      }
      assertThrows(() => pair.bus.fd, CanOperationError, "has none");
    });

    it("has filters, an error mask, kinds of frames, and reception as options", async () => {
      await using filtered = await open({
        filters: [{ canId: 0x100, canMask: 0x700, isExtendedId: false }],
        fd: false,
        errorMask: 0,
      });
      const { bus, far } = filtered;
      const wanted = new Message({ arbitrationId: 0x1ff, isExtendedId: false });
      const send = () =>
        far.sendMany([
          new Message({ arbitrationId: 0x2ff, isExtendedId: false }),
          new Message({ arbitrationId: 0x1ff, isExtendedId: false, isFd: true }),
          new Message({ isErrorFrame: true, arbitrationId: 4 }),
          wanted,
        ]);
      let received: Message | null = null;
      while (received === null) {
        send();
        received = await bus.recvAsync({ timeout: 0.2 });
      }
      assertEquals(frameOf(received), frameOf(wanted));
      for (let more = bus.recv(0); more !== null; more = bus.recv(0)) assertEquals(frameOf(more), frameOf(wanted));
      assertEquals(bus.protocol, "CAN_20");
      await assertRejects(() => bus.sendAsync(new Message({ isFd: true })), TypeError, "without fd: true");
      await assertRejects(() => bus.sendAsync(new Message({ isXl: true, data: [1] })), TypeError, "CAN XL");
      bus.setFilters([{ canId: 0x2ff, canMask: 0x7ff }]);
      assertEquals(bus.filters, [{ canId: 0x2ff, canMask: 0x7ff }]);
      send();
      assertEquals((await bus.recvAsync(patient))!.arbitrationId, 0x2ff);
      assertThrows(() => bus.setFilters([{ canId: -1, canMask: 0 }]), RangeError, "canId");

      await using mute = await open({ receive: false });
      assertThrows(() => mute.bus.recv(0), TypeError, "receive: false");
      for (;;) {
        await mute.bus.sendAsync(standard);
        if (await mute.far.recvAsync({ timeout: 0.05 }) !== null) break;
      }
    });

    it("loses nothing of thousands of frames, in both directions at once", async () => {
      await using pair = await open();
      await connected(pair);
      const { bus, far } = pair;
      // Datagrams have no backpressure: a sender that outruns its receiver loses frames, and rightly so.
      const [count, ahead] = kind === "multicast" ? [1000, 50] : [10_000, 2500];
      const all = Array.from(
        { length: count },
        (_, i) => new Message({ arbitrationId: i & 0x7ff, isExtendedId: false, data: [i >> 8, i & 255] }),
      );
      const travel = async (from: MessageBus, to: MessageBus) => {
        let arrived = 0;
        const arrives = async () => {
          while (arrived < count) {
            const batch = await to.recvManyAsync(500, { timeout });
            assert(batch.length > 0, `only ${arrived} arrived`);
            for (const { data } of batch) assertEquals(data[0] << 8 | data[1], arrived++);
          }
        };
        const sends = async () => {
          for (let i = 0; i < count; i += ahead / 2) {
            await from.sendManyAsync(all.slice(i, i + ahead / 2));
            await until(() => arrived > i - ahead / 2, "frames to arrive");
          }
        };
        await Promise.all([arrives(), sends()]);
      };
      await Promise.all([travel(bus, far), travel(far, bus)]);
      assertEquals(bus.droppedFrames, 0);
    });

    it("refuses options that are wrong", async () => {
      const wrong: readonly (readonly [object, string])[] = [
        [{ speed: 1 }, `has no option "speed"`],
        [{ fd: 1 }, "Option fd must be of type boolean"],
        [{ receiveBuffer: 0 }, "receiveBuffer is 0"],
        [{ filters: [{}] }, "canId"],
        [{ name: 5 }, "Option name must be of type string"],
        [{ receive: false, filters: [{ canId: 1, canMask: 1 }] }, "receive: false"],
      ];
      for (const [options, text] of wrong) {
        const error = await assertRejects(() => open(options), Error, text);
        assert(error instanceof TypeError || error instanceof RangeError, `${error}`);
      }
    });
  });
}

for (const kind of ["socketcand", "cannelloni over TCP"]) {
  describe(`A connection of ${kind}`, { timeout: 1000 * timeout * 5 }, () => {
    it("is read no further than there is memory for frames, and loses none", async () => {
      await using pair = await kinds[kind]({ receiveBuffer: 100 * 768 });
      await connected(pair);
      const count = 5000;
      const all = Array.from({ length: count }, (_, i) => new Message({ arbitrationId: i, data: [1, 2, 3, 4] }));
      for (let i = 0; i < count; i += 500) {
        await pair.far.sendManyAsync(all.slice(i, i + 500));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      for (let i = 0; i < count; i++) assertEquals((await pair.bus.recvAsync(patient))!.arbitrationId, i);
      assertEquals(pair.bus.droppedFrames, 0);
    });

    it("is reported when it is lost, after what had arrived, and from then on", async () => {
      await using pair = await kinds[kind]();
      await connected(pair);
      pair.far.send(standard);
      await until(() => pair.bus.recvMany(1, 0).length === 1, "the frame");
      await pair.server.close();
      const error = await assertRejects(() => pair.bus.recvAsync(patient), CanOperationError, "closed the connection");
      assertEquals(error.code, "ECONNRESET");
      assertThrows(() => pair.bus.recv(0), CanOperationError, "ECONNRESET");
      await assertRejects(() => pair.bus.sendAsync(standard), CanOperationError, "ECONNRESET");
    });
  });
}
