import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { Bus, type Feed, type LinkEvent, Message, watchLinks } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { noControllers, noSlcan } from "./machine.ts";
import { ip, PATIENCE, Program } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

/** A link's events as text, until it is removed or `count` have arrived. */
async function eventsOf(
  watch: Feed<LinkEvent>,
  of: (event: LinkEvent) => boolean,
  count = Infinity,
): Promise<string[]> {
  const reported: string[] = [];
  for (let next = await watch.next(); !next.done; next = await watch.next()) {
    const event = next.value;
    const { type, status, before } = event;
    // The kernel reports the carrier when it has time.
    const changes = event.changes.filter((field) => field !== "operState");
    if (!of(event) || (type === "changed" && changes.length === 0)) continue;
    const what = type === "state" ? `${before!.state} to ${status.state}` : status.name;
    reported.push(type === "changed" && changes.length === 1 ? `changed ${what}: ${changes}` : `${type} ${what}`);
    if (type === "removed" || reported.length === count) break;
  }
  return reported;
}

describe("watchLinks", options, () => {
  it("reports a link's events in order, without blocking the event loop", async () => {
    using watch = watchLinks();
    let beats = 0;
    const beat = setInterval(() => beats++, 5);
    const reported = eventsOf(watch, ({ status }) => status.name.startsWith("watched"));
    await pause(50);
    for (
      const command of [
        "link add watched0 type vcan",
        "link set watched0 up",
        "link set watched0 txqueuelen 77",
        "link set watched0 down",
        "link set watched0 mtu 16",
        "link set watched0 name watched1",
        "link set watched1 up",
        "link del watched1",
      ]
    ) {
      ip(...command.split(" "));
      await pause(20);
    }
    assertEquals(await reported, [
      "added watched0",
      "up watched0",
      "changed watched0: txQueueLength",
      "down watched0",
      "changed watched0: mtu",
      "changed watched1: name",
      "up watched1",
      "down watched1",
      "removed watched1",
    ]);
    clearInterval(beat);
    assert(beats > 5, `${beats}`);
  });

  it("misses no event from the call on, and reports nothing from before", async () => {
    ip("link", "add", "watched2", "type", "vcan");
    using watch = watchLinks();
    ip("link", "set", "watched2", "up");
    ip("link", "del", "watched2");
    assertEquals(await eventsOf(watch, ({ status }) => status.name === "watched2"), [
      "up watched2",
      "down watched2",
      "removed watched2",
    ]);
  });

  it("reports only CAN links, and both ends of a pair", async () => {
    using watch = watchLinks();
    ip("link", "set", "lo", "mtu", "65535");
    ip("link", "add", "watched3", "type", "vxcan", "peer", "name", "watched4");
    ip("link", "set", "watched3", "up");
    ip("link", "set", "watched4", "up");
    ip("link", "del", "watched3");
    ip("link", "set", "lo", "mtu", "65536");
    const names = new Set<string>();
    const types = new Set<string>();
    for await (const { type, status } of watch) {
      names.add(status.name);
      types.add(type);
      if (type === "removed" && names.size === 2) break;
    }
    assertEquals([...names].sort(), ["watched3", "watched4"]);
    assert(["added", "up", "down", "removed"].every((type) => types.has(type)), [...types].join());
  });

  it("reads the links again when the receive buffer overflowed", async () => {
    const names = Array.from({ length: 300 }, (_, i) => `flood${i}`);
    // This thread reads nothing meanwhile.
    const batch = (commands: string[]) => execFileSync("ip", ["-batch", "-"], { input: commands.join("\n") + "\n" });
    using watch = watchLinks();
    batch(names.flatMap((name) => [`link add ${name} type vcan`, `link set ${name} up`]));
    const up = new Map<string, string>();
    for await (const { type, status } of watch) {
      if (status.name.startsWith("flood") && status.isUp) up.set(status.name, type);
      if (up.size === names.length) break;
    }
    assert([...up.values()].includes("added"), "none was up when it was first reported: nothing was lost");
    using other = watchLinks();
    batch(names.map((name) => `link del ${name}`));
    const gone = new Set<string>();
    for await (const { type, status } of other) {
      if (type === "removed") gone.add(status.name);
      if (gone.size === names.length) break;
    }
    assert(names.every((name) => gone.has(name)));
  });

  it("ends with the loop, the signal, `using` and `return`, and leaves no descriptor open", async () => {
    const before = await restingDescriptors();
    for (const end of ["signal", "return", "using", "loop", "aborted"]) {
      const controller = new AbortController();
      if (end === "aborted") controller.abort();
      {
        using watch = watchLinks({ signal: controller.signal });
        const next = watch.next();
        if (end === "signal") controller.abort();
        if (end === "return") await watch.return();
        if (end === "using") watch[Symbol.dispose]();
        if (end === "loop") {
          ip("link", "add", "watched5", "type", "vcan");
          assertEquals((await next).value?.type, "added");
          ip("link", "del", "watched5");
          for await (const _ of watch) break;
        } else assertEquals(await next, { value: undefined, done: true });
        assertEquals(await watch.next(), { value: undefined, done: true });
      }
    }
    await descriptorsBackTo(before);
  });
});

describe("watchLinks with an SJA1000", { ...options, skip: noControllers }, () => {
  it("reports settings when the link comes up, as the kernel does, and the state", async () => {
    using watch = watchLinks();
    ip("link", "set", "can0", "type", "can", "bitrate", "250000", "restart-ms", "100", "berr-reporting", "on");
    ip("link", "set", "can0", "up");
    ip("link", "set", "can0", "down");
    ip("link", "set", "can0", "type", "can", "restart-ms", "0", "berr-reporting", "off");
    const settings = ({ status: { name, restartMs, modes } }: LinkEvent) =>
      name === "can0" && restartMs === 100 && modes?.includes("berr-reporting") === true;
    assertEquals(await eventsOf(watch, settings, 5), [
      "changed can0",
      "up can0",
      "state STOPPED to ERROR-ACTIVE",
      "down can0",
      "state ERROR-ACTIVE to STOPPED",
    ]);
  });
});

describe("watchLinks with slcan", { ...options, skip: noSlcan }, () => {
  it("reports a bus-off and the recovery", async () => {
    using adapter = new Program("/usr/bin/python3", [fileURLToPath(new URL("./slcan.py", import.meta.url))]);
    await adapter.until(() => adapter.lines.length > 0, "name its interface");
    const [name] = adapter.lines;
    ip("link", "set", name, "up");
    using bus = new Bus(name);
    using watch = watchLinks();
    const says = new TextEncoder().encode("sb256000");
    bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: says }), 5);
    assertEquals(await eventsOf(watch, ({ status }) => status.name === name, 1), ["state ERROR-ACTIVE to BUS-OFF"]);
    ip("link", "set", name, "down");
    ip("link", "set", name, "up");
    assertEquals(await eventsOf(watch, ({ status, type }) => status.name === name && type !== "changed", 4), [
      `down ${name}`,
      "state BUS-OFF to STOPPED",
      `up ${name}`,
      "state STOPPED to ERROR-ACTIVE",
    ]);
  });
});
