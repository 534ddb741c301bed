import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { everything, startCandump } from "./candump.ts";
import { cases, logText, marker, received } from "./cases.ts";
import { onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

/** The output of candump -L, without the markers. */
function logged(candump: Program): { microseconds: bigint; text: string }[] {
  return candump.lines.flatMap((line) => {
    const parts = /^\((\d+)\.(\d{6})\) vcan0 (\S+)$/.exec(line);
    assert(parts, `not a line of candump -L: ${line}`);
    const [, seconds, fraction, text] = parts;
    return text === marker.text ? [] : [{ microseconds: BigInt(seconds + fraction), text }];
  });
}

describe("can-utils", () => {
  it("candump shows what a Bus sends", options, async () => {
    using _held = onOneProcessor();
    using candump = await startCandump("-L", everything);
    using bus = new Bus({ channel: "vcan0", fd: true });
    const messages = cases.map(({ init }) => new Message(init));
    for (const message of messages) bus.send(message, 1);
    assertEquals(bus.sendMany(messages, 1), messages.length);
    const expected = cases.map(({ log }) => log);
    await candump.until(() => logged(candump).length >= 2 * expected.length, `show ${2 * expected.length} frames`);
    assertEquals(logged(candump).map(({ text }) => text), [...expected, ...expected]);
  });

  it("candump -e explains an error frame that a Bus sends", options, async () => {
    using candump = await startCandump("-e", everything);
    using bus = new Bus("vcan0");
    bus.send(new Message({ isErrorFrame: true, arbitrationId: 0x4, data: [0, 0x30, 0, 0, 0, 0, 0, 0] }), 1);
    const explained = "controller-problem{rx-error-passive,tx-error-passive}";
    await candump.until(() => candump.lines.some((line) => line.includes(explained)), `show "${explained}"`);
    assertStringIncludes(candump.lines.join("\n"), "20000004   [8]  00 30 00 00 00 00 00 00   ERRORFRAME");
  });

  it("a Bus receives what cansend sends", options, async () => {
    using _held = onOneProcessor();
    using candump = await startCandump("-L", everything);
    using bus = new Bus({ channel: "vcan0", fd: true });
    const script = `for frame; do cansend vcan0 "$frame" || exit; done`;
    using cansend = new Program("sh", ["-c", script, "sh", ...cases.map(({ text }) => text)]);
    const messages = await receive(bus, cases.length, cansend);
    await cansend.finish();

    messages.forEach((message, i) => {
      const { timestamp, ...fields } = message.toJSON();
      assertEquals(fields, received(cases[i].init));
      assertEquals(message.data, Uint8Array.from(fields.data));
      assert(timestamp > 0, `${message}`);
    });

    // Both report the kernel's timestamp of the frame.
    await candump.until(() => logged(candump).length >= cases.length, `show ${cases.length} frames`);
    assertEquals(
      messages.map(({ timestampNs }) => timestampNs / 1000n),
      logged(candump).map(({ microseconds }) => microseconds),
    );
    assertEquals(bus.recv(0), null);
  });

  it("a Bus loses nothing of cangen at full speed", options, async () => {
    using _held = onOneProcessor();
    const count = 1000;
    using bus = new Bus({ channel: "vcan0", receiveBuffer: 2 ** 21 });
    const fixed = ["-I", "i", "-L", "8", "-D", "i"];
    using cangen = new Program("cangen", ["vcan0", "-g", "0", "-n", `${count}`, ...fixed]);
    const messages = await receive(bus, count, cangen);
    await cangen.finish();
    const counting = Array.from({ length: count }, (_, i) => i);
    assertEquals(messages.map(({ arbitrationId }) => arbitrationId), counting);
    assertEquals(messages.map(({ data }) => [...data]), counting.map((i) => [i & 255, i >> 8, 0, 0, 0, 0, 0, 0]));
    assertEquals(bus.droppedFrames, 0);
    assertEquals(bus.recv(0), null);
  });

  it("a Bus receives cangen's random frames as candump shows them, and sends them again", options, async () => {
    using _held = onOneProcessor();
    const count = 400;
    using candump = await startCandump("-L", everything);
    using bus = new Bus({ channel: "vcan0", fd: true, receiveBuffer: 2 ** 21 });
    // Classic, FD and remote frames, with standard and extended identifiers, of every length, at random.
    using cangen = new Program("cangen", ["vcan0", "-g", "1", "-m", "-n", `${count}`]);
    const messages = await receive(bus, count, cangen);
    await cangen.finish();
    await candump.until(() => logged(candump).length >= count, `show ${count} frames`);
    assertEquals(messages.map(logText), logged(candump).map(({ text }) => text));
    assertEquals(bus.sendMany(messages, 5), count);
    await candump.until(() => logged(candump).length >= 2 * count, "show them again");
    assertEquals(logged(candump).slice(count).map(({ text }) => text), messages.map(logText));
  });
});
