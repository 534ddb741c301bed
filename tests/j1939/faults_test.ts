import { describe } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  Bus,
  CanError,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  CanTimeoutError,
  J1939Socket,
  Message,
  Name,
} from "../../mod.ts";
import { EAGAIN, EBUSY, EINTR, ENETDOWN, ENOBUFS, ENODEV, errnoName } from "../../src/kernel/errno.ts";
import { MSG_ERRQUEUE, MSG_FLAGS, MSG_TRUNC } from "../../src/kernel/socket.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { type Call, type Fault, withFaults } from "../support/faults.ts";
import { arrived, bytes, it, next, node, SOON, soon, take } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";

const ENOMEM = 12;
const A = 0x20;
const B = 0x30;
const DIRECT = 0xef00;
/** A send buffer, and a length that does not fit into it. */
const sendBuffer = 5_000;
const LONG = 20_000;

/** libc's own functions, while tests replace them. */
const { close: closeReally, recvmmsg: receiveReally } = openLibc();

const errnos = [EINTR, EAGAIN, EBUSY, ENOBUFS, ENETDOWN, ENODEV, ENOMEM] as const;

/** An operation of a socket, and the outcome when one system call of it fails once. */
interface Row {
  readonly call: Call;
  readonly does: string;
  /** Errors that the operation overcomes. All others are thrown. */
  readonly hidden?: readonly number[];
  /** The system call that the error names. Default: the one that fails. */
  readonly syscall?: string;
  /** Whether a message is queued to be received. */
  readonly fed?: boolean;
  /** How many calls succeed before the one that fails. Default 0. */
  readonly after?: number;
  /** An error that cannot be faked here, because the kernel counts it. */
  readonly never?: number;
  run(socket: J1939Socket): unknown;
}

const message = { pgn: DIRECT, destination: B, data: [1] };
const long = { pgn: DIRECT, destination: B, data: bytes(LONG) };

// A link that is up sends, whatever error the socket holds: ENETDOWN then goes to the next receive.
const patient = [EINTR, EAGAIN, EBUSY, ENOBUFS, ENETDOWN];
const receiving = { call: "recvmmsg", hidden: [EINTR, EAGAIN], fed: true } as const;

const rows: readonly Row[] = [
  { call: "sendmmsg", does: "send", hidden: patient, run: (socket) => socket.send(message, SOON) },
  { call: "sendmmsg", does: "sendMany", hidden: patient, run: (socket) => socket.sendMany([message], SOON) },
  {
    call: "sendmmsg",
    does: "sendAsync",
    hidden: patient,
    run: (socket) => socket.sendAsync(message, { timeout: SOON }),
  },
  { call: "sendmmsg", does: "send, of a long message", hidden: patient, run: (socket) => socket.send(long, SOON) },
  {
    call: "setsockopt",
    does: "send, with another priority",
    run: (socket) => socket.send({ ...message, priority: 3 }, SOON),
  },
  { ...receiving, does: "recv", run: (socket) => socket.recv(SOON) },
  { ...receiving, does: "recvMany", run: (socket) => socket.recvMany(9, SOON) },
  { ...receiving, does: "recvAsync", run: (socket) => socket.recvAsync({ timeout: SOON }) },
  { ...receiving, does: "asynchronous iteration", run: (socket) => socket[Symbol.asyncIterator]().next() },
  { call: "poll", does: "recv", hidden: [EINTR], run: (socket) => socket.recv(0.2) },
  {
    call: "setsockopt",
    does: "sendAsync, acknowledged",
    run: (socket) => socket.sendAsync(message, { acknowledged: true }),
  },
  {
    call: "sendmmsg",
    does: "sendAsync, acknowledged",
    never: EBUSY,
    hidden: patient,
    run: (socket) => socket.sendAsync(message, { acknowledged: true, timeout: SOON }),
  },
  { call: "setsockopt", does: "transfers", run: (socket) => socket.transfers().return() },
  { call: "setsockopt", does: "setFilters", run: (socket) => socket.setFilters([{ source: B }]) },
  { call: "setsockopt", does: "setFilters", after: 1, run: (socket) => socket.setFilters([{ source: B }]) },
  { call: "getsockopt", does: "droppedFrames", run: (socket) => socket.droppedFrames },
  { call: "getsockopt", does: "receiveBuffer", run: (socket) => socket.receiveBuffer },
  { call: "getsockopt", does: "sendBuffer", run: (socket) => socket.sendBuffer },
];

