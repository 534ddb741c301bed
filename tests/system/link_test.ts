import { execFileSync, spawnSync } from "node:child_process";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  BitTiming,
  Bus,
  CanInitializationError,
  CanOperationError,
  type ControllerMode,
  Link,
  type LinkConfiguration,
  Message,
} from "../../mod.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../src/kernel/netlink.ts";
import { encodeAttributes } from "../../src/kernel/nlattr.ts";
import { encodeLinkMessage, RTM_NEWLINK } from "../../src/kernel/rtnetlink.ts";
import { NetlinkSocket } from "../../src/link/netlink_socket.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { agreesWithIp, ipShow } from "./ip_link.ts";
import { noControllers } from "./machine.ts";
import { command, root } from "./script.ts";
import { ip, onOneProcessor, PATIENCE, Program } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };
const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2, 3, 4, 5, 6, 7, 8] });

function deleteLinks(...names: string[]): void {
  for (const name of names) spawnSync("ip", ["link", "del", name]);
}

/** Whether an interface is a CAN interface. */
function isCan(name: string): boolean {
  return ipShow("dev", name)[0].link_type === "can";
}

/** The names of the links that `ip` shows. */
function shown(...args: string[]): unknown[] {
  return ipShow(...args).map(({ ifname }) => ifname);
}

/** Waits for work that the kernel defers: reporting the carrier, and connecting the ends of a pair. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 60_000; !condition(); await pause(20)) assert(performance.now() < end, what);
}

/** Waits until both ends are connected: before, what the end that came up first sends is lost silently. */
function bothConnected(...pair: (Link | null)[]): Promise<void> {
  return eventually(() => pair.every((link) => link?.status().operState === "UP"), "the pair is not connected");
}

