import { spawn } from "node:child_process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Bus, CanOperationError, CanTimeoutError, Message } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { startScript } from "./script.ts";
import { ip, PATIENCE, receive } from "./tools.ts";

const message = (arbitrationId: number) => new Message({ arbitrationId, data: [1, 2] });

function add(): void {
  ip("link", "add", "vcanre", "type", "vcan");
  ip("link", "set", "vcanre", "up");
}

/** Runs a shell script in the background, also while this thread is blocked. */
function later(script: string): void {
  spawn("sh", ["-c", `sleep 0.2; ${script}`], { stdio: ["ignore", "ignore", "inherit"] });
}

/** A command that waits until a socket receives all of vcanre. */
const UNTIL_HEARD = "until grep -q '^ *vcanre ' /proc/net/can/rcvlist_all; do sleep 0.02; done";

/** Sends from another bus. */
function sendFrom(id: number): void {
  using bus = new Bus("vcanre");
  bus.send(message(id));
}

describe("With reconnect", { skip: noVcan, timeout: PATIENCE }, () => {
  const warnings: string[] = [];
  const options = {
    channel: "vcanre",
    reconnect: true,
    logger: { debug() {}, warn: (line: string) => warnings.push(line) },
  };

  beforeEach(() => {
    warnings.length = 0;
    add();
  });
  afterEach(() => {
    try {
      ip("link", "del", "vcanre");
    } catch {
      // Deleted by a test.
    }
  });

  it("an iteration continues across a down and up, and when the interface is created again", async () => {
    const before = await restingDescriptors();
    const bus = new Bus(options);
    const got: number[] = [];
    const following = (async () => {
      for await (const each of bus) got.push(each.arbitrationId);
    })();
    const reach = async (count: number) => {
      while (got.length < count) await pause(5);
    };
    sendFrom(1);
    await reach(1);
    ip("link", "set", "vcanre", "down");
    await pause(100);
    ip("link", "set", "vcanre", "up");
    sendFrom(2);
    await reach(2);
    ip("link", "del", "vcanre");
    await pause(100);
    add();
    while (!warnings.some((line) => line.endsWith(" is back"))) await pause(5);
    sendFrom(3);
    await reach(3);
    assertEquals(got, [1, 2, 3]);
    assertEquals(warnings.map((line) => /E[A-Z]{4,}|is back/.exec(line)![0]), [
      "ENETDOWN",
      "ENODEV",
      "is back",
    ]);
    assertEquals(bus.droppedFrames, 0);
    bus.close();
    await following;
    await descriptorsBackTo(before);
  });

  it("a blocking recv waits too, and keeps its timeout", () => {
    using bus = new Bus(options);
    ip("link", "set", "vcanre", "down");
    assertEquals([bus.recv(0), bus.recv(0.05)], [null, null]);
    later("ip link set vcanre up; cansend vcanre 001#");
    assertEquals(bus.recv()!.arbitrationId, 1);
    ip("link", "del", "vcanre");
    assertEquals([bus.recv(0), bus.recv(0.05)], [null, null]);
    assertEquals(bus.recvMany(5, 0.1), []);
    later(`ip link add vcanre type vcan; ip link set vcanre up; ${UNTIL_HEARD}; cansend vcanre 002#`);
    assertEquals(bus.recv()!.arbitrationId, 2);
  });

  it("sending waits for the interface until its deadline", async () => {
    using bus = new Bus(options);
    for (const args of [["set", "vcanre", "down"], ["del", "vcanre"]]) {
      ip("link", ...args);
      for (const timeout of [0, 0.1]) {
        const error = assertThrows(
          () => bus.send(message(1), timeout),
          CanTimeoutError,
          "or the interface is down or gone",
        );
        assertEquals(error.code, "ETIMEDOUT");
        assertEquals(bus.sendMany([message(1)], timeout), 0);
        await assertRejects(() => bus.sendAsync(message(1), { timeout }), CanTimeoutError);
      }
      const make = args[0] === "del" ? "ip link add vcanre type vcan; " : "";
      later(`${make}ip link set vcanre up`);
      bus.send(message(2));
      ip("link", ...args);
      const sent = [bus.sendAsync(message(3)), bus.sendAsync(message(4))];
      await pause(100);
      if (make) add();
      else ip("link", "set", "vcanre", "up");
      using other = new Bus("vcanre");
      await Promise.all(sent);
      const rest: number[] = [];
      for (let got; (got = await other.recvAsync({ timeout: 1 })) !== null;) rest.push(got.arbitrationId);
      assert([[], [3, 4], [4]].some((each) => `${each}` === `${rest}`), `${rest}`); // it may have started late
    }
  });

  it("filters set meanwhile are in effect afterwards", async () => {
    using bus = new Bus(options);
    ip("link", "del", "vcanre");
    assertEquals(bus.recv(0), null);
    bus.setFilters([{ canId: 7, canMask: 0x7ff }]);
    add();
    while (!warnings.some((line) => line.endsWith(" is back"))) {
      assertEquals(bus.recv(0), null);
      await pause(5);
    }
    for (const id of [6, 7]) sendFrom(id);
    assertEquals((await receive(bus, 1))[0].arbitrationId, 7);
    assertEquals(bus.recv(0.1), null);
  });

  it("what arrived before the interface was deleted is received, whichever call notices the deletion", async () => {
    using bus = new Bus(options);
    for (const id of [1, 2, 3]) sendFrom(id);
    ip("link", "del", "vcanre");
    assertThrows(() => bus.send(message(9), 0), CanTimeoutError);
    assertEquals(bus.recvMany(2, 0).map(({ arbitrationId }) => arbitrationId), [1, 2]);
    add();
    bus.send(message(9), 60);
    assertEquals(bus.recvMany(9, 0).map(({ arbitrationId }) => arbitrationId), [3]);

    const got = bus.recvAsync();
    sendFrom(4);
    ip("link", "del", "vcanre");
    assertThrows(() => bus.send(message(9), 0), CanTimeoutError);
    assertEquals((await got)!.arbitrationId, 4);
  });

  it("recv(0) returns what is queued behind a down and up", async () => {
    using witness = new Bus({ channel: "vcanre", reconnect: true });
    using bus = new Bus(options);
    ip("link", "set", "vcanre", "down");
    ip("link", "set", "vcanre", "up");
    sendFrom(1);
    await receive(witness, 1);
    assertEquals(bus.recv(0)!.arbitrationId, 1);
  });

  it("a pending wait does not poll while the interface is gone", async () => {
    using bus = new Bus(options);
    const next = bus.recvAsync();
    await pause(100);
    ip("link", "del", "vcanre");
    assertThrows(() => bus.send(message(9), 0), CanTimeoutError); // notices it before the waiting thread does
    await pause(100);
    const { result, made } = withFaults(() => undefined, () => pause(500));
    await result;
    assertEquals(made.filter((call) => call === "socket"), []);
    assert(made.length < 50, `${made.length} calls in half a second`);
    add();
    while (!warnings.some((line) => line.endsWith(" is back"))) await pause(5);
    sendFrom(1);
    assertEquals((await next)!.arbitrationId, 1);
  });

  for (const [way, lines] of [["abort", ["waiting", "enough"]], ["unref", ["waiting"]]] as [string, string[]][]) {
    it(`a process with nothing else to do exits while the interface is gone: ${way}`, async () => {
      using script = startScript("tests/system/scripts/gone.ts", { args: [way] });
      await script.until(() => script.lines.length > 0, "waiting");
      ip("link", "del", "vcanre");
      assertEquals(await script.finish(), lines);
    });
  }

  it("errors() continues too", async () => {
    using bus = new Bus(options);
    using errors = bus.errors();
    const next = errors.next();
    ip("link", "del", "vcanre");
    await pause(100);
    add();
    while (warnings.filter((line) => line.endsWith(" is back")).length < 1) await pause(5);
    {
      using other = new Bus("vcanre");
      other.send(new Message({ isErrorFrame: true, arbitrationId: 0x40 }));
    }
    assertEquals((await next).value!.error!.classes, ["bus-off"]);
  });

  it("opening waits for an interface that is missing, or down", async () => {
    const before = await restingDescriptors();
    for (const lack of [["del", "vcanre"], ["set", "vcanre", "down"]]) {
      ip("link", ...lack);
      const began = performance.now();
      later(`ip link add vcanre type vcan 2>&-; ip link set vcanre up; ${UNTIL_HEARD}; cansend vcanre 002#`);
      const bus = new Bus(options);
      bus.send(message(3), 60);
      assertEquals(bus.recv(60)!.arbitrationId, 2);
      assert(performance.now() - began > 150);
      bus.close();
    }
    assert(warnings.length >= 2, `${warnings}`);
    await descriptorsBackTo(before);
  });

  it("a bus on every interface still refuses unknown names", () => {
    using every = new Bus({ ...options, channel: "" });
    const to = (channel: string) => new Message({ channel });
    assertThrows(() => every.send(to("vcan99")), CanOperationError, "ENODEV");
    ip("link", "set", "vcanre", "down");
    assertThrows(() => every.send(to("vcanre"), 0.05), CanTimeoutError);
    ip("link", "set", "vcanre", "up");
    every.send(to("vcanre"), 60);
  });
});
