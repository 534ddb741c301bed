/**
 * Reading Vector ASC files: see `asc.ts`.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_PRIO_MASK,
  CANXL_SEC,
  CANXL_VCID_OFFSET,
  fdLengths,
  FRAME_DATA,
} from "../kernel/can.ts";
import { parseAscDate } from "./asc_date.ts";
import { BRS, ESI, FDF, RTR, SEC } from "./asc_flags.ts";
import type { LogItem } from "./entry.ts";
import { noteOfText } from "./notes.ts";
import { TimedScanner } from "./timed_lines.ts";

const [ZERO, NINE, DOT, SPACE, D, E, R, T, X] = [..."09. DERTX"].map((each) => each.charCodeAt(0));
/** The bit by which small letters differ from capital ones. */
const SMALL = 0x20;

/** Reads Vector ASC files. Methods that take something of a line also take the blanks behind it. */
export class AscDecoder extends TimedScanner {
  /** The base of the numbers in lines of classic frames. */
  #base = 16;
  #relative = false;
  /** Whether an event was read: a trigger block that begins later does not change the start of the times. */
  #began = false;
  /** Whether the last trigger block has not ended. */
  #open = false;
  /** The length code and the length of the frame in the current line. */
  #code = 0;
  #length = 0;

  protected override scan(items: LogItem[]): void {
    const { cursor } = this;
    cursor.blanks();
    if (cursor.isEnd) return;
    if (cursor.byte < ZERO || cursor.byte > NINE) {
      cursor.at = this.lineEnd();
      this.#text(this.textFrom(this.from).trim(), items);
    } else if (this.#time()) this.#event(items);
  }

  /** Reads a line that is not an event: a header line, a comment, the beginning or the end of a trigger block. */
  #text(line: string, items: LogItem[]): void {
    const { info } = this.context;
    if (line.startsWith("//")) {
      const text = line.slice(2).trim();
      const version = /^version (\S+)$/.exec(text)?.[1];
      if (version !== undefined) info.version = version;
      else if (!this.channels.declareByText(text)) items.push(noteOfText(text, null));
      return;
    }
    const base = /^base\s+(hex|dec)/i.exec(line)?.[1];
    if (base !== undefined) {
      this.#base = base.toLowerCase() === "dec" ? 10 : 16;
      this.#relative = /timestamps\s+relative/i.test(line);
      return;
    }
    if (/^(begin|end)\s+triggerblock/i.test(line)) this.#open = /^begin/i.test(line);
    const date = /^(?:date|begin\s+triggerblock)\s+(.+)$/is.exec(line)?.[1];
    if (date !== undefined) {
      const start = parseAscDate(date, this.context.zone);
      if (start === null) this.diagnose(`invalid date: ${date}`, this.from);
      else if (!this.#began) this.begin(start);
      return;
    }
    if (/^(no\s+)?internal\s+events\s+logged|^end\s+triggerblock/i.test(line)) return;
    this.diagnose(`unknown kind of line: ${line.slice(0, 80)}`, this.from);
  }

  override end(items: LogItem[]): void {
    super.end(items);
    if (this.#open) this.doubt("the file ends within a trigger block and may be truncated");
  }

  protected override begin(startNs: bigint): void {
    super.begin(startNs);
    this.setTime(this.start.seconds, this.start.nanoseconds); // to which the first relative time is added
  }

  /** Returns false if the time is invalid. */
  #time(): boolean {
    const { cursor } = this;
    const from = cursor.at;
    const seconds = cursor.decimal();
    let nanoseconds = 0;
    if (cursor.byte === DOT) {
      cursor.at++;
      nanoseconds = cursor.fraction(9);
    }
    if (cursor.byte > SPACE || seconds >= 2 ** 40) {
      cursor.word();
      this.diagnose(`invalid time: ${this.textFrom(from)}`, from);
      return false;
    }
    cursor.blanks();
    this.#began = true;
    if (this.#relative) this.setTime(this.seconds + seconds, this.nanoseconds + nanoseconds);
    else this.setTime(this.start.seconds + seconds, this.start.nanoseconds + nanoseconds);
    return true;
  }

  #event(items: LogItem[]): void {
    const { cursor } = this;
    if (cursor.isEnd) return;
    if (cursor.byte >= ZERO && cursor.byte <= NINE) return this.#classic(items);
    const kind = this.#word();
    if (kind === "CANFD") this.#fd(items);
    else if (kind === "CANXL") this.#xl(items);
    else this.#object(kind, items);
  }

  #object(kind: string, items: LogItem[]): void {
    if (kind === "Start" || kind === "Stop") return; // of measurement
    items.push({ type: "object", kind: kind.replace(/:$/, ""), timestampNs: this.timestampNs });
  }

