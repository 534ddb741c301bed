// Refusals of controllers and kernels that the test machine does not have, simulated by support/fake_links.ts.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CanInitializationError, CanOperationError, Link, type LinkConfiguration } from "../../mod.ts";
import { can0, type FakeLink, FakeLinks, type Refuse, vcan0 } from "../support/fake_links.ts";
import { type Fault, withNetlinkFaults } from "../support/faults.ts";

describe("A failed change", () => {
  const was = { bitrate: 500_000, dataBitrate: 2_000_000, tdc: { tdcv: 5, tdco: 6 }, restartMs: 10, termination: 120 };
  const change = { bitrate: 250_000, restartMs: 20, modes: { loopback: true }, txQueueLength: 99 };
  const no = [-22, "no"] as const;
  const limits =
    "m_can accepts tseg1 2 to 256, tseg2 2 to 128, sjw 1 to 128, brp 1 to 512, with a clock of 40000000 Hz";
  const refused = `Cannot configure "can0": EINVAL (invalid argument); the kernel says "no"; ${limits}; its settings `;

  /** Refuses one step once, after a side effect on the link. */
  function once(step: Parameters<Refuse>[1], then: (link: FakeLink) => void = () => {}): Refuse {
    let done = false;
    return (link, what) => {
      if (done || what !== step) return undefined;
      done = true;
      then(link);
      return no;
    };
  }

  /** The effect of a kernel that fails halfway through a change. */
  function half(link: FakeLink): void {
    const { can } = link;
    can!.bittiming = { ...can!.bittiming!, bitrate: 250_000, tq: 50 };
    can!.ctrlmode = { mask: 0, flags: 1 };
    delete can!.dataBittiming;
    can!.restartMs = 20;
    can!.termination = 0;
    link.mtu = 16;
    link.txQueueLength = 99;
  }

  /** The error of the change on a configured link, and the link's status before and after. */
  function failing(refuse: Refuse, up = true, configuration: LinkConfiguration = was) {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure(configuration);
    if (up) link.up();
    const before = link.status();
    links.refuse = refuse;
    const error = assertThrows(() => link.configure(change, { restartLink: true }), CanOperationError);
    links.refuse = () => undefined;
    assertEquals(error.channel, "can0");
    return { message: error.message, before, after: links.links.length > 0 ? link.status() : null };
  }

  it("leaves the link unchanged and up", () => {
    const { message, before, after } = failing(once("can"));
    assertEquals(message, `${refused}are unchanged, and it is up again`);
    assertEquals(after, before);
  });

  it("is undone if it was done halfway", () => {
    for (const up of [true, false]) {
      const { message, before, after } = failing(once("can", half), up);
      assertEquals(message, `${refused}were restored${up ? ", and it is up again" : ""}`);
      assertEquals(after, before);
    }
  });

  it("is undone if the link does not come up with it", () => {
    const { message, before, after } = failing(once("up"));
    assertEquals(
      message,
      'Cannot bring up "can0" with its new settings: EINVAL (invalid argument); the kernel says "no"; its settings ' +
        "were restored, and it is up again",
    );
    assertEquals(after, before);
  });

  it("reports what cannot be undone", () => {
    const { message, after } = failing(once("can", half), false, { restartMs: 10 });
    assertEquals(message, `${refused}were restored, but it keeps the new bitrate`);
    assertEquals([after?.bitTiming?.bitrate, after?.restartMs, after?.modes], [250_000, 10, []]);
    const first = once("can", half);
    const always: Refuse = (link, what) => first(link, what) ?? (what === "can" ? no : undefined);
    assertEquals(
      failing(always).message,
      `${refused}could not be restored (EINVAL), and it is up again`,
    );
    const down: Refuse = (_link, what) => what === "can" || what === "up" ? no : undefined;
    assertEquals(failing(down).message, `${refused}are unchanged, and it stays down (EINVAL)`);
  });

  it("is undone if its request fails", () => {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure(was);
    link.up();
    const before = link.status();
    let requests = 0;
    // The first reads the status, the second takes the link down, the third is the change.
    const fault: Fault = (call) => call === "send" && ++requests === 3 ? -105 : undefined;
    const error = assertThrows(
      () => withNetlinkFaults(fault, () => link.configure(change, { restartLink: true })),
      CanOperationError,
      "ENOBUFS",
    );
    assertEquals([error.code, error.channel], ["ENOBUFS", "can0"]);
    assert(error.message.endsWith('; "can0": its settings are unchanged, and it is up again'), error.message);
    assertEquals([link.status(), links.links.length], [before, 1]);
  });

  it("is not started if the link does not go down", () => {
    const { message, before, after } = failing(once("down"));
    assertEquals(
      message,
      'Cannot take down "can0" to configure it: EINVAL (invalid argument); the kernel says "no"',
    );
    assertEquals(after, before);
  });

  it("reports a link that disappeared meanwhile", () => {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    links.refuse = once("can", () => links.links.pop());
    const { message } = assertThrows(() => link.configure({ bitrate: 500_000 }), CanOperationError);
    assert(message.includes('the state of its settings is unknown: Cannot read link "can0": ENODEV'), message);
    assertThrows(() => link.configure({ bitrate: 500_000 }), CanOperationError, "the link is gone");
  });
});

