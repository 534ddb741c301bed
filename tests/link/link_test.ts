import { describe, it } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  CanError,
  CanInitializationError,
  CanTimeoutError,
  Link,
  type LinkConfiguration,
  type LinkStatistics,
} from "../../mod.ts";
import { openDescriptors } from "../support/descriptors.ts";
import { FakeLinks, fdController } from "../support/fake_links.ts";
import { type Call, type Fault, withNetlinkFaults } from "../support/faults.ts";

const ENOMEM = 12;

/** libc's own close, also while faults replace it. */
const { close: closeReally } = openLibc();

/** Anything, as a script without types may pass it. */
// deno-lint-ignore no-explicit-any
type Loose = any;

function device() {
  return { index: 5, name: "can0", flags: 0, mtu: 16, txQueueLength: 10, can: fdController() };
}

describe("Invalid names and options of links", () => {
  const rows: readonly (readonly [() => unknown, typeof RangeError | typeof TypeError, string])[] = [
    [() => Link.create(""), RangeError, 'name is "": it must have 1 to 15 bytes'],
    [() => Link.create("sixteen-bytes-xx"), RangeError, "it must have 1 to 15 bytes"],
    [() => Link.create("ääääääää"), RangeError, "it must have 1 to 15 bytes"],
    [() => Link.create("a/b"), RangeError, 'it must not contain "/"'],
    [() => Link.create("a b"), RangeError, 'it must not contain " "'],
    [() => Link.create("a:b"), RangeError, 'it must not contain ":"'],
    [() => Link.create("can%d"), RangeError, 'it must not contain "%"'],
    [() => Link.create("a\0"), RangeError, "it must not contain"],
    [() => Link.create(".."), RangeError, 'name is "..": that is the name of a directory'],
    [() => Link.create("all"), RangeError, 'name is "all": the kernel reserves that name for all links together'],
    [() => Link.create("à"), RangeError, 'name is "à": the kernel treats the byte a0 in its UTF-8 as a space'],
    [() => Link.create(7 as Loose), TypeError, "name must be a string: 7"],
    [
      () => Link.create("x", { mtu: 17 }),
      RangeError,
      "Option mtu is 17: it must be 16 (classic CAN), 72 (CAN FD) or 2060",
    ],
    [() => Link.create("x", { mtu: 73 }), RangeError, "CAN XL; 76 or more"],
    [() => Link.create("x", { mtu: 2061 }), RangeError, "Option mtu is 2061"],
    [() => Link.create("x", { mtu: "72" as Loose }), TypeError, 'Option mtu must be a number: "72"'],
    [() => Link.create("x", { txQueueLength: -1 }), RangeError, "Option txQueueLength is -1"],
    [() => Link.create("x", { txQueueLength: 32768 }), RangeError, "Option txQueueLength is 32768"],
    [() => Link.create("x", { up: 1 as Loose }), TypeError, "Option up must be true or false"],
    [() => Link.create("x", { kind: "vxcan" as Loose }), RangeError, 'a vxcan has two ends: Link.createPair("vxcan0"'],
    [() => Link.create("x", { kind: "can" as Loose }), RangeError, 'Option kind is "can": it must be "vcan"'],
    [() => Link.create("x", { netns: "a/b" }), RangeError, 'Option netns is "a/b": it must be a name without "/"'],
    [() => Link.create("x", { netns: 0 }), RangeError, "Option netns is 0"],
    [() => Link.create("x", { netns: ".." }), RangeError, 'Option netns is ".."'],
    [
      () => Link.create("x", { netns: true as Loose }),
      TypeError,
      "Option netns must be a name, a path or a process ID",
    ],
    [() => Link.create("x", { nets: "a" } as Loose), TypeError, 'Link.create has no option "nets"; it has kind, mtu'],
    [() => Link.create("x", { peerNetns: "a" } as Loose), TypeError, 'Link.create has no option "peerNetns"'],
    [() => Link.create("x", null as Loose), TypeError, "Link.create takes an object, not null"],
    [() => Link.create("x", { libc: 1 as Loose }), TypeError, "Option libc must be a string: 1"],
    [() => Link.createPair("x", "x"), RangeError, 'peerName is "x": the two links must have different names'],
    [() => Link.createPair("x", "y z"), RangeError, 'peerName is "y z": it must not contain " "'],
    [() => Link.createPair("x", "y", { kind: "vcan" as Loose }), RangeError, 'it must be "vxcan"'],
    [() => Link.createPair("x", "y", { netns: "a" } as Loose), TypeError, 'Link.createPair has no option "netns"'],
    [() => Link.open(""), RangeError, 'name is ""'],
    [() => Link.open("sixteen-bytes-xx"), RangeError, "it must have 1 to 15 bytes"],
    [() => Link.open(0), RangeError, "index is 0: it must be a whole number from 1"],
    [() => Link.open(null as Loose), TypeError, "Link.open takes a name or an index, not null"],
    [() => Link.open("can0", { up: true } as Loose), TypeError, 'Link.open has no option "up"; it has libc'],
    [() => Link.list({ kind: "vcan" } as Loose), TypeError, 'Link.list has no option "kind"'],
  ];
  for (const [run, Class, text] of rows) it(text, () => void assertThrows(run, Class, text));
});

