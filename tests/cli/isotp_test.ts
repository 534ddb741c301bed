import { describe, it } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { Reassembly } from "../../src/cli/isotp/reassembly.ts";
import { isPending, serviceOf, serviceText } from "../../src/cli/isotp/uds.ts";
import { parseBytes } from "../../src/cli/frames/bytes.ts";
import { can } from "./run.ts";

const bytes = (text: string) => parseBytes(text.split(" "));

/** What frames come to: PDUs as numbers, faults as texts. */
function joined(reassembly: Reassembly, ...frames: string[]): unknown[] {
  return frames.flatMap((frame) => reassembly.frame(bytes(frame))).map((outcome) =>
    outcome.type === "pdu" ? [...outcome.data] : outcome.reason
  );
}

const counting = (length: number, from = 0) => Array.from({ length }, (_, i) => (from + i) & 0xff);

/** The frames of a PDU, as a sender makes them. */
function framesOf(pdu: number[], size: number): string[] {
  const hex = (data: number[]) => data.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const short = pdu.length < 4096;
  const head = short
    ? [0x10 | pdu.length >> 8, pdu.length & 0xff]
    : [0x10, 0, ...[24, 16, 8, 0].map((shift) => (pdu.length >> shift) & 0xff)];
  const frames = [hex([...head, ...pdu.slice(0, size - head.length)])];
  let number = 1;
  for (let at = size - head.length; at < pdu.length; at += size - 1) {
    frames.push(hex([0x20 | number++ & 0xf, ...pdu.slice(at, at + size - 1)]));
  }
  return frames;
}

describe("ISO-TP from frames", () => {
  it("single frames, padded or not, and those of CAN FD with their own length byte", () => {
    const reassembly = new Reassembly();
    assertEquals(joined(reassembly, "03 22 F1 90", "01 3E CC CC CC CC CC CC"), [[0x22, 0xf1, 0x90], [0x3e]]);
    assertEquals(joined(reassembly, `00 09 ${"11 ".repeat(9).trim()} CC`), [new Array(9).fill(0x11)]);
    assertEquals(joined(reassembly, "00", "04 01 02", "00 00 00 00 00 00 00 00 00"), [
      "a single frame of 0 bytes has 0",
      "a single frame of 4 bytes has 2",
      "a single frame of 0 bytes has 0",
    ]);
  });

  it("several frames, of every length, with lengths of 12 and of 32 bits", () => {
    for (const length of [8, 13, 14, 20, 118, 119, 120, 4095, 4096, 9000]) {
      for (const size of [8, 64]) {
        if (length <= size) continue;
        const pdu = counting(length, length);
        assertEquals(joined(new Reassembly(), ...framesOf(pdu, size)), [pdu], `${length} in frames of ${size}`);
      }
    }
    const padded = framesOf(counting(8), 8);
    assertEquals(joined(new Reassembly(), padded[0], `${padded[1]} CC CC CC CC CC`), [counting(8)]);
  });

  it("a frame that is missing, doubled or alone, and a PDU that ends early, are said once", () => {
    const [first, second, third, last] = framesOf(counting(25), 8);
    const reassembly = new Reassembly();
    assertEquals(joined(reassembly, second, third, last), ["consecutive frames without a first one"]);
    assertEquals(joined(reassembly, first, third, last), [
      "6 of 25 bytes came, then a frame with the number 2 came in place of 1",
    ]);
    assertEquals(joined(reassembly, first, second, second, third), [
      "13 of 25 bytes came, then a frame with the number 1 came in place of 2",
    ]);
    assertEquals(joined(reassembly, first, second, "01 3E"), ["13 of 25 bytes came, then a new PDU began", [0x3e]]);
    assertEquals(joined(reassembly, second), ["consecutive frames without a first one"]);
    assertEquals(joined(reassembly, first, first, second, third, last), [
      "6 of 25 bytes came, then a new PDU began",
      counting(25),
    ]);
    assertEquals(joined(reassembly, "10", "10 00 00", "10 03 01 02 03", "F0"), [
      "a first frame without a length",
      "a first frame without a length",
      "a first frame of 3 bytes, which a single frame would carry",
      "a frame of the unknown kind 15",
    ]);
  });

  it("flow control: only that of an overflow ends a PDU", () => {
    const reassembly = new Reassembly();
    const [first, ...rest] = framesOf(counting(20), 8);
    joined(reassembly, first);
    assertEquals(reassembly.answer(bytes("30 00 00")), []);
    assertEquals(reassembly.answer(bytes("31 00 00")), []);
    assertEquals(joined(reassembly, "30 00 00", ...rest), [counting(20)]);
    assertEquals(reassembly.answer(bytes("32 00 00")), []);
    joined(reassembly, first);
    assertEquals(reassembly.answer(bytes("32 00 00")), [
      { type: "fault", reason: "6 of 20 bytes came, then the receiver has no room for it (overflow)" },
    ]);
    assertEquals(joined(reassembly, ...rest), []);
  });

  it("extended addressing: frames of another address are of another connection", () => {
    const reassembly = new Reassembly(0x10);
    assertEquals(joined(reassembly, "10 02 3E 00", "11 02 3E 00", "10"), [[0x3e, 0]]);
    joined(reassembly, "10 10 08 00 01 02 03 04");
    assertEquals(reassembly.answer(bytes("F2 32 00 00"), 0xf1), []);
    assertEquals(reassembly.answer(bytes("F1 32 00 00"), 0xf1).length, 1);
  });
});

