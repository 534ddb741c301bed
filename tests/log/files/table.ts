/**
 * The files of tests/data/logs: one for every version of every format, and for every fault that readers and writers of
 * these formats are known for. What a file holds is in the file of the same name that ends with .jsonl.
 *
 * @module
 */

import type { LogFormatName, LogReadOptions } from "../../../src/log/mod.ts";

/** One file of tests/data/logs. */
export interface LogFile {
  readonly file: string;
  /** What it has, or the fault that it provokes, with the report of it: python-can#1905 is an issue of python-can. */
  readonly shows: string;
  /** Options for reading it. The time zone is UTC by default. */
  readonly read?: LogReadOptions;
  /** Every diagnostic, with its place, in order. Default: none. */
  readonly diagnostics?: readonly string[];
  /** Whether writing what the file holds gives the file itself, byte for byte; or the name of the format to write. */
  readonly written?: boolean | LogFormatName;
}

const noTime = "expected a time such as (1436509053.850870)";
const tooLarge = "arbitrationId is 2048 (0x800): it must be a whole number from 0 to 0x7ff for a standard identifier " +
  "(set isExtendedId for more)";
const noFrame = "expected a channel and an identifier such as vcan0 123#";

const candump: readonly LogFile[] = [
  {
    file: "candump_times.log",
    shows: "fractions of any length (can-utils#313, can-utils#60, can-utils PR 286), year 2611",
  },
  { file: "candump_names.log", shows: "names padded on the left, odd names, any, a comment" },
  { file: "candump_frames.log", shows: "identifiers by their width, lengths of remote frames, dots in data" },
  { file: "candump_raw_dlc.log", shows: "length codes 9 to F: _E, R8_B" },
  { file: "candump_errors.log", shows: "error frames: bit 0x20000000 of 8 digits" },
  {
    file: "candump_fd.log",
    shows: "FD flags 0 to 7, with FDF (4) and without; no data; 64 bytes; a length that FD does not have",
    diagnostics: ["line 8, column 50: CAN FD has no frames of 9 bytes: padded to 12"],
  },
  { file: "candump_xl.log", shows: "XL: VCID and priority in 5 digits, SEC, 65 bytes" },
  { file: "candump_direction.log", shows: "the suffixes R and T, and none" },
  { file: "candump_notes.log", shows: "DROPCOUNT lines of candump -d and of this library, a comment with a time" },
  {
    file: "candump_text.log",
    shows: "CR LF, Windows-1252 and UTF-8, no line end",
    diagnostics: ["line 4, column 1: the last line has no line end and may be truncated"],
  },
  {
    file: "candump_faults.log",
    shows: "lines that are no frames, each with its reason",
    diagnostics: [
      `line 2, column 12: ${noTime}`,
      `line 3, column 2: ${noTime}`,
      "line 4, column 32: expected a CAN XL frame such as 45123#81:00:12345678#11223344",
      "line 5, column 26: identifier has 4 digits: it must have 3 or 8, or 5 for CAN XL",
      "line 6, column 26: identifier 0x800 is out of range",
      "line 7, column 26: identifier 0x40000000 is out of range",
      "line 8, column 30: odd number of hexadecimal digits",
      "line 9, column 46: more than 8 bytes of data",
      "line 10, column 46: expected a length code from 9 to F after _",
      "line 11, column 32: unexpected text after the frame",
      "line 12, column 30: expected a hexadecimal digit of flags after ##",
      "line 13, column 47: CAN XL frame without data",
      `line 14, column 25: ${noFrame}`,
    ],
  },
  {
    file: "candump_written.log",
    shows:
      "what we write: 6 or 9 digits, direction only if sent (python-can#1487, cantools#625), FDF, all error classes",
    written: true,
  },
  {
    file: "screen_absolute.txt",
    shows: "candump -ta -x -e -d: direction, BRS and ESI, remote frames, texts of errors",
  },
  { file: "screen_zero.txt", shows: "candump -tz -a: times since the start, characters beside the data" },
  {
    file: "screen_delta.txt",
    shows: "candump -td: times since the frame before, which nothing in the file distinguishes from -tz",
  },
  {
    file: "screen_date.txt",
    shows: "candump -tA: local dates, in winter and summer",
    read: { timeZone: "Europe/Berlin" },
  },
  {
    file: "screen_plain.txt",
    shows: "candump without times: length codes of -8, XL, of which candump shows 64 bytes, other text, 64 bytes of FD",
    diagnostics: [
      "line 6, column 1: only 64 of 100 bytes of data are shown",
      "line 7, column 1: fewer than 2 bytes of data: 11",
      "line 8, column 1: line is not a frame: interface = can0, family = 29, type = 3, proto = 1",
    ],
  },
];

