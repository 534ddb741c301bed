import { describe, it } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  BcmSocket,
  Bus,
  type BusOptions,
  CanError,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  Message,
} from "../../mod.ts";
import { EAGAIN, EINTR, ENETDOWN, ENOBUFS, ENODEV, errnoName } from "../../src/kernel/errno.ts";
import { all, assertSilence, deliver, PATIENCE } from "../support/delivery.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { type Call, type Fault, withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";

const ENOMEM = 12;
const ENOTCONN = 107;

const ID = { arbitrationId: 0x123, isExtendedId: false };
const message = new Message({ ...ID, data: [1] });

/** Fails the next of these calls, and up to `most` of them. */
function failing(call: Call, errno: number, most = 1): { fault: Fault; times(): number } {
  let times = 0;
  const fault: Fault = (made) => made === call && times < most ? (times++, -errno) : undefined;
  return { fault, times: () => times };
}

describe("BcmSocket and sendPeriodic when calls fail", { skip: noVcan, timeout: 120_000 }, () => {
  it("opening leaves no descriptor open, whichever call fails", async () => {
    const openers: [name: string, open: () => Disposable][] = [
      ["BcmSocket", () => new BcmSocket({ channel: "vcan0", receiveBuffer: 100_000 })],
      ["BcmSocket on every interface", () => new BcmSocket("")],
    ];
    for (const [name, open] of openers) {
      const { result, made } = withFaults(() => undefined, open);
      result[Symbol.dispose]();
      await restingDescriptors();
      assert(made.includes("connect") && made.length > 2, made.join());
      made.forEach((call, failed) => {
        const what = `${name}: call ${failed}, ${call}`;
        const before = openDescriptors();
        const fault: Fault = (_call, _args, index) => index === failed ? -ENOMEM : undefined;
        const error = assertThrows(() => withFaults(fault, open), CanInitializationError, "ENOMEM", what);
        assertEquals([error.code, error.errno, error.syscall], ["ENOMEM", ENOMEM, call], what);
        assertEquals(openDescriptors(), before, what);
      });
    }
  });

  it("the first task leaves no descriptor open and the bus usable, whichever call fails", async () => {
    using other = new Bus("vcan0");
    for (const options of [{}, { modify: (each: Message) => each }]) {
      const before = await restingDescriptors();
      const begin = (bus: Bus) => bus.sendPeriodic(message, 1, { count: 2, ...options });
      using first = new Bus("vcan0");
      const { made } = withFaults(() => undefined, () => begin(first));
      first.close();
      assert(made.includes("socket"), made.join());
      for (const [failed, call] of made.entries()) {
        const what = `call ${failed}, ${call}`;
        using bus = new Bus("vcan0");
        const fault: Fault = (_call, _args, index) => index === failed ? -ENOMEM : undefined;
        let error: unknown;
        try {
          withFaults(fault, () => begin(bus));
        } catch (thrown) {
          error = thrown;
        }
        // If the link's state and MTU cannot be read, the kernel decides.
        if (call !== "ioctl" || error !== undefined) {
          assertInstanceOf(error, CanError, what);
          assertEquals([error.code, error.syscall], ["ENOMEM", call], what);
        }
        other.recvMany(99, 0);
        const task = begin(bus);
        assert(task.active, what);
        assertEquals(other.recv(PATIENCE)?.data[0], 1, what);
      }
      await descriptorsBackTo(before);
    }
  });

  it("errors name the module that is missing", () => {
    for (const [errno, text] of [[93, 'load the module with "sudo modprobe can-bcm"'], [97, "modprobe can"]] as const) {
      const { fault } = failing("socket", errno);
      assertThrows(() => withFaults(fault, () => new BcmSocket("vcan0")), CanInterfaceNotImplementedError, text);
      using bus = new Bus("vcan0");
      const begin = () => withFaults(failing("socket", errno).fault, () => bus.sendPeriodic(message, 1));
      assertThrows(begin, CanInterfaceNotImplementedError, text);
    }
    assertThrows(() => withFaults(failing("socket", 24).fault, () => new BcmSocket("vcan0")), CanError, "ulimit -n");
  });

  it("errors name the interface that is missing", () => {
    assertThrows(() => new BcmSocket("vcan99"), CanInitializationError, '"vcan99": ENODEV (no such device); make a');
    assertThrows(() => new BcmSocket("lo"), CanInitializationError, "it is not a CAN interface");
  });

  it("a command that the kernel refuses throws, and succeeds the next time", () => {
    const rows: [does: string, run: (bcm: BcmSocket) => unknown][] = [
      ["subscribe", (bcm) => bcm.subscribe({ ...ID, arbitrationId: 5 })],
      ["answer", (bcm) => bcm.answer(message)],
      ["transmit", (bcm) => bcm.transmit(message, 1)],
    ];
    for (const errno of [ENOMEM, ENODEV, ENOTCONN]) {
      for (const [does, run] of rows) {
        using bcm = new BcmSocket("vcan0");
        const error = assertThrows(
          () => withFaults(failing("sendmmsg", errno).fault, () => run(bcm)),
          CanOperationError,
        );
        // The kernel reports ENOTCONN if the interface is gone.
        const shown = errno === ENOMEM ? "ENOMEM" : "ENODEV";
        assertEquals([error.code, error.channel], [shown, "vcan0"], does);
        if (shown === "ENODEV") assert(/the interface is gone: close this/.test(error.message), error.message);
        assert(run(bcm), does);
      }
    }
  });

  it("read, update and stop: errors are thrown; on an interface that is gone, stopping succeeds", () => {
    using bcm = new BcmSocket("vcan0");
    const subscription = bcm.subscribe(ID);
    const transmission = bcm.transmit([message], 1);
    const fails = (errno: number, run: () => unknown) => () => withFaults(failing("sendmmsg", errno).fault, run);
    for (const run of [() => subscription.read(), () => transmission.read(), () => transmission.update(message)]) {
      assertThrows(fails(ENOMEM, run), CanOperationError, "ENOMEM");
      assertThrows(fails(ENOTCONN, run), CanOperationError, "ENODEV");
    }
    assertThrows(fails(ENOMEM, () => subscription.unsubscribe()), CanOperationError, 'Cannot unsubscribe on "vcan0"');
    assert(subscription.read());
    withFaults(failing("sendmmsg", ENOTCONN).fault, () => subscription.unsubscribe());
    assertThrows(fails(ENOMEM, () => transmission.stop()), CanOperationError, "Cannot stop a transmission on");
    transmission.update(message); // it is still active
    transmission.stop();
    assertEquals(transmission.read(), null);
  });

  it("a missing answer is an error", () => {
    using bcm = new BcmSocket("vcan0");
    const subscription = bcm.subscribe(ID);
    const { fault } = failing("recvmmsg", EAGAIN, Infinity);
    assertThrows(
      () => withFaults(fault, () => subscription.read()),
      CanOperationError,
      "the kernel does not answer; try again",
    );
    const { fault: failed } = failing("recvmmsg", ENOMEM, Infinity);
    assertThrows(
      () => withFaults(failed, () => subscription.read()),
      CanOperationError,
      "the kernel does not answer; try again",
    );
    assertThrows(() => bcm.recv(0), CanOperationError, "ENOMEM");
    assert(subscription.read());
    assertEquals(bcm.recv(0), null);
  });

  it("receiving: EINTR and EAGAIN are waited out, other errors are thrown once, ENODEV each time", async () => {
    for (const errno of [EINTR, EAGAIN, ENOBUFS, ENETDOWN, ENODEV, ENOMEM]) {
      const ways: ((bcm: BcmSocket) => unknown)[] = [
        (bcm) => bcm.recv(PATIENCE),
        (bcm) => bcm.recvMany(9, PATIENCE)[0],
        (bcm) => bcm.recvAsync({ timeout: PATIENCE }),
        async (bcm) => (await bcm[Symbol.asyncIterator]().next()).value,
      ];
      for (const run of ways) {
        using bus = new Bus({ channel: "vcan0", receiveOwnMessages: true });
        using bcm = new BcmSocket("vcan0");
        bcm.subscribe({ ...ID, mask: null });
        deliver(bus, message);
        const attempt = async () => {
          try {
            return await run(bcm);
          } catch (error) {
            return error;
          }
        };
        const result = await withFaults(failing("recvmmsg", errno).fault, attempt).result;
        const gone = errno === ENODEV; // earlier events are returned first
        if (errno === EINTR || errno === EAGAIN || gone) assertEquals((result as { type: string }).type, "changed");
        else assertInstanceOf(result, CanOperationError, errnoName(errno));
        if (gone) {
          for (let i = 0; i < 2; i++) assertThrows(() => bcm.recv(0), CanOperationError, "ENODEV");
        } else {
          if (result instanceof CanError) {
            assertEquals([result.code, result.syscall], [errnoName(errno), "recvmmsg"]);
            assertEquals(bcm.recv(PATIENCE)?.type, "changed");
          }
          bus.send(message);
          assertEquals(bcm.recv(PATIENCE)?.type, "changed");
        }
      }
    }
  });

  it("waiting: errors reject the pending wait, and the next wait works", async () => {
    for (const call of ["epollCreate", "eventfd", "epollCtl", "epollWait"] satisfies Call[]) {
      const before = await restingDescriptors();
      {
        using bcm = new BcmSocket("vcan0");
        using bus = new Bus("vcan0");
        bcm.subscribe(ID);
        const wait = withFaults(failing(call, ENOMEM).fault, async () => {
          await assertRejects(() => bcm.recvAsync(), CanOperationError, "Cannot wait for CAN sockets: ENOMEM");
        }).result;
        await wait;
        const next = bcm.recvAsync({ timeout: PATIENCE });
        bus.send(message);
        assertEquals((await next)?.type, "changed");
      }
      await descriptorsBackTo(before);
    }
    using bcm = new BcmSocket("vcan0");
    const poll = failing("poll", ENOMEM);
    assertThrows(() => withFaults(poll.fault, () => bcm.recv(1)), CanOperationError, "Cannot wait for");
  });

  it("socket options that cannot be read throw", () => {
    using bcm = new BcmSocket("vcan0");
    for (const read of [() => bcm.droppedFrames, () => bcm.receiveBuffer]) {
      assertThrows(() => withFaults(failing("getsockopt", ENOMEM).fault, read), CanOperationError, "ENOMEM");
    }
  });

  it("a task whose changes the kernel refuses continues unchanged", async () => {
    using bus = new Bus("vcan0");
    using other = new Bus("vcan0");
    const task = bus.sendPeriodic(message, 0.02);
    const fails = (run: () => unknown) => () => withFaults(failing("sendmmsg", ENOMEM).fault, run);
    assertThrows(fails(() => task.modifyData(new Message({ ...ID, data: [2] }))), CanOperationError, "ENOMEM");
    assertThrows(fails(() => task.modifyPeriod(0.5)), CanOperationError, "ENOMEM");
    assertEquals([task.active, task.period, task.messages[0].data[0]], [true, 0.02, 1]);
    for (let i = 0; i < 3; i++) assertEquals((await other.recvAsync({ timeout: PATIENCE }))?.data[0], 1);
    assertThrows(fails(() => task.stop()), CanOperationError, "Cannot stop sending periodically on");
    assertEquals(task.active, true);
    task.stop();
    task.start();
    const another = bus.sendPeriodic(message, 30);
    assertThrows(fails(() => bus.stopAllPeriodicTasks()), CanOperationError, "Cannot stop sending periodically on");
    assertEquals([task.active, another.active], [true, false]);
    assertThrows(
      fails(() => bus.sendPeriodic(message, 1)),
      CanOperationError,
      'Cannot send periodically on "vcan0": ENOMEM',
    );
    bus.close();
    await assertSilence(other);
  });

  it("a task that cannot be restarted, because it cannot be stopped, continues", async () => {
    using bus = new Bus("vcan0");
    using other = new Bus("vcan0");
    const task = bus.sendPeriodic(message, 0.005);
    const { done } = task;
    assertThrows(
      () => withFaults(failing("sendmmsg", ENOMEM).fault, () => task.start()),
      CanOperationError,
      "Cannot stop sending periodically on",
    );
    assertEquals([task.active, task.done === done], [true, true]);
    assert(await other.recvAsync({ timeout: PATIENCE }));
    task.stop();
    assertEquals(await done, "stopped");
    await assertSilence(other);
  });

  it("with reconnect, tasks survive errors after the interface is back; the phase of two rates is kept", async () => {
    for (const errno of [ENODEV, ENETDOWN]) {
      using bus = new Bus({ channel: "vcan0", reconnect: true });
      using other = new Bus("vcan0");
      const tasks = [1, 2].map((byte) => bus.sendPeriodic(new Message({ ...ID, data: [byte] }), 0.01));
      const twoRates = bus.sendPeriodic(new Message({ ...ID, data: [3] }), 0.001, { count: 3, subsequentPeriod: 0.01 });
      const finite = bus.sendPeriodic(new Message({ ...ID, data: [4] }), 0.01, { count: 1000 });
      const { done } = finite;
      await new Promise((resolve) => setTimeout(resolve, 50));
      // The interface is removed once; when it is back, the second task that resumes fails.
      let sent = 0;
      let lost = false;
      const fault: Fault = (call) => {
        if (call === "recvmmsg" && !lost) {
          lost = true;
          return -ENODEV;
        }
        return call === "sendmmsg" && lost && ++sent === 2 ? -errno : undefined;
      };
      await withFaults(fault, async () => {
        assert(tasks[0].active && lost, "the fault was not made");
        while (sent < 5) await new Promise((resolve) => setTimeout(resolve, 20));
      }).result;
      assertEquals([...tasks, twoRates, finite].map(({ active }) => active), [true, true, true, true]);
      twoRates.modifyPeriod(0.002);
      assertEquals([twoRates.period, twoRates.subsequentPeriod], [0.001, 0.002]);
      other.recvMany(9999, 0);
      const seen = new Set<number>();
      while (seen.size < 4) seen.add((await other.recvAsync({ timeout: 20 }))!.data[0]);
      finite.modifyPeriod(0.001);
      assertEquals(await done, "finished");
    }
  });

  it("a task ends when its interface is removed", async () => {
    using bus = new Bus("vcan0");
    const tasks = [bus.sendPeriodic(message, 0.02), bus.sendPeriodic(message, 0.02, { count: 1000 })];
    const [first, second] = tasks.map(({ done }) => done);
    const { fault } = failing("recvmmsg", ENODEV, Infinity);
    const ends = withFaults((call, args, index) => fault(call, args, index), async () => {
      await assertRejects(() => second, CanOperationError, "ENODEV");
      await assertRejects(() => first, CanOperationError, "ENODEV");
    }).result;
    assert(!tasks[1].active);
    await ends;
    assertEquals(tasks.map(({ active }) => active), [false, false]);
    tasks[0].start();
    tasks[0].stop();
    assertEquals(await tasks[0].done, "stopped");
  });

  it("a task by timers: a full queue loses frames, other errors reject done", async () => {
    const modify = (each: Message) => each;
    const warnings: string[] = [];
    const options: BusOptions = {
      channel: "vcan0",
      logger: { debug() {}, warn: (line) => void warnings.push(line) },
    };
    for (const errno of [ENOBUFS, EAGAIN]) {
      using bus = new Bus(options);
      using other = new Bus("vcan0");
      const task = bus.sendPeriodic(message, 0.005, { modify, count: 4 });
      await withFaults(failing("send", errno, 2).fault, () => task.done).result;
      assertEquals(all(other, 2).length, 2, errnoName(errno));
    }
    assertEquals(warnings.length, 2);
    assert(/was due and was not sent: .*queue is full/.test(warnings[0]), warnings[0]);
    for (const errno of [ENOMEM, ENODEV]) {
      using bus = new Bus(options);
      const task = bus.sendPeriodic(message, 0.005, { modify });
      const end = withFaults(failing("send", errno, Infinity).fault, async () => {
        await assertRejects(() => task.done, CanOperationError, errnoName(errno));
      }).result;
      await end;
      assertEquals(task.active, false);
    }
  });

  it("waiting for the end: errors reject done, the task continues, and the next wait works", async () => {
    for (const call of ["epollCreate", "epollCtl", "epollWait"] satisfies Call[]) {
      using bus = new Bus("vcan0");
      const task = bus.sendPeriodic(message, 0.5, { count: 20 });
      const end = withFaults(failing(call, ENOMEM).fault, async () => {
        await assertRejects(() => task.done, CanOperationError, "Cannot wait for CAN sockets: ENOMEM");
      }).result;
      await end;
      assert(task.active);
      task.modifyPeriod(0.001);
      assertEquals(await task.done, "finished");
    }
  });

  it("a lost TX_EXPIRED is noticed", async () => {
    using bus = new Bus("vcan0");
    const task = bus.sendPeriodic(message, 0.001, { count: 5 });
    const { done } = task;
    // All reports are lost until the frames have been sent; only then does the kernel answer.
    const end = performance.now() + 100;
    const lost: Fault = (call) => call === "recvmmsg" && performance.now() < end ? -EAGAIN : undefined;
    await withFaults(lost, async () => {
      while (performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    }).result;
    assertEquals(await done, "finished");
  });

  it("closing: errors of calls do not leave a descriptor open", async () => {
    const before = await restingDescriptors();
    for (const call of ["close", "epollCtl"] satisfies Call[]) {
      const bcm = new BcmSocket("vcan0");
      const wait = bcm.recvAsync().catch((error) => error.message);
      await new Promise((resolve) => setTimeout(resolve, 20));
      withFaults((made) => made === call && call !== "close" ? -ENOMEM : undefined, () => bcm.close());
      assert(/the socket is closed/.test(await wait), await wait);
    }
    await descriptorsBackTo(before);
  });
});
