import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CanError, Message } from "../../mod.ts";
import { UsageError } from "../../src/cli/command/usage_error.ts";
import { Generator, type GeneratorOptions } from "../../src/cli/gen/generator.ts";
import { dataModeOf, idModeOf, lengthModeOf } from "../../src/cli/gen/modes.ts";
import { PacedSender, type Way } from "../../src/cli/gen/paced_sender.ts";
import { Answers, rising } from "../../src/cli/proof/ping.ts";
import { Steps } from "../../src/cli/proof/sequence.ts";
import { can } from "./run.ts";

const classic = { extended: false, remote: false, fd: false, bitrateSwitch: false, errorState: false, xl: false };
const everything = { extended: true, remote: true, fd: true, bitrateSwitch: true, errorState: true, xl: true };

function make(count: number, options: Partial<GeneratorOptions>): Message[] {
  const generator = new Generator({
    id: { kind: "random" },
    length: { kind: "random" },
    data: { kind: "random" },
    kind: classic,
    mix: false,
    len8: false,
    ...options,
  });
  return Array.from({ length: count }, () => generator.next());
}

describe("can gen's modes", () => {
  it("are cangen's words", () => {
    assertEquals(idModeOf("r", false), { kind: "random" });
    assertEquals(idModeOf("i", false), { kind: "rising" });
    assertEquals([idModeOf("e", false).kind, idModeOf("o", false).kind], ["even", "odd"]);
    assertEquals(idModeOf("42A", false), { kind: "fixed", value: 0x42a, random: 0 });
    assertEquals(idModeOf("0x1X3", false), { kind: "fixed", value: 0x103, random: 0x0f0 });
    assertEquals(idModeOf("1FFFFFFF", true), { kind: "fixed", value: 0x1fffffff, random: 0 });
    assertEquals([lengthModeOf("r", 8).kind, lengthModeOf("i", 8).kind], ["random", "rising"]);
    assertEquals(lengthModeOf("8", 8), { kind: "fixed", value: 8 });
    assertEquals(dataModeOf("i"), { kind: "rising" });
    assertEquals(dataModeOf("1xx3"), {
      kind: "fixed",
      bytes: [{ kind: "fixed", value: 0x10, random: 0x0f }, { kind: "fixed", value: 0x03, random: 0xf0 }],
    });
  });

  it("that are wrong are refused", () => {
    const refused = (run: () => unknown, text: string) => assertThrows(run, UsageError, text);
    refused(() => idModeOf("800", false), "-I 800: beyond 7FF it takes -e");
    refused(() => idModeOf("20000000", true), "-I 20000000: identifiers end at 1FFFFFFF");
    for (const text of ["", "random", "12 3", "-1", "123456789"]) refused(() => idModeOf(text, true), `not "${text}"`);
    refused(() => lengthModeOf("9", 8), "-L is 9: these frames have at most 8 bytes; -f for CAN FD has up to 64");
    refused(() => lengthModeOf("65", 64), "-L is 65: these frames have at most 64 bytes");
    for (const text of ["", "e", "-1", "1.5", "0x8"]) refused(() => lengthModeOf(text, 64), `not "${text}"`);
    for (const text of ["", "e", "123", "11 22", "11".repeat(65)]) refused(() => dataModeOf(text), `not "${text}"`);
  });
});