const asc: readonly LogFile[] = [
  { file: "asc_absolute.asc", shows: "version 9: 3 to 9 decimals, length codes, error frames, FD written as classic" },
  { file: "asc_relative.asc", shows: "each time counts from the event before, also from one that is no frame" },
  { file: "asc_decimal.asc", shows: "base dec with D and one channel (python-can#1169); CANFD lines stay hexadecimal" },
  {
    file: "asc_german.asc",
    shows: "a German day, 24 hours, local time, without an end",
    read: { timeZone: "Europe/Berlin" },
    diagnostics: ["line 4, column 1: the file ends within a trigger block and may be truncated"],
  },
  { file: "asc_german_march.asc", shows: "a German month in Windows-1252, CR LF", read: { timeZone: "Europe/Berlin" } },
  { file: "asc_december.asc", shows: "a German December with pm, the end of a year" },
  { file: "asc_date_fraction.asc", shows: "a fraction of one digit in the date (python-can#1136, python-can#1315)" },
  {
    file: "asc_fd.asc",
    shows: "CANFD lines: names, flags that say classic or remote (SavvyCAN#528), start (python-can#1786), error, TxRq",
  },
  { file: "asc_xl.asc", shows: "CANXL lines: XLFF, FBFF, FEFF, CBFF, CEFF, a request" },
  { file: "asc_events.asc", shows: "statistics, status, J1939TP, SV:, LIN and requests are no frames" },
  {
    file: "asc_busmaster.asc",
    shows: "BUSMASTER: base and events in one line, identifiers stay hexadecimal (can-utils#348)",
  },
  {
    file: "asc_faults.asc",
    shows: "lines that cannot be read, each with its reason",
    diagnostics: [
      "line 1, column 1: invalid date: Fri Foo 01 12:00:00.000 pm 2021",
      "line 3, column 1: unknown kind of line: what is this?",
      "line 4, column 4: invalid time: 0.1x",
      "line 5, column 16: invalid identifier: 800",
      "line 6, column 16: invalid identifier: 12345G78x",
      "line 7, column 37: expected d or r: q",
      "line 8, column 41: 0 bytes of data instead of 8",
      "line 9, column 39: invalid length code: 16",
      "line 10, column 46: 2 bytes of data instead of 4",
      "line 11, column 71: missing or invalid BRS, ESI, length code or length",
      "line 12, column 85: 2 bytes of data instead of 12",
      "line 13, column 28: unknown frame format: ABCD",
      "line 14, column 126: 2 bytes of data instead of 4",
    ],
  },
  { file: "asc_written.asc", shows: "what we write: three digits of milliseconds (python-can#1136)", written: true },
];

