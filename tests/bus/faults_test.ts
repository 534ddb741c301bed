import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  Bus,
  CanError,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  CanTimeoutError,
  Message,
} from "../../mod.ts";
import { EAGAIN, EINTR, EMFILE, ENETDOWN, ENOBUFS, ENODEV, EPERM } from "../../src/kernel/errno.ts";
import { SO_RCVBUFFORCE } from "../../src/kernel/socket.ts";
import { all, bySending, deliver, PATIENCE, take } from "../support/delivery.ts";
import { descriptorsBackTo, openDescriptors, restingDescriptors } from "../support/descriptors.ts";
import { type Call, withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";

const ENOMEM = 12;

const options = { channel: "vcan0", fd: true, receiveBuffer: 100_000, sendBuffer: 100_000 };
const message = new Message({ arbitrationId: 1, data: [1, 2, 3] });

describe("A bus with failing system calls", { skip: noVcan }, () => {
  it("leaves no descriptor open, whichever call of opening fails", async () => {
    const opened = withFaults(() => undefined, () => new Bus(options));
    opened.result.close();
    await restingDescriptors();
    assert(opened.made.length > 10, opened.made.join());
    for (let failing = 0; failing < opened.made.length; failing++) {
      const before = openDescriptors();
      const error = assertThrows(
        () => withFaults((_call, _args, index) => index === failing ? -ENOMEM : undefined, () => new Bus(options)),
        CanInitializationError,
        "ENOMEM (cannot allocate memory)",
        `call ${failing}, ${opened.made[failing]}`,
      );
      assertEquals([error.code, error.errno, error.syscall], ["ENOMEM", ENOMEM, opened.made[failing]]);
      assertEquals(openDescriptors(), before, opened.made[failing]);
    }
  });

  it("says what to do when there are too many open files", () => {
    const fault = (call: Call) => call === "socket" ? -EMFILE : undefined;
    assertThrows(() => withFaults(fault, () => new Bus("vcan0")), CanInitializationError, "ulimit -n");
  });

  it("says what to do when the kernel has no SocketCAN", () => {
    for (const [errno, text] of [[97, "modprobe can"], [93, "modprobe can_raw"]] as const) {
      const fault = (call: Call) => call === "socket" ? -errno : undefined;
      assertThrows(() => withFaults(fault, () => new Bus("vcan0")), CanInterfaceNotImplementedError, text);
    }
  });

  it("leaves no descriptor open, and fails every wait, when waiting asynchronously cannot begin", async () => {
    const before = await restingDescriptors();
    for (const failing of ["epollCreate", "eventfd", "epollCtl"] satisfies Call[]) {
      await descriptorsBackTo(before);
      using bus = new Bus(options);
      const fault = (call: Call) => call === failing ? -ENOMEM : undefined;
      const wait = withFaults(fault, () => bus.recvAsync()).result;
      const error = await assertRejects(() => wait, CanOperationError, "Cannot wait for CAN sockets: ENOMEM");
      assertEquals(error.errno, ENOMEM);
      const patient = bus.recvAsync({ timeout: 0.01 });
      assertEquals(await patient, null, "the next wait works");
    }
    await descriptorsBackTo(before);
  });

  it("throws an error once, saying what to do, and then keeps receiving", () => {
    using bus = new Bus(options);
    using sender = new Bus(options);
    sender.send(message);
    for (const [errno, text] of [[ENETDOWN, "ip link set vcan0 up"], [ENOMEM, "cannot allocate memory"]] as const) {
      const error = assertThrows(
        () => withFaults((call) => call === "recvmmsg" ? -errno : undefined, () => bus.recv(1)),
        CanOperationError,
        text,
      );
      assertEquals([error.errno, error.syscall, error.channel], [errno, "recvmmsg", "vcan0"]);
    }
    assert(bus.recv(PATIENCE)!.equals(new Message({ ...message.toJSON(), channel: "vcan0", isRx: false }), null));
    assertThrows(
      () => withFaults((call) => call === "poll" ? -ENOMEM : undefined, () => bus.recv(1)),
      CanOperationError,
    );
  });

  it("reports a removed interface every time, and says what to do", async () => {
    using bus = new Bus(options);
    const fault = (call: Call) => call === "recvmmsg" ? -ENODEV : undefined;
    assertThrows(() => withFaults(fault, () => bus.recv(1)), CanOperationError, "open a new one when it is back");
    assertThrows(() => bus.recv(0), CanOperationError, "ENODEV");
    await assertRejects(() => bus.recvAsync(), CanOperationError, "ENODEV");
    assertThrows(
      () => withFaults((call) => call === "send" ? -6 : undefined, () => bus.send(message)),
      CanOperationError,
      "ENXIO (no such device or address); the interface is gone",
    );
  });

  it("gets the buffers that an unprivileged process may have, and warns if they are smaller than requested", () => {
    const warnings: string[] = [];
    const logger = { debug() {}, warn: (line: string) => void warnings.push(line) };
    const fault = (call: Call, args: readonly unknown[]) =>
      call === "setsockopt" && args[2] === SO_RCVBUFFORCE ? -EPERM : undefined;
    const receiveBuffer = 2 ** 28;
    using bus = withFaults(fault, () => new Bus({ channel: "vcan0", receiveBuffer, logger })).result;
    assert(bus.receiveBuffer < 2 * receiveBuffer);
    assertEquals(warnings.length, 1);
    assert(/receiveBuffer: \d+ of 268435456 bytes granted; net.core.rmem_max/.test(warnings[0]), warnings[0]);
  });

  it("throws for each use with a failing system call, and keeps working", async () => {
    using bus = new Bus(options);
    using other = new Bus(options);
    const failing = (name: Call) => (call: Call) => call === name ? -ENOMEM : undefined;
    assertThrows(() => withFaults(failing("getsockopt"), () => bus.droppedFrames), CanOperationError, "ENOMEM");
    assertThrows(() => withFaults(failing("getsockopt"), () => bus.sendBuffer), CanOperationError, "ENOMEM");
    assertThrows(() => withFaults(failing("setsockopt"), () => bus.setFilters(null)), CanOperationError, "ENOMEM");
    // The new filters are refused after all frames were blocked: the previous filters are restored.
    bus.setFilters([{ canId: 1, canMask: 0x7ff }]);
    let calls = 0;
    const third = (call: Call) => call === "setsockopt" && ++calls === 3 ? -ENOMEM : undefined;
    assertThrows(() => withFaults(third, () => bus.setFilters([{ canId: 2, canMask: 0x7ff }])), CanOperationError);
    other.sendMany([message, new Message({ arbitrationId: 2 })]);
    assertEquals(all(bus, 1).map(({ arbitrationId }) => arbitrationId), [1]);
    // Adding the socket to epoll, and polling it.
    for (const name of ["epollCtl", "epollWait"] satisfies Call[]) {
      const wait = withFaults(failing(name), async () => {
        const waiting = bus.recvAsync();
        await assertRejects(() => waiting, CanOperationError, "Cannot wait for CAN sockets: ENOMEM");
      }).result;
      await wait;
    }
    const wait = bus.recvAsync();
    other.send(message);
    assertEquals((await wait)!.arbitrationId, 1);
  });

  it("leaves no descriptor open when a call of closing fails", async () => {
    const before = await restingDescriptors();
    const bus = new Bus(options);
    await bus.recvAsync({ timeout: 0.01 });
    withFaults((call) => call === "epollCtl" ? -ENOMEM : undefined, () => bus.close());
    await descriptorsBackTo(before);
  });

  it("recvMany returns what arrived before an error, then throws it", () => {
    using sender = new Bus({ ...options, receiveOwnMessages: true });
    using bus = new Bus(options);
    deliver(sender, ...Array.from({ length: 70 }, () => message));
    let calls = 0;
    const fault = (call: Call) => call === "recvmmsg" && ++calls === 2 ? -ENETDOWN : undefined;
    const got = withFaults(fault, () => bus.recvMany(1000, 1)).result;
    assertEquals(got.length, 64);
    assertThrows(() => bus.recv(0), CanOperationError, "ENETDOWN");
    assertEquals(bus.recvMany(1000, 1).length, 6);
  });

  it("an error rejects the first pending wait, and the next one is served", async () => {
    using bus = new Bus(options);
    using sender = new Bus(options);
    const waiting = [bus.recvAsync(), bus.recvAsync()];
    let failed = false;
    const fault = (call: Call) => call === "recvmmsg" && !failed ? (failed = true, -ENETDOWN) : undefined;
    await withFaults(fault, async () => {
      sender.send(message);
      await assertRejects(() => waiting[0], CanOperationError, "ENETDOWN");
    }).result;
    assertEquals((await waiting[1])!.arbitrationId, 1);
  });

  it("EINTR is never reported", () => {
    using bus = new Bus(options);
    using sender = new Bus(options);
    let interrupted = 0;
    const fault = (call: Call) =>
      ["poll", "recvmmsg", "send", "sendmmsg"].includes(call) && interrupted++ % 3 !== 2 ? -EINTR : undefined;
    withFaults(fault, () => {
      sender.send(message);
      assertEquals(sender.sendMany([message, message]), 2);
      assertEquals(take(bus, 3).length, 3);
      assertEquals(bus.recv(0.05), null);
    });
    assert(interrupted > 6);
  });

  for (const errno of [ENOBUFS, EAGAIN]) {
    const name = errno === ENOBUFS ? "ENOBUFS" : "EAGAIN";

    it(`waits for room after ${name}, keeps the order, and sends nothing twice`, async () => {
      using bus = new Bus(options);
      using sender = new Bus(options);
      const sent = Array.from({ length: 9 }, (_, i) => new Message({ arbitrationId: i }));
      let tries = 0;
      const fault = (call: Call) => ["send", "sendmmsg"].includes(call) && tries++ % 3 !== 2 ? -errno : undefined;
      await withFaults(fault, async () => {
        sender.send(sent[0]);
        assertEquals(sender.sendMany(sent.slice(1, 6), 10), 5);
        await Promise.all(sent.slice(6).map((each) => sender.sendAsync(each)));
      }).result;
      const got = bySending(all(bus, sent.length));
      assertEquals(got.map(({ arbitrationId }) => arbitrationId), sent.map((_, i) => i));
      assertEquals(bus.recv(0), null);
    });

    it(`keeps the deadline during endless ${name}, and sends nothing`, async () => {
      using bus = new Bus(options);
      using sender = new Bus(options);
      const fault = (call: Call) => ["send", "sendmmsg"].includes(call) ? -errno : undefined;
      await withFaults(fault, async () => {
        for (const timeout of [0, 0.05]) {
          const start = performance.now();
          const error = assertThrows(() => sender.send(message, timeout), CanTimeoutError, `within ${timeout} s`);
          assertEquals([error.code, error.channel], ["ETIMEDOUT", "vcan0"]);
          assertEquals(sender.sendMany([message, message], timeout), 0);
          await assertRejects(() => sender.sendAsync(message, { timeout }), CanTimeoutError);
          assert(performance.now() - start >= 3000 * timeout);
        }
        const reason = new Error("enough");
        await assertRejects(() => sender.sendAsync(message, { signal: AbortSignal.timeout(5) }));
        const aborting = new AbortController();
        const aborted = sender.sendAsync(message, { signal: aborting.signal });
        aborting.abort(reason);
        assertEquals(await assertRejects(() => aborted), reason);
      }).result;
      assertEquals(bus.recv(0), null);
    });
  }

  it("sendMany reports how many messages were sent before an error", () => {
    using bus = new Bus(options);
    using sender = new Bus(options);
    let calls = 0;
    const fault = (call: Call) => call === "sendmmsg" && ++calls >= 3 ? -ENODEV : undefined;
    const many = Array.from({ length: 200 }, () => message);
    const error = assertThrows(() => withFaults(fault, () => sender.sendMany(many)), CanError, "128 of 200 messages");
    assertEquals([error.sent, error.code], [128, "ENODEV"]);
    assertEquals(all(bus, 128).length, 128);
  });

  it("sendManyAsync waits for room, and reports how many messages were sent at the deadline or before an error", async () => {
    using bus = new Bus({ ...options, receiveBuffer: 4_000_000 });
    using sender = new Bus(options);
    const many = Array.from({ length: 200 }, (_, i) => new Message({ arbitrationId: i }));
    let calls = 0;
    let errno = ENOBUFS;
    const fault = (call: Call) => call === "sendmmsg" && ++calls >= 3 ? -errno : undefined;
    await withFaults(fault, async () => {
      assertEquals(await sender.sendManyAsync(many, { timeout: 0.05 }), 128);
      calls = 0;
      assertEquals(await sender.sendManyAsync(many, { timeout: 0 }), 128);
      calls = 0;
      const aborting = new AbortController();
      const aborted = sender.sendManyAsync(many, { signal: aborting.signal });
      aborting.abort(new Error("enough"));
      await assertRejects(() => aborted, Error, "enough");
      calls = 0;
      const waiting = sender.sendManyAsync(many);
      errno = ENODEV;
      const error = await assertRejects(() => waiting, CanError, "128 of 200 messages");
      assertEquals([error.sent, error.code], [128, "ENODEV"]);
      calls = 0;
      errno = ENOBUFS;
      const closed = sender.sendManyAsync(many);
      sender.close();
      const closing = await assertRejects(() => closed, CanError, "the bus is closed); 128 of 200 messages");
      assertEquals([closing.sent, closing.code], [128, "EBADF"]);
    }).result;
    assertEquals(all(bus, 5 * 128).length, 5 * 128);
    using other = new Bus(options);
    let tries = 0;
    const full = (call: Call) => ["send", "sendmmsg"].includes(call) && tries++ % 3 !== 2 ? -ENOBUFS : undefined;
    await withFaults(full, async () => {
      const sent = [
        other.sendManyAsync(many),
        other.sendAsync(new Message({ arbitrationId: 200 })),
        other.sendManyAsync([new Message({ arbitrationId: 201 })]),
      ];
      assertEquals(await Promise.all(sent), [200, undefined, 1]);
    }).result;
    const ids = bySending(all(bus, 202)).map(({ arbitrationId }) => arbitrationId);
    assertEquals(ids, Array.from({ length: 202 }, (_, i) => i));
  });

  it("close rejects pending waits even if the system call fails", async () => {
    const bus = new Bus(options);
    const wait = bus.recvAsync();
    let fd = -1;
    const fault = (call: Call, [given]: readonly unknown[]) =>
      call === "close" ? (fd = given as number, -5) : undefined;
    assertThrows(() => withFaults(fault, () => bus.close()), CanOperationError, 'Cannot close "vcan0": EIO');
    await assertRejects(() => wait, CanOperationError, "the bus is closed");
    assert(bus.closed && fd > 2);
    openLibc().close(fd);
  });

  it("retries a send in time, whatever else happens on the bus", async () => {
    const disturbances: Record<string, (sender: Bus) => void> = {
      "sending more": (sender) => void sender.sendAsync(message),
      "polling": (sender) => void sender.recvAsync({ timeout: 0.001 }),
      "changing ref": (sender) => void sender.ref(),
    };
    for (const [name, disturb] of Object.entries(disturbances)) {
      using sender = new Bus(options);
      let full = true;
      const fault = (call: Call) => call === "send" && full ? -ENOBUFS : undefined;
      await withFaults(fault, async () => {
        const sent = sender.sendAsync(message, { timeout: 20 });
        const disturbing = setInterval(() => disturb(sender), 1);
        await pause(100);
        full = false;
        const outcome = await sent.then(() => "sent", (error) => error.message);
        clearInterval(disturbing);
        await pause(50);
        assertEquals(outcome, "sent", name);
      }).result;
    }
  });

  it("rejects a pending wait with an error that setFilters finds", async () => {
    using bus = new Bus(options);
    const wait = bus.recvAsync();
    withFaults((call) => call === "recvmmsg" ? -ENETDOWN : undefined, () => bus.setFilters(null));
    await assertRejects(() => wait, CanOperationError, "ENETDOWN");
  });

  it("leaves no descriptor open when the logger throws", async () => {
    await restingDescriptors();
    for (const word of ["opening", "CAN_RAW_LOOPBACK", "opened"]) {
      const before = openDescriptors();
      const debug = (line: string) => {
        if (line.startsWith(word)) throw new Error(`logging ${word} failed`);
      };
      assertThrows(() => new Bus({ ...options, logger: { debug, warn() {} } }), Error, `logging ${word} failed`);
      // Not exactly as many: a thread of an earlier test may close its own only now.
      assert(openDescriptors() <= before, `${word}: ${openDescriptors()} descriptors are open, ${before} were before`);
    }
  });

  it("setFilters keeps an error that it finds for the next receive", () => {
    using bus = new Bus(options);
    using sender = new Bus(options);
    withFaults((call) => call === "recvmmsg" ? -ENETDOWN : undefined, () => bus.setFilters(null));
    sender.send(message);
    assertThrows(() => bus.recv(0), CanOperationError, "ENETDOWN");
    assertEquals(bus.recv(PATIENCE)!.arbitrationId, 1);
  });
});
