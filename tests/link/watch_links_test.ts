import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CanError, CanOperationError, type Feed, type LinkEvent, watchLinks } from "../../mod.ts";
import { canTable } from "../../src/kernel/can_netlink.ts";
import { EINTR, EMFILE, ENOBUFS } from "../../src/kernel/errno.ts";
import { ARPHRD_CAN, IFF_RUNNING, IFF_UP } from "../../src/kernel/if.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { type NetlinkMessage, NLM_F_MULTI, NLMSG_DONE } from "../../src/kernel/netlink.ts";
import { encodeAttributes } from "../../src/kernel/nlattr.ts";
import { encodeLinkMessage, RTM_DELLINK, RTM_NEWLINK } from "../../src/kernel/rtnetlink.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { type Datagram, FakeNetlink } from "../support/fake_netlink.ts";
import { type Call, type Fault, withNetlinkFaults } from "../support/faults.ts";

interface FakeLink {
  readonly index: number;
  readonly name?: string;
  readonly up?: boolean;
  /** CAN_STATE_*. */
  readonly state?: number;
  readonly restartMs?: number;
  readonly txErrors?: number;
  readonly type?: number;
}

function notification(type: number, link: FakeLink): NetlinkMessage {
  const { index, name = `can${index}`, up = false, state = up ? 0 : 4, restartMs = 0, txErrors = 0 } = link;
  const data = encodeAttributes(canTable, { state, restartMs, berrCounter: { tx: txErrors, rx: 0 } });
  const attributes = encodeAttributes(linkTable, { name, mtu: 16, operState: up ? 6 : 2, info: { kind: "can", data } });
  const flags = up ? IFF_UP | IFF_RUNNING : 0;
  const payload = encodeLinkMessage({ type: link.type ?? ARPHRD_CAN, index, flags, change: 0, attributes });
  return { type, flags: 0, sequence: 0, pid: 0, payload };
}
const now = (link: FakeLink) => notification(RTM_NEWLINK, link);
const gone = (index: number) => notification(RTM_DELLINK, { index });

/** A watch of simulated links: `existing` is the list that is read, `notify` queues notifications. */
class World implements Disposable {
  existing: FakeLink[];
  readonly watch: Feed<LinkEvent>;
  readonly #fake: FakeNetlink;
  readonly #queue: Datagram[];

  constructor(...existing: FakeLink[]) {
    this.existing = existing;
    this.#fake = new FakeNetlink(({ sequence, pid }) => [[
      ...this.existing.map((link) => ({ ...now(link), flags: NLM_F_MULTI, sequence })),
      { type: NLMSG_DONE, flags: NLM_F_MULTI, sequence, pid, payload: new Uint8Array(4) },
    ]]);
    this.watch = watchLinks();
    this.#queue = [...this.#fake.queues.values()][0];
  }

  notify(...datagrams: Datagram[]): void {
    this.#queue.push(...datagrams);
  }

  /** The next events, as text. */
  async events(count: number): Promise<string[]> {
    const events: LinkEvent[] = [];
    while (events.length < count) events.push((await this.watch.next()).value!);
    return events.map(({ type, status, changes }) => [type, status.name, ...changes].join(" "));
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
    this.#fake[Symbol.dispose]();
  }
}

describe("watchLinks", () => {
  it("reports the changes in one notification in order: settings, up or down, state", async () => {
    using world = new World({ index: 3 });
    world.notify(
      [now({ index: 3, up: true, restartMs: 100 }), now({ index: 3, up: true, restartMs: 100, txErrors: 96 })],
      [now({ index: 3, up: true, restartMs: 100, state: 3 })],
      [now({ index: 3, name: "engine" })],
    );
    assertEquals(await world.events(7), [
      "changed can3 restartMs",
      "up can3 isUp",
      "state can3 state",
      "state can3 state",
      "changed engine name restartMs",
      "down engine isUp",
      "state engine state",
    ]);
  });

  it("reports CAN links that appear and disappear, and no others", async () => {
    using world = new World({ index: 3 });
    world.notify([now({ index: 7, name: "eth0", type: 1 }), now({ index: 4, up: true }), gone(9), gone(3), gone(4)]);
    assertEquals(await world.events(3), ["added can4", "removed can3", "removed can4"]);
  });

  it("reads the links again when notifications were lost", async () => {
    using world = new World({ index: 3 }, { index: 4 });
    world.existing = [{ index: 4, up: true }, { index: 5 }];
    world.notify(-ENOBUFS, [now({ index: 6 })], -EINTR, -ENOBUFS, [now({ index: 4, restartMs: 5 })]);
    assertEquals(await world.events(8), [
      "added can6",
      "changed can4 restartMs",
      "removed can3",
      "removed can6",
      "changed can4 restartMs",
      "up can4 isUp",
      "state can4 state",
      "added can5",
    ]);
  });

  it("throws other errors, and continues", async () => {
    using world = new World();
    world.notify(-EMFILE, new Uint8Array(3), [now({ index: 3 })]);
    await assertRejects(() => world.watch.next(), CanOperationError, "EMFILE");
    await assertRejects(() => world.watch.next(), CanOperationError, "Netlink message at byte 0");
    assertEquals(await world.events(1), ["added can3"]);
  });

  it("refuses invalid options", () => {
    assertThrows(() => watchLinks(null as never), TypeError, "watchLinks takes an object, not null");
    assertThrows(() => watchLinks({ timeout: 1 } as never), TypeError, 'no option "timeout"; it has signal, libc');
    assertThrows(() => watchLinks({ signal: 1 as never }), TypeError, "signal");
  });

  it("leaves no descriptor open, whichever call fails", async () => {
    const before = await restingDescriptors();
    const { result, made } = withNetlinkFaults(() => undefined, () => watchLinks());
    result[Symbol.dispose]();
    assert(["socket", "bind", "setsockopt", "send", "recv"].every((call) => made.includes(call as Call)), made.join());
    for (const [index, call] of made.entries()) {
      if (call === "close") continue;
      const fault: Fault = (_, __, i) => i === index ? -EMFILE : undefined;
      try {
        withNetlinkFaults(fault, () => watchLinks()).result[Symbol.dispose]();
        assert(call === "ioctl", call); // the driver's name, which is optional
      } catch (error) {
        assert(error instanceof CanError, `${call}: ${error}`);
      }
    }
    await descriptorsBackTo(before);
  });
});
