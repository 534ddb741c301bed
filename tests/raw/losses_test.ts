import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, type BusOptions, type Message } from "../../mod.ts";
import { droppedBefore } from "../../src/message/losses.ts";
import { SO_RXQ_OVFL, SOL_SOCKET, writeDropped, writeTimestamping, writeTimestampNs } from "../fuzz/control.ts";
import { CHANNEL, FakeCan } from "../fuzz/fake_can.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { noVcan } from "../support/kernel.ts";
import { sendBurst } from "../support/overrun.ts";

/** Receives a frame for each count; returns what is known of the losses before them. Null: no control message says. */
function losses(timestamps: BusOptions["timestamps"], counts: readonly (number | null)[], stamped = true) {
  let options = 0;
  let waiting = counts;
  using _can = new FakeCan({
    send: () => 0,
    receive(slots) {
      const now = waiting.slice(0, slots.length);
      waiting = waiting.slice(slots.length);
      now.forEach((count, i) => {
        const { control, frame } = slots[i];
        const bytes = frameBytes({ arbitrationId: i });
        frame.set(bytes);
        const write = timestamps === "hardware" ? writeTimestamping : writeTimestampNs;
        const time = stamped ? write(control, [1n, 2n], [0n, 0n]) : 0;
        const controlLength = count === null ? time : writeDropped(control, time, count);
        slots[i].finish({ nameLength: 24, controlLength, flags: 0, length: bytes.length });
      });
      return now.length || -11;
    },
    other(call, [, level, name]) {
      if (call === "setsockopt" && level === SOL_SOCKET && name === SO_RXQ_OVFL) options++;
      return undefined;
    },
  });
  using bus = new Bus({ channel: CHANNEL, timestamps });
  assertEquals(options, 1);
  const messages = bus.recvMany(999, 0);
  assertEquals(messages.map(({ timestampNs }) => timestampNs), counts.map(() => stamped ? 1_000_000_002n : 0n));
  return messages.map(droppedBefore);
}

describe("Frames that a socket dropped", () => {
  for (const timestamps of ["software", "hardware"] as const) {
    it(`are known by the message after them, beside ${timestamps} timestamps`, () => {
      assertEquals(losses(timestamps, [null, null, 5, 5, 12, 12]), [0, 0, 5, 0, 7, 0]);
      assertEquals(losses(timestamps, [3, 3, 4], false), [3, 0, 1]);
    });
  }

  it("are known across batches, and when the kernel's counter wraps around", () => {
    const counts = Array.from({ length: 200 }, (_, i) => i < 100 ? null : i);
    assertEquals(losses("software", counts), counts.map((count) => count === null ? 0 : count === 100 ? 100 : 1));
    assertEquals(losses("software", [2 ** 32 - 2, 3]), [2 ** 32 - 2, 5]);
  });

  for (const kind of ["vcan", "virtual"] as const) {
    it(`are those missing before a message, on ${kind}`, { skip: kind === "vcan" && noVcan }, () => {
      using bus = new Bus({ channel: "vcan0", receiveBuffer: 1, ...kind === "virtual" && { interface: "virtual" } });
      using sender = new Bus({ channel: "vcan0", ...kind === "virtual" && { interface: "virtual" } });
      const messages: Message[] = [];
      let sent = 0;
      for (let burst = 0; burst < 5; burst++) {
        sent = sendBurst(sender, sent);
        // Some are read one by one, which reads ahead.
        for (let message, i = 0; i < 3 && (message = bus.recv(0)); i++) messages.push(message);
        messages.push(...bus.recvMany(999, 0));
      }
      assert(bus.droppedFrames > 0, "the buffer has room for all of them");
      let next = 0;
      for (const message of messages) {
        next += droppedBefore(message);
        assertEquals(message.arbitrationId, next++);
      }
      // What is missing at the end is known only by the count.
      assertEquals(bus.droppedFrames + messages.length, sent);
    });
  }
});
