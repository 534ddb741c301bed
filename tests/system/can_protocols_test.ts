import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, IsoTpSocket, J1939Socket, Message } from "../../mod.ts";
import { can } from "../cli/run.ts";
import { take } from "../support/delivery.ts";
import { bytes, ecu, noIsoTp, tester } from "../support/isotp.ts";
import { it as itInTime, until } from "../support/j1939.ts";
import { noJ1939 } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { command, root } from "./script.ts";
import { started } from "./started.ts";
import { drainUntilQuiet, PATIENCE, Program, receive } from "./tools.ts";

const options = { skip: noIsoTp, timeout: PATIENCE };
const us = ["vcan0", "-s", "7E0", "-d", "7E8"];
const them = ["-s", "7e8", "-d", "7e0"];

/** A program's lines without the space at the end of them, which isotprecv writes. */
const trimmed = (lines: readonly string[]) => lines.map((line) => line.trim());

describe("can isotp beside isotpsend and isotprecv", options, () => {
  const rows: readonly { name: string; ours: string[]; theirs: string[]; length: number }[] = [
    { name: "11 bits", ours: us.slice(1), theirs: them, length: 300 },
    {
      name: "29 bits, extended addressing, padding",
      ours: ["-s", "18DA10F1", "-d", "18DAF110", "-x", "F1:10", "-p", "AA:BB", "-P", "a"],
      theirs: ["-s", "18daf110", "-d", "18da10f1", "-x", "10:f1", "-p", "bb:aa", "-P", "a"],
      length: 20,
    },
    {
      name: "CAN FD",
      ours: [...us.slice(1), "-L", "72:64:1"],
      theirs: [...them, "-L", "72:64:1"],
      length: 600,
    },
  ];
  for (const { name, ours, theirs, length } of rows) {
    it(`${name}, both ways`, options, async () => {
      const isotprecv = await started(1, () => new Program("isotprecv", [...theirs, "vcan0"]));
      using _ = isotprecv;
      assertEquals(await can(["isotp", "send", "vcan0", ...ours, "-D", `${length}`]), { status: 0, out: "", err: "" });
      const sent = trimmed(await isotprecv.finish());
      assertEquals(sent[0].length, 3 * length - 1);

      const { receiving } = await started(1, () => ({ receiving: can(["isotp", "recv", "vcan0", ...ours]) }));
      using isotpsend = new Program("isotpsend", [...theirs, "-b", "-D", `${length}`, "vcan0"]);
      await isotpsend.finish();
      assertEquals(await receiving, { status: 0, out: `${sent[0]}\n`, err: "" });
    });
  }

  it("bytes from standard input", options, async () => {
    using socket = new IsoTpSocket(ecu);
    const [program, ...args] = command(`${root}src/cli/mod.ts`, { args: ["isotp", "send", ...us, "-"] });
    using send = new Program(program, args, "22 f1\n90 01\n");
    assertEquals(await socket.recvAsync({ timeout: 60 }), Uint8Array.of(0x22, 0xf1, 0x90, 1));
    await send.finish();
  });
});