describe("Created links", options, () => {
  const names = ["vcan41", "engine", "vxcan41", "vxcan42"];
  before(() => deleteLinks(...names));
  after(() => deleteLinks(...names));

  it("a vcan: created, read, changed, renamed and deleted, compared with ip", () => {
    const link = Link.create("vcan41", { kind: "vcan", mtu: 16, txQueueLength: 33 });
    const { status } = agreesWithIp(link);
    assertEquals([status.kind, status.mtu, status.txQueueLength, status.isUp], ["vcan", 16, 33, false]);
    assertEquals([status.driver, status.state, status.bitTiming], ["vcan", null, null]);
    link.up();
    assert(agreesWithIp(link).status.isUp);
    link.configure({ txQueueLength: 5 });
    assertEquals(agreesWithIp(link).status.txQueueLength, 5);
    for (const mtu of [72, 2060, 76, 16]) {
      assertThrows(() => link.setMtu(mtu), CanOperationError, "mtu can only be changed while it is down; call down()");
      link.setMtu(mtu, { restartLink: true });
      assertEquals([agreesWithIp(link).status.mtu, link.status().isUp], [mtu, true]);
    }
    const before = link.index;
    link.rename("engine", { restartLink: true });
    assertEquals([link.name, agreesWithIp(link).status.isUp, link.index], ["engine", true, before]);
    assertEquals(Link.open("engine").index, before);
    assertThrows(() => Link.open("vcan41"), CanInitializationError, 'Cannot read link "vcan41": ENODEV');
    link.down();
    link.rename("vcan41");
    ip("link", "set", "vcan41", "name", "engine");
    assertEquals(link.status().name, "engine", "renamed elsewhere");
    ip("link", "property", "add", "dev", "engine", "altname", "the-bus-of-the-engine");
    ip("link", "set", "engine", "alias", "the engine's bus");
    const named = agreesWithIp(link).status;
    assertEquals([named.alias, named.altNames], ["the engine's bus", ["the-bus-of-the-engine"]]);
    link.delete();
    assert(!shown().includes("engine"));
    for (
      const change of [() => link.up(), () => link.delete(), () => link.status(), () => link.configure({ mtu: 16 })]
    ) {
      const error = assertThrows(change, CanOperationError, "ENODEV (no such device); the link is gone");
      assertEquals([error.code, error.channel], ["ENODEV", "engine"]);
    }
  });

  it("a vcan that is up at once carries frames", () => {
    const link = Link.create("vcan41", { up: true });
    assert([72, 2060].includes(agreesWithIp(link).status.mtu)); // the default of older kernels, of newer ones
    using from = new Bus({ channel: "vcan41", fd: true });
    using to = new Bus({ channel: "vcan41", fd: true });
    from.send(new Message({ isFd: true, data: new Uint8Array(64) }));
    assertEquals(to.recv(5)?.data.length, 64);
    link.delete();
    assertThrows(() => to.recv(5), CanOperationError, "ENODEV");
  });

  it("existing and invalid names are refused", () => {
    const error = assertThrows(() => Link.create("vcan0"), CanInitializationError);
    assertEquals([error.code, error.channel], ["EEXIST", "vcan0"]);
    assertMatch(
      error.message,
      /^Cannot create the vcan "vcan0": EEXIST .*; "vcan0" exists already: Link\.open\("vcan0"\) opens it$/,
    );
    Link.create("vcan41");
    assertThrows(
      () => Link.open("vcan41").rename("vcan0"),
      CanOperationError,
      'Cannot rename "vcan41" to "vcan0": EEXIST (file exists); a link with that name already exists: choose another',
    );
    assertThrows(
      () => Link.createPair("vxcan41", "vcan41"),
      CanInitializationError,
      '"vcan41" exists already: Link.open("vcan41") opens it',
    );
    assertThrows(() => Link.create("lo"), CanInitializationError, '"lo" exists already and is not a CAN interface');
    assert(!shown().includes("vxcan41"));
    Link.open("vcan41").delete();
    assertThrows(() => Link.open("lo"), CanInitializationError, 'Cannot open link "lo": it is not a CAN interface');
  });

  it("a vxcan: each end receives what the other sends, and deleting one deletes both", async () => {
    const [one, other] = Link.createPair("vxcan41", "vxcan42", { mtu: 2060, txQueueLength: 9, up: true });
    for (const [link, peer] of [[one, other], [other, one]]) {
      const { status } = agreesWithIp(link);
      assertEquals([status.kind, status.mtu, status.txQueueLength, status.isUp], ["vxcan", 2060, 9, true]);
      assertEquals(status.peer, { index: peer.index, netnsId: null });
    }
    await bothConnected(one, other);
    using from = new Bus({ channel: "vxcan41", receiveOwnMessages: true });
    using to = new Bus("vxcan42");
    from.send(message);
    assertEquals(to.recv(5)?.data, message.data);
    other.down();
    await eventually(() => one.status().flags.includes("NO-CARRIER"), "still a carrier");
    agreesWithIp(one);
    agreesWithIp(other);
    one.delete();
    assertEquals(shown().filter((name) => `${name}`.startsWith("vxcan4")), []);
  });

  it("a vxcan with one end in another network namespace, and links created in or moved to it", async () => {
    // A process in its own network namespace stands for a container.
    using container = new Program("unshare", ["--net", "sh", "-c", "echo $$; exec sleep 1000"]);
    await container.until(() => container.lines.length === 1, "start");
    const pid = Number(container.lines[0]);
    const named = spawnSync("ip", ["netns", "attach", "link-test", `${pid}`]).status === 0;
    try {
      for (const netns of [pid, `/proc/${pid}/ns/net`, ...named ? ["link-test"] : []]) {
        const inside = () =>
          JSON.parse(execFileSync("nsenter", [`--net=/proc/${pid}/ns/net`, "ip", "-j", "link"], { encoding: "utf8" }))
            .map(({ ifname }: { ifname: string }) => ifname);
        const [one, other] = Link.createPair("vxcan41", "vxcan42", { peerNetns: netns, up: true });
        assertEquals(other, null);
        const { status } = agreesWithIp(one);
        assert(status.peer?.netnsId !== null && status.isUp, JSON.stringify(status.peer));
        assertEquals(inside(), ["lo", "vxcan42"]);
        one.delete();
        assertEquals(Link.create("vcan41", { netns }), null);
        assertEquals(inside(), ["lo", "vcan41"]);
        const link = Link.create("engine", { up: true });
        link.moveTo(netns);
        assertEquals(inside(), ["lo", "vcan41", "engine"]);
        assertThrows(() => link.status(), CanOperationError, "the link is gone");
        const second = Link.create("engine");
        assertThrows(() => second.moveTo(netns), CanOperationError, 'Cannot move "engine" to the network namespace');
        assertThrows(() => second.moveTo(netns), CanOperationError, "has a link of this name: rename() this one first");
        const taken = '"vcan41" exists already in that network namespace: choose another name';
        assertThrows(() => Link.create("vcan41", { netns }), CanInitializationError, taken);
        assertThrows(
          () => Link.createPair("vxcan41", "vcan41", { peerNetns: netns }),
          CanInitializationError,
          taken,
        );
        second.delete();
        for (const name of ["vcan41", "engine"]) {
          execFileSync("nsenter", [`--net=/proc/${pid}/ns/net`, "ip", "link", "del", name]);
        }
      }
    } finally {
      if (named) ip("netns", "del", "link-test");
      await container.stop(); // other tests count descriptors
    }
    assertThrows(
      () => Link.create("vcan41", { netns: 2 ** 22 + 1 }),
      CanInitializationError,
      "there is no such process",
    );
  });

  it("files that are not network namespaces are refused", () => {
    const pipe = `/run/link-test-${process.pid}`;
    spawnSync("mkfifo", [pipe]);
    try {
      for (const netns of ["/etc/passwd", pipe]) {
        const error = assertThrows(() => Link.create("vcan41", { netns }), CanInitializationError);
        assertEquals(error.code, "EINVAL");
        assertMatch(error.message, RegExp(`is "${netns}" a network namespace\\?`));
      }
    } finally {
      spawnSync("rm", [pipe]);
    }
  });

  it("the list agrees with ip", () => {
    const listed = Link.list();
    assertEquals(Link.statuses().map(({ index }) => index), listed.map(({ index }) => index));
    assertEquals(listed.map(({ name }) => name).sort(), shown().filter((name) => isCan(name as string)).sort());
    for (const link of listed) agreesWithIp(link);
  });

  it("the kernel's error message is in the answer", () => {
    using socket = new NetlinkSocket(openLibc());
    const attributes = encodeAttributes(linkTable, { name: "vcan41", info: { kind: "nosuch" } });
    const payload = encodeLinkMessage({ type: 0, index: 0, flags: 0, change: 0, attributes });
    const { error, message } = socket.request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, payload);
    assertEquals([error, message], [-95, "Unknown device type"]);
  });

  it("no descriptor is left open", async () => {
    const before = await restingDescriptors();
    for (let i = 0; i < 100; i++) {
      const link = Link.create("vcan41");
      link.configure({ mtu: 16 });
      link.up();
      link.statistics();
      link.delete();
      assertThrows(() => link.status(), CanOperationError);
    }
    await descriptorsBackTo(before);
  });
});

