/**
 * The options of can-utils, and what does the same here: `can_utils_options_test.ts` compares them, and the guide's table is
 * made from them.
 *
 * @module
 */

import { everything } from "./candump.ts";
import { cases } from "./cases.ts";

/** A command line of a program of can-utils, and the words after `can` that do the same; LOG is a log file. */
export interface Same {
  readonly theirs: string;
  readonly ours: string;
}

/** How command lines are compared. */
export type Comparison =
  /** The lines that are shown of the same frames. */
  | "shown"
  /** The log files that are written of the same frames. */
  | "file"
  /** What is shown while frames are lost. */
  | "losses"
  /** What is shown while the interface goes down, and up again. */
  | "down"
  /** The frames that are sent. */
  | "sent"
  /** The kinds of the frames that are sent. */
  | "kinds"
  /** The exit status, and whether all frames go out, where the queue is full. */
  | "full"
  /** The numbers in the line of a second. */
  | "load"
  /** The exit status of a receiver that finds gaps. */
  | "gaps"
  /** The output. */
  | "output";

/** An option. */
export interface OptionRow {
  /** As the program's help begins: `-t`. */
  readonly option: string;
  /** What the guide says of it. */
  readonly here: string;
  /** What is compared; nothing where it differs on purpose, which `here` explains. */
  readonly same?: readonly Same[];
  readonly by?: Comparison;
  /** Whether can-utils 2020.11 lack it. */
  readonly younger?: boolean;
}

/** A program of can-utils. */
export interface ProgramOptions {
  readonly name: string;
  /** The command here. */
  readonly command: string;
  readonly rows: readonly OptionRow[];
}

const dump = (words: string, ours = words): Same => ({ theirs: `candump ${words}`, ours: `dump ${ours}` });
const gen = (words: string, ours = words): Same => ({
  theirs: `cangen vcan0 -g 0 ${words}`,
  ours: `gen vcan0 -g 0 ${ours}`,
});
const play = (words: string, ours: string): Same => ({
  theirs: `canplayer ${words}`,
  ours: `play ${ours}`,
});
const load = (words: string, ours = words): Same => ({
  theirs: `canbusload vcan0@500000 ${words}`.trim(),
  ours: `load vcan0@500000 ${ours}`,
});
const sequence = (words: string, ours = words): Same => ({
  theirs: `cansequence vcan0 ${words}`,
  ours: `test sequence vcan0 ${ours}`,
});
const timing = (words: string): Same => ({
  theirs: `can-calc-bit-timing -c 16000000 ${words}`,
  ours: `timing -c 16000000 ${words}`,
});

/** Frames as cansend takes them. A Message has no error frames with extended identifiers, which cansend can make. */
const frames = (form: RegExp): Same => {
  const words = cases.map(({ text }) => text).filter((text) => form.test(text) && !/^[2-9A-F]\w{7}#/.test(text)).join(
    " ",
  );
  return { theirs: `cansend vcan0 ${words}`, ours: `send vcan0 ${words}` };
};