const trc: readonly LogFile[] = [
  { file: "trc_1_0.trc", shows: "1.0: the start is a comment, day before month; whole milliseconds, bus status" },
  { file: "trc_1_1.trc", shows: "1.1: direction, a warning, an error" },
  { file: "trc_1_2.trc", shows: "1.2: channels, microseconds" },
  { file: "trc_1_3.trc", shows: "1.3: a reserved column" },
  { file: "trc_2_0.trc", shows: "2.0: lengths in bytes (l), FB, FE and BI, ST, EC, EV, ER" },
  { file: "trc_2_1.trc", shows: "2.1: length codes (L), FB, FE and BI, ST, EC, EV, ER" },
  {
    file: "trc_faults.trc",
    shows: "headers and rows that cannot be read, each with its reason",
    diagnostics: [
      "line 1, column 1: unknown version 2.9: read as 2.1",
      "line 2, column 1: start time is not a number of days: soon",
      "line 3, column 1: missing column for the time, the identifier or the length: NTID",
      "line 5, column 14: invalid time in milliseconds: 12x3.231",
      "line 6, column 33: invalid identifier: 0800",
      "line 7, column 44: invalid length: 16",
      "line 8, column 52: 1 bytes of data instead of 2",
      "line 9, column 52: invalid byte of data: 0",
      "line 10, column 38: line is incomplete",
    ],
  },
  { file: "trc_written.trc", shows: "what we write: 2.1", written: true },
  { file: "trc_written_2_0.trc", shows: "what we write: 2.0", written: "trc-2.0" },
  { file: "trc_written_1_1.trc", shows: "what we write: 1.1", written: "trc-1.1" },
];

const tables: readonly LogFile[] = [
  { file: "csv_python.csv", shows: "python-can's columns, FD by its length, exponents" },
  {
    file: "csv_faults.csv",
    shows: "rows that cannot be read, each with its reason",
    diagnostics: [
      "line 2, column 1: invalid timestamp: now",
      "line 3, column 1: invalid arbitration_id: zz",
      "line 4, column 1: data is not valid base64: A*==",
      "line 5, column 23: 4 columns instead of the 7 of the header",
      `line 6, column 1: ${tooLarge}`,
    ],
  },
  { file: "csv_canedge.csv", shows: "the CANedge converters' columns: EDL and BRS, direction, channels" },
  { file: "csv_written.csv", shows: "what we write in python-can's columns", written: true },
  { file: "csv_full.csv", shows: "what we write with every column (python-can#2049)", written: "csv-full" },
  { file: "gvret_no_direction.csv", shows: "SavvyCAN before it had directions; no data" },
  { file: "gvret_written.csv", shows: "what we write", written: true },
  {
    file: "gvret_faults.csv",
    shows: "rows that cannot be read; short digits; FD by its length",
    diagnostics: [
      "line 2, column 1: invalid time in microseconds: -5",
      "line 3, column 1: invalid identifier: XYZ",
      "line 4, column 1: fewer than 3 bytes of data",
      "line 5, column 1: data is not hexadecimal: 00,GG",
      `line 6, column 1: ${tooLarge}`,
    ],
  },
  { file: "crtd_written.crtd", shows: "what we write", written: true },
  {
    file: "crtd_ovms.crtd",
    shows: "OVMS: version, events, records without a bus, records of other kinds",
    diagnostics: [
      "line 7, column 1: invalid identifier or data: ",
      `line 8, column 1: ${tooLarge}`,
      "line 9, column 1: invalid identifier or data: 123 1",
      "line 10, column 1: expected a time and a record type",
    ],
  },
  { file: "jsonl_written.ndjson", shows: "what we write: every kind of entry", written: true },
  {
    file: "jsonl_read.ndjson",
    shows: "what others may write, and lines that cannot be read",
    diagnostics: [
      "line 8, column 1: line is not a JSON object: not JSON",
      "line 9, column 1: line is not a JSON object: [1]",
      "line 10, column 1: invalid time of x ns",
      "line 11, column 1: arbitrationId is -1: it must be a whole number from 0 to 0x1fffffff",
      'line 12, column 1: unknown type of entry: {"type":"marker"}',
      'line 13, column 1: Message has no field "colour"',
    ],
  },
];

