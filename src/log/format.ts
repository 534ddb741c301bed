/**
 * What a log format is: one file each, which the registry in `formats.ts` names.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { fixedNumber } from "./channels.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { LogItem } from "./entry.ts";
import type { RandomSource } from "./random.ts";

/**
 * Formats by the name that options and reports use.
 *
 * @category Logs
 */
export type LogFormatName =
  | "asc"
  | "blf"
  | "candump"
  | "candump-screen"
  | "crtd"
  | "csv"
  | "csv-full"
  | "gvret"
  | "jsonl"
  | "mf4"
  | "pcap"
  | "pcapng"
  | "sqlite"
  | "trc"
  | "trc-1.1"
  | "trc-2.0";

/** What a format can hold of messages and notes. What is false is lost in writing, and reported. */
export interface Capacity {
  readonly fd: boolean;
  readonly xl: boolean;
  readonly remote: boolean;
  /** The length that a remote frame asks for. */
  readonly remoteLength: boolean;
  /** Length codes 9 to 15 of classic frames. */
  readonly len8Dlc: boolean;
  readonly error: boolean;
  /** The classes of an error frame, and its data. */
  readonly errorData: boolean;
  /** Whether this host sent an error frame, as programs on a virtual interface do. */
  readonly errorDirection: boolean;
  /** Whether this host sent the frame. */
  readonly direction: boolean;
  /** Names of channels: as they are, numbered from 1, or none. */
  readonly channel: "name" | "number" | "none";
  /** Nanoseconds of the smallest difference between two times. */
  readonly resolution: number;
  /** Whether it was the kernel's or the controller's time. */
  readonly timestampSource: boolean;
  readonly marker: boolean;
  readonly dropped: boolean;
}

/**
 * What a file says of itself. Filled in as it is read.
 *
 * @category Logs
 */
export interface LogInfo {
  /** The format. */
  readonly format: LogFormatName;
  /** Its version, where the format has several. */
  version: string | null;
  /** When the recording began, in nanoseconds since 1970; null if the file does not say. */
  startTimeNs: bigint | null;
  /** The channels' names, as far as they are known. */
  readonly channels: Set<string>;
  /** What wrote it; null if the file does not say. */
  application: string | null;
}

/** What a decoder works with. */
export interface DecodeContext {
  readonly info: LogInfo;
  readonly diagnostics: Diagnostics;
  /** Nanoseconds since 1970 of a wall clock's reading, in the time zone that was chosen. */
  readonly zone: Zone;
  /** The most bytes that one compressed container may inflate to. */
  readonly inflateLimit: number;
}

/** A time zone: what a wall clock there meant. */
export interface Zone {
  /** Nanoseconds since 1970 of a wall clock's reading, given as if it were UTC. */
  fromLocal(ns: bigint): bigint;
  /** The reverse. */
  toLocal(ns: bigint): bigint;
}

/** Decodes a file's bytes as they come. */
export interface LogDecoder {
  /**
   * Decodes what is whole of the bytes so far; keeps a copy of the rest for the next call.
   *
   * @param chunk Only valid during the call.
   */
  decode(chunk: Uint8Array, items: LogItem[]): void;
  /** There are no more bytes: decodes a last line without an end, notes what is cut off. */
  end(items: LogItem[]): void;
}

/** Encodes a file. */
export interface LogEncoder {
  /** What every file begins with. */
  begin(out: Bytes): void;
  /** Appends an item; only what the format's capacity allows is given. */
  write(item: LogItem, out: Bytes): void;
  /** Makes what was written readable, should nothing follow: closes a container, say. */
  flush?(out: Bytes): void;
  /** What every file ends with. */
  end?(out: Bytes): void;
  /** Bytes at the beginning of the file that are only known now, to be written over the first ones. */
  header?(): Uint8Array | null;
}

/** How a file is written. */
export interface EncodeOptions {
  readonly zone: Zone;
  /** The file's path; null for a stream. */
  readonly path: string | null;
  /** Numbers of channels, for formats that have no names. */
  channelNumber(name: string | null): number;
}

/** One log format. */
export interface LogFormat {
  readonly name: LogFormatName;
  /** For people: "candump log". */
  readonly title: string;
  /** Endings of file names, the first being the usual one: ".log". */
  readonly extensions: readonly string[];
  readonly capacity: Capacity;
  /**
   * How sure the first bytes of a file (up to 64 KiB) make it that it is one: 0 for no, 1 for perhaps, 2 for yes, 3 where
   * a magic number says so.
   */
  detect(head: Uint8Array): number;
  /** Decodes it from its beginning to its end. Absent for formats that `read` reads. */
  decoder?(context: DecodeContext): LogDecoder;
  /** Reads it at any place, where the beginning says what is at the end. */
  read?(source: RandomSource, context: DecodeContext): Iterable<LogItem[]>;
  /** Whether the encoder writes the file itself, by its path. */
  readonly database?: boolean;
  /** Null for formats that are only read. */
  readonly encoder: ((options: EncodeOptions) => LogEncoder) | null;
  /** Whether a file may be continued by appending to it. */
  readonly appendable: boolean;
}

/** What a format cannot hold of a message, by field. Empty if nothing is lost. */
export function lossesOf(message: Message, capacity: Capacity): string[] {
  const losses: string[] = [];
  if (message.isFd && !capacity.fd) return ["isFd"];
  if (message.isXl && !capacity.xl) return ["isXl"];
  if (message.isRemoteFrame && !capacity.remote) return ["isRemoteFrame"];
  if (message.isErrorFrame && !capacity.error) return ["isErrorFrame"];
  if (message.isRemoteFrame && message.dlc > 0 && !capacity.remoteLength) losses.push("dlc");
  if (message.isErrorFrame && !capacity.errorData) losses.push("error");
  if (message.len8Dlc > 0 && !capacity.len8Dlc) losses.push("len8Dlc");
  const direction = capacity.direction && (capacity.errorDirection || !message.isErrorFrame);
  if (!message.isRx && !direction) losses.push("isRx");
  if (message.channel !== null && !holdsChannel(message.channel, capacity)) losses.push("channel");
  if (capacity.resolution > 1 && message.timestampNs % BigInt(capacity.resolution) !== 0n) losses.push("timestampNs");
  if (message.timestampSource !== null && !capacity.timestampSource) losses.push("timestampSource");
  return losses;
}

function holdsChannel(channel: string, { channel: form }: Capacity): boolean {
  return form === "name" || (form === "number" && fixedNumber(channel) !== null);
}
