import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { bindLibc, type Parking } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import type { NativeFunctions } from "../../ffi/symbols.ts";
import {
  encodeEpollEvent,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  epollEventSize,
  EPOLLIN,
  eventFd,
} from "../../src/kernel/epoll.ts";
import { EAGAIN, EBADF, EMFILE } from "../../src/kernel/errno.ts";
import { restingDescriptors } from "../support/descriptors.ts";
import { pause } from "../support/pause.ts";

const ENOENT = 2;

describe("Libc", () => {
  const libc = openLibc();
  const bytes = new Uint8Array(8);

  it("returns -errno for every failed call, also for many in a row", () => {
    const failing: [string, () => number][] = [
      ["close", () => libc.close(-1)],
      ["bind", () => libc.bind(-1, bytes)],
      ["connect", () => libc.connect(-1, bytes)],
      ["setsockopt", () => libc.setsockopt(-1, 1, 2, bytes)],
      ["getsockopt", () => libc.getsockopt(-1, 1, 3, bytes)],
      ["ioctl", () => libc.ioctl(-1, 0x8933, new Uint8Array(40))],
      ["send", () => libc.send(-1, bytes, 8, 0)],
      ["sendmmsg", () => libc.sendmmsg(-1, new Uint8Array(64), 1, 0)],
      ["recvmmsg", () => libc.recvmmsg(-1, new Uint8Array(64), 1, 0)],
      ["recv", () => libc.recv(-1, bytes, 0)],
      ["epollCtl", () => libc.epollCtl(-1, EPOLL_CTL_ADD, 0, new Uint8Array(16))],
      ["epollWait", () => libc.epollWait(-1, new Uint8Array(16), 1, 0)],
      ["read", () => libc.read(-1, bytes)],
      ["write", () => libc.write(-1, bytes)],
    ];
    for (let round = 0; round < 1000; round++) {
      for (const [name, call] of failing) assertEquals(call(), -EBADF, name);
    }
    assertEquals(libc.socket(-1, 0, 0), -97);
    assertEquals(libc.poll(new Uint8Array(0), 0), 0);
    assertEquals(libc.open("/no such file", 0), -ENOENT);
  });

  it("a failure to open a descriptor counts when it comes twice: the runtime may have changed errno", () => {
    const failing = (...errnos: number[]) => {
      let errno = 0;
      const native = {
        __errno_location: () => 0n,
        socket: () => (errno = errnos.shift()!) === 0 ? 7 : -1,
        memcpy: (to: Uint8Array) => new DataView(to.buffer).setInt32(0, errno, true),
      } as unknown as NativeFunctions;
      const result = bindLibc(native, null as unknown as Parking, true, null).socket(29, 3, 1);
      return [result, errnos.length];
    };
    assertEquals(failing(EMFILE, EMFILE), [-EMFILE, 0]);
    assertEquals(failing(EBADF, EMFILE, EMFILE), [-EMFILE, 0]);
    assertEquals(failing(EMFILE, EBADF, EMFILE, EMFILE), [-EMFILE, 0]);
    assertEquals(failing(EMFILE, 0), [7, 0]);
    assertEquals(failing(0), [7, 0]);
  });

  it("opens files by name", () => {
    const fd = libc.open("/dev/zero", 0o2000000);
    assert(fd > 2, `${fd}`);
    assertEquals(libc.read(fd, bytes.fill(1)), 8);
    assertEquals(bytes, new Uint8Array(8));
    assertEquals(libc.close(fd), 0);
  });

  it("waits for descriptors, on this thread and on the second one", async () => {
    await restingDescriptors(); // earlier tests' sockets no longer use that thread
    const event = libc.eventfd(0, 0o2004000);
    const epoll = libc.epollCreate(0o2000000);
    assert(event > 2 && epoll > 2);
    assertEquals(libc.read(event, bytes), -EAGAIN);
    const epollEvent = new Uint8Array(epollEventSize(libc.packedEpollEvent));
    encodeEpollEvent(epollEvent, libc.packedEpollEvent, EPOLLIN, event);
    assertEquals(libc.epollCtl(epoll, EPOLL_CTL_DEL, event, epollEvent), -ENOENT);
    assertEquals(libc.epollCtl(epoll, EPOLL_CTL_ADD, event, epollEvent), 0);

    const memory = new SharedArrayBuffer(2 * 16);
    const events = new Uint8Array(memory);
    assertEquals(libc.epollWait(epoll, events, 2, 0), 0);
    for (const keepAlive of [true, false]) {
      const parked = libc.parking.wait(epoll, events, 2, keepAlive);
      let ended = false;
      parked.then(() => ended = true);
      await pause(30);
      assert(!ended);
      assertEquals(libc.write(event, new Uint8Array(BigUint64Array.of(5n).buffer)), 8);
      // An unref'd wait does not keep this test alive, so something else must.
      const alive = setInterval(() => {}, 1000);
      assertEquals(await parked, 1);
      clearInterval(alive);
      assertEquals(eventFd(libc.packedEpollEvent, new DataView(memory), 0), event);
      assertEquals(libc.read(event, bytes), 8);
      assertEquals(bytes[0], 5);
    }
    libc.parking.close();
    assertEquals(await libc.parking.wait(-1, events, 2, true), -1);
    libc.parking.close();
    assertEquals([libc.close(event), libc.close(epoll)], [0, 0]);
  });

  it("lists the network interfaces", () => {
    const interfaces = libc.interfaces();
    assert(Array.isArray(interfaces));
    assert(interfaces.some(({ name, index }) => name === "lo" && index === 1), JSON.stringify(interfaces));
  });

  it("returns the addresses of buffers", () => {
    const memory = new Uint8Array(4096);
    assertEquals(libc.address(memory.subarray(100)), libc.address(memory) + 100n);
  });
});
