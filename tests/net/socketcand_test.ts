import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Bus, CanInitializationError, CanOperationError, Message, type MessageInit } from "../../mod.ts";
import { type BusServer, serveSocketcand, type ServeSocketcandOptions, SocketcandBus } from "../../src/net/mod.ts";
import { beaconText } from "../../src/net/socketcand/beacon.ts";
import { Elements } from "../../src/net/socketcand/elements.ts";
import { parseReceived, parseSend, receivedText, sendText } from "../../src/net/socketcand/frame_text.ts";
import { parseIsoTpConf } from "../../src/net/socketcand/isotp_mode.ts";
import { pause } from "../support/pause.ts";
import { TcpListener, TcpPeer, until } from "./peers.ts";

const timeout = 60_000;

/** Elements of received frames: as `state_raw.c` of socketcand prints them (`%03X`, `%08X`, `%ld.%06ld`, `%02X`). */
const received: readonly (readonly [element: string, init: MessageInit])[] = [
  ["< frame 123 23.424242 11223344 >", { arbitrationId: 0x123, isExtendedId: false, data: [0x11, 0x22, 0x33, 0x44] }],
  ["< frame 00000123 23.424242 00FF >", { arbitrationId: 0x123, data: [0, 0xff] }],
  ["< frame 1FFFFFFF 23.424242  >", { arbitrationId: 0x1fffffff, data: [] }],
  ["< frame 000 23.424242  >", { arbitrationId: 0, isExtendedId: false, data: [] }],
  ["< fdframe 123 05 23.424242 0102030405060708090A0B0C >", {
    arbitrationId: 0x123,
    isExtendedId: false,
    isFd: true,
    bitrateSwitch: true,
    data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  }],
  // doc/protocol.md
  ["< rtr 123 23.424242 4 >", { arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 4 }],
  ["< error 044 23.424242 >", { isErrorFrame: true, arbitrationId: 0x44 }],
];

/** What else is read: BCM mode's blanks (`state_bcm.c`), and the branch `rawmode-canfd`, whose FD frames have no flags. */
const alsoReceived: readonly (readonly [element: string, same: string])[] = [
  ["< frame 123 23.424242 11 22 33 44  >", received[0][0]],
  ["<frame 123 23.424242 11223344>", received[0][0]],
  ["< frame 00000123 23.424242 00 FF  >", received[1][0]],
  ["< fdframe 123 23.424242 0102030405060708090A0B0C >", "< fdframe 123 04 23.424242 0102030405060708090A0B0C >"],
];

/** Elements that clients send; the first of each row is what this library sends. */
const sent: readonly (readonly [elements: readonly string[], init: MessageInit])[] = [
  [
    // doc/protocol.md; python-can 4.1 (digits without zeros); upper and lower case
    ["< send 123 2 01 F1 >", "< send 123 2 1 F1 >", "< send 123 2 1 f1 >", "< send 0123 2 1 f1 >"],
    { arbitrationId: 0x123, isExtendedId: false, data: [1, 0xf1] },
  ],
  [
    // SavvyCAN: signed bytes and the flag of extended identifiers, with 64 bits
    ["< send 1AAAAAAA 2 7F 80 >", "< send ffffffff9aaaaaaa 2 7f ffffffffffffff80 >", "< send 1AAAAAAA 2 7f ffffff80 >"],
    { arbitrationId: 0x1aaaaaaa, data: [0x7f, 0x80] },
  ],
  [["< send 00000123 0 >", "< send 00000123 0  >", "< send 80000123 0 >"], { arbitrationId: 0x123, data: [] }],
  [["< send 123 0 >", "< send 123 0  >"], { arbitrationId: 0x123, isExtendedId: false, data: [] }],
  [
    ["< sendrtr 123 4 >", "< send 040000123 4 >"],
    { arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true, dlc: 4 },
  ],
  [["< sendrtr 1AAAAAAA 2 >"], { arbitrationId: 0x1aaaaaaa, isRemoteFrame: true, dlc: 2 }],
  [
    ["< fdsend 123 05 2 01 FF >", "< fdsend 123 1 2 1 ff >"],
    { arbitrationId: 0x123, isExtendedId: false, isFd: true, bitrateSwitch: true, data: [1, 255] },
  ],
  // The branch rawmode-canfd
  [["< fdsend 123 04 1 AA >", "< sendfd 123 1 aa >"], {
    arbitrationId: 0x123,
    isExtendedId: false,
    isFd: true,
    data: [0xaa],
  }],
];