describe("can isotp", options, () => {
  it("send --wait prints the answer; with -u it passes over responsePending", options, async () => {
    using socket = new IsoTpSocket(ecu);
    const ask = (...flags: string[]) => can(["isotp", "send", ...us, "22F190", "--wait", "--timeout", "20", ...flags]);
    const asked = ask("-u");
    assertEquals([...(await receive(socket, 1))[0]], [0x22, 0xf1, 0x90]);
    await socket.sendAsync(Uint8Array.of(0x7f, 0x22, 0x78), { timeout: 20 });
    await socket.sendAsync(Uint8Array.of(0x62, 0xf1, 0x90, ...bytes(20)), { timeout: 20 });
    const { status, out, err } = await asked;
    assertEquals([status, out.split("\n")[1]], [0, "    ReadDataByIdentifier, positive response"]);
    assertMatch(out, /^62 F1 90 00 01 02/);
    assertMatch(err, /^can: ReadDataByIdentifier not yet answered: .* \(78\)\n$/);

    const plain = ask();
    await receive(socket, 1);
    await socket.sendAsync(Uint8Array.of(0x7f, 0x22, 0x78), { timeout: 20 });
    assertEquals(await plain, { status: 0, out: "7F 22 78\n", err: "" });
    const silent = await can(["isotp", "send", ...us, "3E00", "-w", "--timeout", "0.05"]);
    assertEquals(silent, { status: 1, out: "", err: "can: no answer within 0.05 s\n" });
  });

  it("send fails where nobody answers; a broadcast needs no answer", options, async () => {
    const { status, err } = await can(["isotp", "send", ...us, "-D", "20"]);
    assertEquals(status, 1);
    assertMatch(err, /^can: Cannot send to "vcan0": ECOMM/);
    using bus = new Bus("vcan0");
    const broadcast = ["isotp", "send", "vcan0", "-s", "7DF", "--broadcast", "single", "-p", "CC"];
    assertEquals(await can([...broadcast, "01", "0C"]), { status: 0, out: "", err: "" });
    const [{ arbitrationId, data }] = take(bus, 1);
    assertEquals([arbitrationId, ...data], [0x7df, 2, 1, 0x0c, ...new Array(5).fill(0xcc)]);
    assertMatch((await can([...broadcast, "0102030405060708"])).err, /a single frame takes at most 7/);
  });

  it("recv: how many, how long, and what comes broken", options, async () => {
    const late = await can(["isotp", "recv", "vcan0", "-s", "7E8", "-d", "7E0", "--timeout", "0.05"]);
    assertEquals(late, { status: 1, out: "", err: "can: no message within 0.05 s\n" });
    const stop = new AbortController();
    const words = ["isotp", "recv", "vcan0", "-s", "7E8", "-d", "7E0", "--block-size", "2", "--stmin", "0.001"];
    const { loop, two } = await started(2, () => ({
      loop: can([...words, "--loop"], stop.signal),
      two: can([...words, "-n", "2", "-u"]),
    }));
    using bus = new Bus({ channel: "vcan0", filters: [{ canId: 0x7e8, canMask: 0x7ff }] });
    const send = (...data: number[]) => bus.send(new Message({ arbitrationId: 0x7e0, isExtendedId: false, data }), 20);
    send(1, 0x3e);
    await pause(200); // the kernel reports an error before what came earlier
    send(0x10, 20, 1, 2, 3, 4, 5, 6);
    assertEquals((await receive(bus, 1))[0].data, Uint8Array.of(0x30, 2, 1)); // block size 2, STmin 1 ms
    send(0x22, 7, 8, 9, 10, 11, 12, 13); // not the first of the two
    await pause(200);
    send(3, 0x22, 0xf1, 0x90);
    await pause(200);
    stop.abort();
    const { status, out, err } = await loop;
    assertEquals([status, out], [130, "3E\n22 F1 90\n"]);
    assertMatch(err, /^can: Cannot receive from "vcan0": EILSEQ/);
    const broken = await two;
    assertEquals([broken.status, broken.out], [1, "3E\n    TesterPresent\n"]);
    assertMatch(broken.err, /EILSEQ/);
  });

  it("dump shows both directions, names services, and sends nothing", options, async () => {
    const words = ["isotp", "dump", ...us, "-u", "-a", "-n", "4"];
    const { dumps } = await started(4, () => ({ dumps: [can(words), can([...words, "--json"])] }));
    {
      using a = new IsoTpSocket({ ...tester, waitTxDone: true });
      using b = new IsoTpSocket({ ...ecu, waitTxDone: true, blockSize: 3 });
      await a.sendAsync(Uint8Array.of(0x22, 0xf1, 0x90), { timeout: 20 });
      await b.sendAsync(Uint8Array.of(0x62, 0xf1, 0x90, ...new TextEncoder().encode("WDB9066331S123456")), {
        timeout: 20,
      });
      await a.sendAsync(bytes(100, 0x36), { timeout: 20 });
    }
    using bus = new Bus({ channel: "vcan0", filters: [{ canId: 0x7e8, canMask: 0x7ff }] });
    const send = (arbitrationId: number, ...data: number[]) =>
      bus.send(new Message({ arbitrationId, isExtendedId: false, data }), 20);
    send(0x7e0, 0x10, 20, 1, 2, 3, 4, 5, 6);
    await drainUntilQuiet(bus, 0); // no flow control
    send(0x7e8, 3, 0x7f, 0x36, 0x73);
    const [text, json] = await Promise.all(dumps);
    assertEquals([text.status, text.err, json.status, json.err], [0, "", 0, ""]);
    const lines = text.out.trimEnd().split("\n");
    assertEquals(lines.slice(0, 4), [
      "  vcan0  7E0  [3]  22 F1 90  '\"..'",
      "    ReadDataByIdentifier",
      "  vcan0  7E8  [20]  62 F1 90 57 44 42 39 30 36 36 33 33 31 53 31 32 33 34 35 36  'b..WDB9066331S123456'",
      "    ReadDataByIdentifier, positive response",
    ]);
    assertMatch(lines[4], /^ {2}vcan0 {2}7E0 {2}\[100\] {2}36 37 38/);
    assertEquals(lines.slice(5), [
      "    TransferData",
      "  vcan0  7E8  [3]  7F 36 73  '.6s'",
      "    TransferData refused: wrongBlockSequenceCounter (73)",
    ]);
    const last = JSON.parse(json.out.trim().split("\n").at(-1)!);
    assertEquals([last.type, last.id, last.data, last.uds.reason], [
      "pdu",
      0x7e8,
      [0x7f, 0x36, 0x73],
      "wrongBlockSequenceCounter",
    ]);
    assert(BigInt(last.timestampNs) > 0n);
  });
});

