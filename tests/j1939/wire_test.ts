import { Buffer } from "node:buffer";
import { describe } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Bus, CanOperationError, Message, packJ1939Id, unpackJ1939Id } from "../../mod.ts";
import { bytes, it, next, node, SOON } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { later, pause } from "../support/pause.ts";

const A = 0x20;
/** The address of a node on another host, which the test simulates frame by frame. */
const FAR = 0x55;
const DIRECT = 0xef00;

/** PGNs of the transport protocols TP and ETP: connection management (CM) and data transfer (DT). */
const [TP_CM, TP_DT, ETP_CM, ETP_DT] = [0xec00, 0xeb00, 0xc800, 0xc700];

/** A simulated node. */
class Far implements Disposable {
  readonly #bus = new Bus("vcan0");

  /** Receives the next frame for it: the PGN, and the data. */
  async receive(): Promise<[pgn: number, ...data: number[]]> {
    for (;;) {
      const message = await this.#bus.recvAsync({ timeout: SOON });
      assert(message, "no frame arrived");
      const { pgn, source, destination } = unpackJ1939Id(message.arbitrationId);
      if (source === A && destination === FAR) return [pgn, ...message.data];
    }
  }

  /** Waits until the tested node too has received the last frame, which may reach its sender a little later. */
  settle(): Promise<void> {
    return pause(5);
  }

  /** Sends a frame to the tested node. */
  send(pgn: number, ...data: number[]): void {
    const arbitrationId = packJ1939Id({ pgn, source: FAR, destination: A, priority: 7 });
    this.#bus.send(new Message({ arbitrationId, data }));
  }

  [Symbol.dispose](): void {
    this.#bus.close();
  }
}

/** The last three bytes of connection management: the PGN of the message. */
const about = [0x00, 0xef, 0x00];

/** A packet of seven bytes of data, the last one padded. */
function packet(data: Uint8Array, number: number): number[] {
  const part = [...data.subarray(7 * number, 7 * number + 7)];
  return [...part, ...Array.from({ length: 7 - part.length }, () => 0xff)];
}

