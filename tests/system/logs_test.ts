import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../mod.ts";
import { convert, type LogFormatName, LogReader, LogWriter } from "../../src/log/mod.ts";
import {
  classic,
  essence,
  fd,
  folder,
  messages,
  missing,
  noPython,
  pythonReads,
  pythonWrites,
  remote,
  write,
} from "./log_tools.ts";
import { PATIENCE } from "./tools.ts";
import { usualReaders } from "./usual_readers.ts";

describe("python-can's log files", { skip: noPython }, () => {
  // What Debian's python-can 4.1 gets wrong is left out, with a comment.
  const cases: { name: string; file: string; channel: unknown; items: readonly Message[]; received?: boolean }[] = [
    {
      // Its reader mistakes the length of a remote frame for data, and ignores the direction.
      name: "candump",
      file: "a.log",
      channel: "can0",
      items: messages([...classic, ...fd]),
    },
    { name: "ASC", file: "a.asc", channel: 0, items: messages([...classic, ...remote, ...fd]) },
    { name: "ASC, sent", file: "a.asc", channel: 0, items: messages([...classic, ...remote], { isRx: false }) },
    { name: "BLF", file: "a.blf", channel: 0, items: messages([...classic, ...remote, ...fd]) },
    { name: "BLF, sent", file: "a.blf", channel: 0, items: messages([...classic, ...fd], { isRx: false }) },
    { name: "CSV", file: "a.csv", channel: null, items: messages([...classic, ...remote]) },
    { name: "SQLite", file: "a.db", channel: null, items: messages([...classic, ...remote]) },
  ];
  for (const { name, file, channel, items } of cases) {
    it(`${name}: python-can reads what we write`, { timeout: PATIENCE }, () => {
      using dir = folder();
      write(`${dir.path}/${file}`, items);
      assertEquals(pythonReads(`${dir.path}/${file}`, channel).map(essence), items.map(essence));
    });

    it(`${name}: we read what python-can writes`, { timeout: PATIENCE }, async () => {
      using dir = folder();
      const path = `${dir.path}/${file}`;
      pythonWrites(path, items, channel);
      const reader = LogReader.open(path, { strict: true });
      const found = (await reader.readAll()).map((message) => message.with({ channel: "can0" }));
      assertEquals(found.map(essence), items.map(essence));
    });
  }
});

describe("Files that are appended to", () => {
  const [first, second] = [messages([...classic, ...fd]), messages(classic)];

  for (const begun of ["ours", "python-can's"]) {
    it(`python-can reads all of a BLF file, begun as ${begun}`, { skip: noPython, timeout: PATIENCE }, () => {
      using dir = folder();
      const path = `${dir.path}/a.blf`;
      if (begun === "ours") write(path, first);
      else pythonWrites(path, first, 0);
      {
        using log = LogWriter.open(path, { append: true });
        log.writeMany(second);
      }
      assertEquals(pythonReads(path, 0).map(essence), [...first, ...second].map(essence));
    });
  }

  for (const format of ["pcap", "pcapng", "blf"] as const) {
    it(`capinfos counts all messages of a ${format} file`, { skip: missing("capinfos") }, () => {
      using dir = folder();
      const path = `${dir.path}/a.${format}`;
      write(path, first);
      {
        using log = LogWriter.open(path, { append: true });
        log.writeMany(second);
      }
      const counted = usualReaders[format]!.find(({ name }) => name === "capinfos")!.count([path]);
      assertEquals(counted, [{ messages: first.length + second.length, complaint: null }]);
    });
  }
});

describe("can-utils' log files", () => {
  const both = messages([...classic, ...remote]);

  it("log2asc reads our candump log, and we read its ASC", { skip: missing("log2asc") }, async () => {
    using dir = folder();
    write(`${dir.path}/a.log`, both);
    execFileSync("log2asc", ["-I", `${dir.path}/a.log`, "-O", `${dir.path}/a.asc`, "can0"]);
    const found = await LogReader.open(`${dir.path}/a.asc`, { strict: true }).readAll();
    // log2asc writes the start in whole seconds, and times relative to it.
    assertEquals(found.map(essence), both.map(essence));
  });

  it("asc2log reads our ASC, and we read its candump log", { skip: missing("asc2log") }, async () => {
    using dir = folder();
    const items = messages([...classic, ...remote, ...fd]);
    write(`${dir.path}/a.asc`, items);
    execFileSync("asc2log", ["-I", `${dir.path}/a.asc`, "-O", `${dir.path}/a.log`]);
    const found = await LogReader.open(`${dir.path}/a.log`, { strict: true }).readAll();
    // Without the locale en_US, asc2log replaces the date by the current time: compare times since the first message.
    const since = (all: readonly Message[]) =>
      all.map((message) => essence(message.with({ timestampNs: message.timestampNs - all[0].timestampNs })));
    assertEquals(since(found), since(items));
  });
});

