import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Bus, CanOperationError, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { generator } from "../support/random.ts";
import { everything, startCandump } from "./candump.ts";
import { noControllers, noSlcan } from "./machine.ts";
import { ip, onOneProcessor, PATIENCE, Program } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

/** All error classes of candump 2020.11. */
const KNOWN = 0x1ff;

/** Error frames that candump and this library explain. */
function errorFrames(): Message[] {
  const frames: [classes: number, data: number[]][] = [];
  // Each class alone, and in pairs; a frame without a class is left out, as the kernel delivers it to no socket.
  const classes = Array.from({ length: 29 }, (_, bit) => 2 ** bit);
  for (const one of classes) frames.push([one, []], [one, new Array(8).fill(0)]);
  for (const one of classes.slice(0, 10)) {
    for (const other of classes.slice(0, 10)) frames.push([one | other, [3, 0x24, 0x81, 0x0b, 0, 0, 1, 2]]);
  }
  // Each bit of each byte alone, with its own class, with another one, and with all.
  const own = [0x02, 0x04, 0x08, 0x08, 0x10, 0x40, 0x40, 0x40];
  own.forEach((ofByte, byte) => {
    for (let bit = 0; bit < 8; bit++) {
      const data = new Array(8).fill(0);
      data[byte] = 1 << bit;
      frames.push([ofByte, data], [0x01, data], [KNOWN, data], [0x200, data], [0x3ff, data]);
    }
  });
  for (let code = 0; code < 0x40; code++) frames.push([0x08, [0, 0, 0, code, 0, 0, 0, 0]]);
  const below = generator(11);
  for (let i = 0; i < 300; i++) {
    const mask = i % 4 === 0 ? 2 ** 29 - 1 : KNOWN;
    const data = Array.from({ length: below(9) }, () => below(256) & below(256));
    frames.push([below(2 ** 29) & mask || 1, data]);
  }
  return frames.map(([arbitrationId, data]) => new Message({ isErrorFrame: true, arbitrationId, data }));
}

/** Where candump 2020.11 says less than we do, or something else, and why. */
const differences: { reason: string; inCandump(text: string, message: Message): string | null }[] = [
  {
    reason: "it knows neither CAN_ERR_CNT (Linux 6.0) nor what has no name yet, and shows the bytes of such frames " +
      "again; those of CAN_ERR_CNT alone fail its check of the classes by one, so that it shows the counters, if any",
    inCandump(text, { error, arbitrationId }) {
      if (arbitrationId <= KNOWN) return text;
      return arbitrationId === 0x200 && error!.errorCounters!.tx + error!.errorCounters!.rx > 0 ? text : null;
    },
  },
  {
    reason: "it does not explain byte 4, the transceiver",
    inCandump: (text) => text.replace(/transceiver-status\{[^}]*\}/, "transceiver-status"),
  },
  {
    reason: "it leaves out the bit of byte 1 that has no name",
    inCandump: (text) => text.replace(/,?0x80(?=\}(,|$))/, ""),
  },
  {
    reason: "it calls locations without a name unspecified, from 0x20 on nothing",
    inCandump: (text) =>
      text.replace(/\{0x(..)\}\}/, (_, code) => parseInt(code, 16) < 0x20 ? "{unspecified}}" : "{}}"),
  },
  {
    reason: "it leaves out byte 5, the controller's own",
    inCandump: (text) => text.replace(/(, )?controller-specific\{[^}]*\}/, ""),
  },
];

/** Our text in candump 2020.11's words; null where it shows the bytes instead. */
function inCandump(message: Message): string | null {
  let text: string | null = `${message.error}`;
  for (const difference of differences) {
    if (text !== null) text = difference.inCandump(text, message);
  }
  return text;
}

/** candump -e's explanation of each frame; null where it repeats the bytes. */
function explanations(lines: readonly string[]): (string | null)[] {
  const frames: string[][] = [];
  for (const line of lines) {
    if (line.startsWith("\t")) frames.at(-1)?.push(line.slice(1));
    else if (line.includes("ERRORFRAME")) frames.push([]);
  }
  return frames.map((parts) =>
    parts.some((part) => part.includes("ERRORFRAME")) ? null : parts.filter(Boolean).join(", ")
  );
}

describe("The text of an error frame", () => {
  it("is candump's", options, async () => {
    using _held = onOneProcessor();
    const messages = errorFrames();
    using candump = await startCandump("-e", everything);
    using bus = new Bus("vcan0");
    bus.sendMany(messages);
    bus.send(new Message({ arbitrationId: 0x7e1, isExtendedId: false }));
    await candump.until(() => candump.lines.some((line) => line.includes(" 7E1 ")), "show all");
    const reported = explanations(candump.lines);
    const row = (message: Message, text: string | null) => `${message}: ${text}`;
    assertEquals(
      messages.map((message, i) => row(message, reported[i])),
      messages.map((message) => row(message, inCandump(message))),
    );
    assert(reported.filter((text) => text !== null).length > 500, `${reported.length}`);
    // Each listed difference is a real one: without it the texts differ.
    for (const { reason, inCandump } of differences) {
      const differing = messages.filter((message) => inCandump(`${message.error}`, message) !== `${message.error}`);
      assert(differing.length > 0, reason);
    }
  });
});

