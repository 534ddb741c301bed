import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BcmEvent,
  BcmSocket,
  type BcmSocketOptions,
  type BcmSubscription,
  type BcmSubscriptionOptions,
  type BcmTransmitOptions,
  Bus,
  CanOperationError,
  Message,
  type MessageInit,
} from "../../mod.ts";
import {
  CAN_FD_FRAME,
  RX_ANNOUNCE_RESUME,
  RX_CHECK_DLC,
  RX_FILTER_ID,
  RX_NO_AUTOTIMER,
  SETTIMER,
  STARTTIMER,
  TX_ANNOUNCE,
  TX_COUNTEVT,
} from "../../src/kernel/bcm.ts";
import { all as allOf, assertSilence, deliver, take } from "../support/delivery.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";

const ID = { arbitrationId: 0x123, isExtendedId: false };
const make = (data: readonly number[], init: MessageInit = {}) => new Message({ ...ID, data, ...init });

/** All queued events, at least so many: changes as bytes, others as their type. */
function eventsOf(bcm: BcmSocket, count: number): string[] {
  return allOf(bcm, count).map((event) =>
    event.type === "changed" ? Array.from(event.message.data, (byte) => byte.toString(16)).join(" ") : event.type
  );
}

/** The next event, with a timeout far longer than necessary. */
function next(bcm: BcmSocket): BcmEvent {
  const event = bcm.recv(20);
  assert(event, "no event arrived");
  return event;
}

