import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Link, Message } from "../../mod.ts";
import { commands } from "../../src/cli/commands.ts";
import { LogReader } from "../../src/log/mod.ts";
import { car } from "../cli/car.ts";
import { can, Kept } from "../cli/run.ts";
import { take } from "../support/delivery.ts";
import { noIsoTp } from "../support/isotp.ts";
import { noJ1939, noVcan } from "../support/kernel.ts";
import { pause, until } from "../support/pause.ts";
import { root, startScript } from "./script.ts";
import { started } from "./started.ts";
import { ip, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noVcan, timeout: PATIENCE };
const cli = "src/cli/mod.ts";
const marker = new Message({ arbitrationId: 0x7e0, isExtendedId: false, data: [0x4d, 0x61, 0x72, 0x6b] });

function folder(): { path: string } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/can-`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

describe("can dump", options, () => {
  it("-T: ends when nothing comes", async () => {
    assertEquals(await can(["dump", "-T", "50", "vcan0"]), { status: 0, out: "", err: "" });
  });

  it("--where, --json, several interfaces, the end by a signal", async () => {
    ip("link", "add", "vcan8", "type", "vcan");
    ip("link", "set", "vcan8", "up");
    try {
      const stop = new AbortController();
      const words = ["dump", "vcan0", "vcan8", "--json", "--where", "data[0] == 7"];
      const shown = new Kept(1);
      const { running } = await started(2, () => ({ running: can(words, stop.signal, shown) }));
      using one = new Bus({ channel: "vcan0", receiveOwnMessages: true });
      using other = new Bus({ channel: "vcan8", receiveOwnMessages: true });
      for (const bus of [one, other]) bus.sendMany([6, 7].map((byte) => new Message({ data: [byte] })), 1);
      await until(() => shown.text.split("\n").length > 2);
      stop.abort();
      const { status, out } = await running;
      const found = out.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals([status, found.map(({ channel, data }) => [channel, data]).sort()], [130, [["vcan0", [7]], [
        "vcan8",
        [7],
      ]]]);
    } finally {
      ip("link", "del", "vcan8");
    }
  });

  it("says where frames were lost, and how many", async () => {
    const stop = new AbortController();
    const shown = new Kept(1);
    const { running } = await started(1, () => ({ running: can(["dump", "-r", "1", "vcan0"], stop.signal, shown) }));
    using bus = new Bus("vcan0");
    let sent = 0;
    const send = (count: number) => {
      bus.sendMany(Array.from({ length: count }, () => new Message({ arbitrationId: sent++ })), 10);
    };
    const shows = (id: number) => shown.text.includes(`  ${id.toString(16).toUpperCase().padStart(8, "0")}  `);
    for (const burst of [1000, 1000]) {
      const first = sent;
      send(burst); // while this runs, nothing is received
      await until(() => shows(first));
    }
    do { // losses are reported with the next frame that is received
      send(1);
      await pause(100);
    } while (!shows(sent - 1));
    stop.abort();
    let next = 0;
    let total = 0;
    for (const line of (await running).out.trim().split("\n")) {
      const lost = /^DROPCOUNT: dropped (\d+) CAN frames on 'vcan0' socket \(total drops (\d+)\)$/.exec(line);
      if (lost) {
        total += Number(lost[1]);
        assertEquals(Number(lost[2]), total);
        next += Number(lost[1]);
      } else assertEquals(parseInt(line.trim().split(/ +/)[1], 16), next++, line);
    }
    assert(total > 0, "nothing was lost");
    assertEquals(next, sent);
  });

  it("ends by a signal with its number, by a closed pipe without a word", async () => {
    using dump = startScript(cli, { args: ["dump", "vcan0"] });
    using bus = new Bus("vcan0");
    await dump.until(() => dump.lines.length > 0, "show a marker", () => bus.send(marker));
    dump.kill("SIGINT");
    assertEquals((await dump.result()).end, "130");
    const shell = 'can() { "$@" dump vcan0; echo "status $?" >&2; }; can "$@" | head -n 2';
    const { command } = await import("./script.ts");
    using piped = new Program("bash", ["-c", shell, "bash", ...command(root + cli)]);
    await piped.until(() => piped.lines.length === 2, "show two frames", () => bus.send(marker));
    const end = piped.result();
    for (let i = 0; i < 100 && (await Promise.race([end, pause(100)])) === undefined; i++) bus.send(marker);
    assertEquals((await end).stderr, "status 141\n");
  });
});

describe("can on a terminal", options, () => {
  it("has colours, but not with NO_COLOR or never, and needs no permission for them", async () => {
    using bus = new Bus("vcan0");
    const { command } = await import("./script.ts");
    const shown = async (environment: string, ...flags: string[]) => {
      const words = command(root + cli, { args: ["dump", "vcan0", "-n", "1", ...flags] });
      const line = words.map((word) => `'${word}'`).join(" ");
      // The runtime's path is in the environment; see script.ts.
      using terminal = new Program("script", ["-qec", `${environment} ${line}`, "/dev/null"], null);
      await terminal.until(() => terminal.lines.length > 0, "show a frame", () => bus.send(marker));
      return terminal.lines[0];
    };
    const colored = await shown("unset NO_COLOR; TERM=xterm");
    assert(colored.startsWith("  vcan0  \x1b[") && colored.includes("m7E0\x1b[0m"), JSON.stringify(colored));
    assertEquals(await shown("NO_COLOR=1"), "  vcan0  7E0   [4]  4D 61 72 6B\r");
    assertEquals(await shown("unset NO_COLOR; TERM=xterm", "--color=never"), "  vcan0  7E0   [4]  4D 61 72 6B\r");
  });
});

describe("can send", options, () => {
  it("periodically, and waits for an answer", async () => {
    using bus = new Bus("vcan0");
    assertEquals(await can(["send", "vcan0", "123#01", "--every", "0.02", "--count", "3"]), {
      status: 0,
      out: "",
      err: "",
    });
    assertEquals(take(bus, 3).map(({ arbitrationId }) => arbitrationId), [0x123, 0x123, 0x123]);
    const asked = can(["send", "vcan0", "7DF#01", "--expect", "7E8:7F8", "--timeout", "20"]);
    await receive(bus, 1);
    bus.send(new Message({ arbitrationId: 0x7e9, isExtendedId: false, data: [1, 2] }));
    assertEquals(await asked, { status: 0, out: "  vcan0  7E9   [2]  01 02\n", err: "" });
    const unanswered = await can(["send", "vcan0", "7DF#01", "--expect", "7E8:7F8", "--timeout", "0.05"]);
    assertEquals(unanswered, { status: 1, out: "", err: "can: no frame passed 7E8:7F8 within 0.05 s\n" });
  });

  it("a message of a database, which can dump decodes", async () => {
    using dir = folder();
    const dbc = `${dir.path}/car.dbc`;
    writeFileSync(dbc, car);
    const words = ["dump", "vcan0", "--dbc", dbc, "--signals", "--where", "Speed > 80", "-n", "1"];
    const { dumping } = await started(1, () => ({ dumping: can(words) }));
    const send = (...values: string[]) => can(["send", "vcan0", "--dbc", dbc, "EngineData", ...values]);
    assertEquals(await send("Speed=20"), { status: 0, out: "", err: "" });
    assertEquals((await send("Speed=81.5", "Gear=Drive", "Odometer=4294967295")).status, 0);
    assertEquals((await dumping).out, " EngineData: Speed 81.5 km/h, Gear Drive, Odometer 4294967295 m\n");
    assertMatch((await send("Sped=1")).err, /EngineData has no signal Sped; did you mean Speed\?/);
    const far = await send("Speed=1e6");
    assertEquals(far.status, 1);
    assertMatch(far.err, /Speed.*1000000/);
  });

  it("refuses wrong words with 2, and fails with 1", async () => {
    assertEquals((await can(["send", "vcan0", "12#01"])).status, 2);
    const missing = await can(["send", "vcan77", "123#01"]);
    assertEquals(missing.status, 1);
    assertMatch(missing.err, /^can: .*"vcan77".*ENODEV/);
  });
});

describe("can log, convert, play", options, () => {
  it("record, rewrite and replay what was sent", async () => {
    using dir = folder();
    const log = `${dir.path}/a.log`;
    const { recording } = await started(1, () => ({ recording: can(["log", "vcan0", "-o", log, "-n", "20"]) }));
    using bus = new Bus("vcan0");
    const sent = Array.from({ length: 20 }, (_, i) => new Message({ arbitrationId: i, data: [i] }));
    for (const message of sent) bus.send(message);
    const recorded = await recording;
    assertEquals([recorded.status, recorded.err], [0, "can: 20 frames, 0 dropped by the kernel\n"]);

    const converted = await can(["convert", log, `${dir.path}/b.asc`, "--filter", "00000003:1FFFFFFC"]);
    assertEquals(converted.status, 0);
    assertMatch(converted.err, /^can: this format has no timestampNs: [1-4] frames .*\ncan: 4 frames, 16 left out\n$/);
    const { out } = await can(["convert", `${dir.path}/b.asc`, "-", "--as", "jsonl"]);
    assertEquals(out.trim().split("\n").map((line) => JSON.parse(line).arbitrationId), [0, 1, 2, 3]);

    const played = await can(["play", log, "vcan0", "--speed", "inf"]);
    assertEquals(played.status, 0);
    assertEquals(
      take(bus, 20).map(({ arbitrationId }) => arbitrationId),
      sent.map(({ arbitrationId }) => arbitrationId),
    );
    const mapped = await can(["play", log, "vcan0=vcan0", "--speed", "inf", "--filter", "00000005"]);
    assertEquals([mapped.status, take(bus, 1)[0].arbitrationId], [0, 5]);
    writeFileSync(`${dir.path}/c.log`, "(1.000000) nowhere 123#01\n");
    assertMatch((await can(["play", `${dir.path}/c.log`])).err, /no such interface: map it, as in vcan0=nowhere/);
  });

  it("the end by a signal keeps what came", async () => {
    using dir = folder();
    const stop = new AbortController();
    const words = ["log", "vcan0", "-o", `${dir.path}/a.blf`];
    const { recording } = await started(1, () => ({ recording: can(words, stop.signal) }));
    using bus = new Bus({ channel: "vcan0", receiveOwnMessages: true });
    bus.sendMany([1, 2, 3].map((byte) => new Message({ data: [byte] })), 1);
    take(bus, 3);
    stop.abort();
    assertEquals((await recording).status, 130);
    assertEquals((await LogReader.open(`${dir.path}/a.blf`).readAll()).map(({ data }) => data[0]), [1, 2, 3]);
  });
});

describe("can link, load, doctor", options, () => {
  it("make, change, show and delete a virtual interface", async () => {
    const run = async (...args: string[]) => {
      const { status, out, err } = await can(["link", ...args]);
      assertEquals([status, err], [0, ""], args.join(" "));
      return out;
    };
    assertEquals(await run("add", "vcan9", "--dry-run"), "would create the vcan vcan9\n");
    assert(!Link.list().some(({ name }) => name === "vcan9"));
    assertMatch(await run("add", "vcan9", "type", "vcan"), /^vcan9: down, vcan, mtu \d+/);
    try {
      assertMatch(await run("set", "vcan9", "mtu", "72", "up"), /^vcan9: .*isUp false -> true/);
      assertMatch(await run("show", "vcan9"), /^vcan9: up, vcan, mtu 72/);
      assertEquals(JSON.parse(await run("show", "vcan9", "--json")).mtu, 72);
      assertMatch(await run(), /^vcan9: up/m);
      assertMatch(await run("stats", "vcan9"), /^vcan9\n {4}rx: packets 0, dropped 0/);
      assertMatch(await run("rename", "vcan9", "vcan10", "--restart"), /name vcan9 -> vcan10/);
      await run("rename", "vcan10", "vcan9", "--restart");
      assertMatch(await run("down", "vcan9"), /isUp true -> false/);
    } finally {
      await run("delete", "vcan9");
    }
    assertMatch((await can(["link", "show", "vcan9"])).err, /vcan9.*ENODEV/);
    assertEquals(
      (await can(["link", "set", "vcan0", "bitrat", "5"])).err,
      'can: can link set does not know "bitrat"; did you mean bitrate?\n',
    );
    assertMatch((await can(["link", "set", "vcan0", "bitrate", "500000"])).err, /has no controller to configure/);
  });

  it("the load counts the bits of each frame, or the most possible", async () => {
    const { listening } = await started(3, () => ({
      listening: Promise.all(
        ["--exact", "--stuffing=worst", "-i"].map((kind) =>
          can(["load", "vcan0@500000", kind, "-n", "1", "--interval", "3", "--json"])
        ),
      ),
    }));
    using bus = new Bus("vcan0");
    bus.sendMany(Array.from({ length: 100 }, (_, i) => new Message({ arbitrationId: i, data: [i, 0, 255] })), 1);
    const [exact, worst, none] = (await listening).map(({ out }) => JSON.parse(out));
    assertEquals([exact.frames, exact.payload, none.bits], [100, 2400, 100 * (67 + 24)]);
    assertEquals(worst.bits, 100 * (80 + 30)); // 54 + 24 bits with a stuff bit after the fifth and each fourth, and 13
    assert(exact.bits > none.bits && exact.bits < worst.bits);
    assertEquals(exact.load.toFixed(9), (exact.bits / 500_000 / 3).toFixed(9));
  });

  it("a healthy bus is healthy; an interface that is down or missing is a problem", async () => {
    const healthy = await can(["doctor", "vcan0", "--seconds", "0.1"]);
    assertEquals([healthy.status, healthy.err], [0, ""], healthy.out);
    assertMatch(healthy.out, /nothing is wrong\n$/);
    const missing = await can(["doctor", "vcan77", "--seconds", "0.1"]);
    assertEquals(missing.status, 1);
    assertMatch(missing.out, /!! vcan77: there is no such CAN interface/);
    ip("link", "add", "vcan7", "type", "vcan");
    try {
      const { status, out } = await can(["doctor", "vcan7", "--json"]);
      const problem = out.trim().split("\n").map((line) => JSON.parse(line)).find(({ level }) => level === "problem");
      assertEquals([status, problem.text, problem.fix], [1, "it is down", "sudo ip link set vcan7 up"]);
    } finally {
      ip("link", "del", "vcan7");
    }
  });
});

describe("The examples of can's help", options, () => {
  // Those of can view need a terminal: can_view_test.ts.
  for (const { name, load } of commands.filter(({ name }) => name !== "view")) {
    const skip = name === "j1939" && noJ1939 || name === "isotp" && noIsoTp;
    it(`can ${name}`, { skip, timeout: PATIENCE }, async () => {
      using dir = folder();
      writeFileSync(`${dir.path}/drive.log`, "(1.000000) can0 123#01\n(1.100000) can0 124#02\n");
      writeFileSync(`${dir.path}/car.dbc`, car);
      const { command: { examples } } = await load();
      // Not those that need a controller, or never end.
      const runnable = examples.filter(({ line }) =>
        !/\bcan[01](?!=)\b|\bany\b|^(load|log) can/.test(line.replace("vcan0=can0", ""))
      );
      assert(runnable.length > 0, "no example that can run here");
      using bus = new Bus("vcan0");
      for (const { line } of runnable) {
        const stop = new AbortController();
        const args = line.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ""))
          .map((word) => /^(drive|car)/.test(word) ? `${dir.path}/${word}` : word);
        const running = can(args, stop.signal);
        let ended = false;
        running.then(() => ended = true);
        for (let i = 0; i < 400 && !ended; i++) {
          bus.send(new Message({ arbitrationId: 0x7e8, isExtendedId: false, data: [1, 0x41] })); // a frame, and an ISO-TP PDU
          bus.send(new Message({ arbitrationId: 0x18feca00, data: [0, 0xff] })); // and a message of J1939
          await pause(10);
          if (i === 300) stop.abort(); // one that shows what comes, until Ctrl-C
        }
        const { status, err } = await running;
        const endless = /^(dump|web|serve|isotp dump|j1939 (spy|claim)) /.test(line);
        assert(status === 0 || (status === 130 && endless), `can ${line}: ${status} ${err}`);
      }
    });
  }
});
