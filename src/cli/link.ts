/**
 * `can link`: shows and changes interfaces, in the words of `ip link`.
 *
 * @module
 */

import { Link } from "../link/link.ts";
import { controllerModes } from "../link/names.ts";
import type { LinkConfiguration } from "../link/options.ts";
import { watchLinks } from "../link/watch_links.ts";
import { numberOf } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { suggestion } from "../where/nearest.ts";
import type { Output, Terminal } from "./command/terminal.ts";
import { changesOf, describeLink, statisticsOf } from "./link_text.ts";

/** The settings that take a number, by ip's words. */
const numbers: Readonly<Record<string, keyof LinkConfiguration>> = {
  "bitrate": "bitrate",
  "sample-point": "samplePoint",
  "sjw": "sjw",
  "tq": "tq",
  "prop-seg": "propSeg",
  "phase-seg1": "phaseSeg1",
  "phase-seg2": "phaseSeg2",
  "dbitrate": "dataBitrate",
  "dsample-point": "dataSamplePoint",
  "dsjw": "dataSjw",
  "dtq": "dataTq",
  "dprop-seg": "dataPropSeg",
  "dphase-seg1": "dataPhaseSeg1",
  "dphase-seg2": "dataPhaseSeg2",
  "restart-ms": "restartMs",
  "termination": "termination",
  "mtu": "mtu",
  "txqueuelen": "txQueueLength",
};

/** ip's words for modes that it names otherwise than we do: none but these. */
const modes: readonly string[] = controllerModes.filter((mode) => !mode.startsWith("tdc-"));

type Action = (rest: readonly string[], context: Context) => void | Promise<void>;

interface Context {
  readonly out: Output;
  readonly terminal: Terminal;
  readonly dryRun: boolean;
  readonly restart: boolean;
  readonly json: boolean;
}

const actions: Readonly<Record<string, Action>> = {
  list(rest, context) {
    none("list", rest);
    for (const link of Link.list()) show(link, context);
  },
  show(rest, context) {
    show(Link.open(nameOf("show", rest)), context);
  },
  up: (rest, context) => change("up", rest, context, (link) => link.up()),
  down: (rest, context) => change("down", rest, context, (link) => link.down()),
  restart: (rest, context) => change("restart", rest, context, (link) => link.restart()),
  set(rest, context) {
    const [name, ...words] = rest;
    const { settings, up } = settingsOf(words);
    change("set", [name], context, (link) => {
      if (up === false) link.down();
      if (Object.keys(settings).length > 0) link.configure(settings, { restartLink: context.restart });
      if (up === true) link.up();
    });
  },
  add(rest, context) {
    const words = rest.filter((word) => word !== "dev" && word !== "name" && word !== "type");
    const [name, kind = "vcan", peer, more] = words.filter((word) => word !== "peer");
    if (name === undefined) throw new UsageError("can link add takes a name: can link add vcan0 type vcan");
    if (kind !== "vcan" && kind !== "vxcan") {
      throw new UsageError(`can link adds vcan and vxcan, not ${kind}: other kinds come with their driver`);
    }
    const left = kind === "vcan" ? peer : more;
    if (left !== undefined) throw new UsageError(`can link add does not know "${left}"`);
    if (kind === "vxcan" && peer === undefined) throw new UsageError("a vxcan is a pair: … type vxcan peer vxcan1");
    if (context.dryRun) {
      return context.out.line(`would create the ${kind} ${name}${peer ? ` with the peer ${peer}` : ""}`);
    }
    const made = kind === "vxcan" ? Link.createPair(name, peer) : [Link.create(name, { kind })];
    for (const link of made) show(link, context);
  },
  delete(rest, { out, dryRun }) {
    const link = Link.open(nameOf("delete", rest));
    if (dryRun) return out.line(`would delete ${link.name}`);
    link.delete();
    out.line(`deleted ${rest[0]}`);
  },
  rename(rest, context) {
    const [name, to, more] = rest;
    if (to === undefined || more !== undefined) {
      throw new UsageError("can link rename takes two names: can link rename can0 engine");
    }
    change("rename", [name], context, (link) => link.rename(to, { restartLink: context.restart }));
  },
  stats(rest, { out, json }) {
    const links = rest.length > 0 ? rest.map((name) => Link.open(name)) : Link.list();
    for (const link of links) {
      const statistics = link.statistics();
      if (json) out.line(JSON.stringify(statistics));
      else out.write(statisticsOf(statistics));
    }
  },
  async watch(rest, { out, terminal, json }) {
    none("watch", rest);
    terminal.catchSignals();
    for await (const { type, status, before } of watchLinks({ signal: terminal.signal })) {
      if (json) out.line(JSON.stringify({ type, name: status.name, changes: before ? changesOf(before, status) : {} }));
      else out.line(`${type} ${status.name}${before ? ` ${changeText(changesOf(before, status))}` : ""}`.trimEnd());
      out.flush();
    }
  },
};