describe("Links of SJA1000 controllers", { ...options, skip: noControllers }, () => {
  const [can0, can1] = noControllers ? [] : ["can0", "can1"].map((name) => Link.open(name));
  const both = [can0, can1];
  const down = () => both.forEach((link) => link.down());
  const test = (name: string, run: () => void) =>
    it(name, () => {
      down();
      run();
    });
  after(() => {
    down();
    const modes = Object.fromEntries(can0.status().supportedModes!.map((mode) => [mode, false]));
    for (const link of both) link.configure({ bitrate: 500_000, restartMs: 0, txQueueLength: 10, modes });
  });

  test("agree with ip", () => {
    for (const link of both) {
      const { status } = agreesWithIp(link);
      assertEquals([status.kind, status.driver, status.parentBus], ["can", "kvaser_pci", "pci"]);
      assertEquals([status.bitTimingConst?.name, status.clock, status.state], ["sja1000", 8_000_000, "STOPPED"]);
    }
  });

  test("do not come up without a bitrate", () => {
    if (can1.status().bitTiming !== null) return; // another test has set one, which cannot be cleared
    assertThrows(
      () => can1.up(),
      CanOperationError,
      'Cannot bring up "can1": EINVAL (invalid argument); it has no bitrate',
    );
  });

  for (const bitrate of [10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000]) {
    test(`at ${bitrate} bit/s a frame crosses each way`, () => {
      for (const link of both) {
        link.configure({ bitrate }, { restartLink: true });
        link.up();
        const { status } = agreesWithIp(link);
        assertEquals([status.bitTiming?.bitrate, status.state, status.isUp], [bitrate, "ERROR-ACTIVE", true]);
        // The kernel's choice is the predicted one.
        const { clock, bitTimingConst: limits } = status;
        const predicted = BitTiming.fromBitrate({ clock: clock!, limits: limits!, bitrate, algorithm: "v5.19" });
        const { tq, propSeg, phaseSeg1, phaseSeg2, brp } = status.bitTiming!;
        assertEquals({ tq, propSeg, phaseSeg1, phaseSeg2, brp }, {
          tq: predicted.tq,
          propSeg: predicted.propSeg,
          phaseSeg1: predicted.phaseSeg1,
          phaseSeg2: predicted.phaseSeg2,
          brp: predicted.brp,
        });
      }
      using zero = new Bus("can0");
      using one = new Bus("can1");
      for (const [from, to] of [[zero, one], [one, zero]]) {
        from.send(message, 5);
        assertEquals(to.recv(10)?.data, message.data);
      }
    });
  }

  test("sample points, jump widths and explicit timings", () => {
    const rows: readonly (readonly [LinkConfiguration, bitrate: number, point: number, sjw: number])[] = [
      [{ bitrate: 100_000, samplePoint: 0.8 }, 100_000, 0.8, 1],
      [{ samplePoint: 0.75 }, 100_000, 0.75, 1],
      [{ sjw: 3 }, 100_000, 0.75, 3],
      [{ bitrate: 250_000, samplePoint: 0.75, sjw: 2 }, 250_000, 0.75, 2],
      [{ tq: 125, propSeg: 5, phaseSeg1: 6, phaseSeg2: 4, sjw: 4 }, 500_000, 0.75, 4],
      [new BitTiming({ clock: 8_000_000, brp: 5, tseg1: 12, tseg2: 3, sjw: 2 }).toLink(), 100_000, 0.812, 2],
      [new BitTiming({ clock: 8_000_000, brp: 3, tseg1: 13, tseg2: 2, sjw: 1 }).toLink("bitrate"), 166_666, 0.875, 1],
    ];
    for (const [configuration, bitrate, point, sjw] of rows) {
      can0.configure(configuration);
      const { bitTiming } = agreesWithIp(can0).status;
      assertEquals([bitTiming?.bitrate, bitTiming?.samplePoint, bitTiming?.sjw], [bitrate, point, sjw]);
    }
  });

  test("every supported mode can be set and cleared", () => {
    const modes = can0.status().supportedModes!;
    assertEquals(modes, [
      "loopback",
      "listen-only",
      "triple-sampling",
      "one-shot",
      "berr-reporting",
      "presume-ack",
      "cc-len8-dlc",
    ]);
    const set = (names: readonly ControllerMode[], on: boolean) => {
      can0.configure({ modes: Object.fromEntries(names.map((name) => [name, on])) });
      return agreesWithIp(can0).status.modes;
    };
    set(modes, false);
    for (const mode of modes) {
      assertEquals(set([mode], true), [mode]);
      assertEquals(set([mode], false), []);
    }
    assertEquals(set(modes, true), modes);
    assertEquals(set(modes, false), []);
  });

  test("restartMs and txQueueLength, up to their limits", () => {
    for (const restartMs of [100, 0xffffffff, 0]) {
      can0.configure({ restartMs });
      assertEquals(agreesWithIp(can0).status.restartMs, restartMs);
    }
    can0.up();
    for (const txQueueLength of [0, 1000, 10]) {
      can0.configure({ txQueueLength });
      assertEquals(agreesWithIp(can0).status.txQueueLength, txQueueLength);
    }
  });

  test("a change that requires the link to be down is refused, or takes it down", () => {
    can0.configure({ bitrate: 500_000 });
    can0.up();
    const was = can0.status();
    const refused = (configuration: LinkConfiguration, names: string) => {
      const error = assertThrows(() => can0.configure(configuration), CanOperationError);
      assertEquals(
        error.message,
        `Cannot configure "can0" while it is up: ${names} can only be changed while it is down; call down() first, ` +
          "or pass { restartLink: true } as the last argument",
      );
      assertEquals([error.code, error.channel], ["EBUSY", "can0"]);
    };
    refused({ bitrate: 250_000, txQueueLength: 7 }, "bitrate");
    refused({ samplePoint: 0.75, restartMs: 5, modes: { "one-shot": true } }, "samplePoint, restartMs, modes");
    assertEquals(can0.status(), was);
    can0.configure({ bitrate: 250_000, restartMs: 5, modes: { "one-shot": true } }, { restartLink: true });
    const { status } = agreesWithIp(can0);
    assertEquals([status.isUp, status.bitTiming?.bitrate, status.restartMs, status.modes], [
      true,
      250_000,
      5,
      ["one-shot"],
    ]);
    can0.configure({ restartMs: 0, modes: { "one-shot": false } }, { restartLink: true });
    assertThrows(() => can0.rename("engine"), CanOperationError, "EBUSY");
    can0.rename("engine", { restartLink: true });
    assert(agreesWithIp(can0).status.isUp);
    can0.rename("can0", { restartLink: true });
  });

  test("unsupported settings are refused with the supported ones; nothing is changed", () => {
    const rows: readonly (readonly [LinkConfiguration, string])[] = [
      [{ bitrate: 4_000 }, "sja1000 supports 5000 to 2666666 bit/s (brp 1 to 64, tseg1 1 to 16, tseg2 1 to 8)"],
      [{ bitrate: 3_000_000 }, "sja1000 supports 5000 to 2666666 bit/s"],
      [{ bitrate: 500_000, samplePoint: 0.1 }, "samplePoint is 0.1: it is too early for 500000 bit/s"],
      [{ samplePoint: 1 }, "samplePoint is 1: it must be a fraction of a bit, from 0.001 to 0.999"],
      [{ bitrate: 500_000, sjw: 5 }, "sjw is 5: it must be a whole number from 1 to 4 with sja1000"],
      [{ bitrate: 500_000, sjw: 3 }, "sjw is 3: it must be at most phaseSeg2, 2"],
      [{ tq: 125, propSeg: 9, phaseSeg1: 8, phaseSeg2: 1 }, "propSeg + phaseSeg1 is 17"],
      [{ tq: 125, propSeg: 1, phaseSeg1: 1, phaseSeg2: 9 }, "phaseSeg2 is 9: it must be a whole number from 1 to 8"],
      [{ tq: 9_000, propSeg: 1, phaseSeg1: 1, phaseSeg2: 1 }, "brp, of a tq of 9000 ns, is 72"],
      [{ tq: 1, propSeg: 1, phaseSeg1: 1, phaseSeg2: 1 }, "tq is 1: a clock of 8000000 Hz has no time quantum"],
      [
        { dataBitrate: 2_000_000 },
        'dataBitrate needs the mode fd: the sja1000 of "can0" supports only loopback, listen-only',
      ],
      [
        { modes: { fd: true } },
        'modes["fd"] is true: the sja1000 of "can0" supports only loopback, listen-only, triple-sam',
      ],
      [{ tdc: { tdco: 1 } }, "tdc needs the mode fd: the sja1000"],
      [{ termination: 120 }, 'termination is 120: "can0" has no switchable termination'],
      [{ mtu: 72 }, 'mtu is 72: on "can0" it must be 16, as its controller does not support CAN FD'],
      [{ restartMs: -1 }, "restartMs is -1: it must be a whole number from 0 to 4294967295"],
    ];
    can0.configure({ bitrate: 500_000 });
    const was = can0.status();
    for (const [configuration, text] of rows) {
      assertThrows(() => can0.configure(configuration), RangeError, text, JSON.stringify(configuration));
    }
    assertThrows(
      () => Link.open("vcan0").configure({ bitrate: 500_000 }),
      RangeError,
      'bitrate: "vcan0" is a vcan, which has no controller to configure',
    );
    assertEquals(can0.status(), was);
  });

  test("are restarted by hand only when bus-off, and cannot be deleted", () => {
    const why = (run: () => void) => assertThrows(run, CanOperationError).message;
    assertMatch(why(() => can0.restart()), /^Cannot restart "can0": EINVAL .*; it is down: up\(\) starts it$/);
    can0.up();
    assertMatch(why(() => can0.restart()), /EBUSY .*; its state is ERROR-ACTIVE: only a controller that is BUS-OFF/);
    can0.configure({ restartMs: 100 }, { restartLink: true });
    assertMatch(why(() => can0.restart()), /EINVAL .*; it restarts automatically after 100 ms/);
    can0.configure({ restartMs: 0 }, { restartLink: true });
    can0.down();
    assertMatch(
      why(() => can0.delete()),
      /EOPNOTSUPP .*; it belongs to a device, and disappears when the device is unplugged/,
    );
    assertEquals(can0.status().name, "can0");
  });

  test("count as ip does: 1,000 frames", () => {
    for (const link of both) {
      link.configure({ bitrate: 1_000_000 });
      link.up();
    }
    checkCounts(can0, can1);
  });
});

