import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { LogReader, LogWriter } from "../../src/log/mod.ts";
import { bytesWritten, readItems, sink, written } from "../support/logs.ts";

const message = (channel: string | null, number = 0) =>
  new Message({ arbitrationId: 1, isExtendedId: false, timestampNs: 1000_000_000_000n + BigInt(number), channel });

const formats = ["asc", "blf", "crtd", "mf4", "trc"] as const;

/** Writes one message a channel, and returns what is read back and lost. */
async function roundTrip(format: "gvret" | typeof formats[number], channels: readonly (string | null)[]) {
  const { stream, bytes } = sink();
  await using log = LogWriter.open(stream, { format, timeZone: "UTC" });
  log.writeMany(channels.map((channel) => message(channel)));
  await log.close();
  const { items, reader } = await readItems(bytes(), { format, strict: true });
  return {
    found: items.map((item) => item instanceof Message ? item.channel : item),
    lost: log.losses.map(({ field, count, first }) => [field, count, first]),
    known: [...(await reader.info()).channels],
  };
}

/** Replaces a text in the only container of a BLF file by one of the same length; the container is not compressed then. */
function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  const [header, container] = [144, 176];
  const content = Buffer.from(inflateSync(bytes.subarray(container)));
  content.write(by, content.indexOf(text));
  const result = new Uint8Array(container + content.length);
  result.set(bytes.subarray(0, container));
  result.set(content, container);
  const view = new DataView(result.buffer);
  view.setUint32(header + 8, 32 + content.length, true);
  view.setUint16(header + 16, 0, true);
  return result;
}

describe("Channels in formats that number them", () => {
  const channels = ["vcan0", "can0", null, "can5", "can300", "engine", "a;b", 'say "öl"', "vcan0", null, "can0"];
  for (const format of formats) {
    it(`${format}: are read back by name, whatever names share a number`, async () => {
      const { found, lost, known } = await roundTrip(format, channels);
      assertEquals(found, channels);
      assertEquals(lost, []);
      for (const each of channels) if (each !== null) assertEquals(known.includes(each), true, each);
    });

    it(`${format}: more than 255 of them are unknown channels, and reported`, async () => {
      const many = Array.from({ length: 257 }, (_, i) => `can${i}`);
      const { found, lost } = await roundTrip(format, many);
      assertEquals(found, [...many.slice(0, 255), null, null]);
      assertEquals(lost, [["channel", 2, `${message("can255")}`]]);
    });
  }

  it("gvret: have distinct numbers, and a name that is not read back is reported", async () => {
    const { found, lost } = await roundTrip("gvret", ["vcan0", "can0", null, "can5", "vcan0", "can7"]);
    assertEquals(found, ["can0", "can1", "can2", "can5", "can0", "can7"]);
    assertEquals(lost, [["channel", 4, `${message("vcan0")}`]]);
  });

  it("mf4, blf: a name that has no room is reported", async () => {
    const long = "x".repeat(65);
    assertEquals(await roundTrip("mf4", [long, "x".repeat(64)]), {
      found: ["can0", "x".repeat(64)],
      lost: [["channel", 1, `${message(long)}`]],
      known: ["can0", "x".repeat(64)],
    });
    for (const format of ["mf4", "blf"] as const) {
      const { found, lost } = await roundTrip(format, ["", null]);
      assertEquals(found, ["can0", null], format);
      assertEquals(lost.length, 1, format);
    }
  });

  it("are declared only where their number alone does not give the name back", async () => {
    const text = async (channel: string | null) =>
      new TextDecoder().decode(await written([message(channel)], { format: "asc" }));
    assertEquals((await text("can3")).includes("channel"), false);
    assertEquals((await text("vcan3")).includes('// channel 4 is "vcan3"\n'), true);
    assertEquals((await text(null)).includes("// channel 1 is null\n"), true);
  });

  it("keep their numbers in all files of a rotated log, each of which declares them", async () => {
    const folder = mkdtempSync(`${tmpdir()}/logs-`);
    try {
      await using log = LogWriter.open(`${folder}/a.asc`, { rotate: {}, timeZone: "UTC" });
      log.write(message("vcan0"));
      log.rotate();
      log.writeMany([message("can0"), message("vcan0")]);
      await log.close();
      const second = readFileSync(log.path!, "utf8");
      assertEquals(second.match(/channel \d is .*/g), ['channel 2 is "can0"', 'channel 1 is "vcan0"']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are declared again in a file that is continued", async () => {
    const folder = mkdtempSync(`${tmpdir()}/logs-`);
    try {
      for (const channel of ["vcan0", "can0"]) {
        await using log = LogWriter.open(`${folder}/a.crtd`, { append: true });
        log.write(message(channel));
      }
      const found = await LogReader.open(`${folder}/a.crtd`, { strict: true }).readAll();
      assertEquals(found.map(({ channel }) => channel), ["vcan0", "can0"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("blf: the network of a database is not the name of a channel", async () => {
    const bytes = await written([message("vcan0")], { format: "blf" });
    const { items } = await readItems(replaced(bytes, ";vcan0", "d;can0"));
    assertEquals(items[0], { type: "object", kind: "APP_TEXT", timestampNs: message("vcan0").timestampNs });
    assertEquals(items[1] instanceof Message && items[1].channel, "can0");
  });

  it("a comment that only looks like a declaration is a marker", async () => {
    const bytes = await written([{ type: "marker", timestampNs: 0n, text: 'channel 1 is "\\x"' }], { format: "asc" });
    const { items } = await readItems(bytes);
    assertEquals(items, [{ type: "marker", timestampNs: null, text: 'channel 1 is "\\x"' }]);
  });
});

describe("Channel names in formats that store them", () => {
  const names = ["my bus", "a\tb", "\u2003", "", "say \"öl\", 'x'", "a\nb", "\r", "#1", "any", "nul\0", "can0", null];

  for (
    const [format, replaced] of [
      ["candump", ["my_bus", "a_b", "_", null, "say_\"öl\",_'x'", "a_b", "_", "#1", "_", "nul_", "can0", null]],
      ["csv-full", ["my bus", "a\tb", "\u2003", null, names[4], "a_b", "_", "#1", "any", "nul\0", "can0", null]],
      ["pcapng", ["my bus", "a\tb", "\u2003", null, names[4], "a\nb", "\r", "#1", "any", "nul_", "can0", null]],
      ["jsonl", names],
      ["sqlite", names],
    ] as const
  ) {
    it(`${format}: are read back, and what a name cannot contain is replaced and reported`, async () => {
      const lost: unknown[] = [];
      const bytes = await bytesWritten(format, async (target) => {
        await using log = LogWriter.open(target, { format });
        log.writeMany(names.map((channel) => message(channel)));
        await log.close();
        lost.push(...log.losses.map(({ field, count }) => [field, count]));
      });
      const { items } = await readItems(bytes, { format, strict: true });
      assertEquals(items.map((item) => item instanceof Message ? item.channel : item), [...replaced]);
      const count = names.filter((name, i) => name !== replaced[i]).length;
      assertEquals(lost, count > 0 ? [["channel", count]] : []);
    });
  }
});
