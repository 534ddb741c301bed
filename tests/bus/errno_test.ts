import { describe, it } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { Bus, type BusOptions, CanError, CanOperationError, Message } from "../../mod.ts";
import { EAGAIN, EINTR, ENETDOWN, ENOBUFS, ENODEV, errnoName } from "../../src/kernel/errno.ts";
import { all, bySending, deliver, PATIENCE, take } from "../support/delivery.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { type Call, ENOMEM, errnos, type Fault, once, withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";

/** libc's `close`, whatever replaces it meanwhile. */
const { close: closeReally } = openLibc();

/** An operation of a bus, and its outcome when a system call that it makes fails once. */
interface Row {
  readonly call: Call;
  readonly does: string;
  /** The errors that are hidden: the operation succeeds. All others are thrown. */
  readonly hidden: readonly number[];
  /** The system call that the error names, if it is not `call`. */
  readonly syscall?: string;
  /** After ENODEV the receiver returns what is queued, and then reports it every time. */
  readonly gone?: boolean;
  /** The next receive throws the error. */
  readonly later?: boolean;
  readonly options?: Partial<BusOptions>;
  /** Whether the peer sends a frame first. */
  readonly fed?: boolean;
  /** Another call that must fail first, so that this one is made. */
  readonly first?: readonly [Call, number];
  run(bus: Bus): unknown;
}

// If the interface is up again, the frame is sent although the socket reports ENETDOWN, which is kept for a receive.
const patient = [EINTR, EAGAIN, ENOBUFS, ENETDOWN];
const receiving = { call: "recvmmsg", hidden: [EINTR, EAGAIN], gone: true, fed: true } as const;
const waiting = { hidden: [], fed: true, run: (bus: Bus) => bus.recvAsync({ timeout: PATIENCE }) } as const;
const own = { channel: "vcan0", fd: true, receiveOwnMessages: false };

const ours = new Message({ arbitrationId: 1, data: [1] });
const theirs = new Message({ arbitrationId: 2, data: [2] });
const many = Array.from({ length: 5 }, () => ours);

const rows: readonly Row[] = [
  { call: "send", does: "send", hidden: patient, run: (bus) => bus.send(ours, PATIENCE) },
  { call: "send", does: "sendAsync", hidden: patient, run: (bus) => bus.sendAsync(ours, { timeout: PATIENCE }) },
  { call: "sendmmsg", does: "sendMany", hidden: patient, syscall: "send", run: (bus) => bus.sendMany(many, PATIENCE) },
  { ...receiving, does: "recv", run: (bus) => bus.recv(PATIENCE) },
  { ...receiving, does: "recvMany", run: (bus) => bus.recvMany(9, PATIENCE)[0] },
  { ...receiving, does: "recvAsync", run: (bus) => bus.recvAsync({ timeout: PATIENCE }) },
  { ...receiving, does: "iteration", run: (bus) => bus[Symbol.iterator]().next() },
  { ...receiving, does: "asynchronous iteration", run: (bus) => bus[Symbol.asyncIterator]().next() },
  { ...receiving, does: "setFilters", later: true, fed: false, run: (bus) => bus.setFilters(null) },
  { call: "poll", does: "recv", hidden: [EINTR], run: (bus) => bus.recv(0.5) },
  { call: "poll", does: "recvMany", hidden: [EINTR], run: (bus) => bus.recvMany(9, 0.5) },
  {
    call: "poll",
    does: "send, no room in the socket",
    hidden: [EINTR],
    first: ["send", EAGAIN],
    run: (bus) => bus.send(ours),
  },
  {
    call: "poll",
    does: "send, no room in the queue",
    hidden: [EINTR],
    first: ["send", ENOBUFS],
    run: (bus) => bus.send(ours),
  },
  { call: "poll", does: "sendMany", hidden: [EINTR], first: ["sendmmsg", EAGAIN], run: (bus) => bus.sendMany(many) },
  { call: "epollCreate", does: "recvAsync", syscall: "epoll_create1", ...waiting, fed: false },
  { call: "eventfd", does: "recvAsync", ...waiting, fed: false },
  { call: "epollCtl", does: "recvAsync", syscall: "epoll_ctl", ...waiting, fed: false },
  { call: "epollWait", does: "recvAsync", syscall: "epoll_wait", ...waiting, hidden: [EINTR], fed: false },
  {
    call: "epollCtl",
    does: "sendAsync",
    syscall: "epoll_ctl",
    hidden: [],
    first: ["send", EAGAIN],
    run: (bus) => bus.sendAsync(ours),
  },
  { call: "getsockopt", does: "droppedFrames", hidden: [], run: (bus) => bus.droppedFrames },
  { call: "getsockopt", does: "receiveBuffer", hidden: [], run: (bus) => bus.receiveBuffer },
  { call: "getsockopt", does: "sendBuffer", hidden: [], run: (bus) => bus.sendBuffer },
  { call: "setsockopt", does: "setFilters", hidden: [], run: (bus) => bus.setFilters(null) },
  {
    call: "ioctl",
    does: "sendMany on every interface",
    hidden: patient,
    syscall: "send",
    options: { channel: "" },
    run: (bus) => bus.sendMany([new Message({ ...ours.toJSON(), channel: "vcan0" })], PATIENCE),
  },
];

