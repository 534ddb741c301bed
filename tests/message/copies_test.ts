import { deepStrictEqual, notDeepStrictEqual } from "node:assert";
import { describe, it } from "node:test";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Bus, Message, type MessageInit } from "../../mod.ts";
import { CAN_MTU, CANFD_MTU } from "../../src/kernel/can.ts";
import { CONFIRM, HARDWARE_TIME, LOCAL } from "../../src/message/fields.ts";
import { messageOfWords } from "../../src/message/of_frame.ts";
import { generator, randomMessageOfAnyKind } from "../support/random.ts";

/** Deep equality as Bun's `expect().toEqual` and `toStrictEqual` define it; undefined in other runtimes. */
const bun = (globalThis as { Bun?: { deepEquals(a: unknown, b: unknown, strict?: boolean): boolean } }).Bun;

function assertDeeplyEqual(one: Message, other: Message): void {
  deepStrictEqual(one, other);
  deepStrictEqual([one], [other]);
  assertEquals(one, other);
  if (bun) assertEquals([bun.deepEquals(one, other), bun.deepEquals(one, other, true)], [true, true]);
}

function assertDeeplyUnequal(one: Message, other: Message): void {
  notDeepStrictEqual(one, other);
  assertNotEquals(one, other);
  if (bun) assertEquals([bun.deepEquals(one, other), bun.deepEquals(one, other, true)], [false, false]);
}

/** A message as a socket receives it, with every field that construction cannot set. */
function received(): Message {
  const words = Uint32Array.of(0x80000123, 8, 0x04030201, 0x08070605);
  return messageOfWords(words, 0, CAN_MTU, 1_700_000_000, 123_456_789, LOCAL | CONFIRM | HARDWARE_TIME, "can0");
}

/** Everything that a message says. */
function everything(message: Message): unknown {
  const { timestampNs, timestampSource, isLocal, isConfirm, fdFlags, len8Dlc, priority } = message;
  return [message.toJSON(), timestampNs, timestampSource, isLocal, isConfirm, fdFlags, len8Dlc, priority];
}