/** Fails the next call of this kind. */
function once(call: Call, errno: number, after = 0): { fault: Fault; done(): boolean } {
  let left = after;
  let done = false;
  const fault: Fault = (made, args) => {
    if (done || made !== call || (call === "recvmmsg" && args[3] !== 0) || left-- > 0) return undefined;
    done = true;
    return -errno;
  };
  return { fault, done: () => done };
}

async function failOnce(
  { call, does, hidden = [], syscall = call, fed, after, run }: Row,
  errno: number,
): Promise<void> {
  const what = `${errnoName(errno)} of ${call} in ${does}`;
  using a = node({ address: A, sendBuffer });
  using b = node({ address: B });
  if (fed) {
    b.send({ pgn: DIRECT, destination: A, data: [9] });
    arrived(a);
  }
  const failing = once(call, errno, after);
  const attempt = async () => {
    try {
      await run(a);
    } catch (error) {
      return error;
    }
  };
  const error = await withFaults(failing.fault, attempt).result;
  assert(failing.done(), `${what}: no such call was made`);
  if (hidden.includes(errno)) {
    assertEquals(error, undefined, what);
    if (call === "sendmmsg") assert([1, LONG].includes((await next(b, DIRECT)).data.length), what);
    if (call === "sendmmsg" && errno === ENETDOWN) assertThrows(() => a.recv(0), CanOperationError, "ENETDOWN", what);
  } else {
    assertInstanceOf(error, CanError, what);
    assertEquals([error.code, error.syscall, error.channel], [errnoName(errno), syscall, "vcan0"], what);
  }
  // The socket still works.
  a.recvMany(9, 0);
  a.send(message, SOON);
  assertEquals((await next(b, DIRECT)).data.length, 1, `${what}: sends afterwards`);
  b.send({ pgn: DIRECT, destination: A, data: bytes(20) });
  assertEquals((await next(a, DIRECT)).data.length, 20, `${what}: receives afterwards`);
}

