import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { MulticastBus, serveMulticast } from "../../src/net/mod.ts";
import { decodeMap, encodeMap } from "../../src/net/multicast/frame_map.ts";
import { freePort } from "./buses.ts";
import { bytesOf, UdpPeer, until } from "./peers.ts";

const timeout = 60_000;
const later = { timeout: 30 };

/** The keys, in the order of python-can, with the lengths that MessagePack puts before them. */
const key = {
  timestamp: "a9 74696d657374616d70",
  arbitration_id: "ae 6172626974726174696f6e5f6964",
  is_extended_id: "ae 69735f657874656e6465645f6964",
  is_remote_frame: "af 69735f72656d6f74655f6672616d65",
  is_error_frame: "ae 69735f6572726f725f6672616d65",
  channel: "a7 6368616e6e656c",
  dlc: "a3 646c63",
  data: "a4 64617461",
  is_fd: "a5 69735f6664",
  bitrate_switch: "ae 626974726174655f737769746368",
  error_state_indicator: "b5 6572726f725f73746174655f696e64696361746f72",
};

/** Returns a map with these values, in MessagePack's digits. */
function map(values: Partial<Record<keyof typeof key, string>>): number[] {
  const names = Object.keys(values) as (keyof typeof key)[];
  return [0x80 | names.length, ...names.flatMap((name) => [...bytesOf(key[name]), ...bytesOf(values[name]!)])];
}

/** What `pack_message` of python-can 4.1.0 (`can/interfaces/udp_multicast/utils.py`) returns for these messages. */
const golden: readonly (readonly [values: Record<keyof typeof key, string>, init: MessageInit])[] = [
  [{
    ...{ timestamp: "cb 41d954fc40100000", arbitration_id: "cd 0123", is_extended_id: "c2", is_remote_frame: "c2" },
    ...{ is_error_frame: "c2", channel: "a4 63616e30", dlc: "03", data: "c4 03 0102ff" },
    ...{ is_fd: "c2", bitrate_switch: "c2", error_state_indicator: "c2" },
  }, { timestamp: 1_700_000_000.25, arbitrationId: 0x123, isExtendedId: false, data: [1, 2, 0xff], channel: "can0" }],
  [{
    ...{ timestamp: "cb 3ff8000000000000", arbitration_id: "ce 1fffffff", is_extended_id: "c3", is_remote_frame: "c2" },
    ...{ is_error_frame: "c2", channel: "c0", dlc: "40", data: `c4 40 ${"5a".repeat(64)}` },
    ...{ is_fd: "c3", bitrate_switch: "c3", error_state_indicator: "c3" },
  }, {
    ...{ timestamp: 1.5, arbitrationId: 0x1fffffff, isFd: true, bitrateSwitch: true, errorStateIndicator: true },
    data: new Uint8Array(64).fill(0x5a),
  }],
  [{
    ...{ timestamp: "cb 4008000000000000", arbitration_id: "7f", is_extended_id: "c2", is_remote_frame: "c3" },
    ...{ is_error_frame: "c2", channel: "c0", dlc: "08", data: "c4 00" },
    ...{ is_fd: "c2", bitrate_switch: "c2", error_state_indicator: "c2" },
  }, { timestamp: 3, arbitrationId: 0x7f, isExtendedId: false, isRemoteFrame: true, dlc: 8 }],
  [{
    ...{ timestamp: "cb 4008000000000000", arbitration_id: "04", is_extended_id: "c2", is_remote_frame: "c2" },
    ...{ is_error_frame: "c3", channel: "c0", dlc: "08", data: "c4 08 0000000000000000" },
    ...{ is_fd: "c2", bitrate_switch: "c2", error_state_indicator: "c2" },
  }, { timestamp: 3, arbitrationId: 4, isErrorFrame: true, data: new Uint8Array(8) }],
  [{
    ...{ timestamp: "cb 4008000000000000", arbitration_id: "cc ff", is_extended_id: "c3", is_remote_frame: "c2" },
    ...{ is_error_frame: "c2", channel: "c0", dlc: "00", data: "c4 00" },
    ...{ is_fd: "c2", bitrate_switch: "c2", error_state_indicator: "c2" },
  }, { timestamp: 3, arbitrationId: 0xff, data: [] }],
];

const minimal = { arbitration_id: "01", data: "c4 01 07" };

