import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { MulticastBus, serveSocketcand } from "../../src/net/mod.ts";
import { root } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";
import { freePort } from "./buses.ts";

const python = "/usr/bin/python3";
const noPython = spawnSync(python, ["-c", "import can, msgpack"]).status !== 0 &&
  "no python-can with msgpack here: apt-get install python3-can python3-msgpack";
const options = { skip: noPython, timeout: PATIENCE };
const later = { timeout: 60 };

function start(...args: readonly string[]): Program {
  return new Program(python, [`${root}tests/net/python_can.py`, ...args], null);
}

/** The messages as the script prints them. */
function lineOf(message: Message): string {
  const flags = [
    message.isExtendedId ? "X" : "-",
    message.isRemoteFrame ? "R" : "-",
    message.isErrorFrame ? "E" : "-",
    message.isFd ? "F" : "-",
    message.bitrateSwitch ? "B" : "-",
  ].join("");
  const data = [...message.data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${message.arbitrationId.toString(16)} ${flags} ${message.dlc} ${data}`;
}

const classic = [
  "123 ----- 3 0102ff",
  "7ff ----- 0 ",
  "1 ----- 8 0001020304050607",
];

describe("python-can", options, () => {
  it("exchanges every kind of frame over its multicast, both ways", async () => {
    const port = freePort();
    // The network that python-can uses: the system's choice.
    using bus = await MulticastBus.open({ port, fd: true });
    using program = start("multicast", "239.74.163.2", `${port}`);
    await program.until(() => program.lines.includes("ready"), "join");
    program.write("go\n");
    const received: Message[] = [];
    while (received.length < 7) {
      const message = await bus.recvAsync(later);
      assert(message !== null, `only ${received.length} arrived`);
      received.push(message);
    }
    assertEquals(received.map(lineOf), [
      ...classic,
      "1fffffff X---- 1 80",
      "123 -R--- 5 ",
      `123 X--FB 64 ${"00".repeat(64)}`,
      "42 X---- 1 07",
    ]);
    const last = received.at(-1)!;
    assertEquals([last.timestamp, last.timestampSource, last.channel], [1_700_000_000.25, null, "can7"]);
    assertEquals([received[0].timestampSource, received[0].channel], ["software", "239.74.163.2"]);
    const messages = [
      new Message({ arbitrationId: 0x321, isExtendedId: false, data: [0, 0x7f, 0x80] }),
      new Message({ arbitrationId: 0x1234567, data: [] }),
      new Message({ arbitrationId: 0x55, isExtendedId: false, isRemoteFrame: true, dlc: 3 }),
      new Message({ arbitrationId: 4, isErrorFrame: true, data: new Uint8Array(8) }),
      new Message({ arbitrationId: 0x77, isFd: true, bitrateSwitch: true, data: new Uint8Array(48).fill(9) }),
    ];
    await bus.sendManyAsync(messages);
    await program.until(() => program.lines.length >= 2 + messages.length, "print");
    assertEquals(program.lines.slice(2), messages.map(lineOf));
    assertEquals(bus.droppedFrames, 0);
  });

  it("is a client of the socketcand server, also on a busy bus", async () => {
    const channel = "pythonned";
    await using server = await serveSocketcand({ channels: [channel], interface: "virtual", port: 0 });
    using far = new Bus({ channel, interface: "virtual", receiveBuffer: 2 ** 22 });
    // Its handshake fails if a frame comes together with an answer.
    const traffic = setInterval(() => far.send(new Message({ arbitrationId: 0x111, data: [1] })), 2);
    let program: Program;
    try {
      program = start("socketcand", `${server.address.port}`, channel);
      await program.until(() => program.lines.includes("ready"), "open the channel");
    } finally {
      clearInterval(traffic);
    }
    using _program = program;
    program.write("go\n");
    const received: Message[] = [];
    while (received.length < 3) {
      const message = await far.recvAsync(later);
      assert(message !== null, `only ${received.length} arrived`);
      received.push(message);
    }
    assertEquals(received.map(lineOf), classic);
    // An empty frame too: without the second blank before its end, python-can fails. It takes all for extended (4.1), and
    // drops the beginning of what comes in two pieces, so one at a time.
    await program.until(() => program.lines.includes("sent"), "send");
    const expected = ["321 X---- 2 00ff", "322 X---- 0 ", "12345678 X---- 1 80"];
    const frames = [
      new Message({ arbitrationId: 0x321, isExtendedId: false, data: [0, 0xff] }),
      new Message({ arbitrationId: 0x322, isExtendedId: false }),
      new Message({ arbitrationId: 0x12345678, data: [0x80] }),
    ];
    for (const [i, frame] of frames.entries()) {
      far.send(frame);
      await program.until(
        () => program.lines.some((line) => line.startsWith(expected[i].split(" ")[0])),
        `receive ${frame}`,
      );
    }
    const own = program.lines.filter((line) => /^(321|322|12345678) /.test(line));
    // Later versions know identifiers of 11 bits.
    assertEquals(own.map((line) => line.replace(/^(32\d) -/, "$1 X")), expected);
  });
});
