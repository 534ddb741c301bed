import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { CanOperationError, CanTimeoutError, IsoTpSocket, type IsoTpSocketOptions } from "../../mod.ts";
import { fullIsoTpOptions } from "../../src/isotp/options.ts";
import {
  CAN_ISOTP_LL_OPTS,
  CAN_ISOTP_OPTS,
  CAN_ISOTP_RECV_FC,
  CAN_ISOTP_RX_STMIN,
  CAN_ISOTP_TX_STMIN,
  encodeFlowControl,
  encodeLinkLayer,
  encodeOptions,
  SOL_CAN_ISOTP,
} from "../../src/kernel/isotp.ts";
import { take } from "../support/delivery.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { bytes, ecu, ends, idle, inTime, noIsoTp, tester, Wire } from "../support/isotp.ts";
import { later, pause } from "../support/pause.ts";
import { type Below, generator, oneOf } from "../support/random.ts";

const quick = { frameTxTime: 0 };

function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => Uint8Array.of(i));
}

/** Random options for both ends. */
function randomOptions(below: Below): Partial<IsoTpSocketOptions> {
  const byte = () => below(256);
  const isExtendedId = below(2) === 0;
  const limit = isExtendedId ? 0x20000000 : 0x800;
  const txId = below(limit);
  const fd = below(2) === 0;
  const padding = below(2) === 0 ? byte() : undefined;
  return {
    isExtendedId,
    txId,
    rxId: (txId + 1 + below(limit - 1)) % limit,
    fd,
    ...fd && { txDl: oneOf(below, 8, 12, 16, 20, 24, 32, 48, 64), bitrateSwitch: below(2) === 0 },
    ...below(2) === 0 && { extAddress: byte() },
    // Without txPadding the kernel pads FD frames with 0xcc, which a check would refuse.
    ...padding !== undefined && { txPadding: padding, rxPadding: padding, checkPadding: oneOf(below, "length", "all") },
    blockSize: oneOf(below, 0, 1, 8, byte()),
    stMin: oneOf(below, 0, 0, 0.0001, 0.0009, 0.001),
    wftMax: byte(),
    frameTxTime: oneOf(below, 0, 0.00001, undefined),
    halfDuplex: below(2) === 0,
    waitTxDone: below(2) === 0,
  };
}

