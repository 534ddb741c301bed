import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { BcmSocket, type BcmSubscriptionOptions, Bus, Message } from "../../mod.ts";
import { RX_CHANGED, RX_STATUS, TX_EXPIRED, TX_STATUS } from "../../src/kernel/bcm.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { noVcan } from "../support/kernel.ts";
import { generator } from "../support/random.ts";
import { everything, startCandump } from "./candump.ts";
import { cases, logText, marker } from "./cases.ts";
import { drainUntilQuiet, onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };
const script = fileURLToPath(new URL("bcm.py", import.meta.url));

/** Commands to Python, and its reports. */
interface Command {
  readonly opcode: string;
  readonly flags?: readonly string[];
  readonly count?: number;
  readonly ival1?: number;
  readonly ival2?: number;
  readonly canId: number;
  readonly frames?: readonly string[];
}
interface Report extends Omit<Required<Command>, "opcode" | "flags"> {
  readonly opcode: number;
  readonly flags: number;
  readonly from: string;
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const frameOf = (message: Message) => hex(frameBytes(message.toJSON()));
const ID = { arbitrationId: 0x123, isExtendedId: false };
const make = (...data: number[]) => new Message({ ...ID, data });

/** Python's socket, after it has carried out these commands. */
async function python(...commands: Command[]): Promise<Program> {
  const program = new Program("python3", [script, "vcan0"], commands.map((each) => JSON.stringify(each)).join("\n"));
  await program.until(() => program.lines.includes('"done"'), "have done it");
  return program;
}

/** Its reports so far. */
function reports(program: Program): Report[] {
  return program.lines.filter((line) => line !== '"done"').map((line) => JSON.parse(line));
}

/** The output of candump -L, without the markers. */
function logged(candump: Program): string[] {
  return candump.lines.map((line) => line.split(" ")[2]).filter((text) => text !== marker.text);
}

/** A connection to a program on this machine, which may not be listening yet. */
async function connected(port: number, program: Program): Promise<Socket> {
  let socket: Socket | undefined;
  const tried = () => socket ??= connect(port, "127.0.0.1").on("error", () => socket = undefined);
  await program.until(() => socket?.readyState === "open", "listen", tried);
  return socket!;
}

describe("The broadcast manager and other programs", () => {
  it("candump shows every form of message that is sent periodically", options, async () => {
    using candump = await startCandump("-L", everything);
    using bus = new Bus({ channel: "vcan0", fd: true });
    const expected: string[] = [];
    for (const { init, log } of cases) {
      await bus.sendPeriodic(new Message(init), 0.001, { count: 2 }).done;
      expected.push(log, log);
      // One at a time: a vcan may reorder what several tasks send at once.
      await candump.until(() => logged(candump).length >= expected.length, `show ${expected.length} frames`);
    }
    assertEquals(logged(candump), expected);
  });

  it("candump shows every form of message that is sent in turn", options, async () => {
    using candump = await startCandump("-L", everything);
    using bus = new Bus({ channel: "vcan0", fd: true });
    for (const isFd of [false, true]) {
      const some = cases.filter(({ init }) => (init.isFd ?? false) === isFd);
      const before = logged(candump).length;
      await bus.sendPeriodic(some.map(({ init }) => new Message(init)), 0.001, { count: some.length }).done;
      await candump.until(() => logged(candump).length >= before + some.length, `show ${some.length} frames`);
      assertEquals(logged(candump).slice(before), some.map(({ log }) => log));
    }
  });

  it("Python is notified of what we send periodically, byte for byte", options, async () => {
    const some = cases.filter(({ init }) => !init.isErrorFrame);
    const ids = some.map(({ init }) => new Message(init)).map((message) => ({
      canId: new DataView(frameBytes(message.toJSON()).buffer).getUint32(0, true),
      flags: ["RX_FILTER_ID", ...(message.isFd ? ["CAN_FD_FRAME"] : [])],
    }));
    const subscriptions = new Map(ids.map((each) => [JSON.stringify(each), { opcode: "RX_SETUP", ...each }]));
    using peer = await python(...subscriptions.values());
    using bus = new Bus({ channel: "vcan0", fd: true });
    const expected: string[] = [];
    for (const { init } of some) {
      const message = new Message(init);
      await bus.sendPeriodic(message, 0.001, { count: 2 }).done;
      expected.push(frameOf(message), frameOf(message));
      // One at a time: a vcan may reorder what several tasks send at once.
      await peer.until(() => reports(peer).length >= expected.length, `tell of ${expected.length} frames`);
    }
    assertEquals(reports(peer).map(({ frames }) => frames[0]), expected);
    assert(reports(peer).every(({ opcode, from }) => opcode === RX_CHANGED && from === "vcan0"));
  });

  it("we are notified of what Python sends periodically, byte for byte", options, async () => {
    using bcm = new BcmSocket({ channel: "vcan0", receiveBuffer: 1_000_000 });
    const some = cases.filter(({ init }) => !init.isErrorFrame);
    const seen = new Set<string>();
    for (const { init: { arbitrationId, isExtendedId, isRemoteFrame, isFd } } of some) {
      const subscription = { arbitrationId, isExtendedId, isRemoteFrame, isFd, mask: null };
      if (!seen.has(JSON.stringify(subscription))) bcm.subscribe(subscription);
      seen.add(JSON.stringify(subscription));
    }
    const task = (messages: Message[], fd: boolean): Command => ({
      opcode: "TX_SETUP",
      flags: ["SETTIMER", "STARTTIMER", "TX_COUNTEVT", ...(fd ? ["CAN_FD_FRAME"] : [])],
      count: messages.length,
      ival1: 1000,
      canId: 1,
      frames: messages.map(frameOf),
    });
    for (const fd of [false, true]) {
      const messages = some.filter(({ init }) => (init.isFd ?? false) === fd).map(({ init }) => new Message(init));
      using peer = await python(task(messages, fd));
      await peer.until(() => reports(peer).some(({ opcode }) => opcode === TX_EXPIRED), "have sent them");
      // The kernel notifies of the last frame before it sends it.
      const events = await receive(bcm, messages.length, peer);
      assertEquals(events.map(({ message }) => frameOf(message!)), messages.map(frameOf));
      assertEquals(bcm.recv(0.1), null);
    }
  });

  it("both get the same notifications of the same traffic, sent by canplayer", options, async () => {
    using _held = onOneProcessor();
    const all = "ff".repeat(8);
    const rows: [BcmSubscriptionOptions, flags: string[], masks: string[]][] = [
      [ID, ["RX_CHECK_DLC"], [all]],
      [{ ...ID, mask: null }, ["RX_FILTER_ID"], []],
      [{ ...ID, mask: [0x0f] }, [], ["0f"]],
      [{ ...ID, mask: [0, 1], checkDlc: true }, ["RX_CHECK_DLC"], ["0001"]],
      [
        { ...ID, multiplex: { mask: [3], cases: [{ value: [1], mask: [0, 1] }, { value: [2] }] } },
        [],
        ["03", "0101", `fe${"ff".repeat(7)}`],
      ],
      [
        { ...ID, timeout: 40, throttle: 0.000001, announceResume: true },
        ["STARTTIMER", "RX_CHECK_DLC", "RX_ANNOUNCE_RESUME"],
        [all],
      ],
      [{ ...ID, isFd: true, mask: [...Array(63).fill(0), 0x03] }, ["CAN_FD_FRAME"], [`${"00".repeat(63)}03`]],
    ];
    const idOf = (i: number) => 0x100 + i;
    const commands = rows.map(([{ isFd, timeout = 0, throttle = 0 }, flags, masks], i): Command => ({
      opcode: "RX_SETUP",
      canId: idOf(i),
      flags: ["SETTIMER", ...flags],
      ival1: 1e6 * timeout,
      ival2: 1e6 * throttle,
      frames: masks.map((mask) => `${"00".repeat(8)}${mask.padEnd(isFd ? 128 : 16, "0")}`),
    }));
    const reading = commands.map((command) => ({
      opcode: "RX_READ",
      canId: command.canId,
      flags: command.flags!.filter((flag) => flag === "CAN_FD_FRAME"),
    }));
    const last = { opcode: "RX_SETUP", flags: ["RX_FILTER_ID"], canId: marker.init.arbitrationId };
    using peer = await python(...commands, ...reading, last);
    await peer.until(() => reports(peer).length === rows.length, "tell what the kernel holds");
    using bcm = new BcmSocket({ channel: "vcan0", receiveBuffer: 4_000_000 });
    rows.forEach(([subscription], i) => {
      const { messages, ...mine } = bcm.subscribe({ ...subscription, arbitrationId: idOf(i) }).read()!;
      const { opcode, flags, count, ival1, ival2, frames } = reports(peer)[i];
      assertEquals(opcode, RX_STATUS);
      assertEquals(mine, { flags, count, ival1: ival1 / 1e6, ival2: ival2 / 1e6 });
      assertEquals(messages.map(({ data }) => hex(data)), frames.map((frame) => frame.slice(16)));
    });

    // Few values, so that many frames equal the one before.
    const below = generator(8);
    const small = (length: number) => Array.from({ length }, () => `0${below(4)}`).join("");
    const lines = Array.from({ length: 60 * rows.length }, (_, i) => {
      const [{ isFd }] = rows[i % rows.length];
      const data = isFd ? `##1${small(64)}` : `#${small(below(4))}`;
      return `(0.000000) vcan0 ${idOf(i % rows.length).toString(16)}${data}`;
    });
    using canplayer = new Program("canplayer", ["-t"], [...lines, `(0.000000) vcan0 ${marker.text}`, ""].join("\n"));
    await canplayer.finish();
    const isLast = ({ canId }: Report) => canId === marker.init.arbitrationId;
    await peer.until(() => reports(peer).some(isLast), "tell of the last");
    const reported = reports(peer).slice(rows.length);
    const events = bcm.recvMany(9999, 1);
    rows.forEach(([{ mask, throttle }], i) => {
      const theirs = reported.filter(({ canId, opcode }) => canId === idOf(i) && opcode === RX_CHANGED);
      const mine = events.filter(({ message }) => message?.arbitrationId === idOf(i));
      // The kernel chooses the time of throttled notifications.
      if (throttle === undefined) {
        assertEquals(mine.map(({ message }) => frameOf(message!)), theirs.map(({ frames }) => frames[0]), `${i}`);
      }
      const { length } = mine;
      const least = mask === null ? 60 : throttle === undefined ? 6 : 1;
      assert(length >= least && (mask === null || length < 60), `${i}: ${length}`);
    });
  });

  it("the kernel holds of a task what it holds of Python's", options, async () => {
    const messages = [make(1), make(2, 3)];
    const flags = ["SETTIMER", "STARTTIMER", "TX_COUNTEVT"];
    const rest = { canId: 7, frames: messages.map(frameOf) };
    using peer = await python(
      { opcode: "TX_SETUP", flags, count: 9, ival1: 2_500_000, ival2: 30_000_000, ...rest },
      { opcode: "TX_READ", canId: 7 },
    );
    using bcm = new BcmSocket("vcan0");
    const { messages: held, ...mine } = bcm.transmit(messages, 2.5, { count: 9, subsequentPeriod: 30 }).read()!;
    await peer.until(() => reports(peer).length > 0, "tell what the kernel holds");
    const [{ opcode, flags: theirs, count, ival1, ival2, frames }] = reports(peer);
    assertEquals(opcode, TX_STATUS);
    assertEquals(mine, { flags: theirs, count, ival1: ival1 / 1e6, ival2: ival2 / 1e6 });
    assertEquals(held.map(frameOf), frames);
  });

  it("Python answers our remote frames, and we answer Python's", options, async () => {
    using bus = new Bus("vcan0");
    {
      const answer = `23010000${"03000000"}010203${"00".repeat(5)}`;
      using peer = await python({ opcode: "RX_SETUP", flags: ["RX_RTR_FRAME"], canId: 0x40000123, frames: [answer] });
      bus.send(new Message({ ...ID, isRemoteFrame: true, dlc: 3 }));
      assertEquals((await receive(bus, 1, peer)).map(logText), ["123#010203"]);
      await peer.stop(); // otherwise it would answer the next one too
    }
    using bcm = new BcmSocket("vcan0");
    bcm.answer(make(4, 5, 6));
    const request = { opcode: "TX_SEND", canId: 0, frames: [`23010040${"03000000"}${"00".repeat(8)}`] };
    using peer = await python({ opcode: "RX_SETUP", flags: ["RX_FILTER_ID"], canId: 0x123 }, request);
    assertEquals((await receive(bus, 2, peer)).map(logText), ["123#R3", "123#040506"]);
    assertEquals(bus.recv(0.2), null);
    await peer.until(() => reports(peer).length > 0, "tell of the answer");
    assertEquals(reports(peer)[0].frames, [frameOf(make(4, 5, 6))]);
  });

  it("a dashboard that needs only changes gets only changes from the kernel", options, async () => {
    using _held = onOneProcessor();
    using bcm = new BcmSocket("vcan0");
    bcm.subscribe({ ...ID, mask: [0xff, 0xff] });
    // Three values, each a hundred times, with a counter outside the mask.
    const values = ["0000", "0FA0", "1388"];
    const loop = values.map((value) => `for i in $(seq 100); do printf '123#${value}%02X\\n' $i; done`).join("; ");
    using cansend = new Program("sh", [
      "-c",
      `{ ${loop}; } | while read frame; do cansend vcan0 "$frame" || exit; done`,
    ]);
    const got: string[] = [];
    while (got.length < values.length) {
      const event = await bcm.recvAsync({ timeout: 60 });
      assert(event?.type === "changed", cansend.error("no change came").message);
      got.push(hex(event.message.data.subarray(0, 2)).toUpperCase());
    }
    await cansend.finish();
    assertEquals(got, values);
    assertEquals(bcm.recv(0.1), null);
  });

  it("bcmserver receives our tasks' frames, and we receive its", options, async () => {
    using server = new Program("bcmserver", []);
    const socket = await connected(28600, server);
    let text = "";
    socket.on("data", (data) => text += data);
    using bcm = new BcmSocket("vcan0");
    bcm.subscribe({ ...ID, arbitrationId: 0x321 });
    socket.write("< vcan0 A 0 5000 321 3 11 22 33 >");
    assertEquals(hex((await bcm.recvAsync({ timeout: 60 }))!.message!.data), "112233");
    socket.write("< vcan0 U 0 0 321 3 44 22 33 >");
    assertEquals(hex((await bcm.recvAsync({ timeout: 60 }))!.message!.data), "442233");
    assertEquals(bcm.recv(0.1), null);
    socket.write("< vcan0 R 0 0 123 8 FF FF FF FF FF FF FF FF >");
    using bus = new Bus("vcan0");
    const task = bus.sendPeriodic(make(0xde, 0xad), 0.005);
    await server.until(() => /123 2 DE AD/i.test(text), "receive it", () => {});
    const before = text.length;
    task.modifyData(make(0xbe, 0xef));
    await server.until(() => /123 2 BE EF/i.test(text.slice(before)), "receive the change", () => {});
    task.stop();
    socket.destroy();
    await drainUntilQuiet(bus, Infinity); // bcmserver's process for this connection ends a little later
  });
});