const dbc = `VERSION ""

BU_: Engine

BO_ 2364540158 EEC1: 8 Engine
 SG_ EngineSpeed : 24|16@1+ (0.125,0) [0|8031.875] "rpm" Engine
`;

describe("can j1939", { skip: noJ1939, timeout: PATIENCE }, () => {
  itInTime("spy shows messages of one frame and of several, decoded by their PGN", async () => {
    const folder = mkdtempSync(`${tmpdir()}/can-`);
    try {
      writeFileSync(`${folder}/a.dbc`, dbc);
      const spy = ["j1939", "spy", "vcan0", "--dbc", `${folder}/a.dbc`, "--pgn", "F004", "--pgn", "FEEB"];
      const stop = new AbortController();
      const running = [can(spy, stop.signal), can([...spy, "--json", "--source", "0"], stop.signal)];
      await pause(200);
      await using engine = new J1939Socket({ channel: "vcan0", address: 0 });
      await using other = new J1939Socket({ channel: "vcan0", address: 0x17 });
      const data = [0xff, 0xff, 0xff, 0x68, 0x13, 0xff, 0xff, 0xff];
      await engine.sendAsync({ pgn: 0xf004, priority: 3, data }, { acknowledged: true });
      await other.sendAsync({ pgn: 0xfeca, data: [1] }, { acknowledged: true });
      await other.sendAsync({ pgn: 0xfeeb, data: bytes(10) }, { acknowledged: true });
      await pause(300);
      stop.abort();
      const [text, json] = await Promise.all(running);
      assertEquals(text, {
        status: 130,
        err: "",
        out: `  vcan0  00 -> all  F004 (61444)  p3  [8]  FF FF FF 68 13 FF FF FF
    EEC1: EngineSpeed 621 rpm
  vcan0  17 -> all  FEEB (65259)  p6  [10]  00 01 02 03 04 05 06 07 08 09
`,
      });
      const [message, more] = json.out.trim().split("\n");
      const { pgn, source, destination, priority, name, decoded } = JSON.parse(message);
      assertEquals([pgn, source, destination, priority, name, more], [0xf004, 0, 255, 3, null, undefined]);
      assertEquals(decoded.signals.EngineSpeed, { raw: 4968, value: 621, unit: "rpm" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  itInTime("send delivers, and prints what is expected", async () => {
    await using engine = new J1939Socket({ channel: "vcan0", address: 0 });
    const words = ["j1939", "send", "vcan0"];
    const sent = can([...words, "EF00", "0102", "03", "--to", "00", "--from", "20", "-p", "7"]);
    const { pgn, source, destination, priority, data } = (await receive(engine, 1))[0];
    assertEquals([pgn, source, destination, priority, ...data], [0xef00, 0x20, 0, 7, 1, 2, 3]);
    assertEquals(await sent, { status: 0, out: "", err: "" });
    const asked = can([...words, "EA00", "EB", "FE", "00", "--to", "00", "--expect", "FEEB", "--timeout", "20"]);
    assertEquals((await receive(engine, 1))[0].source, 0xf9);
    await engine.sendAsync({ pgn: 0xfeeb, data: [65, 66] }, { timeout: 20 });
    assertEquals((await asked).out, "  vcan0  00 -> all  FEEB (65259)  p6  [2]  41 42\n");
    const silent = await can([...words, "EA00", "EBFE00", "--expect", "FEEB", "--timeout", "0.05"]);
    assertEquals(silent, { status: 1, out: "", err: "can: no message of PGN FEEB within 0.05 s\n" });
    const nobody = await can([...words, "EF00", "00".repeat(20), "--to", "55"]);
    assertEquals(nobody.status, 1);
    assertMatch(nobody.err, /EHOSTUNREACH/);
  });

  itInTime("claim holds an address, moves for a smaller NAME, and names lists both", async () => {
    const stop = new AbortController();
    const words = (identity: number) => [
      "j1939",
      "claim",
      "vcan0",
      `identityNumber=${identity}`,
      "manufacturerCode=275",
      "arbitraryAddressCapable=1",
      "--address",
      "80",
    ];
    const list = async () => (await can(["j1939", "names", "vcan0", "--timeout", "0.6"])).out;
    const weak = can(words(20), stop.signal);
    try {
      for (
        let i = 0;
        (await list()) !== "80  8000000022600014  identityNumber=20 manufacturerCode=275 arbitraryAddressCapable=1\n";
        i++
      ) {
        assert(i < 20, await list());
      }
      const strong = can(words(10), stop.signal);
      await pause(600);
      const both = `80  800000002260000a  identityNumber=10 manufacturerCode=275 arbitraryAddressCapable=1
81  8000000022600014  identityNumber=20 manufacturerCode=275 arbitraryAddressCapable=1
`;
      for (let i = 0; (await list()) !== both; i++) assert(i < 20, await list());
      const json = (await can(["j1939", "names", "vcan0", "--timeout", "0.6", "--json"])).out.split("\n");
      assertEquals(JSON.parse(json[1]).fields.identityNumber, 20);
      stop.abort();
      const [first, second] = await Promise.all([weak, strong]);
      assertEquals([first.status, second.status, second.err], [130, 130, ""]);
      assertMatch(first.out, /^claiming 80 .*\nclaimed 80 .*\nclaiming 81 .*\nclaimed 81 {2}8000000022600014\n/);
      assertMatch(second.out, /claimed 80 {2}800000002260000a\n/);
    } finally {
      stop.abort();
      await weak;
    }
    const nobody = await can(["j1939", "names", "vcan0", "--timeout", "0.3", "--listen"]);
    assertEquals(nobody, { status: 0, out: "", err: "can: no node has claimed an address within 0.3 s\n" });
  });

  itInTime("claim fails where the address is taken, and ends where it is lost", async () => {
    await using holder = new J1939Socket({ channel: "vcan0", name: 2n, address: 0x21 });
    await holder.claim({ timeout: 20 });
    const refused = await can(["j1939", "claim", "vcan0", "--name", "0000000000000003", "--address", "21"]);
    assertEquals(refused.status, 1);
    assertMatch(refused.err, /EADDRNOTAVAIL/);
    const losing = can(["j1939", "claim", "vcan0", "--name", "0000000000000005", "--address", "22"]);
    const list = async () => (await can(["j1939", "names", "vcan0", "--timeout", "0.6"])).out;
    for (let i = 0; !(await list()).includes("22  0000000000000005"); i++) assert(i < 20);
    await using stronger = new J1939Socket({ channel: "vcan0", name: 4n, address: 0x22 });
    await stronger.claim({ timeout: 20 });
    const lost = await losing;
    assertEquals(lost.status, 1);
    assertMatch(lost.err, /the address was lost: no other is free/);
    await until(() => stronger.state === "claimed");
  });
});
