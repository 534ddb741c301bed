/**
 * `can gen`: sends generated frames.
 *
 * @module
 */

import { CAN_MAX_DLEN, CAN_MAX_RAW_DLC, CANFD_MAX_DLEN, CANFD_MTU, CANXL_MIN_MTU } from "../kernel/can.ts";
import { Link } from "../link/link.ts";
import type { Arguments } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { shower } from "./frames/sent.ts";
import { openBusNamed } from "./open_bus.ts";
import { Generator, type GeneratorOptions, type Kind } from "./gen/generator.ts";
import { dataModeOf, idModeOf, lengthModeOf } from "./gen/modes.ts";
import { PacedSender } from "./gen/paced_sender.ts";

/** The command. */
export const command: Command = {
  usage: ["IF"],
  about: [
    "MODE is r for random values (the default), i for rising ones, or digits: hexadecimal for -I and -D, where an x is a " +
    "random digit, and decimal for -L. -I e and -I o are random even and odd identifiers.",
    "Each frame has a fixed time after the first, so that the rate is met however late one of them is; at the end it is " +
    "reported. On a full queue it ends with an error, unless -p or -i is given.",
  ],
  flags: {
    gap: {
      short: "g",
      takes: "MSECS",
      text: "milliseconds between frames, such as 4.73; 200 if not given, 0 for no pause",
    },
    burst: { short: "c", takes: "COUNT", text: "send so many frames at once, and then the gap" },
    precise: { text: "wait for each frame in a busy loop, which needs a processor" },
    count: { short: "n", takes: "COUNT", text: "end after so many frames" },
    id: { short: "I", takes: "MODE", text: "the identifiers" },
    length: { short: "L", takes: "MODE", text: "the lengths" },
    data: { short: "D", takes: "MODE", text: "the data" },
    extended: { short: "e", text: "extended frames" },
    remote: { short: "R", text: "remote frames" },
    fd: { short: "f", text: "CAN FD frames" },
    brs: { short: "b", text: "CAN FD frames with the bit rate switch" },
    esi: { short: "E", text: "CAN FD frames with the error state" },
    xl: { short: "X", text: "CAN XL frames of up to 64 bytes, all else in them at random" },
    len8: { short: "8", text: "classic frames with the length codes 9 to 15 too" },
    mix: { short: "m", text: "mix kinds of frames: those of -e -R -f -b -E -X, or all that the interface carries" },
    poll: { short: "p", takes: "MSECS", text: "on a full queue, wait so long for room" },
    ignore: { short: "i", text: "on a full queue, drop the frame and count it" },
    "no-loopback": { short: "x", text: "do not show the frames to this host's other programs" },
    verbose: { short: "v", text: "show each frame; -vvv with its data as text too" },
    absolute: { short: "a", text: "accepted for cangen's sake: gaps never add up" },
  },
  examples: [
    { line: "gen vcan0 -n 10 -g 20", text: "ten random frames, fifty a second" },
    { line: "gen vcan0 -g 0.5 -I 42x -L 8 -D i -n 1000", text: "2000 a second, with numbers in them" },
    { line: "gen vcan0 -m -g 0 -p 100 -n 500", text: "all kinds of frames, as fast as there is room" },
  ],
  permissions: ["--allow-ffi"],
  async run(words, terminal) {
    const channel = words.only("can gen takes one interface: can gen vcan0");
    const options = optionsOf(words, channel);
    const gap = words.number("gap", 0, 1e9) ?? 200;
    const count = words.whole("count", 1) ?? Infinity;
    const burst = words.whole("burst", 1) ?? 1;
    const room = words.number("poll", 0) ?? 0;
    terminal.catchSignals();
    using bus = await openBusNamed({
      channel,
      fd: options.kind.fd,
      xl: options.kind.xl,
      receive: false,
      localLoopback: !words.has("no-loopback"),
      logger: terminal.logger,
    });
    const generator = new Generator(options);
    const sender = new PacedSender(bus, {
      next: () => generator.next(),
      count,
      gap,
      burst,
      precise: words.has("precise"),
      room: room / 1000,
      drop: words.has("ignore"),
      signal: terminal.signal,
      ...words.has("verbose") && {
        sent: shower(channel, terminal, { ascii: words.count("verbose") > 2, len8: words.has("len8") }),
      },
    });
    try {
      await sender.run();
    } finally {
      terminal.warn(`can: ${sender.report}`);
    }
    return 0;
  },
};

/** @throws {UsageError} The flags contradict each other. */
function optionsOf(words: Arguments, channel: string): GeneratorOptions {
  const mix = words.has("mix");
  const len8 = words.has("len8");
  const given: Kind = {
    extended: words.has("extended"),
    remote: words.has("remote"),
    fd: words.has("fd") || words.has("brs") || words.has("esi"),
    bitrateSwitch: words.has("brs"),
    errorState: words.has("esi"),
    xl: words.has("xl"),
  };
  if (!mix) refuse(given, len8);
  const kind = mix && !Object.values(given).includes(true) ? carriedBy(channel) : given;
  const most = kind.fd || kind.xl ? CANFD_MAX_DLEN : len8 ? CAN_MAX_RAW_DLC : CAN_MAX_DLEN;
  return {
    id: idModeOf(words.text("id") ?? "r", kind.extended),
    length: lengthModeOf(words.text("length") ?? "r", most),
    data: dataModeOf(words.text("data") ?? "r"),
    kind,
    mix,
    len8,
  };
}

function refuse({ extended, remote, fd, xl }: Kind, len8: boolean): void {
  if (xl && (extended || remote || fd)) throw new UsageError("-X is for CAN XL alone; with -m, kinds are mixed");
  if (remote && fd) {
    throw new UsageError("-R is for classic frames: CAN FD has no remote frames; with -m, kinds are mixed");
  }
  if (len8 && (fd || xl)) throw new UsageError("-8 is for classic frames; with -m, kinds are mixed");
}

/** All that an interface carries. */
function carriedBy(channel: string): Kind {
  const { mtu } = Link.open(channel).status();
  const fd = mtu >= CANFD_MTU;
  return { extended: true, remote: true, fd, bitrateSwitch: fd, errorState: fd, xl: mtu >= CANXL_MIN_MTU };
}
