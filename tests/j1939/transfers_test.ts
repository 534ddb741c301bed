import { describe } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { Bus, CanOperationError, CanTimeoutError, type J1939Socket, Message, type TransferEvent } from "../../mod.ts";
import { bytes, it, next, node, SOON, soon, take } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { later, pause } from "../support/pause.ts";

const A = 0x20;
const B = 0x30;
/** The address of a node that receives nothing: a test answers in its place. */
const FAR = 0x55;
const DIRECT = 0xef00;
const GLOBAL = 0xfeca;

/** Identifiers of the transport protocol's connection management (TP.CM). */
const REQUEST_TO_SEND = 0x18ec0000 | FAR << 8 | A;
const ANSWER = 0x18ec0000 | A << 8 | FAR;

/** Abort reasons, with the kernel's errors for them. */
const reasons = [
  [1, "EALREADY", "the receiver is busy with another transfer"],
  [2, "EMSGSIZE", "the receiver has no room for a message of this length"],
  [3, "EHOSTUNREACH", "no answer in time"],
  [4, "EBADMSG", "the receiver sent a clear to send (CTS) while data was being transferred"],
  [5, "ENOTRECOVERABLE", "the limit of retransmissions was reached"],
  [6, "ENOTCONN", "an unexpected data packet was received"],
  [7, "EILSEQ", "a data packet with a wrong sequence number was received"],
  [8, "EPROTO", "the transport protocol was violated"],
  [250, "EPROTO", "the transport protocol was violated"],
] as const;

/** A node that never answers. Linux accepts an abort only from an address of this host. */
function mute(): J1939Socket {
  return node({ address: FAR, filters: [{ pgn: 0x3ffff }] });
}

/** Answers the next request to send with an abort. */
async function abortNext(bus: Bus, reason: number): Promise<void> {
  for (;;) {
    const message = await bus.recvAsync({ timeout: SOON });
    assert(message, "no request to send");
    if (message.arbitrationId !== REQUEST_TO_SEND || message.data[0] !== 0x10) continue;
    const data = [0xff, reason, 0xff, 0xff, 0xff, ...message.data.subarray(5)];
    return bus.send(new Message({ arbitrationId: ANSWER, data }));
  }
}

/** The fields of an event, without its number. */
function brief({ direction, type, pgn, source, destination, bytes, total, error }: TransferEvent): unknown[] {
  return [direction, type, pgn, source, destination, bytes, total, error?.code ?? null];
}

/** Reads the next events of a feed. */
async function happened(feed: AsyncIterator<TransferEvent, undefined>, count: number): Promise<TransferEvent[]> {
  const events: TransferEvent[] = [];
  while (events.length < count) {
    const { value } = await soon(feed.next());
    assert(value, "the feed has ended");
    events.push(value);
  }
  return events;
}