describe("Refusals of the kernel", () => {
  it("are reported with the kernel's message and advice", () => {
    using links = new FakeLinks(can0(), vcan0());
    const link = Link.open("can0");
    const vcan = Link.open("vcan0");
    const refusal = (errno: number, text: string | undefined, run: () => unknown) => {
      links.refuse = () => [-errno, text];
      return assertThrows(run, CanOperationError).message;
    };
    assertEquals(
      refusal(95, "Device doesn't support restart from Bus Off", () => link.configure({ restartMs: 5 })),
      `Cannot configure "can0": EOPNOTSUPP (operation not supported); the kernel says "Device doesn't support restart ` +
        `from Bus Off"; the link's driver does not support that; its settings are unchanged`,
    );
    assertMatch(
      refusal(1, undefined, () => link.up()),
      /^Cannot bring up "can0": EPERM \(operation not permitted\); changing links requires the capability CAP_NET_ADMIN: run with sudo, .*setcap cap_net_admin\+ep .*deno.*bun.*AmbientCapabilities=CAP_NET_ADMIN"$/,
    );
    assertMatch(
      refusal(16, undefined, () => vcan.rename("x")),
      /^Cannot rename "vcan0" to "x": EBUSY .*; it is up: call down\(\)/,
    );
    assertMatch(
      refusal(17, undefined, () => vcan.rename("x")),
      /EEXIST \(file exists\); a link with that name already exists: choose another name, or delete or rename that link/,
    );
    assertMatch(refusal(16, undefined, () => link.configure({ bitrate: 500_000 })), /EBUSY .*; call down\(\) first/);
    assertMatch(
      refusal(22, undefined, () => link.up()),
      /EINVAL .*; it has no bitrate yet: configure\(\{ bitrate: 500_000/,
    );
    links.refuse = () => undefined;
    link.configure({ bitrate: 500_000, dataBitrate: 2_000_000 });
    delete links.links[0].can!.dataBittiming;
    assertMatch(refusal(22, undefined, () => link.up()), /it has no bitrate for the data phase yet/);
    links.links[0].can!.dataBittiming = links.links[0].can!.bittiming;
    assertEquals(refusal(22, undefined, () => link.up()), 'Cannot bring up "can0": EINVAL (invalid argument)');
  });

  it("a refused restart says why", () => {
    const fake = can0();
    using links = new FakeLinks(fake, vcan0());
    const link = Link.open("can0");
    const why = () => assertThrows(() => link.restart(), CanOperationError).message;
    assertEquals(why(), 'Cannot restart "can0": EINVAL (invalid argument); it is down: up() starts it');
    link.configure({ bitrate: 500_000, restartMs: 100 });
    link.up();
    assertMatch(why(), /EINVAL .*; it restarts automatically after 100 ms: only with restartMs 0/);
    link.configure({ restartMs: 0 }, { restartLink: true });
    assertMatch(why(), /EBUSY .*; its state is ERROR-ACTIVE: only a controller that is BUS-OFF can be restarted/);
    links.refuse = (_, what) => what === "can" ? [-95, "Device doesn't support restart from Bus Off"] : undefined;
    assertMatch(why(), /EOPNOTSUPP .*; the kernel says "Device doesn't support restart from Bus Off"/);
    links.refuse = () => undefined;
    fake.can!.state = 3;
    link.restart();
    assertEquals(link.status().state, "ERROR-ACTIVE");
    assertThrows(
      () => Link.open("vcan0").restart(),
      CanOperationError,
      "only the controller of a physical device goes bus-off",
    );
  });

  it("of a name that exists say what has it", () => {
    using _ = new FakeLinks(can0(), { ...vcan0(), name: "eth0", type: 1, kind: undefined });
    const advice = (run: () => unknown) => {
      const { code, message } = assertThrows(run, CanInitializationError);
      assertEquals(code, "EEXIST");
      return message.split("; ")[1];
    };
    assertEquals(advice(() => Link.create("can0")), '"can0" exists already: Link.open("can0") opens it');
    assertEquals(
      advice(() => Link.create("eth0")),
      '"eth0" exists already and is not a CAN interface: choose another name',
    );
    assertEquals(advice(() => Link.createPair("can0", "x")), '"can0" exists already: Link.open("can0") opens it');
    const elsewhere = () => Link.create("can0", { netns: 1 });
    assertEquals(advice(elsewhere), '"can0" exists already in that network namespace: choose another name');
  });

  it("of a name that does not exist say how to get it", () => {
    using _ = new FakeLinks();
    const advice = (name: string) =>
      assertThrows(() => Link.open(name), CanInitializationError, `Cannot read link "${name}": ENODEV`).message
        .split("; ")[1];
    assertEquals(advice("vcan9"), 'Link.create("vcan9") creates a virtual one');
    assertEquals(advice("vxcan9"), 'Link.createPair("vxcan9", …) creates a virtual pair');
    assertEquals(
      advice("can9"),
      'is its device connected, and the driver loaded? (Link.create("can9") creates a virtual one)',
    );
  });

  it("of an MTU that the kernel does not support say so", () => {
    using links = new FakeLinks(vcan0());
    const link = Link.open("vcan0");
    link.down();
    links.refuse = () => [-22];
    assertThrows(
      () => link.configure({ mtu: 2060 }),
      CanOperationError,
      "this kernel may have no CAN XL, which needs Linux 6.1: an mtu of 72 carries CAN FD",
    );
  });

  it("a device is not deleted, though the kernel reports success", () => {
    using _ = new FakeLinks(can0());
    const { message, code } = assertThrows(() => Link.open("can0").delete(), CanOperationError);
    assertEquals([code, message.includes("disappears when the device is unplugged")], ["EOPNOTSUPP", true]);
  });

  it("a kind of link without a driver says how to load it", () => {
    using _ = new FakeLinks();
    const error = assertThrows(() => Link.createPair("vxcan0", "vxcan1"), CanInitializationError);
    assertEquals(
      error.message,
      'Cannot create the vxcan "vxcan0" and "vxcan1": EOPNOTSUPP (operation not supported); the kernel says "Unknown ' +
        'device type"; this kernel has no vxcan driver loaded: load it with "sudo modprobe vxcan"',
    );
  });
});

describe("A link by its index", () => {
  it("is still found after it was renamed elsewhere", () => {
    const fake = can0();
    using links = new FakeLinks(fake);
    const link = Link.open("can0");
    fake.name = "engine";
    assertEquals(link.name, "can0");
    link.configure({ bitrate: 500_000 });
    assertEquals([link.name, link.status().name, `${link}`], ["engine", "engine", "engine (link 5)"]);
    link.rename("motor");
    assertEquals([link.name, fake.name], ["motor", "motor"]);
    links.links.length = 0;
    assertThrows(() => link.status(), CanOperationError, 'Cannot read link "motor": ENODEV');
  });

  it("is created, listed and deleted", () => {
    using _ = new FakeLinks(can0());
    const link = Link.create("vcan5", { mtu: 2060, txQueueLength: 7, up: true });
    assertEquals(Link.list().map(({ name }) => name), ["can0", "vcan5"]);
    const { kind, mtu, txQueueLength, isUp, modes } = link.status();
    assertEquals([kind, mtu, txQueueLength, isUp, modes], ["vcan", 2060, 7, true, null]);
    assertThrows(() => Link.create("vcan5"), CanInitializationError, "EEXIST");
    link.delete();
    assertThrows(() => link.delete(), CanOperationError, "ENODEV (no such device); the link is gone");
    assertThrows(() => Link.open("vcan5"), CanInitializationError, 'Link.create("vcan5") creates a virtual one');
  });
});