describe("can gen's frames", () => {
  it("rise", () => {
    const rise = { kind: "rising" } as const;
    const frames = make(2049, { id: rise, length: rise, data: rise });
    assertEquals(frames.slice(0, 4).map(({ arbitrationId, data }) => [arbitrationId, ...data]), [
      [0, 0],
      [1, 1],
      [2, 2, 0],
      [3, 3, 0, 0],
    ]);
    assertEquals([frames[9].data.length, frames[17].data.length, frames[2048].arbitrationId], [1, 8, 0]);
    assertEquals([...frames[260].data], [4, 1, 0, 0, 0, 0, 0, 0]);
    const fd = make(16, { length: rise, kind: { ...classic, fd: true } });
    assertEquals(fd.map(({ data }) => data.length), [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64]);
    const codes = make(16, { length: rise, len8: true });
    assertEquals(codes.slice(8).map(({ data, len8Dlc }) => [data.length, len8Dlc]), [
      [8, 0],
      ...[9, 10, 11, 12, 13, 14, 15].map((code) => [8, code]),
    ]);
  });

  it("have the digits given, and random ones", () => {
    const frames = make(300, { id: idModeOf("4x2", false), length: lengthModeOf("4", 8), data: dataModeOf("1xFFx0") });
    for (const { arbitrationId, data } of frames) {
      assertEquals([arbitrationId & 0x70f, data.length, data[0] & 0xf0, data[1], data[2] & 0xf, data[3]], [
        0x402,
        4,
        0x10,
        0xff,
        0,
        0,
      ]);
    }
    assertEquals(new Set(frames.map(({ arbitrationId }) => arbitrationId)).size, 16);
    assertEquals(new Set(frames.map(({ data }) => data[2])).size, 16);
    assert(make(100, { id: { kind: "even" } }).every(({ arbitrationId }) => arbitrationId % 2 === 0));
    assert(make(100, { id: { kind: "odd" } }).every(({ arbitrationId }) => arbitrationId % 2 === 1));
    const long = make(1, { length: { kind: "fixed", value: 13 }, kind: { ...classic, fd: true } });
    assertEquals(long[0].data.length, 16);
  });

  it("are of the kind given, or of all kinds", () => {
    const ids = make(500, { kind: { ...classic, extended: true } });
    assert(ids.every(({ isExtendedId }) => isExtendedId) && ids.some(({ arbitrationId }) => arbitrationId > 0xfffffff));
    assert(
      make(50, { kind: { ...classic, remote: true } }).every((each) => each.isRemoteFrame && each.data.length === 0),
    );
    const xl = make(500, { kind: { ...classic, xl: true } });
    assert(xl.every(({ isXl, data }) => isXl && data.length >= 1 && data.length <= 64));
    const mixed = make(2000, { kind: everything, mix: true });
    const kinds = mixed.map((each) =>
      [
        each.isXl ? "xl" : each.isFd ? `fd ${each.bitrateSwitch} ${each.errorStateIndicator}` : "classic",
        each.isRemoteFrame,
        each.isExtendedId,
      ].join(" ")
    );
    assertEquals(new Set(kinds).size, 1 + 2 * 4 + 2 * 2);
    const lengths = make(500, { kind: everything, mix: true, length: { kind: "fixed", value: 20 } });
    assertEquals(new Set(lengths.map(({ dlc }) => dlc)), new Set([20, 8]));
  });
});

describe("A full queue", () => {
  /** A queue that takes so many frames, and one more each time that it is waited for, until that is too often. */
  function queue(room: number, waits: number): Way & { readonly taken: Message[]; readonly timeouts: unknown[] } {
    const taken: Message[] = [];
    const timeouts: unknown[] = [];
    const take = (messages: readonly Message[], most: number) => {
      const count = Math.min(messages.length, most);
      taken.push(...messages.slice(0, count));
      return count;
    };
    return {
      channel: "can0",
      taken,
      timeouts,
      sendMany: (messages) => take(messages, Math.max(room - taken.length, 0)),
      sendManyAsync: (messages, { timeout, signal } = {}) => {
        signal?.throwIfAborted();
        return Promise.resolve(timeouts.push(timeout) <= waits ? take(messages, 1) : 0);
      },
    };
  }

  function sender(way: Way, options: { room: number; drop: boolean; signal?: AbortSignal }) {
    let data = 0;
    const next = () => new Message({ data: [data++] });
    const { signal } = new AbortController();
    return new PacedSender(way, { next, count: 20, gap: 0, burst: 1, precise: false, signal, ...options });
  }

  it("ends it, is waited for, or drops frames", async () => {
    const full = queue(5, 0);
    const failing = sender(full, { room: 0, drop: false });
    await assertRejects(() => failing.run(), CanError, 'Cannot send to "can0": no room in the queue');
    assertEquals([failing.sent, failing.dropped, full.timeouts], [5, 0, []]);
    assertMatch(failing.report, /^5 frames in /);

    const slow = queue(5, 100);
    const waiting = sender(slow, { room: 0.05, drop: false });
    await waiting.run();
    assertEquals([waiting.sent, slow.timeouts.length, slow.timeouts[0]], [20, 15, 0.05]);
    assertEquals(slow.taken.map(({ data }) => data[0]), Array.from({ length: 20 }, (_, i) => i));

    const stuck = queue(5, 3);
    const late = sender(stuck, { room: 0.05, drop: false });
    await assertRejects(() => late.run(), CanError, "no room in the queue within 50 ms");
    assertEquals(late.sent, 8);

    const dropping = sender(queue(5, 3), { room: 0.05, drop: true });
    await dropping.run();
    assertEquals([dropping.sent, dropping.dropped], [8, 12]);
    assertMatch(dropping.report, /; 12 dropped, as there was no room in the queue$/);

    const patient = sender(queue(5, 100), { room: Infinity, drop: false });
    await patient.run();
    assertEquals(patient.sent, 20);
  });

  it("a signal ends the wait", async () => {
    const stop = new AbortController();
    const way = queue(5, 0);
    const stopped = sender({
      ...way,
      sendManyAsync: () => {
        stop.abort();
        return Promise.reject(stop.signal.reason);
      },
    }, { room: Infinity, drop: true, signal: stop.signal });
    await stopped.run();
    assertEquals([stopped.sent, stopped.dropped], [5, 0]);
  });
});

