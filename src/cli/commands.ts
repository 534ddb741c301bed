/**
 * The table of subcommands: the help, the completions and the guide's page are made from it.
 *
 * @module
 */

import type { CommandEntry } from "./command/command.ts";

/** The subcommands, in the order in which they are listed. */
export const commands: readonly CommandEntry[] = [
  { name: "dump", summary: "show what is on a bus", load: () => import("./dump.ts") },
  { name: "view", summary: "watch buses on the whole screen", load: () => import("./view.ts") },
  { name: "send", summary: "send frames, and await an answer", load: () => import("./send.ts") },
  { name: "gen", summary: "send generated frames, at a rate", load: () => import("./gen.ts") },
  { name: "log", summary: "record buses into a file", load: () => import("./log.ts") },
  { name: "play", summary: "send the frames of a log, with its timing", load: () => import("./play.ts") },
  { name: "convert", summary: "rewrite a log in another format", load: () => import("./convert.ts") },
  { name: "decode", summary: "show a log with its signals, by a database", load: () => import("./decode.ts") },
  { name: "web", summary: "show buses and logs in a browser", load: () => import("./web.ts") },
  { name: "load", summary: "how busy buses are", load: () => import("./load.ts") },
  { name: "test", summary: "prove a link between two hosts", load: () => import("./proof.ts") },
  { name: "link", summary: "show and change interfaces", load: () => import("./link.ts") },
  { name: "timing", summary: "calculate bit timings", load: () => import("./timing.ts") },
  { name: "isotp", summary: "send, receive and follow ISO-TP messages", load: () => import("./isotp.ts") },
  { name: "j1939", summary: "J1939 messages, addresses and NAMEs", load: () => import("./j1939.ts") },
  { name: "serve", summary: "give interfaces to other hosts", load: () => import("./serve.ts") },
  { name: "doctor", summary: "find out why nothing arrives", load: () => import("./doctor.ts") },
  {
    name: "completions",
    summary: "let a shell complete these words",
    load: async () => ({ command: (await import("./completions.ts")).completionsOf(commands) }),
  },
];
