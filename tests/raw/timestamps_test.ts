import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, type BusOptions, Message } from "../../mod.ts";
import {
  none,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  type Timespec,
  writeTimestamping,
  writeTimestampNs,
} from "../fuzz/control.ts";
import { CHANNEL, FakeCan, IFINDEX } from "../fuzz/fake_can.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { noVcan } from "../support/kernel.ts";

/** Writes a frame's control messages; returns their bytes. */
type Write = (control: Uint8Array) => number;

/** Receives frames with the given control messages; returns the messages and the SOL_SOCKET options that were set. */
function received(timestamps: BusOptions["timestamps"], writes: readonly Write[]) {
  const options = new Map<number, number>();
  let waiting = writes;
  using _can = new FakeCan({
    send: () => 0,
    receive(slots) {
      const now = waiting;
      waiting = [];
      now.forEach((write, i) => {
        const bytes = frameBytes({ arbitrationId: i });
        slots[i].control.fill(0xee);
        slots[i].frame.set(bytes);
        new DataView(slots[i].name.buffer, slots[i].name.byteOffset).setInt32(4, IFINDEX, true);
        slots[i].finish({ nameLength: 24, controlLength: write(slots[i].control), flags: 0, length: bytes.length });
      });
      return now.length || -11;
    },
    other(call, [, level, name, value]) {
      if (call !== "setsockopt" || level !== SOL_SOCKET) return undefined;
      options.set(name as number, new DataView((value as Uint8Array).buffer).getInt32(0, true));
      return undefined;
    },
  });
  using bus = new Bus({ channel: CHANNEL, timestamps });
  const messages = bus.recvMany(64, 0);
  assertEquals(messages.map(({ arbitrationId }) => arbitrationId), writes.map((_, i) => i));
  return { options, messages, times: messages.map((each) => [each.timestampNs, each.timestampSource]) };
}

const software: Timespec = [1_700_000_000n, 123_456_789n];

/** Controllers' timestamps, with their values in nanoseconds. */
const hardware: [Timespec, bigint][] = [
  [[1_700_000_001n, 987_654_321n], 1_700_000_001_987_654_321n],
  [[0n, 1n], 1n], // its clock starts when the controller is switched on
  [[1n, 0n], 1_000_000_000n],
  [[2n ** 31n - 1n, 999_999_999n], 2_147_483_647_999_999_999n],
  [[2n ** 31n, 1n], 2_147_483_648_000_000_001n], // 19 January 2038
  [[2n ** 32n - 1n, 999_999_999n], 4_294_967_295_999_999_999n],
  [[2n ** 32n, 0n], 4_294_967_296_000_000_000n], // 7 February 2106
  [[2n ** 32n + 5n, 7n], 4_294_967_301_000_000_007n],
  [[2n ** 40n, 999_999_999n], 1_099_511_627_776_999_999_999n],
];

describe("Timestamps", () => {
  it("are the controller's where it has any, exact to the nanosecond", () => {
    const writes = hardware.map(([time]): Write => (control) => writeTimestamping(control, software, time));
    const { times, messages } = received("hardware", writes);
    assertEquals(times, hardware.map(([, ns]) => [ns, "hardware"]));
    messages.forEach((message, i) => {
      const seconds = Number(hardware[i][1]) / 1e9;
      assert(Math.abs(message.timestamp - seconds) <= seconds * 2 ** -52, `${message.timestamp} is not ${seconds}`);
    });
  });

  it("are the controller's even if the kernel has none", () => {
    const writes = hardware.map(([time]): Write => (control) => writeTimestamping(control, none, time));
    assertEquals(received("hardware", writes).times, hardware.map(([, ns]) => [ns, "hardware"]));
  });

  it("are the kernel's where the controller has none, with the source reported", () => {
    const writes = hardware.map(([time]): Write => (control) => writeTimestamping(control, time, none));
    assertEquals(received("hardware", writes).times, hardware.map(([, ns]) => [ns, "software"]));
  });

  it("are 0 without a source where there are none, for each frame on its own", () => {
    const writes: Write[] = [
      (control) => writeTimestamping(control, software, [5n, 6n]),
      () => 0,
      (control) => writeTimestamping(control, software, none),
      (control) => writeTimestamping(control, none, none),
      (control) => writeTimestamping(control, software, [7n, 8n]),
    ];
    const { times, messages } = received("hardware", writes);
    assertEquals(times, [
      [5_000_000_006n, "hardware"],
      [0n, null],
      [1_700_000_000_123_456_789n, "software"],
      [0n, null],
      [7_000_000_008n, "hardware"],
    ]);
    assertEquals(messages.map(({ timestamp }) => timestamp > 0), [true, false, true, false, true]);
  });

  it("are the kernel's by default", () => {
    const writes = hardware.map(([time]): Write => (control) => writeTimestampNs(control, time));
    assertEquals(received(undefined, writes).times, hardware.map(([, ns]) => [ns, "software"]));
    assertEquals(received("software", [() => 0]).times, [[0n, null]]);
  });

  it("are requested with one socket option or the other", () => {
    const asked = (timestamps: BusOptions["timestamps"]) => {
      const { options } = received(timestamps, []);
      return [options.get(SO_TIMESTAMPNS), options.get(SO_TIMESTAMPING)];
    };
    // Bits 2 and 3: both stamp received frames; 4 and 6: both timestamps are reported.
    assertEquals(asked("hardware"), [undefined, 0b101_1100]);
    assertEquals(asked("software"), [1, undefined]);
  });

  for (const timestamps of ["hardware", "software"] as const) {
    it(`of a vcan are the kernel's, also with "${timestamps}"`, { skip: noVcan }, () => {
      using sender = new Bus("vcan0");
      using bus = new Bus({ channel: "vcan0", timestamps });
      const begin = Date.now() / 1000;
      const count = 50;
      for (let i = 0; i < count; i++) sender.send(new Message({ arbitrationId: i }), 1);
      const messages: Message[] = [];
      while (messages.length < count) {
        const message = bus.recv(10);
        assert(message, `only ${messages.length} of ${count} arrived`);
        messages.push(message);
      }
      const end = Date.now() / 1000;
      const sources = messages.map(({ timestampSource }) => timestampSource);
      assertEquals(sources, sources.map(() => "software"));
      // Allow a second, as the clocks are read in different ways.
      for (const { timestamp } of messages) {
        assert(timestamp > begin - 1 && timestamp < end + 1, `${timestamp} is not between ${begin} and ${end}`);
      }
    });
  }
});
