import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CanOperationError, Message, type WaitOptions } from "../../mod.ts";
import { all, bySending, deliver, PATIENCE } from "../support/delivery.ts";
import { pause, until } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, i) => new Message({ arbitrationId: i }));
}

function ids(messages: readonly Message[]): number[] {
  return messages.map((message) => message.arbitrationId);
}

for (const { name, skip, open } of worlds) {
  describe(`Bus on ${name}, asynchronously`, { skip }, () => {
    it("receives a later message while timers keep running", async () => {
      using sender = open();
      using receiver = open();
      let ticks = 0;
      const ticking = setInterval(() => ticks++, 1);
      const message = receiver.recvAsync();
      await pause(20);
      sender.send(new Message({ arbitrationId: 7 }));
      assertEquals((await message)!.arbitrationId, 7);
      clearInterval(ticking);
      assert(ticks > 0);
    });

    it("refuses invalid options, quoting name and value", async () => {
      using bus = open();
      const refused: [unknown, typeof TypeError | typeof RangeError, string][] = [
        [5, TypeError, "takes options such as { timeout: 1 }, not 5"],
        [{ timeOut: 1 }, TypeError, 'has no option "timeOut"; it has timeout, signal'],
        [{ timeout: "1" }, TypeError, "timeout must be a number"],
        [{ timeout: -1 }, RangeError, "timeout is -1"],
        [{ signal: 1 }, TypeError, "signal must be an AbortSignal: 1"],
      ];
      for (const [options, Class, text] of refused) {
        await assertRejects(() => bus.recvAsync(options as WaitOptions), Class, text);
        await assertRejects(() => bus.sendAsync(new Message(), options as WaitOptions), Class, text);
      }
    });

    it("serves pending waits in order", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const waiting = numbered(10).map(() => receiver.recvAsync());
      deliver(sender, ...numbered(10));
      const got = await Promise.all(waiting);
      assertEquals(got.map((message) => message!.arbitrationId), numbered(10).map((message) => message.arbitrationId));
    });

    it("resolves to null when the timeout expires, and at once for 0", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      assertEquals(await receiver.recvAsync({ timeout: 0 }), null);
      const start = performance.now();
      assertEquals(await receiver.recvAsync({ timeout: 0.05 }), null);
      assert(performance.now() - start >= 50);
      deliver(sender, new Message({ arbitrationId: 3 }));
      assertEquals((await receiver.recvAsync({ timeout: 0 }))!.arbitrationId, 3);
      await assertRejects(
        () => receiver.recvAsync(1 as unknown as { timeout: number }),
        TypeError,
        "{ timeout: 1 }, not 1",
      );
      await assertRejects(() => receiver.recvAsync({ timeout: NaN }), RangeError, "timeout is NaN");
    });

    it("takes no message, and affects no other wait, when a wait times out or is aborted", async () => {
      using sender = open();
      using receiver = open();
      const aborting = new AbortController();
      const aborted = receiver.recvAsync({ signal: aborting.signal });
      const patient = receiver.recvAsync();
      const hasty = receiver.recvAsync({ timeout: 0.01 });
      assertEquals(await hasty, null);
      const reason = new Error("enough");
      aborting.abort(reason);
      assertEquals(await assertRejects(() => aborted), reason);
      sender.send(new Message({ arbitrationId: 5 }));
      assertEquals((await patient)!.arbitrationId, 5);
      await assertRejects(() => receiver.recvAsync({ signal: AbortSignal.abort(reason) }), Error, "enough");
      sender.send(new Message({ arbitrationId: 6 }));
      await assertRejects(() => receiver.recvAsync({ signal: AbortSignal.abort() }));
      assertEquals((await receiver.recvAsync())!.arbitrationId, 6, "an aborted wait loses no message");
    });

    it("loses no message to an abort in the turn in which a frame arrives", async () => {
      using sender = open();
      using receiver = open();
      for (let i = 0; i < 50; i++) {
        const aborting = new AbortController();
        const wait = receiver.recvAsync({ signal: aborting.signal }).catch(() => null);
        sender.send(new Message({ arbitrationId: i }));
        if (i % 2) await pause();
        aborting.abort();
        const message = await wait ?? receiver.recv(PATIENCE);
        assertEquals(message!.arbitrationId, i);
      }
    });

    it("rejects pending waits and ends iterations on close", async () => {
      const bus = open();
      const waiting = [bus.recvAsync(), bus.recvAsync({ timeout: 9 }), bus.recvAsync()];
      const iteration = (async () => {
        for await (const message of bus) throw new Error(`unexpected: ${message}`);
        return "ended";
      })();
      await pause();
      bus.close();
      for (const wait of waiting) {
        const error = await assertRejects(() => wait, CanOperationError, "the bus is closed");
        assertEquals(error.code, "EBADF");
      }
      assertEquals(await iteration, "ended");
      await assertRejects(() => bus.recvAsync(), CanOperationError, "the bus is closed");
      await assertRejects(() => bus.sendAsync(new Message()), CanOperationError, "the bus is closed");
    });

    it("iterates until the loop is left, and can be iterated over again", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const seen: number[] = [];
      deliver(sender, ...numbered(100));
      for await (const message of receiver) {
        seen.push(message.arbitrationId);
        if (seen.length === 30) break;
      }
      for await (const message of receiver) {
        seen.push(message.arbitrationId);
        if (seen.length === 100) break;
      }
      assertEquals(seen, numbered(100).map((message) => message.arbitrationId));
    });

    it("does not starve the event loop while messages are always queued", async () => {
      using sender = open();
      using receiver = open({ receiveBuffer: 2_000_000 });
      const fill = () => sender.sendMany(numbered(100));
      fill();
      let turns = 0;
      let going = true;
      (async () => {
        while (going) {
          await pause();
          turns++;
        }
      })();
      let count = 0;
      for await (const _ of receiver) {
        if (++count % 50 === 0) fill();
        if (count === 5000) break;
      }
      going = false;
      // Without that there would be no turn: every promise awaited so far is resolved at once.
      assert(turns >= 1, `${turns} turns in ${count} messages`);
    });

    it("does not starve timers while two buses answer each other at once", async () => {
      using one = open();
      using other = open();
      let ticks = 0;
      const ticking = setInterval(() => ticks++, 1);
      (async () => {
        for await (const message of other) other.send(message);
      })();
      for (let i = 0; i < 3000; i++) {
        one.send(new Message({ arbitrationId: i }));
        assertEquals((await one.recvAsync())!.arbitrationId, i);
      }
      clearInterval(ticking);
      // Without that there would be no tick: these two buses wait only for each other.
      assert(ticks >= 1, `${ticks} ticks`);
    });

    it("receives what arrived while no wait was pending, and what other reads left", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      using patient = open({ filters: [{ canId: 0x7ff, canMask: 0x7ff }] });
      const last = patient.recvAsync();
      for (let i = 0; i < 20; i++) {
        deliver(sender, ...numbered(3));
        if (i % 2) await pause(5);
        assertEquals((await receiver.recvAsync())!.arbitrationId, 0);
        if (i % 3) await pause(1);
        const left = i % 4
          ? [receiver.recv(PATIENCE), await receiver.recvAsync({ timeout: PATIENCE })]
          : receiver.recvMany(2, PATIENCE);
        assertEquals(left.map((message) => message!.arbitrationId), [1, 2]);
      }
      sender.send(new Message({ arbitrationId: 0x7ff }));
      assertEquals((await last)!.arbitrationId, 0x7ff);
      assertEquals((await receiver.recvAsync())!.arbitrationId, 0x7ff);
    });

    it("can be closed, together with others, by the code that receives a message", async () => {
      using sender = open({ receiveOwnMessages: true });
      const [first, second] = [open(), open()];
      const rejected = assertRejects(
        () => second.recvAsync().then(() => second.recvAsync()),
        CanOperationError,
        "EBADF",
      );
      await pause(20);
      deliver(sender, ...numbered(3));
      for await (const message of first) {
        assertEquals(message.arbitrationId, 0);
        first.close();
        second.close();
      }
      await rejected;
    });

    it("serves pending waits with what a blocking read has read ahead", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const waiting = [receiver.recvAsync(), receiver.recvAsync()];
      deliver(sender, ...numbered(3));
      assertEquals(receiver.recv(PATIENCE)!.arbitrationId, 0);
      assertEquals((await Promise.all(waiting)).map((message) => message!.arbitrationId), [1, 2]);
    });

    it("sends", async () => {
      using sender = open();
      using receiver = open();
      await Promise.all(numbered(20).map((message) => sender.sendAsync(message)));
      await sender.sendAsync(new Message({ arbitrationId: 20 }), { timeout: 1, signal: new AbortController().signal });
      assertEquals(all(receiver, 21).length, 21);
      await assertRejects(() => sender.sendAsync({} as Message), TypeError, "not a Message");
      await assertRejects(() => sender.sendAsync(new Message(), { timeout: -1 }), RangeError, "timeout is -1");
      await assertRejects(() => sender.sendAsync(new Message(), { signal: AbortSignal.abort(new Error("no")) }), Error);
      assertEquals(receiver.recv(0), null);
    });

    it("receives many at once: waits for the first, then takes those queued, in the order of the waits", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      assertEquals(await receiver.recvManyAsync(5, { timeout: 0 }), []);
      assertEquals(await receiver.recvManyAsync(5, { timeout: 0.01 }), []);
      deliver(sender, ...numbered(100));
      assertEquals(ids(await receiver.recvManyAsync(3)), [0, 1, 2]);
      assertEquals((await receiver.recvAsync())!.arbitrationId, 3);
      assertEquals(ids(await receiver.recvManyAsync(1000, { timeout: 0 })), ids(numbered(100)).slice(4));

      const many = receiver.recvManyAsync(2);
      const single = receiver.recvAsync();
      const rest = receiver.recvManyAsync(9);
      deliver(sender, ...numbered(6));
      assertEquals([ids(await many), (await single)!.arbitrationId, ids(await rest)], [[0, 1], 2, [3, 4, 5]]);
      await assertRejects(() => receiver.recvManyAsync(0), RangeError, "max is 0");
      await assertRejects(() => receiver.recvManyAsync(1, { timeout: -1 }), RangeError, "timeout is -1");
    });

    it("loses no message to recvManyAsync when it is aborted, and rejects it on close", async () => {
      using sender = open();
      const receiver = open();
      const reason = new Error("enough");
      const aborting = new AbortController();
      const aborted = receiver.recvManyAsync(5, { signal: aborting.signal });
      aborting.abort(reason);
      assertEquals(await assertRejects(() => aborted), reason);
      await assertRejects(() => receiver.recvManyAsync(5, { signal: aborting.signal }), Error, "enough");
      sender.send(new Message({ arbitrationId: 9 }));
      assertEquals(ids(await receiver.recvManyAsync(5)), [9]);
      const closed = receiver.recvManyAsync(5);
      receiver.close();
      await assertRejects(() => closed, CanOperationError, "the bus is closed");
      await assertRejects(() => receiver.recvManyAsync(5), CanOperationError, "the bus is closed");
    });

    it("sends many, in order with sendAsync, and says how many", async () => {
      using sender = open();
      using receiver = open({ receiveBuffer: 8_000_000 });
      assertEquals(await sender.sendManyAsync([]), 0);
      assertEquals(await sender.sendManyAsync(numbered(5), { timeout: 0 }), 5);
      const all3 = [
        sender.sendManyAsync(numbered(3000)),
        sender.sendAsync(new Message({ arbitrationId: 4000 })),
        sender.sendManyAsync(numbered(2), { timeout: PATIENCE }),
      ];
      assertEquals(await Promise.all(all3), [3000, undefined, 2]);
      const expected = [...numbered(5), ...numbered(3000), new Message({ arbitrationId: 4000 }), ...numbered(2)];
      assertEquals(ids(bySending(all(receiver, expected.length))), ids(expected));
      await assertRejects(() => sender.sendManyAsync([{} as Message]), TypeError, "not a Message");
      await assertRejects(() => sender.sendManyAsync({} as Message[]), TypeError, "sendManyAsync takes an array");
      await assertRejects(() => sender.sendManyAsync([], { timeout: -1 }), RangeError, "timeout is -1");
      const signal = AbortSignal.abort(new Error("no"));
      await assertRejects(() => sender.sendManyAsync(numbered(2), { signal }), Error, "no");
      assertEquals(receiver.recv(0), null);
    });

    it("ends an iteration over messages() on its signal, without losing a message", async () => {
      using sender = open({ receiveOwnMessages: true });
      using receiver = open();
      const aborting = new AbortController();
      deliver(sender, ...numbered(3));
      const seen: number[] = [];
      const following = (async () => {
        for await (const { arbitrationId } of receiver.messages({ signal: aborting.signal })) seen.push(arbitrationId);
        return "ended";
      })();
      await until(() => seen.length === 3);
      await pause(5);
      aborting.abort(new Error("enough"));
      assertEquals(await following, "ended");
      deliver(sender, ...numbered(2));
      for await (const message of receiver.messages({ signal: aborting.signal })) throw new Error(`${message}`);
      const iteration = receiver.messages();
      for await (const { arbitrationId } of iteration) {
        assertEquals(arbitrationId, 0);
        break;
      }
      assertEquals((await iteration.next()).done, true, "an iteration that was left has ended");
      assertEquals((await receiver.recvAsync())!.arbitrationId, 1, "the loop left the message in the bus");
      assertThrows(() => receiver.messages({ sign: 1 } as object), TypeError, 'messages() has no option "sign"');
      const text = "signal must be an AbortSignal";
      assertThrows(() => receiver.messages({ signal: 1 as unknown as AbortSignal }), TypeError, text);
    });

    it("shares its messages among several iterations", async () => {
      using sender = open({ receiveOwnMessages: true });
      const receiver = open();
      const seen: number[] = [];
      const follow = async () => {
        for await (const { arbitrationId } of receiver) seen.push(arbitrationId);
      };
      const following = [follow(), follow()];
      for (const message of numbered(20)) {
        deliver(sender, message);
        await pause();
      }
      await until(() => seen.length >= 20);
      receiver.close();
      await Promise.all(following);
      assertEquals(seen.toSorted((one, other) => one - other), ids(numbered(20)), "each message went to one of them");
    });

    it("warns once when more than 16 waits are pending", async () => {
      const warnings: string[] = [];
      const bus = open({ logger: { debug() {}, warn: (line) => void warnings.push(line) } });
      const waits = Array.from({ length: 16 }, () => bus.recvAsync().catch(() => null));
      assertEquals(warnings, []);
      for (let i = 0; i < 20; i++) waits.push(bus.recvAsync().catch(() => null));
      assertEquals(warnings.length, 1);
      assert(warnings[0].startsWith(`17 waits for a message are pending on the bus of "${bus.channel}"`), warnings[0]);
      assert(warnings[0].includes("timeout or signal"), warnings[0]);
      bus.close();
      await Promise.all(waits);
    });

    it("waits on many buses at once", async () => {
      using sender = open();
      const receivers = Array.from({ length: 64 }, () => open());
      for (let i = 0; i < 3; i++) {
        const waiting = receivers.map((bus) => bus.recvAsync({ timeout: PATIENCE }));
        await pause(10);
        sender.send(new Message({ arbitrationId: i }));
        for (const message of await Promise.all(waiting)) assertEquals(message!.arbitrationId, i);
      }
      for (const bus of receivers) bus.close();
    });

    it("still receives after unref", async () => {
      using sender = open();
      using receiver = open().unref();
      const message = receiver.recvAsync();
      await pause(30);
      sender.send(new Message({ arbitrationId: 4 }));
      await pause(1);
      receiver.ref();
      assertEquals((await message)!.arbitrationId, 4);
    });
  });
}