  /** `1 123x Rx d 8 00 …`, `1 123 Tx r 4`, `1 ErrorFrame …`. */
  #classic(items: LogItem[]): void {
    const { cursor } = this;
    const from = cursor.at;
    const channel = cursor.number(10);
    if (channel < 0) return this.#invalid("channel", from);
    cursor.blanks();
    if (this.#isError()) return this.error(channel, items);
    const identifier = cursor.at;
    const id = this.#identifier(this.#base);
    const direction = this.#direction();
    if (direction < 0 || cursor.isEnd) {
      // Statistics, the status of the controller, and transmit requests are not frames.
      cursor.at = identifier;
      const [first, second] = [this.#word(), this.#word()];
      return this.#object(second.length === 4 && !cursor.isEnd ? second : first, items);
    }
    if (id < 0) return this.#invalid("identifier", identifier);
    const kind = cursor.byte & ~SMALL;
    if (kind !== D && kind !== R) {
      const from = cursor.at;
      return this.diagnose(`expected d or r: ${this.word()}`, from);
    }
    cursor.skip();
    if (kind === D) return this.#classicData(id, channel, direction, items);
    const asked = cursor.number(16);
    const code = asked >= 0 && asked <= CAN_MAX_RAW_DLC ? asked : 0;
    this.records.begin(CAN_MTU);
    this.#frame(id | CAN_RTR_FLAG, Math.min(code, CAN_MAX_DLEN), code, channel, direction, items);
  }

  #classicData(id: number, channel: number, direction: number, items: LogItem[]): void {
    const { cursor } = this;
    const from = cursor.at;
    // A single digit is hexadecimal; some programs write 10 to 15 in decimal.
    const code = cursor.number(cursor.bytes[from + 1] > SPACE ? 10 : 16);
    if (code < 0 || code > CAN_MAX_RAW_DLC) return this.#invalid("length code", from);
    const { records } = this;
    records.begin(code > CAN_MAX_DLEN ? CANFD_MTU : CAN_MTU);
    const there = cursor.numberBytes(this.#base, fdLengths[code], records.bytes, FRAME_DATA);
    const length = there > CAN_MAX_DLEN ? fdLengths[code] : Math.min(code, CAN_MAX_DLEN);
    if (there < length) this.diagnose(`${there} bytes of data instead of ${length}`);
    else if (length > CAN_MAX_DLEN) this.#fdFrame(id, length, 0, channel, direction, items);
    else this.#frame(id, length, code, channel, direction, items);
  }

  /** `CANFD 1 Rx 123 [name] BRS ESI DLC length data duration length flags …`. */
  #fd(items: LogItem[]): void {
    const { cursor } = this;
    const channel = this.#number(10);
    const from = cursor.at;
    const direction = this.#direction();
    // Some versions mark the start of measurement as such a line.
    if (channel < 0 || cursor.isEnd) return this.#object("CANFD", items);
    if (this.#isError()) return this.error(channel, items);
    if (direction < 0) return this.#objectAt(from, items);
    const identifier = cursor.at;
    const id = this.#identifier(16);
    if (id < 0) return this.#invalid("identifier", identifier);
    const head = cursor.at;
    let bits = this.#fdHead();
    if (bits < 0) {
      cursor.at = head;
      cursor.skip(); // the name
      bits = this.#fdHead();
      if (bits < 0) return this.diagnose("missing or invalid BRS, ESI, length code or length", head);
    }
    this.records.begin(CANFD_MTU);
    if (!this.#data(FRAME_DATA)) return;
    const flags = this.#flags(2, FDF);
    if (flags < 0) return;
    if (flags & BRS) bits |= CANFD_BRS;
    if (flags & ESI) bits |= CANFD_ESI;
    if ((flags & (FDF | RTR)) === FDF || (this.#length > CAN_MAX_DLEN && (flags & RTR) === 0)) {
      return this.#fdFrame(id, this.#length, bits, channel, direction, items);
    }
    this.#eitherFrame(id, flags, channel, direction, items);
  }

  /** Takes BRS, ESI, a length code and a length. Returns the flags of the frame; -1 if something else is there. */
  #fdHead(): number {
    const [brs, esi] = [this.#bit(), this.#bit()];
    return brs < 0 || esi < 0 || !this.#lengths(CANFD_MAX_DLEN) ? -1 : brs * CANFD_BRS | esi * CANFD_ESI;
  }

  /** `CANXL 1 Rx XLFF duration bits ID [name] SDT SEC DLC length SBC PCRC VCID AF data FCRC flags …`, also for FD and classic. */
  #xl(items: LogItem[]): void {
    const { cursor } = this;
    const channel = this.#number(10);
    const from = cursor.at;
    const direction = this.#direction();
    if (channel < 0 || cursor.isEnd) return this.#object("CANXL", items);
    if (direction < 0) return this.#objectAt(from, items);
    const kind = cursor.at;
    const form = this.#word();
    const isXl = form === "XLFF";
    const isFd = form === "FBFF" || form === "FEFF";
    if (!isXl && !isFd && form !== "CBFF" && form !== "CEFF") {
      return this.diagnose(`unknown frame format: ${form}`, kind);
    }
    cursor.skip(); // the duration
    cursor.skip(); // the number of bits
    const identifier = cursor.at;
    const id = this.#identifier(16);
    if (id < 0) return this.#invalid("identifier", identifier);
    if (isXl) return this.#xlFrame(id, channel, direction, items);
    const head = cursor.at;
    const most = isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
    if (!this.#lengths(most)) {
      cursor.at = head;
      cursor.skip(); // the name
      if (!this.#lengths(most)) return this.diagnose("missing or invalid length code or length", head);
    }
    this.records.begin(CANFD_MTU);
    if (!this.#data(FRAME_DATA)) return;
    // The data is followed by the stuff bit count (FD frames only), the checksum, and the flags.
    const flags = this.#flags(isFd ? 2 : 1, 0);
    if (flags < 0) return;
    if (!isFd) return this.#eitherFrame(id, flags, channel, direction, items);
    const bits = (flags & BRS ? CANFD_BRS : 0) | (flags & ESI ? CANFD_ESI : 0);
    this.#fdFrame(id, this.#length, bits, channel, direction, items);
  }

  #xlFrame(priority: number, channel: number, direction: number, items: LogItem[]): void {
    const { cursor } = this;
    const head = cursor.at;
    let [sdt, sec] = this.#xlHead();
    if (sec < 0) {
      cursor.at = head;
      cursor.skip(); // the name
      [sdt, sec] = this.#xlHead();
      if (sec < 0) return this.diagnose("missing or invalid SDU type, SEC, length code or length", head);
    }
    const length = this.#length;
    cursor.skip(); // the stuff bit count
    cursor.skip(); // the checksum of the head
    const [vcid, af] = [this.#number(16), this.#number(16)];
    if (sdt > 255 || vcid < 0 || vcid > 255 || af < 0 || af > 0xffffffff || priority > CANXL_PRIO_MASK) {
      return this.diagnose("SDU type, VCID, acceptance field or priority out of range for CAN XL", head);
    }
    const { records } = this;
    records.begin(CANXL_HDR_SIZE + length);
    if (!this.#data(CANXL_HDR_SIZE)) return;
    const flags = this.#flags(1, 0);
    if (flags < 0) return;
    const word = priority | vcid << CANXL_VCID_OFFSET;
    records.xl(word, flags & SEC || sec === 1 ? CANXL_SEC : 0, sdt, length, af);
    this.finish(CANXL_HDR_SIZE + length, channel, direction === 1, items);
  }

  /** Takes an SDU type, SEC, a length code and a length. Returns the first two; [-1, -1] if something else is there. */
  #xlHead(): [sdt: number, sec: number] {
    const [sdt, sec, code, length] = [this.#number(16), this.#bit(), this.#number(16), this.#number(10)];
    this.#length = length;
    const valid = sdt >= 0 && sec >= 0 && length >= 1 && length <= CANXL_MAX_DLEN && code === length - 1;
    return valid ? [sdt, sec] : [-1, -1];
  }

  /** Takes a length code and a length in bytes. Returns false if something else is there. */
  #lengths(most: number): boolean {
    this.#code = this.#number(16);
    this.#length = this.#number(10);
    return this.#code >= 0 && this.#code <= CAN_MAX_RAW_DLC && this.#length >= 0 && this.#length <= most;
  }

  /** Takes the data of the frame. Returns false if it is invalid. */
  #data(to: number): boolean {
    const { cursor } = this;
    const there = cursor.numberBytes(16, this.#length, this.records.bytes, to);
    if (there === this.#length) return true;
    if (cursor.isEnd) this.diagnose(`${there} bytes of data instead of ${this.#length}`);
    else this.#invalid("byte of data", cursor.at);
    return false;
  }

  /** Skips words behind the data, and takes the message flags; `absent` if the line ends before. -1 if they are invalid. */
  #flags(skipped: number, absent: number): number {
    const { cursor } = this;
    for (let i = 0; i < skipped; i++) cursor.skip();
    if (cursor.isEnd) return absent;
    const from = cursor.at;
    const flags = cursor.number(16);
    if (flags < 0) this.#invalid("message flags", from);
    return flags;
  }

  /** Builds a classic frame of a line for all kinds of frames: the flags say whether it is a remote frame. */
  #eitherFrame(id: number, flags: number, channel: number, direction: number, items: LogItem[]): void {
    const code = this.#code;
    if ((flags & RTR) === 0) this.#frame(id, this.#length, code, channel, direction, items);
    else this.#frame(id | CAN_RTR_FLAG, Math.min(code, CAN_MAX_DLEN), code, channel, direction, items);
  }

  /** Builds a classic frame. Its data is in memory. */
  #frame(word: number, length: number, code: number, channel: number, direction: number, items: LogItem[]): void {
    this.records.classic(word, length, code);
    this.finish(CAN_MTU, channel, direction === 1, items);
  }

  #fdFrame(word: number, length: number, bits: number, channel: number, direction: number, items: LogItem[]): void {
    this.records.fd(word, length, bits);
    this.finish(CANFD_MTU, channel, direction === 1, items);
  }

  /** Whether an error frame is here. */
  #isError(): boolean {
    const { bytes, at } = this.cursor;
    if (bytes[at] !== E || (bytes[at + 1] & ~SMALL) !== R) return false; // no identifier begins so
    const isError = this.word().startsWith("ErrorFrame");
    this.cursor.at = at;
    return isError;
  }