/** The programs. */
export const programs: readonly ProgramOptions[] = [
  {
    name: "candump",
    command: "can dump",
    rows: [
      {
        option: "-t",
        here: "`-t`; `--utc` for dates in UTC",
        same: ["-ta", "-td", "-tz", "-tA"].map((flag) => dump(`${flag} ${everything}`)),
        by: "shown",
      },
      {
        option: "-H",
        here: "`-H`, but where the controller has no clock it shows the kernel's time, and candump 0",
      },
      { option: "-c", here: "`-c`, but identifiers have colours, and bytes that have changed, not interfaces" },
      { option: "-i", here: "`-i`", same: [dump(`-i ${everything}`)], by: "shown" },
      { option: "-a", here: "`-a`", same: [dump(`-a ${everything}`), dump(`-i -a ${everything}`)], by: "shown" },
      { option: "-S", here: "`-S`", same: [dump(`-S -a ${everything}`), dump(`-S ${everything}`)], by: "shown" },
      { option: "-s", here: "not there: `-l` shows nothing, and a shell has `> /dev/null`" },
      {
        option: "-l",
        here: "`-l`; `can log` has more formats, and rotation",
        same: [dump(`-l ${everything}`)],
        by: "file",
      },
      { option: "-f", here: "`can log IF -o FILE`", younger: true },
      { option: "-L", here: "`-L`", same: [dump(`-L ${everything}`)], by: "shown" },
      { option: "-n", here: "`-n`", same: [dump(`-n 7 -ta ${everything}`)], by: "shown" },
      { option: "-r", here: "`-r`", same: [dump("-r 20000 vcan0"), dump("-r 60000 vcan0")], by: "losses" },
      { option: "-D", here: "`-D`", same: [dump("-D vcan5")], by: "down" },
      {
        option: "-d",
        here: "always: lost frames are reported with and without `-d`",
        same: [dump("-d -r 20000 -x vcan0"), dump("-d -r 20000 vcan0", "-r 20000 vcan0")],
        by: "losses",
      },
      {
        option: "-e",
        here: "`-e`, which also asks for all error frames where no mask is given",
        same: [dump(`-e ${everything}`), dump(`-e ${everything}`, "-e vcan0")],
        by: "shown",
      },
      { option: "-x", here: "`-x`", same: [dump(`-x -ta ${everything}`)], by: "shown" },
      { option: "-T", here: "`-T`", same: [dump(`-T 5000 ${everything}`)], by: "shown" },
      { option: "-8", here: "`-8`", same: [dump(`-8 ${everything}`)], by: "shown", younger: true },
      {
        option: "<can_id>:<can_mask>",
        here: "the same; `123` alone is that standard identifier, `00000123` that extended one",
        same: [dump("-L vcan0,123:7FF,12345678:DFFFFFFF,7FE:7FF"), dump("-L vcan0,1:1,7FE:C00007FF")],
        by: "shown",
      },
      {
        option: "<can_id>~<can_mask>",
        here: "the same",
        same: [dump("-L vcan0,123~7FF"), dump("-L vcan0,7~7")],
        by: "shown",
      },
      {
        option: "#<error_mask>",
        here: "the same",
        same: [dump("-L vcan0,0~0,7FE:7FF,#FFFFFFFF"), dump("-L vcan0,#4")],
        by: "shown",
      },
      {
        option: "[j|J]",
        here: "the same",
        same: [dump("-L vcan0,100:100,0:1,j"), dump("-L vcan0,0~4,0:1,J")],
        by: "shown",
      },
    ],
  },
  {
    name: "cansend",
    command: "can send",
    rows: [
      {
        option: "<can_id>#{data}",
        here: "the same; several frames at once",
        same: [frames(/^\w+#(?![R#])/)],
        by: "sent",
      },
      { option: "<can_id>#R{len}", here: "the same", same: [frames(/#R/)], by: "sent" },
      { option: "<can_id>##<flags>{data}", here: "the same", same: [frames(/##/)], by: "sent" },
    ],
  },
  {
    name: "cangen",
    command: "can gen",
    rows: [
      {
        option: "-g",
        here: "`-g`, but the rate is met: cangen waits for the gap after each frame, however long that took",
        same: [gen("-g 20 -I i -L 0 -n 5")],
        by: "sent",
      },
      { option: "-a", here: "`-a`, and always", younger: true },
      { option: "-t", here: "not there: the kernel sends at exact times by `can send --every`", younger: true },
      { option: "--start", here: "not there, as `-t`", younger: true },
      { option: "--mark", here: "not there, as `-t`", younger: true },
      {
        option: "-e",
        here: "`-e`",
        same: [gen("-e -I 12345678 -L 1 -D i -n 5"), gen("-e -I i -L 0 -D FF -n 5")],
        by: "sent",
      },
      { option: "-f", here: "`-f`", same: [gen("-f -I 1 -L i -D i -n 40")], by: "sent" },
      { option: "-b", here: "`-b`", same: [gen("-b -I 1 -L 13 -D FF -n 2")], by: "sent" },
      {
        option: "-E",
        here: "`-E`",
        same: [gen("-E -I 1 -L 9 -D i -n 2"), gen("-b -E -I 1 -L 64 -D i -n 2")],
        by: "sent",
      },
      { option: "-X", here: "`-X`", younger: true },
      { option: "-R", here: "`-R`", same: [gen("-R -I 1 -L i -D r -n 12")], by: "sent" },
      { option: "-8", here: "`-8`", younger: true },
      {
        option: "-m",
        here: "`-m`; with other kinds it mixes only those, alone all that the interface carries",
        same: [gen("-m -g 0 -n 400", "-m -e -f -b -E -R -g 0 -n 400")],
        by: "kinds",
      },
      { option: "-I", here: "`-I`", same: [gen("-I i -L i -D i -n 200"), gen("-I 42A -L 0 -n 2")], by: "sent" },
      {
        option: "-L",
        here: "`-L`",
        same: [gen("-I 42A -L 3 -D 1122334455667788 -n 2"), gen("-I 42A -L i -D 00 -n 10")],
        by: "sent",
      },
      {
        option: "-D",
        here: "`-D`; an `x` is a random digit",
        same: [
          gen("-I 42A -L 8 -D 1122334455667788 -n 3"),
          gen("-I 42A -L 8 -D 1122 -n 2"),
          gen("-I 1 -L 4 -D i -n 300"),
        ],
        by: "sent",
      },
      ...["-F", "-S", "-A", "-V"].map((option) => ({
        option,
        here: "not there: these fields of CAN XL are random",
        younger: true,
      })),
      {
        option: "-p",
        here: "`-p`; without it a full queue is an error, as there",
        same: [gen("-I 1 -L 8 -n 300 -p 20000"), gen("-I 1 -L 8 -n 2000")],
        by: "full",
      },
      { option: "-n", here: "`-n`", same: [gen("-I 42A -L 8 -D 11 -n 3")], by: "sent" },
      {
        option: "-i",
        here: "`-i`, and the frames that were dropped are counted",
        same: [gen("-I 1 -L 8 -n 2000 -i")],
        by: "full",
      },
      { option: "-x", here: "`-x`", same: [gen("-x -I 1 -L 1 -n 3")], by: "sent" },
      { option: "-c", here: "`-c`", same: [gen("-I 1 -L 4 -D i -c 5 -n 12")], by: "sent" },
      {
        option: "-v",
        here: "`-v`, but in candump's columns with one `-v` too",
        same: [
          gen("-v -v -I 1 -L 4 -D i -n 3"),
          gen("-v -v -v -I 1 -L 4 -D 41424344 -n 1"),
          gen("-vv -e -I 1 -L 0 -n 1"),
        ],
        by: "output",
      },
    ],
  },
  {
    name: "canplayer",
    command: "can play FILE",
    rows: [
      {
        option: "-I",
        here: "FILE, in any format; `-` for standard input",
        same: [play("-I LOG vcan0=can0 vcan0=can1", "LOG vcan0")],
        by: "sent",
      },
      {
        option: "-l",
        here: "`-l`",
        same: [play("-I LOG -t -l 3 vcan0=can0", "LOG --speed inf -l 3 vcan0=can0")],
        by: "sent",
      },
      {
        option: "-t",
        here: "`--speed inf`",
        same: [play("-I LOG -t vcan0=can0", "LOG --speed inf vcan0=can0")],
        by: "sent",
      },
      {
        option: "-g",
        here:
          "with `-t`: `--step`, in seconds; otherwise there is nothing to set: frames are not sent in a grid of times",
        same: [play("-I LOG -t -g 20 vcan0=can0", "LOG --step 0.02 vcan0=can0")],
        by: "sent",
      },
      { option: "-s", here: "`-s`, but it cuts longer gaps to so many seconds, where canplayer leaves them out" },
      {
        option: "-x",
        here: "`-x`",
        same: [play("-I LOG -t -x vcan0=can0", "LOG --speed inf -x vcan0=can0")],
        by: "sent",
      },
      { option: "-v", here: "`-v`, but in candump's columns" },
    ],
  },
  {
    name: "canbusload",
    command: "can load",
    rows: [
      { option: "-t", here: "`-t`, but a line that a program can read: `2026-11-28T17:05:00.000Z`" },
      { option: "-c", here: "not there: lines have no colours" },
      { option: "-b", here: "`-b`", same: [load("-b -e", "-b -e -n 4")], by: "load" },
      { option: "-r", here: "not there: a line a second can be kept" },
      { option: "-i", here: "`-i`", same: [load("-i", "-i -n 4")], by: "load" },
      {
        option: "-e",
        here: "`-e`, which is the default; canbusload's is `--stuffing worst`",
        same: [load("-e", "-n 4"), load("", "--stuffing worst -n 4")],
        by: "load",
      },
    ],
  },
  {
    name: "cansequence",
    command: "can test sequence",
    rows: [
      {
        option: "-e",
        here: "`-e`; eight digits are extended too",
        same: [sequence("-e --loop=3", "-e -l 3")],
        by: "sent",
      },
      {
        option: "-i",
        here: "`-i`, but always in hexadecimal digits, with or without `0x`",
        same: [sequence("-i 0x123 --loop=3"), sequence("--identifier=0x123 -e --loop=3", "-i 00000123 --loop=3")],
        by: "sent",
      },
      { option: "--loop", here: "`--loop`", same: [sequence("--loop=300")], by: "sent" },
      { option: "-p", here: "`-p`, and always", same: [sequence("-p --loop=300", "--loop=300")], by: "full" },
      { option: "-q", here: "`-q`", same: [sequence("-r -q 1"), sequence("-r -q 2")], by: "gaps" },
      {
        option: "-r",
        here: "`-r`, with a verdict as the exit status",
        same: [sequence("-r --loop=4 -q 1")],
        by: "gaps",
      },
      { option: "-v", here: "`-v`, but it shows the frames in candump's columns" },
      { option: "-h", here: "`-h`" },
      { option: "--version", here: "`can --version`" },
    ],
  },
  {
    name: "can-calc-bit-timing",
    command: "can timing",
    rows: [
      { option: "-q", here: "`-q`, which leaves out the heading; can-calc-bit-timing 2020.11 prints it all the same" },
      { option: "-l", here: "`-l`, which has more controllers" },
      { option: "-b", here: "`-b`", same: [timing("-b 125000 mcp251x")], by: "output" },
      {
        option: "-s",
        here: "`-s`",
        same: [timing("-s 700 -b 250000 flexcan"), timing("-s 0 -b 250000 at91")],
        by: "output",
      },
      {
        option: "-c",
        here: "`-c`; 8 MHz without it, where can-calc-bit-timing has the clocks of some boards",
        same: [timing("sja1000"), timing("-c 40000000 rcar_can")],
        by: "output",
      },
    ],
  },
];

/** Returns the options in a program's help. */
export function optionsIn(help: string): string[] {
  const lines = help.split("\n").map((line) =>
    /^\s+(-\w|--[\w-]+)\b/.exec(line) ?? /^\s+((?:<can_id>|#<error_mask>|\[j\|J\])\S*)/.exec(line)
  );
  return [...new Set(lines.flatMap((found) => found ? [found[1]] : []))];
}

/** Returns the guide's tables. */
export function optionTables(): string {
  return programs.map(({ name, command, rows }) => {
    const cells = [[name, `\`${command}\``], ...rows.map(({ option, here }) => [`\`${option}\``, here])]
      .map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
    const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column].length)));
    const [head, ...body] = cells.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`);
    return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n");
  }).join("\n\n");
}
