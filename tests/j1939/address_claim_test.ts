import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AddressClaim, type ClaimAction, type ClaimSetup } from "../../src/j1939/address_claim.ts";
import { type Below, generator } from "../support/random.ts";

/** The bit of a NAME that may choose another address. */
const CAPABLE = 1n << 63n;
const ALL_NODES = 255;
const NULL_ADDRESS = 254;

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
  for (const action of machine.start(0)) if (action.send === "claim") machine.claimSent(0, action.address);
  machine.tick(0.25);
  assertEquals(machine.state, "claimed");
  return machine;
}

const claim = (address: number, reclaim = false): ClaimAction => ({ send: "claim", address, reclaim });
const request: ClaimAction = { send: "request" };

describe("Address claim", () => {
  it("an uncontested address is claimed after a quarter of a second", () => {
    const machine = new AddressClaim(setup);
    assertEquals([machine.state, machine.address, machine.due], ["unclaimed", null, Infinity]);
    assertEquals(machine.start(10), [claim(0x80), request]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    machine.claimSent(11, 0x80); // the bus was busy
    assertEquals(machine.due, 11.25);
    machine.claimSent(11.1, 0x80);
    assertEquals(machine.due, 11.25, "the time counts from the first claim");
    assertEquals(machine.tick(11.24), []);
    assertEquals(machine.state, "claiming");
    assertEquals(machine.tick(11.25), []);
    assertEquals([machine.state, machine.address, machine.due], ["claimed", 0x80, Infinity]);
    assertEquals(machine.tick(100), []);
  });

  it("a smaller NAME defends its address, during the claim and afterwards", () => {
    const machine = new AddressClaim(setup);
    machine.start(0);
    machine.claimSent(0, 0x80);
    assertEquals(machine.heardClaim(0.1, CAPABLE | 101n, 0x80), [claim(0x80)]);
    assertEquals(machine.due, 0.25, "its claim stays valid");
    machine.tick(0.25);
    assertEquals(machine.state, "claimed");
    assertEquals(machine.heardClaim(5, CAPABLE | 101n, 0x80), [claim(0x80)]);
    assertEquals([machine.state, machine.address], ["claimed", 0x80]);
  });

  it("a NAME without the bit for choosing is smaller than all NAMEs with it", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, CAPABLE - 1n, 0x80), [claim(0x81)]);
  });

  it("claims of other addresses have no effect", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, 1n, 0x81), []);
    assertEquals(machine.heardClaim(1, 2n, NULL_ADDRESS), []);
    assertEquals(machine.state, "claimed");
  });

  it("a greater NAME that may choose claims the first free address, at once", () => {
    const machine = claimed();
    machine.heardClaim(0.1, 2n, 0x81);
    machine.heardClaim(0.1, CAPABLE | 500n, 0x82); // would have to yield, but a free address comes first
    machine.heardClaim(0.2, 3n, 0x83);
    machine.heardClaim(0.2, 3n, 0x84); // the node has moved: 0x83 is free
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(0x83)]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x83, Infinity]);
    machine.claimSent(1, 0x83);
    machine.tick(1.25);
    assertEquals([machine.state, machine.address], ["claimed", 0x83]);
    assertEquals(machine.heardClaim(2, 4n, 0x83), [claim(0x85)]);
  });

  it("a loser that yields too late for the kernels makes it claim the address again", () => {
    const machine = claimed();
    const [one, two] = [CAPABLE | 101n, CAPABLE | 102n];
    assertEquals(machine.heardClaim(1, one, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(1.2, one, 0x81), [], "in time");
    assertEquals(machine.heardClaim(2, one, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(2.1, two, 0x80), [claim(0x80)]);
    assertEquals(machine.heardClaim(2.3, two, NULL_ADDRESS), [], "in time");
    assertEquals(machine.heardClaim(2.3, one, 0x81), [claim(0x80, true)], "too late");
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    machine.claimSent(2.3, 0x80);
    machine.tick(2.6);
    machine.heardClaim(3, one, 0x80);
    assertEquals(machine.heardClaim(3, 1n, 0x80), [claim(0x81)]);
    assertEquals(machine.heardClaim(4, one, NULL_ADDRESS), [], "another node holds the address by now");
  });

  it("claims an address again that the kernel has lost", () => {
    const machine = claimed();
    assertEquals(machine.reclaim(), [claim(0x80, true)]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
    assertEquals(machine.reclaim(), []);
    machine.claimSent(2, 0x80);
    machine.tick(2.25);
    assertEquals(machine.state, "claimed");
  });

  it("an address that its holder has given up is free", () => {
    const machine = claimed();
    machine.heardClaim(0.5, 7n, 0x81);
    machine.heardClaim(0.6, 7n, NULL_ADDRESS);
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(0x81)]);
  });

  it("if no address is free, it claims one whose holder has a greater NAME", () => {
    const machine = claimed({ range: { first: 200, last: 201 } });
    machine.heardClaim(1, 2n, 200);
    machine.heardClaim(1, CAPABLE | 101n, 201);
    assertEquals(machine.heardClaim(1, 1n, 0x80), [claim(201)]);
  });

  it("the preferred address is a choice too, even outside the range", () => {
    const machine = claimed({ preferred: 5, range: { first: 200, last: 200 } });
    machine.heardClaim(1, CAPABLE | 1n, 200);
    assertEquals(machine.heardClaim(1, 1n, 5), []);
    assertEquals(machine.state, "cannot-claim");
    const other = claimed({ preferred: 5, range: { first: 200, last: 200 } });
    assertEquals(other.heardClaim(1, 1n, 5), [claim(200)]);
    other.heardClaim(1.1, 1n, 6);
    assertEquals(other.heardClaim(1.2, 2n, 200), [claim(5)]);
  });

  it("if all holders have smaller NAMEs, it sends a cannot-claim message after a random delay", () => {
    const machine = claimed({ range: { first: 200, last: 200 } });
    machine.heardClaim(1, 2n, 200);
    assertEquals(machine.heardClaim(1.25, 1n, 0x80), []);
    assertEquals([machine.state, machine.address], ["cannot-claim", null]);
    assert(machine.due > 1.25 && machine.due <= 1.25 + 0.153, `${machine.due}`);
    assertEquals(machine.tick(machine.due), [claim(NULL_ADDRESS)]);
    assertEquals(machine.due, Infinity);
  });

  it("a NAME that may not choose has no address after it loses its own", () => {
    for (const random of [0, 0.999]) {
      const machine = claimed({ name: 100n, random: () => random });
      assertEquals(machine.heardClaim(1, 99n, 0x80), []);
      assertEquals([machine.state, machine.address, machine.due], ["cannot-claim", null, 1 + 0.153 * random]);
      assertEquals(machine.tick(2), [claim(NULL_ADDRESS)]);
      assertEquals(machine.heardClaim(3, 98n, 0x80), [], "it contests no address any more");
    }
  });

  it("without a preferred address, it sends a request first", () => {
    const machine = new AddressClaim({ ...setup, preferred: null });
    assertEquals(machine.start(0), [request]);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", null, 0.25]);
    assertEquals(machine.heardRequest(0.1, ALL_NODES), []);
    machine.heardClaim(0.1, 5n, 128);
    assertEquals(machine.tick(0.25), [claim(129)]);
  });

  it("it answers requests to all nodes and to its own address", () => {
    const machine = new AddressClaim(setup);
    assertEquals(machine.heardRequest(0, ALL_NODES), [], "not started");
    machine.start(0);
    assertEquals(machine.heardRequest(0.1, ALL_NODES), [claim(0x80)]);
    machine.claimSent(0.1, 0x80);
    machine.tick(0.4);
    assertEquals(machine.heardRequest(1, ALL_NODES), [claim(0x80)]);
    assertEquals(machine.heardRequest(1, 0x80), [claim(0x80)]);
    assertEquals(machine.heardRequest(1, 0x81), []);
    assertEquals([machine.state, machine.due], ["claimed", Infinity]);
  });

  it("a node without an address answers requests to all nodes with one delayed cannot-claim message", () => {
    const machine = claimed({ name: 100n });
    machine.heardClaim(1, 99n, 0x80);
    machine.tick(2);
    assertEquals(machine.heardRequest(3, ALL_NODES), []);
    const { due } = machine;
    assertEquals(machine.heardRequest(3.01, ALL_NODES), []);
    assertEquals(machine.due, due);
    assertEquals(machine.tick(due), [claim(NULL_ADDRESS)]);
    assertEquals(machine.heardRequest(5, 0x80), []);
    assertEquals(machine.due, Infinity);
  });

  it("a commandable node follows a command to its NAME to claim another address", () => {
    assertEquals(claimed().heardCommand(setup.name, 0x90), []);
    const machine = claimed({ commandable: true });
    assertEquals(machine.heardCommand(99n, 0x90), []);
    assertEquals(machine.heardCommand(setup.name, NULL_ADDRESS), []);
    assertEquals(machine.heardCommand(setup.name, 0x90), [claim(0x90)]);
    assertEquals([machine.state, machine.address], ["claiming", 0x90]);
    machine.claimSent(2, 0x90);
    machine.tick(2.25);
    assertEquals([machine.state, machine.address], ["claimed", 0x90]);
    const loser = claimed({ name: 100n, commandable: true });
    loser.heardClaim(1, 99n, 0x80);
    assertEquals(loser.heardCommand(100n, 0x90), [claim(0x90)], "also without an address");
    assertEquals(loser.heardCommand(100n, 0x90), [claim(0x90, true)]);
    assertEquals(new AddressClaim({ ...setup, commandable: true }).heardCommand(setup.name, 0x90), [], "not started");
  });

  it("if another process claims for the same NAME, it follows to that address", () => {
    const machine = claimed();
    assertEquals(machine.heardClaim(1, setup.name, 0x80), []);
    assertEquals(machine.state, "claimed");
    assertEquals(machine.heardClaim(1, setup.name, 0x99), []);
    assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x99, 1.25]);
  });

  it("if another host claims with the same NAME, a node that holds an address claims it again", () => {
    const machine = claimed();
    for (let i = 1; i < 4; i++) {
      assertEquals(machine.heardOwnName(), [claim(0x80, true)]);
      assertEquals([machine.state, machine.address, machine.due], ["claiming", 0x80, Infinity]);
      machine.claimSent(i, 0x80);
      machine.tick(i + 0.25);
      assertEquals([machine.state, machine.address], ["claimed", 0x80]);
    }
  });

  it("if another host claims with the same NAME, a node that is still claiming gives up silently", () => {
    const machine = new AddressClaim({ ...setup, commandable: true });
    assertEquals(machine.heardOwnName(), []);
    assertEquals(machine.state, "unclaimed");
    machine.start(0);
    machine.heardClaim(0, CAPABLE | 101n, 0x80);
    assertEquals(machine.heardOwnName(), []);
    assertEquals([machine.state, machine.address, machine.due], ["duplicate-name", null, Infinity]);
    machine.claimSent(0.1, 0x80);
    assertEquals(machine.due, Infinity);
    for (
      const actions of [
        machine.heardOwnName(),
        machine.heardRequest(1, ALL_NODES),
        machine.heardCommand(setup.name, 0x90),
        machine.heardClaim(1, 1n, 0x80),
        machine.heardClaim(1, setup.name, 0x80),
        machine.heardClaim(1, CAPABLE | 101n, NULL_ADDRESS),
        machine.reclaim(),
        machine.tick(2),
      ]
    ) assertEquals(actions, []);
    assertEquals(machine.state, "duplicate-name");
    machine.stop();
    assertEquals(machine.state, "unclaimed");
    assertEquals(machine.start(3), [claim(0x80, true), request]);
  });

  it("two nodes that hold addresses with the same NAME do not claim in turn forever", () => {
    for (const addresses of [[0x80, 0x80], [0x80, 0x90]]) {
      const nodes = addresses.map((preferred) => claimed({ preferred }));
      // Node 1 answers a request, and each claim reaches the other node.
      let [from, count] = [1, 1];
      for (let sender = 1; count > 0; sender = from) {
        assert(count < 10, "claims in turn");
        from = 1 - sender;
        count = nodes[from].heardOwnName().length === 0 ? 0 : count + 1;
      }
      assertEquals(nodes.map(({ state }) => state).sort(), ["claiming", "duplicate-name"]);
    }
  });

  it("a loser that yields after the address was lost has no effect", () => {
    const machine = claimed({ name: 100n });
    machine.heardClaim(1, 101n, 0x80);
    machine.heardClaim(1, 99n, 0x80);
    assertEquals(machine.heardClaim(2, 101n, NULL_ADDRESS), []);
    assertEquals([machine.state, machine.address], ["cannot-claim", null]);
  });

  it("after the link was down it starts again, with the address that it had", () => {
    const machine = claimed();
    machine.heardClaim(1, 1n, 0x80);
    machine.claimSent(1, 0x81);
    machine.tick(2);
    assertEquals(machine.address, 0x81);
    machine.stop();
    assertEquals([machine.state, machine.due], ["unclaimed", Infinity]);
    assertEquals(machine.heardClaim(3, 1n, 0x81), []);
    assertEquals(machine.start(4), [claim(0x81, true), request]);
    const loser = claimed({ name: 100n });
    loser.heardClaim(1, 99n, 0x80);
    loser.stop();
    assertEquals(loser.start(4), [claim(0x80, true)]);
  });

  it("random networks settle: each address has one holder, and only the greatest NAMEs have none", () => {
    const below = generator(81);
    for (let round = 0; round < 150; round++) settle(below);
  });
});

