import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CanInitializationError, CanOperationError, Message, type MessageInit } from "../../mod.ts";
import { CannelloniBus, serveCannelloni } from "../../src/net/mod.ts";
import { DatagramReader, encodeDatagram } from "../../src/net/cannelloni/datagrams.ts";
import { RecordReader, writeRecord } from "../../src/net/cannelloni/records.ts";
import { Sequence } from "../../src/net/cannelloni/sequence.ts";
import { freePort } from "./buses.ts";
import { bytesOf, TcpListener, TcpPeer, UdpPeer, until } from "./peers.ts";

const timeout = 60_000;
const later = { timeout: 30 };
const TIME = { seconds: 1, nanoseconds: 500_000_000 };

/** Records, from `doc/udp_format.md` and `parser.cpp` of cannelloni: identifier, length, flags, data. */
const records: readonly (readonly [bytes: string, init: MessageInit])[] = [
  ["00000123 04 11223344", { arbitrationId: 0x123, isExtendedId: false, data: [0x11, 0x22, 0x33, 0x44] }],
  ["00000000 00", { arbitrationId: 0, isExtendedId: false, data: [] }],
  ["000007ff 08 0001020304050607", { arbitrationId: 0x7ff, isExtendedId: false, data: [0, 1, 2, 3, 4, 5, 6, 7] }],
  ["80000123 01 ff", { arbitrationId: 0x123, data: [0xff] }],
  ["9fffffff 00", { arbitrationId: 0x1fffffff, data: [] }],
  ["40000123 05", { arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 5 }], // no data behind it
  ["c0000123 08", { arbitrationId: 0x123, isRemoteFrame: true, dlc: 8 }],
  ["20000044 08 0001000000006061", { arbitrationId: 0x44, isErrorFrame: true, data: [0, 1, 0, 0, 0, 0, 0x60, 0x61] }],
  ["00000123 82 04 aabb", { arbitrationId: 0x123, isExtendedId: false, isFd: true, data: [0xaa, 0xbb] }],
  ["80000123 80 07", { arbitrationId: 0x123, isFd: true, bitrateSwitch: true, errorStateIndicator: true, data: [] }],
  [`9fffffff c0 05 ${"5a".repeat(64)}`, {
    arbitrationId: 0x1fffffff,
    isFd: true,
    bitrateSwitch: true,
    data: new Uint8Array(64).fill(0x5a),
  }],
];

const wrong: readonly (readonly [bytes: string, fault: RegExp])[] = [
  ["00000123 09 000000000000000000", /a classic frame of 9 bytes/],
  ["00000123 7f", /a classic frame of 127 bytes/],
  ["00000123 c1 00", /a CAN FD frame of 65 bytes/],
  ["00000123 ff 00", /a CAN FD frame of 127 bytes/],
  ["00000123 89 00 000000000000000000", /a CAN FD frame of 9 bytes, a length/],
  ["00000800 00", /a standard identifier of 0x800/],
  ["1fffffff 00", /a standard identifier of 0x1fffffff/],
  ["40000123 84 00", /a remote or error frame of CAN FD/],
  ["60000123 00", /remote and an error/],
];

/** What a reader has passed on. */
class Heard {
  readonly messages: Message[] = [];
  lost = 0;
  readonly rejected: string[] = [];

  deliver(message: Message): boolean {
    this.messages.push(message);
    return true;
  }

  lose(count: number): void {
    this.lost += count;
  }

  reject(reason: string): void {
    this.lost++;
    this.rejected.push(reason);
  }
}

function datagram(number: number, ...frames: readonly string[]): Uint8Array {
  const count = frames.length;
  return Uint8Array.from([2, 0, number & 255, count >> 8, count & 255, ...bytesOf(frames.join(""))]);
}

const one = "00000123 01 77";