const blf: readonly LogFile[] = [
  {
    file: "blf_plain.blf",
    shows: "types 1, 2, 73, 86, 100, 101, 104 and 139 (python-can#1586) in a plain container, ns",
  },
  { file: "blf_compressed.blf", shows: "the same compressed, with headers of version 2 and times of 10 µs" },
  { file: "blf_header_3.blf", shows: "the same with headers of version 3 (python-can#1950)" },
  { file: "blf_no_container.blf", shows: "the same outside of containers" },
  { file: "blf_across.blf", shows: "the same across containers that end within LOBJ, a header and data" },
  { file: "blf_padding.blf", shows: "objects with 0 to 7 bytes after them (python-can#763, python-can#1186)" },
  { file: "blf_lengths.blf", shows: "length codes above 8, remote frames of every type, channels 0 and 300" },
  { file: "blf_extension.blf", shows: "data ends where the extension begins, the rest is zero (python-can#1905)" },
  { file: "blf_requests.blf", shows: "transmit requests are no frames" },
  { file: "blf_errors.blf", shows: "error codes of an SJA1000 and of Vector's controllers, errors of the kernel" },
  { file: "blf_other_objects.blf", shows: "markers, comments and texts; objects of other buses and unknown ones" },
  {
    file: "blf_endless.blf",
    shows: "an object of no size (python-can#1584, python-can#1581)",
    diagnostics: [
      "byte 144: object with the invalid size 0",
      "byte 144: skipped 12 bytes that are not an object",
    ],
  },
  {
    file: "blf_endless_outside.blf",
    shows: "the same outside of a container",
    diagnostics: [
      "byte 144: object with the invalid size 0",
      "byte 148: skipped 12 bytes that are not an object",
    ],
  },
  {
    file: "blf_faults.blf",
    shows: "containers and objects that cannot be read",
    diagnostics: [
      "byte 224: container with unknown compression method 3",
      "byte 260: container cannot be inflated: incorrect header check",
      "byte 296: object of type 1 is too short: 36 bytes",
      "byte 296: object of type 1 with a time before 1970",
      "byte 296: CAN XL frame with 0 bytes of data",
      "byte 296: skipped 12 bytes that are not an object",
    ],
  },
  {
    file: "blf_lost_container.blf",
    shows: "an object whose end is lost is not completed with the beginning of another one",
    diagnostics: [
      "byte 264: container cannot be inflated: incorrect header check",
      "byte 264: object that continues in this container is lost",
      "byte 330: skipped 28 bytes that are not an object",
    ],
  },
  {
    file: "blf_killed.blf",
    shows: "a file that ends within a container",
    diagnostics: [
      "byte 218: file ends in the middle of a block, after 70 bytes of it",
      "byte 218: the last object is truncated",
    ],
  },
  { file: "blf_killed_at_once.blf", shows: "what python-can leaves when it is killed: a header" },
  {
    file: "blf_local_time.blf",
    shows: "local times of another zone (python-can#1992, python-can#2010)",
    read: { timeZone: "Asia/Shanghai" },
  },
  { file: "blf_gzip.blf.gz", shows: "gzip" },
];

const mf4: readonly LogFile[] = [
  {
    file: "mf4_sorted.mf4",
    shows: "groups merged by time, seconds as doubles; scalar data of errors (python-can#1913)",
  },
  { file: "mf4_variable.mf4", shows: "VLSD: data in a block of values" },
  {
    file: "mf4_unfinished.mf4",
    shows: "unfinished (0x25) and unsorted: no counts, no length of the last block, values between records",
    diagnostics: ["byte 5912: the last record is truncated after 4 bytes"],
  },
  { file: "mf4_compressed.mf4", shows: "a list of blocks: compressed, transposed, plain, cut within records" },
  { file: "mf4_maximum.mf4", shows: "MLSD: data with its length in another channel; bytes of invalidation" },
  { file: "mf4_codes.mf4", shows: "no length but the length code" },
  {
    file: "mf4_places.mf4",
    shows: "channels at odd bits, big-endian, directions as text, IDE in the identifier, local time",
    read: { timeZone: "Europe/Berlin" },
  },
  {
    file: "mf4_gap.mf4",
    shows: "a block that cannot be read: its records are lost, not invented",
    diagnostics: [
      "byte 3208: compressed block cannot be inflated: incorrect header check",
    ],
  },
  {
    file: "mf4_faults.mf4",
    shows: "loops, broken compression, unknown records, a truncated one",
    diagnostics: [
      "byte 11656: list of data blocks forms a loop or is too long",
      "byte 8904: compressed block cannot be inflated: incorrect header check",
      "byte 6016: standard identifier 0x800 is greater than 0x7ff",
      "byte 6016: the last record is truncated after 3 bytes",
      "byte 3208: record with the unknown ID 9; the rest of the data group cannot be read",
    ],
  },
];

