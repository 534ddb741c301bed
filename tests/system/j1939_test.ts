import { statSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type J1939Message, type J1939MessageInit, Name } from "../../mod.ts";
import { bytes, it, next, node, until } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { PATIENCE, Program } from "./tools.ts";

const OURS = 0x20;
const THEIRS = 0x30;
const script = fileURLToPath(new URL("j1939_socket.py", import.meta.url));

/** Messages of every kind, with lengths around every limit. */
const messages: readonly J1939MessageInit[] = [
  ...[0, 1, 7, 8, 9, 100, 1784, 1785, 1786, 5000, 20_000].map((length, i) => ({
    pgn: 0xef00,
    destination: THEIRS,
    priority: 2 + i % 6,
    data: bytes(length),
  })),
  ...[0, 1, 8, 9, 20].map((length) => ({ pgn: 0xfeca, priority: 6, data: bytes(length) })),
  { pgn: 0xea00, destination: 255, priority: 6, data: [0xda, 0xfe, 0] },
  { pgn: 0x1ef00, destination: THEIRS, priority: 7, data: bytes(3) },
  { pgn: 0x3ffff, priority: 2, data: bytes(8) },
  { pgn: 0, destination: THEIRS, priority: 3, data: bytes(8) },
  { pgn: 0xfeda, destination: THEIRS, priority: 6, data: bytes(30) }, // PDU2, without a destination, and long
];