describe("BcmSocket", { skip: noVcan, timeout: 120_000 }, () => {
  function world(options: Partial<BcmSocketOptions> = {}) {
    const sender = new Bus({ channel: "vcan0", fd: true, receiveOwnMessages: true });
    const bus = new Bus({ channel: "vcan0", fd: true });
    const bcm = new BcmSocket({ channel: "vcan0", ...options });
    const sendMessages = (...messages: Message[]) => deliver(sender, ...messages);
    return {
      bus,
      bcm,
      sender,
      sendMessages,
      send: (...data: number[][]) => sendMessages(...data.map((each) => make(each))),
      [Symbol.dispose]() {
        sender.close();
        bus.close();
        bcm.close();
      },
    };
  }

  it("reports changes, and nothing else", () => {
    using all = world();
    const { bcm, send } = all;
    bcm.subscribe(ID);
    send([1, 2], [1, 2], [1, 3], [1, 3], [1, 2], [1, 2, 0], [1, 2, 0], [], [1]);
    assertEquals(eventsOf(bcm, 6), ["1 2", "1 3", "1 2", "1 2 0", "", "1"]);
  });

  it("compares only the bits of the mask", () => {
    using all = world();
    const { bcm, send } = all;
    bcm.subscribe({ ...ID, mask: [0xf0, 0, 1] });
    send([0x10], [0x1f], [0x1f, 5], [0x2f], [0x2f, 5, 2], [0x2f, 5, 3], [0x2f]);
    assertEquals(eventsOf(bcm, 4), ["10", "2f", "2f 5 3", "2f"]);
  });

  it("compares the length if checkDlc is set", () => {
    for (const checkDlc of [true, false]) {
      using all = world();
      const { bcm, send } = all;
      bcm.subscribe({ ...ID, mask: [0xff], checkDlc });
      send([1], [1, 2], [1, 3]);
      assertEquals(eventsOf(bcm, 1), checkDlc ? ["1", "1 2"] : ["1"]);
    }
    using all = world();
    all.bcm.subscribe({ ...ID, checkDlc: false });
    all.send([1], [1, 0], [1, 2]);
    assertEquals(eventsOf(all.bcm, 2), ["1", "1 2"]);
  });

  it("reports every frame if the mask is null", () => {
    using all = world();
    const { bcm, send } = all;
    bcm.subscribe({ ...ID, mask: null });
    send([1], [1], [1]);
    assertEquals(eventsOf(bcm, 3), ["1", "1", "1"]);
  });

  it("compares multiplexed frames with the last of their case", () => {
    using all = world();
    const { bcm, send } = all;
    const cases = [{ value: [1], mask: [0, 0xff] }, { value: [2] }, { value: [3], mask: [] }];
    bcm.subscribe({ ...ID, multiplex: { mask: [0x0f], cases } });
    // deno-fmt-ignore
    send([1, 1, 1], [1, 1, 2], [1, 2, 2], [2, 1, 1], [2, 1, 2], [0x21, 2, 0], [3, 1], [3, 2], [4, 1], [2, 1, 2], [1, 1]);
    assertEquals(eventsOf(bcm, 6), ["1 1 1", "1 2 2", "2 1 1", "2 1 2", "3 1", "1 1"]);
  });

  it("compares all 64 bytes of multiplexed CAN FD frames", () => {
    using all = world();
    const { bcm, sendMessages } = all;
    const last = [...Array(63).fill(0), 0xff];
    bcm.subscribe({
      ...ID,
      isFd: true,
      multiplex: { mask: [0, 0xff], cases: [{ value: [0, 1], mask: last }, { value: [0, 2] }] },
    });
    const send = (...data: number[]) =>
      sendMessages(make([...data.slice(0, 2), ...Array(61).fill(data[2]), data[3]], { isFd: true }));
    send(0, 1, 0, 1);
    send(5, 1, 5, 1);
    send(0, 1, 0, 2);
    send(0, 2, 0, 2);
    send(0, 2, 1, 2);
    send(0, 3, 0, 0);
    assertEquals(allOf(bcm, 4).map(({ message }) => [1, 2, 63].map((at) => message!.data[at])), [
      [1, 0, 1],
      [1, 0, 2],
      [2, 0, 2],
      [2, 1, 2],
    ]);
  });

  it("keeps 256 cases of a multiplex apart", () => {
    using all = world({ receiveBuffer: 1_000_000 });
    const { bcm, send } = all;
    const cases = Array.from({ length: 256 }, (_, i) => ({ value: [i] }));
    const subscription = bcm.subscribe({ ...ID, multiplex: { mask: [0xff], cases } });
    for (let round = 0; round < 2; round++) send(...cases.map(({ value: [first] }) => [first, 7]));
    assertEquals(eventsOf(bcm, 256).length, 256);
    assertEquals(subscription.read()!.messages.length, 257);
  });

  it("throttle: changes in the meantime are reported once, with the latest frame", () => {
    using all = world();
    const { bcm, sender } = all;
    bcm.subscribe({ ...ID, throttle: 2 });
    sender.sendMany([1, 2, 3, 4].map((byte) => make([byte]))); // at once: no machine takes two seconds for that
    assertEquals([next(bcm).message!.data[0], next(bcm).message!.data[0]], [1, 4]);
    assertEquals(bcm.recv(2.1), null);
  });

  it("reports a missing frame, once for each timeout", () => {
    using all = world();
    const { bcm, send } = all;
    const subscription = bcm.subscribe({ ...ID, timeout: 0.05 });
    const missing = next(bcm);
    assertEquals(missing.type, "timeout");
    assert(missing.type === "timeout" && missing.subscription === subscription);
    assertEquals([missing.message, missing.channel, `${missing}`], [null, "vcan0", "timeout 123"]);
    assertEquals(bcm.recv(0.15), null);
    send([1]);
    assertEquals([next(bcm).type, next(bcm).type], ["changed", "timeout"]);
    send([1]); // the same data: no change
    assertEquals(next(bcm).type, "timeout");
  });

  it("startTimer: false waits for the first frame, autoTimer: false reports only once", () => {
    using all = world();
    const { bcm, send } = all;
    const first = bcm.subscribe({ ...ID, timeout: 0.05, startTimer: false });
    assertEquals(bcm.recv(0.15), null);
    send([1]);
    assertEquals([next(bcm).type, next(bcm).type], ["changed", "timeout"]);
    first.unsubscribe();
    bcm.subscribe({ ...ID, timeout: 0.05, autoTimer: false });
    assertEquals(next(bcm).type, "timeout");
    send([1]);
    assertEquals(next(bcm).type, "changed");
    assertEquals(bcm.recv(0.15), null);
  });

  it("announceResume reports the first frame after a timeout", () => {
    for (const announceResume of [true, false]) {
      using all = world();
      const { bcm, send } = all;
      bcm.subscribe({ ...ID, timeout: 0.05, startTimer: false, announceResume });
      send([1]);
      assertEquals([next(bcm).type, next(bcm).type], ["changed", "timeout"]);
      send([1]);
      assertEquals(next(bcm).type, announceResume ? "changed" : "timeout");
    }
  });

  it("tells CAN FD, extended and remote frames apart", () => {
    using all = world();
    const { bcm, sendMessages } = all;
    const fd = bcm.subscribe({ ...ID, isFd: true, mask: [...Array(63).fill(0), 0xff] });
    const classic = bcm.subscribe(ID);
    const extended = bcm.subscribe({ arbitrationId: 0x123, isExtendedId: true });
    const remote = bcm.subscribe({ ...ID, isRemoteFrame: true, mask: null });
    const long = (last: number, first = 0) => [first, ...Array(62).fill(0), last];
    const messages = [
      make([1]),
      make(long(0), { isFd: true, bitrateSwitch: true }),
      make(long(0, 5), { isFd: true }),
      make(long(1, 6), { isFd: true, errorStateIndicator: true }),
      make([2], { isExtendedId: true }),
      new Message({ ...ID, isRemoteFrame: true, dlc: 3 }),
    ];
    sendMessages(...messages);
    const expected = [[classic, 0], [fd, 1], [fd, 3], [extended, 4], [remote, 5]] as const;
    const events = allOf(bcm, expected.length);
    assertEquals(events.length, expected.length);
    const kindOf = ({ arbitrationId, isExtendedId, isRemoteFrame, isFd }: BcmSubscription) =>
      [arbitrationId, isExtendedId, isRemoteFrame, isFd].join();
    assertEquals([classic, fd, extended, remote].map(kindOf), [
      "291,false,false,false",
      "291,false,false,true",
      "291,true,false,false",
      "291,false,true,false",
    ]);
    expected.forEach(([subscription, i], at) => {
      const event = events[at];
      assert(event.type === "changed" && event.subscription === subscription, `${at}`);
      const sent = new Message({ ...messages[i].toJSON(), channel: "vcan0" });
      assert(event.message.equals(sent, null), `${event.message} is not ${sent}`);
      assertEquals(event.message.timestampSource, "software");
      assert(Math.abs(event.message.timestamp - Date.now() / 1000) < 60);
    });
  });

  it("answers remote frames", () => {
    using all = world();
    const { bcm, bus } = all;
    const answers = [
      bcm.answer(make([1, 2, 3])),
      bcm.answer(make([4], { isExtendedId: true })),
    ];
    for (const [isExtendedId, data] of [[false, [1, 2, 3]], [true, [4]]] as const) {
      bus.send(new Message({ ...ID, isExtendedId, isRemoteFrame: true, dlc: 8 }));
      const answer = bus.recv(20)!;
      assertEquals([answer.arbitrationId, answer.isExtendedId, answer.isRemoteFrame], [0x123, isExtendedId, false]);
      assertEquals([...answer.data], [...data]);
    }
    assertEquals(answers[0].read()!.messages.map(({ data }) => [...data]), [[1, 2, 3]]);
    assertThrows(() => bcm.answer(make([5])), RangeError, "there is already a subscription to identifier 0x40000123");
    answers[0].unsubscribe();
    bus.send(new Message({ ...ID, isRemoteFrame: true }));
    assertEquals(bus.recv(0.05), null);
    assertEquals(bcm.recv(0), null); // an answered frame is not an event
    bcm.answer(make([5])).unsubscribe();
  });

  it("a subscription that has ended does not affect its successor", () => {
    using all = world();
    const { bcm, send } = all;
    {
      using first = bcm.subscribe(ID);
      first.unsubscribe();
      bcm.subscribe({ ...ID, mask: null });
      assertEquals(first.read(), null);
    } // disposed of a second time
    send([1], [1]);
    assertEquals(eventsOf(bcm, 2), ["1", "1"]);
  });

  it("events of a subscription that has ended are not its successor's; all others stay in order", () => {
    using all = world();
    const { bcm, bus, send, sendMessages } = all;
    const first = bcm.subscribe({ ...ID, mask: null });
    bcm.subscribe({ ...ID, isFd: true, mask: null });
    bcm.subscribe({ arbitrationId: 5, isExtendedId: true, mask: null });
    const others = [make([0xa], { isFd: true }), new Message({ arbitrationId: 5, data: [0xb] })];
    const short = bcm.subscribe({ arbitrationId: 1, isExtendedId: false }); // also the key of the first transmission
    bcm.transmit(make([0xc], { isExtendedId: true }), 0.001, { count: 2 });
    take(bus, 2); // the kernel reports the end before any socket has the last frame
    send([1], [2]);
    sendMessages(...others);
    first.unsubscribe();
    short.unsubscribe();
    bcm.subscribe({ ...ID, mask: [] });
    send([3], [4]);
    assertEquals(eventsOf(bcm, 4), ["expired", "a", "b", "3"]);
  });

  it("an answer that has ended does not affect its successor", () => {
    using all = world();
    const { bcm, bus } = all;
    const answer = bcm.answer(make([1]));
    answer.unsubscribe();
    bcm.answer(make([2]));
    answer.unsubscribe();
    bus.send(new Message({ ...ID, isRemoteFrame: true }));
    assertEquals(bus.recv(20)!.data[0], 2);
  });

  it("reads back what the kernel holds", () => {
    using all = world();
    const { bcm } = all;
    const rows: [BcmSubscriptionOptions, flags: number, masks: number[][]][] = [
      [ID, SETTIMER | RX_CHECK_DLC, [Array(8).fill(255)]],
      [{ ...ID, mask: [1], throttle: 0.25 }, SETTIMER, [[1, 0, 0, 0, 0, 0, 0, 0]]],
      [{ ...ID, mask: null, timeout: 34_560_000 }, SETTIMER | STARTTIMER | RX_FILTER_ID, []],
      [{ ...ID, isFd: true, mask: [] }, SETTIMER | CAN_FD_FRAME, [Array(64).fill(0)]],
      [
        { ...ID, mask: [2], timeout: 1.5, announceResume: true, autoTimer: false, startTimer: false },
        SETTIMER | RX_ANNOUNCE_RESUME | RX_NO_AUTOTIMER,
        [[2, 0, 0, 0, 0, 0, 0, 0]],
      ],
      [
        { ...ID, multiplex: { mask: [0xf0], cases: [{ value: [0x10], mask: [0xff, 1] }, { value: [0x20] }] } },
        SETTIMER,
        [[0xf0, 0, 0, 0, 0, 0, 0, 0], [0x1f, 1, 0, 0, 0, 0, 0, 0], [0x2f, 255, 255, 255, 255, 255, 255, 255]],
      ],
    ];
    for (const [options, flags, masks] of rows) {
      using subscription = bcm.subscribe(options);
      const { messages, ...status } = subscription.read()!;
      assertEquals(status, { flags, count: 0, ival1: options.timeout ?? 0, ival2: options.throttle ?? 0 });
      assertEquals(messages.map(({ data }) => [...data]), masks);
      assert(messages.every(({ arbitrationId, timestamp }) => arbitrationId === 0x123 && timestamp === 0));
      subscription.unsubscribe();
      assertEquals(subscription.read(), null);
    }
  });

  it("transmits, and reports the end", () => {
    using all = world();
    const { bcm, bus } = all;
    const transmission = bcm.transmit([make([1]), make([2])], 0.01, { count: 5 });
    const ended = next(bcm);
    assert(ended.type === "expired" && ended.transmission === transmission);
    assertEquals([ended.message, ended.channel], [null, "vcan0"]);
    assertEquals(allOf(bus, 5).map(({ data }) => data[0]), [1, 2, 1, 2, 1]);
    const { messages, ...status } = transmission.read()!;
    const flags = SETTIMER | STARTTIMER | TX_COUNTEVT | TX_ANNOUNCE;
    assertEquals(status, { flags, count: 0, ival1: 0.01, ival2: 0 });
    assertEquals(messages.map(({ data }) => data[0]), [1, 2]);
    transmission.stop();
    assertEquals(transmission.read(), null);
  });

  it("transmits without end, and at a subsequent rate", () => {
    using all = world();
    const { bcm, bus } = all;
    const endless = bcm.transmit(make([1]), 30);
    assertEquals(endless.read()!.ival2, 30);
    const slower = bcm.transmit(make([2]), 0.001, { duration: 0.0025, subsequentPeriod: 0.005 });
    assertEquals(next(bcm).type, "expired");
    const got: number[] = [];
    while (got.length < 8) got.push(bus.recv(20)!.data[0]);
    assertEquals(got, [1, 2, 2, 2, 2, 2, 2, 2]);
    endless.stop();
    slower[Symbol.dispose]();
    slower.stop();
    assertEquals([endless.read(), slower.read()], [null, null]);
  });

  it("update: when due, at once, or from the first message on", () => {
    using all = world();
    const { bcm, bus } = all;
    const transmission = bcm.transmit([make([1]), make([2]), make([3])], 30);
    assertEquals(bus.recv(20)!.data[0], 1);
    transmission.update([make([11]), make([12]), make([13])]);
    assertEquals(bus.recv(0), null);
    transmission.update([make([21]), make([22]), make([23])], { announce: true });
    assertEquals(bus.recv(20)!.data[0], 22);
    transmission.update([make([31]), make([32]), make([33])], { announce: true, restart: true });
    assertEquals(bus.recv(20)!.data[0], 31);
    assertEquals(transmission.messages.map(({ data }) => data[0]), [31, 32, 33]);
    assertThrows(() => transmission.update(make([1])), RangeError, "1 messages cannot replace 3");
    transmission.update([make([41], { channel: "vcan0" }), make([42]), make([43])]); // the channel is ignored here
    assertThrows(() => transmission.update([], { now: true } as never), TypeError, 'update has no option "now"');
    transmission.stop();
    assertThrows(
      () => transmission.update([make([1]), make([1]), make([1])]),
      CanOperationError,
      "it was stopped; call transmit again",
    );
  });

  it("a frame that an update sends at once is counted; the end is reported if the timer reaches it", () => {
    using all = world();
    const { bcm, bus } = all;
    const transmission = bcm.transmit(make([1]), 3, { count: 3 }); // no machine is so slow that the update is later
    transmission.update(make([2]), { announce: true });
    assertEquals(next(bcm).type, "expired");
    assertEquals(allOf(bus, 3).map(({ data }) => data[0]), [1, 2, 2]);
    const other = bcm.transmit(make([3]), 30, { count: 2 });
    other.update(make([4]), { announce: true });
    assertEquals([other.read()!.count, bcm.recv(0.05)], [0, null]);
  });

  it("reports the end also after an update", () => {
    using all = world();
    const { bcm } = all;
    const transmission = bcm.transmit(make([1]), 0.05, { count: 3 });
    transmission.update(make([2]));
    assertEquals(next(bcm).type, "expired");
  });

  it("listens to every interface, and answers on one", () => {
    using all = world({ channel: "" });
    const { bcm, bus } = all;
    bcm.subscribe({ ...ID, timeout: 0.05 });
    const missing = next(bcm);
    assertEquals([missing.type, missing.channel], ["timeout", null]);
    bus.send(make([1]));
    const changed = next(bcm);
    assertEquals([changed.channel, changed.message!.channel], ["vcan0", "vcan0"]);
    assertEquals(next(bcm).channel, "vcan0");
    bcm.answer(make([9], { channel: "vcan0" }));
    bus.send(new Message({ ...ID, isRemoteFrame: true }));
    assertEquals(bus.recv(20)!.data[0], 9);
    const transmission = bcm.transmit(make([8], { channel: "vcan0" }), 0.001, { count: 2 });
    assertEquals(bus.recv(20)!.data[0], 8);
    let event = next(bcm);
    while (event.type !== "expired") event = next(bcm); // it receives its own frames, too
    assertEquals([event.transmission === transmission, event.channel], [true, "vcan0"]);
    assert(transmission.read());
    transmission.stop();
    assertThrows(() => bcm.answer(make([1])), TypeError, "name one as the message's channel");
    assertThrows(() => bcm.transmit(make([1]), 1), TypeError, "name one as the message's channel");
    const nowhere = make([1], { channel: "vcan99" });
    assertThrows(
      () => bcm.transmit(nowhere, 1),
      CanOperationError,
      '"vcan99": ENODEV (no such device); CAN interfaces',
    );
  });

  it("receives like a bus: blocking, asynchronously, by iteration, as a stream", async () => {
    const before = await restingDescriptors();
    {
      using all = world();
      const { bcm, send } = all;
      bcm.subscribe({ ...ID, mask: null });
      assertEquals([bcm.recv(0), bcm.recv(0.01), bcm.recvMany(9, 0)], [null, null, []]);
      assertEquals(await bcm.recvAsync({ timeout: 0.01 }), null);
      const first = bcm.recvAsync({ timeout: 20 });
      send([1]);
      assertEquals((await first)!.message!.data[0], 1);
      send([2], [3]);
      const got: number[] = [];
      for await (const event of bcm) if (got.push(event.message!.data[0]) === 2) break;
      send([4]);
      for (const event of bcm) if (got.push(event.message!.data[0]) === 3) break;
      send([5]);
      const reader = bcm.readable.getReader();
      got.push((await reader.read()).value!.message!.data[0]);
      assertEquals(got, [2, 3, 4, 5]);
      const aborted = bcm.recvAsync({ signal: AbortSignal.abort(new Error("enough")) });
      await assertRejects(() => aborted, Error, "enough");
      const pending = reader.read();
      const wait = bcm.recvAsync();
      bcm.close();
      assertEquals((await pending).done, true);
      await assertRejects(() => wait, CanOperationError, "EBADF (the socket is closed)");
    }
    await descriptorsBackTo(before);
  });

  it("keeps events in order around a read of the kernel's state, and wakes pending receives", async () => {
    using all = world();
    const { bcm, send } = all;
    const subscription = bcm.subscribe({ ...ID, mask: null });
    send([1], [2]);
    assert(subscription.read());
    send([3]);
    assert(subscription.read());
    assertEquals(eventsOf(bcm, 3), ["1", "2", "3"]);
    const wait = bcm.recvAsync({ timeout: 20 });
    send([4]);
    assert(subscription.read()); // receives the event on the way
    assertEquals((await wait)!.message!.data[0], 4);
  });

  it("asks again if the receive buffer was too full for the answer; losses are counted", () => {
    using all = world();
    const { bcm, send } = all;
    const subscription = bcm.subscribe({ ...ID, mask: null });
    const count = 2000;
    for (let i = 0; i < count; i++) send([i & 0xff]);
    assert(bcm.droppedFrames > 0);
    assertEquals(subscription.read()!.flags & RX_FILTER_ID, RX_FILTER_ID);
    const { length } = bcm.recvMany(count, 0);
    assertEquals(length + bcm.droppedFrames, count + 1); // the answer was lost, too
    assert(bcm.receiveBuffer > 0 && bcm.fd > 2);
  });

  it("sets the receive buffer", () => {
    using all = world({ receiveBuffer: 100_000 });
    assertEquals(all.bcm.receiveBuffer, 200_000);
  });

  it("close ends subscriptions and transmissions", async () => {
    const before = await restingDescriptors();
    using all = world();
    const { bcm, bus } = all;
    const subscription = bcm.subscribe(ID);
    const transmission = bcm.transmit(make([1]), 0.001);
    bcm.close();
    bcm.close();
    assert(bcm.closed);
    await assertSilence(bus);
    subscription.unsubscribe();
    transmission.stop();
    const uses: (() => unknown)[] = [
      () => bcm.recv(0),
      () => bcm.subscribe(ID),
      () => bcm.answer(make([1])),
      () => bcm.transmit(make([1]), 1),
      () => subscription.read(),
      () => transmission.read(),
      () => bcm.fd,
    ];
    for (const use of uses) assertThrows(use, CanOperationError, "EBADF (the socket is closed)");
    assertEquals([...bcm], []);
    all[Symbol.dispose]();
    await descriptorsBackTo(before);
  });

  it("refuses invalid arguments, naming the limit", () => {
    using all = world();
    const { bcm } = all;
    const subscriptions: [options: unknown, Class: new () => Error, text: string][] = [
      [null, TypeError, "subscribe takes an object, not null"],
      [{}, TypeError, "Option arbitrationId is missing"],
      [{ id: 1 }, TypeError, 'subscribe has no option "id"'],
      [{ ...ID, arbitrationId: 0x800 }, RangeError, "arbitrationId is 2048 (0x800)"],
      [{ ...ID, mask: Array(9).fill(0) }, RangeError, "mask has 9 bytes: at most 8 fit into the frame"],
      [{ ...ID, isFd: true, mask: Array(65).fill(0) }, RangeError, "mask has 65 bytes: at most 64"],
      [{ ...ID, mask: [256] }, RangeError, "mask[0] is 256"],
      [{ ...ID, mask: {} }, TypeError, "mask must be a Uint8Array or an array of numbers"],
      [{ ...ID, timeout: 0 }, RangeError, "timeout is 0: it must be 0.000001 to 34560000 seconds"],
      [{ ...ID, throttle: -1 }, RangeError, "throttle is -1"],
      [{ ...ID, timeout: 34_560_001 }, RangeError, "34560000 seconds (400 days)"],
      [{ ...ID, checkDlc: 1 }, TypeError, "Option checkDlc must be of type boolean"],
      [{ ...ID, isFd: true, isRemoteFrame: true }, TypeError, "isFd and isRemoteFrame exclude each other"],
      [
        { ...ID, mask: [1], multiplex: { mask: [1], cases: [{ value: [1] }] } },
        TypeError,
        "mask and multiplex exclude",
      ],
      [{ ...ID, multiplex: { mask: [1], cases: [] } }, RangeError, "The number of multiplex.cases is 0"],
      [{ ...ID, multiplex: { mask: [1] } }, TypeError, "The number of multiplex.cases must be a number"],
      [
        { ...ID, multiplex: { mask: [1], cases: [{ value: [2] }] } },
        RangeError,
        "cases[0].value has bits outside multiplex.mask",
      ],
      [{ ...ID, isFd: true, multiplex: { mask: Array(9).fill(1), cases: [{ value: [1] }] } }, RangeError, "beyond 8"],
      [
        { ...ID, multiplex: { mask: [3], cases: [{ value: [1] }, { value: [2] }, { value: [1, 0], mask: [1] }] } },
        RangeError,
        "multiplex.cases[2].value is that of cases[0]",
      ],
      [
        { ...ID, multiplex: { mask: [1], cases: Array(257).fill({ value: [1] }) } },
        RangeError,
        "The number of multiplex.cases is 257",
      ],
      [{ ...ID, multiplex: { mask: [1], cases: [{ values: [1] }] } }, TypeError, 'has no option "values"'],
    ];
    for (const [options, Class, text] of subscriptions) {
      assertThrows(() => bcm.subscribe(options as BcmSubscriptionOptions), Class, text);
    }
    bcm.subscribe(ID);
    assertThrows(
      () => bcm.subscribe(ID),
      RangeError,
      'there is already a subscription to identifier 0x123 of that kind on "vcan0"; end it first with unsubscribe',
    );
    bcm.subscribe({ ...ID, isFd: true });

    const remote = new Message({ isRemoteFrame: true });
    for (const message of [remote, new Message({ isFd: true }), new Message({ isErrorFrame: true })]) {
      assertThrows(() => bcm.answer(message), TypeError, "it must be a classic data frame");
    }
    assertThrows(() => bcm.answer({} as Message), TypeError, "it is not a Message");
    const xl = new Message({ isXl: true, data: [1] });
    assertThrows(() => bcm.transmit(xl, 1), TypeError, "the broadcast manager does not support CAN XL");
    assertThrows(() => bcm.transmit(make([1]), 0), RangeError, "period is 0");
    const wrong = { autostart: false } as BcmTransmitOptions;
    assertThrows(() => bcm.transmit(make([1]), 1, wrong), TypeError, 'transmit has no option "autostart"');
    assertEquals(eventsOf(bcm, 0), []);

    const options: [options: unknown, Class: new () => Error, text: string][] = [
      [{}, TypeError, "Option channel is missing"],
      [null, TypeError, "BcmSocket takes an object, not null"],
      [{ channel: "vcan0", fd: true }, TypeError, 'BcmSocket has no option "fd"'],
      [{ channel: "vcan0", receiveBuffer: 0 }, RangeError, "receiveBuffer is 0"],
      [{ channel: "vcan0", logger: {} }, TypeError, "Option logger must have a function warn"],
    ];
    for (const [each, Class, text] of options) assertThrows(() => new BcmSocket(each as BcmSocketOptions), Class, text);
  });

  it("logs its commands and events", () => {
    const lines: string[] = [];
    const logger = { debug: (line: string) => void lines.push(line), warn() {} };
    using all = world({ logger });
    all.bcm.subscribe(ID);
    all.send([1]);
    next(all.bcm);
    assert(lines.some((line) => /^subscribe on "vcan0": 0x123, flags 0x41, count 0/.test(line)), lines.join("\n"));
    assert(lines.some((line) => /^received changed Timestamp: .* ID: 0123 .* 01 /.test(line)), lines.join("\n"));
  });
});
