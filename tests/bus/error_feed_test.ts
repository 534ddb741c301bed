import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Bus, CanInitializationError, CanOperationError, Message } from "../../mod.ts";
import { ENETDOWN } from "../../src/kernel/errno.ts";
import { CAN_RAW_ERR_FILTER, SOL_CAN_RAW } from "../../src/kernel/raw.ts";
import { all, deliver } from "../support/delivery.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { type Call, type Fault, withFaults } from "../support/faults.ts";
import { pause } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

const ENOMEM = 12;

const busOff = new Message({ isErrorFrame: true, arbitrationId: 0x40 });
const overflow = new Message({ isErrorFrame: true, arbitrationId: 0x4, data: [0, 1] });
const data = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1] });

/** All queued messages, at least `count` of them, as text. */
function drain(bus: Bus, count: number): string[] {
  return all(bus, count).map((message) => `${message.error ?? message.arbitrationId.toString(16)}`);
}

for (const { name, skip, open } of worlds) {
  describe(`Bus.errors on ${name}`, { skip }, () => {
    it("returns error frames, which the bus's own messages then leave out", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open({ fd: true });
      deliver(sender, busOff, data);
      assertEquals(drain(bus, 2), ["bus-off", "123"]);
      const errors = bus.errors();
      deliver(sender, overflow, data, busOff, new Message({ isRemoteFrame: true, arbitrationId: 7 }), busOff);
      const seen: string[] = [];
      for await (const message of errors) {
        assert(message.isErrorFrame && message.channel === bus.channel && message.timestamp > 0, `${message}`);
        seen.push(`${message.error}`);
        if (seen.length === 3) break;
      }
      assertEquals(seen, ["controller-problem{rx-overflow}", "bus-off", "bus-off"]);
      assertEquals(drain(bus, 2), ["123", "7"]);
      assertEquals(await errors.next(), { value: undefined, done: true });
      deliver(sender, busOff, data);
      assertEquals(drain(bus, 2), ["bus-off", "123"], "the mask is restored");
    });

    it("serves several pending waits in order, without blocking", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open();
      using errors = bus.errors();
      const waiting = [errors.next(), errors.next()];
      await pause(20);
      deliver(sender, busOff, overflow);
      assertEquals((await Promise.all(waiting)).map(({ value }) => value!.arbitrationId), [0x40, 4]);
    });

    it("has the classes of errorMask, all if that is 0, and restores the mask", async () => {
      using sender = open({ receiveOwnMessages: true });
      for (const errorMask of [0, [], 0x40, ["bus-off"]] as const) {
        using bus = open({ errorMask });
        const every = Number(errorMask) === 0;
        {
          using errors = bus.errors();
          deliver(sender, overflow, busOff);
          if (every) assertEquals((await errors.next()).value!.arbitrationId, 4);
          assertEquals((await errors.next()).value!.arbitrationId, 0x40);
        }
        deliver(sender, overflow, busOff, data);
        const expected = every ? ["123"] : ["bus-off", "123"];
        assertEquals(drain(bus, expected.length), expected, JSON.stringify(errorMask));
      }
    });

    it("delivers every error frame to each of several feeds; the mask is restored after the last", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open();
      using first = bus.errors();
      using second = bus.errors();
      deliver(sender, busOff);
      for (const errors of [first, second]) assertEquals((await errors.next()).value!.arbitrationId, 0x40);
      await first.return();
      await first.return();
      deliver(sender, overflow, data);
      assertEquals((await second.next()).value!.arbitrationId, 4);
      assertEquals(drain(bus, 1), ["123"]);
      await second[Symbol.asyncDispose]();
      deliver(sender, overflow);
      assertEquals(drain(bus, 1), ["controller-problem{rx-overflow}"]);
    });

    it("is not affected by filters, joined or not, nor is the mask", async () => {
      using sender = open({ receiveOwnMessages: true });
      const filters = [{ canId: 0x123, canMask: 0x7ff }, { canId: 0x103, canMask: 0x70f }];
      using bus = open({ filters, joinFilters: true });
      using errors = bus.errors();
      bus.setFilters(filters.slice(0, 1));
      deliver(sender, busOff, new Message({ arbitrationId: 1 }), data);
      assertEquals((await errors.next()).value!.arbitrationId, 0x40);
      assertEquals(drain(bus, 1), ["123"]);
    });

    it("ends on return, on the bus's close and on the signal, also during a wait", async () => {
      const ends: ((errors: ReturnType<Bus["errors"]>, bus: Bus, aborting: AbortController) => unknown)[] = [
        (errors) => errors.return(),
        (errors) => errors[Symbol.dispose](),
        (_errors, bus) => bus.close(),
        (_errors, _bus, aborting) => aborting.abort(),
      ];
      for (const end of ends) {
        const aborting = new AbortController();
        using bus = open();
        const errors = bus.errors({ signal: aborting.signal });
        const waits = [errors.next(), errors.next()];
        await pause(5);
        end(errors, bus, aborting);
        for (const wait of [...waits, errors.next()]) assertEquals(await wait, { value: undefined, done: true });
      }
      using bus = open();
      assertEquals((await bus.errors({ signal: AbortSignal.abort() }).next()).done, true);
      using sender = open();
      sender.send(busOff);
      assertEquals(drain(bus, 1), ["bus-off"]);
    });

    it("is refused on a closed bus, and with an invalid signal", () => {
      const bus = open();
      const refuse = (signal: unknown) => () => bus.errors({ signal: signal as AbortSignal });
      assertThrows(refuse({}), TypeError, "signal must be an AbortSignal: {}");
      assertThrows(() => bus.errors(null as unknown as object), TypeError, "errors() takes an object, not null");
      const ended = bus.errors();
      bus.close();
      assertEquals(assertThrows(() => ended.droppedFrames, CanOperationError, "the feed is closed").code, "EBADF");
      const error = assertThrows(() => bus.errors(), CanOperationError, 'Cannot follow the errors of "');
      assertEquals(error.code, "EBADF");
    });

    it("counts dropped error frames", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open({ receiveBuffer: 20_000 });
      using errors = bus.errors();
      for (let i = 0; i < 200; i++) deliver(sender, busOff);
      assert(errors.droppedFrames > 0, `${errors.droppedFrames}`);
      assertEquals(bus.droppedFrames, 0);
      let count = 0;
      while (count + errors.droppedFrames < 200) count += Number(!(await errors.next()).done);
      assertEquals(count + errors.droppedFrames, 200);
    });
  });
}

