import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Link, Message } from "../../mod.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { AF_CAN, CAN_BCM, CAN_ISOTP, CAN_J1939, CAN_RAW } from "../../src/kernel/can.ts";
import { EAFNOSUPPORT, EPERM, EPROTONOSUPPORT } from "../../src/kernel/errno.ts";
import { can } from "../cli/run.ts";
import { withFaults } from "../support/faults.ts";
import { noVcan } from "../support/kernel.ts";
import { noControllers, noSlcan } from "./machine.ts";
import { command, inDeno, root } from "./script.ts";
import { started } from "./started.ts";
import { ip, PATIENCE, Program } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };

/** What the doctor says, without what is well. */
interface Examined {
  readonly status: number;
  /** `level: subject: text`. */
  readonly found: string[];
  readonly findings: Finding[];
}

function examined(status: number, out: string): Examined {
  const findings: Finding[] = out.trim().split("\n").map((line) => JSON.parse(line));
  const bad = findings.filter(({ level }) => level !== "ok");
  // Each says what it means, and what mends it.
  for (const { text, meaning, fix } of bad) assert(meaning && fix, text);
  return { status, found: bad.map(({ level, subject, text }) => `${level}: ${subject}: ${text}`), findings };
}

async function doctor(words: string): Promise<Examined> {
  const { status, out, err } = await can(["doctor", "--json", "--seconds", "0.3", ...words.split(" ")]);
  assertEquals(err, "");
  return examined(status, out);
}

/** What the doctor says where the kernel refuses sockets of a protocol. */
function doctorWithout(wanted: number, errno: number): Promise<Examined> {
  return withFaults(
    (call, [family, , protocol]) => call === "socket" && family === AF_CAN && protocol === wanted ? -errno : undefined,
    () => doctor("vcan0"),
  ).result;
}

/** A link that a test makes, until the end of a `using` block. */
function vcan(name: string, mtu: number): Disposable {
  ip("link", "add", name, "mtu", `${mtu}`, "type", "vcan");
  ip("link", "set", name, "up");
  return { [Symbol.dispose]: () => ip("link", "del", name) };
}

const standard = (arbitrationId: number, ...data: number[]) =>
  new Message({ arbitrationId, isExtendedId: false, data });

