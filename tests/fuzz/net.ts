/**
 * Random datagrams, records and lines: whatever a peer sends, the readers of every network protocol return messages that can
 * be printed and sent on, reject it, or fail with a SyntaxError; and keep no more of it than they need.
 *
 * `deno run -A tests/fuzz/net.ts [COUNT] [SEED]`; a million inputs if no count is given.
 *
 * @module
 */

import process from "node:process";
import { Message } from "../../mod.ts";
import { DatagramReader, encodeDatagram } from "../../src/net/cannelloni/datagrams.ts";
import { RecordReader } from "../../src/net/cannelloni/records.ts";
import { decodeMap, encodeMap } from "../../src/net/multicast/frame_map.ts";
import { Elements } from "../../src/net/socketcand/elements.ts";
import { parseReceived, parseSend, receivedText, sendText } from "../../src/net/socketcand/frame_text.ts";
import { parseIsoTpConf } from "../../src/net/socketcand/isotp_mode.ts";
import { type Below, generator, oneOf, randomMessage } from "../support/random.ts";

/** Memory that a run may take on top of what it has at first, in bytes. */
const MEMORY = 300e6;

/** What was done with the inputs. */
export interface Outcome {
  inputs: number;
  messages: number;
  rejected: number;
}

/** Checks a message that was read: it can be printed, and made again from its fields. */
function check(message: Message): void {
  const again = new Message(message.toJSON());
  if (!again.equals(message, { timestampDelta: 1e-5 })) throw new Error(`${message} is not ${again}`);
}

/** Changes some bytes, cuts some off or doubles a part. */
function changed(bytes: Uint8Array, below: Below): Uint8Array {
  const copy = [...bytes];
  for (let times = below(4); times > 0 && copy.length > 0; times--) {
    const at = below(copy.length);
    switch (below(4)) {
      case 0:
        copy[at] = below(256);
        break;
      case 1:
        copy.length = at;
        break;
      case 2:
        copy.splice(at, 0, ...copy.slice(at, at + below(40)));
        break;
      case 3:
        copy.splice(at, below(8));
    }
  }
  return Uint8Array.from(copy);
}

/** Random bytes, or ASCII that looks like elements. */
function garbage(below: Below): Uint8Array {
  const signs = "<<  >>0123456789abcdefABCDEF.framesndrtr";
  const text = below(2) === 0;
  return Uint8Array.from({ length: below(80) }, () => text ? signs.charCodeAt(below(signs.length)) : below(256));
}

const encoder = new TextEncoder();

/** Feeds every reader with inputs. */
export function fuzzNet(count: number, seed: number): Outcome {
  const below = generator(seed);
  const outcome: Outcome = { inputs: 0, messages: 0, rejected: 0 };
  const took = (message: Message) => {
    check(message);
    outcome.messages++;
    return true;
  };
  let datagrams = new DatagramReader("fuzz");
  const arrivals = {
    deliver: took,
    lose: (lost: number) => {
      if (!(Number.isInteger(lost) && lost > 0 && lost < 300)) throw new Error(`${lost} frames lost`);
    },
    reject: () => void outcome.rejected++,
  };
  let elements = new Elements(1024);
  const records = new RecordReader();
  const sample = () => new Message(randomMessage(below));
  const classic = () => {
    const message = sample();
    return message.isErrorFrame ? new Message({ arbitrationId: 1 }) : message;
  };

  const readers: readonly (() => void)[] = [
    () => {
      const messages = Array.from({ length: below(5) }, sample);
      datagrams.read(input(encodeDatagram(messages, 0, below(256)).bytes), arrivals);
      if (below(10_000) === 0) datagrams = new DatagramReader("fuzz");
    },
    () => {
      const bytes = input(encodeDatagram([sample(), sample()], 0, 0).bytes.subarray(5));
      records.start(bytes, 0);
      for (
        let next = records.next({ seconds: 1, nanoseconds: 0 }, "fuzz");
        next;
        next = records.next({ seconds: 1, nanoseconds: 0 }, "fuzz")
      ) {
        took(next);
      }
      if (records.at > bytes.length) throw new Error("read beyond the end");
      if (records.fault !== null) outcome.rejected++;
    },
    () => {
      try {
        took(decodeMap(input(encodeMap(sample())), "fuzz"));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        outcome.rejected++;
      }
    },
    () => {
      elements.add(
        input(encoder.encode(below(2) === 0 ? sendText(classic()) : receivedText(sample(), below(2) === 0))),
      );
      try {
        for (let words = elements.next(); words !== null; words = elements.next()) {
          const message = parseReceived(words, "fuzz") ?? parseSend(words, true);
          if (message) took(message);
          else outcome.rejected++;
          parseIsoTpConf(words.slice(1), "can0");
        }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        outcome.rejected++;
        elements = new Elements(1024);
      }
    },
  ];

  function input(bytes: Uint8Array): Uint8Array {
    return below(8) === 0 ? garbage(below) : changed(bytes, below);
  }

  const before = process.memoryUsage().rss;
  for (; outcome.inputs < count; outcome.inputs++) {
    oneOf(below, ...readers)();
    if (outcome.inputs % 50_000 === 0 && process.memoryUsage().rss - before > MEMORY) {
      throw new Error(`${process.memoryUsage().rss - before} bytes were kept after ${outcome.inputs} inputs`);
    }
  }
  return outcome;
}

if (import.meta.main) {
  const [count = "1000000", seed = `${Date.now() % 1e9}`] = process.argv.slice(2);
  console.log(`seed ${seed}`);
  const start = performance.now();
  const { inputs, messages, rejected } = fuzzNet(Number(count), Number(seed));
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(`${inputs} inputs: ${messages} messages, ${rejected} rejected; ${seconds} s, ${memory} MB`);
}