describe("The proofs of a link", () => {
  it("a sequence: what is missing, repeated, empty", () => {
    const steps = new Steps();
    const faults = [254, 255, 0, 1, 5, 6, 6, 5, 6].map((byte) => steps.next(byte));
    assertEquals(faults.filter((fault) => fault !== null), [
      "expected 2, got 5: 3 missing",
      "expected 7, got 6: repeated, or out of order",
      "expected 7, got 5: repeated, or out of order",
    ]);
    assertEquals([steps.missing, steps.faults], [3, 3]);
    assertEquals([steps.without(), steps.faults], ["it has no data", 4]);
  });

  it("answers: lost, wrong, out of order, twice, too late", () => {
    const answers = new Answers();
    for (let i = 254; i < 260; i++) answers.sent(i, i);
    const answer = (first: number) => rising(0x78, false, first + 1);
    answers.arrived(answer(254), 260);
    answers.arrived(answer(256), 261);
    assertEquals([answers.good, answers.disordered, answers.oldest, answers.waiting], [2, 0, 255, 4]);
    answers.arrived(answer(255), 261);
    answers.arrived(answer(255), 261);
    answers.arrived(new Message({ arbitrationId: 0x78, isExtendedId: false, data: [2, 3, 4, 5, 6, 7, 8, 8] }), 261);
    assertEquals([answers.good, answers.wrong, answers.disordered], [3, 2, 1]);
    answers.expire(258);
    answers.arrived(answer(257), 262);
    assertEquals([answers.lost, answers.wrong, answers.waiting], [2, 3, 1]);
    assertEquals(
      `${answers}`,
      "3 answers, 2 lost, 3 wrong, 1 out of order; 5666.67 ms on average, 6000.00 ms at most: bad",
    );
    assertEquals(`${new Answers()}`, "0 answers, 0 lost, 0 wrong, 0 out of order: bad");
  });
});

describe("can gen, can test", () => {
  it("wrong words", async () => {
    const refused = async (words: string, reason: RegExp) => {
      const { status, out, err } = await can(words.split(" "));
      assertEquals([status, out], [2, ""], words);
      assertMatch(err, reason);
    };
    await refused("gen", /takes one interface/);
    await refused("gen vcan0 vcan1", /takes one interface/);
    await refused("gen vcan0 -f -R", /-R is for classic frames/);
    await refused("gen vcan0 -X -e", /-X is for CAN XL alone/);
    await refused("gen vcan0 -b -8", /-8 is for classic frames/);
    await refused("gen vcan0 -g -1", /-g|--gap/);
    await refused("gen vcan0 -g x", /--gap takes a number, not "x"/);
    await refused("gen vcan0 -n 0", /--count is 0: it must be at least 1/);
    await refused("gen vcan0 -L 64", /at most 8 bytes/);
    await refused("gen vcan0 -I 12345", /takes -e/);
    await refused("test", /takes a proof and an interface/);
    await refused("test ping", /takes a proof and an interface/);
    await refused("test pign can0", /did you mean ping\?/);
    await refused("test ping can0 -r", /can test ping has no flag --receive/);
    await refused("test sequence can0 --timeout 1", /can test sequence has no flag --timeout/);
    await refused("test sequence can0 -r -g 1", /can test sequence -r has no flag --gap/);
    await refused("test echo can0 -i 7FF", /--id is 7FF: it must be at most 7FE, or extended: -e/);
    await refused("test ping can0 -i xyz", /--id takes hexadecimal digits, not "xyz"/);
    await refused("test ping can0 -f 128", /--in-flight is 128: it must be at most 127/);
  });
});
