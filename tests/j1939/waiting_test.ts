import { describe } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CanOperationError, CanTimeoutError, type J1939Message, J1939Socket } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { bytes, it, next, node, SOON, take } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { later, pause } from "../support/pause.ts";

const A = 0x20;
const B = 0x30;
const DIRECT = 0xef00;
const GLOBAL = 0xfeca;

/** A send buffer, and a length that does not fit into it. */
const sendBuffer = 5_000;
const MUCH = 20_000;

describe("Waiting for a J1939 socket", { skip: noJ1939 }, () => {
  it("recv returns a queued message, waits for one, or returns null", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    assertEquals(b.recv(0), null);
    const start = performance.now();
    assertEquals(b.recv(0.05), null);
    assertEquals(await b.recvAsync({ timeout: 0.05 }), null);
    assert(performance.now() - start >= 100);
    // In any order: a vcan may reorder frames that are sent at once.
    a.sendMany([1, 2, 3].map((byte) => ({ pgn: GLOBAL, data: [byte] })));
    const all: J1939Message[] = [take(b)];
    while (all.length < 3) all.push(...b.recvMany(9, SOON));
    assertEquals(all.map(({ data }) => data[0]).sort(), [1, 2, 3]);
    const waits = [b.recvAsync(), b.recvAsync({ timeout: SOON }), b.recvAsync()];
    for (const [i, byte] of [4, 5, 6].entries()) {
      a.send({ pgn: GLOBAL, data: [byte] });
      assertEquals((await waits[i])!.data[0], byte);
    }
  });

  it("an aborted wait takes no message", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const aborting = new AbortController();
    const wait = b.recvAsync({ signal: aborting.signal });
    const reason = new Error("enough");
    aborting.abort(reason);
    a.send({ pgn: GLOBAL, data: [1] });
    assertEquals(await assertRejects(() => wait), reason);
    assertEquals((await next(b)).data[0], 1);
  });

  it("iterates, blocking and asynchronously, until the socket is closed", async () => {
    using a = node({ address: A });
    const b = node({ address: B });
    const lengths = [1, 50, 2, 51, 3, 52];
    // Each is sent after the previous one was delivered: the iteration would wait forever for an aborted one.
    for (const length of lengths) {
      const data = bytes(length);
      await a.sendAsync({ pgn: DIRECT, destination: B, data }, { acknowledged: true, timeout: SOON });
    }
    const seen: number[] = [];
    for (const { data } of b) if (seen.push(data.length) === 3) break;
    for await (const { data } of b) if (seen.push(data.length) === 6) break;
    assertEquals(seen, lengths);
    const loop = (async () => {
      for await (const _ of b) throw new Error("nothing was sent");
    })();
    await pause(20);
    b.close();
    await loop;
    assertEquals([...b], []);
  });

  it("bridges two sockets with streams", async () => {
    using a = node({ address: A });
    using from = node({ address: B, filters: [{ source: A }] }); // not what the bridge sends
    using to = node({ address: 0x40 });
    using end = node({ address: B });
    const bridge = later(from.readable.pipeTo(to.writable));
    const sizes = [3, 9, 8, 1785, 1, 3000]; // never two single frames in a row: a vcan may reorder frames sent at once
    for (const size of sizes) a.send({ pgn: DIRECT, destination: B, data: bytes(size) }, SOON);
    const seen: number[] = [];
    while (seen.length < sizes.length) {
      const { source, data } = await next(end);
      if (source !== 0x40) continue;
      assertEquals(data, bytes(data.length));
      seen.push(data.length);
    }
    assertEquals(seen, sizes);
    from.close();
    await bridge;
  });

  it("a long message is handed over in parts, and later messages wait for it", async () => {
    using a = node({ address: A, sendBuffer });
    using b = node({ address: B });
    const data = bytes(MUCH);
    const given = data.slice();
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: B, data: given }, { timeout: SOON }));
    const second = later(a.sendAsync({ pgn: DIRECT, destination: B, data: [1] }, { timeout: SOON }));
    const third = later(a.sendAsync({ pgn: DIRECT, destination: B, data: bytes(20) }, { timeout: SOON }));
    given.fill(0); // does not change the message being sent
    assertEquals((await next(b)).data, data);
    assertEquals((await next(b)).data.length, 1);
    assertEquals((await next(b)).data.length, 20);
    await Promise.all([sent, second, third]);
  });

  it("a blocking send continues a pending long message, and is sent after it", async () => {
    using a = node({ address: A, sendBuffer });
    using b = node({ address: B });
    const data = bytes(MUCH);
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: B, data }, { timeout: SOON }));
    a.send({ pgn: DIRECT, destination: B, data: [1] }, SOON);
    assertEquals((await next(b)).data, data);
    assertEquals((await next(b)).data.length, 1);
    await sent;
    a.send({ pgn: DIRECT, destination: B, data }, SOON);
    assertEquals(take(b).data, data);
    assertEquals(
      a.sendMany([{ pgn: DIRECT, destination: B, data }, { pgn: DIRECT, destination: B, data: [2] }], SOON),
      2,
    );
    assertEquals(take(b).data, data);
    assertEquals(take(b).data.length, 1);
  });

  it("a send without room is a timeout, and sending the same message again sends a second one", async () => {
    using a = node({ address: A, sendBuffer });
    using b = node({ address: B });
    const message = { pgn: DIRECT, destination: B, data: bytes(MUCH) };
    const error = assertThrows(
      () => a.send(message, 0),
      CanTimeoutError,
      "no room within 0 s (the send buffer is full",
    );
    assertEquals([error.code, error.channel], ["ETIMEDOUT", "vcan0"]);
    a.send({ pgn: DIRECT, destination: B, data: [1] }, SOON);
    // A part of it had been sent: the next send continues it.
    assertEquals((await next(b)).data, message.data);
    assertEquals((await next(b)).data.length, 1);
    await assertRejects(() => a.sendAsync(message, { timeout: 0 }), CanTimeoutError);
    const changed = { ...message, data: bytes(MUCH + 1) };
    await a.sendAsync(changed, { timeout: SOON });
    assertEquals((await next(b)).data.length, MUCH);
    assertEquals((await next(b)).data, changed.data);
  });

  it("two sockets of one address take turns in the transport protocol", async () => {
    using one = node({ address: A });
    using two = node({ address: A });
    using b = node({ address: B });
    const sent = [one, two].flatMap((socket) =>
      [1, 2, 3].map((i) =>
        later(socket.sendAsync({ pgn: DIRECT, destination: B, data: bytes(500 + i) }, { timeout: SOON }))
      )
    );
    const seen: number[] = [];
    while (seen.length < 6) {
      const { data } = await next(b);
      assertEquals(data, bytes(data.length));
      seen.push(data.length);
    }
    await Promise.all(sent);
    assertEquals(seen.sort(), [501, 501, 502, 502, 503, 503]);
  });

  it("close rejects all pending waits, and ends the feeds", async () => {
    const before = await restingDescriptors();
    const a = node({ address: A, sendBuffer });
    const waits = [
      a.recvAsync(),
      a.sendAsync({ pgn: DIRECT, destination: 0x77, data: bytes(MUCH) }),
      a.sendAsync({ pgn: DIRECT, destination: 0x77, data: bytes(10) }, { acknowledged: true }),
    ];
    const feed = a.transfers();
    const events = (async () => {
      for await (const _ of feed);
    })();
    const settled = Promise.allSettled(waits);
    await pause(20);
    a.close();
    for (const each of await settled) {
      assert(each.status === "rejected" && each.reason instanceof CanOperationError);
      assertEquals(each.reason.code, "EBADF");
    }
    await events;
    await assertRejects(() => a.claim(), CanOperationError, "the socket is closed");
    assertThrows(() => a.transfers(), CanOperationError, "the socket is closed");
    assertThrows(() => a.claimChanges(), CanOperationError, "the socket is closed");
    await descriptorsBackTo(before);
  });

  it("close does not wait for messages being sent, and they are sent; `await using` waits", async () => {
    const before = await restingDescriptors();
    {
      using b = node({ address: B });
      const a = node({ address: A });
      a.send({ pgn: GLOBAL, data: bytes(140) }); // 20 packets: a second
      a.close();
      assertEquals(b.recv(0), null);
      assertEquals((await next(b)).data, bytes(140));
      {
        await using c = node({ address: A });
        c.send({ pgn: GLOBAL, data: bytes(71) });
      }
      assertEquals(b.recv(0.2)!.data, bytes(71)); // it has arrived by now
    }
    await descriptorsBackTo(before);
  });

  it("refuses invalid options", async () => {
    using a = node({ address: A });
    const wrong = { acknowledge: true } as unknown as { acknowledged: boolean };
    const message = { pgn: GLOBAL, data: [] };
    await assertRejects(() => a.sendAsync(message, wrong), TypeError, 'no option "acknowledge"');
    await assertRejects(
      () => a.sendAsync(message, { acknowledged: 1 as unknown as boolean }),
      TypeError,
      "acknowledged",
    );
    await assertRejects(() => a.sendAsync(message, null as unknown as object), TypeError, "not null");
    await assertRejects(() => a.sendAsync(message, { timeout: -1, acknowledged: true }), RangeError);
    await assertRejects(() => a.sendAsync({ pgn: -1, data: [] }, {}), RangeError, "pgn is -1");
    await assertRejects(() => a.claim({ timeout: -1 }), RangeError);
    assertThrows(() => a.transfers(null as unknown as object), TypeError, "transfers() takes an object, not null");
    assertThrows(() => a.transfers({ signals: 1 } as object), TypeError, 'transfers() has no option "signals"');
    assertThrows(() => a.claimChanges({ signal: 1 as unknown as AbortSignal }), TypeError, "signal");
    assertThrows(() => a.sendMany(message as unknown as []), TypeError, "sendMany takes an array");
    assertThrows(() => new J1939Socket({ channel: "vcan0", adress: 1 } as unknown as { channel: string }), TypeError);
  });
});