const wrongReceived = [
  "frame",
  "frame 123",
  "frame 123 1",
  "frame 123 1.5 123 45",
  "frame 123 1.5 112233445566778899",
  "frame 123 -1.5 11",
  "frame 123 1.5e3 11",
  "frame xyz 1.5 11",
  "frame 20000000 1.5 11",
  "frame 123456789 1.5 11",
  "frame 123 1.5 1g",
  `frame 123 1.5 ${"00".repeat(64)}`,
  "fdframe 123 100 1.5 11",
  "fdframe 123 0 1.5 112233445566778899",
  `fdframe 123 0 1.5 ${"00".repeat(65)}`,
  "rtr 123 1.5 9",
  "rtr 123 1.5",
  "error 4 x",
  "error 4 1.5 1 2 3 4 5 6 7 8 9",
];

const wrongSent = [
  "send",
  "send 123",
  "send 123 1",
  "send 123 1 100",
  "send 123 2 11",
  "send 123 1 11 22",
  "send 123 9 1 2 3 4 5 6 7 8 9",
  "send 123 -1",
  "send 123 1 -1",
  "send 123 1 fffffffffffffe80",
  "send 123 1 ffffff7f",
  "send 20000123 0",
  "send g 0",
  "send 11111111111111111 0",
  "send ffffffff123456789 0",
  "sendrtr 123",
  "sendrtr 123 9",
  "fdsend 123 0 9 1 2 3 4 5 6 7 8 9",
  "fdsend 123 0 65",
  "fdsend 40000123 0 0",
  "sendfd 123 1",
];

/** Splits one element. */
function words(element: string): string[] {
  const elements = new Elements(1000);
  elements.add(new TextEncoder().encode(element));
  const found = elements.next();
  assert(found !== null && elements.next() === null, element);
  return found;
}