describe("can doctor finds", options, () => {
  it("nothing on a healthy bus, with traffic and without", async () => {
    for (const frames of [0, 5]) {
      const { running } = await started(2, () => ({ running: doctor("vcan0") }));
      using bus = new Bus("vcan0");
      using _listener = new Bus({ channel: "vcan0", filters: [{ canId: 0x100, canMask: 0x700 }] });
      for (let i = 0; i < frames; i++) bus.send(standard(0x123));
      const { status, found } = await running;
      assertEquals([status, found], [0, []]);
    }
  });

  it("no CAN in the kernel", async () => {
    for (const errno of [EAFNOSUPPORT, EPROTONOSUPPORT]) {
      const { status, found, findings } = await doctorWithout(CAN_RAW, errno);
      assertEquals([status, found], [1, ["problem: kernel: it has no CAN"]]);
      assertEquals(findings.at(-1)!.fix, "sudo modprobe can_raw");
    }
  });

  it("each module that is missing", async () => {
    for (
      const [protocol, text, module] of [
        [CAN_BCM, "the broadcast manager", "can_bcm"],
        [CAN_ISOTP, "ISO-TP", "can_isotp"],
        [CAN_J1939, "J1939", "can_j1939"],
      ] as const
    ) {
      const { status, found, findings } = await doctorWithout(protocol, EPROTONOSUPPORT);
      const missing = found.filter((line) => line.includes(text));
      assertEquals([status, missing], [0, [`warning: kernel: it has not ${text}: EPROTONOSUPPORT`]]);
      assert(findings.some(({ fix }) => fix === `sudo modprobe ${module}`));
    }
  });

  it("no permission", async () => {
    const { status, found } = await doctorWithout(CAN_RAW, EPERM);
    assertEquals([status, found], [1, ["problem: permissions: this program may not open CAN sockets: EPERM"]]);
  });

  it(
    "permissions that Deno was not given",
    { skip: !inDeno && "Bun has no permissions", timeout: PATIENCE },
    async () => {
      const run = async (...denoFlags: string[]) => {
        const words = command(`${root}src/cli/mod.ts`, {
          args: ["doctor", "vcan0", "--json", "--seconds=0.1"],
          denoFlags,
        });
        using program = new Program(words[0], words.slice(1));
        const { end } = await program.result();
        return { ...examined(Number(end), program.lines.join("\n")) };
      };
      const none = await run("--allow-sys");
      assertEquals([none.status, none.found], [1, ["problem: permissions: Deno may not call libc"]]);
      const some = await run("--allow-sys", "--allow-ffi");
      assertEquals([some.status, some.found], [0, []]);
      assert(some.findings.some(({ fix }) => fix?.startsWith("run it again with --allow-all")));
      const all = await run("-A");
      assert(!all.findings.some(({ fix }) => fix), JSON.stringify(all.findings));
    },
  );

  it("no interface at all", { timeout: PATIENCE }, async () => {
    const words = command(`${root}src/cli/mod.ts`, { args: ["doctor", "--json"], denoFlags: ["-A"] });
    using program = new Program("unshare", ["--net", ...words]);
    const { end } = await program.result();
    const { status, found } = examined(Number(end), program.lines.join("\n"));
    assertEquals([status, found], [1, ["problem: interfaces: there is no CAN interface"]]);
  });

  it("no such interface, with the nearest one; one that is down", async () => {
    const missing = await doctor("vcan");
    assertEquals([missing.status, missing.found.length], [1, 1]);
    assertMatch(missing.found[0], /^problem: vcan: there is no such CAN interface; did you mean vcan0\?/);
    using _ = vcan("vcan4", 72);
    ip("link", "set", "vcan4", "down");
    assertEquals((await doctor("vcan4")).found, ["problem: vcan4: it is down"]);
  });

  it("an MTU that is too small", async () => {
    using _ = vcan("vcan4", 16);
    const { status, found } = await doctor("vcan4");
    assertEquals([status, found], [0, ["warning: vcan4: its MTU is too small for CAN FD"]]);
  });

  it("frames that are lost between the kernel and a program", async () => {
    const { running } = await started(2, () => ({ running: doctor("vcan0") }));
    using bus = new Bus("vcan0");
    // While this runs, nothing is received.
    bus.sendMany(Array.from({ length: 5000 }, (_, i) => standard(i & 0x7ff)), 10);
    await new Promise((resolve) => setTimeout(resolve, 100));
    bus.send(standard(1));
    const { found } = await running;
    assertEquals(found.length, 1, found.join());
    assertMatch(found[0], /^warning: vcan0: \d+ frames were lost between the kernel and this program in 0\.3 s$/);
  });

  it("filters that let nothing pass", async () => {
    using _listener = new Bus({
      channel: "vcan0",
      filters: [{ canId: 0x100, canMask: 0x7ff }, { canId: 0x123, canMask: 0x7ff, inverted: true }],
      errorMask: 0,
    });
    const { running } = await started(2, () => ({ running: doctor("vcan0") }));
    using bus = new Bus("vcan0");
    bus.send(standard(0x123));
    const { status, found } = await running;
    assertEquals([status, found.length], [0, 1]);
    assertMatch(
      found[0],
      /^warning: vcan0: the filters (100:7FF,123~7FF|123~7FF,100:7FF) of a program's socket have let nothing pass$/,
    );
  });
});

