import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { CanOperationError, CanTimeoutError, IsoTpSocket, type IsoTpSocketOptions } from "../../mod.ts";
import { encodePollfd, POLLERR, pollfdEvents } from "../../src/kernel/socket.ts";
import { withFaults } from "../support/faults.ts";
import { bytes, ends, idle, inTime, noIsoTp, tester, Wire } from "../support/isotp.ts";
import { later, pause } from "../support/pause.ts";

/** Answers of a receiver to a first frame, and the sender's error. */
const failing: readonly {
  code: string;
  answer: readonly string[];
  text: string;
  options?: Partial<IsoTpSocketOptions>;
}[] = [
  { code: "ECOMM", answer: [], text: "the receiver sent no flow control within 1 s" },
  { code: "ECOMM", answer: ["7e8#310000"], text: "the receiver sent no flow control within 1 s" },
  { code: "EMSGSIZE", answer: ["7e8#320000"], text: "the receiver has no room for a PDU of that length" },
  { code: "EBADMSG", answer: ["7e8#3000"], text: "the receiver's flow control is too short" },
  {
    code: "EBADMSG",
    answer: ["7e8#300000cc"],
    text: "wrongly padded",
    options: { rxPadding: 0xcc, checkPadding: "all" },
  },
];

/** Frames of a sender that breaks the protocol, and the receiver's error. */
const wrong = [
  { code: "EILSEQ", frames: ["7e8#1014000102030405", "7e8#2200000000000000"], text: "wrong sequence" },
  { code: "ETIMEDOUT", frames: ["7e8#1014000102030405"], text: "the sender did not continue within 1 s" },
  { code: "EBADMSG", frames: ["7e8#01eeff"], text: "wrongly padded", options: { checkPadding: "length" } },
] as const;

/** Waits until the kernel has stored an error, and a pending wait has taken it. */
async function noticed(socket: IsoTpSocket): Promise<void> {
  const pollfd = encodePollfd(socket.fd, 0);
  let stored = false;
  for (let tries = 0; tries < 40; tries++) { // it may have been stored and taken between two polls
    const error = openLibc().poll(pollfd, 0) === 1 && (pollfdEvents(pollfd) & POLLERR) !== 0;
    if (stored && !error) return;
    stored ||= error;
    await pause(5);
  }
}

