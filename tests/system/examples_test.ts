import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { noVcan } from "../support/kernel.ts";
import { root, startScript } from "./script.ts";
import { ip, PATIENCE, type Program, receive } from "./tools.ts";

/** An example's whole output, which the given lines must follow one after the other. */
async function printed(name: string, ...expected: RegExp[]): Promise<void> {
  using program = startScript(`examples/${name}.ts`);
  const lines = await program.finish();
  const rest = [...lines];
  for (const each of expected) {
    while (rest.length > 0 && !each.test(rest[0])) rest.shift();
    assert(rest.length > 0, `${each} is missing, or in another order, in the output of ${name}:\n${lines.join("\n")}`);
    rest.shift();
  }
}

const data = "00 19 00 01 03 01 04 01";
const nodes: Record<string, { needsVcan: boolean; run: () => Promise<void> }> = {
  demo: {
    needsVcan: false,
    run: () =>
      printed(
        "demo",
        noVcan ? /virtual bus/ : /kernel's CAN/,
        /recv\(0\).*null/,
        /recv\(0.25\).*null/,
        RegExp(data),
        /ID: 00000109/,
        /ID: 07df/,
      ),
  },
  virtual: { needsVcan: false, run: () => printed("virtual", /^321: 18 °C$/, /^321: 19 °C$/, /^321: 20 °C$/) },
  frames: {
    needsVcan: false,
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
  bit_timing: {
    needsVcan: false,
    run: () =>
      printed(
        "bit_timing",
        /^sja1000 at 8 MHz$/,
        /^500000: tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 \(sample point 0.875, 0 ppm off\)$/,
        /^20000: tq 3125 prop-seg 6/,
        /^16 timings for 500000 bit\/s, the best of them:$/,
        /^500000 bits\/s, sample point: 87.50%, BRP: 1, .* BTR: 001Ch$/,
      ),
  },
  reconnect: {
    needsVcan: true,
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
        await program.until(() => program.lines.length === 1, "follow");
        ip("link", "set", "vcanex", "down");
        await program.until(() => program.lines.length === 2, "tell that the link is down");
        ip("link", "set", "vcanex", "up");
        send(1);
        await program.until(() => program.lines.length === 3, "go on");
        ip("link", "del", "vcanex");
        await program.until(() => program.lines.length === 4, "tell that the link is gone");
        add();
        await program.until(() => program.lines.length === 5, "tell that it is there again");
        send(2);
        await program.until(() => program.lines.length === 6, "go on again");
        const told = [/^following/, /^! .*ENETDOWN/, /ID: 00000001/, /^! .*ENODEV/, /^! .*there again/, /ID: 00000002/];
        told.forEach((line, i) => assertMatch(program.lines[i], line));
        await program.stop("SIGINT");
      } finally {
        ip("link", "del", "vcanex");
      }
    },
  },
  j1939: {
    needsVcan: true,
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
    needsVcan: true,
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
    needsVcan: true,
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
    needsVcan: true,
    async run() {
      using bus = new Bus("vcan0");
      await printed("send_one", /^Message sent on socketcan channel "vcan0"$/);
      assertEquals(bus.recvMany(9, 0).map((message) => message.arbitrationId), [0xc0ffee]);
      using failing = startScript("examples/send_one.ts", { args: ["vcan99"] });
      const { end, stderr } = await failing.result();
      assertEquals(end, "1");
      assertMatch(stderr, /Message NOT sent: .*"vcan99": ENODEV.*ip link add dev vcan99 type vcan.*vcan0/);
    },
  },
  spam: {
    needsVcan: true,
    async run() {
      using bus = new Bus("vcan0");
      await printed("spam", /^10 messages sent/);
      const expected = Array.from({ length: 10 }, (_, i) => [10, i, 0, 1, 3, 1, 4, 1]);
      assertEquals(bus.recvMany(99, 0).map((message) => [...message.data]), expected);
    },
  },
  follow: {
    needsVcan: true,
    async run() {
      using bus = new Bus("vcan0");
      using program: Program = startScript("examples/follow.ts");
      await program.until(() => program.lines.length === 1, "follow");
      bus.sendMany([1, 2, 3].map((arbitrationId) => new Message({ arbitrationId })));
      await program.until(() => program.lines.length === 4, "three messages");
      assertEquals(
        program.lines.slice(1).map((line) => line.match(/ID: (\w+)/)![1]),
        [1, 2, 3].map((id) => `0000000${id}`),
      );
      await program.stop("SIGINT");
    },
  },
  timeouts: {
    needsVcan: true,
    run: () => printed("timeouts", /at once: null/, /after \d\.\d+ s: null/, /recv\(\) .* ID: 0042/, /^sent/),
  },
  async: {
    needsVcan: true,
    run: () =>
      printed("async", /tick/, /answer 1: .* 01 /, /tick/, /answer 2: .* 02 /, /answer 3: .* 03 /, /silence: null/),
  },
  bridge: {
    needsVcan: true,
    run: () =>
      printed(
        "bridge",
        /^321 on the far side: 18 °C$/,
        /: 19 °C$/,
        /: 20 °C$/,
        /bridge is down, the buses go on: true/,
      ),
  },
  filters: {
    needsVcan: true,
    run: () => printed("filters", /: +100 10f$/, /: +ff 110$/, /: +ff 110$/, /: +ff 100 10f 110$/),
  },
  errors: {
    needsVcan: true,
    async run() {
      using program = startScript("examples/errors.ts");
      const lines = await program.finish();
      assertEquals(lines.filter((line) => line.startsWith("data:")), [1, 2, 3].map((i) => `data:  123 ${i}`));
      assertEquals(lines.filter((line) => !line.startsWith("data:")), [
        "error: controller-problem{tx-error-passive}, error-counter-tx-rx{{128}{0}}",
        "  128 errors on sending: is anybody there, with the same bitrate?",
        "error: bus-off",
        "protocol-violation{{bit-stuffing-error}{data-field}}, bus-error",
      ]);
    },
  },
  debug: {
    needsVcan: true,
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
  for (const [name, { needsVcan, run }] of Object.entries(nodes)) {
    it(name, { skip: needsVcan && noVcan, timeout: PATIENCE }, run);
  }
});
