import { describe } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Bus, CanOperationError, IsoTpSocket, Message } from "../../mod.ts";
import { take } from "../support/delivery.ts";
import { bytes, ecu, ends, idle, inTime, noIsoTp, tester, Wire } from "../support/isotp.ts";
import { later, pause } from "../support/pause.ts";

/** Seconds between frames, by the kernel's timestamps. */
function gaps(frames: readonly { timestamp: number }[]): number[] {
  return frames.slice(1).map(({ timestamp }, i) => timestamp - frames[i].timestamp);
}

describe("The frames of an ISO-TP socket", { skip: noIsoTp }, () => {
  inTime("a short PDU is one frame, a long one several, after flow control", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket(tester);
    socket.send(bytes(7, 1));
    assertEquals(await wire.frames(1), ["7e0#0701020304050607"]);
    socket.send(bytes(16, 1));
    assertEquals(await wire.frames(1), ["7e0#1010010203040506"]);
    wire.send("7e8#300000");
    assertEquals(await wire.frames(2), ["7e0#210708090a0b0c0d", "7e0#220e0f10"]);
    wire.send("7e8#02aabb");
    assertEquals(socket.recv(5), Uint8Array.of(0xaa, 0xbb));
  });

  inTime("a PDU of more than 4095 bytes has a 32-bit length", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket(tester);
    socket.send(bytes(4096));
    assertEquals(await wire.frames(1), ["7e0#1000000010000001"]);
    wire.send("7e8#320000");
  });

  inTime("isExtendedId: by default, identifiers up to 0x7ff have 11 bits, all others 29", () => {
    const rows = [
      [{ txId: 0x7e0, rxId: 0x7e8 }, false, "sends 7e0, receives 7e8"],
      [{ txId: 0x18da10f1, rxId: 0x18daf110 }, true, "sends 18da10f1, receives 18daf110"],
      [{ txId: 0x7e0, rxId: 0x7e8, isExtendedId: false }, false, "sends 7e0, receives 7e8"],
      [{ txId: 0x7e0, rxId: 0x7e8, isExtendedId: true }, true, "sends 000007e0, receives 000007e8"],
    ] as const;
    for (const [options, isExtendedId, text] of rows) {
      using bus = new Bus("vcan0");
      using socket = new IsoTpSocket({ channel: "vcan0", ...options });
      assertEquals(socket.channelInfo, `isotp channel "vcan0", ${text}`);
      socket.send(bytes(1));
      const sent = bus.recv(20)!;
      assertEquals([sent.arbitrationId, sent.isExtendedId, [...sent.data]], [options.txId, isExtendedId, [1, 0]]);
      const answer = { arbitrationId: options.rxId, data: [1, 7] };
      if (options.rxId <= 0x7ff) bus.send(new Message({ ...answer, isExtendedId: !isExtendedId })); // ignored
      bus.send(new Message({ ...answer, data: [1, 8], isExtendedId }));
      assertEquals(socket.recv(5), Uint8Array.of(8));
    }
  });

  inTime("extAddress, rxExtAddress: the first byte of each frame; other addresses are ignored", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, extAddress: 0xf1 });
    socket.send(bytes(6));
    assertEquals(await wire.frames(1), ["7e0#f106000102030405"]);
    socket.send(bytes(7));
    assertEquals(await wire.frames(1), ["7e0#f110070001020304"]);
    wire.send("7e8#f1300000");
    assertEquals(await wire.frames(1), ["7e0#f1210506"]);
    wire.send("7e8#100101", "7e8#f10102");
    assertEquals(socket.recvMany(9, 5), [Uint8Array.of(2)]);

    using other = new IsoTpSocket({ ...tester, txId: 0x7e1, extAddress: 0xf1, rxExtAddress: 0x10 });
    wire.send("7e8#f10103", "7e8#100104");
    assertEquals(other.recvMany(9, 5), [Uint8Array.of(4)]);
    assertEquals(socket.recvMany(9, 5), [Uint8Array.of(3)]);
  });

  inTime("txPadding fills up frames, also flow control", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, txPadding: 0xaa });
    socket.send(bytes(2));
    assertEquals(await wire.frames(1), ["7e0#020001aaaaaaaaaa"]);
    wire.send("7e8#1009000102030405");
    assertEquals(await wire.frames(1), ["7e0#300000aaaaaaaaaa"]);
  });

  inTime("checkPadding: a wrongly padded frame is an error", async () => {
    const rows = [
      { options: { rxPadding: 0xbb }, good: ["01ee", "01eebb", "01eeaabbbbbbbbbb"], bad: [] },
      { options: { checkPadding: "length" }, good: ["01ee"], bad: ["01eebb", "01eebbbbbbbbbbbb"] },
      {
        options: { rxPadding: 0xbb, checkPadding: "length" },
        good: ["01eebbbbbbbbbbbb", "01eeaabbbbbbbbaa"],
        bad: ["01ee", "01eebb"],
      },
      {
        options: { rxPadding: 0xbb, checkPadding: "content" },
        good: ["01ee", "01eebb", "01eebbbbbbbbbbbb"],
        bad: ["01eebbaa"],
      },
      {
        options: { rxPadding: 0xbb, checkPadding: "all" },
        good: ["01eebbbbbbbbbbbb"],
        bad: ["01eebb", "01eebbbbbbbbbbaa"],
      },
    ] as const;
    for (const { options, good, bad } of rows) {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, ...options });
      for (const frame of [...bad, ...good]) {
        wire.send(`7e8#${frame}`);
        const answer = socket.recvAsync({ timeout: 5 });
        if ((good as readonly string[]).includes(frame)) assertEquals(await answer, Uint8Array.of(0xee), frame);
        else assertEquals((await assertRejects(() => answer, CanOperationError, "wrongly padded")).code, "EBADMSG");
      }
    }
  });

  inTime("fd, txDl, bitrateSwitch: longer frames, padded to the next length of CAN FD", async () => {
    for (const txDl of [8, 12, 16, 20, 24, 32, 48, 64]) {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, fd: true, txDl, bitrateSwitch: txDl > 8 });
      const start = `7e0##${Number(txDl > 8)}`;
      socket.send(bytes(5));
      assertEquals(await wire.frames(1), [`${start}050001020304`]); // as short as possible
      socket.send(bytes(100));
      const [first] = await wire.frames(1);
      assertEquals([first.slice(0, 10 + 2), first.length], [`${start}106400`, 6 + 2 * txDl]);
      wire.send("7e8##1300000");
      const rest = await wire.frames(Math.ceil((100 - (txDl - 2)) / (txDl - 1)));
      assert(rest.slice(0, -1).every((frame) => frame.length === 6 + 2 * txDl), `${rest}`);
    }
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, fd: true });
    socket.send(bytes(8));
    assertEquals(await wire.frames(1), ["7e0##000080001020304050607cccc"]);
    socket.send(bytes(62));
    assertEquals((await wire.frames(1))[0].length, 6 + 128);
    wire.send("7e8#0102", "7e8##10103");
    assertEquals(socket.recvMany(9, 5), [Uint8Array.of(3)]); // classic frames are ignored
  });

  inTime("blockSize, stMin, wftMax: the contents of flow control", async () => {
    for (
      const [options, expected] of [
        [{}, "7e0#300000"],
        [{ blockSize: 2, stMin: 0.01, wftMax: 3 }, "7e0#30020a"],
        [{ blockSize: 255, stMin: 0.0003 }, "7e0#30fff3"],
      ] as const
    ) {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, ...options });
      wire.send("7e8#1014000102030405");
      assertEquals(await wire.frames(1), [expected]);
      wire.send("7e8#21060708090a0b0c", "7e8#220d0e0f10111213");
      assertEquals(socket.recv(5), bytes(20));
      assertEquals(wire.seen(), []);
    }
    // The other end complies: three blocks of two frames.
    using wire = new Wire();
    await wire.timed();
    using asked = ends({ blockSize: 2, stMin: 0.01 });
    asked.a.send(bytes(48));
    assertEquals(asked.b.recv(10), bytes(48));
    const frames = await wire.messages(10);
    const kinds = frames.map(({ arbitrationId, data }) => `${arbitrationId === 0x7e0 ? ">" : "<"}${data[0] >> 4}`);
    assertEquals(kinds.join(" "), ">1 <3 >2 >2 <3 >2 >2 <3 >2 >2");
    for (const at of [3, 6, 9]) assert(gaps(frames)[at - 1] >= 0.0099, `${gaps(frames)}`);
  });

  inTime("frameTxTime, forceTxStMin and the other end's STmin: the minimum time between frames", async () => {
    for (
      const [options, flowControl] of [
        [{ frameTxTime: 0.02 }, "7e8#300000"],
        [{ forceTxStMin: 0.02 }, "7e8#30007f"],
        [{ frameTxTime: 0 }, "7e8#300014"],
        [{ frameTxTime: 0.01 }, "7e8#30000a"],
      ] as const
    ) {
      using wire = new Wire();
      await wire.timed();
      using socket = new IsoTpSocket({ ...tester, ...options });
      socket.send(bytes(6 + 5 * 7));
      await wire.frames(1);
      wire.send(flowControl);
      const frames = await wire.messages(5);
      assert(gaps(frames).every((gap) => gap > 0.0199), `${JSON.stringify(options)}: ${gaps(frames)}`);
      if ("forceTxStMin" in options) assert(gaps(frames).some((gap) => gap < 0.127), `${gaps(frames)}`);
    }
  });

  inTime("forceRxStMin: frames that arrive too soon are ignored", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, forceRxStMin: 0.4 });
    await wire.timed();
    wire.send("7e8#1014000102030405", "7e8#21060708090a0b0c", "7e8#22ffffffffffffff");
    await pause(420); // within a second, after which the kernel would give up
    wire.send("7e8#220d0e0f10111213");
    assertEquals(socket.recv(5), bytes(20));
  });

  inTime("forceRxStMin, with no other socket that enables timestamps", async () => {
    using pair = ends({ forceRxStMin: 0.001, stMin: 0.005 });
    // The kernel takes a moment to enable timestamps; earlier frames are too soon for it, and the PDU is given up.
    for (let tries = 1;; tries++) {
      await pause(100);
      pair.a.send(bytes(40), 20);
      try {
        assertEquals(pair.b.recv(20), bytes(40));
        break;
      } catch (error) {
        const tooSoon = error instanceof CanOperationError && /ETIMEDOUT|EILSEQ/.test(error.code ?? "");
        if (tries === 5 || !tooSoon) throw error;
      }
    }
  });

  inTime("sfBroadcast: one frame, and nothing is received", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ channel: "vcan0", txId: 0x7df, isExtendedId: false, sfBroadcast: true });
    socket.send(bytes(7));
    socket.send(bytes(1));
    assertEquals(await wire.frames(2), ["7df#0700010203040506", "7df#0100"]);
    wire.send("7df#0101", "7e8#0101");
    assertEquals(socket.recv(0), null);
  });

  inTime("cfBroadcast: several frames without flow control, and nothing is received", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({
      channel: "vcan0",
      txId: 0x7df,
      isExtendedId: false,
      cfBroadcast: true,
      waitTxDone: true,
    });
    socket.send(bytes(14), 5);
    await socket.sendAsync(bytes(1), { timeout: 5 });
    assertEquals(await wire.frames(4), [
      "7df#100e000102030405",
      "7df#2106070809" + "0a0b0c",
      "7df#220d",
      "7df#0100",
    ]);
  });

  inTime("listenMode: what others send to each other, without sending a frame", async () => {
    using wire = new Wire();
    using pair = ends();
    using spy = new IsoTpSocket({ ...ecu, listenMode: true });
    pair.a.send(bytes(20));
    assertEquals(spy.recv(5), bytes(20));
    assertEquals(pair.b.recv(5), bytes(20));
    assertEquals((await wire.frames(4)).filter((frame) => frame.startsWith("7e8#")), ["7e8#300000"]);
  });

  inTime("halfDuplex: nothing is received while sending", async () => {
    for (const halfDuplex of [false, true]) {
      using wire = new Wire();
      using socket = new IsoTpSocket({ ...tester, halfDuplex });
      socket.send(bytes(20));
      await wire.frames(1);
      wire.send("7e8#0101", "7e8#300000");
      await wire.frames(2);
      idle(socket);
      wire.send("7e8#0102");
      const expected = (halfDuplex ? [2] : [1, 2]).map((byte) => Uint8Array.of(byte));
      assertEquals(take(socket, expected.length), expected);
      assertEquals(socket.recv(0), null);
    }
  });

  inTime("wait frames of the receiver give it another second each", async () => {
    using wire = new Wire();
    using socket = new IsoTpSocket({ ...tester, waitTxDone: true });
    const sent = later(socket.sendAsync(bytes(8), { timeout: 20 }));
    for (let i = 0; i < 5; i++) {
      await pause(300);
      wire.send("7e8#310000");
    }
    wire.send("7e8#300000");
    await sent;
    assertEquals(wire.seen(), ["7e0#1008000102030405", "7e0#210607"]);
  });
});