describe("A J1939 socket whose system call fails", { skip: noJ1939 }, () => {
  it("is not opened, and leaves no descriptor open, whichever call fails", async () => {
    const options = {
      channel: "vcan0",
      address: A,
      filters: [{ pgn: 0xfeca }],
      receiveBuffer: 10_000,
      sendBuffer: 10_000,
    };
    const opened = withFaults(() => undefined, () => new J1939Socket(options));
    opened.result.close();
    assert(opened.made.length > 12, opened.made.join());
    const before = await restingDescriptors();
    for (const [failing, call] of opened.made.entries()) {
      const fault: Fault = (_call, _args, index) => index === failing ? -ENOMEM : undefined;
      const open = () => withFaults(fault, () => new J1939Socket(options));
      const error = assertThrows(
        open,
        CanInitializationError,
        "ENOMEM (cannot allocate memory)",
        `call ${failing}, ${call}`,
      );
      assertEquals([error.code, error.syscall, error.channel], ["ENOMEM", call, "vcan0"]);
      assertEquals(openDescriptors(), before, `call ${failing}, ${call}`);
    }
  });

  it("says which module is missing", () => {
    for (const [errno, text] of [[93, 'sudo modprobe can-j1939"'], [97, 'sudo modprobe can"']] as const) {
      const fault = (call: Call) => call === "socket" ? -errno : undefined;
      const open = () => withFaults(fault, () => new J1939Socket("vcan0"));
      assertThrows(open, CanInterfaceNotImplementedError, text);
    }
  });

  for (const row of rows) {
    const shown = errnos.filter((errno) => !row.hidden?.includes(errno)).map(errnoName).join(", ");
    const which = row.after ? `${row.call}, the second` : row.call;
    it(`${which} in ${row.does}: ${shown || "no error"} is thrown, and the socket still works`, async () => {
      const before = await restingDescriptors();
      for (const errno of errnos) if (errno !== row.never) await failOnce(row, errno);
      await descriptorsBackTo(before);
    });
  }

  it("a long message: an error between its parts goes to its sender, and the next send is a new message", async () => {
    using a = node({ address: A, sendBuffer });
    using b = node({ address: B });
    for (const errno of [ENOMEM, ENODEV]) {
      const failing = once("sendmmsg", errno, 1);
      const sending = () => withFaults(failing.fault, () => a.sendAsync(long, { timeout: SOON })).result;
      const error = await assertRejects(sending, CanOperationError, errnoName(errno));
      assert(error.message.startsWith(`Cannot send ${LONG} bytes of PGN 0xef00 (61184) to 0x30`), error.message);
      assert(failing.done());
      // The message will never be complete: the next one waits until the kernel has dropped it.
      assertThrows(() => a.send(message, 0), CanTimeoutError);
      a.send({ pgn: DIRECT, destination: B, data: bytes(77) }, SOON);
      await a.sendAsync({ pgn: DIRECT, destination: B, data: bytes(78) }, { timeout: SOON, acknowledged: true });
      assertEquals((await next(b, DIRECT)).data, bytes(77));
      assertEquals((await next(b, DIRECT)).data, bytes(78));
      assertEquals([a.recv(0), b.recv(0)], [null, null]);
    }
  });

  it("a long message aborted just before its next part: the kernel does not take that part for a message", async () => {
    const far = 0x55;
    for (const reported of [true, false]) {
      using bus = new Bus("vcan0");
      using a = node({ address: A, sendBuffer });
      using b = node({ address: B });
      using _mute = node({ address: far, filters: [{ pgn: 0x3ffff }] }); // Linux accepts an abort only from this host's address
      const lost = { pgn: DIRECT, destination: far, data: bytes(LONG) };
      const sent = a.sendAsync(lost, { timeout: SOON }).then(() => null, (error) => error);
      const toFar = (frame: Message) => (frame.arbitrationId & 0xffff) === (far << 8 | A);
      // The kernel sends its request to send a little later; aborted before that, it would not send one.
      let asked: Message | null = null;
      while (asked === null || !toFar(asked)) asked = await soon(bus.recvAsync());
      assertEquals(asked.data[0], 0x14, "request to send");
      let parts = 0;
      const fault: Fault = (call, args) => {
        if (call === "recvmmsg" && args[3] === MSG_ERRQUEUE && !reported) return -EAGAIN;
        if (call !== "sendmmsg" || parts++ > 0) return undefined;
        const abort = [0xff, 2, 0xff, 0xff, 0xff, 0x00, 0xef, 0x00];
        bus.send(new Message({ arbitrationId: 0x18c80000 | A << 8 | far, data: abort }));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        return undefined;
      };
      withFaults(fault, () => a.send(message, SOON));
      assert(parts > 1, "the rest, and the message");
      const error = await sent;
      if (error?.code === "EHOSTUNREACH") throw error; // the kernel has timed out first
      assertEquals(error?.code, reported ? "EMSGSIZE" : "ECONNABORTED");
      assertEquals((await next(b, DIRECT)).data.length, 1);
      assertEquals(bus.recvMany(99, 0.2).filter(toFar), [], "one request to send");
    }
  });

  it("an error of reading the error queue is thrown by a receive", () => {
    using a = node({ address: A });
    let failed = false;
    const fault: Fault = (call, args) => {
      if (call !== "recvmmsg" || args[3] !== MSG_ERRQUEUE || failed) return undefined;
      failed = true;
      return -ENOMEM;
    };
    withFaults(fault, () => {
      const error = assertThrows(
        () => a.recv(0.1),
        CanOperationError,
        'Cannot read the error queue of "vcan0": ENOMEM',
      );
      assertEquals(error.syscall, "recvmmsg");
    });
    assertEquals(a.recv(0), null);
  });

  it("acknowledged: a lost report is an error", async () => {
    using a = node({ address: A });
    using b = node({ address: B });
    const fault: Fault = (call, args) => call === "recvmmsg" && args[3] === MSG_ERRQUEUE ? -EAGAIN : undefined;
    await withFaults(fault, async () => {
      const sent = a.sendAsync({ pgn: DIRECT, destination: B, data: bytes(20) }, { acknowledged: true });
      const error = await assertRejects(
        () => sent,
        CanOperationError,
        "ENOBUFS (the kernel had no buffer space for the",
      );
      assertEquals(error.code, "ENOBUFS");
    }).result;
    assertEquals(take(b).data.length, 20);
    await a.sendAsync({ pgn: DIRECT, destination: B, data: bytes(20) }, { acknowledged: true, timeout: SOON });
  });

  it("a message too long for the buffer is an error, and the next one is received", () => {
    using a = node({ address: A });
    using b = node({ address: B });
    b.send({ pgn: DIRECT, destination: A, data: [1] });
    arrived(a);
    b.send({ pgn: DIRECT, destination: A, data: [2] });
    let cut = false;
    const fault: Fault = (call, args) => {
      if (call !== "recvmmsg" || args[3] !== 0 || cut) return undefined;
      const result = receiveReally(...args as Parameters<typeof receiveReally>);
      if (result === 1) {
        cut = true;
        const header = args[1] as Uint8Array;
        new DataView(header.buffer, header.byteOffset).setUint32(MSG_FLAGS, MSG_TRUNC, true);
      }
      return result;
    };
    withFaults(fault, () => {
      assertThrows(
        () => a.recv(SOON),
        CanOperationError,
        "EMSGSIZE (message too long); a message of more than 4194304 bytes arrived and was lost",
      );
    });
    assertEquals(take(a).data[0], 2);
  });

  it("close: the error is thrown, waits are rejected, and no descriptor is left", async () => {
    const before = await restingDescriptors();
    const a = node({ address: A });
    const wait = a.recvAsync().catch((error) => error.code);
    await pause(20);
    const fault: Fault = (call, args) => {
      if (call !== "close") return undefined;
      closeReally(args[0] as number); // as in Linux, a close that fails has closed
      return -5;
    };
    assertThrows(() => withFaults(fault, () => a.close()), CanOperationError, 'Cannot close "vcan0": EIO');
    assertEquals(await wait, "EBADF");
    await descriptorsBackTo(before);
    // If the kernel does not say what is left to send, the socket is closed at once.
    const b = node({ address: B });
    withFaults((call) => call === "getsockopt" ? -ENOMEM : undefined, () => b.close());
    await descriptorsBackTo(before);
  });

  it("close while messages are being sent: an error goes to the logger and to `await using`", async () => {
    const before = await restingDescriptors();
    const warnings: string[] = [];
    const logger = { debug() {}, warn: (line: string) => void warnings.push(line) };
    const a = node({ address: A, logger });
    a.send({ pgn: 0xfeca, data: bytes(70) }); // 10 packets: half a second
    const fault: Fault = (call, args) => call === "close" ? (closeReally(args[0] as number), -5) : undefined;
    await withFaults(fault, async () => {
      await assertRejects(() => a[Symbol.asyncDispose](), CanOperationError, "EIO");
    }).result;
    assert(warnings.some((line) => line.includes('Cannot close "vcan0": EIO')), warnings.join("\n"));
    await descriptorsBackTo(before);
  });

  it("claim: whichever call fails, the error is thrown or overcome, and the next claim works", async () => {
    const name = new Name({ identityNumber: 5, arbitraryAddressCapable: true });
    const before = await restingDescriptors();
    let count = 0;
    {
      using ecu = node({ name, address: 0x42 });
      count = withFaults(() => undefined, () => void ecu.claim()).made.length;
      await ecu.claim();
    }
    assert(count > 12, `${count}`);
    await descriptorsBackTo(before);
    for (let failing = 0; failing < count; failing++) {
      using ecu = node({ name, address: 0x42 });
      let call: Call | undefined;
      const fault: Fault = (made, _args, index) => index === failing ? (call = made, -ENOMEM) : undefined;
      const claim = withFaults(fault, () => ecu.claim({ timeout: SOON })).result;
      const outcome = await claim.then((address) => address, (error) => error.code);
      assert(outcome === 0x42 || outcome === "ENOMEM", `call ${failing}, ${call}: ${outcome}`);
      assertEquals(await ecu.claim({ timeout: SOON }), 0x42, `call ${failing}, ${call}`);
      ecu.close();
      await descriptorsBackTo(before);
    }
  });
});
