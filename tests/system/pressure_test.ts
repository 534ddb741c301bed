import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { Bus, CanTimeoutError, Message } from "../../mod.ts";
import { EAGAIN, ENOBUFS } from "../../src/kernel/errno.ts";
import { noSlcan } from "./machine.ts";
import { ip, PATIENCE, Program } from "./tools.ts";

/** Counts how often sending fails with each errno. */
function countErrors(): Map<number, number> {
  const libc = openLibc() as { -readonly [K in keyof Libc]: Libc[K] };
  const counts = new Map<number, number>();
  const count = (result: number) => {
    if (result < 0) counts.set(-result, (counts.get(-result) ?? 0) + 1);
    return result;
  };
  const { send, sendmmsg } = libc;
  libc.send = (...args) => count(send(...args));
  libc.sendmmsg = (...args) => count(sendmmsg(...args));
  return counts;
}

/** A slow adapter and its interface, which is up. */
async function startAdapter(): Promise<{ adapter: Program; channel: string }> {
  const script = fileURLToPath(new URL("slow_slcan.py", import.meta.url));
  const adapter = new Program("/usr/bin/python3", [script]);
  await adapter.until(() => adapter.lines.length > 0, "name its interface");
  const channel = adapter.lines.shift()!;
  ip("link", "set", channel, "up");
  return { adapter, channel };
}

function numbered(count: number, from = 0): Message[] {
  return Array.from(
    { length: count },
    (_, i) =>
      new Message({
        arbitrationId: (from + i) & 0x7ff,
        isExtendedId: false,
        data: [i & 0xff, i >> 8, 2, 3, 4, 5, 6, 7],
      }),
  );
}

/** Frames as the adapter prints them. */
function lines(messages: readonly Message[]): string[] {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  return messages.map((message) =>
    `t${hex(message.arbitrationId, 3)}${message.dlc}${Array.from(message.data, (byte) => hex(byte, 2)).join("")}`
  );
}

describe("An interface that is slower than the script", { skip: noSlcan, timeout: PATIENCE }, () => {
  it("waits while a full queue gives ENOBUFS: in order, nothing duplicated or lost", async () => {
    const errors = countErrors();
    const started = await startAdapter();
    using adapter = started.adapter;
    using bus = new Bus(started.channel);
    const messages = numbered(400);
    for (const message of messages.slice(0, 100)) bus.send(message);
    assertEquals(bus.sendMany(messages.slice(100, 200)), 100);
    await Promise.all(messages.slice(200, 300).map((message) => bus.sendAsync(message)));
    const writer = bus.writable.getWriter();
    for (const message of messages.slice(300)) await writer.write(message);
    await adapter.until(() => adapter.lines.length >= messages.length, "take every frame");
    assertEquals(adapter.lines, lines(messages));
    assert((errors.get(ENOBUFS) ?? 0) > 10, `the queue was never full: ${[...errors]}`);
  });

  it("waits while a full send buffer gives EAGAIN", async () => {
    const errors = countErrors();
    const started = await startAdapter();
    using adapter = started.adapter;
    using bus = new Bus({ channel: started.channel, sendBuffer: 1 });
    const messages = numbered(200);
    for (const message of messages.slice(0, 100)) bus.send(message);
    await Promise.all(messages.slice(100).map((message) => bus.sendAsync(message)));
    await adapter.until(() => adapter.lines.length >= messages.length, "take every frame");
    assertEquals(adapter.lines, lines(messages));
    assert((errors.get(EAGAIN) ?? 0) > 10, `the send buffer was never full: ${[...errors]}`);
  });

  it("sendMany returns exactly how many were sent, and send which were not", async () => {
    const started = await startAdapter();
    using adapter = started.adapter;
    using bus = new Bus(started.channel);
    const messages = numbered(1000);
    const start = performance.now();
    const sent = bus.sendMany(messages, 0.2);
    assert(performance.now() - start >= 200 && sent > 0 && sent < 1000, `${sent} went`);
    let tries = 0;
    assertThrows(
      () => {
        for (;; tries++) bus.send(messages[sent + tries], 0);
      },
      CanTimeoutError,
      "no room within 0 s",
    );
    const went = messages.slice(0, sent + tries);
    await adapter.until(() => adapter.lines.length >= went.length, "take what went");
    bus.send(messages[999]);
    await adapter.until(() => adapter.lines.length > went.length, "take the last");
    assertEquals(adapter.lines, lines([...went, messages[999]]));
  });
});