/** Runs a network of nodes that start at random times and receive each other's messages after random delays. */
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
  /** The coming events and their times. */
  const agenda: { at: number; run: () => void }[] = [];
  let now = 0;
  const later = (delay: number, run: () => void) => agenda.push({ at: now + delay, run });
  const perform = (node: (typeof nodes)[number], actions: ClaimAction[]) => {
    for (const action of actions) {
      // The bus delivers messages to all nodes in the same order.
      later(below(20) / 1000, () => {
        if (action.send === "claim") node.machine.claimSent(now, action.address);
        for (const other of nodes) {
          if (other === node) continue;
          perform(
            other,
            action.send === "request"
              ? other.machine.heardRequest(now, ALL_NODES)
              : other.machine.heardClaim(now, node.name, action.address),
          );
        }
      });
    }
  };
  for (const node of nodes) later(below(2000) / 1000, () => perform(node, node.machine.start(now)));
  for (let steps = 0;; steps++) {
    assert(steps < 20_000, "the network does not settle");
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
  const result = JSON.stringify(
    nodes.map(({ name, preferred, machine: { state, address } }) => [`${name}`, preferred, state, address]),
  );
  const holders = nodes.filter(({ machine }) => machine.state === "claimed");
  assertEquals(new Set(holders.map(({ machine }) => machine.address)).size, holders.length, result);
  for (const { name, preferred, machine } of nodes) {
    if (machine.state === "claimed") {
      const allowed = machine.address === preferred ||
        ((name & CAPABLE) !== 0n && machine.address! >= range.first && machine.address! <= range.last);
      assert(allowed, result);
      continue;
    }
    assertEquals(machine.state, "cannot-claim", result);
    // Every address that it might have claimed is held by a smaller NAME.
    const possible = (name & CAPABLE) === 0n
      ? []
      : Array.from({ length: range.last - range.first + 1 }, (_, i) => first + i);
    for (const address of [...possible, ...(preferred === null ? [] : [preferred])]) {
      const holder = holders.find((each) => each.machine.address === address);
      assert(holder && holder.name < name, `${name} might have claimed ${address}: ${result}`);
    }
  }
}