describe("UDS and OBD", () => {
  it("requests, responses, refusals", () => {
    const rows = [
      ["22 F1 90", "ReadDataByIdentifier"],
      ["62 F1 90 57", "ReadDataByIdentifier, positive response"],
      ["7F 22 31", "ReadDataByIdentifier refused: requestOutOfRange (31)"],
      ["7F 22 78", "ReadDataByIdentifier not yet answered: requestCorrectlyReceivedResponsePending (78)"],
      ["7F 22 0F", "ReadDataByIdentifier refused: unknown reason (0F)"],
      ["7F BA 11", "unknown service BA refused: serviceNotSupported (11)"],
      ["01 0C", "OBD current data"],
      ["41 0C 1A F8", "OBD current data, positive response"],
      ["C5 02", "ControlDTCSetting, positive response"],
      ["BA", "unknown service BA"],
      ["7F 22", "no service"],
    ];
    assertEquals(rows.map(([data]) => [data, serviceText(bytes(data))]), rows);
    assertEquals(serviceText(new Uint8Array()), "no service");
    assertEquals(serviceOf(bytes("7F 10 22")), {
      kind: "negative",
      service: 0x10,
      name: "DiagnosticSessionControl",
      code: 0x22,
      reason: "conditionsNotCorrect",
    });
    assertEquals(["7F 22 78", "7F 22 31", "62 78 78", "7F"].map((data) => isPending(bytes(data))), [
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("can isotp", () => {
  it("refuses wrong words", async () => {
    const ids = ["-s", "7E0", "-d", "7E8"];
    const rows: [args: string[], error: RegExp][] = [
      [[], /takes what to do: send, recv, dump$/],
      [["sedn"], /not "sedn"; did you mean send\?/],
      [["send"], /takes an interface/],
      [["send", "vcan0", "22"], /both ends need an identifier/],
      [["send", "vcan0", "-s", "7E0", "-d", "18DAF110", "22"], /one has eight digits/],
      [["send", "vcan0", "-s", "800", "-d", "7E8", "22"], /--source is 800.*at most 7FF/],
      [["send", "vcan0", "-s", "7x0", "-d", "7E8", "22"], /--source is "7x0"/],
      [["send", "vcan0", ...ids, "221"], /"221" is no data/],
      [["send", "vcan0", ...ids, "22", "--timeout", "1"], /--timeout needs --wait/],
      [["send", "vcan0", ...ids, "-D", "9", "22"], /leave out the others/],
      [["send", "vcan0", ...ids, "--broadcast", "single", "22"], /leave out -d/],
      [["send", "vcan0", "--broadcast", "single", "22"], /needs the identifier/],
      [["send", "vcan0", ...ids, "-p", ":", "22"], /--padding is ":"/],
      [["send", "vcan0", ...ids, "-L", "72:64", "22"], /--link-layer is "72:64"/],
      [["send", "vcan0", ...ids, "--loop", "22"], /can isotp send does not take --loop/],
      [["recv", "vcan0", ...ids, "--loop", "-n", "1"], /leave out --count/],
      [["recv", "vcan0", "vcan1", ...ids], /takes an interface/],
      [["dump", "vcan0", ...ids, "-x", "100"], /--extended is 100.*at most FF/],
      [["dump", "vcan0", ...ids, "-p", "CC:"], /can isotp dump does not take --padding/],
    ];
    for (const [args, error] of rows) {
      const { status, err } = await can(["isotp", ...args]);
      assertEquals(status, 2, `${args.join(" ")}: ${err}`);
      assertMatch(err.trim(), error);
    }
  });
});