describe("python-can's maps", () => {
  for (const [values, init] of golden) {
    const message = new Message({ ...init, channel: init.channel ?? null });
    it(`${message}`.slice(0, 90), () => {
      const bytes = map(values);
      assertEquals([...encodeMap(message)], bytes);
      const read = decodeMap(Uint8Array.from(bytes), "group");
      assertEquals(read, message.with({ channel: init.channel ?? "group" }));
      assertEquals(read.timestampSource, null);
      for (let length = 0; length < bytes.length; length++) {
        assertThrows(
          () => decodeMap(Uint8Array.from(bytes.slice(0, length)), "g"),
          SyntaxError,
          undefined,
          `${length}`,
        );
      }
      assertThrows(() => decodeMap(Uint8Array.from([...bytes, 0]), "g"), SyntaxError, "1 bytes behind the map");
    });
  }

  it("may have other forms of the same values: numbers of any size, absent and unknown keys", () => {
    for (const id of ["cc 01", "cd 0001", "ce 00000001", "d0 01", "d1 0001", "d2 00000001"]) {
      assertEquals(decodeMap(Uint8Array.from(map({ ...minimal, arbitration_id: id })), "g").arbitrationId, 1, id);
    }
    assertEquals(decodeMap(Uint8Array.from(map({ ...minimal, data: "c5 0001 07" })), "g").data, Uint8Array.of(7));
    assertEquals(decodeMap(Uint8Array.from([0xde, 0, 2, ...map(minimal).slice(1)]), "g").data, Uint8Array.of(7));
    assertEquals(decodeMap(Uint8Array.from(map({ ...minimal, channel: "05" })), "g").channel, "5");
    assertEquals(
      decodeMap(Uint8Array.from([0x83, ...map(minimal).slice(1), ...bytesOf("a2 6162 d9 01 63")]), "g").dlc,
      1,
    );
  });

  it("without a usable time get that of arrival, and no channel that would break a log", () => {
    for (
      const timestamp of [
        "00",
        "cb 0000000000000000",
        "cb bff0000000000000",
        "cb 7ff8000000000000",
        "cb 7ff0000000000000",
        "c0",
      ]
    ) {
      const message = decodeMap(Uint8Array.from(map({ ...minimal, timestamp })), "g");
      assert(Math.abs(message.timestamp - Date.now() / 1000) < 60, `${timestamp}: ${message.timestamp}`);
      assertEquals(message.timestampSource, "software");
    }
    for (const channel of ["a3 610a62", "a3 612062", "a0", `d9 50 ${"61".repeat(80)}`, "c2"]) {
      assertEquals(decodeMap(Uint8Array.from(map({ ...minimal, channel })), "g").channel, "g", channel);
    }
  });

  it("are refused where a value is out of bounds or of another type", () => {
    const cases: readonly (readonly [Partial<Record<keyof typeof key, string>>, string])[] = [
      [{ data: "c4 00" }, "arbitration_id"],
      [{ ...minimal, arbitration_id: "ff" }, "arbitration_id"],
      [{ ...minimal, arbitration_id: "ce 20000000" }, "arbitration_id"],
      [{ ...minimal, arbitration_id: "cf 0000000000000001" }, "arbitration_id"],
      [{ ...minimal, arbitration_id: "cb 3ff8000000000000" }, "arbitration_id"],
      [{ ...minimal, arbitration_id: "cd 0800", is_extended_id: "c2" }, "a standard identifier of 0x800"],
      [{ ...minimal, is_extended_id: "01" }, "is_extended_id"],
      [{ ...minimal, dlc: "02" }, "a length of 2 with 1 bytes"],
      [{ ...minimal, dlc: "09" }, "dlc"],
      [{ ...minimal, data: "c4 09 000000000000000000" }, "data of 9 bytes"],
      [{ ...minimal, data: `c4 c8 ${"00".repeat(200)}` }, "data of 200 bytes"],
      [{ ...minimal, is_fd: "c3", data: `c4 41 ${"00".repeat(65)}` }, "data of 65 bytes"],
      [{ ...minimal, data: "a1 61" }, "data that is no bytes"],
      [{ ...minimal, is_fd: "c3", data: "c4 09 000000000000000000" }, "a length of 9"],
      [{ ...minimal, is_fd: "c3", dlc: "41" }, "dlc"],
      [{ ...minimal, is_remote_frame: "c3" }, "a length of 1 with 1 bytes"],
      [{ ...minimal, is_remote_frame: "c3", is_fd: "c3" }, "two kinds"],
      [{ ...minimal, channel: "91 01" }, "a value of type 0x91"],
      [{ ...minimal, channel: "81 01 01" }, "a value of type 0x81"],
      [{ ...minimal, channel: "c7 00 01" }, "a value of type 0xc7"],
      [{ ...minimal, channel: "db ffffffff" }, "a value of type 0xdb"],
      [{ ...minimal, data: "c6 ffffffff" }, "a value of type 0xc6"],
      [{ ...minimal, data: "c5 ffff 00" }, "an end after"],
      [{ ...minimal, channel: "da ffff" }, "a text of 65535 bytes"],
      [{ ...minimal, channel: "a1 ff" }, "no UTF-8"],
    ];
    for (const [values, text] of cases) {
      assertThrows(() => decodeMap(Uint8Array.from(map(values)), "g"), SyntaxError, text, JSON.stringify(values));
    }
    const raw: readonly (readonly [string, string])[] = [
      ["", "an end"],
      ["91", "instead of a map"],
      ["df 7fffffff", "instead of a map"],
      ["de ffff", "a map of 65535 entries"],
      ["81 01 01", "a key that is no text"],
      ["82 a1 61 01 a1 61 01", "twice"],
    ];
    for (const [text, expected] of raw) {
      assertThrows(() => decodeMap(Uint8Array.from(bytesOf(text)), "g"), SyntaxError, expected, text);
    }
  });
});

