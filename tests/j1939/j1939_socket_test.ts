import { describe } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bus, CanOperationError, J1939Message, J1939Socket, Message, Name } from "../../mod.ts";
import { bytes, it, next, node, SOON, take } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";

const A = 0x20;
const B = 0x30;
const DIRECT = 0xef00;
const GLOBAL = 0xfeca;

describe("J1939Socket", { skip: noJ1939 }, () => {
  it("a received message has all fields, and prints as one line", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const before = Date.now() / 1000 - 5;
    a.send({ pgn: DIRECT, destination: B, priority: 3, data: [1, 2, 3] });
    const message = take(b);
    assert(message instanceof J1939Message);
    const { timestamp, timestampNs, ...fields } = message;
    assertEquals<unknown>({ ...fields, data: [...fields.data] }, {
      pgn: DIRECT,
      source: A,
      name: null,
      destination: B,
      destinationName: null,
      priority: 3,
      data: [1, 2, 3],
      isLocal: true,
    });
    assert(timestamp > before && timestamp < before + 100);
    assertEquals(Number(timestampNs) / 1e9, timestamp);
    assertEquals(`${message}`, "20 → 30  0xef00 (61184)  priority 3  [3]  01 02 03");
    b.send({ pgn: GLOBAL, data: bytes(100) });
    const long = take(a);
    assertEquals([long.destination, long.data.length], [255, 100]);
    assert(/^30 → all {2}0xfeca \(65226\) {2}priority 6 {2}\[100\] {2}(\w\w ){64}…$/.test(`${long}`), `${long}`);
    assert(long.timestamp > before);
  });

  it("sends and receives the standard's frames", () => {
    using bus = new Bus("vcan0");
    using engine = node({ address: 0 });
    engine.send({ pgn: 0xf004, priority: 3, data: [0xff, 0xff, 0xff, 0x68, 0x13, 0xff, 0xff, 0xff] });
    assertEquals(shown(bus.recv(SOON)!), [0x0cf00400, "ffffff6813ffffff"]);
    engine.send({ pgn: 0xea00, destination: 0xf9, data: [0xda, 0xfe, 0] });
    assertEquals(shown(bus.recv(SOON)!), [0x18eaf900, "dafe00"]);
    engine.send({ pgn: 0xfeca, data: bytes(9) });
    const hex = hexOf(bytes(9));
    const frames = Array.from({ length: 3 }, () => shown(bus.recv(SOON)!));
    assertEquals(frames, [
      [0x18ecff00, "20090002ffcafe00"], // BAM: 9 bytes in 2 packets of PGN 0xfeca
      [0x18ebff00, `01${hex.slice(0, 14)}`],
      [0x18ebff00, `02${hex.slice(14)}${"ff".repeat(5)}`],
    ]);
    using b = node({ address: B });
    bus.send(new Message({ arbitrationId: 0x0def30a1, data: [7] }));
    const { pgn, source, destination, priority, data, isLocal } = take(b);
    assertEquals([pgn, source, destination, priority, ...data, isLocal], [0x1ef00, 0xa1, B, 3, 7, true]);
  });

  for (const length of [0, 1, 7, 8, 9, 14, 15, 223, 224, 1784, 1785, 1786, 1787, 5000, 60_000, 100_000]) {
    it(`${length} bytes from node to node, both ways`, async () => {
      using a = node({ address: A });
      using b = node({ address: B });
      for (const [from, to, destination] of [[a, b, B], [b, a, A]] as const) {
        const data = bytes(length);
        from.send({ pgn: DIRECT, destination, data }, SOON);
        const message = await next(to);
        assertEquals([message.pgn, message.destination], [DIRECT, destination]);
        assertEquals(message.data, data);
      }
      assertEquals([a.recv(0), b.recv(0)], [null, null]);
    });
  }

  for (const length of [0, 1, 8, 9, 30]) {
    it(`${length} bytes to all nodes`, () => {
      using a = node({ address: A });
      using b = node({ address: B });
      using listener = node();
      const data = bytes(length);
      a.send({ pgn: GLOBAL, data });
      for (const each of [b, listener]) {
        const message = take(each);
        assertEquals([message.pgn, message.source, message.destination], [GLOBAL, A, 255]);
        assertEquals(message.data, data);
      }
      // The kernel does not know the sending socket of a message of several frames, and delivers the message to it too.
      if (length > 8) assertEquals(take(a).data, data);
      assertEquals(a.recv(0), null);
    });
  }

  it("data may be an array or any view, and is copied", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const data = bytes(300);
    a.send({ pgn: DIRECT, destination: B, data: [...data] });
    a.send({ pgn: DIRECT, destination: B, data: new Uint8Array([9, ...data]).subarray(1) });
    const [first, second] = [take(b), take(b)];
    assertEquals([first.data, second.data], [data, data]);
    first.data.fill(0);
    assertEquals(second.data, data);
  });

  it("a received message can be sent again", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    using c = node({ address: 0x40 });
    a.send({ pgn: DIRECT, destination: B, priority: 2, data: [1] });
    const message = take(b);
    using d = node({ address: B });
    c.send(message);
    const { source, destination, priority, data } = take(d);
    assertEquals([source, destination, priority, ...data], [0x40, B, 2, 1]);
  });

  it("the priority is the message's, or else the socket's, or else 6", () => {
    using a = node({ address: A, priority: 4 });
    using other = node({ address: 0x40 });
    using b = node({ address: B });
    const sent = [undefined, 2, 7, undefined, 3, 5, 6];
    for (const priority of sent) {
      a.send({ pgn: DIRECT, destination: B, priority, data: [0] });
      assertEquals(take(b).priority, priority ?? 4);
    }
    other.send({ pgn: DIRECT, destination: B, data: [0] });
    assertEquals(take(b).priority, 6);
    a.send({ pgn: DIRECT, destination: B, priority: 7, data: bytes(20) });
    assertEquals(take(b).priority, 7);
  });

  it("priorities 0 and 1 need CAP_NET_ADMIN", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    for (const priority of [0, 1]) {
      try {
        a.send({ pgn: DIRECT, destination: B, priority, data: [0] });
        assertEquals(take(b).priority, priority);
      } catch (error) {
        assert(/EPERM.*priorities 0 and 1 need CAP_NET_ADMIN/.test((error as Error).message), `${error}`);
      }
    }
    a.send({ pgn: DIRECT, destination: B, data: [0] });
    assertEquals(take(b).priority, 6);
  });

  it("only a promiscuous socket receives messages to other addresses", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    using c = node({ address: 0x40 });
    using listener = node();
    using all = node({ promiscuous: true, broadcast: false });
    for (
      const message of [
        { pgn: DIRECT, destination: B, data: [1] },
        { pgn: DIRECT, destination: 0x77, data: [2] },
        { pgn: GLOBAL, data: [3] },
      ]
    ) {
      a.send(message);
      assertEquals(take(all).data[0], message.data[0]);
    }
    assertEquals([take(b), take(b)].map(({ data }) => data[0]), [1, 3]);
    for (const each of [c, listener]) assertEquals(take(each).data[0], 3);
    for (const each of [b, c, listener]) assertEquals(each.recv(0), null);
  });

  it("several sockets may have the same address", () => {
    using a = node({ address: A });
    using one = node({ address: B });
    using two = node({ address: B });
    a.send({ pgn: DIRECT, destination: B, data: bytes(20) });
    for (const each of [one, two]) assertEquals(take(each).data, bytes(20));
  });

  it("broadcast: false neither receives nor sends messages to all nodes", () => {
    using a = node({ address: A });
    using b = node({ address: B, broadcast: false });
    using listener = node();
    a.send({ pgn: GLOBAL, data: [1] });
    assertEquals(take(listener).data[0], 1);
    assertEquals(b.recv(0), null);
    a.send({ pgn: DIRECT, destination: B, data: [2] });
    assertEquals(take(b).data[0], 2);
    const text = "opened with broadcast: false";
    assertThrows(() => b.send({ pgn: GLOBAL, data: [1] }), CanOperationError, text);
    b.send({ pgn: DIRECT, destination: A, data: [3] });
    assertEquals(take(a).data[0], 3);
  });

  it("filters by PGN and sender, with masks, in the kernel", () => {
    using a = node({ address: A });
    using c = node({ address: 0x2f });
    using d = node({ address: 0x81 });
    using all = node({ promiscuous: true });
    const rows = [
      [null, [0xfeca, 0xfecb, 0xef00, 0xf004]],
      [[], [0xfeca, 0xfecb, 0xef00, 0xf004]],
      [[{ pgn: 0xfeca }], [0xfeca]],
      [[{ pgn: 0xfeca }, { pgn: 0xef00 }, { pgn: 0xfeca }], [0xfeca, 0xef00]],
      [[{ pgn: 0xfe00, pgnMask: 0x3ff00 }], [0xfeca, 0xfecb]],
      [[{ source: A }], [0xfeca, 0xfecb]],
      [[{ source: 0x20, sourceMask: 0xf0 }], [0xfeca, 0xfecb, 0xef00]],
      [[{ source: 0x20, sourceMask: 0xf0, pgn: 0xef00 }], [0xef00]],
      [[{ source: 0x20, pgn: 0xef00 }], []],
      [[{ name: 5n }], []],
      [[{}], [0xfeca, 0xfecb, 0xef00, 0xf004]],
    ] as const;
    for (const [filters, expected] of rows) {
      using b = node({ address: B, filters });
      assertEquals(b.filters, filters);
      a.send({ pgn: 0xfeca, data: [1] });
      a.send({ pgn: 0xfecb, data: [1] });
      c.send({ pgn: 0xef00, destination: B, data: [1] });
      d.send({ pgn: 0xf004, data: [1] });
      for (let i = 0; i < 4; i++) take(all); // leaves none for the next row
      const seen: number[] = [];
      while (seen.length < expected.length) seen.push(take(b).pgn);
      seen.push(...b.recvMany(9, 0.02).map(({ pgn }) => pgn));
      assertEquals(seen.sort(), [...expected].sort()); // messages of different sockets may overtake each other
    }
  });

  it("setFilters drops messages received under the previous filters, and an invalid filter changes nothing", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    using other = node();
    a.send({ pgn: 0xfeca, data: [1] });
    a.send({ pgn: 0xfecb, data: [1] });
    take(b); // the other one may have been read ahead
    assert(take(other).pgn !== take(other).pgn);
    const filters = [{ pgn: 0xfecc }];
    b.setFilters(filters);
    a.send({ pgn: 0xfecb, data: [1] });
    assertEquals(take(other).pgn, 0xfecb);
    a.send({ pgn: 0xfecc, data: [1] });
    assertEquals(take(b).pgn, 0xfecc);
    assertEquals(b.recv(0), null);
    assertThrows(() => b.setFilters([{ pgn: 0x40000 }]), RangeError);
    assertEquals(b.filters, filters);
    b.setFilters(Array.from({ length: 512 }, (_, i) => ({ pgn: 0xff00 + (i & 0xff) })));
    b.setFilters(null);
    a.send({ pgn: 0xfecb, data: [1] });
    assertEquals(take(b).pgn, 0xfecb);
  });

  it("says why a message cannot be sent", () => {
    using a = node({ address: A });
    using listener = node();
    using named = node({ name: 5n });
    const rows: [J1939Socket, Parameters<J1939Socket["send"]>[0], string, string][] = [
      [listener, { pgn: GLOBAL, data: [] }, "EBADFD", "no address to send from: open it with one"],
      [named, { pgn: GLOBAL, data: [] }, "EADDRNOTAVAIL", "this socket's NAME has no address: claim one"],
      [
        a,
        { pgn: DIRECT, destination: new Name({ identityNumber: 6 }), data: [1] },
        "EADDRNOTAVAIL",
        "the destination's NAME has no address",
      ],
      [a, { pgn: 0xec00, destination: 1, data: [] }, "EDOM", "only the kernel sends the transport protocols' PGNs"],
    ];
    for (const [socket, message, code, text] of rows) {
      const error = assertThrows(() => socket.send(message), CanOperationError, text);
      assertEquals([error.code, error.channel, error.syscall], [code, "vcan0", "sendmmsg"]);
      assert(error.message.startsWith(`Cannot send ${message.data.length} bytes of PGN 0x`), error.message);
    }
    a.send({ pgn: GLOBAL, data: [1] });
    assertEquals(take(listener).data[0], 1);
  });

  it("does not open without a CAN interface", () => {
    const code = (channel: string) => assertThrows(() => new J1939Socket({ channel, address: 1 })).message;
    assert(/"vcan99": ENODEV.*ip link add dev vcan99 type vcan.*vcan0/.test(code("vcan99")), code("vcan99"));
    assert(/"lo": it is not a CAN interface/.test(code("lo")), code("lo"));
  });

  it("logs what it does", async () => {
    const lines: string[] = [];
    const logger = { debug: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
    {
      using a = node({ address: A, logger });
      using b = node({ address: B });
      a.send({ pgn: DIRECT, destination: B, data: [1] });
      b.send({ pgn: DIRECT, destination: A, data: [2] });
      await a.recvAsync({ timeout: SOON });
      await pause();
    }
    for (
      const text of [
        'opening J1939 channel "vcan0"',
        "SO_J1939_FILTER set",
        "sent 1 bytes of PGN 0xef00 (61184) to 0x30",
        "received 30 → 20  0xef00 (61184)  priority 6  [1]  02",
        'closed J1939 channel "vcan0"',
      ]
    ) assert(lines.some((line) => line.includes(text)), `${text} is missing in:\n${lines.join("\n")}`);
  });

  it("has the members of all sockets", () => {
    const a = node({ address: A, receiveBuffer: 20_000, sendBuffer: 10_000 });
    assertEquals([a.channel, a.address, a.name, a.state, a.closed], ["vcan0", A, null, "static", false]);
    assert(a.fd > 2);
    assertEquals([a.droppedFrames, a.receiveBuffer, a.sendBuffer], [0, 40_000, 20_000]);
    a.close();
    a.close();
    assert(a.closed);
    for (const use of [() => a.fd, () => a.recv(0), () => a.send({ pgn: 0, data: [] }), () => a.setFilters(null)]) {
      assertEquals(assertThrows(use, CanOperationError, "the socket is closed").code, "EBADF");
    }
    using named = node({ name: new Name({ identityNumber: 5 }), address: 9 });
    assertEquals([named.address, named.name?.identityNumber, named.state], [null, 5, "unclaimed"]);
  });

  it("counts messages dropped because the receive buffer was full", () => {
    using a = node({ address: A });
    using b = node({ address: B, receiveBuffer: 3000 });
    using all = node({ promiscuous: true });
    for (let i = 0; i < 50; i++) a.send({ pgn: DIRECT, destination: B, data: [i] });
    for (let i = 0; i < 50; i++) take(all);
    let received = 0;
    while (b.recv(0.02) !== null) received++;
    assert(received > 0 && received < 50, `${received}`);
    assertEquals(b.droppedFrames, 50 - received);
  });
});

function shown({ arbitrationId, data }: Message): (number | string)[] {
  return [arbitrationId, hexOf(data)];
}

function hexOf(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
