import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { openBus, serveCannelloni, serveMulticast, serveSocketcand } from "../../src/net/mod.ts";
import { AllowList, formatAddress, parseAddress } from "../../src/net/address.ts";
import { can } from "../cli/run.ts";
import { pause } from "../support/pause.ts";
import { freePort } from "./buses.ts";

const timeout = 120_000;
const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0xde, 0xad] });

describe("Addresses", () => {
  it("are read and written", () => {
    const cases: readonly (readonly [string, string, number])[] = [
      ["bench1", "bench1", 5],
      ["bench1:20", "bench1", 20],
      ["10.0.0.1:65535", "10.0.0.1", 65535],
      ["[::1]:20", "::1", 20],
      ["::1", "::1", 5],
      ["[fe80::1%eth0]", "fe80::1%eth0", 5],
    ];
    for (const [text, host, port] of cases) {
      assertEquals(parseAddress(text, 5), { host, port });
      assertEquals(parseAddress(formatAddress({ host, port }), 1), { host, port });
    }
    for (const wrong of ["", ":5", "a:b", "a:65536", "a b", "[::1", "a:1:2", "a/b"]) {
      assertThrows(() => parseAddress(wrong, 5), SyntaxError, "is no address", wrong);
    }
  });

  it("are allowed by a list", () => {
    const list = new AllowList(["192.168.1.7", "10.0.0.0/8", "fd00::/16"]);
    for (
      const [address, expected] of [
        ...[["192.168.1.7", true], ["192.168.1.8", false], ["10.9.8.7", true], ["11.0.0.1", false]],
        ...[["fd00::5", true], ["fe80::5", false], ["::ffff:10.1.1.1", true], ["", false]],
      ] as const
    ) {
      assertEquals(list.allows(address), expected, address);
    }
    assert(new AllowList([]).allows("1.2.3.4"));
  });
});

describe("openBus", { timeout }, () => {
  it("opens any bus by its name, which its messages carry", async () => {
    await using raw = await serveSocketcand({ channels: ["named"], interface: "virtual", port: 0 });
    await using tcp = await serveCannelloni({ channel: "named", interface: "virtual", transport: "tcp", port: 0 });
    const [port, localPort, group] = [freePort(), freePort(), freePort()];
    await using udp = await serveCannelloni({
      channel: "named",
      interface: "virtual",
      port,
      peer: `127.0.0.1:${localPort}`,
    });
    await using all = await serveMulticast({ channel: "named", interface: "virtual", port: group });
    using far = new Bus({ channel: "named", interface: "virtual" });
    for (
      const name of [
        `socketcand://127.0.0.1:${raw.address.port}/named`,
        `cannelloni+tcp://127.0.0.1:${tcp.address.port}`,
        `cannelloni://127.0.0.1:${udp.address.port}/${localPort}`,
        `udp-multicast://:${all.address.port}/127.0.0.1`.replace("//:", "//239.74.163.2:"),
      ]
    ) {
      using bus = await openBus(name, { fd: true });
      assertEquals([bus.channel, bus.protocol], [name.slice(name.indexOf("://") + 3), "CAN_FD"]);
      let heard: Message | null = null;
      while (heard === null) {
        far.send(message);
        heard = await bus.recvAsync({ timeout: 0.1 });
      }
      // A multicast's message has the channel that its sender gave it.
      assertEquals(heard.channel, name.startsWith("udp") ? "named" : bus.channel);
    }
    using bus = await openBus(`socketcand://127.0.0.1:${raw.address.port}/named`, { name: "engine" });
    assertEquals(bus.channel, "engine");
  });

  it("refuses names that are none", async () => {
    for (
      const [name, text] of [
        ["http://host", "there are socketcand://"],
        ["socketcand://host", "names no channel"],
        ["socketcand://host/", "names no channel"],
        ["socketcand:///can0", "is no address"],
        ["cannelloni://host/can0", "is no port"],
        ["cannelloni+tcp://host/5", "no local port"],
        ["udp-multicast://10.0.0.1", "Option group"],
        ["://x", "is no bus"],
      ]
    ) {
      await assertRejects(() => openBus(name), Error, text, name);
    }
    await assertRejects(() => openBus(5 as unknown as string), TypeError, "takes a bus's name");
    assertMatch(`${await assertRejects(() => openBus("vcan99"))}`, /vcan99|EAFNOSUPPORT/);
  });
});