/** One message of each kind. */
const kinds: MessageInit[] = [
  { arbitrationId: 0x123, isExtendedId: false, data: [1, 2, 3] },
  { arbitrationId: 0x1abcdef0, data: [1, 2, 3, 4, 5, 6, 7, 8], len8Dlc: 12 },
  { arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 4 },
  { arbitrationId: 0x204, isErrorFrame: true, data: [0, 0x20, 0, 0, 0, 0, 136, 0] },
  { arbitrationId: 1, isFd: true, bitrateSwitch: true, data: Uint8Array.from({ length: 64 }, (_, i) => i) },
  { arbitrationId: 1, isFd: true, data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
  { isXl: true, priority: 5, vcid: 7, sdt: 3, af: 0xfedcba98, sec: true, data: [1] },
  { isXl: true, priority: 5, data: Uint8Array.from({ length: 2048 }, (_, i) => i) },
];

describe("Copies of messages", () => {
  const ways: [name: string, copy: (message: Message) => Message][] = [
    ["new Message(message)", (message) => new Message(message)],
    ["new Message({ ...message })", (message) => new Message({ ...message })],
    ["Message.from(structuredClone(message))", (message) => Message.from(structuredClone(message))],
    ["new Message(structuredClone(message))", (message) => new Message(structuredClone(message))],
    ["Message.from({ ...message })", (message) => Message.from({ ...message })],
    ["message.with({})", (message) => message.with({})],
  ];
  for (const [name, copy] of ways) {
    it(`${name} loses nothing`, () => {
      for (const message of [received(), ...kinds.map((init) => new Message({ ...init, timestamp: 1.5 }))]) {
        for (const readBefore of [false, true]) {
          if (readBefore) assert(message.data.length >= 0);
          const again = copy(message);
          assert(again instanceof Message && again !== message);
          assertEquals(everything(again), everything(message));
          assert(again.equals(message, 0));
          assertDeeplyEqual(again, message);
        }
      }
    });
  }

  it("pass through postMessage in batches, and are restored with Message.from", () => {
    const messages = [received(), ...kinds.map((init) => new Message(init))];
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(messages);
    const { message } = receiveMessageOnPort(port2) as { message: Message[] };
    port1.close();
    port2.close();
    assert(message.every((each) => !(each instanceof Message)));
    assertEquals(message.map(Message.from), messages);
  });

  it("clone to little more than their contents", () => {
    using sender = new Bus({ channel: "copies", interface: "virtual" });
    using bus = new Bus({ channel: "copies", interface: "virtual" });
    for (let i = 0; i < 64; i++) sender.send(new Message({ arbitrationId: i, data: [i] }));
    const messages = bus.recvMany(64, 1);
    for (const { data } of messages) assertEquals(data.length, 1);
    const size = JSON.stringify(messages.map((message) => ({ ...message }))).length / messages.length;
    assert(size < 250, `${size} characters a message`);
    for (const value of Object.values({ ...messages[0] })) assert(!ArrayBuffer.isView(value));
  });

  it("can be changed by a spread", () => {
    const message = received();
    const changed = new Message({ ...message, arbitrationId: 5, channel: "can1" });
    assertEquals(everything(changed), everything(message.with({ arbitrationId: 5, channel: "can1" })));
    assertThrows(() => new Message({ ...message, arbitrationId: -1 }), RangeError, "arbitrationId is -1");
    assertThrows(() => new Message({ ...message, id: 1 } as MessageInit), TypeError, 'Message has no field "id"');
  });

  it("are refused if they are incomplete or wrong", () => {
    const clone = { ...received() } as unknown as Record<string, unknown>;
    const from = (change: object) => () => Message.from({ ...clone, ...change } as MessageInit);
    const { more: _, ...rest } = clone;
    assertThrows(
      () => Message.from(rest as MessageInit),
      TypeError,
      "This copy of a message is incomplete: it has no more",
    );
    assertThrows(from({ idWord: 0.5 }), RangeError, "idWord is 0.5");
    assertThrows(from({ lenWord: "1" }), TypeError, 'lenWord must be a number: "1"');
    assertThrows(from({ word1: 2 ** 31 }), RangeError, "word1 is 2147483648");
    assertThrows(from({ seconds: -1 }), RangeError, "seconds is -1");
    assertThrows(from({ nanoseconds: NaN }), RangeError, "nanoseconds is NaN");
    assertThrows(from({ bits: null }), TypeError, "bits must be a number: null");
    assertThrows(from({ more: [1n] }), TypeError, "more must be a number: 1n");
    assertThrows(from({ more: new Uint8Array(2) }), TypeError, "more must be an array of numbers or null");
    assertThrows(from({ more: new Array(512).fill(0) }), TypeError, "more must be an array of numbers or null");
    assertThrows(from({ channel: 1 }), TypeError, "channel must be a string or null: 1");
  });

  it("have no more data than a frame, whatever their fields say", () => {
    const clone = { ...received() } as unknown as Record<string, unknown>;
    const from = (change: object) => Message.from({ ...clone, ...change } as MessageInit);
    assertEquals(from({ lenWord: 64 }).data.length, 8);
    assertEquals(from({ lenWord: 0x7f, bits: 8 }).data.length, 64);
    assertEquals([...from({ lenWord: 0x7f, bits: 8 }).data.slice(8)], new Array(56).fill(0));
    assertEquals(from({ lenWord: -1 }).data.length, 2048);
    assertEquals(from({ lenWord: 3, more: [1, 2, 3] }), from({ lenWord: 3, word0: 0x77030201, word1: 9 }));
  });

  it("of a message of a newer kernel, or of another program, are the same", () => {
    const words = new Uint32Array(18);
    words.set([0x123, 9 | (0x81 << 8)]); // a length that CAN FD does not have, and an unknown flag
    const message = messageOfWords(words, 0, CANFD_MTU, 1, 2, 0, "can0");
    assertThrows(() => new Message(message.toJSON()), RangeError, "pad it to 12");
    for (const [, copy] of ways.slice(0, 5)) assertDeeplyEqual(copy(message), message);
  });
});

describe("Deep equality of messages", () => {
  it("holds for equal messages, whether or not their data was read", () => {
    const below = generator(11);
    for (let i = 0; i < 200; i++) {
      const init = randomMessageOfAnyKind(below);
      const [one, other] = [new Message(init), new Message(init)];
      assertDeeplyEqual(one, other);
      assert(one.data.length >= 0);
      assertDeeplyEqual(one, other);
      assertDeeplyEqual(other, one);
    }
  });

  it("fails for messages that differ in any field", () => {
    const rows: [MessageInit, MessageInit][] = [
      [{}, { arbitrationId: 1 }],
      [{}, { isExtendedId: false }],
      [{ data: [1] }, { data: [2] }],
      [{ data: [0] }, { data: [0, 0] }],
      [{ data: [1, 2, 3, 4, 5, 6, 7, 8] }, { data: [1, 2, 3, 4, 5, 6, 7, 9] }],
      [{}, { isRemoteFrame: true }],
      [{}, { isFd: true }],
      [{ isFd: true }, { isFd: true, bitrateSwitch: true }],
      [{ isFd: true, data: new Uint8Array(64) }, { isFd: true, data: new Uint8Array(64).fill(1, 63) }],
      [{ isXl: true, data: [1] }, { isXl: true, data: [1], vcid: 1 }],
      [{ isXl: true, data: new Uint8Array(2048) }, { isXl: true, data: new Uint8Array(2048).fill(1, 2047) }],
      [{ data: new Uint8Array(8) }, { data: new Uint8Array(8), len8Dlc: 9 }],
      [{}, { channel: "can0" }],
      [{}, { timestampNs: 1n }],
      [{}, { timestampSource: "software" }],
      [{}, { isRx: false }],
    ];
    for (const [one, other] of rows) {
      assertDeeplyUnequal(new Message(one), new Message(other));
      const [read, unread] = [new Message(one), new Message(other)];
      assert(read.data.length >= 0);
      assertDeeplyUnequal(read, unread);
    }
  });

  it("ignores what means nothing in a received frame", () => {
    const of = (...words: number[]) => messageOfWords(Uint32Array.from(words), 0, CAN_MTU, 0, 0, 0, null);
    // Unused bits of the identifier, reserved bytes, a length code for 3 bytes, bytes behind the data.
    assertDeeplyEqual(of(0x1ffff923, 0x0c550003, 0xff030201, 0xffffffff), of(0x123, 3, 0x00030201, 0));
    assertDeeplyEqual(of(0x40000123, 4, 1, 2), new Message({ ...kinds[2] }).with({ isRx: true }));
  });
});

describe("Message.with", () => {
  const base = new Message({
    arbitrationId: 0x123,
    isExtendedId: false,
    data: [1, 2],
    timestampNs: 7n,
    channel: "can0",
  });

  it("changes what is given, and nothing else", () => {
    const row = (changes: MessageInit, expected: MessageInit) =>
      assertDeeplyEqual(base.with(changes), new Message({ ...base.toJSON(), timestamp: 7e-9, ...expected }));
    row({}, {});
    row({ arbitrationId: undefined }, {});
    row({ arbitrationId: 5 }, { arbitrationId: 5 });
    row({ isExtendedId: true, arbitrationId: 0x12345 }, { isExtendedId: true, arbitrationId: 0x12345 });
    row({ data: [1, 2, 3] }, { data: [1, 2, 3], dlc: 3 });
    row({ channel: null }, { channel: null });
    row({ channel: "can1" }, { channel: "can1" });
    row({ isRx: false }, { isRx: false });
    row({ timestampSource: "hardware" }, { timestampSource: "hardware" });
    row({ isFd: true, bitrateSwitch: true }, { isFd: true, bitrateSwitch: true });
    row({ isRemoteFrame: true }, { isRemoteFrame: true, data: [], dlc: 2 });
    row({ isRemoteFrame: true, dlc: 8 }, { isRemoteFrame: true, data: [], dlc: 8 });
    row({ isErrorFrame: true }, { isErrorFrame: true });
    assertEquals(base.with({ timestampNs: 9n }).timestampNs, 9n);
    assertEquals(base.with({ timestamp: 2 }).timestampNs, 2_000_000_000n);
    assertEquals(base.arbitrationId, 0x123);
  });

  it("drops what belongs to another kind of frame", () => {
    const eight = new Message({ data: new Uint8Array(8), len8Dlc: 12 });
    assertEquals(eight.with({ arbitrationId: 1 }).len8Dlc, 12);
    assertEquals(eight.with({ data: [8, 7, 6, 5, 4, 3, 2, 1] }).len8Dlc, 12);
    assertEquals(eight.with({ data: [1] }).len8Dlc, 0);
    assertEquals(eight.with({ isFd: true }).len8Dlc, 0);
    assertEquals(eight.with({ isRemoteFrame: true }).dlc, 8);
    const fd = new Message({ isFd: true, bitrateSwitch: true, errorStateIndicator: true, data: [1] });
    assertEquals(fd.with({ arbitrationId: 1 }).fdFlags, 7);
    assertEquals(fd.with({ bitrateSwitch: false }).fdFlags, 6);
    assertEquals(fd.with({ fdFlags: 0 }).fdFlags, 0);
    assertEquals(fd.with({ isFd: false }), new Message({ data: [1] }));
    assertEquals(fd.with({ isRemoteFrame: true }), new Message({ isRemoteFrame: true, dlc: 1 }));
    const remote = new Message({ isRemoteFrame: true, dlc: 4 });
    assertEquals(remote.with({ arbitrationId: 1 }).dlc, 4);
    assertEquals(remote.with({ isRemoteFrame: false }), new Message());
    assertEquals(remote.with({ isFd: true, data: [1] }), new Message({ isFd: true, data: [1] }));
    const xl = new Message({ isXl: true, priority: 5, vcid: 1, sdt: 2, af: 3, sec: true, data: [1] });
    assertEquals([xl.with({ vcid: 9 }).vcid, xl.with({ vcid: 9 }).sdt], [9, 2]);
    assertEquals([xl.with({ priority: 6 }).priority, xl.with({ arbitrationId: 6 }).priority], [6, 6]);
    assertEquals(xl.with({ isXl: false }), new Message({ arbitrationId: 5, isExtendedId: false, data: [1] }));
    assertEquals(base.with({ isXl: true }).isExtendedId, false);
    const error = new Message({ isErrorFrame: true, arbitrationId: 4 });
    assertEquals(error.with({ arbitrationId: 8 }).isExtendedId, false);
    assertEquals(new Message().with({ isErrorFrame: true }).isExtendedId, false);
  });

  it("checks the copy as construction does", () => {
    assertThrows(() => base.with({ arbitrationId: 0x800 }), RangeError, "arbitrationId is 2048 (0x800)");
    assertThrows(() => base.with({ data: new Uint8Array(9) }), RangeError, "data has 9 bytes: at most 8");
    assertThrows(() => base.with({ dlc: 3 }), RangeError, "dlc is 3 but data has 2 bytes");
    assertThrows(() => base.with({ bitrateSwitch: true }), TypeError, "bitrateSwitch is for CAN FD: set isFd too");
    assertThrows(() => base.with({ isFd: true, isXl: true }), TypeError, "exclude each other");
    assertThrows(() => base.with({ id: 1 } as MessageInit), TypeError, 'Message has no field "id"');
    assertThrows(() => base.with({ isFd: 1 } as unknown as MessageInit), TypeError, "isFd must be true or false: 1");
    assertThrows(() => base.with(5 as MessageInit), TypeError, "Message.with takes an object of fields, not 5");
  });

  it("keeps what only a bus can set", () => {
    const copy = received().with({ arbitrationId: 1 });
    assertEquals([copy.isConfirm, copy.isLocal, copy.timestampSource], [true, true, "hardware"]);
    assertEquals(copy.timestampNs, 1_700_000_000_123_456_789n);
    assertEquals([received().with({ isRx: true }).isConfirm, received().with({ isRx: true }).isLocal], [false, false]);
  });

  it("forwards messages of a virtual bus", () => {
    using sender = new Bus({ channel: "near", interface: "virtual" });
    using near = new Bus({ channel: "near", interface: "virtual" });
    using far = new Bus({ channel: "far", interface: "virtual" });
    using receiver = new Bus({ channel: "far", interface: "virtual" });
    sender.send(new Message({ arbitrationId: 1, data: [1], timestampNs: 5n, timestampSource: "hardware" }));
    const message = near.recv(1)!;
    assertEquals([message.timestampSource, message.timestampNs > 5n], ["software", true]);
    far.send(message.with({ arbitrationId: 2, data: [...message.data, 2] }));
    const forwarded = receiver.recv(1)!;
    assertEquals([forwarded.arbitrationId, [...forwarded.data], forwarded.channel], [2, [1, 2], "far"]);
    assertEquals(message.with({ channel: "far" }).timestampNs, message.timestampNs);
  });
});

describe("Timestamps of constructed messages", () => {
  it("are exact in nanoseconds", () => {
    for (const timestampNs of [0n, 1n, 999_999_999n, 1_700_000_000_123_456_789n, 2n ** 53n * 1_000_000_000n - 1n]) {
      assertEquals(new Message({ timestampNs }).timestampNs, timestampNs);
    }
  });

  it("have the source that is given", () => {
    for (const timestampSource of ["software", "hardware", null] as const) {
      assertEquals(new Message({ timestampSource }).timestampSource, timestampSource);
    }
  });

  it("are refused if they are wrong or contradict each other", () => {
    const refused: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [{ timestampNs: 1 }, TypeError, "timestampNs must be a bigint of nanoseconds: 1"],
      [{ timestampNs: "1" }, TypeError, 'timestampNs must be a bigint of nanoseconds: "1"'],
      [{ timestampNs: -1n }, RangeError, "timestampNs must be 0n or more, and less than 2n ** 53n seconds: -1"],
      [{ timestampNs: 2n ** 53n * 1_000_000_000n }, RangeError, "timestampNs must be 0n or more"],
      [{ timestamp: 1, timestampNs: 2_000_000_000n }, TypeError, "timestamp is 1 but timestampNs is 2000000000"],
      [{ timestampSource: "kernel" }, RangeError, 'timestampSource is "kernel": it must be "software" or "hardware"'],
    ];
    for (const [init, Class, text] of refused) assertThrows(() => new Message(init as MessageInit), Class, text);
    assertEquals(new Message({ timestamp: 1.5, timestampNs: 1_500_000_001n }).timestampNs, 1_500_000_001n);
  });
});