describe("A multicast bus", { timeout }, () => {
  it("has members that each receive what the others send, and their own if they ask for it", async () => {
    const port = freePort();
    const open = (receiveOwnMessages: boolean) =>
      MulticastBus.open({ port, localHost: "127.0.0.1", receiveOwnMessages });
    using one = await open(true);
    using two = await open(false);
    using three = await open(false);
    for (let i = 0; i < 20; i++) {
      const message = new Message({ arbitrationId: i, data: [1], timestamp: 5, channel: "can9" });
      await one.sendAsync(message);
      const own = await one.recvAsync(later);
      assertEquals([own!.arbitrationId, own!.isConfirm, own!.isRx], [i, true, false]);
      for (const bus of [two, three]) {
        const heard = await bus.recvAsync(later);
        assertEquals([heard!.arbitrationId, heard!.isConfirm, heard!.isRx], [i, false, true]);
        assertEquals([heard!.timestamp, heard!.channel], [5, "can9"]);
      }
    }
    assertEquals([one.recv(0), two.recv(0), three.recv(0)], [null, null, null]);
    await two.sendAsync(new Message({ arbitrationId: 7 }));
    assertEquals((await one.recvAsync(later))!.isConfirm, false);
    assertEquals(await two.recvAsync({ timeout: 0.1 }), null);
  });

  it("counts datagrams that are no frames, and hears only those it allows", async () => {
    const port = freePort();
    const warnings: string[] = [];
    const logger = { warn: (text: string) => warnings.push(text) };
    using bus = await MulticastBus.open({ port, localHost: "127.0.0.1", logger });
    using deaf = await MulticastBus.open({ port, localHost: "127.0.0.1", allow: ["10.0.0.0/8"] });
    using peer = await UdpPeer.open();
    peer.socket.setMulticastInterface("127.0.0.1");
    const send = (bytes: readonly number[]) =>
      new Promise((resolve) => peer.socket.send(Uint8Array.from(bytes), port, "239.74.163.2", resolve));
    await send([1, 2, 3]);
    await send(map({ ...minimal, dlc: "08" }));
    await send(map(minimal));
    assertEquals((await bus.recvAsync(later))!.data, Uint8Array.of(7));
    assertEquals(bus.droppedFrames, 2);
    assertMatch(warnings[0], /no frame: type 0x1 instead of a map, from 127\.0\.0\.1\. droppedFrames counts it/);
    await until(() => warnings.length > 0, "a warning");
    assertEquals([await deaf.recvAsync({ timeout: 0.1 }), deaf.droppedFrames], [null, 0]);
  });

  it("refuses options that are wrong", async () => {
    for (
      const [options, text] of [
        [{ group: "127.0.0.1" }, "Option group"],
        [{ group: "240.0.0.1" }, "Option group"],
        [{ group: "fe80::1" }, "Option group"],
        [{ port: 0 }, "Option port"],
        [{ hopLimit: 256 }, "Option hopLimit"],
        [{ allow: [5] }, "allow[0]"],
        [{ localHost: "" }, "Option localHost"],
        [{ localHost: "192.0.2.77" }, "Cannot join 239.74.163.2 on 192.0.2.77"],
      ] as const
    ) {
      await assertRejects(() => MulticastBus.open({ port: freePort(), ...options as object }), Error, text);
    }
    await assertRejects(
      () => serveMulticast({ channel: "x", interface: "virtual", group: "ff15::1" }),
      TypeError,
      "loopback carries no multicast of IPv6",
    );
  });
});