describe("A bus with one failing system call", { skip: noVcan }, () => {
  for (const row of rows) {
    const shown = errnos.filter((errno) => !row.hidden.includes(errno)).map(errnoName).join(", ");
    it(`${row.call} in ${row.does}: reports ${shown || "nothing"}, and the bus keeps working`, async () => {
      const before = await restingDescriptors();
      for (const errno of errnos) await failOnce(row, errno);
      await descriptorsBackTo(before);
    });
  }

  it("waking the waiting thread: EINTR and EAGAIN are hidden, others reject the pending wait", async () => {
    for (const errno of errnos) {
      const before = await restingDescriptors();
      {
        using bus = new Bus(own);
        using other = new Bus(own);
        const wait = other.recvAsync({ timeout: 60 }).then((message) => message?.arbitrationId, (error) => error.code);
        const failing = once("write", errno);
        await withFaults(failing.fault, async () => {
          for (let tries = 0; tries < 200 && !failing.done(); tries++) {
            await pause(20);
            other[tries % 2 ? "ref" : "unref"](); // makes the sleeping thread start its wait again
          }
          await pause(20);
        }).result;
        assert(failing.done(), "no write was made");
        other.ref();
        bus.send(theirs);
        const hidden = errno === EINTR || errno === EAGAIN;
        assertEquals(await wait, hidden ? theirs.arbitrationId : errnoName(errno));
      }
      await descriptorsBackTo(before);
    }
  });

  it("resetting the wake-up: no error is reported", async () => {
    for (const errno of errnos) {
      const before = await restingDescriptors();
      {
        using bus = new Bus(own);
        using peer = new Bus(own);
        const failing = once("read", errno);
        await withFaults(failing.fault, async () => {
          for (let tries = 0; tries < 200 && !failing.done(); tries++) {
            assertEquals(await bus.recvAsync({ timeout: 0.03 }), null);
            await pause(5); // no wait is pending, so the thread is woken
          }
        }).result;
        assert(failing.done(), "no read was made");
        const wait = bus.recvAsync({ timeout: PATIENCE });
        peer.send(theirs);
        assertEquals((await wait)?.arbitrationId, theirs.arbitrationId);
      }
      await descriptorsBackTo(before);
    }
  });

  it("registering with epoll, then waiting: the next wait registers the socket", async () => {
    using bus = new Bus(own);
    using other = new Bus(own);
    const registering = once("epollCtl", ENOMEM);
    await withFaults(registering.fault, () => assertRejects(() => bus.recvAsync(), CanOperationError, "ENOMEM")).result;
    // A failed wait is reported to all sockets; it must not be taken for an event of this one.
    const waiting = once("epollWait", ENOMEM);
    await withFaults(waiting.fault, () => assertRejects(() => other.recvAsync(), CanOperationError, "ENOMEM")).result;
    const wait = bus.recvAsync({ timeout: PATIENCE });
    other.send(theirs);
    assertEquals((await wait)?.arbitrationId, theirs.arbitrationId);
  });

  it("close: the error is thrown, pending waits are rejected, and no descriptor is left open", async () => {
    for (const call of ["close", "epollCtl", "write"] satisfies Call[]) {
      for (const errno of errnos) {
        const before = await restingDescriptors();
        const bus = new Bus(own);
        const wait = bus.recvAsync().catch((error) => error.message);
        await pause(30);
        await pause(); // the other thread sleeps by now, however late this one was: that is decided between two turns of timers
        const failing = once(call, errno);
        const { result } = withFaults((...args) => {
          const answer = failing.fault(...args);
          // In Linux, a failed close has closed the descriptor.
          if (call === "close" && answer !== undefined) closeReally(args[1][0] as number);
          return answer;
        }, () => {
          try {
            return bus.close();
          } catch (error) {
            return error;
          }
        });
        const waking = call === "write" && errno !== EINTR && errno !== EAGAIN;
        if (call === "close" || waking) assertInstanceOf(result, CanOperationError);
        else assertEquals(result, undefined);
        assert(/the bus is closed/.test(await wait), await wait);
        // A thread that could not be woken is woken when the next bus is closed.
        const next = new Bus(own);
        await next.recvAsync({ timeout: 0.01 });
        next.close();
        await descriptorsBackTo(before);
      }
    }
  });

  it("short counts: each frame is sent and received once and in order", async () => {
    for (const most of [1, 3, 63]) {
      using peer = new Bus({ ...own, receiveOwnMessages: true });
      using bus = new Bus(own);
      const sent = Array.from({ length: 150 }, (_, i) => new Message({ arbitrationId: i }));
      const ids = (messages: Message[]) => messages.map(({ arbitrationId }) => arbitrationId);
      const fault: Fault = (call, args) => {
        if (call === "sendmmsg" || call === "recvmmsg") {
          const counted = args as unknown[];
          counted[2] = Math.min(args[2] as number, most);
        }
        return undefined;
      };
      await withFaults(fault, async () => {
        assertEquals(peer.sendMany(sent, PATIENCE), 150);
        assertEquals(ids(bySending(all(bus, 150))), ids(sent));
        take(peer, 150);
        deliver(peer, ...sent);
        const got: Message[] = [];
        while (got.length < 40) got.push(...bus.recvMany(10, PATIENCE));
        while (got.length < 80) got.push(bus.recv(PATIENCE)!);
        while (got.length < 120) got.push((await bus.recvAsync({ timeout: PATIENCE }))!);
        for await (const message of bus) if (got.push(message) === 150) break;
        assertEquals(ids(got), ids(sent));
      }).result;
      assertEquals(bus.recv(0), null);
    }
  });

  it("setFilters drops what the previous filters let in, even behind the link's error", () => {
    using peer = new Bus({ ...own, receiveOwnMessages: true });
    using bus = new Bus(own);
    deliver(peer, ...many);
    const down = once("recvmmsg", ENETDOWN);
    withFaults(down.fault, () => bus.setFilters([{ canId: 2, canMask: 0x7ff }]));
    assertThrows(() => bus.recv(0), CanOperationError, "ENETDOWN");
    peer.sendMany([ours, theirs]);
    assertEquals(all(bus, 1).map(({ arbitrationId }) => arbitrationId), [theirs.arbitrationId]);
  });
});

