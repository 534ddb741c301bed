/**
 * The interface of a log format. Each format has a file of its own and is registered in `formats.ts`.
 *
 * @module
 */

import { CAN_ERR_BUSERROR } from "../kernel/error.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import type { ChannelNumbers } from "./channels.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { LogItem } from "./entry.ts";
import type { RandomSource } from "./random.ts";
import { SECOND, splitTime } from "./time.ts";

/**
 * The names of the formats, as options and reports use them.
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

/** What a format can store. A field that is false is lost on writing, and reported as a loss. */
export interface Capacity {
  readonly fd: boolean;
  readonly xl: boolean;
  readonly remote: boolean;
  /** The length that a remote frame requests. */
  readonly remoteLength: boolean;
  /** Length codes 9 to 15 of classic frames with 8 bytes. */
  readonly len8Dlc: boolean;
  readonly error: boolean;
  /** The error classes and the data of an error frame. */
  readonly errorData: boolean;
  /** Whether an error frame was sent by this host, as programs on a virtual interface may do. */
  readonly errorDirection: boolean;
  /** Whether a frame was sent by this host. */
  readonly direction: boolean;
  /** What is stored of channels: their names, also if declared for numbers; only a number from 1; or nothing. */
  readonly channel: "name" | "number" | "none";
  /** What a name must not contain; null if it may contain anything. It is replaced by `_`. */
  readonly notInNames: RegExp | null;
  /** The resolution of timestamps, in nanoseconds. */
  readonly resolution: number;
  /** The last second since 1970 that can be stored. A later message is stored with the end of that second. */
  readonly lastSecond: number;
  /** Whether the timestamp was taken by the kernel or by the controller. */
  readonly timestampSource: boolean;
  readonly marker: boolean;
  readonly dropped: boolean;
}

/** The capacity of a format that stores everything; others list what they lack. */
export const FULL: Capacity = {
  fd: true,
  xl: true,
  remote: true,
  remoteLength: true,
  len8Dlc: true,
  error: true,
  errorData: true,
  errorDirection: true,
  direction: true,
  channel: "name",
  notInNames: null,
  resolution: 1,
  lastSecond: Infinity,
  timestampSource: true,
  marker: true,
  dropped: true,
};

/**
 * Metadata of a log file, filled in as the file is read.
 *
 * @category Logs
 */
export interface LogInfo {
  /** The format. */
  readonly format: LogFormatName;
  /** The version of the format; null if the file does not state one. */
  version: string | null;
  /** The start of the recording, in nanoseconds since 1970; null if the file does not state it. */
  startTimeNs: bigint | null;
  /** The time zone in which local times of the file were read, as the option `timeZone` states it; null if it has none. */
  timeZone: string | null;
  /** The names of the channels seen so far, at most 4096, of up to 256 characters. */
  readonly channels: Set<string>;
  /** The program that wrote the file; null if the file does not state it. */
  application: string | null;
}

/** What a decoder is given. */
export interface DecodeContext {
  readonly info: LogInfo;
  readonly diagnostics: Diagnostics;
  /** The time zone in which the file's local times are read. */
  readonly zone: Zone;
  /** The largest number of bytes that one compressed container may inflate to. */
  readonly inflateLimit: number;
}

/** A time zone: converts between local time and UTC. */
export interface Zone {
  /** The name: `"Europe/Berlin"`. */
  readonly name: string;
  /** Converts local time to UTC. `ns` is the local time in nanoseconds, counted since 1970 as if it were UTC. */
  fromLocal(ns: bigint): bigint;
  /** Converts UTC to local time: the reverse of `fromLocal`. */
  toLocal(ns: bigint): bigint;
}

/** Decodes the bytes of a file as they arrive. */
export interface LogDecoder {
  /**
   * Decodes every complete item received so far, and keeps a copy of the remaining bytes for the next call.
   *
   * @param chunk Valid during the call only.
   * @param items Receives the decoded items.
   */
  decode(chunk: Uint8Array, items: LogItem[]): void;
  /** Called after the last byte: decodes a last line that has no line end, and reports a truncated item. */
  end(items: LogItem[]): void;
}

/** Encodes a file. */
export interface LogEncoder {
  /** Writes the beginning of a file. */
  begin(out: Bytes): void;
  /**
   * Called instead of `begin` to append to a file that is not empty. Writes what must come first, and returns the size to
   * which the file must be cut before; 0 to write it from its beginning. Default: an incomplete last line is ended.
   *
   * @throws {RangeError} The encoder cannot continue the file, with the reason.
   */
  resume?(file: RandomSource, out: Bytes): number;
  /** The same for a compressed file, of which `head` is the beginning, inflated. */
  resumeCompressed?(head: Uint8Array, out: Bytes): void;
  /** Appends an item. Called only with items that the format's capacity allows. */
  write(item: LogItem, out: Bytes): void;
  /** Makes everything written so far readable even if nothing follows, for example by closing a container. */
  flush?(out: Bytes): void;
  /** Writes the end of a file. */
  end?(out: Bytes): void;
  /** Returns the size of the file in bytes, if the encoder writes the file itself. */
  size?(): number;
  /** Returns the updated file header, which overwrites the bytes at the beginning of the file; null if there is none yet. */
  header?(): Uint8Array | null;
}

