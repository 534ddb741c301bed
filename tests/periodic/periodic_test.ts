import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Bus,
  CanOperationError,
  type CyclicSendTask,
  Message,
  type MessageInit,
  type PeriodicOptions,
} from "../../mod.ts";
import { makePlan } from "../../src/periodic/plan.ts";
import { all, assertSilence, PATIENCE } from "../support/delivery.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { pause } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

const make = (byte: number, init: MessageInit = {}) =>
  new Message({ arbitrationId: 0x123, isExtendedId: false, data: [byte], ...init });

/** The next message. */
async function nextOf(bus: Bus): Promise<Message> {
  const message = await bus.recvAsync({ timeout: PATIENCE });
  assert(message, "no message arrived");
  return message;
}

/** The first bytes of the next messages. */
async function bytesOf(bus: Bus, count: number): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.length < count) bytes.push((await nextOf(bus)).data[0]);
  return bytes;
}

for (const { name, skip, open } of worlds) {
  describe(`sendPeriodic, ${name}`, { skip, timeout: 120_000 }, () => {
    it("sends the requested number of frames, the first at once, and reports the end", async () => {
      using bus = open();
      using other = open();
      for (const count of [1, 2, 3, 20]) {
        const task = bus.sendPeriodic(make(count), 0.005, { count });
        assertEquals([task.count, task.period, task.messages.length], [count, 0.005, 1]);
        assertEquals(await task.done, "finished");
        assertEquals(await bytesOf(other, count), Array(count).fill(count));
        assertEquals(task.active, false);
        await assertSilence(other);
      }
      bus.sendPeriodic(make(99), 2 * PATIENCE);
      assertEquals(await bytesOf(other, 1), [99], "at once");
    });

    it("sends the frames that are due within a duration", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.01, { duration: 0.05 });
      assertEquals([task.count, task.active], [5, true]);
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 5), [1, 1, 1, 1, 1]);
      await assertSilence(other);
    });

    it("precise: keeps the mean period, with and without an end", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.005, { duration: 0.1, precise: true });
      assertEquals(task.count, 20);
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 20), Array(20).fill(1));
      const endless = bus.sendPeriodic(make(2), 0.002, { precise: true });
      while ((await nextOf(other)).data[0] !== 2);
      const first = (await nextOf(other)).timestamp;
      await bytesOf(other, 500);
      const last = (await nextOf(other)).timestamp;
      endless.stop();
      assert(last - first > 0.9 * 501 * 0.002, `${last - first} s`); // a busy machine may make it longer
    });

    it("its frames reach the bus itself and others: sent by this host, but not a confirmation", async () => {
      using bus = open();
      using other = open();
      using quiet = open({ localLoopback: false, receiveOwnMessages: true });
      for (const sender of [bus, quiet]) {
        for (const options of [{ count: 1 }, { count: 1, modify: (message: Message) => message }]) {
          await sender.sendPeriodic(make(7), 1, options).done;
          for (const receiver of [bus, other, quiet]) {
            const message = receiver.recv(PATIENCE)!;
            assertEquals([message.data[0], message.isLocal, message.isConfirm], [7, true, false]);
            assertEquals(receiver.recv(0), null);
          }
        }
      }
    });

    it("sends several messages in turn, with any identifiers", async () => {
      using bus = open();
      using other = open();
      const messages = [make(1), make(2, { arbitrationId: 0x1abcdef0, isExtendedId: true }), make(3)];
      const task = bus.sendPeriodic(messages, 0.005, { count: 7 });
      assertEquals(await task.done, "finished");
      const got = all(other, 7);
      assertEquals(got.map(({ data }) => data[0]), [1, 2, 3, 1, 2, 3, 1]);
      assertEquals(got.map(({ arbitrationId }) => arbitrationId).slice(0, 3), [0x123, 0x1abcdef0, 0x123]);
    });

    it("sends 256 messages in turn", async () => {
      using bus = open();
      using other = open();
      const messages = Array.from({ length: 256 }, (_, i) => make(i));
      const task = bus.sendPeriodic(messages, 0.001, { count: 257 });
      // While they arrive: a receive buffer holds few more.
      assertEquals(await bytesOf(other, 257), [...Array(256).keys(), 0]);
      assertEquals(await task.done, "finished");
    });

    it("sends remote, error and FD frames", async () => {
      using bus = open({ fd: true });
      using other = open({ fd: true });
      const inits: MessageInit[] = [
        { arbitrationId: 1, isRemoteFrame: true, dlc: 4 },
        { arbitrationId: 4, isErrorFrame: true, data: new Uint8Array(8) },
        { arbitrationId: 2, isFd: true, bitrateSwitch: true, data: Uint8Array.from({ length: 64 }, (_, i) => i) },
        { arbitrationId: 2, isExtendedId: false, data: [1, 2, 3, 4, 5, 6, 7, 8], len8Dlc: 12 },
      ];
      for (const init of inits) {
        const message = new Message(init);
        await bus.sendPeriodic(message, 0.001, { count: 2 }).done;
        for (let i = 0; i < 2; i++) {
          const got = other.recv(PATIENCE)!;
          const channel = other.channel;
          assert(got.equals(new Message({ ...message.toJSON(), channel, isRx: false }), null), `${got}`);
        }
      }
    });

    it("keeps tasks with the same identifier apart", async () => {
      using bus = open();
      using other = open();
      const tasks = [1, 2, 3].map((byte) => bus.sendPeriodic(make(byte), 0.005));
      await bytesOf(other, 12);
      tasks[1].stop();
      const stopped = Date.now() / 1000 + 0.001; // earlier frames may still be in transit
      const bytes: number[] = [];
      while (bytes.length < 20 || !bytes.includes(1) || !bytes.includes(3)) {
        const message = await nextOf(other);
        if (message.timestamp > stopped) bytes.push(message.data[0]);
      }
      assert(!bytes.includes(2), `${bytes}`);
      assertEquals(tasks.map(({ active }) => active), [true, false, true]);
      bus.stopAllPeriodicTasks();
      assertEquals(tasks.map(({ active }) => active), [false, false, false]);
      await assertSilence(other);
    });

    it("modifyData: the next frame has the new content; the turn and the number of frames stay", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic([make(1), make(2), make(3)], 0.1, { count: 9 });
      assertEquals(await bytesOf(other, 4), [1, 2, 3, 1]);
      task.modifyData([make(11), make(12), make(13)]);
      bus.send(make(100));
      assertEquals(await task.done, "finished");
      const got = all(other, 6);
      const rest = got.filter(({ data }) => data[0] !== 100);
      assertEquals(rest.map(({ data }) => data[0] % 10), [2, 3, 1, 2, 3]);
      // However long this thread was suspended, frames sent after the change have the new content.
      const change = got.find(({ data }) => data[0] === 100)!;
      const later = rest.filter(({ timestampNs }) => timestampNs > change.timestampNs);
      assert(later.every(({ data }) => data[0] > 10), `${got.map(({ data }) => data[0])}`);
      assertEquals(task.messages.map(({ data }) => data[0]), [11, 12, 13]);
      task.modifyData([make(21), make(22), make(23)]);
      await assertSilence(other);
      task.start();
      assertEquals(await bytesOf(other, 2), [21, 22]);
    });

    it("modifyData: any length, any identifier", async () => {
      using bus = open({ fd: true });
      using other = open({ fd: true });
      for (const isFd of [false, true]) {
        const lengths = isFd ? [64, 0, 48, 1] : [8, 0, 1, 7];
        const messages = lengths.map((length, i) =>
          new Message({ arbitrationId: i, isFd, data: Array(length).fill(i) })
        );
        using task = bus.sendPeriodic(new Message({ arbitrationId: 9, isFd, data: [9, 9, 9] }), 0.005);
        for (const message of messages) {
          task.modifyData(message);
          let got = other.recv(0) ?? (await other.recvAsync({ timeout: PATIENCE }))!;
          while (got.arbitrationId !== message.arbitrationId) got = (await other.recvAsync({ timeout: PATIENCE }))!;
          const sent = new Message({ ...message.toJSON(), channel: other.channel, isRx: false });
          assert(got.equals(sent, null), `${got} is not ${sent}`);
        }
      }
    });

    it("modifyPeriod: applies from the next frame on", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.05);
      await bytesOf(other, 2);
      task.modifyPeriod(0.002);
      assertEquals(task.period, 0.002);
      await bytesOf(other, 30);
      task.modifyPeriod(30);
      await bytesOf(other, 1);
      await pause(100); // the frame that was due is sent, and no more
      await assertSilence(other);
      assert(task.active);
      task.start();
      assertEquals(await bytesOf(other, 1), [1]);
    });

    it("modifyPeriod: the task still sends count frames", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.05, { count: 10 });
      await bytesOf(other, 3);
      task.modifyPeriod(0.01);
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 7), Array(7).fill(1));
      await assertSilence(other);
    });

    it("continues at another rate after count", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.002, { count: 5, subsequentPeriod: 0.03 });
      assertEquals([task.period, task.count, task.subsequentPeriod], [0.002, 5, 0.03]);
      const times: number[] = [];
      while (times.length < 8) times.push((await other.recvAsync({ timeout: PATIENCE }))!.timestamp);
      assert(times[7] - times[0] > 0.09, `${times}`); // 4 × 0.002 + 3 × 0.03, or more if the machine is busy
      assert(task.active);
      task.modifyPeriod(0.001);
      assertEquals([task.period, task.subsequentPeriod], [0.002, 0.001]);
      await bytesOf(other, 20);
      task.stop();
      assertEquals(await task.done, "stopped");
    });

    it("continues at another rate with the message whose turn it is", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic([make(1), make(2), make(3)], 0.002, { duration: 0.007, subsequentPeriod: 0.004 });
      assertEquals(task.count, 4);
      assertEquals(await bytesOf(other, 9), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
      task.start();
      task.stop();
      while (other.recv(0.05) !== null) { /* earlier frames may still be in transit */ }
      task.start();
      assertEquals(await bytesOf(other, 5), [1, 2, 3, 1, 2]);
      assert(task.active);
    });

    it("continues at another rate after a single frame", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 30, { count: 1, subsequentPeriod: 0.005 });
      await bytesOf(other, 5);
      assert(task.active);
    });

    it("stop, start and done", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.005);
      const { done } = task;
      assertEquals(task.done, done);
      await bytesOf(other, 3);
      task.stop();
      task.stop();
      assertEquals([task.active, await done, await task.done], [false, "stopped", "stopped"]);
      await assertSilence(other);
      task.start();
      assert(task.active && task.done !== done);
      await bytesOf(other, 3);
      task[Symbol.dispose]();
      assertEquals(await task.done, "stopped");
      await assertSilence(other);
    });

    it("start begins again, also while the task is active", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic([make(1), make(2)], 30, { count: 3 });
      task.start();
      task.start();
      assertEquals(await bytesOf(other, 3), [1, 1, 1]);
      assertEquals(other.recv(0), null);
      const { done } = task;
      task.modifyPeriod(0.001);
      task.start();
      assertEquals(await done, "finished");
      assertEquals(await bytesOf(other, 3), [1, 2, 1]);
      await assertSilence(other);
    });

    it("autostart: false waits for start", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic(make(1), 0.01, { autostart: false, count: 2 });
      const { done } = task;
      assertEquals(task.active, false);
      await assertSilence(other);
      task.modifyData(make(2));
      task.modifyPeriod(0.001);
      task.stop();
      task.start();
      assertEquals(await done, "finished");
      assertEquals(await bytesOf(other, 2), [2, 2]);
    });

    it("ends when its bus is closed", async () => {
      const before = await restingDescriptors();
      {
        using other = open();
        const bus = open();
        const tasks = [
          bus.sendPeriodic(make(1), 0.01),
          bus.sendPeriodic(make(2), 0.01, { count: 1000 }),
          bus.sendPeriodic(make(3), 0.01, { modify: (message) => message }),
          bus.sendPeriodic(make(4), 0.01, { autostart: false }),
        ];
        const early = [tasks[1].done, tasks[2].done];
        await bytesOf(other, 9);
        bus.close();
        assertEquals(tasks.map(({ active }) => active), [false, false, false, false]);
        assertEquals(await Promise.all([...early, ...tasks.map(({ done }) => done)]), Array(6).fill("stopped"));
        await assertSilence(other);
        for (const task of tasks) {
          assertThrows(() => task.start(), CanOperationError, "EBADF (the bus is closed)");
          task.stop();
          task.modifyData(make(9));
          task.modifyPeriod(0.5);
        }
        for (const use of [() => bus.sendPeriodic(make(1), 1), () => bus.stopAllPeriodicTasks()]) {
          assertThrows(use, CanOperationError, "EBADF (the bus is closed)");
        }
      }
      await descriptorsBackTo(before);
    });

    it("ignores the channel of received messages", async () => {
      using bus = open();
      using other = open();
      const task = bus.sendPeriodic([make(1, { channel: "elsewhere" }), make(2)], 0.005, { count: 6 });
      task.modifyData([make(11), make(12, { channel: other.channel })]);
      assertEquals(await task.done, "finished");
      const got = all(other, 6);
      assertEquals(got.map(({ data }) => data[0] % 10), [1, 2, 1, 2, 1, 2]);
      assert(got.every(({ channel }) => channel === other.channel));
    });

    it("modify is called before each frame, with what it returned last", async () => {
      using bus = open();
      using other = open();
      const next = (message: Message) => make(message.data[0] + 10);
      const task = bus.sendPeriodic([make(1), make(2)], 0.005, { count: 5, modify: next });
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 5), [11, 12, 21, 22, 31]);
      task.start();
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 5), [11, 12, 21, 22, 31]);
    });

    it("modifyData replaces what modify returned", async () => {
      using bus = open();
      using other = open();
      let calls = 0;
      const task = bus.sendPeriodic([make(1), make(2)], 0.001, {
        count: 6,
        autostart: false,
        modify(message) {
          if (++calls === 3) task.modifyData([make(100), make(200)]);
          return make(message.data[0] + 10);
        },
      });
      task.start();
      assertEquals(await task.done, "finished");
      assertEquals(await bytesOf(other, 6), [11, 12, 21, 210, 110, 220]);
    });

    it("done rejects with what modify throws, and if it returns no valid message", async () => {
      using bus = open();
      using other = open();
      for (const good of [0, 2]) {
        let calls = 0;
        const modify = (message: Message) => {
          if (calls++ === good) throw new Error("no sensor");
          return message;
        };
        const task = bus.sendPeriodic(make(1), 0.005, { modify });
        await assertRejects(() => task.done, Error, "no sensor");
        assertEquals([task.active, calls], [false, good + 1]);
        assertEquals(await bytesOf(other, good), Array(good).fill(1));
      }
      const wrong: [PeriodicOptions["modify"], string][] = [
        [() => undefined as unknown as Message, "it is not a Message"],
        [() => Promise.resolve(make(1)) as unknown as Message, "it is not a Message"],
        [() => new Message({ isFd: true }), "without fd: true"],
        [() => new Message({ isXl: true, data: [1] }), "without xl: true"],
      ];
      for (const [modify, text] of wrong) {
        await assertRejects(() => bus.sendPeriodic(make(1), 0.005, { modify }).done, TypeError, text);
      }
      await assertSilence(other);
    });

    it("does not starve the event loop, even if modify takes longer than the period", async () => {
      using bus = open();
      using other = open();
      const modify = (message: Message) => {
        for (const end = performance.now() + 3; performance.now() < end;);
        return message;
      };
      const task = bus.sendPeriodic(make(1), 0.001, { modify });
      for (let turn = 0; turn < 3; turn++) await pause(5);
      await bytesOf(other, 2);
      assert(task.active);
      task.stop();
    });

    it("modify may stop and restart its task", async () => {
      using bus = open();
      using other = open();
      let calls = 0;
      const task: CyclicSendTask = bus.sendPeriodic(make(1), 0.005, {
        autostart: false,
        modify(message) {
          if (++calls === 3) task.stop();
          if (calls === 5) task.start();
          return message;
        },
      });
      task.start();
      assertEquals(await task.done, "stopped");
      assertEquals(all(other, 2).length, 2);
      task.start();
      await bytesOf(other, 4);
      assert(task.active);
    });

    it("refuses invalid arguments, naming the limit", () => {
      using bus = open();
      const refused: [() => unknown, new () => Error, string][] = [
        [() => bus.sendPeriodic([], 1), RangeError, "0 messages: there must be 1 to 256"],
        [() => bus.sendPeriodic(Array(257).fill(make(1)), 1), RangeError, "257 messages: there must be 1 to 256"],
        [() => bus.sendPeriodic({} as Message, 1), TypeError, "not a Message or an array of Messages"],
        [
          () => bus.sendPeriodic([make(1), 5 as unknown as Message], 1),
          TypeError,
          "not a Message or an array of Messages",
        ],
        [() => bus.sendPeriodic(make(1), 0), RangeError, "period is 0: it must be 0.000001 to 34560000 seconds"],
        [() => bus.sendPeriodic(make(1), -1), RangeError, "period is -1"],
        [() => bus.sendPeriodic(make(1), NaN), RangeError, "period is NaN"],
        [() => bus.sendPeriodic(make(1), Infinity), RangeError, "period is Infinity"],
        [() => bus.sendPeriodic(make(1), "1" as unknown as number), TypeError, "period must be a number of seconds"],
        [() => bus.sendPeriodic(make(1), 1, { count: 0 }), RangeError, "count is 0"],
        [() => bus.sendPeriodic(make(1), 1, { count: 1.5 }), RangeError, "count is 1.5"],
        [() => bus.sendPeriodic(make(1), 1, { duration: 0 }), RangeError, "duration is 0: it must be more than 0"],
        [() => bus.sendPeriodic(make(1), 1, { duration: Infinity }), RangeError, "duration is Infinity"],
        [() => bus.sendPeriodic(make(1), 1, { duration: 1, count: 1 }), TypeError, "exclude each other"],
        [() => bus.sendPeriodic(make(1), 1, { subsequentPeriod: 1 }), TypeError, "set one of them"],
        [() => bus.sendPeriodic(make(1), 1, { count: 1, subsequentPeriod: 0 }), RangeError, "subsequentPeriod is 0"],
        [
          () => bus.sendPeriodic(make(1), 1, { count: 1, precise: true }),
          TypeError,
          "precise and count exclude each other",
        ],
        [
          () => bus.sendPeriodic(make(1), 1, { precise: 1 } as unknown as PeriodicOptions),
          TypeError,
          "precise must be",
        ],
        [() => bus.sendPeriodic(make(1), 1, { modify: 1 } as unknown as PeriodicOptions), TypeError, "modify must be"],
        [
          () => bus.sendPeriodic(make(1), 1, { autostart: 1 } as unknown as PeriodicOptions),
          TypeError,
          "autostart must",
        ],
        [() => bus.sendPeriodic(make(1), 1, { period: 1 } as PeriodicOptions), TypeError, 'has no option "period"'],
        [
          () => bus.sendPeriodic(make(1), 1, null as unknown as PeriodicOptions),
          TypeError,
          "sendPeriodic takes an object, not null",
        ],
        [() => bus.sendPeriodic(new Message({ isFd: true }), 1), TypeError, "without fd: true"],
        [() => bus.sendPeriodic(new Message({ isXl: true, data: [1] }), 1), TypeError, "without xl: true"],
      ];
      for (const [use, Class, text] of refused) assertThrows(use, Class, text);
      using fd = open({ fd: true });
      assertThrows(() => fd.sendPeriodic([make(1), make(1, { isFd: true })], 1), TypeError, "must be of one kind");
      const task = bus.sendPeriodic([make(1), make(2)], 1);
      assertThrows(
        () => task.modifyData(make(1)),
        RangeError,
        "1 messages cannot replace 2: their number must stay the same",
      );
      assertThrows(() => task.modifyData([make(1), make(1, { isFd: true })]), TypeError, "must be of one kind");
      assertThrows(() => task.modifyPeriod(0), RangeError, "period is 0");
      assertEquals([task.period, task.messages.map(({ data }) => data[0])], [1, [1, 2]]);
    });
  });
}