describe("ISO-TP: a PDU that is not sent", { skip: noIsoTp }, () => {
  for (const { code, answer, text, options } of failing) {
    inTime(
      `${code} after ${answer[0] ?? "nothing"}: with waitTxDone the send fails, and the next one is sent`,
      async () => {
        using wire = new Wire();
        using socket = new IsoTpSocket({ ...tester, ...options, waitTxDone: true });
        const sends = [bytes(20), bytes(1), bytes(2)].map((pdu) => later(socket.sendAsync(pdu)));
        wire.send(...answer);
        const error = await assertRejects(() => sends[0], CanOperationError, text);
        assertEquals([error.code, error.syscall, error.channel], [code, "send", "vcan0"]);
        assert(error.message.startsWith(`Cannot send to "vcan0": ${code} (`), error.message);
        await Promise.all(sends.slice(1));
        assertEquals((await wire.frames(3)).slice(1), ["7e0#0100", "7e0#020001"]);
        assertEquals(socket.recv(0), null);
      },
    );

    inTime(
      `${code} after ${answer[0] ?? "nothing"}: the next send throws the error and is not sent; those after it are`,
      async () => {
        using wire = new Wire();
        using socket = new IsoTpSocket({ ...tester, ...options });
        const sends = [bytes(20), bytes(1), bytes(2)].map((pdu) => later(socket.sendAsync(pdu)));
        wire.send(...answer);
        await sends[0];
        const error = await assertRejects(
          () => sends[1],
          CanOperationError,
          "an earlier PDU is lost, and this one was not sent",
        );
        assertEquals([error.code, error.syscall], [code, "send"]);
        await sends[2];
        assertEquals((await wire.frames(2)).slice(1), ["7e0#020001"]);
        assertEquals(socket.recv(0), null);
      },
    );

    inTime(`${code} after ${answer[0] ?? "nothing"}: a receive throws the error if there is no send`, async () => {
      for (const receive of ["recv", "recvAsync"] as const) {
        using wire = new Wire();
        using socket = new IsoTpSocket({ ...tester, ...options });
        socket.send(bytes(20));
        wire.send(...answer);
        const receiving = receive === "recv"
          ? () => Promise.resolve().then(() => socket.recv(20))
          : () => socket.recvAsync({ timeout: 20 });
        const error = await assertRejects(receiving, CanOperationError);
        assertEquals(error.code, code);
        // If padding is checked, the kernel does not report whether flow control or data was bad.
        if (code !== "EBADMSG" || !options) {
          assert(error.message.includes("); an earlier PDU is lost; "), error.message);
        }
        wire.send("7e8#0107".padEnd(options ? 20 : 0, "c"));
        assertEquals(await socket.recvAsync({ timeout: 5 }), Uint8Array.of(7));
      }
    });
  }

  it("waitTxDone, blocking: the send fails", () => {
    using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
    for (let i = 0; i < 2; i++) assertThrows(() => socket.send(bytes(20), 20), CanOperationError, "no flow control");
    assertEquals(socket.recv(0), null);
    socket.send(bytes(1), 5);
  });

  inTime("waitTxDone: a PDU fails after its send gave up: the next call throws, once", async () => {
    const giveUp: Record<string, (socket: IsoTpSocket) => unknown> = {
      "send": (socket) => assertThrows(() => socket.send(bytes(20), 0.02), CanTimeoutError, "it is still being sent"),
      "send at once": (socket) => assertThrows(() => socket.send(bytes(20), 0), CanTimeoutError),
      "sendMany": (socket) => assertEquals(socket.sendMany([bytes(20), bytes(1)], 0.02), 0),
      "sendAsync": (socket) => assertRejects(() => socket.sendAsync(bytes(20), { timeout: 0.02 }), CanTimeoutError),
      "sendAsync at once": (socket) =>
        assertRejects(() => socket.sendAsync(bytes(20), { timeout: 0 }), CanTimeoutError),
      "signal": (socket) => {
        const controller = new AbortController();
        const sent = socket.sendAsync(bytes(20), { signal: controller.signal });
        controller.abort();
        return assertRejects(() => sent, Error, "abort");
      },
      "signal, when it has failed": async (socket) => {
        const controller = new AbortController();
        const sent = socket.sendAsync(bytes(20), { signal: controller.signal });
        overflow();
        assertEquals(socket.recv(0), null);
        controller.abort();
        await assertRejects(() => sent, Error, "abort");
      },
      "stream": async (socket) => {
        const writer = socket.writable.getWriter();
        const written = writer.write(bytes(20));
        const over = assertRejects(() => written, Error, "enough");
        wire.seen();
        let frames: string[] = [];
        while (!frames.includes("7e0#1014000102030405")) frames = await wire.frames(1); // sending starts a little later
        await writer.abort(new Error("enough"));
        await over;
      },
    };
    using wire = new Wire();
    const overflow = () => wire.send("7e8#320000");
    for (const [way, run] of Object.entries(giveUp)) {
      for (const next of ["recv", "send", "recvAsync, before", "sendAsync"]) {
        using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
        await run(socket);
        const receiving = next === "recvAsync, before" ? later(socket.recvAsync()) : undefined;
        overflow();
        const call = {
          "recv": () => Promise.resolve().then(() => socket.recv(5)),
          "send": () => Promise.resolve().then(() => socket.send(bytes(2), 5)),
          "recvAsync, before": () => receiving!,
          "sendAsync": () => socket.sendAsync(bytes(2)),
        }[next]!;
        const error = await assertRejects(call, CanOperationError, "an earlier PDU is lost", `${way}, ${next}`);
        assertEquals(error.code, "EMSGSIZE", `${way}, ${next}`);
        socket.send(bytes(1), 5);
        assertEquals(socket.recv(0), null, `${way}, ${next}: once`);
      }
    }
  });

  inTime("a pending receive throws the error if the pending send is aborted before", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket(tester);
    const controller = new AbortController();
    await socket.sendAsync(bytes(20));
    const sent = later(socket.sendAsync(bytes(1), { signal: controller.signal }));
    const receiving = later(socket.recvAsync({ timeout: 5 }));
    await pause(20);
    wire.send("7e8#320000");
    assertEquals(socket.recv(0), null); // the error is stored for the pending send
    controller.abort();
    await assertRejects(() => sent, Error, "abort");
    assertEquals((await assertRejects(() => receiving, CanOperationError)).code, "EMSGSIZE");
  });

  inTime("a blocking receive does not take the error of a pending send", async () => {
    using wire = new Wire();
    for (const waitTxDone of [false, true]) {
      using socket = new IsoTpSocket({ ...tester, waitTxDone });
      const sends = [bytes(20), bytes(1)].map((pdu) => later(socket.sendAsync(pdu)));
      wire.send("7e8#320000");
      assertEquals(socket.recv(0), null);
      const outcomes = await Promise.allSettled(sends);
      assertEquals(outcomes.map(({ status }) => status === "rejected"), waitTxDone ? [true, false] : [false, true]);
      await wire.frames(1);
    }
  });

  inTime("a blocking send goes first, and takes no error of a pending one", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
    const wait = socket.sendAsync(bytes(20)).catch((error) => error.code);
    wire.send("7e8#320000"); // the pending send has failed, and has not been notified yet
    socket.send(bytes(1), 5);
    assertEquals(await wait, "EMSGSIZE");
    assertEquals((await wire.frames(2)).slice(1), ["7e0#0100"]);
    const sent = later(socket.sendAsync(bytes(8)));
    await wire.frames(1);
    wire.send("7e8#300000");
    await wire.frames(1);
    idle(socket);
    socket.send(bytes(2), 5);
    await sent; // not sent again
    assertEquals(await wire.frames(1), ["7e0#020001"]);
  });
});

