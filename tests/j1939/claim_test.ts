import { describe } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Bus,
  CanOperationError,
  CanTimeoutError,
  type ClaimStatus,
  type J1939Message,
  Message,
  Name,
} from "../../mod.ts";
import { ENOBUFS } from "../../src/kernel/errno.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { withFaults } from "../support/faults.ts";
import { bytes, it, next, node, SOON, until } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";

const DIRECT = 0xef00;
const CLAIMED = 0x18eeff00;
const NO_ADDRESS = 0xfe;

/** A NAME that may choose another address. The smaller number wins. */
function name(identityNumber: number): Name {
  return new Name({ identityNumber, manufacturerCode: 1, function: 130, arbitraryAddressCapable: true });
}

/** A NAME that may not choose another address. */
function fixed(identityNumber: number): Name {
  return new Name({ identityNumber, manufacturerCode: 2, function: 130 });
}

/** The frame of a claim. */
function claimOf(claimed: Name, address: number): Message {
  return new Message({ arbitrationId: CLAIMED | address, data: claimed.toBytes() });
}

/** Addresses, and the identity numbers of their NAMEs. */
type Claims = [address: number, identityNumber: number][];

/** The claims that a bus has received. */
function claims(bus: Bus): Claims {
  return bus.recvMany(999, 0)
    .filter(({ arbitrationId }) => (arbitrationId & 0x1fffff00) === CLAIMED)
    .map(({ arbitrationId, data }) => [arbitrationId & 0xff, new Name(data).identityNumber]);
}

/** The claims that a bus receives until a condition holds for all of them. */
async function claimsUntil(bus: Bus, condition: (all: Claims) => boolean): Promise<Claims> {
  const all: Claims = [];
  await until(() => {
    all.push(...claims(bus));
    return condition(all);
  });
  return all;
}