describe("Elements of socketcand", () => {
  for (const [element, init] of received) {
    it(`received: ${element}`, () => {
      const message = new Message({
        ...init,
        timestampNs: 23_424_242_000n,
        timestampSource: "software",
        channel: "can0",
      });
      assertEquals(receivedText(message, false), element);
      assertEquals(parseReceived(words(element), "can0"), message);
    });
  }

  it("received in other forms", () => {
    for (const [element, same] of alsoReceived) {
      assertEquals(parseReceived(words(element), "can0"), parseReceived(words(same), "can0"), element);
    }
    const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x11, 0x22], timestamp: 1.5 });
    assertEquals(receivedText(message, true), "< frame 123 1.500000 11 22  >");
    assertEquals(receivedText(message.with({ data: [] }), true), "< frame 123 1.500000  >");
    const error = new Message({ isErrorFrame: true, arbitrationId: 4, data: [1, 2, 3, 4, 5, 6, 7, 8], timestamp: 1 });
    assertEquals(receivedText(error, true), "< error 004 1.000000 01 02 03 04 05 06 07 08  >");
    assertEquals(parseReceived(words(receivedText(error, true)), "x")?.data, error.data);
  });

  for (const [elements, init] of sent) {
    it(`sent: ${elements.join(" or ")}`, () => {
      assertEquals(sendText(new Message(init)), elements[0]);
      for (const element of elements) {
        const message = parseSend(words(element), true);
        assert(message, element);
        assert(message.equals(new Message(init)), `${element}: ${message}`);
      }
    });
  }

  it("that are wrong are none", () => {
    for (const each of wrongReceived) assertEquals(parseReceived(each.split(" "), "x"), null, each);
    for (const each of wrongSent) assertEquals(parseSend(each.split(" "), true), null, each);
    assertEquals(parseSend(["fdsend", "123", "0", "0"], false), undefined);
    assertEquals(parseSend(["rawmode"], true), undefined);
  });

  it("come in any pieces, and may not be endless", () => {
    const text = "garbage< hi >< frame 123 1.5 11 >> x <ok>< never ends";
    for (let size = 1; size < text.length; size++) {
      const elements = new Elements(100);
      const found: string[] = [];
      for (let at = 0; at < text.length; at += size) {
        elements.add(new TextEncoder().encode(text.slice(at, at + size)));
        for (let next = elements.next(); next !== null; next = elements.next()) found.push(next.join(" "));
      }
      assertEquals(found, ["hi", "frame 123 1.5 11", "ok"]);
    }
    for (const endless of ["<".padEnd(102), `< ${"x".repeat(200)} >`]) {
      const elements = new Elements(100);
      elements.add(new TextEncoder().encode(endless));
      let error: unknown;
      try {
        elements.next();
      } catch (thrown) {
        error = thrown;
      }
      assert(error instanceof SyntaxError, endless);
    }
  });

  it("announce a server as beacon.c does", () => {
    assertEquals(
      beaconText({ host: "127.0.0.1", port: 29536 }, ["vcan0", "a<b"], "HeartOfGold"),
      '<CANBeacon name="HeartOfGold" type="SocketCAN" description="socketcand">\n' +
        '<URL>can://127.0.0.1:29536</URL><Bus name="vcan0"/><Bus name="a&#60;b"/></CANBeacon>',
    );
  });

  it("configure ISO-TP as doc/protocol.md has it", () => {
    const conf = (text: string) => parseIsoTpConf(text.split(" "), "can0");
    assertEquals(conf("1F998877 1F998876 C 4 0 0 AA 55"), {
      channel: "can0",
      txId: 0x1f998877,
      rxId: 0x1f998876,
      isExtendedId: true,
      blockSize: 4,
      stMin: 0,
      wftMax: 0,
      txPadding: 0xaa,
      rxPadding: 0x55,
    });
    assertEquals(conf("7E0 7E8 0 0 F5")?.stMin, 0.0005);
    assertEquals(conf("7E0 7E8 0 0 14")?.stMin, 0.02);
    assertEquals(conf("7E0 7E8 2 0 0 0 0 0 F1")?.extAddress, 0xf1);
    for (
      const wrong of [
        "",
        "7E0",
        "7E0 7E8 4 0 0",
        "7E0 7E8 8 0 0 0 1",
        "7E0 000007E8 0 0 0",
        "7E0 7E8 0 256 0",
        "7E0 7E8 0 0 80",
        "7E0 7E8 80 0 0",
      ]
    ) {
      assertEquals(conf(wrong), null, wrong);
    }
  });
});

/** Serves a virtual bus of its own. */
async function served(
  run: (server: BusServer, far: Bus, channel: string, warnings: string[]) => Promise<void>,
  options: Partial<ServeSocketcandOptions> = {},
): Promise<void> {
  const channel = `s${count++}`;
  const warnings: string[] = [];
  using far = new Bus({ channel, interface: "virtual", fd: true });
  await using server = await serveSocketcand({
    channels: [channel],
    interface: "virtual",
    port: 0,
    logger: { warn: (text) => warnings.push(text) },
    ...options,
  });
  await run(server, far, channel, warnings);
}

let count = 0;

/** Connects, and opens the channel. */
async function opened(server: BusServer, channel: string): Promise<TcpPeer> {
  const peer = await TcpPeer.connect(server.address.port);
  await peer.expect("< hi >");
  peer.write(`< open ${channel} >`);
  await peer.expect("< ok >");
  return peer;
}

const frame = (arbitrationId: number, ...data: number[]) => new Message({ arbitrationId, isExtendedId: false, data });
const later = { timeout: 30 };

