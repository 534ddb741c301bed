import { describe, it } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  CanError,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  IsoTpSocket,
  type IsoTpSocketOptions,
} from "../../mod.ts";
import {
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EINTR,
  EINVAL,
  ENETDOWN,
  ENOBUFS,
  ENODEV,
  ENXIO,
  EPROTONOSUPPORT,
  errnoName,
} from "../../src/kernel/errno.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { type Call, ENOMEM, errnos, type Fault, once, withFaults } from "../support/faults.ts";
import { bytes, ecu, inTime, noIsoTp, tester } from "../support/isotp.ts";
import { pause } from "../support/pause.ts";
import { generator, oneOf } from "../support/random.ts";

/** libc's own function, which tests replace. */
const { close: closeReally } = openLibc();

/** An action of a socket, and the result if one of its calls fails once. */
interface Row {
  readonly call: Call;
  readonly does: string;
  /** Errnos that are handled: the action succeeds. All others are thrown. */
  readonly hidden: readonly number[];
  readonly options?: Partial<IsoTpSocketOptions>;
  /** Whether the peer sends a PDU first. */
  readonly fed?: boolean;
  /** An error of an earlier `send`, so that the call is made. */
  readonly first?: number;
  run(socket: IsoTpSocket): unknown;
}

// If the link is up, ENETDOWN is an old error of the socket: the PDU is sent, and a receive reports it.
const sending = { call: "send", hidden: [EINTR, EAGAIN, ENOBUFS, ENETDOWN] } as const;
const receiving = { call: "read", hidden: [EINTR, EAGAIN], fed: true } as const;
const waiting = { options: { waitTxDone: true } } as const;
const ours = bytes(3);
const theirs = bytes(2);

const rows: readonly Row[] = [
  { ...sending, does: "send", run: (socket) => socket.send(ours, 5) },
  { ...sending, does: "sendAsync", run: (socket) => socket.sendAsync(ours, { timeout: 5 }) },
  { ...sending, ...waiting, does: "send, waitTxDone", run: (socket) => socket.send(ours, 5) },
  { ...sending, ...waiting, does: "sendAsync, waitTxDone", run: (socket) => socket.sendAsync(ours) },
  {
    call: "poll",
    does: "send, while another PDU is being sent",
    hidden: [EINTR],
    first: EAGAIN,
    run: (socket) => socket.send(ours, 5),
  },
  {
    call: "getsockopt",
    does: "send, after another PDU was sent",
    hidden: [],
    first: EAGAIN,
    run: (socket) => socket.send(ours),
  },
  {
    call: "poll",
    does: "send, transmit queue full",
    hidden: [EINTR],
    first: ENOBUFS,
    run: (socket) => socket.send(ours),
  },
  { ...receiving, does: "recv", run: (socket) => socket.recv(5) },
  { ...receiving, does: "recvMany", run: (socket) => socket.recvMany(9, 5) },
  { ...receiving, does: "recvAsync", run: (socket) => socket.recvAsync({ timeout: 5 }) },
  { ...receiving, does: "iteration", run: (socket) => socket[Symbol.iterator]().next() },
  { ...receiving, does: "asynchronous iteration", run: (socket) => socket[Symbol.asyncIterator]().next() },
  { call: "poll", does: "recv", hidden: [EINTR], run: (socket) => socket.recv(0.2) },
  { call: "getsockopt", does: "droppedFrames", hidden: [], run: (socket) => socket.droppedFrames },
  { call: "getsockopt", does: "receiveBuffer", hidden: [], run: (socket) => socket.receiveBuffer },
  { call: "getsockopt", does: "sendBuffer", hidden: [], run: (socket) => socket.sendBuffer },
];

