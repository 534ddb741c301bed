import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CanInitializationError, CanOperationError, IsoTpSocket, type IsoTpSocketOptions } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { bytes, ecu, ends, noIsoTp, tester } from "../support/isotp.ts";
import { pause } from "../support/pause.ts";
import { generator, oneOf } from "../support/random.ts";
import { ip, PATIENCE, Program } from "./tools.ts";

const options = { skip: noIsoTp, timeout: PATIENCE };

/** Our options, and those of can-utils' tools at the other end. */
const rows: readonly { name: string; ours: IsoTpSocketOptions; theirs: string[]; receiver?: string[] }[] = [
  { name: "11 bits", ours: tester, theirs: ["-s", "7e8", "-d", "7e0"], receiver: ["-b", "3", "-m", "1"] },
  {
    name: "29 bits",
    ours: { channel: "vcan0", txId: 0x18da10f1, rxId: 0x18daf110, blockSize: 8, stMin: 0.0002, waitTxDone: true },
    theirs: ["-s", "18daf110", "-d", "18da10f1"],
  },
  {
    name: "extended addressing",
    ours: { ...tester, extAddress: 0xf1, rxExtAddress: 0x10 },
    theirs: ["-s", "7e8", "-d", "7e0", "-x", "10:f1"],
  },
  {
    name: "padding",
    ours: { ...tester, txPadding: 0xaa, rxPadding: 0xbb, checkPadding: "all" },
    theirs: ["-s", "7e8", "-d", "7e0", "-p", "bb:aa", "-P", "a"],
  },
  {
    name: "FD, 64 bytes",
    ours: { ...tester, fd: true, bitrateSwitch: true },
    theirs: ["-s", "7e8", "-d", "7e0", "-L", "72:64:1"],
  },
  {
    name: "FD, 24 bytes",
    ours: { ...tester, fd: true, txDl: 24 },
    theirs: ["-s", "7e8", "-d", "7e0", "-L", "72:24:0"],
  },
];

/** The PDUs sent each way: a single frame, the shortest with several frames, and long ones. */
const pdus = [1, 7, 8, 62, 63, 300, 4095].map((length) => bytes(length, length));

/** Sent first, repeatedly, until it is received. */
const marker = Uint8Array.of(0xff);