/** An adapter of the kernel's slcan driver, as a script plays it. */
async function adapterOf(script: string, settings: readonly string[] = []): Promise<{ channel: string } & Disposable> {
  const adapter = new Program("/usr/bin/python3", [fileURLToPath(new URL(script, import.meta.url))]);
  await adapter.until(() => adapter.lines.length > 0, "name its interface");
  const channel = adapter.lines[0];
  if (settings.length > 0) ip("link", "set", channel, ...settings);
  ip("link", "set", channel, "up");
  return { channel, [Symbol.dispose]: () => adapter[Symbol.dispose]() };
}

describe("can doctor with slcan finds", { ...options, skip: noSlcan }, () => {
  it("nothing, if all is well", async () => {
    using adapter = await adapterOf("slcan.py");
    assertEquals((await doctor(adapter.channel)).found, []);
  });

  it("no acknowledgement", async () => {
    using adapter = await adapterOf("slcan.py");
    const { running } = await started(2, () => ({ running: doctor(adapter.channel) }));
    using bus = new Bus(adapter.channel);
    bus.send(standard(0x123, ...new TextEncoder().encode("e1a")));
    const { status, found } = await running;
    assertEquals([status, found], [1, [`problem: ${adapter.channel}: nobody acknowledges what it sends`]]);
  });

  it("other errors on the wire", async () => {
    using adapter = await adapterOf("slcan.py");
    const { running } = await started(2, () => ({ running: doctor(adapter.channel) }));
    using bus = new Bus(adapter.channel);
    bus.send(standard(0x123, ...new TextEncoder().encode("e1s")));
    const { status, found } = await running;
    assertEquals([status, found], [0, [`warning: ${adapter.channel}: 1 error frames in 0.3 s`]]);
  });

  it("bus-off", async () => {
    using adapter = await adapterOf("slcan.py");
    using bus = new Bus(adapter.channel);
    bus.send(standard(0x123, ...new TextEncoder().encode("sb256000")));
    while (!bus.recv(10)?.isErrorFrame);
    const { status, found } = await doctor(adapter.channel);
    assertEquals([status, found[0]], [1, `problem: ${adapter.channel}: the controller is bus-off`]);
  });

  it("listen-only mode", async () => {
    using adapter = await adapterOf("slcan.py", ["type", "can", "listen-only", "on"]);
    const { status, found } = await doctor(adapter.channel);
    assertEquals([status, found], [0, [`warning: ${adapter.channel}: it is in listen-only mode`]]);
  });
});

describe("can doctor with an SJA1000 finds", { ...options, skip: noControllers }, () => {
  const down = () => {
    for (const name of ["can0", "can1"]) Link.open(name).down();
  };
  after(down);

  it("no bitrate, and nothing once it is up", async () => {
    const { status, found } = await doctor("can0");
    assertEquals([status, found], [1, ["problem: can0: it has no bitrate"]]);
    for (const name of ["can0", "can1"]) ip("link", "set", name, "up", "type", "can", "bitrate", "500000");
    const { running } = await started(2, () => ({ running: doctor("can1") }));
    using bus = new Bus("can0");
    bus.send(standard(0x123));
    assertEquals((await running).found, []);
  });

  it("listen-only mode", async () => {
    down();
    ip("link", "set", "can0", "up", "type", "can", "bitrate", "500000", "listen-only", "on");
    assertEquals((await doctor("can0")).found, ["warning: can0: it is in listen-only mode"]);
    down();
    ip("link", "set", "can0", "type", "can", "listen-only", "off");
  });

  // The kernel of user-mode Linux does not say what is in a queue.
  it("a queue that was full", async () => {
    using adapter = await adapterOf("slow_slcan.py");
    const sent = await can(["gen", adapter.channel, "-g", "0", "-L", "8", "-n", "500", "-i"]);
    assertEquals(sent.status, 0);
    const { found, findings } = await doctor(adapter.channel);
    assertEquals(found.length, 1, found.join());
    assertMatch(found[0], /^warning: \w+: \d+ frames were dropped instead of sent$/);
    assertMatch(findings.find(({ level }) => level === "warning")!.fix!, /^sudo ip link set \w+ txqueuelen 1000$/);
  });
});