describe("can with the name of a bus on a network", { timeout }, () => {
  async function served(run: (name: string, far: Bus) => Promise<void>): Promise<void> {
    await using server = await serveSocketcand({ channels: ["cli"], interface: "virtual", port: 0 });
    using far = new Bus({ channel: "cli", interface: "virtual" });
    await run(`socketcand://127.0.0.1:${server.address.port}/cli`, far);
  }

  /** Runs a command while frames come. */
  async function inTraffic(args: readonly string[], far: Bus): Promise<Awaited<ReturnType<typeof can>>> {
    const traffic = setInterval(() => far.send(message), 5);
    try {
      return await can(args);
    } finally {
      clearInterval(traffic);
    }
  }

  it("dumps, with filters", () =>
    served(async (name, far) => {
      const all = await inTraffic(["dump", name, "-n", "2"], far);
      const channel = name.slice("socketcand://".length);
      assertEquals([all.status, all.err], [0, ""]);
      assertEquals(all.out, `  ${channel}  123   [2]  DE AD\n`.repeat(2));
      const none = await inTraffic(["dump", `${name},124:7FF`, "-T", "300"], far);
      assertEquals([none.status, none.out], [0, ""]);
    }));

  it("sends, and awaits an answer", () =>
    served(async (name, far) => {
      const sent = await can(["send", name, "123#DEAD", "00000123#"]);
      assertEquals([sent.status, sent.err], [0, ""]);
      assertEquals(
        (await far.recvAsync({ timeout: 60 }))!.equals(message, {
          timestampDelta: null,
          checkChannel: false,
          checkDirection: false,
        }),
        true,
      );
      assertEquals((await far.recvAsync({ timeout: 60 }))!.isExtendedId, true);
      const asked = await inTraffic(["send", name, "7DF#01", "--expect", "123", "--timeout", "60"], far);
      assertEquals(asked.status, 0);
      assertMatch(asked.out, /123 {3}\[2\] {2}DE AD/);
    }));

  it("logs and plays", () =>
    served(async (name, far) => {
      const folder = mkdtempSync(join(tmpdir(), "net-"));
      try {
        const file = join(folder, "a.log");
        const logged = await inTraffic(["log", name, "-o", file, "-n", "3"], far);
        assertEquals(logged.status, 0, logged.err);
        const lines = readFileSync(file, "utf8").trim().split("\n");
        assertEquals(lines.length, 3);
        assertMatch(lines[0], /^\(\d+\.\d{6}\) 127\.0\.0\.1:\d+\/cli 123#DEAD/);
        while (far.recv(0) !== null);
        const played = await can(["play", file, name, "--speed", "inf"]);
        assertEquals(played.status, 0, played.err);
        for (let i = 0; i < 3; i++) assertEquals((await far.recvAsync({ timeout: 60 }))!.data, message.data);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));

  it("says what is for interfaces of this host only, and what cannot be opened", () =>
    served(async (name) => {
      for (
        const [args, status, text] of [
          [["dump", name, "--reconnect"], 2, "--reconnect is for interfaces of this host"],
          [["dump", name, "--hardware"], 2, "--hardware is for interfaces of this host"],
          [["gen", name, "-x", "-n", "1"], 2, "--no-loopback is for interfaces of this host"],
          [["send", name, "123#", "--every", "1"], 2, "--every is for interfaces of this host"],
          [["dump", "socketcand://127.0.0.1:1/can0"], 1, "Cannot connect to 127.0.0.1:1: ECONNREFUSED"],
          [["dump", name.replace("/cli", "/can7")], 1, "could not open bus"],
          [["dump", "carrier-pigeon://x"], 1, "is no bus"],
          [["serve"], 2, "takes what to do: socketcand, cannelloni, multicast"],
          [["serve", "socketcand"], 2, "takes interfaces"],
          [["serve", "socketcand", "a/b"], 1, "channels[0]"],
          [["serve", "socketcand", "can0", "--allow", "example"], 1, "allow[0]"],
          [["serve", "cannelloni", "can0"], 2, "takes --peer HOST[:PORT], or --tcp"],
          [["serve", "cannelloni", "can0", "--peer", "a", "--tcp"], 2, "exclude each other"],
          [["serve", "multicast", "can0", "--group", "10.0.0.1"], 1, "Option group"],
        ] as const
      ) {
        const ran = await can(args);
        assertEquals([ran.status, ran.err.includes(text)], [status, true], `${args.join(" ")}: ${ran.err}`);
      }
    }));

  it("serves until it is stopped, and warns of an open address", async () => {
    const stop = new AbortController();
    const port = freePort();
    const serving = can(["serve", "socketcand", "can0", "--address", "0.0.0.0", "--port", `${port}`], stop.signal);
    let error: unknown;
    for (let tries = 0; tries < 500; tries++) {
      try {
        await openBus(`socketcand://127.0.0.1:${port}/can7`);
      } catch (thrown) {
        error = thrown;
        if (`${thrown}`.includes("could not open bus")) break;
      }
      await pause(10);
    }
    assertMatch(`${error}`, /could not open bus/);
    stop.abort();
    const { status, err } = await serving;
    assertEquals(status, 130);
    assertMatch(err, /whoever reaches 0\.0\.0\.0 can read the bus/);
    assertMatch(err, RegExp(`can: serving can0 at 0\\.0\\.0\\.0:${port}`));
  });
});