/** Sends 1,000 frames of 0 to 8 bytes, and checks the counters of both links. */
function checkCounts(sender: Link, receiver: Link): void {
  using _held = onOneProcessor();
  const before = [sender.statistics(), receiver.statistics()];
  using from = new Bus(sender.name);
  using to = new Bus(receiver.name);
  const sent = Array.from({ length: 1000 }, (_, i) => new Message({ arbitrationId: i, data: new Uint8Array(i % 9) }));
  // Not all at once: the emulated controllers have room for five frames and drop more.
  for (let at = 0; at < 1000; at += 4) {
    assertEquals(from.sendMany(sent.slice(at, at + 4), 60), 4);
    for (let i = 0; i < 4; i++) assertEquals(to.recv(60)?.arbitrationId, at + i);
  }
  const bytes = sent.reduce((sum, { data }) => sum + data.length, 0);
  const [tx, rx] = [sender, receiver].map((link, i) => Link.delta(before[i], agreesWithIp(link).statistics));
  assertEquals([tx.tx.packets, tx.tx.bytes, tx.reset], [1000, bytes, false]);
  assertEquals([rx.rx.packets, rx.rx.bytes, rx.reset], [1000, bytes, false]);
}

describe("Statistics", options, () => {
  it("of virtual links agree with ip after 1,000 frames", async () => {
    const link = Link.create("vcan41", { up: true });
    checkCounts(link, link);
    link.delete();
    const [one, other] = Link.createPair("vxcan41", "vxcan42", { up: true });
    await bothConnected(one, other);
    checkCounts(one, other);
    one.delete();
  });

  it("of a link that was created again start from 0", () => {
    const first = Link.create("vcan41", { up: true });
    checkCounts(first, first);
    const before = first.statistics();
    first.delete();
    const delta = Link.delta(before, Link.create("vcan41").statistics());
    assertEquals([delta.reset, delta.rx.packets, delta.device], [true, 0, null]);
    deleteLinks("vcan41");
  });
});

describe("A process without CAP_NET_ADMIN", options, () => {
  it("can read links, and its errors say how to get the privilege", async () => {
    const path = root + "tests/system/scripts/unprivileged_links.ts";
    using program = new Program("setpriv", ["--bounding-set", "-net_admin", ...command(path)]);
    const [list, kind, statistics, ...errors] = await program.finish();
    assertEquals([list, kind, statistics], ["true", "vcan", "vcan0"]);
    assertEquals(errors.map((text) => text.split(":")[0]), [
      'Cannot create the vcan "vcan77"',
      'Cannot create the vxcan "vxcan77" and "vxcan78"',
      'Cannot configure "vcan0"',
      'Cannot bring up "vcan0"',
      'Cannot take down "vcan0"',
      'Cannot rename "vcan0" to "vcan78"',
      'Cannot delete "vcan0"',
      'Cannot move "vcan0" to the network namespace of process 1',
    ]);
    for (const text of errors) {
      assertMatch(
        text,
        /EPERM \(operation not permitted\); .*CAP_NET_ADMIN: .*sudo, .*setcap cap_net_admin\+ep .*AmbientCapabilities=/,
      );
    }
  });
});