describe("ISO-TP: a PDU that is not received", { skip: noIsoTp }, () => {
  for (const { code, frames, text, ...row } of wrong) {
    const options = "options" in row ? row.options : {};
    inTime(`${code}: every way to receive throws it, and the next PDU is received`, async () => {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, ...options });
      const reader = socket.readable.getReader();
      const ways: (() => Promise<unknown>)[] = [
        () => Promise.resolve().then(() => socket.recv(20)),
        () => Promise.resolve().then(() => socket.recvMany(9, 20)),
        () => socket.recvAsync({ timeout: 20 }),
        () => socket[Symbol.asyncIterator]().next(),
        () => reader.read(),
      ];
      for (const receive of ways) {
        wire.send(...frames);
        const error = await assertRejects(receive, CanOperationError, text);
        assertEquals([error.code, error.syscall, error.channel], [code, "read", "vcan0"]);
        assert(error.message.startsWith(`Cannot receive from "vcan0": ${code} (`), error.message);
        wire.send("7e8#0107");
        assertEquals(socket.recv(5), Uint8Array.of(7));
      }
    });

    inTime(`${code}: a send in the meantime is not disturbed, and leaves the error to the next receive`, async () => {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, ...options, waitTxDone: true });
      // Once while a PDU is being sent, once before.
      const sent = later(socket.sendAsync(bytes(8), { timeout: 20 }));
      wire.send(...frames);
      // A bad message that is noticed after sending might as well have been flow control.
      if (code !== "ETIMEDOUT") await noticed(socket);
      for (let i = 0; i < 4 && code === "ETIMEDOUT"; i++) {
        await pause(300);
        wire.send("7e8#310000");
      }
      wire.send("7e8#300000");
      await sent;
      assertEquals(assertThrows(() => socket.recv(20), CanOperationError).code, code);
      wire.send(...frames);
      if (code === "ETIMEDOUT") await pause(1100);
      socket.send(bytes(1), 5);
      assertEquals(assertThrows(() => socket.recv(20), CanOperationError).code, code);
    });
  }

  inTime("unexpected frames are ignored", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket(tester);
    wire.send("7e8#2100", "7e8#300000", "7e8#4000", "7e8#0000", "7e8#0302", "7e8#0107");
    assertEquals(await socket.recvAsync({ timeout: 5 }), Uint8Array.of(7));
  });
});

describe("ISO-TP: waiting", { skip: noIsoTp }, () => {
  inTime("an error that does not concern the pending wait does not make it spin", async () => {
    using wire = new Wire();
    for (const waitTxDone of [false, true]) {
      using socket = new IsoTpSocket({ ...tester, waitTxDone });
      const { result, made } = withFaults(() => undefined, async () => {
        const sends = [bytes(20), bytes(1)].map((pdu) => later(socket.sendAsync(pdu)));
        wire.send("7e8#1014000102030405", "7e8#2200000000000000"); // EILSEQ, for a receive
        await pause(300);
        wire.send("7e8#320000");
        await Promise.allSettled(sends);
      });
      await result;
      assert(made.length < 100, `${made.length} calls: ${made.slice(0, 50)}`);
      assertEquals(assertThrows(() => socket.recv(0), CanOperationError).code, "EILSEQ");
    }
  });

  inTime("sending works on a kernel whose poll always reports room", async () => {
    // As before Linux 6.1.23: poll ignores the PDU that is being sent.
    const lie = (call: string, args: readonly unknown[]) => {
      const fds = args[0] as Uint8Array;
      if (call !== "poll" || fds.length === 0 || fds[4] !== 4) return undefined;
      fds[6] = 4;
      return 1;
    };
    for (const waitTxDone of [false, true]) {
      using pair = ends({ waitTxDone, stMin: 0.001 });
      const { result, made } = withFaults(lie, async () => {
        for (let i = 0; i < 3; i++) pair.a.send(bytes(60, i), 20);
        await pair.a.sendAsync(bytes(60, 3));
        for (let i = 0; i < 4; i++) assertEquals(await pair.b.recvAsync({ timeout: 20 }), bytes(60, i));
      });
      await result;
      assert(made.length < 1000, `${made.length} calls`);
    }
  });
});