/** The number of error frames: more than any receive buffer holds. */
const STORM = 12_000;
/** The number of error frames before each data frame. */
const GUST = 60;

/** Sends numbered data frames, each after many error frames, from a bus that receives its own messages. */
async function storm(sender: Bus, rest: () => unknown): Promise<void> {
  const gust: Message[] = new Array(GUST).fill(overflow);
  for (let i = 0; i < STORM / GUST; i++) {
    assertEquals(sender.sendMany(gust), GUST);
    deliver(sender, new Message({ arbitrationId: 0x100 + i }));
    await rest();
  }
}

const counted = Array.from({ length: STORM / GUST }, (_, i) => 0x100 + i);

for (const { name, skip, open } of worlds) {
  describe(`A storm of error frames on ${name}`, { skip }, () => {
    it("displaces no data, even while nothing is read", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open();
      using errors = bus.errors();
      using mixed = open(); // for comparison: its error frames arrive among its data
      await storm(sender, () => {});
      assertEquals(bus.recvMany(STORM, 0).map(({ arbitrationId }) => arbitrationId), counted);
      assertEquals(bus.droppedFrames, 0);
      assert(mixed.droppedFrames > STORM / 2, `${mixed.droppedFrames}`);
      assert(mixed.recvMany(STORM, 0).filter((message) => !message.isErrorFrame).length < counted.length);
      let count = 0;
      while (count + errors.droppedFrames < STORM) count += Number(!(await errors.next()).done);
      assertEquals(count + errors.droppedFrames, STORM);
    });

    it("delays no data while both are read", async () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open();
      const errors = bus.errors();
      let followed = 0;
      const following = (async () => {
        for await (const { error } of errors) {
          if (error!.controllerProblems.includes("rx-overflow")) followed++;
        }
      })();
      const ids: number[] = [];
      const reading = (async () => {
        for await (const message of bus) {
          assert(!message.isErrorFrame, `${message}`);
          ids.push(message.arbitrationId);
          if (ids.length === counted.length) break;
        }
      })();
      await storm(sender, () => pause());
      await reading;
      while (followed + errors.droppedFrames < STORM) await pause(5);
      assertEquals([followed + errors.droppedFrames, bus.droppedFrames], [STORM, 0]);
      assertEquals(ids, counted);
      await errors.return();
      await following;
    });
  });
}

