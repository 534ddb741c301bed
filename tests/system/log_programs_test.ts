import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { expectationsOf, folder as files } from "../log/files/expectations.ts";
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
  readAll,
  remote,
  write,
} from "./log_tools.ts";
import { PATIENCE } from "./tools.ts";

/** A bus error with and without details. */
const noDetails: MessageInit = {
  arbitrationId: 0x80,
  isErrorFrame: true,
  isExtendedId: false,
  data: new Uint8Array(8),
};
const errors: readonly MessageInit[] = [
  { ...noDetails, arbitrationId: 0x88, data: [0, 0, 10, 25, 0, 0, 0, 0] },
  { ...noDetails, arbitrationId: 0x204, data: [0, 8, 0, 0, 0, 0, 96, 0] },
];

describe("python-can's error frames and TRC", { skip: noPython, timeout: PATIENCE }, () => {
  // Its candump reader takes all errors but bus errors for data; its ASC has no details.
  for (
    const [file, channel, items] of [
      ["a.blf", 0, messages(errors)],
      ["a.csv", null, messages(errors)],
      ["a.db", null, messages(errors)],
    ] as const
  ) {
    it(`${file}: errors with their classes and data, both ways`, async () => {
      using dir = folder();
      const path = `${dir.path}/${file}`;
      write(path, items);
      assertEquals(pythonReads(path, channel).map(essence), items.map(essence));
      pythonWrites(`${dir.path}/b${file}`, items, channel);
      const found = (await readAll(`${dir.path}/b${file}`)).map((message) => message.with({ channel: "can0" }));
      assertEquals(found.map(essence), items.map(essence));
    });
  }

  it("a.asc: errors without details, both ways", async () => {
    using dir = folder();
    const path = `${dir.path}/a.asc`;
    const items = messages([classic[0], noDetails]);
    write(path, items);
    // It gives them no identifier, which it calls extended, and no data.
    const bare = { arbitrationId: 0, data: [], isExtendedId: true };
    const known = items.map((each) => each.isErrorFrame ? each.with(bare) : each);
    assertEquals(pythonReads(path, 0).map(essence), known.map(essence));
    pythonWrites(path, items, 0);
    assertEquals((await readAll(path)).map(essence), items.map(essence));
  });

  it("a.trc: data frames, both ways", async () => {
    using dir = folder();
    const path = `${dir.path}/a.trc`;
    const items = messages(classic);
    const since = (all: readonly Message[]) =>
      all.map((each) => essence(each.with({ timestampNs: each.timestampNs - all[0].timestampNs })));
    write(path, items);
    // It skips remote and FD frames, forgets the start of the recording, and reads channels one higher than it writes them.
    assertEquals(since(pythonReads(path, 1)), since(items));
    pythonWrites(path, items, 0);
    assertEquals(since(await readAll(path)), since(items));
  });
});

describe("can-utils' ASC", () => {
  const items = messages([...classic, ...remote, ...fd, noDetails]);

  it("our ASC has the lines of log2asc, byte for byte", { skip: missing("log2asc") }, () => {
    using dir = folder();
    write(`${dir.path}/a.log`, items);
    write(`${dir.path}/b.asc`, items);
    execFileSync("log2asc", ["-I", `${dir.path}/a.log`, "-O", `${dir.path}/a.asc`, "can0"]);
    // The headers differ: log2asc writes neither milliseconds nor a trigger block.
    const lines = (name: string) =>
      readFileSync(`${dir.path}/${name}`, "utf8").split("\n").filter((line) => /^ *\d+\.\d{6} (CANFD|\d)/.test(line));
    assertEquals(lines("a.asc").length, items.length);
    assertEquals(lines("b.asc"), lines("a.asc"));
  });

  for (const options of [[], ["-f"], ["-n"], ["-f", "-n"]]) {
    it(`we read log2asc ${options.join(" ")}`, { skip: missing("log2asc") }, async () => {
      using dir = folder();
      // With -f it writes an error frame as data.
      const some = options.includes("-f") ? items.filter((each) => !each.isErrorFrame) : items;
      write(`${dir.path}/a.log`, some);
      execFileSync("log2asc", [...options, "-I", `${dir.path}/a.log`, "-O", `${dir.path}/a.asc`, "can0"]);
      assertEquals((await readAll(`${dir.path}/a.asc`)).map(essence), some.map(essence));
    });
  }
});