describe("Message.fdFlags", () => {
  it("are those of the kernel's frame", () => {
    for (const flags of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const words = new Uint32Array(18);
      words.set([0x123, 1 | (flags << 8), 9]);
      const message = messageOfWords(words, 0, CANFD_MTU, 0, 0, 0, null);
      assertEquals(message.fdFlags, flags);
      assertEquals([message.bitrateSwitch, message.errorStateIndicator], [(flags & 1) !== 0, (flags & 2) !== 0]);
      assertEquals(new Message({ isFd: true, fdFlags: flags }).fdFlags, flags);
      assertEquals(new Message(JSON.parse(JSON.stringify(message))), message);
      assertEquals("fdFlags" in message.toJSON(), flags < 4);
    }
    assertEquals([new Message().fdFlags, new Message({ isXl: true, data: [1], sec: true }).fdFlags], [0, 0]);
    assertEquals(new Message({ isFd: true, bitrateSwitch: true }).fdFlags, 5);
  });

  it("must agree with the fields for single flags", () => {
    assertEquals(new Message({ isFd: true, fdFlags: 1, bitrateSwitch: true, errorStateIndicator: false }).fdFlags, 1);
    const contradiction = { isFd: true, fdFlags: 4, bitrateSwitch: true };
    assertThrows(
      () => new Message(contradiction),
      TypeError,
      "fdFlags is 4 but bitrateSwitch is true: bit 1 says otherwise",
    );
    assertThrows(() => new Message({ isFd: true, fdFlags: 256 }), RangeError, "fdFlags is 256 (0x100)");
    assertThrows(() => new Message({ fdFlags: 1 }), TypeError, "fdFlags is for CAN FD: set isFd too");
  });
});

