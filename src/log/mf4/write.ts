/**
 * Writing CAN events as an MDF 4 file. The blocks that describe the groups come first, followed by one block of data with
 * the records of all groups, each preceded by its record ID. The file therefore grows as a stream, and only the counts at
 * its beginning change. Until it is closed, it is marked as unfinished, which readers of the format can handle.
 *
 * @module
 */

import { fdLengths } from "../../kernel/can.ts";
import { Message } from "../../message/message.ts";
import { Bytes } from "../bytes.ts";
import { FileChannels } from "../channels.ts";
import type { LogItem } from "../entry.ts";
import type { EncodeOptions, LogEncoder } from "../format.ts";
import { SECOND } from "../time.ts";
import { PROGRAM } from "./read.ts";

const CLASSIC = 1;
const FD = 2;
const REMOTE = 3;
const ERROR = 4;
const NAME = 5;

/** The size of a record before its data in bytes, and the offsets of its fields. */
const HEAD = 16;
const AT = { time: 0, channel: 8, flags: 9, dlc: 10, length: 11, id: 12 };
/** The bits of the flags field. */
const FLAG = { ide: 0, dir: 1, edl: 2, brs: 3, esi: 4 };
/** What is not up to date in an unfinished file: the numbers of records, and the length of the last data block. */
const UNFINISHED = 0x05;
const BUS_EVENT = 0x400;

/** A channel group. */
interface Kind {
  readonly id: number;
  readonly name: string;
  readonly data: number;
}

const encoder = new TextEncoder();

const kinds: readonly Kind[] = [
  { id: CLASSIC, name: "CAN_DataFrame", data: 8 },
  { id: FD, name: "CAN_DataFrame", data: 64 },
  { id: REMOTE, name: "CAN_RemoteFrame", data: 0 },
  { id: ERROR, name: "CAN_ErrorFrame", data: 8 },
  { id: NAME, name: "CAN_ChannelName", data: 64 }, // not of the standard, and so no bus events
];

/** Writes MDF 4. */
export class Mf4Encoder implements LogEncoder {
  readonly #options: EncodeOptions;
  readonly #numbers: FileChannels;
  readonly #counts = new Map<number, number>();
  #startNs: bigint | null = null;
  #bytes = 0;
  #ended = false;