describe("A socketcand server", { timeout }, () => {
  it("answers each command alone, and keeps back the first frames for a while", () =>
    served(async (server, far, channel) => {
      using peer = await TcpPeer.connect(server.address.port);
      const traffic = setInterval(() => far.send(frame(0x111, 1)), 1);
      try {
        for (
          const [command, answer] of [["", "< hi >"], [`< open ${channel} >`, "< ok >"], ["< rawmode >", "< ok >"]]
        ) {
          if (command !== "") peer.write(command);
          await until(() => peer.pieces.length > 0, answer);
          // As python-can and SavvyCAN read: what comes at once must be the answer and nothing else.
          assertEquals(new TextDecoder().decode(peer.pieces.shift()), answer);
        }
        await peer.expect("< frame 111 ");
      } finally {
        clearInterval(traffic);
      }
      peer.write("< echo >");
      await peer.expect("< echo >");
    }));

  it("takes commands in any pieces, and several at once", () =>
    served(async (server, far, channel) => {
      using peer = await TcpPeer.connect(server.address.port);
      for (const sign of `< open ${channel} >< rawmode >< send 123 1 `) {
        peer.write(sign);
        await pause(1);
      }
      peer.write("7f >< send 124 0  >");
      assertEquals([(await far.recvAsync(later))!.arbitrationId, (await far.recvAsync(later))!.arbitrationId], [
        0x123,
        0x124,
      ]);
      await peer.expect("< hi >< ok >< ok >");
    }));

  it("sends every frame of the bus in raw mode, but FD only if that is an option", async () => {
    for (const fd of [false, true]) {
      await served(async (server, far, channel) => {
        using peer = await opened(server, channel);
        peer.write("< rawmode >");
        await peer.expect("< ok >");
        far.send(new Message({ arbitrationId: 1, isFd: true, data: [7] }));
        far.send(new Message({ arbitrationId: 2, isRemoteFrame: true, dlc: 3 }));
        far.send(frame(0x123, 0xab, 0xcd));
        await until(() => peer.text.includes("ABCD >"), "the frames");
        const time = "\\d+\\.\\d{6}";
        const expected = `${
          fd ? `< fdframe 00000001 04 ${time} 07 >` : ""
        }< rtr 00000002 ${time} 3 >< frame 123 ${time} ABCD >`;
        assertMatch(peer.text, RegExp(`^${expected}$`));
        peer.write("< fdsend 123 0 1 7f >< send 1 1 1 >");
        const next = await far.recvAsync(later);
        assertEquals(next!.isFd, fd);
        if (!fd) await peer.expect("< error unknown command >");
      }, { fd });
    }
  });

  it("sends cyclic frames in BCM mode: add, update, delete; and single ones", () =>
    served(async (server, far, channel) => {
      using peer = await opened(server, channel);
      peer.write("< add 0 1000 123 1 11 >< send 124 1 22 >< add 0 0 125 1 33 >");
      const seen = new Set<number>();
      while (!(seen.has(0x124) && seen.has(0x125))) seen.add((await far.recvAsync(later))!.arbitrationId);
      const awaitData = async (byte: number) => {
        while ((await far.recvAsync(later))!.data[0] !== byte);
      };
      await awaitData(0x11);
      await awaitData(0x11);
      peer.write("< update 123 2 44 55 >");
      await awaitData(0x44);
      peer.write("< delete 123 >< echo >");
      await peer.expect("< echo >");
      await pause(20);
      while (far.recv(0) !== null);
      assertEquals(await far.recvAsync({ timeout: 0.1 }), null);
      peer.write("< add 0 1000 123 1 11 >");
      await awaitData(0x11);
      peer[Symbol.dispose](); // its jobs end with it
      await until(() => server.clients === 0, "the client to leave");
      while (far.recv(0) !== null);
      assertEquals(await far.recvAsync({ timeout: 0.1 }), null);
    }));

  it("passes on what a client subscribes to: every frame, changes, changes of a multiplexed message, throttled", () =>
    served(async (server, far, channel) => {
      using peer = await opened(server, channel);
      const sends = async (...frames: readonly Message[]) => {
        far.sendMany([...frames, frame(0x7ff)]);
        await peer.expect("< frame 7FF");
        await peer.expect(" >");
      };
      const shown = async (...frames: readonly Message[]): Promise<string[]> => {
        peer.pieces.length = 0;
        far.sendMany([...frames, frame(0x7ff)]);
        await until(() => peer.text.includes("< frame 7FF"), "the last frame");
        const found = [...peer.text.matchAll(/< frame (\w+) [\d.]+ ([^>]*)>/g)].map(([, id, data]) =>
          `${id} ${data}`.trim()
        );
        return found.slice(0, -1);
      };
      peer.write("< subscribe 0 0 7FF >< subscribe 0 0 123 >< echo >");
      await peer.expect("< echo >");
      await sends();
      assertEquals(await shown(frame(0x123, 1), frame(0x123, 1), frame(0x124, 1)), ["123 01", "123 01"]);
      peer.write("< filter 0 0 124 2 F0 0 >< unsubscribe 123 >< echo >");
      await peer.expect("< echo >");
      assertEquals(
        await shown(frame(0x124, 0x11, 1), frame(0x124, 0x12, 2), frame(0x124, 0x22), frame(0x123, 1)),
        ["124 11 01", "124 22"],
      );
      const mask = "FF 00 00 00 00 00 00 00";
      peer.write(`< muxfilter 0 0 125 3 ${mask} 33 FF 00 00 00 00 00 00 56 00 FF 00 00 00 00 00 >< echo >`);
      await peer.expect("< echo >");
      assertEquals(
        await shown(
          ...[frame(0x125, 0x33, 1), frame(0x125, 0x56, 1, 1), frame(0x125, 0x33, 1, 9), frame(0x125, 0x33, 2)],
          ...[frame(0x125, 0x56, 2, 1), frame(0x125, 0x56, 2, 2), frame(0x125, 0x99, 1)],
        ),
        ["125 33 01", "125 56 01 01", "125 33 02", "125 56 02 02"],
      );
      peer.write("< subscribe 0 300000 126 >< echo >");
      await peer.expect("< echo >");
      // The first at once, then the latest when the time is over.
      assertEquals(await shown(frame(0x126, 1), frame(0x126, 2), frame(0x126, 3)), ["126 01"]);
      await peer.expect("< frame 126 ");
      await until(() => peer.text.includes("03  >"), "the latest frame");
    }));

  it("answers what is wrong, and goes on", () =>
    served(async (server, _far, channel) => {
      using peer = await TcpPeer.connect(server.address.port);
      await peer.expect("< hi >");
      peer.write("< rawmode >");
      await peer.expect("< error unknown command >");
      peer.write(`< open ${channel} >`);
      await peer.expect("< ok >");
      for (
        const command of [
          "send 123 2 1",
          "add 0 0",
          "add 99999999 0 123 0",
          "update 123",
          "delete xyz",
          "subscribe 0 123",
          "filter 0 0 123 2 1",
          "muxfilter 0 0 123 1 FF 00 00 00 00 00 00 00",
          "muxfilter 0 0 123 2 FF 00",
          "unsubscribe",
        ]
      ) {
        peer.write(`< ${command} >`);
        await peer.expect(`< error syntax error in ${command.split(" ")[0]} command >`);
      }
      for (const command of ["bcmmode", "nonsense", "constructor", "toString 1", "statistics 1"]) {
        peer.write(`< ${command} >`);
        await peer.expect("< error unknown command >");
      }
      peer.write("< isotpmode >");
      await peer.expect("< ok >");
      peer.write("< sendpdu 11 >");
      await peer.expect("< error unknown command >");
      peer.write("< isotpconf 7E0 >");
      await peer.expect("< error syntax error in isotpconf command >");
      peer.write("< isotpconf 7E0 7E8 0 0 0 >");
      await peer.expect("< error a virtual bus has no ISO-TP >");
      peer.write("< controlmode >");
      await peer.expect("< ok >");
      peer.write("< statistics x >");
      await peer.expect("< error syntax error in statistics command >");
      peer.write("< statistics 10 >");
      await peer.expect("< error a virtual bus has no statistics >");
      peer.write("< bcmmode >< echo >");
      await peer.expect("< ok >< echo >");
    }));

  it("refuses channels that it does not serve, and addresses that it does not allow", async () => {
    await served(async (server, _far, _channel, warnings) => {
      using peer = await TcpPeer.connect(server.address.port);
      peer.write("< open can7 >");
      await peer.expect("< error could not open bus >");
      await until(() => peer.closed, "the end");
      assertMatch(warnings.join(), /"can7", which is not served/);
      const error = await assertRejects(
        () => SocketcandBus.open({ ...server.address, channel: "can7" }),
        CanInitializationError,
        "error could not open bus",
      );
      assertEquals(error.code, "EBADMSG");
    });
    await served(async (server, _far, _channel, warnings) => {
      using peer = await TcpPeer.connect(server.address.port);
      await until(() => peer.closed, "the end");
      assertEquals(peer.text, "");
      assertMatch(warnings.join(), /refused 127\.0\.0\.1: it is not allowed/);
    }, { allow: ["10.0.0.0/8", "::1"] });
  });

  it("warns whoever opens it to a network", async () => {
    await served((_server, _far, _channel, warnings) => {
      assertMatch(warnings.join(), /whoever reaches 0\.0\.0\.0 can read the bus and write to it/);
      return Promise.resolve();
    }, { host: "0.0.0.0" });
    await served((_server, _far, _channel, warnings) => {
      assertEquals(warnings, []);
      return Promise.resolve();
    }, { host: "0.0.0.0", allow: ["192.168.0.0/16"] });
  });

  it("ends a client that sends a line for ever, without keeping it; the others go on", () =>
    served(async (server, far, channel, warnings) => {
      using other = await SocketcandBus.open({ ...server.address, channel });
      using peer = await opened(server, channel);
      const before = process.memoryUsage().rss;
      peer.write("< send ");
      const piece = "1 ".repeat(50_000);
      for (let i = 0; i < 300 && !peer.closed; i++) {
        peer.write(piece);
        await pause(0);
      }
      await until(() => peer.closed, "the end");
      assertMatch(warnings.join(), /an element of more than 9000 characters/);
      assert(process.memoryUsage().rss - before < 200e6, "it was kept");
      far.send(frame(0x321, 5));
      assertEquals((await other.recvAsync(later))!.arbitrationId, 0x321);
    }));

  it("stops reading the bus for a client that does not read, and says what that has lost", () =>
    served(async (server, far, channel, warnings) => {
      using peer = await opened(server, channel);
      peer.write("< rawmode >");
      await peer.expect("< ok >");
      peer.socket.pause();
      using other = await SocketcandBus.open({ ...server.address, channel, fd: true });
      // More than the buffers of the connection and of the bus hold.
      const count = 100_000;
      const long = new Message({ arbitrationId: 0x123, isFd: true, data: new Uint8Array(64) });
      const batch: readonly Message[] = new Array(500).fill(long);
      for (let sent = 0; sent < count; sent += batch.length) {
        far.sendMany(batch);
        // The other client misses none.
        for (let rest = batch.length; rest > 0;) {
          const { length } = await other.recvManyAsync(rest, later);
          assert(length > 0, `${rest} frames of ${sent + batch.length} are missing`);
          rest -= length;
        }
      }
      assertEquals(other.droppedFrames, 0);
      peer.socket.resume();
      await until(() => warnings.some((each) => /frames of "\w+" were not sent to a client/.test(each)), "the warning");
    }, { fd: true }));

  it("is closed with its clients, and refuses options that are wrong", async () => {
    await served(async (server, _far, channel) => {
      using peer = await opened(server, channel);
      assertEquals(server.clients, 1);
      await server.close();
      await server.close();
      await server.done;
      await until(() => peer.closed, "the end");
      await assertRejects(
        () => SocketcandBus.open({ ...server.address, channel }),
        CanInitializationError,
        "ECONNREFUSED",
      );
    });
    const wrong: readonly (readonly [Partial<ServeSocketcandOptions>, string])[] = [
      [{ channels: [] }, "at least one interface"],
      [{ channels: ["a b"] }, "channels[0]"],
      [{ port: 65536 }, "Option port is 65536"],
      [{ host: "" }, "Option host"],
      [{ allow: ["10.0.0.0/33"] }, "allow[0]"],
      [{ allow: ["example"] }, "allow[0]"],
      [{ interface: "can" as "virtual" }, "Option interface"],
      [{ beacon: "yes" as unknown as boolean }, "Option beacon"],
    ];
    for (const [options, text] of wrong) {
      await assertRejects(
        () => serveSocketcand({ channels: ["x"], interface: "virtual", port: 0, ...options }),
        Error,
        text,
      );
    }
  });
});