describe("cannelloni's records", () => {
  for (const [text, init] of records) {
    it(text.slice(0, 40), () => {
      const bytes = bytesOf(text);
      const message = new Message({ ...init, timestampNs: 1_500_000_000n, timestampSource: "software", channel: "c" });
      const into = new Uint8Array(100);
      assertEquals([...into.subarray(0, writeRecord(message, into, 0))], bytes);
      const reader = new RecordReader();
      reader.start(Uint8Array.from([...bytes, ...bytes]), 0);
      assertEquals([reader.next(TIME, "c"), reader.next(TIME, "c"), reader.next(TIME, "c")], [message, message, null]);
      assertEquals([reader.at, reader.fault], [2 * bytes.length, null]);
      for (let length = 0; length < bytes.length; length++) {
        reader.start(Uint8Array.from(bytes.slice(0, length)), 0);
        assertEquals([reader.next(TIME, "c"), reader.at, reader.fault], [null, 0, null], `cut after ${length}`);
      }
    });
  }

  it("are none with lengths and identifiers that CAN does not have", () => {
    for (const [text, fault] of wrong) {
      const reader = new RecordReader();
      reader.start(Uint8Array.from([...bytesOf(text), ...new Uint8Array(200)]), 0);
      assertEquals(reader.next(TIME, "c"), null, text);
      assertMatch(reader.fault ?? "", fault);
    }
  });
});

describe("cannelloni's datagrams", () => {
  it("have a version, an operation, a number, and a count", () => {
    const messages = [0x123, 0x124].map((arbitrationId) =>
      new Message({ arbitrationId, isExtendedId: false, data: [0x77] })
    );
    const { bytes, count } = encodeDatagram(messages, 0, 200);
    assertEquals([...bytes], bytesOf("02 00 c8 0002 00000123 01 77 00000124 01 77"));
    assertEquals(count, 2);
    const many = new Array<Message>(300).fill(messages[0]);
    const first = encodeDatagram(many, 0, 0);
    assertEquals(first.bytes.length, 5 + 6 * first.count);
    assert(first.bytes.length <= 1472 && first.bytes.length + 6 > 1472);
  });

  it("that are none count as one lost frame each: truncated, lying, of other versions", () => {
    const cases: readonly (readonly [Uint8Array, RegExp, number])[] = [
      [Uint8Array.from([]), /of 0 bytes/, 0],
      [Uint8Array.from([2, 0, 0, 0]), /of 4 bytes/, 0],
      [Uint8Array.from([1, 0, 0, 0, 0]), /of version 1/, 0],
      [Uint8Array.from([2, 1, 0, 0, 0]), /operation 1/, 0],
      [datagram(0, one).subarray(0, 10), /ends after 0 of 1/, 0],
      [datagram(0, one, one).subarray(0, 16), /ends after 1 of 2/, 1],
      [Uint8Array.from([2, 0, 0, 255, 255, ...bytesOf(one)]), /ends after 1 of 65535/, 1],
      [datagram(0, one, "00000123 09 00"), /classic frame of 9/, 1],
    ];
    for (const [bytes, reason, frames] of cases) {
      const heard = new Heard();
      new DatagramReader("c").read(bytes, heard);
      assertMatch(heard.rejected.join(), reason);
      assertEquals([heard.messages.length, heard.lost], [frames, 1]);
    }
    const heard = new Heard();
    new DatagramReader("c").read(datagram(0), heard); // an empty one is none of these
    assertEquals([heard.messages.length, heard.lost], [0, 0]);
  });

  it("are followed by their numbers: gaps, late and repeated ones, a new start", () => {
    const heard = new Heard();
    const reader = new DatagramReader("c");
    const take = (number: number, ...frames: string[]) => {
      heard.messages.length = heard.lost = 0;
      reader.read(datagram(number, ...frames), heard);
      return [heard.messages.length, heard.lost];
    };
    assertEquals(take(254, one), [1, 0]); // it may begin anywhere
    assertEquals(take(255, one), [1, 0]);
    assertEquals(take(0, one), [1, 0]);
    assertEquals(take(0, one), [0, 0]); // repeated
    assertEquals(take(3, one), [1, 2]); // 1 and 2 are missing
    assertEquals(take(1, one, one, one), [0, 2]); // 1 is late: it had three frames, of which one was counted
    assertEquals(take(2, one), [0, 0]); // as was that of 2
    assertEquals(take(2, one), [0, 0]); // now it is repeated
    assertEquals(take(4, one), [1, 0]);
    for (let i = 5; i < 40; i++) assertEquals(take(i, one), [1, 0]);
    assertEquals(take(0, one), [1, 0]); // a new start
    assertEquals(take(1, one), [1, 0]);
    for (let i = 2; i < 60; i++) take(i, one);
    assertEquals(take(20, one), [0, 0]); // a number seen before …
    assertEquals(take(21, one), [1, 0]); // … and the next one: a new start, whose 0 was lost
  });

  it("in any order and with any losses, are counted once", () => {
    // Numbers up to 2000, each lost with a probability of a tenth, in order: nothing may be doubled or missed.
    const sequence = new Sequence();
    let seed = 1;
    const chance = () => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
    let taken = 0;
    let missing = 0;
    let last = 0;
    for (let i = 0; i < 2000; i++) {
      if (i > 0 && chance() < 0.1) continue;
      const found = sequence.take(i & 255);
      assertEquals(found.verdict, "next");
      missing += found.missing;
      taken++;
      last = i;
    }
    assertEquals(taken + missing, last + 1);
  });
});