describe("Invalid settings", () => {
  const rows: readonly (readonly [unknown, typeof RangeError | typeof TypeError, string])[] = [
    [null, TypeError, "configure takes an object, not null"],
    [{ bitRate: 1 }, TypeError, 'configure has no option "bitRate"; it has txQueueLength, mtu, bitrate'],
    [{ bitrate: 0 }, RangeError, "bitrate is 0: it must be a whole number from 1 to 4294967295"],
    [{ bitrate: 0.5 }, RangeError, "bitrate is 0.5: it must be a whole number"],
    [{ bitrate: "500000" }, TypeError, 'bitrate must be a number: "500000"'],
    [{ samplePoint: 0 }, RangeError, "samplePoint is 0: it must be a fraction of a bit, from 0.001 to 0.999"],
    [{ samplePoint: 0.9999999 }, RangeError, "samplePoint is 0.9999999"],
    [{ samplePoint: 87.5 }, RangeError, "samplePoint is 87.5"],
    [{ samplePoint: NaN }, RangeError, "samplePoint is NaN"],
    [{ dataSamplePoint: "0.8" }, TypeError, "dataSamplePoint must be a number"],
    [{ sjw: 0 }, RangeError, "sjw is 0"],
    [{ restartMs: 2 ** 32 }, RangeError, "restartMs is 4294967296"],
    [{ termination: 65536 }, RangeError, "termination is 65536 (0x10000): it must be a whole number from 0 to 65535"],
    [{ txQueueLength: 1.5 }, RangeError, "txQueueLength is 1.5"],
    [{ modes: { loopBack: true } }, TypeError, 'modes has no option "loopBack"; it has loopback, listen-only'],
    [{ modes: { loopback: 1 } }, TypeError, 'modes["loopback"] must be true or false: 1'],
    [{ modes: { "tdc-auto": true, "tdc-manual": true } }, RangeError, 'modes has both "tdc-auto" and "tdc-manual"'],
    [{ modes: "loopback" }, TypeError, 'modes takes an object, not "loopback"'],
    [{ tdc: {} }, TypeError, "tdc.tdco is missing"],
    [{ tdc: { tdco: -1 } }, RangeError, "tdc.tdco is -1"],
    [{ tdc: { tdcx: 1, tdco: 1 } }, TypeError, 'tdc has no option "tdcx"; it has tdcv, tdco, tdcf'],
  ];
  for (const [configuration, Class, text] of rows) {
    it(text, () => {
      using links = new FakeLinks(device());
      const link = Link.open("can0");
      assertThrows(() => link.configure(configuration as LinkConfiguration), Class, text);
      assertEquals(links.changes, []);
    });
  }

  it("invalid names and options of other changes are refused, and empty changes do nothing", () => {
    using _ = new FakeLinks(device());
    const link = Link.open("can0");
    assertThrows(() => link.rename("a b"), RangeError, 'name is "a b": it must not contain " "');
    assertThrows(
      () => link.rename("x", { force: true } as Loose),
      TypeError,
      'rename has no option "force"; it has restartLink',
    );
    assertThrows(
      () => link.configure({}, { restartLink: 1 as Loose }),
      TypeError,
      "Option restartLink must be true or false",
    );
    assertThrows(() => link.setMtu(1), RangeError, "mtu is 1");
    assertThrows(() => link.moveTo(""), RangeError, 'netns is "": it must be a name');
    link.configure({});
    link.configure({ bitrate: undefined, modes: { fd: undefined } });
    assertEquals(link.name, "can0");
  });
});