function hexOf(data: Uint8Array | readonly number[]): string {
  return `.${Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** A message as the receiving peer prints it. */
function shown({ pgn, destination = 255, priority, data }: J1939MessageInit, source: number): string {
  const to = destination as number;
  return [pgn, source, 0, to, 0, priority!].map((each) => each.toString(16)).join(" ") + ` ${hexOf(data)}`;
}

function shownReceived(message: J1939Message): string {
  const { pgn, source, name, destination, destinationName, priority, data } = message;
  const fields = [pgn, source, name ?? 0, destination, destinationName ?? 0, priority];
  return `${fields.map((each) => each.toString(16)).join(" ")} ${hexOf(data)}`;
}

function python(address: number, name: bigint, action: string, input?: string | null): Program {
  return new Program("/usr/bin/python3", [script, "vcan0", address.toString(16), name.toString(16), action], input);
}

/** A program with line-buffered output. */
function lineByLine(command: string, ...args: string[]): Program {
  return new Program("stdbuf", ["-oL", command, ...args]);
}

describe("J1939Socket and Python's socket module", { skip: noJ1939, timeout: PATIENCE }, () => {
  it("Python receives what we send", async () => {
    using peer = python(THEIRS, 0n, "receive");
    await peer.until(() => peer.lines.length > 0, "be ready");
    using ours = node({ address: OURS });
    for (const [i, message] of messages.entries()) {
      await ours.sendAsync(message, { acknowledged: true });
      await peer.until(() => peer.lines.length > i + 1, "receive it");
    }
    assertEquals(peer.lines.slice(1), messages.map((message) => shown(message, OURS)));
  });

  it("we receive what Python sends", async () => {
    const toUs = messages.map((message) =>
      message.destination === THEIRS ? { ...message, destination: OURS } : message
    );
    const input = toUs.map(({ pgn, destination = 255, priority, data }) =>
      `${pgn.toString(16)} ${destination.toString(16)} 0 ${priority} ${hexOf(data)}\n`
    );
    using ours = node({ address: OURS });
    using peer = python(THEIRS, 0n, "send", null);
    for (const [i, line] of input.entries()) {
      peer.write(line); // one at a time: a vcan may reorder messages sent at once
      assertEquals(shownReceived(await next(ours)), shown(toUs[i], THEIRS));
    }
    peer.write(null);
    await peer.finish();
  });

  it("NAMEs: Python uses the address that we claim, and both are found by NAME", async () => {
    const [name, other] = [new Name({ identityNumber: 5 }), new Name({ identityNumber: 6 })];
    using ours = node({ name, address: 0x41 });
    using theirs = node({ name: other, address: 0x42 });
    await Promise.all([ours.claim(), theirs.claim()]);
    using receiver = python(0xff, other.value, "receive");
    await receiver.until(() => receiver.lines.length > 0, "be ready");
    for (const length of [8, 50]) {
      ours.send({ pgn: 0xef00, destination: other, data: bytes(length) });
      await receiver.until(() => receiver.lines.length > (length === 8 ? 1 : 2), "receive it");
      assertEquals(receiver.lines.at(-1), `ef00 41 5 42 6 6 ${hexOf(bytes(length))}`);
      using sender = python(0xff, other.value, "send", `ef00 ff 5 6 ${hexOf(bytes(length))}\n`);
      assertEquals(shownReceived(await next(ours, 0xef00)), `ef00 42 6 41 5 6 ${hexOf(bytes(length))}`);
      await sender.finish();
    }
  });

  it("filters and promiscuous mode, with what Python sends", async () => {
    using all = node({ promiscuous: true });
    using one = node({ address: OURS, filters: [{ pgn: 0xef00, source: THEIRS }, { pgn: 0xfe00, pgnMask: 0x3ff00 }] });
    const lines = ["ef00 20 0 6 .01", "ef00 77 0 6 .02", "f004 ff 0 3 .03", "feca ff 0 6 .04", "ea00 20 0 6 .050000"];
    using peer = python(THEIRS, 0n, "send", null);
    for (const [i, line] of lines.entries()) {
      peer.write(`${line}\n`);
      assertEquals((await next(all)).data[0], i + 1);
    }
    peer.write(null);
    await peer.finish();
    assertEquals([(await next(one)).data[0], (await next(one)).data[0]], [1, 4]);
    assertEquals([all.recv(0), one.recv(0)], [null, null]);
  });
});

describe("J1939Socket and can-utils", { skip: noJ1939, timeout: PATIENCE }, () => {
  it("testj1939 prints what we send", async () => {
    using peer = lineByLine("testj1939", "-r", "-B", `vcan0:${THEIRS}`);
    using ours = node({ address: OURS });
    const data = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0xab];
    await peer.until(
      () => peer.lines.length > 0,
      "receive a first message",
      () => ours.send({ pgn: 0xfecb, data: [0] }),
    );
    await ours.sendAsync({ pgn: 0x12300, destination: THEIRS, data }, { acknowledged: true });
    await ours.sendAsync({ pgn: 0xfeca, data: data.slice(0, 3) }, { acknowledged: true });
    await peer.until(() => peer.lines.some((line) => line.startsWith("20 0feca:")), "receive all");
    const lines = peer.lines.filter((line) => !line.startsWith("20 0fecb:")).map((line) => line.trimEnd());
    assertEquals(lines, ["20 12300: 01 02 03 04 05 06 07 08", "00008     09 ab", "20 0feca: 01 02 03"]);
  });

  it("testj1939 sends what we receive, and echoes", async () => {
    using ours = node({ address: OURS });
    const pattern = (length: number) =>
      Uint8Array.from({ length }, (_, i) => [1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef][i % 8]);
    for (const length of [1, 8, 9, 20, 100, 128]) { // up to its maximum
      using peer = new Program("testj1939", [`-s${length}`, `vcan0:${THEIRS}`, `vcan0:${OURS},0x12300`]);
      const { pgn, source, data } = await next(ours);
      assertEquals([pgn, source], [0x12300, THEIRS]);
      assertEquals(data, pattern(length));
      await peer.finish();
    }
    using everybody = new Program("testj1939", ["-B", "-s5", "-p3", `vcan0:${THEIRS}`, "vcan0:,0xfeca"]);
    const message = await next(ours, 0xfeca);
    assertEquals([message.destination, message.priority, ...message.data], [255, 3, ...pattern(5)]);
    await everybody.finish();
    using echo = new Program("testj1939", ["-e", `vcan0:${THEIRS}`]);
    const hello = { pgn: 0x12300, destination: THEIRS };
    for (let there = false; !there;) {
      ours.send({ ...hello, data: [0] });
      there = await ours.recvAsync({ timeout: 0.2 }) !== null;
    }
    ours.send({ ...hello, data: [1] }); // everything else arrives before this one
    while ((await next(ours)).data[0] !== 1);
    for (const length of [8, 9, 100, 128]) {
      await ours.sendAsync({ pgn: 0x12300, destination: THEIRS, data: bytes(length) }, { acknowledged: true });
      assertEquals((await next(ours, 0x12300)).data, bytes(length));
    }
    await echo.stop();
  });

  it("j1939cat: a file each way", async () => {
    const file = join(tmpdir(), `j1939cat-${process.pid}`);
    const data = bytes(5000);
    writeFileSync(file, data);
    try {
      using ours = node({ address: OURS });
      using sender = new Program("j1939cat", ["-i", file, `vcan0:${THEIRS}`, `:${OURS},0x12300`]);
      const message = await next(ours);
      assertEquals([message.pgn, message.source], [0x12300, THEIRS]);
      assertEquals(message.data, data);
      // j1939cat of can-utils 2020.11 has too small a buffer for Linux 6.1's report of success.
      const { end, stderr } = await sender.result();
      assert(end === "0" || stderr.includes("recvmsg error notification: truncated"), stderr);
      using receiver = new Program("sh", ["-c", `exec j1939cat vcan0:${THEIRS} -r > ${file}.out`]);
      const sent = () =>
        ours.sendAsync({ pgn: 0x12300, destination: THEIRS, data }, { acknowledged: true }).then(
          () => true,
          (error) => {
            if (error.code === "EHOSTUNREACH") return false; // it is not receiving yet
            throw error;
          },
        );
      let there = false;
      for (let tries = 0; tries < 20 && !there; tries++) there = await sent();
      if (!there) throw receiver.error("did not receive");
      await receiver.until(() => statSync(`${file}.out`).size >= data.length, "write it");
      await receiver.stop();
      assertEquals(new Uint8Array(await readFile(`${file}.out`)), data);
    } finally {
      await rm(file);
      await rm(`${file}.out`, { force: true });
    }
  });

  it("j1939spy sees what we send", async () => {
    using spy = lineByLine("j1939spy", "-P", "-b", "4096", "vcan0:");
    using ours = node({ address: OURS });
    await spy.until(() => spy.lines.length > 0, "see a first message", () => ours.send({ pgn: 0xfecb, data: [0] }));
    await ours.sendAsync({ pgn: 0xfeca, priority: 3, data: [1, 0x23, 0x45, 0x67, 0x89] }, { acknowledged: true });
    await ours.sendAsync({ pgn: 0xfeca, data: [1, 2, 3, 4, 5, 6, 7, 8, 9] }, { acknowledged: true });
    await spy.until(() => spy.lines.filter((line) => line.includes("0feca")).length > 1, "see all");
    const [short, long] = spy.lines.filter((line) => line.includes("0feca"));
    assertMatch(short, /20,0feca - !3 \[5\] 01234567 89$/);
    assertMatch(long, /20,0feca - !6 \[9\] 01020304 05060708 09$/);
  });

  it("j1939sr sends its input and prints what it receives", async () => {
    using ours = node({ address: OURS });
    const [from, to] = ["vcan0:30,0ef00", "vcan0:20,0ef00"];
    for (const text of ["hello", "hello, with more bytes than a frame has"]) {
      using peer = new Program("j1939sr", ["-p", "3", from, to], text);
      const { pgn, source, destination, priority, data } = await next(ours);
      assertEquals([pgn, source, destination, priority], [0xef00, THEIRS, OURS, 3]);
      assertEquals(new TextDecoder().decode(data), text);
      await peer.finish();
    }
    using peer = new Program("j1939sr", [from, to], null);
    peer.write("I am here");
    await next(ours);
    for (const text of ["short\n", "a line of more than eight bytes\n"]) {
      const data = new TextEncoder().encode(text);
      await ours.sendAsync({ pgn: 0xef00, destination: THEIRS, data }, { acknowledged: true });
      await peer.until(() => `${peer.lines.at(-1)}\n` === text, "print what it receives");
    }
    peer.write(null);
    await peer.finish();
  });
});

describe("An address contest with j1939acd", { skip: noJ1939, timeout: PATIENCE }, () => {
  const name = (identityNumber: number) => new Name({ identityNumber, arbitraryAddressCapable: true });

  /** Starts the daemon, which logs to standard error. */
  function daemon(claimed: Name, range: string): Program {
    return new Program("sh", ["-c", `exec j1939acd -v -r ${range} ${claimed} vcan0 2>&1`]);
  }

  it("its NAME is smaller: we yield, and take another address", async () => {
    using ours = node({ name: name(20), address: 0x80 });
    assertEquals(await ours.claim(), 0x80);
    using rival = daemon(name(10), "0x80");
    const claimed = () => rival.lines.some((line) => /claimed/.test(line));
    await rival.until(() => claimed() && ours.address === 0x81 && ours.state === "claimed", "claim our address");
    assertEquals(rival.lines.filter((line) => /claimed/.test(line)).at(-1), "- claimed 0x80");
    ours.send({ pgn: 0xef00, destination: name(10), data: [1] }); // the kernel knows its address
    await rival.stop();
  });

  it("its NAME is greater: we keep the address, and it takes another", async () => {
    using ours = node({ name: name(20), address: 0x80 });
    assertEquals(await ours.claim(), 0x80);
    using rival = daemon(name(30), "0x80-0x82");
    await rival.until(() => rival.lines.some((line) => /claimed 0x81/.test(line)), "claim another address");
    await until(() => ours.state === "claimed"); // again, where the rival is slow
    assertEquals(ours.address, 0x80);
    await pause(300);
    ours.send({ pgn: 0xef00, destination: name(30), data: [1] }); // the kernel knows its address
    await rival.stop();
  });

  it("it claimed first, with the greater NAME: it yields to us", async () => {
    using rival = daemon(name(30), "0x80-0x82");
    await rival.until(() => rival.lines.some((line) => /claimed 0x80/.test(line)), "claim an address");
    using ours = node({ name: name(20), address: 0x80 });
    assertEquals(await ours.claim(), 0x80);
    await rival.until(() => rival.lines.some((line) => /claimed 0x81/.test(line)), "claim another address");
    await until(() => ours.state === "claimed"); // again, where the rival is slow
    assertEquals(ours.address, 0x80);
    await rival.stop();
  });

  it("it claimed first, with the smaller NAME: we take another", async () => {
    using rival = daemon(name(10), "0x80-0x82");
    await rival.until(() => rival.lines.some((line) => /claimed 0x80/.test(line)), "claim an address");
    using ours = node({ name: name(20), address: 0x80 });
    await ours.claim();
    await rival.until(() => ours.address === 0x81 && ours.state === "claimed", "make us take another");
    assertEquals(rival.lines.filter((line) => /claimed/.test(line)).at(-1), "- claimed 0x80");
    await rival.stop();
  });
});