describe("A socketcand bus", { timeout }, () => {
  /** Opens a bus at a server that the test plays. */
  async function at(run: (bus: SocketcandBus, peer: TcpPeer) => Promise<void>, behind = ""): Promise<void> {
    await using listener = await TcpListener.listen();
    const opening = SocketcandBus.open({ host: "127.0.0.1", port: listener.port, channel: "can0" });
    using peer = await listener.accept();
    peer.write("< hi >");
    await peer.expect("< open can0 >");
    peer.write("< ok >");
    await peer.expect("< rawmode >");
    peer.write(`< ok >${behind}`);
    using bus = await opening;
    await run(bus, peer);
  }

  it("takes frames that come right behind the last answer", () =>
    at(async (bus) => {
      const message = await bus.recvAsync(later);
      assertEquals([message!.arbitrationId, message!.timestampNs], [0x123, 1_417_687_245_814_579_000n]);
    }, "< frame 123 1417687245.814579 11 >"));

  it("counts what is no frame, and throws what the server says, once", () =>
    at(async (bus, peer) => {
      peer.write("< frame 123 1.5 zz >< stat 1 2 3 4 >< error unknown command >< frame 123 2.5 22 >");
      assertEquals((await bus.recvAsync(later))!.data[0], 0x22);
      assertEquals(bus.droppedFrames, 1);
      const error = await assertRejects(() => bus.recvAsync(later), CanOperationError, "says: unknown command");
      assertEquals(error.code, "EBADMSG");
      peer.write("< frame 124 2.5  >");
      assertEquals((await bus.recvAsync(later))!.arbitrationId, 0x124);
    }));

  it("sends nothing but what the protocol has", () =>
    at(async (bus, peer) => {
      await bus.sendManyAsync([frame(0x123, 1, 2), new Message({ arbitrationId: 1, isRemoteFrame: true, dlc: 2 })]);
      await peer.expect("< send 123 2 01 02 >< sendrtr 00000001 2 >");
      await assertRejects(() => bus.sendAsync(new Message({ isErrorFrame: true })), TypeError, "can only receive them");
    }));

  it("gives up on a server whose line never ends", () =>
    at(async (bus, peer) => {
      peer.write(`< frame ${"1".repeat(3000)}`);
      const error = await assertRejects(() => bus.recvAsync(later), CanOperationError, "more than 1024 characters");
      assertEquals(error.code, "EBADMSG");
      await until(() => peer.closed, "the end");
    }));

  it("says what a server does wrong at first: nothing, nonsense, the end", async () => {
    await using listener = await TcpListener.listen();
    const open = (timeout = 30) =>
      SocketcandBus.open({ host: "127.0.0.1", port: listener.port, channel: "can0", timeout });
    const silent = await assertRejects(() => open(0.2), CanInitializationError, "a greeting within 0.2 s");
    assertEquals(silent.code, "ETIMEDOUT");
    (await listener.accept())[Symbol.dispose]();
    const cases: readonly (readonly [string, string])[] = [
      ["HTTP/1.1 400 Bad Request\r\n<html>", `instead of "< hi >" the server sent "< html >"`],
      ["< hi >< error no >", `instead of "< ok >" the server sent "< error no >"`],
      [`<${"a".repeat(2000)}`, "an element of more than 1024 characters"],
    ];
    for (const [text, expected] of cases) {
      const opening = assertRejects(() => open(), CanInitializationError, expected);
      using peer = await listener.accept();
      peer.write(text);
      await opening;
    }
    const opening = assertRejects(() => open(), CanInitializationError, "closed the connection before a greeting");
    (await listener.accept()).socket.end();
    await opening;
    for (
      const [options, text] of [
        [{ host: "no-such-host.invalid", channel: "can0" }, "ENOTFOUND"],
        [{ host: "", channel: "can0" }, "Option host"],
        [{ host: "x", channel: "a b" }, "Option channel"],
        [{ host: "x", channel: "can0", port: 0 }, "Option port"],
        [{ host: "x", channel: "can0", timeout: 0 }, "Option timeout"],
        [{ channel: "can0" }, "Option host is missing"],
        [{ host: "x" }, "Option channel is missing"],
      ] as const
    ) {
      await assertRejects(() => SocketcandBus.open(options as { host: string; channel: string }), Error, text);
    }
  });
});
