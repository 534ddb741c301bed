import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BcmSocket, Bus, CanOperationError, IsoTpSocket, J1939Socket, Link, Message } from "../../mod.ts";
import { can0, type FakeLink, FakeLinks } from "../support/fake_links.ts";
import { noJ1939, noVcan } from "../support/kernel.ts";
import { ip, PATIENCE } from "./tools.ts";

const LISTEN_ONLY = 0x2;
const options = { skip: noVcan, timeout: PATIENCE };
const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2, 3] });
const refused = "EOPNOTSUPP (operation not supported); its controller is in listen-only mode";

// A vcan that netlink shows as a controller: all sockets are real.
describe("A listen-only controller", options, () => {
  let fake: FakeLink;
  let links: FakeLinks;
  before(() => {
    ip("link", "add", "vcanlo", "type", "vcan");
    ip("link", "set", "vcanlo", "mtu", "72", "up");
    fake = can0({ name: "vcanlo", index: Link.open("vcanlo").index, flags: 1 });
    links = new FakeLinks(fake);
  });
  after(() => {
    links[Symbol.dispose]();
    ip("link", "del", "vcanlo");
  });
  const setListenOnly = (on: boolean) => {
    fake.can!.ctrlmode = { mask: 0, flags: on ? LISTEN_ONLY : 0 };
  };
  const refuses = (run: () => unknown) => {
    const error = assertThrows(run, CanOperationError, refused);
    assertEquals([error.code, error.channel], ["EOPNOTSUPP", "vcanlo"]);
  };

  it("a bus warns its logger, receives, and refuses to send", async () => {
    const warnings: string[] = [];
    setListenOnly(false);
    using sender = new Bus({ channel: "vcanlo", logger: { debug() {}, warn: (text) => void warnings.push(text) } });
    sender.send(message);
    assertEquals(warnings, []);
    setListenOnly(true);
    for (const reconnect of [false, true]) {
      using bus = new Bus({
        channel: "vcanlo",
        reconnect,
        logger: { debug() {}, warn: (text) => void warnings.push(text) },
      });
      assertEquals(warnings.splice(0), ['"vcanlo" is in listen-only mode: this bus can receive, but not send']);
      refuses(() => bus.send(message, 0));
      refuses(() => bus.sendMany([message, message], 0));
      await assertRejects(() => bus.sendAsync(message), CanOperationError, refused);
      refuses(() => bus.sendPeriodic(message, 0.01));
      sender.send(message);
      assertEquals(bus.recv(1)?.data, message.data);
      assertEquals(bus.recv(0.05), null);
    }
  });

  it("a bus on every interface refuses to send to that one", async () => {
    setListenOnly(true);
    using bus = new Bus("");
    using other = new Bus("vcan0");
    const to = (channel: string) => message.with({ channel });
    refuses(() => bus.send(to("vcanlo"), 0));
    refuses(() => bus.sendMany([to("vcan0"), to("vcanlo"), to("vcan0")], 0)); // the first is sent
    await assertRejects(() => bus.sendAsync(to("vcanlo")), CanOperationError, refused);
    refuses(() => bus.sendPeriodic(to("vcanlo"), 0.01));
    assertEquals([other.recv(1)?.data, other.recv(0.05)], [message.data, null]);
    // The mode can change only while the link is down, which a send finds.
    ip("link", "set", "vcanlo", "down");
    setListenOnly(false);
    assertThrows(() => bus.send(to("vcanlo"), 0), CanOperationError, "ENETDOWN");
    ip("link", "set", "vcanlo", "up");
    bus.send(to("vcanlo"), 1);
  });

  it("every other socket refuses to send", { skip: noJ1939 }, async () => {
    setListenOnly(true);
    using isotp = new IsoTpSocket({ channel: "vcanlo", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false });
    refuses(() => isotp.send(Uint8Array.of(1), 0));
    await assertRejects(() => isotp.sendAsync(Uint8Array.of(1)), CanOperationError, refused);
    using j1939 = new J1939Socket({ channel: "vcanlo", address: 0x20 });
    refuses(() => j1939.send({ pgn: 0xfeca, data: Uint8Array.of(1) }, 0));
    using bcm = new BcmSocket("vcanlo");
    refuses(() => bcm.transmit(message, 0.01));
  });

  it("a mode that is set while the link is down is noticed", { skip: noJ1939 }, () => {
    setListenOnly(false);
    using bus = new Bus("vcanlo");
    using idle = new Bus("vcanlo");
    using isotp = new IsoTpSocket({ channel: "vcanlo", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false });
    using j1939 = new J1939Socket({ channel: "vcanlo", address: 0x20 });
    const pdu = { pgn: 0xfeca, data: Uint8Array.of(1) };
    bus.send(message);
    idle.send(message);
    isotp.send(Uint8Array.of(1), 1);
    j1939.send(pdu, 1);
    const downAndUp = (listenOnly: boolean) => {
      ip("link", "set", "vcanlo", "down");
      setListenOnly(listenOnly);
      ip("link", "set", "vcanlo", "up");
    };
    downAndUp(true);
    assertThrows(() => bus.recvMany(9, 0), CanOperationError, "ENETDOWN"); // one by a receive, the other by a send
    for (const each of [bus, idle]) refuses(() => each.send(message, 0));
    refuses(() => isotp.send(Uint8Array.of(1), 0));
    refuses(() => j1939.send(pdu, 0));
    downAndUp(false);
    for (const each of [bus, idle]) each.send(message, 1);
    isotp.send(Uint8Array.of(1), 1);
    j1939.send(pdu, 1);
  });
});

const devices = noVcan ? [] : Link.list().filter((link) => link.status().kind === "can" && /^can[01]$/.test(link.name));

// The emulated machine has two SJA1000 controllers on one wire.
if (devices.length === 2) {
  describe("A listen-only SJA1000", options, () => {
    const [silent, other] = devices;
    after(() => {
      for (const link of devices) link.down();
      silent.configure({ modes: { "listen-only": false } });
    });

    it("receives and refuses to send, also to a bus on every interface", () => {
      for (const link of devices) link.down();
      for (const link of devices) link.configure({ bitrate: 500_000, modes: { "listen-only": link === silent } });
      for (const link of devices) link.up();
      using bus = new Bus(silent.name);
      using everything = new Bus("");
      using peer = new Bus(other.name);
      peer.send(message, 5);
      assertEquals(bus.recv(10)?.data, message.data);
      assertThrows(() => bus.send(message), CanOperationError, refused);
      assertThrows(() => everything.send(message.with({ channel: silent.name })), CanOperationError, refused);
      silent.configure({ modes: { "listen-only": false } }, { restartLink: true });
      bus.send(message, 5);
      assertEquals(peer.recv(10)?.data, message.data);
      assert(!silent.status().modes?.includes("listen-only"));
    });
  });
}