describe("Failing system calls of links", () => {
  const rows: Record<string, () => unknown> = {
    "Link.open": () => Link.open("can0"),
    "Link.list": () => Link.list(),
    "Link.create": () => Link.create("vcan5", { up: true }),
    "status": () => Link.open("can0").status(),
    "statistics": () => Link.open("can0").statistics(),
    "configure": () => Link.open("can0").configure({ bitrate: 500_000 }, { restartLink: true }),
    "up": () => Link.open("can0").up(),
    "down": () => Link.open("can0").down(),
    "rename": () => Link.open("can0").rename("x"),
    "moveTo": () => Link.open("can0").moveTo("/dev/null"),
  };
  for (const [name, run] of Object.entries(rows)) {
    it(`${name}: each failure is reported, and no descriptor is left open`, () => {
      // A device that is up and has a bitrate.
      const world = () => {
        const fake = device();
        const links = new FakeLinks(fake);
        Link.open("can0").configure({ bitrate: 250_000 });
        fake.flags = 1;
        return links;
      };
      const made: Call[] = [];
      {
        using _ = world();
        made.push(...withNetlinkFaults(() => undefined, run).made);
      }
      assert(made.length > 5, made.join());
      for (const [failing, call] of made.entries()) {
        const before = openDescriptors();
        using _ = world();
        const fault: Fault = (_call, args, index) => {
          if (index !== failing) return undefined;
          if (call === "close") closeReally(args[0] as number); // as in Linux, where a failed close closes too
          return -ENOMEM;
        };
        let error: unknown;
        try {
          withNetlinkFaults(fault, run);
        } catch (thrown) {
          error = thrown;
        }
        // A status may lack the driver's name; and a link has moved even if closing the namespace's file fails.
        const namespace = call === "close" && made[failing + 1] === "close";
        if (call === "ioctl" || namespace) assertEquals(error, undefined);
        else {
          assertInstanceOf(error, CanError, `call ${failing}, ${call}`);
          assert(/ENOMEM \(cannot allocate memory\)/.test(error.message), error.message);
        }
        assertEquals(openDescriptors(), before, `call ${failing}, ${call}`);
      }
    });
  }

  it("a missing answer is reported, and no descriptor is left open", () => {
    const before = openDescriptors();
    const fault: Fault = (call) => call === "recv" ? -11 : call === "poll" ? 0 : undefined;
    assertThrows(() => withNetlinkFaults(fault, () => Link.list()), CanTimeoutError, "no answer within 10 seconds");
    assertEquals(openDescriptors(), before);
  });

  it("a network namespace that does not exist or may not be opened is reported", () => {
    using _ = new FakeLinks(device());
    const link = Link.open("can0");
    const error = assertThrows(() => link.moveTo("no-such-namespace"), CanInitializationError);
    assertEquals(
      error.message,
      'Cannot open the network namespace "no-such-namespace": ENOENT (no such file or directory); "ip netns list" shows ' +
        'the existing ones, "sudo ip netns add no-such-namespace" creates it',
    );
    assertThrows(() => link.moveTo("/no/such/file"), CanInitializationError, "ENOENT (no such file or directory)");
    const fault: Fault = (call) => call === "open" ? -13 : undefined;
    assertThrows(
      () => withNetlinkFaults(fault, () => link.moveTo("x")),
      CanInitializationError,
      "EACCES (permission denied); that requires root",
    );
  });
});

describe("Statistics", () => {
  it("are read", () => {
    using links = new FakeLinks(device());
    const link = Link.open("can0");
    const before = link.statistics();
    const { index, name, rx, tx, device: counted } = before;
    assertEquals([index, name, rx.packets, tx.bytes, counted?.busOff], [5, "can0", 0, 0, 0]);
    links.links.pop();
    assertThrows(() => link.statistics(), CanError, 'Cannot read link "can0": ENODEV');
  });

  const zero: LinkStatistics = (() => {
    using _ = new FakeLinks(device());
    return Link.open("can0").statistics();
  })();
  const at = (
    time: number,
    rx: number,
    device: Partial<LinkStatistics["device"]> = {},
    changes = {},
  ): LinkStatistics => ({
    ...zero,
    time,
    rx: { ...zero.rx, packets: rx, bytes: 8 * rx },
    device: { ...zero.device!, ...device },
    ...changes,
  });

  it("delta: differences between two readings", () => {
    const delta = Link.delta(at(10, 100, { busError: 7 }), at(12.5, 350, { busError: 9, restarts: 1 }));
    assertEquals([delta.seconds, delta.reset, delta.index, delta.name], [2.5, false, 5, "can0"]);
    assertEquals([delta.rx.packets, delta.rx.bytes, delta.tx.packets], [250, 2000, 0]);
    assertEquals([delta.device?.busError, delta.device?.restarts, delta.device?.busOff], [2, 1, 0]);
  });

  it("delta: 32-bit counters wrap to 0", () => {
    const delta = Link.delta(at(1, 5, { busError: 0xfffffffe }), at(2, 6, { busError: 3 }));
    assertEquals([delta.reset, delta.rx.packets, delta.device?.busError], [false, 1, 5]);
  });

  it("delta: a link that was created again counts from 0", () => {
    for (const changes of [{ index: 6 }, {}]) {
      const delta = Link.delta(at(1, 100, { busError: 9 }), at(2, 30, { busError: 2 }, changes));
      assertEquals([delta.reset, delta.rx.packets, delta.device?.busError], [true, 30, 2]);
    }
  });

  it("delta: a link without a controller", () => {
    const virtual = { device: null };
    assertEquals(Link.delta(at(1, 1, {}, virtual), at(2, 3, {}, virtual)).device, null);
    assertEquals(Link.delta(at(1, 1, {}, virtual), at(2, 3, { busOff: 1 })).device?.busOff, 1);
  });
});
