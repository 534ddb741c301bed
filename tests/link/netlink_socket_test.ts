import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import {
  CanError,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  CanTimeoutError,
} from "../../mod.ts";
import { EAFNOSUPPORT, EINTR, EMFILE, ENODEV, ENOPROTOOPT } from "../../src/kernel/errno.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import {
  NETLINK_GET_STRICT_CHK,
  type NetlinkMessage,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "../../src/kernel/netlink.ts";
import { decodeAttributes } from "../../src/kernel/nlattr.ts";
import { decodeLinkMessage, encodeLinkMessage, RTM_GETLINK, RTNLGRP_LINK } from "../../src/kernel/rtnetlink.ts";
import { NetlinkSocket } from "../../src/link/netlink_socket.ts";
import { openDescriptors } from "../support/descriptors.ts";
import { acknowledge, FakeNetlink, type Respond } from "../support/fake_netlink.ts";
import { type Fault, withNetlinkFaults } from "../support/faults.ts";

const ENOMEM = 12;

const linkRequest = (index: number) =>
  encodeLinkMessage({ type: 0, index, flags: 0, change: 0, attributes: new Uint8Array(0) });

/** A message of a list, and the end of the list. */
const item = (request: NetlinkMessage, length: number, flags = NLM_F_MULTI): NetlinkMessage => ({
  ...request,
  type: 16,
  flags,
  payload: new Uint8Array(length).fill(7),
});
const done = (request: NetlinkMessage): NetlinkMessage => ({
  ...request,
  type: NLMSG_DONE,
  flags: NLM_F_MULTI,
  payload: new Uint8Array(4),
});

/** Sends a request to a kernel with the given answers; returns the received messages' lengths, and the requests. */
function exchange(respond: Respond, list = false): { lengths: number[]; requests: NetlinkMessage[] } {
  using fake = new FakeNetlink(respond);
  using socket = new NetlinkSocket(openLibc());
  const answer = list ? socket.dump(18, linkRequest(0)) : socket.request(18, 0, linkRequest(1));
  assertEquals(answer.error, 0);
  return { lengths: answer.messages.map(({ payload }) => payload.length), requests: fake.requests };
}

