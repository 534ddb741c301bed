/**
 * Measures how fast messages are decoded and encoded and a DBC is read, beside hand-written code for the same signals, in this
 * runtime and in Python, and beside cantools: `deno run -A bench/dbc.ts [MESSAGES [ROUNDS [PYTHON]]]`, `bun bench/dbc.ts …`.
 * `bench/cantools` prints a Python that has cantools, and fetches it from Debian where this machine's has not.
 *
 * Runs on one core with the same messages in interleaved rounds, and counts the processor time of this process. Each row shows
 * the median. The data of a message is read from it for the first time, as of one that was just received.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Message } from "../mod.ts";
import { Database } from "../src/dbc/mod.ts";
import { decodeByHand, handText, valuesByHand } from "./dbc_by_hand.ts";
import { longText } from "./long_dbc.ts";

const [count = 40_000, rounds = 15] = process.argv.slice(2, 4).map(Number);
const interpreter = process.argv[4] ?? "python3";
const database = Database.parse(handText);
const into = database.signalValues();
const { messages } = database;

/** Keeps results, so that no engine leaves out the work. */
let sink: unknown;

/** The jobs by name, each for one message. */
const jobs: Readonly<Record<string, (message: Message) => unknown>> = {
  "decode": (message) => database.decode(message),
  "decode, by hand": decodeByHand,
  "decodeSignals": (message) => database.decodeSignals(message, into),
  "decodeSignals, by hand": (message) => valuesByHand(message, into.values),
  "encode": () => database.encode("Engine", engine),
};
const times = new Map<string, number[]>(Object.keys(jobs).map((name) => [name, []]));

const engine = { Speed: 1500, Temperature: 90, Gear: "third", Brake: 1, Level: -2, Torque: 3.5, Mode: 2, Load: 50 };

/** The data of message `i`; Python makes the same. */
function dataOf(i: number): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, byte) => (i * (2 * byte + 3) + (i >> 5) * byte) & 0xff);
}

function newMessages(): Message[] {
  return Array.from({ length: count }, (_, i) => {
    const { frameId } = messages[i % messages.length];
    return new Message({ arbitrationId: frameId, isExtendedId: false, data: dataOf(i) });
  });
}

/** Returns the processor time that `run` takes, in seconds. */
function timed(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1];
}

/** Both ways must find the same. */
function compare(message: Message): void {
  const { name, signals } = database.decode(message)!;
  const byHand = decodeByHand(message)!;
  if (JSON.stringify({ name, signals }) !== JSON.stringify(byHand)) throw new Error(`${message} differs by hand`);
  database.decodeSignals(message, into);
  const values = into.values.slice(0, Object.keys(signals).length);
  valuesByHand(message, into.values);
  if (values.some((value, i) => value !== into.values[i])) throw new Error(`${message} differs by hand in its values`);
}

for (const message of newMessages().slice(0, 4000)) compare(message);
const text = longText();
const bytes = new TextEncoder().encode(text);
const large = Database.parse(bytes);
if (large.diagnostics.length > 0) throw new Error("The large DBC has a fault");
const parsing: number[] = [];
/** The times of Python: decoding by hand and by cantools, and cantools' parsing. NaN where there is no cantools. */
const python: number[][] = [[], [], []];
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(jobs)) {
    const list = newMessages();
    times.get(name)!.push(timed(() => {
      for (const message of list) sink = run(message);
    }));
  }
  parsing.push(timed(() => sink = Database.parse(bytes)));
  if (round % 3 === 0) {
    const script = fileURLToPath(new URL("dbc.py", import.meta.url));
    const input = `${handText}\0${text}`;
    const output = execFileSync(interpreter, [script, `${count}`], { encoding: "utf8", input });
    for (const [i, time] of output.split(" ").map(Number).entries()) python[i].push(time);
  }
}
const [pythonByHand, cantools, cantoolsParsing] = python.map(median);

const signals = newMessages().reduce((sum, _, i) => sum + messages[i % messages.length].signals.length, 0);
const seconds = (name: string) => median(times.get(name)!);
const ratio = (one: number, other: number) => Number.isNaN(one) ? "–" : (one / other).toFixed(1);
const row = (...cells: readonly (string | number)[]) => console.log(`| ${cells.join(" | ")} |`);
const perSecond = (name: string) => ((name === "encode" ? 8 * count : signals) / seconds(name) / 1e6).toFixed(1);

row("job", "million signals/s", "time, beside by hand", "speed-up on Python by hand", "on cantools");
row("---", "--:", "--:", "--:", "--:");
for (const name of ["decode", "decodeSignals"]) {
  const byHand = ratio(seconds(name), seconds(`${name}, by hand`));
  const others = [pythonByHand, cantools].map((each) => ratio(each, seconds(name)));
  row(`\`${name}\``, perSecond(name), byHand, ...others);
}
row("`encode`", perSecond("encode"), "", "", "");

const kilobytes = (bytes.length / 1000).toFixed(0);
const milliseconds = (1000 * median(parsing)).toFixed(0);
const beside = Number.isNaN(cantoolsParsing)
  ? ""
  : `, cantools ${ratio(cantoolsParsing, median(parsing))} times as long`;
console.log(`\nA DBC of ${kilobytes} kB, ${large.messages.length} messages: ${milliseconds} ms${beside}`);
if (sink === undefined) throw new Error("Nothing was done");