describe("tshark", { skip: missing("tshark") }, () => {
  /** Returns the fields of every packet of a file. */
  function fields(path: string): string[] {
    const names = ["frame.time_epoch", "can.id", "can.flags.xtd", "can.flags.rtr", "can.len", "data.data"];
    const args = ["-r", path, "-T", "fields", "-E", "separator=;", ...names.flatMap((name) => ["-e", name])];
    // Heuristics would mistake some payloads for other protocols.
    const off = ["--disable-protocol", "canopen", "--disable-protocol", "devicenet", "--disable-protocol", "j1939"];
    return execFileSync("tshark", [...args, ...off], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
      .split("\n");
  }

  const expected = (items: readonly Message[]) =>
    items.map((message) => {
      const ns = message.timestampNs;
      const time = `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;
      // tshark shows zeros as the data of a remote frame, as it does in its own captures.
      const bytes = message.isRemoteFrame ? new Uint8Array(message.dlc) : message.data;
      const data = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const bit = (value: boolean) => value ? "1" : "0";
      return [
        time,
        `${message.arbitrationId}`,
        bit(message.isExtendedId),
        bit(message.isRemoteFrame),
        `${message.dlc}`,
        data,
      ].join(";");
    });

  for (
    const [file, items] of [
      ["a.pcapng", messages([...classic, ...remote])],
      ["a.pcap", messages([...classic, ...remote])],
      ["a.blf", messages(classic)],
      ["a.log", messages(classic)],
    ] as const
  ) {
    it(`shows our ${file}`, { timeout: PATIENCE }, () => {
      using dir = folder();
      write(`${dir.path}/${file}`, items);
      assertEquals(fields(`${dir.path}/${file}`), expected(items));
    });
  }

  it("shows the channel names of our BLF", { timeout: PATIENCE }, () => {
    using dir = folder();
    const path = `${dir.path}/a.blf`;
    write(path, ["vcan0", "can0", "vcan0"].flatMap((channel) => messages(classic.slice(0, 1), { channel })));
    const args = ["-r", path, "-T", "fields", "-e", "frame.interface_name"];
    const shown = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    assertEquals(shown.trim().split("\n"), ["vcan0", "can0", "vcan0"]);
  });

  it("shows names, directions, FD flags and comments of our pcapng", { timeout: PATIENCE }, () => {
    using dir = folder();
    const path = `${dir.path}/a.pcapng`;
    {
      using log = LogWriter.open(path);
      log.marker("engine on");
      log.writeMany(messages(fd, { isRx: false, channel: "can7" }));
    }
    const names = [
      "frame.interface_name",
      "frame.packet_flags_direction",
      "canfd.flags.brs",
      "canfd.flags.esi",
      "frame.comment",
    ];
    const args = ["-r", path, "-T", "fields", "-E", "separator=;", ...names.flatMap((name) => ["-e", name])];
    const lines = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split(
      "\n",
    );
    assertEquals(lines.map((line) => line.split(";").slice(0, 4)), [
      ["can7", "0x00000002", "0", "0"],
      ["can7", "0x00000002", "1", "0"],
      ["can7", "0x00000002", "1", "1"],
    ]);
    assert(lines[0].endsWith(";engine on"), lines[0]);
  });
});

describe("a log whose writer was killed", () => {
  const usual: Partial<Record<LogFormatName, string>> = {
    blf: "a.blf",
    candump: "a.log",
    pcapng: "a.pcapng",
    mf4: "a.mf4",
  };

  for (const [format, file] of Object.entries(usual)) {
    it(`${format}: contains everything that was flushed`, async () => {
      using dir = folder();
      const path = `${dir.path}/${file}`;
      const items = messages(classic);
      const log = LogWriter.open(path);
      log.writeMany(items);
      await log.flush();
      log.writeMany(items);
      const now = readFileSync(path); // as a kill would leave it
      await log.close();
      writeFileSync(`${dir.path}/killed-${file}`, now);
      const reader = LogReader.open(`${dir.path}/killed-${file}`);
      assertEquals((await reader.readAll()).map(essence), items.map(essence));
      assertEquals(reader.diagnostics, []);
    });
  }

  it("is converted from candump to MDF 4 without losses", async () => {
    using dir = folder();
    write(`${dir.path}/a.log`, messages([...classic, ...remote, ...fd]));
    const report = await convert(`${dir.path}/a.log`, `${dir.path}/b.mf4`);
    assertEquals([report.messages, report.losses, report.diagnostics], [10, [], []]);
  });
});
