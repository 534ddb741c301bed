import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { CanOperationError, Link } from "../../mod.ts";
import { EMFILE } from "../../src/kernel/errno.ts";
import { isListenOnly, SendGuard } from "../../src/link/listen_only.ts";
import { can0, FakeLinks, vcan0 } from "../support/fake_links.ts";
import { type Fault, withNetlinkFaults } from "../support/faults.ts";

describe("Listen-only mode", () => {
  it("is read by name and by index; a link without a controller, or none at all, is not in it", () => {
    using _ = new FakeLinks(can0(), vcan0());
    const libc = openLibc();
    const read = () => [isListenOnly(libc, "can0"), isListenOnly(libc, 5)];
    assertEquals(read(), [false, false]);
    Link.open("can0").configure({ bitrate: 500_000, modes: { "listen-only": true } });
    assertEquals(read(), [true, true]);
    assertEquals([isListenOnly(libc, "vcan0"), isListenOnly(libc, "can9"), isListenOnly(libc, 99)], [
      false,
      false,
      false,
    ]);
    const fault: Fault = (call) => call === "socket" ? -EMFILE : undefined;
    assertEquals(withNetlinkFaults(fault, read).result, [false, false]);
  });

  it("refuses to send, until it is cleared", () => {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure({ bitrate: 500_000, modes: { "listen-only": true } });
    const guard = new SendGuard(openLibc(), 5);
    const send = () => guard.check("send to", "can0");
    for (let i = 0; i < 2; i++) {
      const error = assertThrows(send, CanOperationError);
      assertEquals(
        error.message,
        'Cannot send to "can0": EOPNOTSUPP (operation not supported); its controller is in listen-only mode and would ' +
          'drop the frame; to send, clear that mode: Link.open("can0").configure({ modes: { "listen-only": false } }, ' +
          "{ restartLink: true })",
      );
      assertEquals([error.code, error.channel, error.syscall], ["EOPNOTSUPP", "can0", undefined]);
    }
    link.configure({ modes: { "listen-only": false } });
    send();
    links.links.length = 0; // not read again
    send();
  });

  it("is read again after the link went down", () => {
    using _ = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure({ bitrate: 500_000 });
    const guard = new SendGuard(openLibc(), 5);
    guard.check("send to", "can0");
    link.configure({ modes: { "listen-only": true } });
    guard.check("send to", "can0");
    guard.linkWentDown();
    assertThrows(() => guard.check("send to", "can0"), CanOperationError, "listen-only");
  });

  it("is read of each interface by a socket that is on all of them", () => {
    using links = new FakeLinks(can0(), vcan0());
    Link.open("can0").configure({ bitrate: 500_000, modes: { "listen-only": true } });
    const guard = new SendGuard(openLibc(), 0);
    guard.check("send to", "");
    const { index } = Link.open("vcan0");
    assertEquals([guard.refuses(5), guard.refuses(index)], [true, false]);
    Link.open("can0").configure({ modes: { "listen-only": false } });
    assertEquals([guard.refuses(5), guard.refuses(index)], [false, false]);
    links.links.length = 0; // not read again
    assertEquals([guard.refuses(5), guard.refuses(index)], [false, false]);
  });
});
