import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, IsoTpSocket, Link, Message, type MessageBus } from "../../mod.ts";
import {
  type BusServer,
  CannelloniBus,
  MulticastBus,
  serveCannelloni,
  serveMulticast,
  serveSocketcand,
  SocketcandBus,
} from "../../src/net/mod.ts";
import { freePort } from "../net/buses.ts";
import { TcpPeer, until } from "../net/peers.ts";
import { noIsoTp } from "../support/isotp.ts";
import { noVcan } from "../support/kernel.ts";
import { PATIENCE, Program } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };
const channel = "vcan0";
const later = { timeout: 60 };

/** A bus of each type, and the server of vcan0 behind it. */
const kinds: Readonly<Record<string, () => Promise<[BusServer, MessageBus]>>> = {
  async socketcand() {
    const server = await serveSocketcand({ channels: [channel], port: 0, fd: true });
    return [server, await SocketcandBus.open({ ...server.address, channel, fd: true })];
  },
  async "cannelloni over TCP"() {
    const server = await serveCannelloni({ channel, transport: "tcp", port: 0, fd: true });
    return [server, await CannelloniBus.open({ ...server.address, transport: "tcp", fd: true })];
  },
  async "cannelloni over UDP"() {
    const [port, localPort] = [freePort(), freePort()];
    const server = await serveCannelloni({ channel, peer: `127.0.0.1:${localPort}`, port, fd: true });
    return [server, await CannelloniBus.open({ host: "127.0.0.1", port, localPort, fd: true })];
  },
  async multicast() {
    const port = freePort();
    const server = await serveMulticast({ channel, port, fd: true });
    return [server, await MulticastBus.open({ port, localHost: "127.0.0.1", fd: true })];
  },
};

describe("can-utils on an interface that is served", options, () => {
  for (const [kind, open] of Object.entries(kinds)) {
    it(`exchange frames with a bus on ${kind}`, async () => {
      const [server, bus] = await open();
      await using _server = server;
      using _bus = bus;
      using candump = new Program("candump", ["-L", channel]);
      const sends = async (frame: string) => await new Program("cansend", [channel, frame]).finish();
      let heard: Message | null = null;
      while (heard === null) {
        await sends("123#DEADBEEF");
        heard = await bus.recvAsync({ timeout: 0.2 });
      }
      assertEquals([heard.arbitrationId, heard.isExtendedId, [...heard.data]], [0x123, false, [
        0xde,
        0xad,
        0xbe,
        0xef,
      ]]);
      await sends("12345678#R3");
      await sends("124##5112233445566778899AABBCC");
      const rest: Message[] = [];
      while (rest.length < 2) {
        const message = await bus.recvAsync(later);
        assert(message !== null, `only ${rest.join()}`);
        if (message.arbitrationId !== 0x123) rest.push(message);
      }
      assertEquals([rest[0].isRemoteFrame, rest[0].dlc, rest[0].arbitrationId], [true, 3, 0x12345678]);
      assertEquals([rest[1].isFd, rest[1].bitrateSwitch, rest[1].dlc], [true, true, 12]);
      await bus.sendAsync(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [1, 2] }));
      await bus.sendAsync(new Message({ arbitrationId: 0x1abcdef0, isRemoteFrame: true }));
      await bus.sendAsync(new Message({ arbitrationId: 0x322, isFd: true, data: [0xff] }));
      for (const line of [/ 321#0102$/, / 1ABCDEF0#R/, / 00000322##\dFF$/]) {
        await candump.until(() => candump.lines.some((each) => line.test(each)), `show ${line}`);
      }
    });
  }
});

describe("A socketcand server of an interface", options, () => {
  async function opened(run: (peer: TcpPeer) => Promise<void>): Promise<void> {
    await using server = await serveSocketcand({ channels: [channel], port: 0 });
    using peer = await TcpPeer.connect(server.address.port);
    await peer.expect("< hi >");
    peer.write(`< open ${channel} >`);
    await peer.expect("< ok >");
    await run(peer);
  }

  it("has the kernel's ISO-TP", { skip: noIsoTp }, () =>
    opened(async (peer) => {
      peer.write("< isotpmode >< isotpconf 7E0 7E8 0 0 0 >");
      await peer.expect("< ok >");
      using other = new IsoTpSocket({ channel, txId: 0x7e8, rxId: 0x7e0 });
      peer.write("< sendpdu 00112233445566778899AABBCCDDEEFF >");
      const pdu = await other.recvAsync(later);
      assertEquals([...pdu!], Array.from({ length: 16 }, (_, i) => 0x11 * i));
      await other.sendAsync(Uint8Array.from({ length: 300 }, (_, i) => i));
      await until(() => /< pdu \d+\.\d{6} 000102[0-9A-F]*2A2B >/.test(peer.text), "the answer");
      peer.write("< sendpdu 0 >");
      await peer.expect("< error syntax error in sendpdu command >");
      peer.write("< rawmode >");
      await peer.expect("< ok >");
    }));

  it("has the interface's counters", () =>
    opened(async (peer) => {
      peer.write("< controlmode >< statistics 10 >");
      await until(() => /< stat \d+ \d+ \d+ \d+ >/.test(peer.text), "counters");
      const before = Link.open(channel).statistics().rx.packets;
      using bus = new Bus(channel);
      bus.send(new Message({ arbitrationId: 1 }));
      await until(() => {
        const last = [...peer.text.matchAll(/< stat \d+ (\d+) \d+ \d+ >/g)].at(-1);
        return Number(last?.[1]) > before;
      }, "a frame more");
      peer.write("< statistics 0 >< echo >");
      await peer.expect("< echo >");
      assertMatch(peer.text, /^$/);
    }));

  it("lets the kernel send cyclic frames", () =>
    opened(async (peer) => {
      using bus = new Bus({ channel, filters: [{ canId: 0x123, canMask: 0x7ff }] });
      peer.write("< add 0 2000 123 1 11 >");
      for (let i = 0; i < 5; i++) assertEquals((await bus.recvAsync(later))!.data, Uint8Array.of(0x11));
      peer.write("< update 123 2 22 33 >");
      while ((await bus.recvAsync(later))!.dlc !== 2);
      peer.write("< delete 123 >< subscribe 0 0 123 >< echo >");
      await peer.expect("< echo >");
      bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x44] }));
      await peer.expect("44  >");
    }));
});