describe("A cannelloni bus over UDP", { timeout }, () => {
  async function at(run: (bus: CannelloniBus, peer: UdpPeer, warnings: string[]) => Promise<void>): Promise<void> {
    using peer = await UdpPeer.open();
    const warnings: string[] = [];
    const logger = { warn: (text: string) => warnings.push(text) };
    using bus = await CannelloniBus.open({ host: "127.0.0.1", port: peer.port, localPort: 0, fd: true, logger });
    await run(bus, peer, warnings);
  }

  it("sends datagrams byte for byte, as many frames in each as were sent together", () =>
    at(async (bus, peer) => {
      const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x77] });
      await bus.sendAsync(message);
      await bus.sendManyAsync([message, message]);
      await until(() => peer.datagrams.length === 2, "two datagrams");
      assertEquals(peer.datagrams, [[...datagram(0, one)], [...datagram(1, one, one)]]);
    }));

  it("counts losses, and goes on after what is no datagram of cannelloni's", () =>
    at(async (bus, peer, warnings) => {
      await peer.send(datagram(7, one), bus.localPort);
      await peer.send([9, 9, 9, 9, 9, 9], bus.localPort);
      await peer.send(datagram(10, one, one), bus.localPort);
      for (let i = 0; i < 3; i++) assertEquals((await bus.recvAsync(later))!.data[0], 0x77);
      assertEquals(bus.droppedFrames, 3);
      assertMatch(warnings.join("\n"), /no frame: a datagram of version 9/);
      assertMatch(warnings.join("\n"), /frames were lost: the network lost or reordered datagrams/);
    }));

  it("hears nobody but its peer", async () => {
    using peer = await UdpPeer.open();
    using bus = await CannelloniBus.open({ host: "127.0.0.2", port: 9, localHost: "127.0.0.1", localPort: 0 });
    await peer.send(datagram(0, one), bus.localPort);
    assertEquals(await bus.recvAsync({ timeout: 0.2 }), null);
    assertEquals(bus.droppedFrames, 0);
  });

  it("loses what does not fit into its buffer, and counts it", async () => {
    using peer = await UdpPeer.open();
    using bus = await CannelloniBus.open({ host: "127.0.0.1", port: peer.port, localPort: 0, receiveBuffer: 768 * 5 });
    const twenty = new Array<string>(20).fill(one);
    await peer.send(datagram(0, ...twenty), bus.localPort);
    await until(() => bus.droppedFrames > 0, "losses");
    let count = 0;
    for (const _ of bus.recvMany(100, 0)) count++;
    assert(bus.receiveBuffer >= 768 * 5);
    assertEquals(count + bus.droppedFrames, 20);
  });

  it("refuses options that are wrong, and ports in use", async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{}, "Option host is missing"],
      [{ host: "x y" }, "Option host"],
      [{ host: "a", port: 70000 }, "Option port"],
      [{ host: "a", transport: "sctp" }, "Option transport"],
      [{ host: "a", transport: "tcp", localPort: 5 }, "Option localPort has no meaning"],
      [{ host: "a", timeout: 5 }, "Option timeout has no meaning"],
      [{ host: "127.0.0.1", localPort: -1 }, "Option localPort"],
      [{ host: "no-such-host.invalid" }, "ENOTFOUND"],
    ];
    for (const [options, text] of cases) {
      await assertRejects(() => CannelloniBus.open(options as { host: string }), Error, text);
    }
    using bus = await CannelloniBus.open({ host: "127.0.0.1", localPort: 0 });
    const error = await assertRejects(
      () => CannelloniBus.open({ host: "127.0.0.1", localPort: bus.localPort }),
      CanInitializationError,
      "address already in use",
    );
    assertEquals(error.code, "EADDRINUSE");
    for (
      const [options, text] of [
        [{ channel: "x" }, "Option peer is missing"],
        [{ channel: "x", transport: "tcp", peer: "a" }, "Option peer has no meaning"],
        [{ channel: "x", peer: "a", allow: ["10.0.0.1"] }, "Option allow has no meaning"],
        [{ channel: "x", peer: "a b" }, "is no address"],
        [{ channel: "", peer: "a" }, "channels[0]"],
      ] as const
    ) {
      await assertRejects(() => serveCannelloni({ interface: "virtual", ...options }), Error, text);
    }
  });
});

