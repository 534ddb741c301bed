/**
 * `can web`: shows buses and recordings in a browser.
 *
 * @module
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { Bus } from "../bus/bus.ts";
import { Link } from "../link/link.ts";
import { loopback, newToken } from "../web/access.ts";
import { type WebHandler, webHandler } from "../web/handler.ts";
import type { WebDatabase } from "../web/options.ts";
import { bitrateFlag, givenBitrates } from "./bitrates.ts";
import type { Arguments } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import type { Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";
import { databaseFlags, readDatabase } from "./databases.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";
import { type ChannelWords, parseChannelWords } from "./frames/channel_words.ts";
import { openReceivers, receiverFlags, receiverOptions } from "./open_bus.ts";
import { type Listening, serve } from "./web/serve.ts";

/** The largest recording that a page may upload. */
const RECORDING = 64 * 2 ** 30;
/** Seconds for which the doctor watches a bus. */
const WATCHED = 1;

/** The command. */
export const command: Command = {
  usage: ["IF[,FILTER]… [FILE]…"],
  about: [
    "Prints the link of a page that shows the buses, and the logs in FILE, in a browser: what is on them now, decoded, as " +
    "table, trace and plots, with losses and errors. IF and FILTER are as in can dump; the page can open further logs and " +
    "databases. Ctrl-C ends it.",
    "Nobody but this machine can look, unless --host says otherwise. Then the link has a random token, which the browser keeps " +
    "in a cookie; use --cert and --key where others could listen.",
  ],
  flags: {
    ...databaseFlags,
    dbc: { takes: "[IF=]FILE", many: true, text: "decode with this database, all buses or one: DBC, KCD or SYM" },
    port: { short: "p", takes: "PORT", text: "the port; 8080 if not given, 0 for a free one" },
    host: { takes: "ADDRESS", text: "the address to listen on: 0.0.0.0 for all; 127.0.0.1 if not given" },
    name: { takes: "NAME", many: true, text: "another name by which browsers call this machine" },
    token: { takes: "TOKEN", text: "the token, instead of a random one: 8 letters, digits, - or _, at least" },
    cert: { takes: "FILE", text: "the certificate, for HTTPS, with --key" },
    key: { takes: "FILE", text: "the key of the certificate" },
    "allow-send": { text: "the page may send frames" },
    "allow-record": { takes: "DIR", text: "the page may record the buses into logs in this folder" },
    bitrate: bitrateFlag,
    frames: { takes: "COUNT", text: "how many frames the trace keeps; 1000000 if not given" },
    ...receiverFlags,
  },
  examples: [
    { line: "web vcan0 --dbc car.dbc", text: "a bus, with its signals" },
    { line: "web can0 can1 --host 0.0.0.0 --allow-record logs", text: "two buses, for the laptop beside the car" },
    { line: "web drive.log", text: "a recording" },
  ],
  permissions: ["--allow-ffi", "--allow-net", "--allow-sys", "-R", "-W", "-E (for logs)"],
  async run(words, terminal) {
    const isFile = (word: string) => /[./]/.test(word) && existsSync(word);
    const recordings = words.words.filter(isFile);
    const channels = words.words.filter((word) => !isFile(word)).map((word) => channelOf(word, words));
    if (channels.length === 0 && recordings.length === 0) {
      throw new UsageError("can web takes interfaces or logs: can web can0, can web drive.log");
    }
    words.requires("cert", "key");
    words.requires("key", "cert");
    words.requires("dbc", "j1939");
    const host = words.text("host") ?? "127.0.0.1";
    const isLocal = loopback.includes(host);
    const bitrates = givenBitrates(words);
    const receiving = receiverOptions(words);
    const recordFolder = words.text("allow-record") ?? null;
    if (recordFolder !== null && !statSync(recordFolder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`--allow-record takes a folder that exists, and "${recordFolder}" is none`);
    }
    const [cert, key] = [words.text("cert"), words.text("key")];
    const tls = cert === undefined || key === undefined ? null : { cert: read(cert), key: read(key) };
    const databases = databasesOf(words, terminal);
    const port = words.whole("port", 0, 65535) ?? 8080;
    const traceFrames = words.whole("frames", 1024, 2 ** 26);
    terminal.catchSignals();

    using buses = new DisposableStack();
    const received = await openReceivers(channels, terminal, buses, {
      ...receiving,
      errors: true,
      receiveOwnMessages: words.has("allow-send"),
    });
    const opened = received.map((bus) => {
      if (bus instanceof Bus) return bus;
      throw new UsageError(`can web takes interfaces of this host, not ${bus.channelInfo}`);
    });
    await using handler = webHandler({
      buses: opened,
      recordings,
      databases,
      bitrates: Object.fromEntries(opened.flatMap(({ channel }) => bitrates ? [[channel, bitrates]] : [])),
      hosts: isLocal ? loopback : [...loopback, host, ...namesOfThisMachine(), ...words.texts("name")],
      token: words.text("token") ?? (isLocal ? null : newToken()),
      allowSend: words.has("allow-send"),
      recordFolder,
      recordingBytes: RECORDING,
      ...traceFrames !== undefined && { traceFrames },
      doctor: channels.length > 0 ? () => findings(terminal.signal) : null,
    });
    const listening = serve(handler, { host, port, tls, bodyBytes: RECORDING });
    print(handler, listening, host, tls !== null, terminal);
    await new Promise<void>((resolve) => {
      if (terminal.signal.aborted) resolve();
      else terminal.signal.addEventListener("abort", () => resolve());
    });
    await handler.close();
    await listening.stop();
    return 0;
  },
};

/** @throws {UsageError} There is neither such an interface nor such a file. */
function channelOf(word: string, words: Arguments): ChannelWords {
  if (word.includes("/")) throw new UsageError(`There is no file "${word}"`);
  const channel = parseChannelWords(word);
  const known = channel.channel === "" || words.has("reconnect") ||
    Link.statuses().some(({ name }) => name === channel.channel);
  if (!known) {
    throw new UsageError(`There is neither an interface nor a file "${word}"; "can link" lists the interfaces`);
  }
  return channel;
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

function databasesOf(words: Arguments, terminal: Terminal): WebDatabase[] {
  return words.texts("dbc").map((text) => {
    const [, bus = "", file] = /^(?:([^=/.]+)=)?(.*)$/.exec(text)!;
    const database = readDatabase(file, words.has("j1939"), terminal);
    return { database, name: file.slice(file.lastIndexOf("/") + 1), bus };
  });
}

/** The addresses and the names by which others may call this machine. */
function namesOfThisMachine(): string[] {
  return [
    ...addresses().map((address) => address.includes(":") ? `[${address}]` : address),
    hostname(),
    `${hostname()}.local`,
  ];
}

function addresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each ?? []).map(({ address }) => address);
}

/** Prints the links: for all addresses, those that others can reach. */
function print({ token }: WebHandler, { port }: Listening, host: string, secure: boolean, terminal: Terminal): void {
  const all = host === "0.0.0.0" || host === "::";
  const outer = all ? addresses().filter((address) => !/^(127\.|::1|fe80:)/.test(address)) : [];
  for (const address of outer.length > 0 ? outer : [all ? "localhost" : host]) {
    const name = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
    terminal.out.line(`${secure ? "https" : "http"}://${name}:${port}/${token === null ? "" : `?token=${token}`}`);
  }
  terminal.out.flush();
}

/** What `can doctor` finds. */
async function findings(signal: AbortSignal): Promise<Finding[]> {
  const found: Finding[] = [];
  await examine(undefined, WATCHED, signal, (finding) => void found.push(finding));
  return found;
}