describe("J1939 transfers", { skip: noJ1939 }, () => {
  for (const length of [0, 8, 9, 1785, 1786, 10_000]) {
    it(`acknowledged: ${length} bytes are delivered`, async () => {
      using a = node({ address: A });
      using b = node({ address: B });
      await a.sendAsync({ pgn: DIRECT, destination: B, data: bytes(length) }, { acknowledged: true, timeout: SOON });
      assertEquals(take(b).data, bytes(length));
    });
  }

  it("acknowledged: a message to all nodes is delivered when its last frame was sent", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const start = performance.now();
    await a.sendAsync({ pgn: GLOBAL, data: bytes(36) }, { acknowledged: true });
    assert(performance.now() - start >= 250, "6 packets, 50 ms each");
    assertEquals(take(b).data, bytes(36));
    await a.sendAsync({ pgn: GLOBAL, data: [1] }, { acknowledged: true });
    assertEquals(take(b).data.length, 1);
  });

  it("acknowledged: several pending messages each get their own outcome", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const sizes = [5, 500, 9, 2000, 0, 300];
    const ends = sizes.map((size) =>
      a.sendAsync({ pgn: DIRECT, destination: size === 300 ? FAR : B, data: bytes(size) }, {
        acknowledged: true,
        timeout: SOON,
      }).then(() => "done", (error) => error.code)
    );
    assertEquals(await Promise.all(ends), ["done", "done", "done", "done", "done", "EHOSTUNREACH"]);
    assertEquals(Array.from({ length: 5 }, () => take(b).data.length), sizes.slice(0, 5));
    assertEquals(a.recv(0), null, "the error went to the pending send");
  });

  for (const [reason, code, text] of reasons) {
    it(`acknowledged: abort reason ${reason} is ${code}`, async () => {
      using bus = new Bus("vcan0");
      using a = node({ address: A });
      using _far = mute();
      const end = later(a.sendAsync({ pgn: DIRECT, destination: FAR, data: bytes(100) }, { acknowledged: true }));
      await abortNext(bus, reason);
      const error = await assertRejects(() => end, CanOperationError, text);
      assertEquals([error.code, error.channel], [code, "vcan0"]);
      assert(error.message.startsWith(`Cannot send 100 bytes of PGN 0xef00 (61184) to 0x55 on "vcan0": ${code} (`));
      assertEquals(a.recv(0), null);
    });
  }

  it("an abort that no send waits for is thrown by the next receive, once", async () => {
    using bus = new Bus("vcan0");
    using a = node({ address: A });
    using _far = mute();
    using b = node({ address: B });
    a.send({ pgn: DIRECT, destination: FAR, data: bytes(100) });
    await abortNext(bus, 5);
    const error = assertThrows(
      () => a.recv(SOON),
      CanOperationError,
      "Cannot send 100 bytes of PGN 0xef00 (61184) to 0x55",
    );
    assertEquals(error.code, "ENOTRECOVERABLE");
    a.send({ pgn: DIRECT, destination: FAR, data: bytes(100) });
    const wait = later(a.recvAsync({ timeout: SOON }));
    await abortNext(bus, 7);
    await assertRejects(() => wait, CanOperationError, "EILSEQ");
    b.send({ pgn: DIRECT, destination: A, data: [1] });
    assertEquals(take(a).data[0], 1);
  });

  it("a missing answer is an error after 1.25 s", async () => {
    using a = node({ address: A });
    const start = performance.now();
    const message = { pgn: DIRECT, destination: FAR, data: bytes(9) };
    await assertRejects(
      () => a.sendAsync(message, { acknowledged: true }),
      CanOperationError,
      "EHOSTUNREACH (no answer",
    );
    assert(performance.now() - start >= 1250);
  });

  it("a message longer than the receiver's kernel accepts is EMSGSIZE", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const message = { pgn: DIRECT, destination: B, data: new Uint8Array(5_000_000) };
    for (const options of [{ acknowledged: true }, {}]) {
      const error = await assertRejects(() => a.sendAsync(message, options), CanOperationError, "has no room");
      assertEquals(error.code, "EMSGSIZE");
    }
    const error = assertThrows(() => a.send(message, SOON), CanOperationError, "has no room");
    assertEquals(error.code, "EMSGSIZE");
    assertEquals(a.recv(0), null);
    a.send({ pgn: DIRECT, destination: B, data: bytes(10) });
    assertEquals(take(b).data, bytes(10));
  });

  it("acknowledged: a timeout or a signal ends the wait, not the transfer", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const message = { pgn: GLOBAL, data: bytes(40) };
    const late = assertRejects(() => a.sendAsync(message, { acknowledged: true, timeout: 0.05 }), CanTimeoutError);
    assert((await late).message.includes("not acknowledged within 0.05 s; it may still be delivered"));
    assertEquals((await next(b)).data, message.data);
    const aborting = new AbortController();
    const end = later(a.sendAsync(message, { acknowledged: true, signal: aborting.signal }));
    await pause(20);
    const reason = new Error("enough");
    aborting.abort(reason);
    assertEquals(await assertRejects(() => end), reason);
    assertEquals((await next(b)).data, message.data);
    await assertRejects(() => a.sendAsync(message, { acknowledged: true, signal: AbortSignal.abort(reason) }));
    assertEquals(b.recv(0.1), null);
  });

  it("transfers() reports beginning, progress and end on both sides", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    using sending = a.transfers();
    using receiving = b.transfers();
    a.send({ pgn: DIRECT, destination: B, data: [1] }); // one frame is not a transfer
    a.send({ pgn: DIRECT, destination: B, data: bytes(5000) });
    const sent = await happened(sending, 4);
    assertEquals(sent.map(brief), [
      ["send", "begun", DIRECT, null, B, 0, 5000, null],
      ["send", "progress", DIRECT, null, B, 1785, 5000, null],
      ["send", "progress", DIRECT, null, B, 3570, 5000, null],
      ["send", "done", DIRECT, null, B, 5000, 5000, null],
    ]);
    assertEquals(new Set(sent.map(({ number }) => number)).size, 1);
    assertEquals((await happened(receiving, 4)).map(brief), [
      ["receive", "begun", DIRECT, A, B, 0, 5000, null],
      ["receive", "progress", DIRECT, A, B, 0, 5000, null],
      ["receive", "progress", DIRECT, A, B, 1785, 5000, null],
      ["receive", "progress", DIRECT, A, B, 3570, 5000, null],
    ]);
    assertEquals([take(b).data.length, take(b).data.length], [1, 5000]);
  });

  it("transfers() reports aborts, which a receive then does not throw", async () => {
    using bus = new Bus("vcan0");
    using a = node({ address: A });
    using _far = mute();
    {
      using feed = a.transfers();
      a.send({ pgn: DIRECT, destination: FAR, data: bytes(20) });
      await abortNext(bus, 2);
      const events = await happened(feed, 2);
      assertEquals(events.map(brief), [
        ["send", "begun", DIRECT, null, FAR, 0, 20, null],
        ["send", "aborted", DIRECT, null, FAR, 0, 20, "EMSGSIZE"],
      ]);
      assertInstanceOf(events[1].error, CanOperationError);
      assertEquals(a.recv(0), null);
    }
    a.send({ pgn: DIRECT, destination: FAR, data: bytes(20) });
    await abortNext(bus, 2);
    assertThrows(() => a.recv(SOON), CanOperationError, "EMSGSIZE");
  });

  it("transfers() reports the abort of a message being received", async () => {
    using bus = new Bus("vcan0");
    using a = node({ address: A });
    using _far = mute();
    using feed = a.transfers();
    // A node requests to send 30 bytes, and then aborts.
    bus.send(new Message({ arbitrationId: ANSWER, data: [0x10, 30, 0, 5, 0xff, 0x00, 0xef, 0x00] }));
    bus.send(new Message({ arbitrationId: ANSWER, data: [0xff, 1, 0xff, 0xff, 0xff, 0x00, 0xef, 0x00] }));
    const [begun, aborted] = await happened(feed, 2);
    assertEquals(brief(begun), ["receive", "begun", DIRECT, FAR, A, 0, 30, null]);
    assertEquals(brief(aborted), ["receive", "aborted", DIRECT, FAR, A, 0, 30, "EALREADY"]);
    assertEquals(aborted.number, begun.number);
    assertEquals(a.recv(0), null);
  });

  it("transfers() ends with the loop, the signal or the socket; other feeds continue", async () => {
    using b = node({ address: B });
    const a: J1939Socket = node({ address: A });
    const aborting = new AbortController();
    const feeds = [a.transfers(), a.transfers({ signal: aborting.signal }), a.transfers()];
    a.send({ pgn: DIRECT, destination: B, data: bytes(9) });
    for await (const { type } of feeds[0]) if (type === "done" || type === "aborted") break;
    assertEquals((await feeds[0].next()).done, true);
    assertEquals((await happened(feeds[1], 2)).map(({ type }) => type), ["begun", "done"]);
    const wait = feeds[1].next();
    aborting.abort();
    assertEquals((await wait).done, true);
    const last = happened(feeds[2], 2);
    assertEquals((await last).map(({ type }) => type), ["begun", "done"]);
    const end = feeds[2].next();
    a.close();
    assertEquals((await end).done, true);
    assertEquals(take(b).data, bytes(9));
    using c = node({ address: A });
    assertEquals((await c.transfers({ signal: AbortSignal.abort() }).next()).done, true);
  });
});