/** What an encoder is given. */
export interface EncodeOptions {
  readonly zone: Zone;
  /** The file's path; null for a stream. */
  readonly path: string | null;
  /** Whether the encoder continues a file that has a beginning already. */
  readonly continued: boolean;
  /** The numbers of channels, for formats that store numbers: see `FileChannels`. */
  readonly channels: ChannelNumbers;
  /** Reports that a field of an item is lost, where the capacity alone does not show it. The item is written without it. */
  lose(field: string, item: LogItem): void;
}

/** One log format. */
export interface LogFormat {
  readonly name: LogFormatName;
  /** The name used in messages to the user, such as "candump log". */
  readonly title: string;
  /** File name extensions, the usual one first: ".log". */
  readonly extensions: readonly string[];
  readonly capacity: Capacity;
  /**
   * Returns how likely a file is in this format, judged by its first bytes (up to 64 KiB): 0 for no, 1 for possibly, 2 for
   * yes, 3 if a magic number confirms it.
   */
  detect(head: Uint8Array): number;
  /** Creates a decoder that reads a file from beginning to end. Absent if the format has `read` instead. */
  decoder?(context: DecodeContext): LogDecoder;
  /** Reads a file with random access, for formats whose beginning refers to later parts of the file. */
  read?(source: RandomSource, context: DecodeContext): Iterable<LogItem[]>;
  /** Whether the encoder opens and writes the file itself, by its path. */
  readonly database?: boolean;
  /** Creates an encoder; null if the format can be read but not written. */
  readonly encoder: ((options: EncodeOptions) => LogEncoder) | null;
  /** Whether an existing file can be extended by appending to it. */
  readonly appendable: boolean;
}

/** Nothing is lost: one array for nearly all messages. */
const NONE: readonly string[] = [];

/** Returns the names of the fields of a message that a format cannot store; empty if nothing is lost. */
export function lossesOf(message: Message, capacity: Capacity): readonly string[] {
  let losses = NONE;
  if (message.isFd && !capacity.fd) return ["isFd"];
  if (message.isXl && !capacity.xl) return ["isXl"];
  if (message.isRemoteFrame && !capacity.remote) return ["isRemoteFrame"];
  if (message.isErrorFrame && !capacity.error) return ["isErrorFrame"];
  if (message.isRemoteFrame && message.dlc > 0 && !capacity.remoteLength) losses = [...losses, "dlc"];
  if (message.isErrorFrame && !capacity.errorData && hasDetails(message)) losses = [...losses, "error"];
  if (message.len8Dlc > 0 && !capacity.len8Dlc) losses = [...losses, "len8Dlc"];
  const direction = capacity.direction && (capacity.errorDirection || !message.isErrorFrame);
  if (!message.isRx && !direction) losses = [...losses, "isRx"];
  if (message.channel !== null && !holdsName(message.channel, capacity)) losses = [...losses, "channel"];
  const { seconds, nanoseconds } = splitTime(message);
  if (nanoseconds % capacity.resolution !== 0 || seconds > capacity.lastSecond) losses = [...losses, "timestampNs"];
  if (message.timestampSource !== null && !capacity.timestampSource) losses = [...losses, "timestampSource"];
  return losses;
}

/** Whether an error frame says more than that there was a bus error. */
function hasDetails({ arbitrationId, data }: Message): boolean {
  return arbitrationId !== CAN_ERR_BUSERROR || data.some((byte) => byte !== 0);
}

/** The name that was checked last, as most messages of a log share one. */
const last = { name: "", notIn: /(?:)/, holds: false };

function holdsName(name: string, { channel, notInNames }: Capacity): boolean {
  if (channel === "none" || notInNames === null) return channel !== "none";
  if (last.name !== name || last.notIn !== notInNames) {
    last.name = name;
    last.notIn = notInNames;
    last.holds = name !== "" && !notInNames.test(name);
  }
  return last.holds;
}

/** Returns an item as a format can hold it, as far as its time and its channel's name are concerned. */
export function held(item: LogItem, capacity: Capacity): LogItem {
  const inTime = timeHeld(item, capacity);
  if (!("channel" in inTime) || inTime.channel === null || capacity.channel !== "name") return inTime;
  if (holdsName(inTime.channel, capacity)) return inTime;
  const channel = inTime.channel.replace(new RegExp(capacity.notInNames!, "g"), "_") || null;
  return inTime instanceof Message ? inTime.with({ channel }) : { ...inTime, channel };
}

/** Returns an item with the last time that a format can store, if its own time is later. */
function timeHeld(item: LogItem, { lastSecond }: Capacity): LogItem {
  if (lastSecond === Infinity || (item instanceof Message && splitTime(item).seconds <= lastSecond)) return item;
  if (item.timestampNs === null) return item;
  const last = BigInt(lastSecond) * SECOND + 999_999_999n;
  if (item.timestampNs <= last) return item;
  return item instanceof Message ? item.with({ timestampNs: last }) : { ...item, timestampNs: last };
}
