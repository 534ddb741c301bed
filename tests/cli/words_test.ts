import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parse } from "../../src/cli/command/arguments.ts";
import { UsageError } from "../../src/cli/command/usage_error.ts";
import { nearest } from "../../src/where/nearest.ts";
import { commands } from "../../src/cli/commands.ts";
import { parseChannelWords, parseFilter } from "../../src/cli/frames/channel_words.ts";
import { parseFrame } from "../../src/cli/frames/frame_words.ts";
import { canUtilsGuide, canUtilsPage, guide, page } from "./guide.ts";
import { can } from "./run.ts";

const flags = {
  time: { short: "t", takes: "MODE", choices: ["a", "d"], text: "" },
  count: { short: "n", takes: "COUNT", text: "" },
  errors: { short: "e", text: "" },
  filter: { takes: "FILTER", many: true, text: "" },
};

describe("Flags", () => {
  it("are long or short, joined or apart, before or after the words", () => {
    for (const args of ["-ta -en5 vcan0", "vcan0 -t a -e -n 5", "--time=a --errors --count 5 vcan0"]) {
      const words = parse("x", flags, args.split(" "));
      assertEquals([words.text("time"), words.has("errors"), words.whole("count"), words.words], ["a", true, 5, [
        "vcan0",
      ]]);
    }
    assertEquals(parse("x", flags, ["--", "-e"]).words, ["-e"]);
    assertEquals(parse("x", flags, ["-"]).words, ["-"]);
    assertEquals(parse("x", flags, ["--filter", "1", "--filter=2", "-n", "1", "-n", "2"]).texts("filter"), ["1", "2"]);
    assertEquals(parse("x", flags, ["-n", "1", "-n", "2"]).whole("count"), 2);
    assertEquals(parse("x", flags, ["-ee"]).count("errors"), 2);
  });

  it("that are wrong are refused, with the nearest right one", () => {
    const refused = (text: string, ...args: string[]) => {
      const error = assertThrows(() => parse("x", flags, args), UsageError);
      assertEquals(error.message, text);
    };
    refused("can x has no flag --tiem; did you mean --time?", "--tiem");
    refused('can x has no flag -q; "can help x" lists them', "-q");
    refused("--time takes a value: --time MODE", "--time");
    refused('-t is "x": it must be a or d', "-tx");
    refused('--errors takes no value, so not "yes"', "--errors=yes");
    const words = parse("x", flags, ["-n", "1.5", "--filter", "x"]);
    assertThrows(() => words.whole("count"), UsageError, "--count takes a whole number, not 1.5");
    assertThrows(() => words.number("filter"), UsageError, '--filter takes a number, not "x"');
    assertThrows(() => words.number("count", 2), UsageError, "--count is 1.5: it must be at least 2");
  });

  it("the nearest word has few other letters", () => {
    const words = ["dump", "send", "convert", "completions"];
    assertEquals(["dmup", "dunp", "sent", "convrt", "complete", "xyz"].map((word) => nearest(word, words)), [
      "dump",
      "dump",
      "send",
      "convert",
      undefined,
      undefined,
    ]);
  });
});

