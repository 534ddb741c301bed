import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Link, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { noSlcan } from "./machine.ts";
import { command, root, startScript } from "./script.ts";
import { ip, onOneProcessor, PATIENCE, Program, receive } from "./tools.ts";

/** Runs an example to its end; its output must contain the expected lines in this order. */
async function printed(name: string, ...expected: RegExp[]): Promise<void> {
  using _held = noVcan ? null : onOneProcessor();
  using program = startScript(`examples/${name}.ts`);
  follow(await program.finish(), name, ...expected);
}

/** Asserts that the lines contain the expected ones in this order. */
function follow(lines: readonly string[], name: string, ...expected: RegExp[]): void {
  const rest = [...lines];
  for (const each of expected) {
    while (rest.length > 0 && !each.test(rest[0])) rest.shift();
    assert(rest.length > 0, `${each} is missing, or in another order, in the output of ${name}:\n${lines.join("\n")}`);
    rest.shift();
  }
}

const data = "00 19 00 01 03 01 04 01";
const nodes: Record<string, { skip: string | false; run: () => Promise<void> }> = {
  demo: {
    skip: false,
    async run() {
      const job = [/recv\(0\).*null/, /recv\(0.25\).*null/, RegExp(data), /ID: 00000109/, /ID: 07df/];
      await printed("demo", noVcan ? /virtual bus/ : /kernel's CAN, on a new vcan/, ...job);
      if (noVcan) return;
      assert(!Link.list().some(({ name }) => name === "vcandemo"), "the demo deletes its vcan");
      // Without the permission to create one.
      using program = new Program("setpriv", ["--bounding-set", "-net_admin", ...command(`${root}examples/demo.ts`)]);
      follow(await program.finish(), "demo", /^No new vcan: .*EPERM/, /kernel's CAN, on vcan0/, ...job);
    },
  },
  remote_bus: {
    skip: false,
    async run() {
      using program = startScript("examples/remote_bus.ts", { denoFlags: ["--allow-net"] });
      follow(await program.finish(), "remote_bus", /^from the other host: 321, 18 °C$/, /^to the other host: 123$/);
    },
  },
  virtual: { skip: false, run: () => printed("virtual", /^321: 18 °C$/, /^321: 19 °C$/, /^321: 20 °C$/) },
  frames: {
    skip: false,
    run: () =>
      printed(
        "frames",
        /^ +123 {2}data, 3 bytes$/,
        /^1abcdef0 {2}data, 1 bytes$/,
        /^ +123 {2}remote, 4 bytes$/,
        /^ +123 {2}data, 8 bytes, code 12$/,
        /^ +123 {2}FD, 64 bytes$/,
        /^ +123 {2}XL, network 7, 2048 bytes$/,
        /^ +040 {2}error: bus-off, 0 bytes$/,
      ),
  },
  web: {
    skip: false,
    async run() {
      using program = startScript("examples/web.ts", { args: ["0"], denoFlags: ["--allow-net"] });
      await program.until(() => program.lines.length === 1, "the link");
      const [link] = program.lines;
      const page = await (await fetch(link.replace("localhost", "127.0.0.1"))).text();
      assertMatch(page, /<!doctype html>/);
      assertMatch(await (await fetch(new URL("/", link))).text(), /What is on the bus/);
      const events = await fetch(new URL("api/events?client=an-example", link));
      let text = "";
      for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (text.includes('"key":"car/123"')) break;
      }
      await program.stop("SIGINT");
    },
  },
  bit_timing: {
    skip: false,
    run: () =>
      printed(
        "bit_timing",
        /^sja1000 at 8 MHz$/,
        /^500000: tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 \(sample point 0.875, 0 ppm off\)$/,
        /^20000: tq 3125 prop-seg 6/,
        /^16 timings for 500000 bit\/s, of which the best are:$/,
        /^500000 bits\/s, sample point: 87.50%, BRP: 1, .* BTR: 001Ch$/,
      ),
  },
  link: {
    skip: noVcan,
    run: () =>
      printed(
        "link",
        /^created vcanex: a vcan, up, MTU 72$/,
        /^received 64 bytes$/,
        /^its counters: 1 frame sent, 1 received, 64 bytes$/,
        /^ready for CAN XL: MTU 2060$/,
        /^remaining: (?!.*vcanex).*vcan0/,
      ),
  },
  configure: {
    skip: noVcan,
    async run() {
      using virtual = startScript("examples/configure.ts", { args: ["vcan0"] });
      const { end, stderr } = await virtual.result();
      assertEquals(end, "1");
      assertMatch(stderr, /^bitrate, restartMs: "vcan0" is a vcan, which has no controller to configure/);
      // The emulated machine has devices.
      const device = Link.list().find((link) => link.status().kind === "can");
      if (!device) return;
      try {
        using program = startScript("examples/configure.ts", { args: [device.name, "250000"] });
        const [first, ...rest] = await program.finish();
        assertMatch(first, /^can\d: \w+ on \S+, clock \d+ MHz, ERROR-ACTIVE$/);
        assertEquals(rest, [
          "250000 bit/s, sampled at 0.875, modes: berr-reporting",
          "error counters: 0 sending, 0 receiving",
        ]);
        using refused = startScript("examples/configure.ts", { args: [device.name, "1"] });
        assertMatch(
          (await refused.result()).stderr,
          /^bitrate is 1: with a clock of 8000000 Hz, sja1000 supports 5000 to/,
        );
      } finally {
        device.down();
        device.configure({ restartMs: 0, modes: { "berr-reporting": false } });
      }
    },
  },
  reconnect: {
    skip: noVcan,
    async run() {
      const add = () => {
        ip("link", "add", "vcanex", "type", "vcan");
        ip("link", "set", "vcanex", "up");
      };
      const send = (arbitrationId: number) => {
        using bus = new Bus("vcanex");
        bus.send(new Message({ arbitrationId }));
      };
      add();
      try {
        using program = startScript("examples/reconnect.ts", { args: ["vcanex"] });
        let seen = 0;
        // Other lines may come in between: a link goes down before it is deleted, which may or may not be reported.
        const appears = async (line: RegExp) => {
          const index = () => program.lines.findIndex((each, i) => i >= seen && line.test(each));
          await program.until(() => index() >= 0, `${line}`);
          seen = index() + 1;
        };
        await appears(/^following/);
        ip("link", "set", "vcanex", "down");
        await appears(/^! .*ENETDOWN/);
        ip("link", "set", "vcanex", "up");
        send(1);
        await appears(/ID: 00000001/);
        ip("link", "del", "vcanex");
        await appears(/^! .*ENODEV/);
        add();
        await appears(/^! .* is back$/);
        send(2);
        await appears(/ID: 00000002/);
        await program.stop("SIGINT");
      } finally {
        ip("link", "del", "vcanex");
      }
    },
  },
  watch: {
    skip: noVcan,
    async run() {
      using program = startScript("examples/watch.ts");
      await program.until(() => program.lines.includes("watching; Ctrl-C ends it"), "watch");
      assert(program.lines.includes("vcan0: up, no controller, any bit/s"), program.lines.join("\n"));
      const first = program.lines.length;
      ip("link", "add", "vcanex", "type", "vcan");
      ip("link", "set", "vcanex", "txqueuelen", "5");
      ip("link", "set", "vcanex", "up");
      ip("link", "del", "vcanex");
      const reported = () => program.lines.slice(first).filter((line) => line.startsWith("vcanex: "));
      await program.until(() => reported().includes("vcanex: removed"), "report that it was removed");
      const expected = ["added", "changed: txQueueLength", "up", "down", "removed"];
      assertEquals(reported().filter((line) => !line.includes("operState")), expected.map((each) => `vcanex: ${each}`));
      await program.stop("SIGINT");
    },
  },
  bus_off: {
    skip: noSlcan,
    async run() {
      using adapter = new Program("/usr/bin/python3", [`${root}tests/system/slcan.py`]);
      await adapter.until(() => adapter.lines.length > 0, "name its interface");
      const [channel] = adapter.lines;
      ip("link", "set", channel, "up");
      using program = startScript("examples/bus_off.ts", { args: [channel] });
      await program.until(() => program.lines.length === 1, "begin");
      using bus = new Bus({ channel, reconnect: true, errorMask: 0 });
      const isSent = ({ arbitrationId }: Message) => arbitrationId === 0x321;
      assert((await receive(bus, 1, program)).every(isSent));
      // The adapter reports to the kernel: bus-off, error counters 256 and 0.
      const data = new TextEncoder().encode("sb256000");
      bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data }), 5);
      await program.until(() => program.lines.length === 4, "come back");
      bus.recvMany(99_999, 0);
      assert((await receive(bus, 1, program)).every(isSent)); // it sends again
      assertMatch(program.lines[0], /": ERROR-ACTIVE, error counters /);
      assertMatch(program.lines[1], /^bus-off: BUS-OFF, .* 1 times so far$/);
      assertMatch(program.lines[2], /cannot restart/);
      assertEquals(program.lines[3], "back on the bus: ERROR-ACTIVE");
      await program.stop("SIGINT");
    },
  },
  j1939: {
    skip: noVcan,
    async run() {
      using program = startScript("examples/j1939.ts");
      const lines = await program.finish();
      assertEquals(
        lines.filter((line) => line.startsWith("engine:")),
        [800, 1250.5, 2100].map((n) => `engine: ${n} rpm`),
      );
      assertEquals(lines.filter((line) => !line.startsWith("engine:")), ["software: a text of more than 8 bytes"]);
    },
  },
  address_claim: {
    skip: noVcan,
    run: () =>
      printed(
        "address_claim",
        /^the pump has address 128$/,
        /^the winch has address 128$/,
        /^pump: claiming, 129$/,
        /^pump: claimed, 129$/,
        /^from 128, serial number 1000$/,
      ),
  },
  quick_start: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      using program = startScript("examples/quick_start.ts");
      const [first] = await receive(bus, 1, program);
      assertEquals([first.arbitrationId, ...first.data], [0xc0ffee, 0, 25, 0, 1, 3, 1, 4, 1]);
      bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0xde] }));
      const lines = await program.finish();
      assertMatch(lines[0], /^sent on socketcan channel "vcan0"/);
      assertMatch(lines[1], /^received .* ID: 0123 .* de /);
    },
  },
  send_one: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      await printed("send_one", /^Message sent on socketcan channel "vcan0"$/);
      assertEquals((await receive(bus, 1))[0].arbitrationId, 0xc0ffee);
      assertEquals(bus.recv(0.1), null);
      using failing = startScript("examples/send_one.ts", { args: ["vcan99"] });
      const { end, stderr } = await failing.result();
      assertEquals(end, "1");
      assertMatch(stderr, /Message NOT sent: .*"vcan99": ENODEV.*ip link add dev vcan99 type vcan.*vcan0/);
    },
  },
  spam: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      await printed("spam", /^10 messages sent/);
      const expected = Array.from({ length: 10 }, (_, i) => [10, i, 0, 1, 3, 1, 4, 1]);
      assertEquals((await receive(bus, 10)).map((message) => [...message.data]), expected);
      assertEquals(bus.recv(0.1), null);
    },
  },
  follow: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      using program: Program = startScript("examples/follow.ts");
      await program.until(() => program.lines.length === 1, "follow");
      for (const arbitrationId of [1, 2, 3]) {
        bus.send(new Message({ arbitrationId }));
        await program.until(() => program.lines.length === arbitrationId + 1, `message ${arbitrationId}`);
        assertMatch(program.lines[arbitrationId], RegExp(`ID: 0000000${arbitrationId} `));
      }
      await program.stop("SIGINT");
    },
  },
  timeouts: {
    skip: noVcan,
    run: () => printed("timeouts", /at once: null/, /after \d\.\d+ s: null/, /recv\(\) .* ID: 0042/, /^sent/),
  },
  async: {
    skip: noVcan,
    run: () =>
      printed("async", /tick/, /answer 1: .* 01 /, /tick/, /answer 2: .* 02 /, /answer 3: .* 03 /, /silence: null/),
  },
  bridge: {
    skip: noVcan,
    run: () =>
      printed(
        "bridge",
        /^321 on the far side: 18 °C$/,
        /: 19 °C$/,
        /: 20 °C$/,
        /bridge has stopped, the buses are still open: true/,
      ),
  },
  cyclic: {
    skip: noVcan,
    run: () =>
      printed(
        "cyclic",
        /^count: {7}finished, 50 50 50 50 50$/,
        /^in turn: {5}finished, 1 2 3 1 2 3$/,
        /^two periods: active, 7 7 7 7$/,
        /^computed: {4}finished, 0 1 2 3 4$/,
        /^changed: {5}51 to 52$/,
      ),
  },
  dashboard: {
    skip: noVcan,
    run: () =>
      printed(
        "dashboard",
        /^speed: 30 km\/h$/,
        /^light: on$/,
        /^speed: 50 km\/h$/,
        /^light: silent$/,
        /^200 frames, 4 events$/,
      ),
  },
  filters: {
    skip: noVcan,
    run: () => printed("filters", /: +100 10f$/, /: +ff 110$/, /: +ff 110$/, /: +ff 100 10f 110$/),
  },
  errors: {
    skip: noVcan,
    async run() {
      using _held = onOneProcessor();
      using program = startScript("examples/errors.ts");
      const lines = await program.finish();
      assertEquals(lines.filter((line) => line.startsWith("data:")), [1, 2, 3].map((i) => `data:  123 ${i}`));
      assertEquals(lines.filter((line) => !line.startsWith("data:")), [
        "error: controller-problem{tx-error-passive}, error-counter-tx-rx{{128}{0}}",
        "  128 transmit errors: is another node connected, with the same bitrate?",
        "error: bus-off",
        "protocol-violation{{bit-stuffing-error}{data-field}}, bus-error",
      ]);
    },
  },
  convert: {
    skip: false,
    run: () =>
      printed(
        "convert",
        /^Time Stamp,ID/,
        /^1700000000000000,00000123,/,
        /^isFd was lost 1 times/,
        /^1 message is left$/,
      ),
  },
  decode: {
    skip: noVcan,
    async run() {
      using program: Program = startScript("examples/decode.ts");
      await program.until(() => program.lines.length === 1, "decode");
      using bus = new Bus("vcan0");
      const send = (arbitrationId: number, ...data: number[]) =>
        bus.send(new Message({ arbitrationId, isExtendedId: false, data }));
      send(0x124, 1, 2, 3);
      send(0x123, 0x2f, 0x03, 1, 0, 0, 0, 0, 0);
      send(0x123, 0xff, 0xff);
      await program.until(() => program.lines.length === 3, "decode two messages");
      assertEquals(program.lines.slice(1), [
        "EngineData: Speed 81.5 km/h, Gear first",
        "EngineData: Speed 6553.5 km/h (out of range), Gear missing",
      ]);
      await program.stop("SIGINT");
    },
  },
  simulate: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      await printed("simulate", /^EngineData every 0.02 s$/, /^EngineStatus every 0.1 s$/, /^stopped$/);
      const received = bus.recvMany(99_999, 0).map(({ arbitrationId, data }) => `${arbitrationId} ${data.join(" ")}`);
      const start = ["291 0 0 0 0 0 0 0 0", "292 60 0"];
      const later = ["291 0 0 1 0 0 0 0 0", "291 244 1 2 0 0 0 0 0"]; // 0 km/h in first, 50 km/h in second gear
      assertEquals([...start, ...later].filter((each) => !received.includes(each)), []);
      const count = (id: string) => received.filter((each) => each.startsWith(id)).length;
      assert(count("291") > count("292"), `${count("291")} and ${count("292")} frames`);
    },
  },
  log_to_csv: {
    skip: false,
    async run() {
      using program = startScript("examples/log_to_csv.ts");
      assertEquals(await program.finish(), [
        "time,EngineData.Speed [km/h],EngineData.Gear,EngineStatus.Temperature [degC]",
        "1700000000,81.5,2,",
        "1700000000.1,,,90",
        "1700000000.2,,,",
      ]);
    },
  },
  record: {
    skip: noVcan,
    async run() {
      const folder = mkdtempSync(`${tmpdir()}/record-`);
      try {
        using program = startScript("examples/record.ts", {
          args: ["vcan0", `${folder}/drive.log`],
          denoFlags: ["--allow-ffi", "--allow-read", "--allow-write"],
        });
        const lines = await program.finish();
        assertMatch(lines.at(-1)!, /^\d+ messages in .*drive-001\.log, 0 dropped, ended by duration$/);
        const log = readFileSync(`${folder}/drive-001.log`, "utf8");
        assertMatch(log, /^# \(\d+\.\d+\) recording begins\n\(\d+\.\d+\) vcan0 321#12( T)?\n/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  replay: {
    skip: noVcan,
    run: () =>
      printed("replay", /^321: 18 °C$/, /^321: 19 °C$/, /^321: 20 °C$/, /^3 messages, [\d.]+ ms late at most$/),
  },
  isotp: {
    skip: noVcan,
    run: () =>
      printed(
        "isotp",
        /^blocking: 4095 bytes$/,
        /^asynchronously: 20 bytes$/,
        /: 7 bytes$/,
        /: 3 bytes$/,
        /^to all: 62,128$/,
        /^FD: 62 bytes$/,
        /^ECOMM .* no flow control /,
      ),
  },
  vin: {
    skip: noVcan,
    async run() {
      using bus = new Bus("vcan0");
      await printed("vin", /^the ECU needs more time$/, /^VIN: WDB9066331S123456$/, /^serial number: .* 0x31$/);
      const frames = (await receive(bus, 6)).map(({ arbitrationId, data }) =>
        `${arbitrationId.toString(16)} ${data[0]}`
      );
      assertEquals(frames, ["7e0 3", "7e8 3", "7e8 16", "7e0 48", "7e8 33", "7e8 34"]);
    },
  },
  debug: {
    skip: noVcan,
    run: () =>
      printed(
        "debug",
        /opening/,
        /CAN_RAW_RECV_OWN_MSGS/,
        /opened/,
        /sent/,
        /received .* de ad be ef/,
        /waiting/,
        /closed/,
      ),
  },
};

describe("Examples", () => {
  it("all have a test", () => {
    const files = readdirSync(`${root}examples`).filter((file) => file.endsWith(".ts")).map((file) =>
      file.slice(0, -3)
    );
    assertEquals(files.sort(), Object.keys(nodes).sort());
  });
  for (const [name, { skip, run }] of Object.entries(nodes)) {
    it(name, { skip, timeout: PATIENCE }, run);
  }
});
