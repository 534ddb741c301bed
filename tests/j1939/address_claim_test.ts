import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AddressClaim, type ClaimAction, type ClaimSetup } from "../../src/j1939/address_claim.ts";
import { type Below, generator } from "../support/random.ts";

/** May choose another address. */
const CAPABLE = 1n << 63n;
const EVERYBODY = 255;
const NONE = 254;

const setup: ClaimSetup = {
  name: CAPABLE | 100n,
  preferred: 0x80,
  range: { first: 128, last: 247 },
  commandable: false,
  random: () => 0.5,
};

/** A machine that has claimed its address at time 0. */
function claimed(init: Partial<ClaimSetup> = {}): AddressClaim {
  const machine = new AddressClaim({ ...setup, ...init });
  for (const action of machine.start(0)) if (action.send === "claim") machine.sent(0, action.address);
  machine.tick(0.25);
  assertEquals(machine.state, "claimed");
  return machine;
}

const claim = (address: number, anew = false): ClaimAction => ({ send: "claim", address, anew });
const request: ClaimAction = { send: "request" };

describe("Address claim", () => {
  it("an address that nobody contests is claimed after a quarter of a second", () => {
    const machine = new AddressClaim(setup);
    assertEquals([machine.state, machine.address, machine.due], ["unclaimed", null, Infinity]);
    assertEquals(machine.start(10), [claim(0x80), request]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    machine.sent(11, 0x80); // the bus was busy
    assertEquals(machine.due, 11.25);
    machine.sent(11.1, 0x80);
    assertEquals(machine.due, 11.25, "counts from the first claim");
    assertEquals(machine.tick(11.24), []);
    assertEquals(machine.state, "claiming");
    assertEquals(machine.tick(11.25), []);
    assertEquals([machine.state, machine.address, machine.due], ["claimed", 0x80, Infinity]);
    assertEquals(machine.tick(100), []);
  });

  it("a smaller NAME defends its address, while claiming and afterwards", () => {
    const machine = new AddressClaim(setup);
    machine.start(0);
    machine.sent(0, 0x80);
    assertEquals(machine.heardClaim(0.1, CAPABLE | 101n, 0x80), [claim(0x80)]);
    assertEquals(machine.due, 0.25, "its claim stays good");
    machine.tick(0.25);
    assertEquals(machine.state, "claimed");
    assertEquals(machine.heardClaim(5, CAPABLE | 101n, 0x80), [claim(0x80)]);
    assertEquals([machine.state, machine.address], ["claimed", 0x80]);
  });

  it("a NAME without the bit for choosing is smaller than all with it", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, CAPABLE - 1n, 0x80), [claim(0x81)]);
  });

  it("claims of other addresses concern nobody", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, 1n, 0x81), []);
    assertEquals(machine.heardClaim(1, 2n, NONE), []);
    assertEquals(machine.state, "claimed");
  });

  it("a greater NAME that may choose claims the first address that is free, at once", () => {
    const machine = claimed();
    machine.heardClaim(0.1, 2n, 0x81);
    machine.heardClaim(0.1, CAPABLE | 500n, 0x82); // would have to yield, but need not
    machine.heardClaim(0.2, 3n, 0x83);
    machine.heardClaim(0.2, 3n, 0x84); // has moved: 0x83 is free
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(0x83)]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x83, Infinity]);
    machine.sent(1, 0x83);
    machine.tick(1.25);
    assertEquals([machine.state, machine.address], ["claimed", 0x83]);
    assertEquals(machine.heardClaim(2, 4n, 0x83), [claim(0x85)]);
  });

  it("a rival that yields too late for the kernels makes it claim the address anew", () => {
    const machine = claimed();
    const [one, two] = [CAPABLE | 101n, CAPABLE | 102n];
    assertEquals(machine.heardClaim(1, one, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(1.2, one, 0x81), [], "in time");
    assertEquals(machine.heardClaim(2, one, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(2.1, two, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(2.3, two, NONE), [], "in time");
    assertEquals(machine.heardClaim(2.3, one, 0x81), [claim(0x80, true)], "too late");
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    machine.sent(2.3, 0x80);
    machine.tick(2.6);
    machine.heardClaim(3, one, 0x80);
    assertEquals(machine.heardClaim(3, 1n, 0x80), [claim(0x81)]);
    assertEquals(machine.heardClaim(4, one, NONE), [], "it is somebody else's by now");
  });

  it("claims anew what the kernel has forgotten", () => {
    const machine = claimed();
    assertEquals(machine.again(), [claim(0x80, true)]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    assertEquals(machine.again(), []);
    machine.sent(2, 0x80);
    machine.tick(2.25);
    assertEquals(machine.state, "claimed");
  });

  it("an address whose holder has given it up is free", () => {
    const machine = claimed();
    machine.heardClaim(0.5, 7n, 0x81);
    machine.heardClaim(0.6, 7n, NONE);
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(0x81)]);
  });

  it("where no address is free, one is claimed whose holder has the greater NAME", () => {
    const machine = claimed({ range: { first: 200, last: 201 } });
    machine.heardClaim(1, 2n, 200);
    machine.heardClaim(1, CAPABLE | 101n, 201);
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(201)]);
  });

  it("the address that it was given counts too, though it is not among those to choose from", () => {
    const machine = claimed({ preferred: 5, range: { first: 200, last: 200 } });
    machine.heardClaim(1, CAPABLE | 1n, 200);
    assertEquals(machine.heardClaim(1, 1n, 5), []);
    assertEquals(machine.state, "cannot-claim");
    const other = claimed({ preferred: 5, range: { first: 200, last: 200 } });
    assertEquals(other.heardClaim(1, 1n, 5), [claim(200)]);
    other.heardClaim(1.1, 1n, 6);
    assertEquals(other.heardClaim(1.2, 2n, 200), [claim(5)]);
  });

  it("where all holders have smaller NAMEs there is none, and that is told after a while at random", () => {
    const machine = claimed({ range: { first: 200, last: 200 } });
    machine.heardClaim(1, 2n, 200);
    assertEquals(machine.heardClaim(1.25, 1n, 0x80), []);
    assertEquals([machine.state, machine.address], ["cannot-claim", null]);
    assert(machine.due > 1.25 && machine.due <= 1.25 + 0.153, `${machine.due}`);
    assertEquals(machine.tick(machine.due), [claim(NONE)]);
    assertEquals(machine.due, Infinity);
  });

  it("a NAME that may not choose has none when it loses its own", () => {
    for (const random of [0, 0.999]) {
      const machine = claimed({ name: 100n, random: () => random });
      assertEquals(machine.heardClaim(1, 99n, 0x80), []);
      assertEquals([machine.state, machine.address, machine.due], ["cannot-claim", null, 1 + 0.153 * random]);
      assertEquals(machine.tick(2), [claim(NONE)]);
      assertEquals(machine.heardClaim(3, 98n, 0x80), [], "it contends for nothing any more");
    }
  });

  it("without a preference, it asks first", () => {
    const machine = new AddressClaim({ ...setup, preferred: null });
    assertEquals(machine.start(0), [request]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", null, 0.25]);
    assertEquals(machine.heardRequest(0.1, EVERYBODY), []);
    machine.heardClaim(0.1, 5n, 128);
    assertEquals(machine.tick(0.25), [claim(129)]);
  });

  it("requests for its address are answered: everybody's and its own", () => {
    const machine = new AddressClaim(setup);
    assertEquals(machine.heardRequest(0, EVERYBODY), [], "has not begun");
    machine.start(0);
    assertEquals(machine.heardRequest(0.1, EVERYBODY), [claim(0x80)]);
    machine.sent(0.1, 0x80);
    machine.tick(0.4);
    assertEquals(machine.heardRequest(1, EVERYBODY), [claim(0x80)]);
    assertEquals(machine.heardRequest(1, 0x80), [claim(0x80)]);
    assertEquals(machine.heardRequest(1, 0x81), []);
    assertEquals([machine.state, machine.due], ["claimed", Infinity]);
  });

  it("who has no address answers everybody's requests with that, each after a while, one at a time", () => {
    const machine = claimed({ name: 100n });
    machine.heardClaim(1, 99n, 0x80);
    machine.tick(2);
    assertEquals(machine.heardRequest(3, EVERYBODY), []);
    const { due } = machine;
    assertEquals(machine.heardRequest(3.01, EVERYBODY), []);
    assertEquals(machine.due, due);
    assertEquals(machine.tick(due), [claim(NONE)]);
    assertEquals(machine.heardRequest(5, 0x80), []);
    assertEquals(machine.due, Infinity);
  });

  it("a command to claim another address is followed by who is commandable and of that NAME", () => {
    assertEquals(claimed().heardCommand(setup.name, 0x90), []);
    const machine = claimed({ commandable: true });
    assertEquals(machine.heardCommand(99n, 0x90), []);
    assertEquals(machine.heardCommand(setup.name, NONE), []);
    assertEquals(machine.heardCommand(setup.name, 0x90), [claim(0x90)]);
    assertEquals([machine.state, machine.address], ["claiming", 0x90]);
    machine.sent(2, 0x90);
    machine.tick(2.25);
    assertEquals([machine.state, machine.address], ["claimed", 0x90]);
    const beaten = claimed({ name: 100n, commandable: true });
    beaten.heardClaim(1, 99n, 0x80);
    assertEquals(beaten.heardCommand(100n, 0x90), [claim(0x90)], "also who has none");
    assertEquals(beaten.heardCommand(100n, 0x90), [claim(0x90, true)]);
    assertEquals(new AddressClaim({ ...setup, commandable: true }).heardCommand(setup.name, 0x90), [], "has not begun");
  });

  it("where another process claims for the same NAME, its address counts", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, setup.name, 0x80), []);
    assertEquals(machine.state, "claimed");
    assertEquals(machine.heardClaim(1, setup.name, 0x99), []);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x99, 1.25]);
  });

  it("after the network was gone it begins anew, with the address that it had", () => {
    const machine = claimed();
    machine.heardClaim(1, 1n, 0x80);
    machine.sent(1, 0x81);
    machine.tick(2);
    assertEquals(machine.address, 0x81);
    machine.stop();
    assertEquals([machine.state, machine.due], ["unclaimed", Infinity]);
    assertEquals(machine.heardClaim(3, 1n, 0x81), []);
    assertEquals(machine.start(4), [claim(0x81, true), request]);
    const beaten = claimed({ name: 100n });
    beaten.heardClaim(1, 99n, 0x80);
    beaten.stop();
    assertEquals(beaten.start(4), [claim(0x80, true)]);
  });

  it("networks of any nodes come to rest: each address once, and who has none is the greatest", () => {
    const below = generator(81);
    for (let round = 0; round < 150; round++) settle(below);
  });
});