describe("Message.equals", () => {
  const sent = new Message({ arbitrationId: 1, data: [1] });
  const echo = sent.with({ timestampNs: 9_000_000_000n, channel: "can0", isRx: false });

  it("compares what it is asked to", () => {
    assertEquals(sent.equals(echo), false);
    assertEquals(sent.equals(echo, { timestampDelta: null, checkChannel: false, checkDirection: false }), true);
    assertEquals(sent.equals(echo, { timestampDelta: 9, checkChannel: false, checkDirection: false }), true);
    assertEquals(sent.equals(echo, { timestampDelta: 8.9, checkChannel: false, checkDirection: false }), false);
    assertEquals(sent.equals(echo, { timestampDelta: null, checkDirection: false }), false);
    assertEquals(sent.equals(echo, { timestampDelta: null, checkChannel: false }), false);
    assertEquals(sent.equals(echo, null), false);
    assertEquals(sent.equals(echo.with({ channel: null, isRx: true }), null), true);
    const other = echo.with({ data: [2] });
    assertEquals(sent.equals(other, { timestampDelta: null, checkChannel: false, checkDirection: false }), false);
  });

  it("compares what was sent and what was received", () => {
    using sender = new Bus({ channel: "echo", interface: "virtual" });
    using receiver = new Bus({ channel: "echo", interface: "virtual" });
    sender.send(sent);
    const received = receiver.recv(1)!;
    assertEquals(sent.equals(received), false);
    assertEquals(sent.equals(received, { timestampDelta: null, checkChannel: false, checkDirection: false }), true);
  });

  it("refuses unknown options and wrong types", () => {
    const equals = (options: unknown) => () => sent.equals(echo, options as null);
    assertThrows(equals({ check_channel: false }), TypeError, 'Message.equals has no option "check_channel"');
    assertThrows(equals({ checkChannel: 0 }), TypeError, "checkChannel must be true or false: 0");
    assertThrows(equals({ checkDirection: null }), TypeError, "checkDirection must be true or false: null");
    assertThrows(equals({ timestampDelta: "1" }), TypeError, 'timestampDelta must be a number of seconds or null: "1"');
    assertThrows(equals("1"), TypeError, 'Message.equals takes an object, not "1"');
  });
});