/** The actions that each flag is for. */
const meanings: Readonly<Record<string, readonly string[]>> = {
  "dry-run": ["up", "down", "restart", "set", "add", "delete", "rename"],
  "restart": ["set", "rename"],
  "json": ["list", "show", "up", "down", "restart", "set", "add", "rename", "stats", "watch"],
};

/** The command. */
export const command: Command = {
  usage: [
    "[list]",
    "show|up|down|restart|delete IF",
    "set IF [up|down] [SETTING VALUE]…",
    "add IF [type vcan | type vxcan peer IF]",
    "rename IF NEW",
    "stats [IF]…",
    "watch",
  ],
  about: [
    `The settings are ip's: ${Object.keys(numbers).join(", ")}, with a number; ${
      modes.join(", ")
    }, with on or off. Most ` +
    "need a link that is down: --restart takes it down for the change. What has changed is shown.",
  ],
  flags: {
    "dry-run": { text: "show what would be done, and do nothing" },
    restart: { text: "take the link down for the change, and up again" },
    json: { text: "write JSON, an object a line" },
  },
  examples: [
    { line: "link", text: "all CAN interfaces" },
    {
      line: "link set can0 up bitrate 500000 restart-ms 100 --restart",
      text: "500 kbit/s, restart 0.1 s after a bus-off",
    },
    { line: "link add vcan1 --dry-run", text: "what it takes to get a virtual bus" },
  ],
  permissions: ["--allow-ffi"],
  async run(words, terminal) {
    const [name = "list", ...rest] = words.words;
    if (!Object.hasOwn(actions, name)) {
      const meant = suggestion(name, Object.keys(actions), "can link ");
      throw new UsageError(
        `can link does not know "${name}"${meant || `: it must be ${Object.keys(actions).join(", ")}`}`,
      );
    }
    for (const [flag, meant] of Object.entries(meanings)) {
      if (words.has(flag) && !meant.includes(name)) throw new UsageError(`can link ${name} has no flag --${flag}`);
    }
    await actions[name](rest, {
      out: terminal.out,
      terminal,
      dryRun: words.has("dry-run"),
      restart: words.has("restart"),
      json: words.has("json"),
    });
    return 0;
  },
};

function nameOf(action: string, [name, more]: readonly string[]): string {
  if (name === undefined || more !== undefined) {
    throw new UsageError(`can link ${action} takes one interface: can link ${action} can0`);
  }
  return name;
}

function show(link: Link, { out, json }: Context): void {
  const status = link.status();
  if (json) out.line(JSON.stringify({ ...status, unknown: undefined, unknownCan: undefined }));
  else out.write(describeLink(status));
}

/** @throws {UsageError} There are words where none belong. */
function none(action: string, rest: readonly string[]): void {
  if (rest.length > 0) {
    throw new UsageError(`can link ${action} takes no interface; "can link show ${rest[0]}" shows one`);
  }
}

/** Changes a link, and shows what has changed. */
function change(action: string, rest: readonly string[], context: Context, run: (link: Link) => void): void {
  const link = Link.open(nameOf(action, rest));
  const before = link.status();
  if (context.dryRun) {
    return context.out.line(`would ${action} ${link.name}, which is:\n${describeLink(before).trimEnd()}`);
  }
  run(link);
  const changes = changesOf(before, link.status());
  if (context.json) context.out.line(JSON.stringify({ name: before.name, changes }));
  else context.out.line(`${before.name}: ${changeText(changes) || "nothing has changed"}`);
}

function changeText(changes: Readonly<Record<string, readonly [unknown, unknown]>>): string {
  return Object.entries(changes).map(([name, [from, to]]) => `${name} ${text(from)} -> ${text(to)}`).join(", ");
}

function text(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : `${value}`;
}

/** Reads settings in ip's words. */
function settingsOf(words: readonly string[]): { settings: LinkConfiguration; up: boolean | undefined } {
  const settings: Record<string, unknown> = {};
  const switched: Record<string, boolean> = {};
  let up: boolean | undefined;
  const rest = [...words];
  for (let word; (word = rest.shift()) !== undefined;) {
    if (word === "up" || word === "down") up = word === "up";
    else if (word === "type" && rest[0] === "can") rest.shift();
    else if (Object.hasOwn(numbers, word)) {
      const value = rest.shift();
      if (value === undefined) throw new UsageError(`${word} takes a number`);
      settings[numbers[word]] = numberOf(word, value);
    } else if (modes.includes(word)) {
      const value = rest.shift();
      if (value !== "on" && value !== "off") throw new UsageError(`${word} takes on or off, not ${value ?? "nothing"}`);
      switched[word] = value === "on";
    } else {
      const known = [...Object.keys(numbers), ...modes, "up", "down"];
      throw new UsageError(`can link set does not know "${word}"${suggestion(word, known)}`);
    }
  }
  if (Object.keys(switched).length > 0) settings.modes = switched;
  if (up === undefined && Object.keys(settings).length === 0) {
    throw new UsageError("can link set takes a setting: can link set can0 bitrate 500000");
  }
  return { settings, up };
}