async function failOnce(row: Row, errno: number): Promise<void> {
  const { call, does, hidden, gone, later, options, fed, first, run } = row;
  const what = `${errnoName(errno)} of ${call} in ${does}`;
  using feeder = new Bus({ ...own, receiveOwnMessages: true });
  using bus = new Bus({ ...own, ...options });
  using peer = new Bus(own);
  if (fed) deliver(feeder, theirs);
  const failing = once(call, errno, first);
  const attempt = async () => {
    try {
      const value = await run(bus);
      return { value };
    } catch (error) {
      return { error };
    }
  };
  // A call that waits for a frame gets one a little later.
  const feeding = setTimeout(() => peer.send(theirs), 20);
  const waits = ["epollCreate", "eventfd", "epollCtl", "epollWait"].includes(call) && does === "recvAsync";
  if (!waits) clearTimeout(feeding);
  let { error } = await withFaults(failing.fault, attempt).result;
  clearTimeout(feeding);
  assert(failing.done(), `${what}: no such call was made`);
  const sending = does.startsWith("send");
  const count = !sending || !hidden.includes(errno) ? 0 : does === "sendMany" ? many.length : 1;
  const sent = all(peer, count).filter(({ arbitrationId }) => arbitrationId === ours.arbitrationId).length;
  if (gone && errno === ENODEV && fed) {
    // What arrived before is returned first.
    assertEquals(error, undefined, what);
    error = assertThrows(() => bus.recv(PATIENCE), CanOperationError, "ENODEV", what);
  }
  assertEquals(sent, count, `${what}: frames sent`);
  if (hidden.includes(errno)) {
    assertEquals(error, undefined, what);
    if (sending && errno === ENETDOWN) assertThrows(() => bus.recv(0), CanOperationError, "ENETDOWN", what);
  } else {
    if (later) {
      assertEquals(error, undefined, what);
      error = assertThrows(() => bus.recv(0), CanOperationError, errnoName(errno), what);
    }
    assertInstanceOf(error, CanError, what);
    assertEquals([error.code, error.syscall], [errnoName(errno), row.syscall ?? call], what);
    if (does.startsWith("sendMany")) assertEquals(error.sent, 0, what);
  }
  if (gone && errno === ENODEV) {
    assertThrows(() => bus.recv(0), CanOperationError, "open a new one when it is back", what);
    return;
  }
  bus.recvMany(99, 0);
  deliver(feeder, theirs);
  assertEquals(bus.recv(PATIENCE)?.arbitrationId, theirs.arbitrationId, `${what}: receives afterwards`);
  bus.send(new Message({ ...ours.toJSON(), channel: "vcan0" }), PATIENCE);
  assertEquals(feeder.recv(PATIENCE)?.arbitrationId, ours.arbitrationId, `${what}: sends afterwards`);
}