const captures: readonly LogFile[] = [
  { file: "pcap_microseconds.pcap", shows: "link type 227, microseconds; FD without FDF" },
  { file: "pcap_nanoseconds_big.pcap", shows: "big-endian, nanoseconds" },
  {
    file: "pcap_sll.pcap",
    shows: "link type 113: the identifier is little-endian, FD by the protocol",
    diagnostics: [
      "byte 207: packet of protocol 2048, which is not CAN",
    ],
  },
  {
    file: "pcap_sll2_big.pcap",
    shows: "link type 276 in a big-endian file",
    diagnostics: [
      "byte 223: packet of protocol 2048, which is not CAN",
    ],
  },
  {
    file: "pcap_ethernet.pcap",
    shows: "a capture of another bus",
    diagnostics: [
      "byte 20: packets of link type 1: it must be 227 (CAN), or 113 or 276 (cooked captures); the rest of the file " +
      "cannot be read",
    ],
  },
  {
    file: "pcap_truncated.pcap",
    shows: "a capture that ends within a packet",
    diagnostics: [
      "byte 50: file ends in the middle of a block, after 20 bytes of it",
    ],
  },
  { file: "pcap_written.pcap", shows: "what we write: nanoseconds, FDF", written: true },
  { file: "pcapng_written.pcapng", shows: "what we write: names, nanoseconds, directions, FDF", written: true },
  { file: "pcapng_little.pcapng", shows: "names, directions, comments, drops, XL, other interfaces and blocks" },
  { file: "pcapng_big.pcapng", shows: "the same big-endian" },
  { file: "pcapng_units.pcapng", shows: "if_tsresol in powers of 10 and 2, if_tsoffset, a second section" },
  {
    file: "pcapng_faults.pcapng",
    shows: "blocks and packets that cannot be read",
    diagnostics: [
      "byte 72: interface with an invalid time resolution or offset: read as microseconds",
      "byte 104: packet of interface 7, which has no description",
      "byte 152: standard identifier 0x800 is greater than 0x7ff",
      "byte 200: invalid length: 9 bytes of data in a frame of 9 bytes",
      "byte 248: invalid length: 0 bytes of data in a CAN XL frame of 12 bytes",
      "byte 296: frame of 4 bytes is shorter than its header",
      "byte 336: packet of 400 bytes does not fit in its block",
      "byte 368: enhanced packet block is too short",
      "byte 384: block with the length 48 at its beginning, but 255 at its end",
      "byte 480: block with the invalid length 3; the rest of the file cannot be read",
    ],
  },
];

const databases: readonly LogFile[] = [
  { file: "sqlite_python.db", shows: "python-can's table: times as doubles, FD by its length, no data" },
  { file: "sqlite_columns.db", shows: "columns in another order, and one more: read by their names" },
  { file: "sqlite_details.db", shows: "our second table: what python-can's columns cannot hold" },
  {
    file: "sqlite_faults.db",
    shows: "rows that cannot be read",
    diagnostics: [
      "byte 0: row 1: invalid time of soon s",
      "byte 0: row 2: invalid time of -1 s",
      `byte 0: row 3: ${tooLarge}`,
      "byte 0: row 4: data is not a BLOB: AA",
    ],
  },
  {
    file: "sqlite_other.db",
    shows: "a database of something else",
    diagnostics: [
      "byte 0: database has no table messages",
    ],
  },
];

/** All files. */
export const logFiles: readonly LogFile[] = [
  ...candump,
  ...asc,
  ...trc,
  ...tables,
  ...blf,
  ...mf4,
  ...captures,
  ...databases,
];