  constructor(options: EncodeOptions) {
    this.#options = options;
    this.#numbers = new FileChannels(options, (number, name, { timestampNs }, out) => {
      const bytes = encoder.encode(name ?? "");
      if (name === "" || bytes.length > kinds[NAME - 1].data) return false;
      this.#record(NAME, timestampNs, number, 0, 0, 0, bytes, out);
      return true;
    });
  }

  begin(): void {} // the header needs the time of the first message

  write(item: LogItem, out: Bytes): void {
    if (!(item instanceof Message)) return;
    if (this.#startNs === null) this.#begin(item.timestampNs, out);
    const id = item.isErrorFrame ? ERROR : item.isRemoteFrame ? REMOTE : item.isFd ? FD : CLASSIC;
    const channel = this.#numbers.of(item, out);
    // Times are unsigned: a message from before the start gets the time of the start.
    if (item.timestampNs < this.#startNs!) this.#options.lose("timestampNs", item);
    const bit = (value: boolean, at: number) => value ? 1 << at : 0;
    const flags = bit(item.isExtendedId, FLAG.ide) | bit(!item.isRx, FLAG.dir) | bit(item.isFd, FLAG.edl) |
      bit(item.bitrateSwitch, FLAG.brs) | bit(item.errorStateIndicator, FLAG.esi);
    const code = item.isFd ? fdLengths.indexOf(item.dlc) : item.len8Dlc || item.dlc;
    this.#record(id, item.timestampNs, channel, flags, code, item.arbitrationId, item.data, out);
  }

  #record(
    id: number,
    timestampNs: bigint,
    channel: number,
    flags: number,
    code: number,
    arbitrationId: number,
    data: Uint8Array,
    out: Bytes,
  ): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    const from = out.length;
    out.byte(id);
    const after = timestampNs > this.#startNs! ? timestampNs - this.#startNs! : 0n;
    out.u32(Number(after & 0xffffffffn));
    out.u32(Number(after >> 32n & 0xffffffffn));
    out.byte(channel);
    out.byte(flags);
    out.byte(code);
    out.byte(data.length);
    out.u32(arbitrationId);
    out.bytes(data);
    for (let i = data.length; i < kinds[id - 1].data; i++) out.byte(0);
    this.#bytes += out.length - from;
  }

  end(out: Bytes): void {
    if (this.#startNs === null) this.#begin(0n, out);
    this.#ended = true;
  }

  header(): Uint8Array | null {
    return this.#startNs === null ? null : this.#header();
  }

  #begin(timestampNs: bigint, out: Bytes): void {
    // One second early, in whole microseconds: a slightly older message of another interface still is after the start.
    this.#startNs = timestampNs < SECOND ? 0n : timestampNs - timestampNs % 1000n - SECOND;
    out.bytes(this.#header());
  }

  #header(): Uint8Array {
    const file = new FileBlocks();
    const { out } = file;
    out.text(this.#ended ? "MDF     " : "UnFinMF ");
    out.text("4.11    ");
    out.text(PROGRAM);
    out.u32(0);
    out.u16(411);
    for (let i = 0; i < 30; i++) out.byte(0);
    out.u16(this.#ended ? 0 : UNFINISHED);
    out.u16(0);

    const header = file.begin("HD", 6);
    const startNs = this.#startNs!;
    out.u32(Number(startNs & 0xffffffffn));
    out.u32(Number(startNs >> 32n));
    out.u32(0); // offsets of the time zone, unused with UTC
    for (let i = 0; i < 5; i++) out.u32(0);
    file.end(header);

    const history = file.begin("FH", 2);
    out.u32(Number(startNs & 0xffffffffn));
    out.u32(Number(startNs >> 32n));
    out.u32(0);
    out.u32(0);
    file.end(history);
    file.link(header, 1, history);
    file.link(
      history,
      1,
      file.text(
        "MD",
        '<FHcomment xmlns="http://www.asam.net/mdf/v4"><TX>recorded</TX><tool_id>@socketcan/bus</tool_id>' +
          "<tool_vendor>@socketcan</tool_vendor><tool_version>1</tool_version></FHcomment>",
      ),
    );

    const group = file.begin("DG", 4);
    out.byte(1); // size of the record ID in bytes
    for (let i = 0; i < 7; i++) out.byte(0);
    file.end(group);
    file.link(header, 0, group);

    const source = file.begin("SI", 3);
    out.byte(2); // a bus,
    out.byte(2); // CAN
    for (let i = 0; i < 6; i++) out.byte(0);
    file.end(source);
    file.link(source, 0, file.text("TX", "CAN"));

    const seconds = file.text("TX", "s");
    const nanoseconds = file.begin("CC", 4);
    out.byte(1); // linear
    out.byte(0);
    out.u16(0);
    out.u16(0);
    out.u16(2);
    out.f64(0);
    out.f64(0);
    out.f64(0);
    out.f64(1e-9);
    file.end(nanoseconds);

    let before = -1;
    for (const kind of kinds) {
      const channels = this.#group(file, kind, source);
      if (before < 0) file.link(group, 1, channels);
      else file.link(before, 0, channels);
      before = channels;
      this.#channels(file, kind, channels, source, nanoseconds, seconds);
    }

    const data = file.begin("DT", 0);
    file.link(group, 2, data);
    file.length(data, 24 + this.#bytes);
    return out.view().slice();
  }

  #group(file: FileBlocks, { id, name, data }: Kind, source: number): number {
    const { out } = file;
    const block = file.begin("CG", 6);
    out.u64(id);
    out.u64(this.#counts.get(id) ?? 0);
    out.u16(id === NAME ? 0 : 0x6); // plain bus events
    out.u16(46); // the dot as separator in names
    out.u32(0);
    out.u32(HEAD + data);
    out.u32(0);
    file.end(block);
    file.link(block, 2, file.text("TX", name));
    if (id !== NAME) file.link(block, 3, source);
    return block;
  }

  #channels(file: FileBlocks, kind: Kind, group: number, source: number, conversion: number, unit: number): void {
    const time = file.channel({ type: 2, sync: 1, byte: AT.time, bits: 64, flags: 0 });
    file.link(time, 2, file.text("TX", "Timestamp"));
    file.link(time, 4, conversion);
    file.link(time, 6, unit);
    file.link(group, 1, time);
    if (kind.id === NAME) {
      const number = file.channel({ byte: AT.channel, bits: 8, flags: 0 });
      file.link(number, 2, file.text("TX", `${kind.name}.BusChannel`));
      file.link(time, 0, number);
      const name = file.channel({ byte: HEAD, bits: 8 * kind.data, dataType: 7, flags: 0 });
      file.link(name, 2, file.text("TX", `${kind.name}.Name`));
      file.link(number, 0, name);
      return;
    }
    const whole = file.channel({ byte: AT.channel, bits: 8 * (HEAD - AT.channel + kind.data), dataType: 10 });
    file.link(whole, 2, file.text("TX", kind.name));
    file.link(whole, 3, source);
    file.link(time, 0, whole);
    let before = -1;
    const add = (name: string, spec: ChannelSpec) => {
      const channel = file.channel(spec);
      file.link(channel, 2, file.text("TX", `${kind.name}.${name}`));
      file.link(channel, 3, source);
      if (before < 0) file.link(whole, 1, channel);
      else file.link(before, 0, channel);
      before = channel;
    };
    add("BusChannel", { byte: AT.channel, bits: 8 });
    add("ID", { byte: AT.id, bits: 29 });
    add("IDE", { byte: AT.flags, bit: FLAG.ide, bits: 1 });
    add("Dir", { byte: AT.flags, bit: FLAG.dir, bits: 1 });
    add("DLC", { byte: AT.dlc, bits: 4 });
    add("DataLength", { byte: AT.length, bits: 8 });
    if (kind.id === ERROR) add("ErrorType", { byte: AT.flags, bit: FLAG.esi, bits: 1 });
    if (kind.name === "CAN_DataFrame") {
      add("EDL", { byte: AT.flags, bit: FLAG.edl, bits: 1 });
      add("BRS", { byte: AT.flags, bit: FLAG.brs, bits: 1 });
      add("ESI", { byte: AT.flags, bit: FLAG.esi, bits: 1 });
    }
    if (kind.data > 0) add("DataBytes", { byte: HEAD, bits: 8 * kind.data, dataType: 10 });
  }
}

/** The layout of a channel in the record. */
interface ChannelSpec {
  readonly type?: number;
  readonly sync?: number;
  readonly dataType?: number;
  readonly byte: number;
  readonly bit?: number;
  readonly bits: number;
  readonly flags?: number;
}

/** Builds consecutive blocks, whose links are filled in later. */
class FileBlocks {
  readonly out = new Bytes(8192);

  /** Begins a block and returns its offset. */
  begin(type: string, links: number): number {
    const { out } = this;
    while (out.length % 8 !== 0) out.byte(0);
    const at = out.length;
    out.text(`##${type}`);
    out.u32(0);
    out.u64(24 + 8 * links);
    out.u64(links);
    for (let i = 0; i < links; i++) out.u64(0);
    return at;
  }

  /** Ends a block and fills in its length. */
  end(at: number): void {
    while (this.out.length % 8 !== 0) this.out.byte(0);
    this.length(at, this.out.length - at);
  }

  length(at: number, bytes: number): void {
    this.out.patch32(at + 8, bytes % 2 ** 32);
    this.out.patch32(at + 12, bytes / 2 ** 32);
  }

  link(at: number, index: number, to: number): void {
    this.out.patch32(at + 24 + 8 * index, to);
  }

  text(type: "TX" | "MD", text: string): number {
    const at = this.begin(type, 0);
    this.out.text(`${text}\0`);
    this.end(at);
    return at;
  }

  channel({ type = 0, sync = 0, dataType = 0, byte, bit = 0, bits, flags = BUS_EVENT }: ChannelSpec): number {
    const { out } = this;
    const at = this.begin("CN", 8);
    out.byte(type);
    out.byte(sync);
    out.byte(dataType);
    out.byte(bit);
    out.u32(byte);
    out.u32(bits);
    out.u32(flags);
    out.u32(0);
    out.u32(0);
    for (let i = 0; i < 6; i++) out.f64(0);
    this.end(at);
    return at;
  }
}
