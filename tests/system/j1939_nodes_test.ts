import { after, before, describe } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CanOperationError, type J1939Socket, type J1939SocketOptions, Name } from "../../mod.ts";
import { bytes, it, next, node, until } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { startScript } from "./script.ts";
import { ip, PATIENCE } from "./tools.ts";

const A = 0x20;
const B = 0x30;
const DIRECT = 0xef00;

function name(identityNumber: number, arbitraryAddressCapable = true): Name {
  return new Name({ identityNumber, arbitraryAddressCapable });
}

describe("J1939 between two processes", { skip: noJ1939, timeout: PATIENCE }, () => {
  it("a contest: the smaller NAME gets the address, the other the next one", async () => {
    using weak = startScript("tests/system/scripts/j1939_claims.ts", { args: ["vcan0", "20"] });
    await weak.until(() => weak.lines.includes("claimed 128"), "claim the address");
    using strong = startScript("tests/system/scripts/j1939_claims.ts", { args: ["vcan0", "10"] });
    await strong.until(() => strong.lines.includes("claimed 128"), "claim the same");
    await weak.until(() => weak.lines.includes("claimed 129"), "claim another");
    using weakest = startScript("tests/system/scripts/j1939_claims.ts", { args: ["vcan0", "30"] });
    await weakest.until(() => weakest.lines.includes("claimed 130"), "claim the first that is free");
    // Where one is too slow, the other claims again: then the kernel knows both addresses again.
    const addresses = ({ lines }: typeof weak) => [...new Set(lines.map((line) => line.split(" ")[1]))];
    assertEquals([weak, strong, weakest].map(addresses), [["128", "129"], ["128"], addresses(weakest)]);
    assertEquals(addresses(weakest).at(-1), "130");
  });
});

const ends = ["vxcanj0", "vxcanj1"] as const;