describe("Bus.errors", options, () => {
  it("reports that the link went down, continues when it is up, and reports that it was deleted", async () => {
    ip("link", "add", "vcan3", "type", "vcan");
    try {
      ip("link", "set", "vcan3", "up");
      using bus = new Bus("vcan3");
      using sender = new Bus("vcan3");
      using errors = bus.errors();
      const follow = async () => {
        for await (const message of errors) return message.arbitrationId;
      };
      const down = assertRejects(follow, CanOperationError, 'Cannot receive from "vcan3": ENETDOWN');
      ip("link", "set", "vcan3", "down");
      await down;
      ip("link", "set", "vcan3", "up");
      assertThrows(() => sender.recv(0), CanOperationError, "ENETDOWN");
      sender.send(new Message({ isErrorFrame: true, arbitrationId: 0x40 }));
      assertEquals(await follow(), 0x40);
      assertEquals((await errors.next()).done, true, "the loop was left");
      using others = bus.errors();
      const gone = assertRejects(() => others.next(), CanOperationError, 'Cannot receive from "vcan3": ENODEV');
      ip("link", "del", "vcan3");
      await gone;
    } catch (error) {
      ip("link", "del", "vcan3");
      throw error;
    }
  });
});

// The kernel generates the frames.
describe("Error frames of slcan", { ...options, skip: noSlcan }, () => {
  it("every kind, with counters", async () => {
    using adapter = new Program("/usr/bin/python3", [fileURLToPath(new URL("./slcan.py", import.meta.url))]);
    await adapter.until(() => adapter.lines.length > 0, "name its interface");
    const channel = adapter.lines[0];
    ip("link", "set", channel, "up");
    using bus = new Bus(channel);
    using errors = bus.errors();
    const reported: [says: string, text: string][] = [
      ["e1a", "protocol-violation{{}{acknowledge-slot}}, no-acknowledgement-on-tx, bus-error"],
      ["e2bB", "protocol-violation{{tx-dominant-bit-error,tx-recessive-bit-error}{}}, bus-error"],
      ["e1c", "protocol-violation{{single-bit-error}{crc-sequence}}, bus-error"],
      ["e1f", "protocol-violation{{frame-format-error}{}}, bus-error"],
      ["e1s", "protocol-violation{{bit-stuffing-error}{}}, bus-error"],
      ["e1o", "controller-problem{rx-overflow}, protocol-violation{{}{}}, bus-error"],
      ["e1O", "controller-problem{tx-overflow}, protocol-violation{{}{}}, bus-error"],
      ["sw096000", "controller-problem{rx-error-warning}, error-counter-tx-rx{{0}{96}}"],
      ["sp010128", "controller-problem{tx-error-passive}, error-counter-tx-rx{{128}{10}}"],
      ["sa000001", "controller-problem{back-to-error-active}, error-counter-tx-rx{{1}{0}}"],
      ["sb256000", "bus-off"],
    ];
    for (const [says, text] of reported) {
      bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: new TextEncoder().encode(says) }), 5);
      const message = (await errors.next()).value!;
      assertEquals([`${message.error}`, message.channel, message.isRx], [text, channel, true]);
    }
    assertEquals(bus.recv(0), null);
  });
});

/**
 * Has the interrupts of two interfaces handled by a processor each. By one for both, each frame is read before the next
 * is sent, and nothing overflows. The interfaces must be up.
 */
function onTwoProcessors(names: readonly string[]): void {
  for (const [processor, name] of names.entries()) {
    const [, irq] = new RegExp(`^ *(\\d+):.* ${name}$`, "m").exec(readFileSync("/proc/interrupts", "latin1"))!;
    writeFileSync(`/proc/irq/${irq}/smp_affinity`, `${1 << processor}`);
  }
}

describe("Error frames of an SJA1000", { ...options, skip: noControllers }, () => {
  it("an overflow of the receive buffer", async () => {
    using bus = new Bus("");
    using errors = bus.errors();
    const names = ["can0", "can1"];
    for (const name of names) ip("link", "set", name, "up", "type", "can", "bitrate", "1000000");
    try {
      onTwoProcessors(names);
      const overflow = errors.next();
      let message: Message | undefined;
      for (let burst = 0; message === undefined && burst < 50; burst++) {
        const floods = names.map((name) => new Program("cangen", [name, "-g", "0", "-i", "-L", "8", "-n", "3000"]));
        await Promise.all(floods.map((flood) => flood.finish()));
        message = await Promise.race([overflow.then(({ value }) => value!), pause(500)]) ?? undefined;
      }
      // The counters are the emulated chip's, which never count.
      assertEquals(`${message?.error}`, "controller-problem{rx-overflow}, error-counter-tx-rx{{0}{0}}");
      assert(names.includes(message!.channel!) && message!.isRx, `${message}`);
    } finally {
      for (const name of names) ip("link", "set", name, "down");
    }
  });
});