describe("J1939Socket.claim", { skip: noJ1939 }, () => {
  it("claims the address, which then belongs to the NAME", async () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(5), address: 0x42 });
    using other = node({ address: 0x30 });
    assertEquals([ecu.state, ecu.address], ["unclaimed", null]);
    const start = performance.now();
    const claim = ecu.claim();
    assertEquals([ecu.state, ecu.address], ["claiming", 0x42]);
    assertEquals(await claim, 0x42);
    assert(performance.now() - start >= 250);
    assertEquals([ecu.state, ecu.address], ["claimed", 0x42]);
    assertEquals(await ecu.claim(), 0x42);
    assertEquals(claims(bus), [[0x42, 5]]);
    ecu.send({ pgn: DIRECT, destination: 0x30, data: [1] });
    const message = await next(other, DIRECT);
    assertEquals([message.source, message.name, message.destinationName], [0x42, name(5).value, null]);
    for (const destination of [0x42, name(5), name(5).value]) {
      for (const length of [1, 100]) {
        other.send({ pgn: DIRECT, destination, data: bytes(length) });
        const answer = await next(ecu, DIRECT);
        assertEquals([answer.destination, answer.destinationName, answer.name], [0x42, name(5).value, null]);
        assertEquals(answer.data, bytes(length));
      }
    }
  });

  it("in a contest the smaller NAME gets the address, and the other node another", async () => {
    using bus = new Bus("vcan0");
    using weak = node({ name: name(9), address: 0x80 });
    using strong = node({ name: name(4), address: 0x80 });
    assertEquals(await weak.claim(), 0x80);
    assertEquals(await strong.claim(), 0x80);
    await until(() => weak.address === 0x81 && weak.state === "claimed"); // the claim may not have arrived yet
    assertEquals(await weak.claim(), 0x81);
    assertEquals([strong.address, strong.state], [0x80, "claimed"]);
    // A node that may choose requests all addresses, and a slow node is answered again, so a claim may come twice.
    const seen = claims(bus).map(String);
    assertEquals([...new Set(seen)], [[0x80, 9], [0x80, 4], [0x81, 9]].map(String));
    strong.send({ pgn: DIRECT, destination: name(9), data: [1] });
    assertEquals((await next(weak, DIRECT)).source, 0x80);
    weak.send({ pgn: DIRECT, destination: name(4), data: bytes(50) });
    assertEquals((await next(strong, DIRECT)).name, name(9).value);
  });

  it("in a contest at the same moment both claim, and one defends", async () => {
    using bus = new Bus("vcan0");
    using weak = node({ name: name(9), address: 0x80 });
    using strong = node({ name: name(4), address: 0x80 });
    const both = await Promise.all([strong.claim(), weak.claim()]);
    assertEquals(both, [0x80, 0x81]);
    const seen = await claimsUntil(bus, (all) => all.filter(([, identity]) => identity === 4).length >= 2);
    assertEquals(seen.filter(([, identity]) => identity === 9).map(([address]) => address).at(-1), 0x81);
  });

  it("many nodes that want the same address all get one", async () => {
    const nodes = Array.from(
      { length: 8 },
      (_, i) => node({ name: name(20 - i), address: 0x90, filters: [{ pgn: DIRECT }] }),
    );
    try {
      await Promise.all(nodes.map((each) => each.claim({ timeout: SOON })));
      await pause(500); // most contests are over by then
      const different = () => new Set(nodes.map(({ address }) => address)).size === nodes.length;
      await until(() => nodes.every(({ state }) => state === "claimed") && different());
      assertEquals(nodes.at(-1)!.address, 0x90, "the smallest NAME has it");
      // If the process was too slow for the kernel to follow, the first message claims the address again.
      for (const each of nodes) await each.sendAsync({ pgn: 0xfeca, data: [1] }, { timeout: SOON });
      for (const [i, each] of nodes.entries()) {
        each.send({ pgn: DIRECT, destination: nodes[(i + 1) % 8].name!, data: [i] });
        assertEquals((await next(nodes[(i + 1) % 8], DIRECT)).source, each.address);
      }
    } finally {
      for (const each of nodes) each.close();
    }
  });

  it("a node that may not choose and loses sends cannot-claim, and no more messages", async () => {
    using bus = new Bus("vcan0");
    using weak = node({ name: fixed(9), address: 0x30 });
    using strong = node({ name: fixed(4), address: 0x30 });
    assertEquals(await weak.claim(), 0x30);
    assertEquals(await strong.claim(), 0x30);
    await until(() => weak.state === "cannot-claim"); // the claim may not have arrived yet
    assertEquals(weak.address, null);
    const seen = await claimsUntil(bus, (all) => all.length >= 3);
    assertEquals(seen.slice(0, 3), [[0x30, 9], [0x30, 4], [NO_ADDRESS, 9]]);
    const error = await assertRejects(() => weak.claim(), CanOperationError, "Cannot claim an address on");
    assertEquals(error.code, "EADDRNOTAVAIL");
    // If all this takes long, the strong node claims again.
    const again = await claimsUntil(bus, (all) => all.some(([address]) => address === NO_ADDRESS));
    assertEquals(again.slice(0, 3), [[0x30, 9], [0x30, 4], [NO_ADDRESS, 9]]);
    const send = () => weak.sendAsync({ pgn: 0xfeca, data: [1] });
    const text = "this socket's NAME has no address: nodes with smaller NAMEs hold all that it may claim";
    assertEquals((await assertRejects(send, CanOperationError, text)).code, "EADDRNOTAVAIL");
    strong.send({ pgn: 0xfeca, data: [1] });
    strong.close();
    assertEquals(await weak.claim(), 0x30, "claims again");
  });

  it("a node without an address answers requests with cannot-claim, and claims on command", async () => {
    using bus = new Bus("vcan0");
    using weak = node({ name: fixed(9), address: 0x30, claim: { commandable: true } });
    using strong = node({ name: fixed(4), address: 0x30 });
    using tool = node({ address: 0xf9 });
    await strong.claim();
    await assertRejects(() => weak.claim(), CanOperationError, "EADDRNOTAVAIL");
    for (let i = 0; i < 3; i++) {
      await pause(300);
      bus.recvMany(999, 0);
      bus.send(new Message({ arbitrationId: 0x18eafff9, data: [0x00, 0xee, 0x00] }));
      const seen = await claimsUntil(bus, (all) => all.length >= 2);
      assertEquals(seen.sort(([one], [other]) => one - other), [[0x30, 4], [NO_ADDRESS, 9]]);
    }
    tool.send({ pgn: 0xfed8, data: [...fixed(9).toBytes(), 0x31] });
    await until(() => weak.state === "claimed");
    assertEquals(weak.address, 0x31);
    weak.send({ pgn: DIRECT, destination: fixed(4), data: [1] });
    assertEquals((await next(strong, DIRECT)).source, 0x31);
  });

  it("if the address is lost while a long message is sent, the send settles, and the next message has the new address", async () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(50), address: 0x42 });
    using other = node({ address: 0x30, filters: [{ pgn: 0xfeca }] });
    await ecu.claim();
    const message = { pgn: 0xfeca, data: bytes(150) }; // 22 packets: more than a second
    const sent = ecu.sendAsync(message, { acknowledged: true, timeout: SOON }).then(
      () => "done",
      (error) => error.code,
    );
    await pause(200);
    bus.send(claimOf(name(1), 0x42));
    const outcome = await sent;
    assert(outcome !== "ETIMEDOUT", "the send gets the outcome");
    await until(() => ecu.address === 0x80 && ecu.state === "claimed");
    // Nodes that have received a part of it ignore another message of several frames until they have dropped it.
    let received: J1939Message | null = null;
    for (let tries = 0; received?.data.length !== 30; tries++) {
      assert(tries < 20, "it was never delivered");
      await ecu.sendAsync({ pgn: 0xfeca, data: bytes(30) }, { acknowledged: true, timeout: SOON });
      received = await other.recvAsync({ timeout: 1 });
    }
    assertEquals([received.source, received.name], [0x80, name(50).value]);
    assertEquals(received.data, bytes(30));
  });

  it("without a preferred address it claims the first free one of its range", async () => {
    using bus = new Bus("vcan0");
    using first = node({ name: name(30), address: 0x90, claim: { range: [0x90, 0x91] } });
    using second = node({ name: name(31), claim: { range: [0x90, 0x91] } });
    using third = node({ name: name(32), claim: { range: [0x90, 0x91] } });
    assertEquals(await first.claim(), 0x90);
    assertEquals(await second.claim(), 0x91);
    await assertRejects(() => third.claim(), CanOperationError, "EADDRNOTAVAIL");
    assertEquals(third.state, "cannot-claim");
    first.close(); // without a message to other nodes
    second.send({ pgn: DIRECT, destination: 0x30, data: [1] });
    const none = (all: Claims) => all.filter(([address]) => address === NO_ADDRESS);
    assertEquals(none(await claimsUntil(bus, (all) => none(all).length > 0)), [[NO_ADDRESS, 32]]);
    assertEquals(await third.claim(), 0x90, "a new request for it gets no answer");
  });

  it("answers requests for addresses", async () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(5), address: 0x42 });
    await ecu.claim();
    bus.recvMany(99, 0);
    const ask = (destination: number, ...data: number[]) =>
      bus.send(new Message({ arbitrationId: 0x18ea0000 | destination << 8 | 0xf9, data }));
    for (const destination of [0xff, 0x42]) {
      ask(destination, 0x00, 0xee, 0x00);
      const { arbitrationId, data } = (await bus.recvAsync({ timeout: SOON }))!;
      assertEquals([arbitrationId, ...data], [CLAIMED | 0x42, ...name(5).toBytes()]);
    }
    ask(0x43, 0x00, 0xee, 0x00); // to another address
    ask(0xff, 0xda, 0xfe, 0x00); // for another PGN
    ask(0xff, 0x00, 0xee); // too short
    await pause(100);
    assertEquals(claims(bus), []);
    assertEquals(ecu.state, "claimed");
    ecu.send({ pgn: 0xfeca, data: [1] }); // the claim is still valid
  });

  it("defends its address while the thread is blocked", () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(5), address: 0x42, filters: [{ pgn: DIRECT }] });
    let claimed = false;
    const claim = ecu.claim().then(() => claimed = true);
    for (let i = 0; i < 200 && ecu.state !== "claimed"; i++) ecu.recv(0.02);
    assertEquals(ecu.state, "claimed");
    assert(!claimed, "the event loop did not run");
    bus.recvMany(99, 0);
    bus.send(claimOf(name(6), 0x42));
    const seen: Claims = [];
    for (let i = 0; i < 100 && seen.length === 0; i++) {
      assertEquals(ecu.recv(0.2), null);
      seen.push(...claims(bus));
    }
    assertEquals(seen, [[0x42, 5]]);
    return claim.then(() => assert(claimed));
  });

  it("claims its address again if the kernel has lost it", async () => {
    using ecu = node({ name: name(5), address: 0x42 });
    using known = node({ name: name(6), address: 0x43 });
    using other = node({ address: 0x30 });
    await Promise.all([ecu.claim(), known.claim()]);
    for (const destination of [0x30, name(6)]) {
      // As a kernel does that receives a rival's claim, and too late that the rival has yielded.
      let failed = 0;
      const fault = (call: string) => call === "sendmmsg" && failed++ === 0 ? -99 : undefined;
      const sent = withFaults(fault, () => ecu.sendAsync({ pgn: DIRECT, destination, data: [1] })).result;
      if (destination === 0x30) {
        await sent;
        assertEquals((await next(other, DIRECT)).source, 0x42);
        assertEquals(await ecu.claim(), 0x42);
      } else await assertRejects(() => sent, CanOperationError, "EADDRNOTAVAIL"); // it did not help the last time
    }
    const stranger = () => ecu.sendAsync({ pgn: DIRECT, destination: name(7), data: [1] });
    await assertRejects(stranger, CanOperationError, "EADDRNOTAVAIL");
    assertEquals(ecu.state, "claimed");
  });

  it("a send during the first claim or a contest waits for the address", async () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(50), address: 0x42, claim: { range: [0x80, 0x9f] } });
    using other = node({ address: 0x30, filters: [{ pgn: DIRECT }] });
    const message = { pgn: DIRECT, destination: 0x30, data: [1] };
    const contest = async () => {
      const { address } = ecu;
      bus.send(claimOf(name(1), address!));
      await until(() => ecu.address !== address);
      assertEquals(ecu.state, "claiming");
    };
    const claim = ecu.claim();
    for (let round = 0; round < 2; round++) {
      ecu.send(message, SOON);
      const { source, name } = await next(other);
      assertEquals([source, name], [ecu.address, ecu.name!.value], "blocking");
      await until(() => ecu.state === "claimed");
      await contest();
      const sent = [
        ecu.sendAsync(message, { timeout: SOON }),
        ecu.sendAsync(message, { timeout: SOON, acknowledged: true }),
      ];
      assertEquals(ecu.state, "claiming");
      await Promise.all(sent);
      for (const _ of sent) assertEquals((await next(other)).source, ecu.address, "asynchronous");
      await until(() => ecu.state === "claimed");
      await contest();
      assertEquals(ecu.sendMany([message, message], SOON), 2);
      for (let i = 0; i < 2; i++) assertEquals((await next(other)).source, ecu.address, "several");
      await until(() => ecu.state === "claimed");
      await contest();
    }
    assertEquals(await claim, 0x42);
    assertEquals(other.recv(0), null);
  });

  it("a send during a claim that may not wait long enough is a timeout that says so", async () => {
    using ecu = node({ name: name(5), address: 0x42 });
    const claim = ecu.claim();
    const message = { pgn: DIRECT, destination: name(6), data: [1] };
    const text = "the socket is claiming one, which takes at least 0.25 s";
    for (const timeout of [0, 0.02]) {
      const error = assertThrows(() => ecu.send(message, timeout), CanTimeoutError);
      assertEquals([error.code, error.channel], ["ETIMEDOUT", "vcan0"]);
      assertEquals(error.message, `Cannot send to "vcan0": no address within ${timeout} s (${text})`);
      await assertRejects(() => ecu.sendAsync(message, { timeout }), CanTimeoutError, text);
      assertEquals(ecu.sendMany([message], timeout), 0);
    }
    assertEquals(ecu.state, "claiming");
    const aborting = new AbortController();
    const sent = ecu.sendAsync(message, { signal: aborting.signal });
    const reason = new Error("enough");
    aborting.abort(reason);
    assertEquals(await assertRejects(() => sent), reason);
    assertEquals(await claim, 0x42);
    // With an address of its own, it is the destination that has none.
    const error = assertThrows(
      () => ecu.send(message, SOON),
      CanOperationError,
      "the destination's NAME has no address",
    );
    assertEquals(error.code, "EADDRNOTAVAIL");
  });

  it("claimChanges() reports changes of state and address", async () => {
    using bus = new Bus("vcan0");
    using ecu = node({ name: name(50), address: 0x42 });
    using changes = ecu.claimChanges();
    const seen: ClaimStatus[] = [];
    const following = (async () => {
      for await (const status of changes) seen.push(status);
    })();
    await ecu.claim();
    bus.send(claimOf(name(1), 0x42));
    await until(() => ecu.address === 0x80 && ecu.state === "claimed");
    await pause();
    ecu.close();
    await following;
    assertEquals(seen, [
      { state: "claiming", address: 0x42 },
      { state: "claimed", address: 0x42 },
      { state: "claiming", address: 0x80 },
      { state: "claimed", address: 0x80 },
    ]);
  });

  it("follows a command to another address, if it is commandable", async () => {
    using bus = new Bus("vcan0");
    using tool = node({ address: 0xf9 });
    using ecu = node({ name: name(5), address: 0x42, claim: { commandable: true } });
    using firm = node({ name: name(6), address: 0x43 });
    await Promise.all([ecu.claim(), firm.claim()]);
    for (const [each, address] of [[ecu, 0x60], [firm, 0x61]] as const) {
      tool.send({ pgn: 0xfed8, data: [...each.name!.toBytes(), address] });
    }
    await until(() => ecu.address === 0x60 && ecu.state === "claimed");
    await pause(200);
    assertEquals([firm.address, firm.state], [0x43, "claimed"]);
    assert(claims(bus).some(([address, identity]) => address === 0x60 && identity === 5));
    ecu.send({ pgn: DIRECT, destination: 0xf9, data: [1] });
    assertEquals((await next(tool, DIRECT)).source, 0x60);
  });

  it("other sockets of the same NAME use its address", async () => {
    using ecu = node({ name: name(5), address: 0x42 });
    using worker = node({ name: name(5) });
    using other = node({ address: 0x30 });
    const early = () => worker.sendAsync({ pgn: DIRECT, destination: 0x30, data: [1] });
    await assertRejects(early, CanOperationError, "or let another socket of this host claim it");
    await ecu.claim();
    assertEquals([worker.state, worker.address], ["unclaimed", null]);
    // The kernel times the contest by its own clock: if that is late, the claiming socket claims again.
    await ecu.sendAsync({ pgn: DIRECT, destination: 0x30, data: [0] }, { acknowledged: true, timeout: SOON });
    await early();
    for (const byte of [0, 1]) {
      const { source, data } = await next(other, DIRECT);
      assertEquals([source, ...data], [0x42, byte]);
    }
    other.send({ pgn: DIRECT, destination: 0x42, data: [2] });
    assertEquals((await next(worker, DIRECT)).data[0], 2);
    assertEquals((await next(ecu, DIRECT)).data[0], 2);
  });

  it("follows another socket of this host that claims for the same NAME, and warns", async () => {
    const warnings: string[] = [];
    const logger = { debug() {}, warn: (line: string) => void warnings.push(line) };
    using ecu = node({ name: name(5), address: 0x42, logger });
    using second = node({ name: name(5), address: 0x43 });
    using other = node({ address: 0x30, filters: [{ pgn: DIRECT }] });
    assertEquals(await ecu.claim(), 0x42);
    assertEquals(await second.claim(), 0x43);
    await until(() => ecu.address === 0x43 && ecu.state === "claimed");
    ecu.send({ pgn: DIRECT, destination: 0x30, data: [1] }, SOON);
    assertEquals((await next(other)).source, 0x43);
    assertEquals(warnings, [
      `Another socket of this host on "vcan0" claims address 67 with this socket's NAME ${name(5)}: only one socket ` +
      "should claim for a NAME",
    ]);
  });

  it("filters by the sender's NAME, and by a part of it", async () => {
    using one = node({ name: name(5), address: 0x42 });
    using two = node({ name: fixed(6), address: 0x43 });
    await Promise.all([one.claim(), two.claim()]);
    using exact = node({ filters: [{ name: name(5), pgn: 0xfeca }] });
    using group = node({ filters: [{ name: fixed(0), nameMask: 0x7ffn << 21n, pgn: 0xfeca }] });
    for (const each of [one, two, one, two]) each.send({ pgn: 0xfeca, data: [1] });
    const names = async (socket: typeof one) => [(await next(socket, 0xfeca)).name, (await next(socket, 0xfeca)).name];
    assertEquals(await names(exact), [name(5).value, name(5).value]);
    assertEquals(await names(group), [fixed(6).value, fixed(6).value]);
    await pause(20);
    assertEquals([exact.recv(0), group.recv(0)], [null, null]);
  });

  it("waits no longer than its timeout, and continues claiming", async () => {
    using ecu = node({ name: name(5), address: 0x42 });
    const error = await assertRejects(() => ecu.claim({ timeout: 0.05 }), CanTimeoutError, "none within 0.05 s");
    assertEquals([error.code, error.channel], ["ETIMEDOUT", "vcan0"]);
    const reason = new Error("enough");
    const aborting = new AbortController();
    const wait = ecu.claim({ signal: aborting.signal });
    aborting.abort(reason);
    assertEquals(await assertRejects(() => wait), reason);
    assertEquals(await ecu.claim({ timeout: SOON }), 0x42);
  });

  it("a claim that cannot be sent is a timeout that says so", async () => {
    using ecu = node({ name: name(5), address: 0x42 });
    const fault = (call: string) => call === "sendmmsg" ? -ENOBUFS : undefined;
    await withFaults(fault, async () => {
      const error = await assertRejects(() => ecu.claim({ timeout: 0.05 }), CanTimeoutError);
      assertEquals(
        error.message,
        'Cannot claim an address on "vcan0": none within 0.05 s; the claim could not be sent yet: is there another node ' +
          "on the bus to acknowledge frames?",
      );
    }).result;
    assertEquals(await ecu.claim({ timeout: SOON }), 0x42);
  });

  it("needs a NAME, and an address or a NAME that may choose", async () => {
    using plain = node({ address: 0x42 });
    await assertRejects(() => plain.claim(), TypeError, "without a NAME");
    using none = node({ name: fixed(5) });
    const text = "open the socket with an address, or with a NAME that is arbitrary";
    await assertRejects(() => none.claim(), TypeError, text);
    using greedy = node({ name: name(5), address: 0x42 });
    await assertRejects(() => greedy.claim({ adress: 1 } as object), TypeError, 'no option "adress"');
  });

  it("leaves no descriptor open", async () => {
    const before = await restingDescriptors();
    for (let i = 0; i < 3; i++) {
      const ecu = node({ name: name(5), address: 0x42 });
      const claim = ecu.claim();
      if (i > 0) await claim;
      const outcome = claim.then(() => "claimed", (error) => error.code);
      const feed = ecu.claimChanges();
      ecu.close();
      assertEquals(await outcome, i > 0 ? "claimed" : "EBADF");
      assertEquals((await feed.next()).done, true);
      assertEquals(ecu.state, i > 0 ? "claimed" : "claiming", "the last state");
    }
    await descriptorsBackTo(before);
  });
});