describe("An ISO-TP socket of which one call fails", { skip: noIsoTp }, () => {
  it("opening: no descriptor is left open, whichever call fails", async () => {
    const options = { ...tester, forceTxStMin: 0.1, forceRxStMin: 0, receiveBuffer: 100_000, sendBuffer: 100_000 };
    const opened = withFaults(() => undefined, () => new IsoTpSocket(options));
    opened.result.close();
    const before = await restingDescriptors();
    assert(opened.made.length > 12, opened.made.join());
    for (let failing = 0; failing < opened.made.length; failing++) {
      const fault: Fault = (_call, _args, index) => index === failing ? -ENOMEM : undefined;
      const error = assertThrows(
        () => withFaults(fault, () => new IsoTpSocket(options)),
        CanInitializationError,
        "ENOMEM (cannot allocate memory)",
        `call ${failing}, ${opened.made[failing]}`,
      );
      assertEquals([error.errno, error.syscall, error.channel], [ENOMEM, opened.made[failing], "vcan0"]);
      assertEquals(openDescriptors(), before, opened.made[failing]);
    }
  });

  it("opening: errors say what to do", () => {
    const cases: [Call, number, Partial<IsoTpSocketOptions>, typeof CanError, string][] = [
      [
        "socket",
        EPROTONOSUPPORT,
        {},
        CanInterfaceNotImplementedError,
        'load the module with "sudo modprobe can-isotp"',
      ],
      [
        "socket",
        EAFNOSUPPORT,
        {},
        CanInterfaceNotImplementedError,
        'load it with "sudo modprobe can", or use a Bus with interface: "virtual"',
      ],
      ["ioctl", ENODEV, {}, CanInitializationError, "CAN interfaces here"],
      ["bind", EINVAL, {}, CanInitializationError, 'bind a CAN_ISOTP socket to "vcan0": EINVAL (invalid argument)'],
      [
        "bind",
        EADDRNOTAVAIL,
        { rxId: undefined, cfBroadcast: true },
        CanInitializationError,
        "this kernel does not support this broadcast: cfBroadcast needs Linux 6.0",
      ],
    ];
    for (const [call, errno, options, Class, text] of cases) {
      const { fault } = once(call, errno);
      assertThrows(() => withFaults(fault, () => new IsoTpSocket({ ...tester, ...options })), Class, text);
    }
  });

  for (const row of rows) {
    const { call, does, hidden, options, fed, first, run } = row;
    const shown = errnos.filter((errno) => !hidden.includes(errno)).map(errnoName).join(", ");
    it(`${call} in ${does}: ${shown || "nothing"} is thrown, and the socket stays usable`, async () => {
      const before = await restingDescriptors();
      for (const errno of errnos) {
        const what = `${errnoName(errno)} of ${call} in ${does}`;
        using socket = new IsoTpSocket({ ...tester, ...options });
        using peer = new IsoTpSocket(ecu);
        if (fed) peer.send(theirs);
        const failing = once(call, errno, first === undefined ? undefined : ["send", first]);
        const attempt = async () => {
          try {
            await run(socket);
            return undefined;
          } catch (error) {
            return error;
          }
        };
        const error = await withFaults(failing.fault, attempt).result;
        assert(failing.done(), `${what}: no such call was made`);
        if (hidden.includes(errno)) {
          assertEquals(error, undefined, what);
          if (does.startsWith("send")) assertEquals(peer.recv(5), ours, `${what}: is sent`);
          if (call === "send" && errno === ENETDOWN) assertThrows(() => socket.recv(0), CanOperationError, "ENETDOWN");
        } else {
          assertInstanceOf(error, CanError, what);
          assertEquals([error.code, error.syscall], [errnoName(errno), call], what);
          assertEquals(peer.recv(0), null, `${what}: PDUs sent`);
        }
        socket.recvMany(9, 0);
        peer.send(theirs, 5);
        assertEquals(socket.recv(5), theirs, `${what}: receives afterwards`);
        socket.send(ours, 5);
        assertEquals(peer.recv(5), ours, `${what}: sends afterwards`);
        assertEquals(peer.recv(0), null, `${what}: sends once`);
      }
      await descriptorsBackTo(before);
    });
  }

  it("random handled errors: nothing is lost, duplicated or out of order", async () => {
    const below = generator(13);
    const failing: Partial<Record<Call, readonly number[]>> = {
      send: [EINTR, EAGAIN, ENOBUFS],
      read: [EINTR, EAGAIN],
      poll: [EINTR],
      epollWait: [EINTR],
    };
    const fault: Fault = (call) => {
      const some = failing[call];
      return some && below(4) === 0 ? -oneOf(below, ...some) : undefined;
    };
    const sendings: Record<string, (socket: IsoTpSocket, pdus: Uint8Array[]) => unknown> = {
      "send": async (socket, pdus) => {
        for (const pdu of pdus) {
          socket.send(pdu, 20);
          await pause(0);
        }
      },
      "sendMany": (socket, pdus) => assertEquals(socket.sendMany(pdus, 20), pdus.length),
      "sendAsync": (socket, pdus) => Promise.all(pdus.map((pdu) => socket.sendAsync(pdu, { timeout: 20 }))),
      "writable": async (socket, pdus) => {
        const writer = socket.writable.getWriter();
        for (const pdu of pdus) await writer.write(pdu);
      },
    };
    const receivings: Record<string, (socket: IsoTpSocket, count: number) => Promise<unknown[]>> = {
      "recvAsync": (socket, count) =>
        Promise.all(Array.from({ length: count }, () => socket.recvAsync({ timeout: 20 }))),
      "for await": async (socket, count) => {
        const got: Uint8Array[] = [];
        for await (const pdu of socket) if (got.push(pdu) === count) break;
        return got;
      },
    };
    for (const [sending, send] of Object.entries(sendings)) {
      for (const [receiving, receive] of Object.entries(receivings)) {
        for (const waitTxDone of [false, true]) {
          using socket = new IsoTpSocket({ ...tester, waitTxDone, frameTxTime: 0 });
          using peer = new IsoTpSocket({ ...ecu, frameTxTime: 0 });
          const pdus = Array.from({ length: 8 }, (_, i) => bytes(1 + below(oneOf(below, 7, 40, 400)), i));
          const what = `${sending}, ${receiving}, waitTxDone ${waitTxDone}`;
          const { result } = withFaults(fault, async () => {
            const received = receive(peer, pdus.length);
            await send(socket, pdus);
            return await received;
          });
          assertEquals(await result, pdus, what);
          assertEquals([peer.recv(0), socket.recv(0)], [null, null], what);
        }
      }
    }
  });

  it("an interface that is gone: each call throws", () => {
    for (const errno of [ENODEV, ENXIO, EADDRNOTAVAIL]) {
      using socket = new IsoTpSocket(tester);
      const fault: Fault = (call) => call === "read" || call === "send" ? -errno : undefined;
      withFaults(fault, () => {
        for (let i = 0; i < 2; i++) {
          assertThrows(() => socket.recv(5), CanOperationError, "ENODEV (no such device); the interface is gone");
          assertThrows(() => socket.send(ours, 5), CanOperationError, "ENODEV (no such device); the interface is gone");
        }
      });
    }
  });

  it("if the kernel's limit cannot be found, the send's own error is thrown", () => {
    for (const errno of [EINTR, ENOMEM]) {
      using socket = new IsoTpSocket(tester);
      const { fault } = once("sendmmsg", errno);
      const send = () => withFaults(fault, () => socket.send(bytes(2 ** 21)));
      assertThrows(send, CanOperationError, 'Cannot send to "vcan0": EINVAL (invalid argument)');
    }
  });

  it("a PDU longer than any kernel sends is not truncated", () => {
    using socket = new IsoTpSocket(tester);
    const fault: Fault = (call, args) => call === "read" ? (args[1] as Uint8Array).length : undefined;
    withFaults(fault, () => assertThrows(() => socket.recv(5), CanOperationError, "EMSGSIZE"));
  });

  inTime("close while a PDU is being sent: the error is thrown, and no descriptor is left", async () => {
    const before = await restingDescriptors();
    const socket = new IsoTpSocket({ ...tester, txId: 0x7e2 }); // without a receiver
    const waiting = socket.recvAsync().catch(() => {});
    socket.send(bytes(20));
    await pause(100); // the waiting thread sleeps; waking it fails
    const failing = once("write", ENOMEM);
    assertThrows(() => withFaults(failing.fault, () => socket.close()), CanOperationError, "ENOMEM");
    await waiting;
    const other = new IsoTpSocket(tester);
    const otherWaiting = other.recvAsync().catch(() => {});
    other.close();
    await otherWaiting;
    await descriptorsBackTo(before);
  });

  it("close: the error is thrown, and no descriptor is left", async () => {
    for (const call of ["close", "poll"] satisfies Call[]) {
      for (const errno of errnos) {
        const before = await restingDescriptors();
        const socket = new IsoTpSocket(tester);
        const failing = once(call, errno);
        const fault: Fault = (...args) => {
          const answer = failing.fault(...args);
          // In Linux a close that fails has closed the descriptor.
          if (call === "close" && answer !== undefined) closeReally(args[1][0] as number);
          return answer;
        };
        const close = () => withFaults(fault, () => socket.close());
        if (call === "poll" && errno === EINTR) close(); // retried later
        else assertThrows(close, CanOperationError, errnoName(errno));
        await descriptorsBackTo(before);
      }
    }
  });
});
