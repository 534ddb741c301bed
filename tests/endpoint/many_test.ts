import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { BcmSocket, IsoTpSocket, J1939Socket, Message } from "../../mod.ts";
import { PATIENCE } from "../support/delivery.ts";
import { ecu, noIsoTp, tester } from "../support/isotp.ts";
import { noJ1939, noVcan } from "../support/kernel.ts";

const channel = "vcan0";

describe("Many messages at once, and an iteration with a signal", () => {
  it("on an IsoTpSocket", { skip: noIsoTp }, async () => {
    using sender = new IsoTpSocket(tester);
    using receiver = new IsoTpSocket(ecu);
    const pdus = [[1], Array.from({ length: 100 }, (_, i) => i), [2, 3]];
    const sent = sender.sendManyAsync(pdus.map((pdu) => Uint8Array.from(pdu)), { timeout: PATIENCE });
    const got: number[][] = [];
    while (got.length < 3) {
      const more = await receiver.recvManyAsync(2, { timeout: PATIENCE });
      got.push(...more.map((pdu) => [...pdu]));
      if (more.length === 0) break;
    }
    assertEquals([await sent, got], [3, pdus]);
    for await (const pdu of receiver.messages({ signal: AbortSignal.timeout(20) })) throw new Error(`${pdu}`);
    await assertRejects(() => sender.sendManyAsync([new Uint8Array(0)]), RangeError, "0 bytes");
  });

  it("on a J1939Socket", { skip: noJ1939 }, async () => {
    using sender = new J1939Socket({ channel, address: 0x20 });
    using receiver = new J1939Socket({ channel, address: 0x30 });
    const lengths = [8, 100, 3];
    const messages = lengths.map((length) => ({ pgn: 0xef00, destination: 0x30, data: new Uint8Array(length) }));
    const sent = sender.sendManyAsync(messages, { timeout: PATIENCE });
    const got: number[] = [];
    while (got.length < 3) {
      const more = await receiver.recvManyAsync(2, { timeout: PATIENCE });
      got.push(...more.map(({ data }) => data.length));
      if (more.length === 0) break;
    }
    assertEquals([await sent, got.toSorted()], [3, lengths.toSorted()]);
    for await (const message of receiver.messages({ signal: AbortSignal.timeout(20) })) throw new Error(`${message}`);
    await assertRejects(() => sender.sendManyAsync({} as []), TypeError, "sendManyAsync takes an array");
  });

  it("on a BcmSocket", { skip: noVcan }, async () => {
    using bcm = new BcmSocket(channel);
    using _task = bcm.transmit(new Message({ arbitrationId: 0x7fe, isExtendedId: false }), 0.001, { count: 2 });
    const events = await bcm.recvManyAsync(5, { timeout: PATIENCE });
    assertEquals(events[0].type, "expired");
    for await (const event of bcm.messages({ signal: AbortSignal.timeout(20) })) throw new Error(event.type);
  });
});
