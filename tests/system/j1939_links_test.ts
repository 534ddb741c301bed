import { afterEach, beforeEach, describe, it } from "node:test";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CanInitializationError, CanOperationError, J1939Socket, Link, Name } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { bytes, SOON, until } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { startScript } from "./script.ts";
import { ip, PATIENCE, Program } from "./tools.ts";

const name = new Name({ identityNumber: 5, arbitraryAddressCapable: true });
const message = { pgn: 0xfeca, data: [1] };

function open(options: Partial<ConstructorParameters<typeof J1939Socket>[0] & object> = {}): J1939Socket {
  return new J1939Socket({ channel: "vcanj", address: 0x42, ...options });
}

describe("J1939 on links that go down, up or are deleted", { skip: noJ1939, timeout: PATIENCE }, () => {
  beforeEach(() => {
    ip("link", "add", "vcanj", "type", "vcan");
    ip("link", "set", "vcanj", "up");
  });
  afterEach(() => ip("link", "del", "vcanj"));

  it("down fails one receive and every send; then the socket works again", async () => {
    using a = open();
    using b = open({ address: 0x43 });
    const wait = b.recvAsync();
    const sent = a.sendAsync({ pgn: 0xef00, destination: 0x55, data: new Uint8Array(50) }, { acknowledged: true });
    const failed = [
      assertRejects(() => wait, CanOperationError, "ENETDOWN"),
      assertRejects(() => sent, CanOperationError),
    ];
    await pause(20);
    ip("link", "set", "vcanj", "down");
    await Promise.all(failed);
    assertThrows(() => a.recv(0), CanOperationError, "ENETDOWN");
    assertEquals([a.recv(0), b.recv(0)], [null, null]);
    for (let i = 0; i < 2; i++) {
      const error = assertThrows(() => a.send(message), CanOperationError, "ENETDOWN");
      assertEquals(error.channel, "vcanj");
    }
    assertThrows(() => open(), CanInitializationError, "ENETDOWN");
    ip("link", "set", "vcanj", "up");
    a.send(message);
    assertEquals(b.recv(SOON)!.data[0], 1);
    // Down and up again between two calls: it is reported, and sending succeeds.
    ip("link", "set", "vcanj", "down");
    ip("link", "set", "vcanj", "up");
    a.send(message);
    assertThrows(() => a.recv(0), CanOperationError, "ENETDOWN");
    assertThrows(() => b.recv(0), CanOperationError, "ENETDOWN");
    assertEquals(b.recv(SOON)!.data[0], 1);
  });

  it("a claimed address is claimed again when the link is up, and sending by NAME works again", async () => {
    using ecu = open({ name, filters: [{ pgn: 0xef00 }] });
    using changes = ecu.claimChanges();
    assertEquals(await ecu.claim(), 0x42);
    for (let round = 0; round < 2; round++) {
      ip("link", "set", "vcanj", "down");
      await assertRejects(() => ecu.recvAsync({ timeout: SOON }), CanOperationError, "ENETDOWN");
      await until(() => ecu.state === "unclaimed");
      const waiting = ecu.claim({ timeout: SOON });
      ip("link", "set", "vcanj", "up");
      assertEquals(await waiting, 0x42);
      using other = open({ address: 0x43 });
      await pause(200); // the kernel times the contest itself; where it is late, a send would claim again
      await ecu.sendAsync(message, { timeout: SOON });
      for (;;) {
        const { pgn, source, name: from } = (await other.recvAsync({ timeout: SOON }))!;
        if (pgn !== message.pgn) continue;
        assertEquals([source, from], [0x42, name.value]);
        break;
      }
    }
    const seen: string[] = [];
    for await (const { state } of changes) if (seen.push(state) === 8) break;
    const round = ["unclaimed", "claiming", "claimed"];
    assertEquals(seen, ["claiming", "claimed", ...round, ...round]);
  });

  it("a send right after the link is up again waits for the address to be claimed again", async () => {
    using ecu = open({ name });
    using other = open({ address: 0x43, filters: [{ pgn: message.pgn }] });
    assertEquals(await ecu.claim(), 0x42);
    for (const send of [() => ecu.send(message, SOON), () => ecu.sendAsync(message, { timeout: SOON })]) {
      ip("link", "set", "vcanj", "down");
      await until(() => ecu.state === "unclaimed");
      assertThrows(() => ecu.send(message, SOON), CanOperationError, "ENETDOWN");
      ip("link", "set", "vcanj", "up");
      assertThrows(() => other.recv(0), CanOperationError, "ENETDOWN");
      await send();
      assertEquals(other.recv(SOON)!.source, 0x42);
    }
  });

  for (const end of ["down", "del"] as const) {
    it(`${end} during a long message: sending it fails, and no wait remains pending`, async () => {
      const before = await restingDescriptors();
      {
        // The kernel takes a small part of the message at a time, so that most of it is left when the link goes down.
        using a = open({ sendBuffer: 100_000, receiveBuffer: 4_000_000 }); // and room for all reports of it
        using b = open({ address: 0x43 });
        using feed = a.transfers();
        const message = { pgn: 0xef00, destination: 0x43, data: bytes(2_000_000) };
        const receiving = b.recvAsync().then(() => "received", (error) => error.code);
        const sending = a.sendAsync(message, { acknowledged: true }).then(() => "sent", (error) => error.code);
        for await (const { type } of feed) if (type !== "begun") break;
        const link = Link.open("vcanj"); // at once: the transfer may be over before `ip` has started
        if (end === "down") link.down();
        else link.delete();
        assertEquals(await receiving, "ENETDOWN");
        assertMatch(await sending, /^(ENETDOWN|ESHUTDOWN|ENODEV)$/);
        if (end === "down") {
          ip("link", "set", "vcanj", "up");
          const short = { ...message, data: bytes(2000) };
          // The kernel aborts what was under way only after a while.
          await a.sendAsync(short, { timeout: SOON });
          for (;;) {
            const received = await b.recvAsync({ timeout: SOON }).catch(() => undefined);
            if (received === undefined) continue; // the report that it was down
            assertEquals(received!.data, short.data);
            break;
          }
        }
      }
      await descriptorsBackTo(before);
      if (end === "del") ip("link", "add", "vcanj", "type", "vcan");
    });
  }

  it("a link deleted while the thread waits ends receiving and sending", async () => {
    for (const wait of ["recv", "send"] as const) {
      using a = open();
      using _far = open({ address: 0x55, filters: [{ pgn: 0x3ffff }] });
      using remover = new Program("sh", ["-c", "sleep 0.5; ip link del vcanj"]);
      const message = { pgn: 0xef00, destination: 0x55, data: bytes(1_000_000) };
      const error = assertThrows(() => wait === "recv" ? a.recv() : a.send(message), CanOperationError);
      // On a slow machine the other end has not answered before.
      assertMatch(error.code!, wait === "recv" ? /^ENETDOWN$/ : /^(ENETDOWN|ENODEV|EHOSTUNREACH)$/);
      await remover.finish();
      a.close();
      ip("link", "add", "vcanj", "type", "vcan");
      ip("link", "set", "vcanj", "up");
    }
  });

  it("a deleted link is reported, and then at each call; waits end", async () => {
    const before = await restingDescriptors();
    {
      using a = open({ filters: [{ pgn: 0xef00 }] }); // without claims
      using ecu = open({ name, address: 0x44 });
      await ecu.claim();
      ip("link", "del", "vcanj");
      assertThrows(() => a.recv(SOON), CanOperationError, "ENETDOWN");
      for (let i = 0; i < 2; i++) {
        const error = assertThrows(() => a.recv(SOON), CanOperationError, "open a new one when it is back");
        assertEquals(error.code, "ENODEV");
      }
      await assertRejects(() => a.recvAsync(), CanOperationError, "ENODEV");
      assertThrows(() => a.send(message), CanOperationError, "ENODEV");
      await until(() => ecu.state === "unclaimed");
    }
    await descriptorsBackTo(before);
    ip("link", "add", "vcanj", "type", "vcan");
  });

  it("a process with a claimed address exits when it has nothing else to do, and stays while it waits", async () => {
    using done = startScript("tests/system/scripts/j1939_ends.ts", { args: ["claim"] });
    assertEquals(await done.finish(), ["claimed 66"]);
    using unref = startScript("tests/system/scripts/j1939_ends.ts", { args: ["unref"] });
    assertEquals(await unref.finish(), ["waiting"]);
    using sending = startScript("tests/system/scripts/j1939_ends.ts", { args: ["send"] });
    assertEquals(await sending.finish(), ["sent 40 bytes"]);
  });
});