describe("IsoTpSocket", { skip: noIsoTp }, () => {
  it("PDUs of all kinds of length, both ways, blocking", () => {
    using pair = ends(quick);
    const { a, b } = pair;
    for (const length of [1, 6, 7, 8, 13, 14, 100, 4094, 4095]) {
      a.send(bytes(length, length), 5);
      assertEquals(b.recv(20), bytes(length, length));
      b.send(bytes(length), 5);
      assertEquals(a.recv(20), bytes(length));
    }
    assertEquals([a.recv(0), b.recv(0.01)], [null, null]);
  });

  it("PDUs longer than 4095 bytes, up to the kernel's limit; longer ones are refused, naming the limit", () => {
    using pair = ends(quick);
    const tooLong = bytes(2 ** 21);
    const error = assertThrows(() => pair.a.send(tooLong), CanOperationError, "EMSGSIZE (message too long)");
    assertEquals([error.code, error.syscall], ["EMSGSIZE", "send"]);
    const limit = Number(/ takes at most (\d+) bytes/.exec(error.message)![1]);
    assert(limit >= 4095, error.message);
    const longest = tooLong.subarray(0, limit);
    pair.a.send(longest, 5);
    assertEquals(pair.b.recv(50), longest);
    assertThrows(() => pair.a.send(tooLong.subarray(0, limit + 1)), CanOperationError, ` takes at most ${limit} bytes`);
    pair.a.send(bytes(1), 5);
    assertEquals(pair.b.recv(5), bytes(1));
  });

  it("any options, any length: a PDU that is sent is received", async () => {
    const below = generator(11);
    for (let round = 0; round < 40; round++) {
      const options = randomOptions(below);
      const what = JSON.stringify(options);
      using a = new IsoTpSocket({ channel: "vcan0", ...options } as IsoTpSocketOptions);
      using b = new IsoTpSocket({ channel: "vcan0", ...options, txId: options.rxId!, rxId: options.txId });
      for (const [from, to] of [[a, b], [b, a]]) {
        const length = oneOf(below, 1, 1 + below(70), 1 + below(300));
        const pdu = Uint8Array.from({ length }, () => below(256));
        if (below(2) === 0) from.send(pdu, 20);
        else await from.sendAsync(pdu, { timeout: 20 });
        assertEquals(below(2) === 0 ? to.recv(20) : await to.recvAsync({ timeout: 20 }), pdu, what);
        idle(from); // a half-duplex socket would ignore the answer
      }
    }
  });

  it("the kernel has the options", () => {
    const below = generator(12);
    for (let round = 0; round < 40; round++) {
      const options = {
        ...tester,
        ...randomOptions(below),
        ...below(2) === 0 && { forceTxStMin: below(1e6) / 1e6 },
        ...below(2) === 0 && { forceRxStMin: below(1e6) / 1e6 },
      };
      using socket = new IsoTpSocket(options);
      const full = fullIsoTpOptions(options);
      const { kernel, blockSize, stMin, wftMax, mtu, txDl, txFlags, forceTxStMin = 0, forceRxStMin = 0 } = full;
      // The kernel fills in a missing address.
      const rxExtAddress = options.rxExtAddress ?? kernel.extAddress;
      const expected: [number, Uint8Array][] = [
        [CAN_ISOTP_OPTS, encodeOptions({ ...kernel, rxExtAddress })],
        [CAN_ISOTP_RECV_FC, encodeFlowControl(blockSize, stMin, wftMax)],
        [CAN_ISOTP_LL_OPTS, encodeLinkLayer(mtu, txDl, txFlags)],
        [CAN_ISOTP_TX_STMIN, new Uint8Array(Uint32Array.of(forceTxStMin).buffer)],
        [CAN_ISOTP_RX_STMIN, new Uint8Array(Uint32Array.of(forceRxStMin).buffer)],
      ];
      for (const [name, value] of expected) {
        const actual = new Uint8Array(value.length);
        assertEquals(openLibc().getsockopt(socket.fd, SOL_CAN_ISOTP, name, actual), value.length);
        assertEquals(actual, value, `option ${name}: ${JSON.stringify(options)}`);
      }
    }
  });

  it("several PDUs are sent in order; recvMany, iteration and streams return them", async () => {
    using pair = ends(quick);
    const { a, b } = pair;
    const pdus = numbered(20).map(([i]) => bytes(20 * i + 1, i));
    await Promise.all(pdus.map((pdu) => a.sendAsync(pdu)));
    const got: Uint8Array[] = [b.recv(5)!, ...b.recvMany(4, 5)];
    for (const pdu of b) if (got.push(pdu) === 10) break;
    for await (const pdu of b) if (got.push(pdu) === 20) break;
    assertEquals(got, pdus);

    assertEquals(b.sendMany(numbered(3), 5), 3);
    assertEquals(take(a, 3), numbered(3));
    assertEquals(a.recv(0), null);

    const writer = a.writable.getWriter();
    const writing = Promise.all(pdus.map((pdu) => writer.write(pdu)));
    const reader = b.readable.getReader();
    for (const pdu of pdus) assertEquals((await reader.read()).value, pdu);
    await writing;
  });

  inTime("a PDU is copied when it is sent; a received one belongs to the caller", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket(tester);
    const first = bytes(20);
    const second = Buffer.from(bytes(3)); // its slice is not a copy
    const sent = later(Promise.all([socket.sendAsync(first), socket.sendAsync(second)]));
    first.fill(0xff);
    second.fill(0xff);
    await wire.frames(1);
    wire.send("7e8#300000");
    await sent;
    assertEquals((await wire.frames(3)).at(-1), "7e0#03000102");
    wire.send("7e8#0101", "7e8#0102");
    const [one, two] = take(socket, 2);
    one.fill(0xff);
    assertEquals(two, Uint8Array.of(2));
  });

  it("refuses what cannot be sent", async () => {
    using pair = ends();
    using broadcast = new IsoTpSocket({ channel: "vcan0", txId: 0x7df, sfBroadcast: true, extAddress: 1 });
    const refused: [IsoTpSocket, unknown, typeof TypeError | typeof RangeError, string][] = [
      [pair.a, "text", TypeError, 'Cannot send "text": a PDU must be a Uint8Array'],
      [pair.a, [1, 2], TypeError, "Cannot send [1, 2]: a PDU must be a Uint8Array"],
      [pair.a, bytes(0), RangeError, "Cannot send a PDU of 0 bytes: it must have at least 1"],
      [broadcast, bytes(7), RangeError, "Cannot send 7 bytes with sfBroadcast: a single frame takes at most 6"],
    ];
    for (const [socket, pdu, Class, text] of refused) {
      assertThrows(() => socket.send(pdu as Uint8Array), Class, text);
      assertThrows(() => socket.sendMany([bytes(1), pdu as Uint8Array]), Class, text);
      await assertRejects(() => socket.sendAsync(pdu as Uint8Array), Class, text);
    }
    assertEquals(pair.b.recv(0.02), null);
  });

  inTime(
    "timeouts and signals: a waiting PDU is not sent, one that is being sent is still sent",
    async () => {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
      const wait = socket.sendAsync(bytes(8), { timeout: 0.05 });
      await assertRejects(() => wait, CanTimeoutError, "after 0.05 s it is still being sent");
      assertThrows(() => socket.send(bytes(1), 0), CanTimeoutError, "no room within 0 s (another PDU is being sent");
      assertThrows(() => socket.send(bytes(2), 0.05), CanTimeoutError, "no room within 0.05 s");
      await assertRejects(() => socket.sendAsync(bytes(3), { timeout: 0.01 }), CanTimeoutError, "no room");
      const reason = new Error("enough");
      await assertRejects(() => socket.sendAsync(bytes(4), { signal: AbortSignal.abort(reason) }), Error, "enough");
      const next = socket.sendAsync(bytes(5), { timeout: 20 });
      wire.send("7e8#300000");
      await next;
      assertEquals(await wire.frames(3), ["7e0#1008000102030405", "7e0#210607", "7e0#050001020304"]);
    },
  );

  inTime("close rejects pending waits at once, and the PDU that is being sent is still sent", async () => {
    const before = await restingDescriptors();
    using wire = new Wire();
    for (const waitTxDone of [false, true]) {
      const socket = new IsoTpSocket({ ...tester, waitTxDone });
      const receiving = socket.recvAsync();
      const sending = [socket.sendAsync(bytes(8)), socket.sendAsync(bytes(9))];
      const results = Promise.allSettled([receiving, ...sending]);
      socket.close();
      socket.close();
      const expected = ["rejected", waitTxDone ? "rejected" : "fulfilled", "rejected"];
      assertEquals((await results).map(({ status }) => status), expected);
      assertThrows(() => socket.send(bytes(1)), CanOperationError, "EBADF (the ISO-TP socket is closed)");
      assertThrows(() => socket.fd, CanOperationError, "EBADF");
      // The kernel's own close would have blocked until here.
      wire.send("7e8#300000");
      assertEquals(await wire.frames(2), ["7e0#1008000102030405", "7e0#210607"]);
    }
    wire[Symbol.dispose]();
    await descriptorsBackTo(before);
  });

  it("shared memory and parts of buffers can be sent; detached buffers cannot", () => {
    using pair = ends();
    const views = [
      new Uint8Array(new SharedArrayBuffer(40), 7, 12).fill(9),
      bytes(40).subarray(5, 30),
      Buffer.from("a Buffer"),
    ];
    for (const view of views) {
      pair.a.send(view, 5);
      assertEquals(pair.b.recv(5), Uint8Array.from(view));
    }
    const gone = new Uint8Array(20);
    structuredClone(gone, { transfer: [gone.buffer] });
    assertThrows(() => pair.a.send(gone), RangeError, "Cannot send a PDU of 0 bytes: it must have at least 1");
  });

  it("two sockets with the same identifiers receive the same, and both send", () => {
    using pair = ends();
    using twin = new IsoTpSocket(tester);
    pair.b.send(bytes(20), 5);
    for (const socket of [pair.a, twin]) assertEquals(socket.recv(5), bytes(20));
    for (const socket of [pair.a, twin]) {
      socket.send(bytes(30), 5);
      assertEquals(pair.b.recv(5), bytes(30));
    }
  });

  it("hundreds of sockets wait at once; no descriptor is left open", async () => {
    const before = await restingDescriptors();
    for (let round = 0; round < 2; round++) {
      const all = Array.from(
        { length: 300 },
        (_, i) => new IsoTpSocket({ channel: "vcan0", txId: 0x10000 + i, rxId: 0x20000 + i }),
      );
      const waits = all.map((socket) => socket.recvAsync());
      for (const chosen of [7, 299]) {
        using peer = new IsoTpSocket({ channel: "vcan0", txId: 0x20000 + chosen, rxId: 0x10000 + chosen });
        peer.send(bytes(50, chosen), 5);
        assertEquals(await waits[chosen], bytes(50, chosen));
      }
      for (const socket of all) socket.close();
      const statuses = (await Promise.allSettled(waits)).map(({ status }) => status);
      assertEquals(statuses.filter((status) => status === "rejected").length, 298);
    }
    await descriptorsBackTo(before);
  });

  it("reports dropped PDUs and its description", async () => {
    using pair = ends({ receiveBuffer: 2048 });
    assertEquals(pair.a.channelInfo, 'isotp channel "vcan0", sends 7e0, receives 7e8');
    assertEquals([pair.a.channel, pair.a.closed, pair.a.fd > 2], ["vcan0", false, true]);
    assertEquals(pair.b.receiveBuffer, 4096);
    assertEquals(pair.b.droppedFrames, 0);
    for (const pdu of numbered(50)) pair.a.send(pdu, 5);
    let got = 0;
    for (let tries = 0; tries < 1000 && got + pair.b.droppedFrames < 50; tries++) {
      await pause(20);
      got += pair.b.recvMany(99, 0).length;
    }
    assertEquals([got < 50, got + pair.b.droppedFrames], [true, 50]);
  });

  it("a logger that throws leaves no descriptor open", async () => {
    const before = await restingDescriptors();
    for (const line of [/CAN_ISOTP_LL_OPTS/, /opened/]) {
      const debug = (text: string) => {
        if (line.test(text)) throw new Error("disk full");
      };
      const open = () => new IsoTpSocket({ ...tester, logger: { debug, warn: debug } });
      assertThrows(open, Error, "disk full");
    }
    await descriptorsBackTo(before);
  });

  it("logs each step", () => {
    const lines: string[] = [];
    const logger = { debug: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
    {
      using socket = new IsoTpSocket({ ...ecu, logger, stMin: 0.02 });
      assertEquals(socket.recv(0.01), null);
    }
    assert(lines.includes("CAN_ISOTP_RECV_FC set: 00 14 00"), lines.join("\n"));
    assertEquals(lines.at(-1), 'closed isotp channel "vcan0", sends 7e8, receives 7e0');
  });
});