  /** Returns 0 for Rx, 1 for Tx, -1 for anything else. */
  #direction(): number {
    const { bytes, at } = this.cursor;
    const letter = bytes[at] & ~SMALL;
    const valid = (letter === R || letter === T) && (bytes[at + 1] & ~SMALL) === X && bytes[at + 2] <= SPACE;
    this.cursor.skip();
    return valid ? Number(letter === T) : -1;
  }

  /** Returns an identifier with its flag; -1 if it is invalid. */
  #identifier(base: number): number {
    const { cursor } = this;
    const from = cursor.at;
    const id = base === 16 ? cursor.hex() : cursor.decimal();
    const digits = cursor.at - from;
    const extended = (cursor.byte & ~SMALL) === X;
    if (extended) cursor.at++;
    const valid = digits > 0 && cursor.byte <= SPACE && id <= (extended ? CAN_EFF_MASK : CAN_SFF_MASK);
    cursor.skip();
    return valid ? (extended ? id + CAN_EFF_FLAG : id) : -1;
  }

  #objectAt(from: number, items: LogItem[]): void {
    this.cursor.at = from;
    this.#object(this.word(), items);
  }

  /** Reports that the word at an offset is invalid. */
  #invalid(what: string, from: number): void {
    this.cursor.at = from;
    this.diagnose(`invalid ${what}: ${this.word()}`, from);
  }

  /** Returns 0 or 1; -1 for anything else. */
  #bit(): number {
    const value = this.#number(2);
    return value > 1 ? -1 : value;
  }

  #number(base: number): number {
    const value = this.cursor.number(base);
    this.cursor.blanks();
    return value;
  }

  #word(): string {
    const word = this.word();
    this.cursor.blanks();
    return word;
  }
}