function hex(pdu: Uint8Array): string {
  return Array.from(pdu, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
}

/** Starts a program that prints PDUs or frames, and waits until it receives. */
async function listening(command: string, args: string[], socket: IsoTpSocket): Promise<Program> {
  const program = new Program("stdbuf", ["-oL", command, ...args, "vcan0"]);
  await program.until(() => program.lines.length > 0, "show anything", () => socket.send(marker, 5));
  return program;
}

describe("can-utils and IsoTpSocket", options, () => {
  for (const { name, ours, theirs, receiver = [] } of rows) {
    it(`${name}: isotprecv receives what is sent`, options, async () => {
      using socket = new IsoTpSocket(ours);
      using isotprecv = await listening("isotprecv", [...theirs, ...receiver, "-l"], socket);
      for (const [i, pdu] of pdus.entries()) {
        if (i % 2) socket.send(pdu, 20);
        else await socket.sendAsync(pdu, { timeout: 20 });
      }
      const received = () => isotprecv.lines.map((line) => line.trim()).filter((line) => line !== hex(marker));
      await isotprecv.until(() => received().length === pdus.length, `receive ${pdus.length} PDUs`);
      assertEquals(received(), pdus.map(hex));
    });

    it(`${name}: what isotpsend sends is received`, options, async () => {
      using socket = new IsoTpSocket(ours);
      for (const [i, pdu] of pdus.entries()) {
        // Not from this thread: while a receive blocks it, nothing can be written to the program.
        const script = `pdu=$1; shift; echo "$pdu" | isotpsend "$@" vcan0`;
        using isotpsend = new Program("sh", ["-c", script, "sh", hex(pdu), ...theirs]);
        assertEquals(i % 2 ? socket.recv(20) : await socket.recvAsync({ timeout: 20 }), pdu);
        await isotpsend.finish();
      }
    });
  }

  it("isotpdump decodes both directions", options, async () => {
    using a = new IsoTpSocket({ ...tester, stMin: 0.001 });
    using isotpdump = await listening("isotpdump", ["-s", "7e0", "-d", "7e8"], a);
    using b = new IsoTpSocket({ ...ecu, blockSize: 2, stMin: 0.0003 }); // has not received what was sent first
    a.send(bytes(20), 5);
    assertEquals(b.recv(20), bytes(20));
    b.send(bytes(8), 5);
    assertEquals(a.recv(20), bytes(8));
    const expected = [
      "7E0  [8]  [FF] ln: 20   data: 00 01 02 03 04 05",
      "7E8  [3]  [FC] FC: 0 = CTS # BS: 2 # STmin: 0xF3 = 300 us",
      "7E0  [8]  [CF] sn: 1    data: 06 07 08 09 0A 0B 0C",
      "7E0  [8]  [CF] sn: 2    data: 0D 0E 0F 10 11 12 13",
      "7E8  [8]  [FF] ln: 8    data: 00 01 02 03 04 05",
      "7E0  [3]  [FC] FC: 0 = CTS # BS: 0 = off # STmin: 0x01 = 1 ms",
      "7E8  [3]  [CF] sn: 1    data: 06 07",
    ];
    const shown = () =>
      isotpdump.lines.map((line) => line.trim().replace(/^vcan0 +/, "")).filter((l) => !/data: FF$/.test(l));
    await isotpdump.until(() => shown().length >= expected.length, `show ${expected.length} frames`);
    assertEquals(shown(), expected);
  });

  it("errors with isotpsend and isotprecv: no receiver, and a receiver that exits", options, async () => {
    using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
    assertThrows(() => socket.send(bytes(8), 20), CanOperationError, "ECOMM");
    using isotprecv = await listening("isotprecv", ["-s", "7e8", "-d", "7e0", "-l"], socket);
    socket.send(bytes(8), 20);
    await isotprecv.stop();
    assertThrows(() => socket.send(bytes(8), 20), CanOperationError, "ECOMM");
    using isotpsend = new Program("isotpsend", ["-s", "7e8", "-d", "7e0", "-b", "vcan0"], hex(bytes(8)));
    assertEquals(await socket.recvAsync({ timeout: 20 }), bytes(8));
    await isotpsend.finish();
  });
});

describe("10,000 PDUs of random length", { ...options, timeout: 5 * PATIENCE }, () => {
  it("none is lost or changed, in both directions, blocking and not", { timeout: 5 * PATIENCE }, async () => {
    const below = generator(20);
    using pair = ends({ frameTxTime: 0 });
    const content = Uint8Array.from({ length: 8192 }, () => below(256));
    const random = () => {
      const from = below(4096);
      return content.subarray(from, from + 1 + below(oneOf(below, 7, 100, 4095)));
    };
    const sent = { a: 0, b: 0 };
    while (sent.a + sent.b < 10_000) {
      const way = oneOf(below, "a", "b");
      const [from, to] = way === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
      // A receive buffer holds this many; ISO-TP has no flow control between PDUs.
      const wave = Array.from({ length: 1 + below(10) }, random);
      const how = below(3);
      const sending = how === 0 ? wave.map((pdu) => from.sendAsync(pdu, { timeout: 60 })) : [];
      if (how === 1) { for (const pdu of wave) from.send(pdu, 60); }
      if (how === 2) assertEquals(from.sendMany(wave, 60), wave.length);
      for (let got = 0; got < wave.length;) {
        const some = below(2) ? [await to.recvAsync({ timeout: 60 })] : to.recvMany(1 + below(4), how === 0 ? 0 : 60);
        for (const pdu of some) {
          const expected = wave[got++];
          const same = pdu?.length === expected.length && pdu.every((byte, i) => byte === expected[i]);
          if (!same) assertEquals(pdu, expected, `PDU ${sent[way]} of ${way}`);
          sent[way]++;
        }
      }
      await Promise.all(sending);
    }
    assert(sent.a > 4000 && sent.b > 4000, JSON.stringify(sent));
    assertEquals([pair.a.recv(0), pair.b.recv(0)], [null, null]);
    assertEquals([pair.a.droppedFrames, pair.b.droppedFrames], [0, 0]);
  });
});

describe("Links under an ISO-TP socket", options, () => {
  const on = { ...tester, channel: "vcan1" };
  const other = { ...ecu, channel: "vcan1" };
  before(() => ip("link", "add", "vcan1", "type", "vcan"));
  after(() => ip("link", "del", "vcan1"));

  it("that do not exist, are not CAN, are down or carry no FD frames: the error says what to do", () => {
    const reported: [Partial<IsoTpSocketOptions>, string, string][] = [
      [{ channel: "vcan99" }, "ENODEV", "ip link add dev vcan99 type vcan"],
      [{ channel: "lo" }, "ENODEV", "it is not a CAN interface"],
      [{}, "ENETDOWN", "sudo ip link set vcan1 up"],
    ];
    for (const [options, code, text] of reported) {
      const error = assertThrows(() => new IsoTpSocket({ ...on, ...options }), CanInitializationError, text);
      assertEquals(error.code, code);
    }
    ip("link", "set", "vcan1", "mtu", "16", "up");
    const text = "it carries no CAN FD frames: its MTU is 16, and must be 72";
    const error = assertThrows(() => new IsoTpSocket({ ...on, fd: true }), CanInitializationError, text);
    assertEquals([error.code, error.syscall], ["EINVAL", "bind"]);
    ip("link", "set", "vcan1", "down");
    ip("link", "set", "vcan1", "mtu", "72", "up");
    using socket = new IsoTpSocket({ ...on, fd: true });
    ip("link", "set", "vcan1", "down");
    ip("link", "set", "vcan1", "mtu", "16", "up");
    assertThrows(() => socket.recv(0), CanOperationError, "ENETDOWN");
    assertEquals(assertThrows(() => socket.send(bytes(8)), CanOperationError, text).code, "EMSGSIZE");
  });

  it("that go down and up again: reported once, and the socket keeps working", async () => {
    ip("link", "set", "vcan1", "up");
    using a = new IsoTpSocket(on);
    using b = new IsoTpSocket(other);
    using late = new IsoTpSocket({ ...other, txId: 0x7e9 });
    const wait = assertRejects(() => a.recvAsync({ timeout: 60 }), CanOperationError, "ENETDOWN");
    await pause(50);
    ip("link", "set", "vcan1", "down");
    await wait;
    assertThrows(() => b.recv(20), CanOperationError, "ENETDOWN");
    assertEquals([a.recv(0), b.recv(0.01)], [null, null], "once");
    assertThrows(() => a.send(bytes(8)), CanOperationError, 'ip link set vcan1 up"');
    assertEquals(a.recv(0), null, "still once");
    ip("link", "set", "vcan1", "up");
    // Not reported yet: a send succeeds, and the next receive fails.
    late.send(bytes(1), 5);
    assertThrows(() => late.recv(0), CanOperationError, "ENETDOWN");
    a.send(bytes(20), 5);
    assertEquals(b.recv(20), bytes(20));
  });

  it("that go down while a PDU is being sent: sending fails, and so does the receive", async () => {
    using a = new IsoTpSocket({ ...on, waitTxDone: true });
    using b = new IsoTpSocket({ ...other, stMin: 0.1 });
    const sent = assertRejects(() => a.sendAsync(bytes(600), { timeout: 60 }), CanOperationError, "ECOMM");
    const error = () => b.recvAsync({ timeout: 60 }).then(() => "none", ({ code }) => code);
    await pause(150);
    // While both wait: of two errors before the next call the kernel reports only the later one.
    const codes = error().then(async (first) => [first, await error()]);
    using down = new Program("ip", ["link", "set", "vcan1", "down"]);
    assertEquals(await codes, ["ENETDOWN", "ETIMEDOUT"]);
    await down.finish();
    await sent;
    assertThrows(() => a.recv(0), CanOperationError, "ENETDOWN");
    ip("link", "set", "vcan1", "up");
    a.send(bytes(1), 5);
    assertEquals(b.recv(5), bytes(1));
  });

  it("that are deleted while a PDU is being sent unawaited: it is reported, and close does not block", async () => {
    const count = await restingDescriptors();
    for (const reported of ["recv", "send", "none"]) {
      ip("link", "add", "vcan2", "type", "vcan");
      ip("link", "set", "vcan2", "up");
      using socket = new IsoTpSocket({ ...on, channel: "vcan2" });
      const receiving = reported === "none"
        ? undefined
        : assertRejects(() => socket.recvAsync(), CanOperationError, "ENODEV");
      socket.send(bytes(20));
      ip("link", "del", "vcan2");
      if (reported === "recv") assertThrows(() => socket.recv(5), CanOperationError, "the interface is gone");
      if (reported === "send") assertThrows(() => socket.send(bytes(1), 5), CanOperationError, "the interface is gone");
      await receiving;
    }
    await descriptorsBackTo(count);
  });

  it("that are deleted: unread PDUs are lost", async () => {
    ip("link", "add", "vcan2", "type", "vcan");
    ip("link", "set", "vcan2", "up");
    using a = new IsoTpSocket({ ...on, channel: "vcan2", waitTxDone: true });
    using b = new IsoTpSocket({ ...other, channel: "vcan2" });
    a.send(bytes(20), 5);
    await pause(50);
    ip("link", "del", "vcan2");
    for (let i = 0; i < 2; i++) assertThrows(() => b.recv(5), CanOperationError, "ENODEV");
  });

  it("that are deleted: every wait fails, and no descriptor is left open", async () => {
    const count = await restingDescriptors();
    ip("link", "add", "vcan2", "type", "vcan");
    ip("link", "set", "vcan2", "up");
    {
      using socket = new IsoTpSocket({ ...on, channel: "vcan2", waitTxDone: true });
      using _slow = new IsoTpSocket({ ...other, channel: "vcan2", stMin: 0.1 });
      const waits = [
        assertRejects(() => socket.sendAsync(bytes(600)), CanOperationError, "ENODEV"), // takes eight seconds
        assertRejects(() => socket.sendAsync(bytes(1)), CanOperationError, "ENODEV"),
        assertRejects(() => socket.recvAsync(), CanOperationError, "the interface is gone"),
      ];
      await pause(50);
      ip("link", "del", "vcan2");
      await Promise.all(waits);
      for (let i = 0; i < 2; i++) {
        assertThrows(() => socket.recv(5), CanOperationError, "ENODEV");
        assertThrows(() => socket.send(bytes(1), 5), CanOperationError, "ENODEV");
      }
    }
    await descriptorsBackTo(count);
  });
});