const GREETING = [..."CANNELLONIv1"].map((sign) => sign.charCodeAt(0));

describe("A cannelloni bus over TCP", { timeout }, () => {
  const open = (port: number, timeout = 30) =>
    CannelloniBus.open({ host: "127.0.0.1", port, transport: "tcp", timeout, fd: true });

  it("greets, and takes records in any pieces", async () => {
    await using listener = await TcpListener.listen();
    const opening = open(listener.port);
    using peer = await listener.accept();
    const [first, ...rest] = [...GREETING, ...bytesOf(records.map(([bytes]) => bytes.replace(/\/\/.*/, "")).join(""))];
    peer.write([first]);
    await until(() => peer.bytes.length === GREETING.length, "the greeting");
    assertEquals(peer.bytes, GREETING);
    for (const byte of rest) peer.write([byte]);
    using bus = await opening;
    for (const [, init] of records) {
      const message = await bus.recvAsync(later);
      assert(message!.equals(new Message(init), { timestampDelta: null, checkChannel: false }), `${message}`);
    }
    peer.pieces.length = 0;
    await bus.sendAsync(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x77] }));
    await until(() => peer.bytes.length === 6, "a record");
    assertEquals(peer.bytes, bytesOf(one));
  });

  it("ends with an error when a record is none: where the next one begins is not known", async () => {
    for (const [text, fault] of wrong) {
      await using listener = await TcpListener.listen();
      const opening = open(listener.port);
      using peer = await listener.accept();
      peer.write([...GREETING, ...bytesOf(one), ...bytesOf(text), ...bytesOf(one)]);
      using bus = await opening;
      assertEquals((await bus.recvAsync(later))!.data[0], 0x77);
      const error = await assertRejects(() => bus.recvAsync(later), CanOperationError);
      assertMatch(error.message, fault);
      assertEquals(error.code, "EBADMSG");
      await until(() => peer.closed, "the end");
    }
  });

  it("says what a peer does wrong at first: nothing, nonsense, the end", async () => {
    await using listener = await TcpListener.listen();
    const silent = await assertRejects(
      () => open(listener.port, 0.2),
      CanInitializationError,
      "no greeting within 0.2 s",
    );
    assertEquals(silent.code, "ETIMEDOUT");
    (await listener.accept())[Symbol.dispose]();
    const nonsense = assertRejects(
      () => open(listener.port),
      CanInitializationError,
      "does not begin with CANNELLONIv1",
    );
    (await listener.accept()).write("CANNELLONIv2");
    await nonsense;
    const ending = assertRejects(() => open(listener.port), CanInitializationError, "closed the connection");
    (await listener.accept()).socket.end();
    await ending;
  });

  it("is served to several clients, without those that do not speak the protocol", async () => {
    const warnings: string[] = [];
    await using server = await serveCannelloni({
      channel: "tcpserved",
      interface: "virtual",
      transport: "tcp",
      port: freePort(),
      logger: { warn: (text) => warnings.push(text) },
    });
    using nonsense = await TcpPeer.connect(server.address.port);
    nonsense.write("GET / HTTP/1.1\r\n\r\n");
    await until(() => nonsense.closed, "the end");
    assertMatch(warnings.join(), /a client of "tcpserved" has left: .* does not begin with CANNELLONIv1/);
    using one = await open(server.address.port);
    using other = await open(server.address.port);
    const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1] });
    let heard: Message | null = null;
    while (heard === null) {
      await one.sendAsync(message);
      heard = await other.recvAsync({ timeout: 0.1 });
    }
    assertEquals(heard.arbitrationId, 0x123);
    assertEquals(server.clients, 2);
  });
});