/** A network of nodes that begin at random times and hear each other after random delays. */
function settle(below: Below): void {
  const first = 128;
  const count = 2 + below(8);
  const range = { first, last: first + below(count + 3) };
  const names = new Set<bigint>();
  while (names.size < count) names.add((below(4) > 0 ? CAPABLE : 0n) | BigInt(1 + below(1000)));
  const nodes = [...names].map((name) => {
    const preferred = (name & CAPABLE) !== 0n && below(3) === 0 ? null : first + below(count);
    return {
      name,
      preferred,
      machine: new AddressClaim({ ...setup, name, preferred, range, random: () => below(1000) / 1000 }),
    };
  });
  /** What will happen, when. */
  const agenda: { at: number; run: () => void }[] = [];
  let now = 0;
  const later = (delay: number, run: () => void) => agenda.push({ at: now + delay, run });
  const perform = (node: (typeof nodes)[number], actions: ClaimAction[]) => {
    for (const action of actions) {
      // The bus has one order for all.
      later(below(20) / 1000, () => {
        if (action.send === "claim") node.machine.sent(now, action.address);
        for (const other of nodes) {
          if (other === node) continue;
          perform(
            other,
            action.send === "request"
              ? other.machine.heardRequest(now, EVERYBODY)
              : other.machine.heardClaim(now, node.name, action.address),
          );
        }
      });
    }
  };
  for (const node of nodes) later(below(2000) / 1000, () => perform(node, node.machine.start(now)));
  for (let steps = 0;; steps++) {
    assert(steps < 20_000, "does not come to rest");
    const ticking = nodes.reduce((least, node) => node.machine.due < least.machine.due ? node : least);
    agenda.sort((a, b) => a.at - b.at);
    if (agenda.length > 0 && agenda[0].at <= ticking.machine.due) {
      const { at, run } = agenda.shift()!;
      now = at;
      run();
    } else if (ticking.machine.due < Infinity) {
      now = ticking.machine.due;
      perform(ticking, ticking.machine.tick(now));
    } else break;
  }
  const told = JSON.stringify(
    nodes.map(({ name, preferred, machine: { state, address } }) => [`${name}`, preferred, state, address]),
  );
  const holders = nodes.filter(({ machine }) => machine.state === "claimed");
  assertEquals(new Set(holders.map(({ machine }) => machine.address)).size, holders.length, told);
  for (const { name, preferred, machine } of nodes) {
    if (machine.state === "claimed") {
      const allowed = machine.address === preferred ||
        ((name & CAPABLE) !== 0n && machine.address! >= range.first && machine.address! <= range.last);
      assert(allowed, told);
      continue;
    }
    assertEquals(machine.state, "cannot-claim", told);
    // Whatever it might have had, a smaller NAME has.
    const possible = (name & CAPABLE) === 0n
      ? []
      : Array.from({ length: range.last - range.first + 1 }, (_, i) => first + i);
    for (const address of [...possible, ...(preferred === null ? [] : [preferred])]) {
      const holder = holders.find((each) => each.machine.address === address);
      assert(holder && holder.name < name, `${name} might have had ${address}: ${told}`);
    }
  }
}