const kernel = worlds[0];

describe("Bus.errors with failing system calls", { skip: kernel.skip }, () => {
  it("leaves no descriptor open and the mask unchanged, whichever call of opening fails", async () => {
    using bus = kernel.open();
    using sender = kernel.open();
    const opened = withFaults(() => undefined, () => bus.errors());
    await opened.result.return();
    await restingDescriptors();
    assert(opened.made.length > 10, opened.made.join());
    for (let failing = 0; failing < opened.made.length; failing++) {
      const before = openDescriptors();
      const fault: Fault = (_call, _args, index) => index === failing ? -ENOMEM : undefined;
      // The last call sets the bus's own mask.
      const Class = failing < opened.made.length - 1 ? CanInitializationError : CanOperationError;
      assertThrows(() => withFaults(fault, () => bus.errors()), Class, "ENOMEM", `call ${failing}`);
      assertEquals(openDescriptors(), before, opened.made[failing]);
    }
    sender.send(busOff);
    assertEquals(drain(bus, 1), ["bus-off"]);
  });

  it("ends even if the mask cannot be restored, and reports that, also on an abort", async () => {
    const refuse: Fault = (call, args) =>
      call === "setsockopt" && args[1] === SOL_CAN_RAW && args[2] === CAN_RAW_ERR_FILTER ? -ENOMEM : undefined;
    using bus = kernel.open();
    const before = await restingDescriptors();
    const text = "Cannot set CAN_RAW_ERR_FILTER on";
    const left = bus.errors();
    await withFaults(refuse, () => assertRejects(() => left.return(), CanOperationError, text)).result;
    assertEquals((await left.next()).done, true);
    await descriptorsBackTo(before);

    const aborting = new AbortController();
    const aborted = bus.errors({ signal: aborting.signal });
    const wait = aborted.next();
    withFaults(refuse, () => aborting.abort());
    await assertRejects(() => wait, CanOperationError, text);
    assertEquals((await aborted.next()).done, true);
    await descriptorsBackTo(before);
  });

  it("closes every socket when the bus is closed, even if closing one fails", async () => {
    const bus = kernel.open();
    const feeds = [bus.errors(), bus.errors()];
    let failed = false;
    const fault = (call: Call) => {
      if (call !== "close" || failed) return undefined;
      failed = true;
      return -ENOMEM;
    };
    const opened = openDescriptors();
    assertThrows(() => withFaults(fault, () => bus.close()), CanOperationError, "ENOMEM");
    assertEquals(openDescriptors(), opened - 2, "all but the one whose close was made to fail");
    for (const errors of feeds) assertEquals((await errors.next()).done, true);
  });

  it("throws the socket's error, and continues after ENETDOWN", async () => {
    using sender = kernel.open({ receiveOwnMessages: true });
    using bus = kernel.open();
    using errors = bus.errors();
    let down = true;
    const fault = (call: Call) => {
      if (call !== "recvmmsg" || !down) return undefined;
      down = false;
      return -ENETDOWN;
    };
    deliver(sender, busOff, overflow);
    const seen: number[] = [];
    const follow = async () => {
      for await (const { arbitrationId } of errors) {
        seen.push(arbitrationId);
        if (seen.length === 2) break;
      }
    };
    await withFaults(fault, () => assertRejects(follow, CanOperationError, "ENETDOWN")).result;
    assertEquals(seen, []);
    await follow();
    assertEquals(seen, [0x40, 4]);
  });

  it("opens one socket for each feed, and closes it", async () => {
    using sender = kernel.open({ receiveOwnMessages: true });
    using bus = kernel.open();
    const before = await restingDescriptors();
    for (let i = 0; i < 20; i++) {
      const opened = openDescriptors();
      const errors = bus.errors();
      assertEquals(openDescriptors(), opened + 1);
      deliver(sender, busOff, busOff);
      for await (const _ of errors) break;
    }
    await descriptorsBackTo(before);
  });

  it("takes over ref and unref from the bus", async () => {
    using bus = kernel.open().unref();
    using sender = kernel.open();
    using errors = bus.errors();
    const wait = errors.next();
    await pause(20);
    bus.ref();
    sender.send(busOff);
    assertEquals((await wait).value!.arbitrationId, 0x40);
  });
});