// Two interfaces on one wire: to the kernel, the nodes of each are remote for the other.
describe("J1939 between two hosts", { skip: noJ1939, timeout: PATIENCE }, () => {
  before(() => {
    ip("link", "add", ends[0], "type", "vxcan", "peer", "name", ends[1]);
    for (const end of ends) ip("link", "set", end, "up");
  });
  after(() => ip("link", "del", ends[0]));

  const one = (options: Partial<J1939SocketOptions>): J1939Socket => node({ channel: ends[0], ...options });
  const other = (options: Partial<J1939SocketOptions>): J1939Socket => node({ channel: ends[1], ...options });

  it("messages of every kind, both ways", async () => {
    using a = one({ address: A });
    using b = other({ address: B });
    for (const [from, to, source, destination] of [[a, b, A, B], [b, a, B, A]] as const) {
      for (const length of [0, 1, 8, 9, 100, 1785, 1786, 5000]) {
        const data = bytes(length);
        await from.sendAsync({ pgn: DIRECT, destination, priority: 3, data }, { acknowledged: true });
        const message = await next(to);
        assertEquals(
          [message.pgn, message.source, message.destination, message.priority, message.isLocal],
          [DIRECT, source, destination, 3, false],
        );
        assertEquals(message.data, data);
      }
      for (const length of [8, 20]) {
        await from.sendAsync({ pgn: 0xfeca, data: bytes(length) }, { acknowledged: true });
        const message = await next(to);
        assertEquals([message.pgn, message.source, message.destination], [0xfeca, source, 255]);
        assertEquals(message.data, bytes(length));
      }
      assertEquals((await next(from)).data, bytes(20)); // its own, received again
    }
  });

  it("no receiver, and no room", async () => {
    using a = one({ address: A });
    using _b = other({ address: B });
    const sent = (destination: number, length: number) =>
      assertRejects(
        () => a.sendAsync({ pgn: DIRECT, destination, data: new Uint8Array(length) }, { acknowledged: true }),
        CanOperationError,
      );
    assertMatch((await sent(0x77, 100)).message, /EHOSTUNREACH \(no answer in time/);
    const { code } = await sent(B, 5_000_000) as CanOperationError;
    assert(code === "EMSGSIZE" || code === "EHOSTUNREACH", code); // see `sendAsync`
  });

  it("an address contest: the smaller NAME gets it, in either order", async () => {
    for (const [first, second] of [[10, 20], [20, 10]]) {
      using a = one({ name: name(first), address: 0x80 });
      using b = other({ name: name(second), address: 0x80 });
      assertEquals(await a.claim(), 0x80);
      await b.claim();
      const [strong, weak] = first < second ? [a, b] : [b, a];
      await until(() => weak.address === 0x81 && weak.state === "claimed" && strong.state === "claimed");
      assertEquals(strong.address, 0x80);
      for (const length of [3, 20]) {
        await strong.sendAsync({ pgn: DIRECT, destination: weak.name!, data: bytes(length) }, { acknowledged: true });
        const message = await next(weak, DIRECT);
        assertEquals([message.source, message.name], [0x80, strong.name!.value]);
        assertEquals([message.destination, message.destinationName], [0x81, weak.name!.value]);
        assertEquals(message.data, bytes(length));
        await weak.sendAsync({ pgn: DIRECT, destination: strong.name!, data: bytes(length) }, { acknowledged: true });
        assertEquals((await next(strong, DIRECT)).source, 0x81);
      }
    }
  });

  for (const [preferred, what] of [[0x42, "the same address"], [0x43, "another address"]] as const) {
    it(`a second host claims ${what} with the same NAME: it gives up, and the first keeps its address`, async () => {
      const warnings: string[] = [];
      const logger = { debug() {}, warn: (line: string) => void warnings.push(line) };
      using a = one({ name: name(5), address: 0x42, logger, filters: [{ pgn: DIRECT }] });
      using b = other({ name: name(5), address: preferred, logger });
      using c = other({ address: B });
      using changes = a.claimChanges();
      assertEquals(await a.claim(), 0x42);
      const error = await assertRejects(() => b.claim({ timeout: 20 }), CanOperationError);
      assertEquals([error.code, error.channel], ["ENOTUNIQ", ends[1]]);
      const text = "(another host uses NAME 8000000000000005, which must be unique)";
      assertEquals(error.message, `Cannot claim an address on "${ends[1]}": ENOTUNIQ ${text}`);
      assertEquals([b.state, b.address], ["duplicate-name", null]);
      const failed = () => b.send({ pgn: DIRECT, destination: B, data: [1] });
      const why = "this socket's NAME has no address: another host uses the same NAME, which must be unique";
      assertEquals(assertThrows(failed, CanOperationError, why).code, "EADDRNOTAVAIL");
      for (const length of [2, 20]) {
        a.send({ pgn: DIRECT, destination: B, data: bytes(length) }, 20); // waits for the second claim
        const message = await next(c, DIRECT);
        assertEquals([message.source, message.name, message.data.length], [0x42, name(5).value, length]);
        c.send({ pgn: DIRECT, destination: 0x42, data: bytes(length) });
        assertEquals((await next(a, DIRECT)).data.length, length);
      }
      await until(() => a.state === "claimed");
      const seen: unknown[] = [];
      while (seen.length < 4) seen.push((await changes.next()).value);
      assertEquals(seen.slice(0, 2), [{ state: "claiming", address: 0x42 }, { state: "claimed", address: 0x42 }]);
      assertEquals(seen.slice(2), seen.slice(0, 2), "claims again");
      for (const [end, address] of [[ends[0], preferred], [ends[1], 0x42]]) {
        const line = `Another host on "${end}" claims address ${address} with this socket's NAME 8000000000000005: ` +
          "every node must have a NAME of its own";
        assert(warnings.includes(line), `${line} is missing in:\n${warnings.join("\n")}`);
      }
      a.close();
      assertEquals(await b.claim(), preferred, "claims again on request");
      await b.sendAsync({ pgn: DIRECT, destination: A, data: [3] });
    });
  }

  it("a node that cannot change its address has none after losing it", async () => {
    using a = one({ name: name(20, false), address: 0x80 });
    using b = other({ name: name(10, false), address: 0x80, filters: [{ pgn: 0xee00 }] });
    assertEquals(await a.claim(), 0x80);
    assertEquals(await b.claim(), 0x80);
    await until(() => a.state === "cannot-claim");
    for (;;) {
      const { source, data } = await next(b, 0xee00);
      if (source !== 0xfe) continue; // its claim
      assertEquals(new Name(data).identityNumber, 20);
      break;
    }
    await assertRejects(() => a.claim(), CanOperationError, "EADDRNOTAVAIL");
    await assertRejects(
      () => a.sendAsync({ pgn: 0xfeca, data: [1] }),
      CanOperationError,
      "this socket's NAME has no address: nodes with smaller NAMEs hold all that it may claim",
    );
  });
});