describe("sendPeriodic", () => {
  it("sends CAN XL by timers", async () => {
    using bus = new Bus({ channel: "xl", interface: "virtual", xl: true });
    using other = new Bus({ channel: "xl", interface: "virtual", xl: true });
    const message = new Message({ isXl: true, priority: 5, data: new Uint8Array(2048) });
    await bus.sendPeriodic(message, 0.001, { count: 2 }).done;
    assertEquals(other.recvMany(9, 0).map(({ priority, dlc }) => [priority, dlc]), [[5, 2048], [5, 2048]]);
  });

  it("sends to the interface that its messages name", async () => {
    using bus = new Bus({ channel: "", interface: "virtual" });
    using one = new Bus({ channel: "one", interface: "virtual" });
    using two = new Bus({ channel: "two", interface: "virtual" });
    await bus.sendPeriodic(make(1, { channel: "one" }), 0.001, { count: 2 }).done;
    assertEquals([one.recvMany(9, 0).length, two.recvMany(9, 0).length], [2, 0]);
    assertThrows(() => bus.sendPeriodic(make(1), 1), TypeError, "name one as the message's channel");
    const both = [make(1, { channel: "one" }), make(1, { channel: "two" })];
    assertThrows(() => bus.sendPeriodic(both, 1), TypeError, "must have the same channel");
  });

  it("counts the frames of a duration exactly", () => {
    const rows: [duration: number, period: number, count: number][] = [
      [0.5, 0.1, 5],
      [0.51, 0.1, 6],
      [0.3, 0.1, 3], // 0.3 / 0.1 is less than 3
      [0.7, 0.1, 7], // and this more than 7
      [30, 0.001, 30_000],
      [0.000001, 1, 1],
      [1e-9, 1, 1],
      [1, 0.3, 4],
      [4294967294, 1, 4294967294],
    ];
    for (const [duration, period, count] of rows) {
      assertEquals(makePlan(make(1), period, { duration }, false).count, count, `${duration} / ${period}`);
    }
    assertThrows(() => makePlan(make(1), 1, { duration: 4294967295 }, false), RangeError, "at most 4294967294 seconds");
  });
});