describe("tshark beside this library", { skip: missing("tshark"), timeout: PATIENCE }, () => {
  const names = ["frame.time_epoch", "can.id", "can.flags.xtd", "can.len", "data.data"];
  const fields = (path: string) => {
    const args = ["-r", path, "-T", "fields", "-E", "separator=;", ...names.flatMap((name) => ["-e", name])];
    const off = ["canopen", "devicenet", "j1939"].flatMap((protocol) => ["--disable-protocol", protocol]);
    const out = execFileSync("tshark", [...args, ...off], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return out.trim().split("\n").filter((line) => /^[\d.]+;\d/.test(line));
  };
  /** @param whole Whether the file has the whole structure, with zeros as the data of a remote frame. */
  const shown = (message: Message, whole: boolean) => {
    const ns = message.timestampNs;
    const time = `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;
    const bytes = message.isRemoteFrame && whole ? new Uint8Array(message.dlc) : message.data;
    const data = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${time};${message.arbitrationId};${message.isExtendedId ? 1 : 0};${message.dlc};${data}`;
  };

  // tshark 4.0 knows no CAN XL and none of BLF's error frames, and takes the extension of type 101 for data.
  for (
    const name of [
      ...["blf_plain.blf", "blf_header_3.blf", "blf_across.blf", "blf_padding.blf"],
      ...["pcap_microseconds.pcap", "pcap_nanoseconds_big.pcap", "pcap_sll.pcap", "pcap_sll2_big.pcap"],
      ...["pcapng_little.pcapng", "pcapng_big.pcapng", "pcapng_written.pcapng"],
    ]
  ) {
    it(`reads ${name} of tests/data/logs as we do`, () => {
      const known = expectationsOf(name).items.filter((item) => item instanceof Message)
        .filter((each) => !each.isXl && !each.isErrorFrame && each.timestampNs > 0n)
        // BLF's type 139 is younger than it.
        .filter((each) => !name.startsWith("blf") || each.timestampNs % 1_000_000_000n < 500_010_000n);
      assert(known.length > 3);
      const xl = /;129;/; // how it shows them
      assertEquals(
        fields(`${files}/${name}`).filter((line) => !xl.test(line)),
        known.map((each) => shown(each, name === "pcapng_written.pcapng")),
      );
    });
  }

  for (const type of ["pcapng", "pcap", "nsecpcap"]) {
    it(`writes our capture as ${type}, which we read`, async () => {
      using dir = folder();
      const items = messages([...classic, ...remote, ...fd, ...errors]);
      write(`${dir.path}/a.pcapng`, items);
      execFileSync("tshark", ["-r", `${dir.path}/a.pcapng`, "-F", type, "-w", `${dir.path}/b`], { stdio: "ignore" });
      const found = await readAll(`${dir.path}/b`);
      assertEquals(found.map((each) => essence(each.with({ channel: "can0" }))), items.map(essence));
      if (type === "pcapng") assertEquals(found.map(({ channel }) => channel), items.map(() => "can0"));
    });
  }

  it("shows FD frames and long data of our captures and logs", () => {
    for (const file of ["a.pcapng", "a.pcap", "a.blf", "a.log"]) {
      using dir = folder();
      const items = messages(fd);
      write(`${dir.path}/${file}`, items);
      assertEquals(fields(`${dir.path}/${file}`), items.map((each) => shown(each, true)), file);
    }
  });
});