describe("J1939 with a node on another host", { skip: noJ1939 }, () => {
  it("sends to a slow node that accepts one packet at a time", async () => {
    using far = new Far();
    using a = node({ address: A });
    const data = bytes(20);
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: FAR, data }, { acknowledged: true }));
    assertEquals(await far.receive(), [TP_CM, 0x10, 20, 0, 3, 3, ...about]);
    for (const number of [1, 2, 3]) {
      await pause(300);
      far.send(TP_CM, 0x11, 1, number, 0xff, 0xff, ...about);
      assertEquals(await far.receive(), [TP_DT, number, ...packet(data, number - 1)]);
    }
    await pause(300);
    far.send(TP_CM, 0x13, 20, 0, 3, 0xff, ...about);
    await sent;
  });

  it("sends a packet again on request", async () => {
    using far = new Far();
    using a = node({ address: A });
    const data = bytes(21);
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: FAR, data }, { acknowledged: true }));
    assertEquals(await far.receive(), [TP_CM, 0x10, 21, 0, 3, 3, ...about]);
    far.send(TP_CM, 0x11, 2, 1, 0xff, 0xff, ...about);
    const seen = [await far.receive(), await far.receive()];
    assertEquals(seen.sort(), [[TP_DT, 1, ...packet(data, 0)], [TP_DT, 2, ...packet(data, 1)]]);
    // Packet 2 is requested again before the last one was sent: afterwards Linux treats that as an error.
    for (const number of [2, 3]) {
      await far.settle();
      far.send(TP_CM, 0x11, 1, number, 0xff, 0xff, ...about);
      assertEquals(await far.receive(), [TP_DT, number, ...packet(data, number - 1)]);
    }
    far.send(TP_CM, 0x13, 21, 0, 3, 0xff, ...about);
    await sent;
  });

  it("sends more than 1785 bytes by the extended transport protocol", async () => {
    using far = new Far();
    using a = node({ address: A });
    const data = bytes(1786);
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: FAR, data }, { acknowledged: true }));
    const size = [1786 & 0xff, 1786 >> 8, 0, 0];
    assertEquals(await far.receive(), [ETP_CM, 0x14, ...size, ...about]);
    const got: number[] = [];
    for (let first = 0; first < 256; first += 8) {
      await far.settle();
      far.send(ETP_CM, 0x15, 8, first + 1 & 0xff, first + 1 >> 8, 0, ...about);
      assertEquals(await far.receive(), [ETP_CM, 0x16, 8, first, 0, 0, ...about]);
      const packets: number[][] = [];
      while (packets.length < 8) packets.push((await far.receive()).slice(1));
      packets.sort(([one], [other]) => one - other);
      assertEquals(packets.map(([number]) => number), [1, 2, 3, 4, 5, 6, 7, 8]);
      got.push(...packets.flatMap(([, ...part]) => part));
    }
    assertEquals(Uint8Array.from(got.slice(0, 1786)), data);
    assertEquals(got.slice(1786), Array.from({ length: 6 }, () => 0xff));
    far.send(ETP_CM, 0x17, ...size, ...about);
    await sent;
  });

  it("receives from a slow node that sends one packet at a time", async () => {
    using far = new Far();
    using a = node({ address: A });
    const data = bytes(20);
    far.send(TP_CM, 0x10, 20, 0, 3, 1, ...about); // at most one packet per clear to send
    for (const number of [1, 2, 3]) {
      assertEquals(await far.receive(), [TP_CM, 0x11, 1, number, 0xff, 0xff, ...about]);
      await pause(300);
      far.send(TP_DT, number, ...packet(data, number - 1));
    }
    assertEquals(await far.receive(), [TP_CM, 0x13, 20, 0, 3, 0xff, ...about]);
    const { pgn, source, destination, data: received } = await next(a);
    assertEquals([pgn, source, destination], [DIRECT, FAR, A]);
    assertEquals(received, data);
  });

  it("receives more than 1785 bytes by the extended transport protocol", async () => {
    using far = new Far();
    using a = node({ address: A });
    const data = bytes(1790);
    const size = [1790 & 0xff, 1790 >> 8, 0, 0];
    far.send(ETP_CM, 0x14, ...size, ...about);
    for (let first = 0; first < 256;) {
      const [pgn, command, count, low, high] = await far.receive();
      assertEquals([pgn, command, low | high << 8], [ETP_CM, 0x15, first + 1]);
      assert(count > 0 && first + count <= 256, `${count}`);
      await far.settle();
      far.send(ETP_CM, 0x16, count, first & 0xff, first >> 8, 0, ...about);
      for (let number = 0; number < count; number++) {
        await pause(1); // one after the other: a vcan may reorder frames sent at once
        far.send(ETP_DT, number + 1, ...packet(data, first + number));
      }
      first += count;
    }
    assertEquals(await far.receive(), [ETP_CM, 0x17, ...size, ...about]);
    assertEquals((await next(a)).data, data);
  });

  it("an abort by the receiver is an error, at the latest when it does not answer", async () => {
    using far = new Far();
    using a = node({ address: A });
    const sent = later(a.sendAsync({ pgn: DIRECT, destination: FAR, data: bytes(100) }, { acknowledged: true }));
    await far.receive();
    far.send(TP_CM, 0xff, 2, 0xff, 0xff, 0xff, ...about);
    const error = await assertRejects(() => sent, CanOperationError);
    // Linux accepts the abort of a receiver only from a node on the same host.
    assert(error.code === "EHOSTUNREACH" || error.code === "EMSGSIZE", error.message);
    if (error.code === "EHOSTUNREACH") assertEquals((await far.receive()).slice(0, 3), [TP_CM, 0xff, 3]);
  });

  it("a message to the socket's own address settles", async () => {
    using a = node({ address: A });
    await a.sendAsync({ pgn: DIRECT, destination: A, data: [1] }, { acknowledged: true, timeout: SOON });
    const long = a.sendAsync({ pgn: DIRECT, destination: A, data: bytes(20) }, { acknowledged: true, timeout: SOON });
    const outcome = await long.then(() => "done", (error) => error.code);
    assert(outcome !== "ETIMEDOUT", outcome);
  });

  it("a Buffer that changes later is sent as it was", async () => {
    using a = node({ address: A, sendBuffer: 5_000 });
    using b = node({ address: 0x30 });
    const first = later(a.sendAsync({ pgn: DIRECT, destination: 0x30, data: bytes(20_000) }, { timeout: SOON }));
    const buffer = Buffer.from([1, 2, 3]);
    const second = later(a.sendAsync({ pgn: DIRECT, destination: 0x30, data: buffer }, { timeout: SOON }));
    buffer.fill(9);
    await next(b);
    assertEquals([...(await next(b)).data], [1, 2, 3]);
    await Promise.all([first, second]);
  });
});