describe("The words of candump and cansend", () => {
  it("interfaces with filters", () => {
    assertEquals(parseChannelWords("any"), { channel: "", filters: null, joinFilters: false, errorMask: null });
    assertEquals(parseChannelWords("can0,123:7FF,400~700,#1FFF,j"), {
      channel: "can0",
      filters: [{ canId: 0x123, canMask: 0x7ff }, { canId: 0x400, canMask: 0x700, inverted: true }],
      joinFilters: true,
      errorMask: 0x1fff,
    });
    assertEquals(parseFilter("12345678:DFFFFFFF"), { canId: 0x92345678, canMask: 0xdfffffff });
    assertEquals(parseFilter("123"), { canId: 0x123, canMask: 0x7ff, isExtendedId: false });
    assertEquals(parseFilter("00000123"), { canId: 0x123, canMask: 0x1fffffff, isExtendedId: true });
    assertEquals(parseFilter("0:0"), { canId: 0, canMask: 0 });
    for (const word of ["can0,", "can0,12x:7FF", "can0,123:", "can0,#", "can0,123456789:0", ",123:7FF"]) {
      assertThrows(() => parseChannelWords(word), UsageError);
    }
  });

  it("frames", async () => {
    const warnings: string[] = [];
    const texts = ["123#DEADBEEF", "12345678#11.22", "123#R", "123#R4", "123##1AABB", "123#1122334455667788_E", "5A1#"];
    const messages = await Promise.all(texts.map((text) => parseFrame(text, (line) => warnings.push(line))));
    assertEquals(
      messages.map((message) => [message.arbitrationId, message.dlc, message.isExtendedId, message.isRemoteFrame]),
      [
        [0x123, 4, false, false],
        [0x12345678, 2, true, false],
        [0x123, 0, false, true],
        [0x123, 4, false, true],
        [0x123, 2, false, false],
        [0x123, 8, false, false],
        [0x5a1, 0, false, false],
      ],
    );
    assertEquals([messages[4].isFd, messages[4].bitrateSwitch, messages[5].len8Dlc, warnings], [true, true, 14, []]);
    const padded = await parseFrame(`123##1${"11".repeat(9)}`, (line) => warnings.push(line));
    assertEquals([padded.data.length, warnings.length], [12, 1]);
    for (
      const [text, reason] of [
        ["12#11", /12#11" is no frame: identifier has 2 digits/],
        ["123", /is no frame/],
        ["123#1 2", /it has spaces/],
        ["800#11", /out of range/],
      ] as const
    ) {
      let message = "";
      await parseFrame(text, () => {}).catch((error) => message = error.message);
      assertMatch(message, reason);
    }
  });
});

describe("can", () => {
  it("ignores no word and no flag", async () => {
    for (
      const [line, reason] of [
        ["help dump foo", /can help takes one command, not "dump foo"/],
        ["completions bash zsh", /takes a shell/],
        ["timing sja1000 mcp251x", /takes a controller or an interface/],
        ["timing --registers 00,1C,77", /takes two bytes/],
        ["timing sja1000 --registers 00,1C", /give no controller/],
        ["timing --registers 00,1C -b 500000", /--registers and --bitrate exclude each other/],
        ["dump vcan0 --json -L", /--json and --log-format exclude each other/],
        ["dump vcan0 --dbc car.dbc -l", /a candump log has no signals/],
        ["dump vcan0 --signals", /--signals needs --dbc/],
        ["dump vcan0 --j1939", /--j1939 needs --dbc/],
        ["send vcan0 123#01 --start 0", /--start needs --dbc/],
        ["load vcan0@1,2,3", /vcan0@1,2,3 has more than a bitrate and one for the data/],
        ["load vcan0@1@2", /"vcan0@1@2" is no interface/],
        ["load vcan0@inf", /the bitrate is inf: it must be at most/],
        ["load vcan0@1 -i -e", /--ignore and --exact exclude each other/],
        ["load vcan0@1 --json -b", /--json and --bar exclude each other/],
        ["play a.log =can0", /"=can0" is no interface/],
        ["play a.log vcan0=", /"vcan0=" is no interface/],
        ["play a.log vcan0=can0 vcan1=can0", /can0 goes to two interfaces/],
        ["play a.log --speed 0", /--speed is 0: it must be above 0/],
        ["play a.log --loop 1.5", /--loop takes a whole number, not 1.5/],
        ["link list vcan0", /can link list takes no interface; "can link show vcan0" shows one/],
        ["link watch vcan0", /can link watch takes no interface/],
        ["link show vcan0 --dry-run", /can link show has no flag --dry-run/],
        ["link up vcan0 --restart", /can link up has no flag --restart/],
        ["link add vcan9 type vcan peer vcan8", /can link add does not know "vcan8"/],
        ["link rename a b c", /takes two names/],
      ] as const
    ) {
      const { status, out, err } = await can(line.split(" "));
      assertEquals([status, out], [2, ""], `${line}: ${err}`);
      assertMatch(err, reason);
    }
  });

  it("play asks for an interface where a log names none, and plays nothing of an empty one", async () => {
    const dir = mkdtempSync(`${tmpdir()}/can-`);
    try {
      const [unnamed, empty] = [`${dir}/drive.csv`, `${dir}/empty.log`];
      writeFileSync(unnamed, "timestamp,arbitration_id,extended,remote,error,dlc,data\n1.0,0x123,0,0,0,1,AQ==\n");
      writeFileSync(empty, "");
      const asked = await can(["play", unnamed]);
      assertEquals(asked.status, 2, asked.err);
      assertMatch(asked.err, /the log names no channels/);
      const played = await can(["play", empty, "--speed", "inf"]);
      assertEquals([played.status, played.out], [0, ""], played.err);
      assertMatch(played.err, /^can: 0 frames/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("without words, help, version, wrong words", async () => {
    const none = await can([]);
    assertEquals([none.status, none.out], [2, ""]);
    for (const { name, summary } of commands) assertMatch(none.err, new RegExp(`  ${name} +${summary}`));
    const help = await can(["--help"]);
    assertEquals([help.status, help.out, help.err], [0, none.err, ""]);
    assertMatch((await can(["--version"])).out, /^can \d+\.\d+\.\d+\n$/);
    assertEquals(await can(["dupm"]), {
      status: 2,
      out: "",
      err: 'can: there is no command "dupm"; did you mean can dump?\n',
    });
    assertEquals((await can(["dump"])).status, 2);
  });

  it("every command explains itself, and its examples are command lines", async () => {
    for (const { name, load } of commands) {
      const { command } = await load();
      const help = await can(["help", name]);
      assertEquals([help.status, (await can([name, "--help"])).out], [0, help.out]);
      for (const line of help.out.split("\n")) {
        assertEquals(line.length <= 100 || line.startsWith("  can "), true, line);
      }
      for (const { line } of command.examples) {
        const [first, ...rest] = line.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ""));
        assertEquals(first, name);
        parse(name, command.flags, rest);
      }
    }
  });

  it("the guide's pages are made from the help, and from the table of can-utils' options", async () => {
    const outdated = "deno run -A tests/cli/guide.ts writes it";
    assertEquals(readFileSync(page, "utf8"), await guide(), outdated);
    assertEquals(readFileSync(canUtilsPage, "utf8"), canUtilsGuide(), outdated);
  });

  it("completions are scripts with every command", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { status, out } = await can(["completions", shell]);
      assertEquals(status, 0);
      for (const { name } of commands) assertMatch(out, new RegExp(`\\b${name}\\b`));
      assertMatch(out, /where/);
    }
    assertEquals((await can(["completions", "tcsh"])).status, 2);
  });
});
