import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { ip, onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

// A raw socket for CAN XL that does not set CAN_RAW_XL_VCID_OPTS, as most programs.
const OPEN = `
import socket, sys
peer = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
peer.setsockopt(socket.SOL_CAN_RAW, 7, 1)
`;

/** Why there are no VCID options here (they came with Linux 6.9, which passed every VCID before), or false. */
const noVcidOptions: string | false = noVcan || (() => {
  const set = `${OPEN}peer.setsockopt(socket.SOL_CAN_RAW, 8, bytes(4))`;
  const { status, stderr } = spawnSync("python3", ["-c", set], { encoding: "utf8" });
  return status !== 0 && `no CAN_RAW_XL_VCID_OPTS here: ${stderr.trim().split("\n").at(-1)}`;
})();

const xl = (vcid: number) => new Message({ isXl: true, priority: 0x123, vcid, data: [vcid, 1, 2, 3] });

describe("CAN XL's virtual networks (VCID)", { skip: noVcidOptions, timeout: PATIENCE }, () => {
  before(() => {
    ip("link", "add", "vcanid", "type", "vcan");
    ip("link", "set", "vcanid", "mtu", "2060", "up");
  });
  after(() => ip("link", "del", "vcanid"));

  it("a bus sends and receives every VCID", async () => {
    using from = new Bus({ channel: "vcanid", xl: true });
    using to = new Bus({ channel: "vcanid", xl: true });
    const all = Array.from({ length: 256 }, (_, vcid) => xl(vcid));
    assertEquals(from.sendMany(all, 5), 256);
    const got = await receive(to, 256);
    assertEquals(got.map(({ vcid, data }) => [vcid, data[0]]), all.map(({ vcid }) => [vcid, vcid]));
  });

  it("a program that does not set CAN_RAW_XL_VCID_OPTS receives only VCID 0, and can send no other", async () => {
    using _held = onOneProcessor();
    using bus = new Bus({ channel: "vcanid", xl: true });
    const receiver = `${OPEN}
peer.bind(("vcanid",))
print("ready", flush=True)
while True:
    print(peer.recv(4096)[12], flush=True)`;
    using hears = new Program("python3", ["-c", receiver]);
    await hears.until(() => hears.lines.length > 0, "be ready");
    for (const vcid of [1, 0, 255, 2]) bus.send(xl(vcid), 1);
    bus.send(new Message({ isXl: true, data: [99] }), 1);
    await hears.until(() => hears.lines.includes("99"), "receive the last frame");
    assertEquals(hears.lines, ["ready", "0", "99"]);
    await hears.stop(); // other tests count descriptors

    // struct canxl_frame: prio with the VCID in its third byte, flags with CANXL_XLF, sdt, len, af, data.
    const sender = `${OPEN}
peer.bind(("vcanid",))
peer.send(bytes.fromhex("23010700" "80" "00" "0100" "00000000" "2a"))`;
    using speaks = new Program("python3", ["-c", sender]);
    await speaks.finish();
    const [message] = await receive(bus, 1);
    assertEquals([message.priority, message.vcid, message.data[0]], [0x123, 0, 42]);
  });
});
