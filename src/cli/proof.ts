/**
 * `can test`: proves a link.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import { CAN_EFF_MASK, CAN_ERR_MASK, CAN_SFF_MASK } from "../kernel/can.ts";
import type { Arguments, Flag } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import { suggestion } from "../where/nearest.ts";
import type { Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";
import { Screen } from "./frames/screen.ts";
import type { ProofOptions } from "./proof/options.ts";
import { echo, ping } from "./proof/ping.ts";
import { receiveSequence, sendSequence } from "./proof/sequence.ts";

const flags = {
  receive: { short: "r", text: "sequence: receive, and say whether it is whole" },
  id: { short: "i", takes: "ID", text: "the identifier, in hexadecimal digits; 2 if not given, for ping and echo 77" },
  extended: { short: "e", text: "extended frames; eight digits are extended too" },
  loop: { short: "l", takes: "COUNT", text: "end after so many frames" },
  gap: { short: "g", takes: "MSECS", text: "sequence: milliseconds between the frames sent; 0 if not given" },
  "in-flight": {
    short: "f",
    takes: "COUNT",
    text: "ping: how many frames may be unanswered at a time; 50 if not given",
  },
  timeout: {
    takes: "SECONDS",
    text: "ping: when an answer is lost, 1 if not given; else end when nothing has come for so long",
  },
  quit: { short: "q", takes: "COUNT", text: "end after so many faults" },
  verbose: { short: "v", text: "show each frame: those of sequence, or what ping and echo receive" },
  poll: { short: "p", text: "accepted for cansequence's sake: a full queue is always waited for" },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;

interface Proof {
  /** The identifier that is sent, without `-i`. */
  readonly id: number;
  /** What is added to the identifier for that which is received; null if nothing is. */
  readonly receives: number | null;
  readonly flags: readonly FlagName[];
  readonly run: (bus: Bus, options: ProofOptions, terminal: Terminal) => Promise<number>;
}

const common = ["id", "extended", "loop", "verbose", "poll"] as const;

const proofs: Readonly<Record<string, Proof>> = {
  "sequence": { id: 2, receives: null, flags: [...common, "gap"], run: sendSequence },
  "sequence -r": { id: 2, receives: 0, flags: [...common, "receive", "timeout", "quit"], run: receiveSequence },
  "ping": { id: 0x77, receives: 1, flags: [...common, "in-flight", "timeout", "quit"], run: ping },
  "echo": { id: 0x77, receives: 0, flags: [...common, "timeout", "quit"], run: echo },
};

/** The command. */
export const command: Command = {
  usage: ["sequence IF [-r]", "ping IF", "echo IF"],
  about: [
    "sequence sends a byte that rises with each frame, as cansequence does; on another host sequence -r, or cansequence -r, " +
    "says what is missing.",
    "ping sends frames that echo, on another host, answers, as canfdtest -g and canfdtest do. It counts what is lost, wrong " +
    "or out of order.",
    "What was counted is shown at the end. The exit status is 0 if all was good, else 1, also if nothing came.",
  ],
  flags,
  examples: [
    { line: "test sequence vcan0 --loop 500 -g 1", text: "send 500 frames, a thousand a second" },
    { line: "test sequence can0 -r --loop 500 --timeout 10", text: "on the other host: are they all there?" },
    { line: "test echo can0", text: "answer until Ctrl-C" },
    { line: "test ping can0 --loop 1000", text: "on the other host: a thousand frames there and back" },
  ],
  permissions: ["--allow-ffi"],
  async run(words, terminal) {
    const [name, channel, more] = words.words;
    if (name === undefined || channel === undefined || more !== undefined) {
      throw new UsageError("can test takes a proof and an interface: can test sequence can0, can test ping can0");
    }
    const kinds = ["sequence", "ping", "echo"];
    if (!kinds.includes(name)) {
      throw new UsageError(
        `can test does not know "${name}"${suggestion(name, kinds) || ": it has sequence, ping, echo"}`,
      );
    }
    const form = name === "sequence" && words.has("receive") ? "sequence -r" : name;
    const proof = proofs[form];
    for (const flag of Object.keys(flags) as FlagName[]) {
      if (words.has(flag) && !proof.flags.includes(flag)) {
        throw new UsageError(`can test ${form} has no flag --${flag}`);
      }
    }
    const options = optionsOf(words, name, proof, terminal);
    const { id, isExtendedId } = options;
    terminal.catchSignals();
    using bus = new Bus({
      channel,
      ...proof.receives === null ? { receive: false } : {
        filters: [{ canId: id + proof.receives, canMask: isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK, isExtendedId }],
        errorMask: CAN_ERR_MASK,
      },
      logger: terminal.logger,
    });
    return await proof.run(bus, options, terminal);
  },
};

function optionsOf(words: Arguments, name: string, proof: Proof, terminal: Terminal): ProofOptions {
  const text = words.text("id");
  if (text !== undefined && !/^(0x)?[0-9a-f]{1,8}$/i.test(text)) {
    throw new UsageError(`--id takes hexadecimal digits, not "${text}"`);
  }
  const id = text === undefined ? proof.id : parseInt(text, 16);
  const isExtendedId = words.has("extended") || text?.length === 8;
  const answered = name !== "sequence"; // with the next identifier
  const most = (isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK) - (answered ? 1 : 0);
  if (id > most) {
    throw new UsageError(
      `--id is ${text}: it must be at most ${most.toString(16).toUpperCase()}${
        isExtendedId ? "" : ", or extended: -e"
      }`,
    );
  }
  const screen = new Screen({ time: () => "", colors: terminal.colors, width: 0 });
  return {
    id,
    isExtendedId,
    loop: words.whole("loop", 1) ?? Infinity,
    quit: words.whole("quit", 1) ?? Infinity,
    gap: words.number("gap", 0, 1e9) ?? 0,
    // The byte that tells frames apart has 256 values.
    inFlight: words.whole("in-flight", 1, 127) ?? 50,
    timeout: words.number("timeout", 0.001) ?? (name === "ping" ? 1 : Infinity),
    show: words.has("verbose")
      ? (message) => {
        terminal.out.write(screen.line(message));
        terminal.out.flush();
      }
      : () => {},
  };
}