describe("A netlink socket", () => {
  it("queries one interface, and lists all", () => {
    using socket = new NetlinkSocket(openLibc());
    const one = socket.request(RTM_GETLINK, 0, linkRequest(1));
    assertEquals([one.error, one.messages.length], [0, 1]);
    const loopback = decodeLinkMessage(one.messages[0].payload);
    assertEquals([loopback.index, decodeAttributes(linkTable, loopback.attributes).name], [1, "lo"]);
    const all = socket.dump(RTM_GETLINK, linkRequest(0));
    const listed = all.messages.map(({ payload }) => decodeLinkMessage(payload).index);
    const interfaces = openLibc().interfaces();
    assert(Array.isArray(interfaces));
    assertEquals(listed.sort(), interfaces.map(({ index }) => index).sort());
  });

  it("returns the kernel's refusal", () => {
    using socket = new NetlinkSocket(openLibc());
    assertEquals(socket.request(RTM_GETLINK, 0, linkRequest(0x7ffffff0)), {
      error: -ENODEV,
      messages: [],
      interrupted: false,
    });
    const unknown = socket.request(9999, 0, linkRequest(1));
    assertEquals([unknown.error < 0, unknown.messages], [true, []]);
  });

  it("joins groups, reads without waiting, and closes", () => {
    const before = openDescriptors();
    {
      using socket = new NetlinkSocket(openLibc(), [RTNLGRP_LINK]);
      assertEquals(openDescriptors(), before + 1);
      socket.receive();
    }
    assertEquals(openDescriptors(), before);
  });

  it("leaves no descriptor open, whichever call fails while opening", () => {
    const open = () => new NetlinkSocket(openLibc(), [RTNLGRP_LINK]);
    const { result, made } = withNetlinkFaults(() => undefined, open);
    result.close();
    assertEquals(made, ["socket", "setsockopt", "setsockopt", "setsockopt", "bind", "setsockopt"]);
    for (let failing = 0; failing < made.length; failing++) {
      const before = openDescriptors();
      const fault: Fault = (_call, _args, index) => index === failing ? -ENOMEM : undefined;
      const error = assertThrows(
        () => withNetlinkFaults(fault, open),
        CanInitializationError,
        "Cannot open a netlink socket: ENOMEM (cannot allocate memory)",
      );
      assertEquals([error.code, error.syscall], ["ENOMEM", made[failing]]);
      assertEquals(openDescriptors(), before, made[failing]);
    }
  });

  it("reports a system without netlink sockets, and one without free descriptors", () => {
    const failing = (errno: number): Fault => (call) => call === "socket" ? -errno : undefined;
    const open = () => new NetlinkSocket(openLibc());
    assertThrows(
      () => withNetlinkFaults(failing(EAFNOSUPPORT), open),
      CanInterfaceNotImplementedError,
      "has no rtnetlink",
    );
    assertThrows(
      () => withNetlinkFaults(failing(EMFILE), open),
      CanInitializationError,
      "EMFILE (too many open files)",
    );
  });

  it("works with kernels that have no strict checking of requests", () => {
    const fault: Fault = (call, [, , name]) =>
      call === "setsockopt" && name === NETLINK_GET_STRICT_CHK ? -ENOPROTOOPT : undefined;
    using socket = withNetlinkFaults(fault, () => new NetlinkSocket(openLibc())).result;
    assertEquals(socket.request(RTM_GETLINK, 0, linkRequest(1)).error, 0);
  });

  it("reports each failing call, and continues after signals", () => {
    using socket = new NetlinkSocket(openLibc());
    const { made } = withNetlinkFaults(() => undefined, () => socket.request(RTM_GETLINK, 0, linkRequest(1)));
    assertEquals(made, ["send", "recv", "recv", "recv", "recv"]);
    for (const [failing, call] of made.entries()) {
      const once = (errno: number): Fault => (_call, _args, index) => index === failing ? -errno : undefined;
      const error = assertThrows(
        () => withNetlinkFaults(once(ENOMEM), () => socket.request(RTM_GETLINK, 0, linkRequest(1))),
        CanOperationError,
        "Cannot query the kernel about network interfaces: ENOMEM (cannot allocate memory)",
      );
      assertEquals([error.code, error.syscall], ["ENOMEM", call]);
      // The rest of the answer is still queued, and is not taken for the answer to the next request.
      const { result } = withNetlinkFaults(once(EINTR), () => socket.request(RTM_GETLINK, 0, linkRequest(1)));
      assertEquals([result.error, result.messages.length], [0, 1]);
    }
  });

  it("waits for a late answer", () => {
    let late = true;
    const fault: Fault = (call) => {
      if (call !== "recv" || !late) return undefined;
      late = false;
      return -11;
    };
    using socket = new NetlinkSocket(openLibc());
    const { result, made } = withNetlinkFaults(fault, () => socket.request(RTM_GETLINK, 0, linkRequest(1)));
    assertEquals([result.error, made.slice(0, 3)], [0, ["send", "recv", "poll"]]);
  });

  it("times out if the kernel does not answer", () => {
    const error = assertThrows(() => exchange(() => []), CanTimeoutError, "no answer within 10 seconds");
    assertEquals(error.message.startsWith("Cannot query the kernel about network interfaces: "), true);
  });

  it("reads messages of any length", () => {
    for (const length of [0, 1, 32 * 1024, 100_000, 1_000_000]) {
      const { lengths } = exchange((request) => [[item(request, length)], [acknowledge(request)]]);
      assertEquals(lengths, [length]);
    }
  });

  it("reads lists in many parts", () => {
    const { lengths, requests } = exchange((request) => {
      assertEquals(request.flags, 0x305);
      return [[item(request, 1), item(request, 2)], [item(request, 3)], [item(request, 4), done(request)]];
    }, true);
    assertEquals([lengths, requests.length], [[1, 2, 3, 4], 1]);
  });

  it("reads a list again if it changed meanwhile", () => {
    let interrupted = 3;
    const { lengths, requests } = exchange((request) => {
      const flags = interrupted-- > 0 ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI;
      return [[item(request, 9)], [item(request, interrupted + 1, flags)], [done(request)]];
    }, true);
    assertEquals([lengths, requests.length], [[9, 0], 4]);
    assertEquals(new Set(requests.map(({ sequence }) => sequence)).size, 4);
    const always: Respond = (request) => [[item(request, 1, NLM_F_MULTI | NLM_F_DUMP_INTR), done(request)]];
    assertThrows(() => exchange(always, true), CanOperationError, "their list changed during each of 20 reads");
  });

  it("ignores answers to other requests, and NLMSG_NOOP", () => {
    const { lengths } = exchange((request) => [
      [{ ...item(request, 5), sequence: request.sequence - 1 }, acknowledge({ ...request, sequence: 0 }, -5)],
      [{ ...item(request, 6), type: NLMSG_NOOP }, item(request, 7)],
      [acknowledge(request)],
    ]);
    assertEquals(lengths, [7]);
  });

  it("reports lost messages", () => {
    const overrun: Respond = (request) => [[{ ...item(request, 0), type: NLMSG_OVERRUN }]];
    for (const respond of [overrun, (() => [-105]) satisfies Respond]) {
      const error = assertThrows(() => exchange(respond), CanOperationError, "ENOBUFS");
      assertEquals(error.code, "ENOBUFS");
    }
  });

  it("refuses malformed messages", () => {
    for (const bytes of [new Uint8Array(7), new Uint8Array(40)]) {
      const error = assertThrows(() => exchange(() => [bytes]), CanOperationError, "Netlink message at byte 0");
      assert(error.cause instanceof RangeError);
    }
    const short: Respond = (request) => [[{ ...acknowledge(request), payload: new Uint8Array(3) }]];
    assertThrows(() => exchange(short), CanError, "Netlink acknowledgement has 3 of 20 bytes");
  });
});
