/**
 * What the page and the server say to each other: types only. The page imports them in its JSDoc comments.
 *
 * All addresses are relative to the page, so that the handler can be mounted below any path.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | `GET api/events?client=ID` | | server-sent events: `hello`, `state`, `snapshot` |
 * | `POST api/view` | `View` | `Done` |
 * | `POST api/player` | `PlayerRequest` | `Done` |
 * | `GET api/trace?client=ID&from=N&count=N` | | `Trace` |
 * | `GET api/trace/at?client=ID&time=SECONDS` | | `TracePosition` |
 * | `GET api/plot?client=ID&series=KEY…&from=SECONDS&to=SECONDS&pixels=N` | | `Plot` |
 * | `GET api/plot.csv?client=ID&series=KEY…&from=SECONDS&to=SECONDS` | | text/csv |
 * | `GET api/messages?bus=NAME` | | `MessageDefinition[]` |
 * | `GET api/doctor` | | `Finding[]` |
 * | `POST api/databases?bus=NAME&name=FILE` | the file | `DatabaseState` |
 * | `DELETE api/databases?database=ID` | | `Done` |
 * | `POST api/recordings?name=FILE` | the file | `SourceState` |
 * | `DELETE api/recordings?source=ID` | | `Done` |
 * | `POST api/send` | `SendRequest` | `Sent` |
 * | `DELETE api/send?task=ID` | | `Done` |
 * | `POST api/record` | `RecordRequest` | `RecordState` |
 *
 * `client` is a name that the page makes up, 8 to 64 letters, digits, `-` and `_`; it is the same for all of its requests.
 * Bodies that are JSON have the content type `application/json`, files `application/octet-stream`; everything else is
 * refused. An error is answered with a status of 400 or more and a `Failure`.
 *
 * Times are seconds since 1970, those of the frames. Data is hexadecimal digits, two a byte. Integers beyond 2^53 are texts.
 *
 * @module
 */

/** The answer to a request that changed something. */
export interface Done {
  readonly ok: true;
}

/** The answer to a request that failed. */
export interface Failure {
  /** What is wrong and what to do, for people. */
  readonly error: string;
  /** Where an expression is wrong: the column, from 1. */
  readonly column?: number;
}

// ---- Events

/** The first event of a connection. The page answers with its `View` unless `resumed`. */
export interface Hello {
  /** Whether the server still knows the client, with its view. If not, the numbers of rows begin again. */
  readonly resumed: boolean;
  /** Seconds from the end of the connection before to this one, for which the page saw nothing; 0 at first. */
  readonly missed: number;
}

/** What there is; sent at each change, whole. */
export interface State {
  /** The version of this package. */
  readonly version: string;
  readonly sources: readonly SourceState[];
  readonly databases: readonly DatabaseState[];
  /** What this server lets its clients do. */
  readonly allowed: {
    readonly send: boolean;
    readonly record: boolean;
    /** Whether `api/doctor` answers. */
    readonly doctor: boolean;
    /** The largest files that may be uploaded, in bytes. */
    readonly databaseBytes: number;
    readonly recordingBytes: number;
  };
  /** The periodic frames. */
  readonly tasks: readonly TaskState[];
  readonly record: RecordState;
}

/** Something to look at: the live buses together (`"live"`), or a recording. */
export interface SourceState {
  readonly source: string;
  readonly kind: "live" | "recording";
  /** The name of the file; `"live"`. */
  readonly title: string;
  readonly buses: readonly string[];
  /** Recordings: the rest; of live buses null. */
  readonly recording: RecordingState | null;
}

/** A recording. While it is read, `end` and `frames` grow; what is there can be used. */
export interface RecordingState {
  /** The format, `"blf"`; "" until it is known. */
  readonly format: string;
  /** The part that has been read, 0 to 1. */
  readonly progress: number;
  /** Whether all of it has been read. */
  readonly done: boolean;
  /** Why it could not be read to its end; null if nothing is wrong. */
  readonly error: string | null;
  /** What could not be read in it, at most 20 lines, and how many there are in all. */
  readonly diagnostics: readonly string[];
  readonly skipped: number;
  /** The times of the first and the last frame read; both 0 if there is none. */
  readonly start: number;
  readonly end: number;
  readonly frames: number;
  /** Markers of the file and gaps that its recorder noted, in order; at most 1000. */
  readonly marks: readonly Mark[];
}

/** A place in a recording. */
export interface Mark {
  readonly time: number;
  /** Frames that are missing here; null for a marker. */
  readonly dropped: number | null;
  readonly text: string;
}

/** A database that is in use. */
export interface DatabaseState {
  readonly database: string;
  /** The file's name. */
  readonly name: string;
  /** The bus that it is for; "" for all. A later database goes before an earlier one. */
  readonly bus: string;
  readonly messages: number;
  /** What could not be read in it, at most 20 lines, and how many there are in all. */
  readonly diagnostics: readonly string[];
  readonly skipped: number;
}

/** Periodic frames that were started by a page. */
export interface TaskState {
  readonly task: string;
  readonly bus: string;
  /** What is sent, for people. */
  readonly text: string;
  readonly period: number;
  /** Why it ended by itself; null while it goes on. */
  readonly error: string | null;
}

/** The recording of the live buses. */
export interface RecordState {
  /** The name of the file being written; null while nothing is recorded. */
  readonly file: string | null;
  readonly frames: number;
  readonly bytes: number;
  /** Frames that are missing from it. */
  readonly dropped: number;
  readonly since: number;
  /** Why it ended, if that was not asked for; null otherwise. */
  readonly error: string | null;
}

/** What changed since the snapshot before: at most 20 a second, fewer for a client that reads slowly. */
export interface Snapshot {
  /** The time: of live buses that of the server's clock, of a recording the place that is shown. */
  readonly time: number;
  /** Snapshots that this client did not get so far, because it read too slowly. Nothing but smoothness was lost. */
  readonly skipped: number;
  /** Whether all rows that the page has are no longer valid, for another source or place is shown. `rows` is whole then. */
  readonly reset: boolean;
  /** Rows that are new to this client, or whose names changed. They come before their first values. */
  readonly definitions: readonly RowDefinition[];
  readonly rows: readonly RowValues[];
  /** Numbers of rows that the view's `where` or `search` no longer lets through. They come back in `rows`. */
  readonly hidden: readonly number[];
  /** Frames of further identifiers, for which the table has no more room; 0 nearly always. */
  readonly beyond: number;
  /** Of all buses, twice a second; otherwise absent. */
  readonly buses?: readonly BusHealth[];
  readonly trace: TraceExtent;
  /** Of a recording; null for live buses. */
  readonly player: PlayerState | null;
}

/** A row of the table: an identifier on a bus. */
export interface RowDefinition {
  /** Its number, by which `RowValues` name it. */
  readonly row: number;
  /**
   * Its name, which stays the same from one run to another: the bus encoded as by
   * `encodeURIComponent`, and the identifier as text: `"can0/123"`, `"can0/18FEF100"`; after a letter for remote frames (R), error
   * frames (E, with their classes) and CAN XL (X, with VCID and priority).
   */
  readonly key: string;
  readonly bus: string;
  readonly id: number;
  readonly extended: boolean;
  readonly kind: "data" | "remote" | "xl" | "error";
  /** The name of the message in the bus's databases; null if it is in none. */
  readonly name: string | null;
  readonly comment: string | null;
  readonly senders: readonly string[];
  /** The period that the database says, in seconds; null if it says none. */
  readonly cycleTime: number | null;
  readonly signals: readonly SignalDefinition[];
}

/** A signal as the database has it. */
export interface SignalDefinition {
  readonly name: string;
  readonly unit: string;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly comment: string | null;
  /** The bytes that it is in, first and last: to show which ones. */
  readonly bytes: readonly [first: number, last: number];
  /** Names of raw values. */
  readonly labels: readonly (readonly [raw: number | string, label: string])[];
}

/** What a row shows now. */
export interface RowValues {
  readonly row: number;
  /** Frames so far. */
  readonly count: number;
  /** The time of the last one. */
  readonly time: number;
  /** Seconds from one frame to the next, the mean of the latest; null until there are two. */
  readonly period: number | null;
  /** How much that varies: the standard deviation in seconds; null until there are two. */
  readonly jitter: number | null;
  /** The last frame. */
  readonly frame: FrameFields;
  /**
   * The bits that changed since this client's last snapshot, also those that have changed back, as a mask of as many digits as
   * the data; absent if there are none.
   */
  readonly changed?: string;
  /** For rows that the view has unfolded: its signals in the order of the definition; null for one that is not in the frame. */
  readonly values?: readonly (SignalValue | null)[];
}

/** The fields of a frame. */
export interface FrameFields {
  /** Bytes; of a remote frame those that it asks for. */
  readonly length: number;
  /** In rows at most the first 64 bytes, in the trace all. */
  readonly data: string;
  /** Flags that are set, of `"fd"`, `"brs"`, `"esi"`, `"tx"`; absent if there are none. */
  readonly flags?: readonly FrameFlag[];
  /** Of an error frame: what it says, in candump's words. */
  readonly text?: string;
  /** Of CAN XL: the other fields. */
  readonly xl?: { readonly vcid: number; readonly sdt: number; readonly af: number; readonly sec: boolean };
}

/** A flag of a frame: CAN FD, bitrate switch, error state indicator, sent by this host. */
export type FrameFlag = "fd" | "brs" | "esi" | "tx";

/** A signal's value. */
export interface SignalValue {
  readonly value: number | string;
  readonly raw: number | string;
  /** Absent if the raw value has no name. */
  readonly label?: string;
  /** Present if the value is outside the database's limits. */
  readonly outside?: true;
}

/** How a bus does. */
export interface BusHealth {
  readonly bus: string;
  /** Its controller's state: `"ERROR-ACTIVE"` …; null for a virtual bus, a vcan and a recording without error frames. */
  readonly state: string | null;
  /** Whether it is open and up; a recording's bus always is. */
  readonly up: boolean;
  /** Why it is not up, or what its receiving failed with; null if nothing is wrong. */
  readonly problem: string | null;
  /** Bits a second, and those of the data phase; null if unknown, and then so are the loads. */
  readonly bitrate: number | null;
  readonly dataBitrate: number | null;
  /** The share of the last second that the wire was in use, 0 to 1, and the most so far. */
  readonly load: number | null;
  readonly peakLoad: number | null;
  /** Frames of the last second, the most so far, and all. */
  readonly rate: number;
  readonly peakRate: number;
  readonly frames: number;
  /** Bytes of data of the last second. */
  readonly bytes: number;
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;
  /** Error frames so far. */
  readonly errorFrames: number;
  /** The latest of them, the newest last, at most 20. */
  readonly errors: readonly { readonly time: number; readonly text: string }[];
  /** Restarts after a bus-off; null if unknown. */
  readonly restarts: number | null;
  /** Frames that were lost: in the socket (this server was too slow), and in the interface (its buffer, or its driver's). */
  readonly dropped: { readonly socket: number; readonly interface: number | null };
  /** The latest losses, the newest last, at most 20: where there is a gap. */
  readonly gaps: readonly Gap[];
  /** What takes the times: the kernel, the controller; null for a recording or before the first frame. */
  readonly clock: "software" | "hardware" | null;
}

/** Frames that are missing. */
export interface Gap {
  readonly time: number;
  readonly count: number;
}

// ---- What a client looks at

/** What a client looks at. Each request replaces the fields that it has; the others stay. */
export interface View {
  readonly client: string;
  /** `"live"`, or a recording. Default: the first source. */
  readonly source?: string;
  /** An expression as of `can dump --where`: which frames the trace has, and of which rows the last frame fulfils it. "" for all. */
  readonly where?: string;
  /** A text that rows have in their names, identifiers, signals or values, case ignored. "" for all. It does not apply to the trace. */
  readonly search?: string;
  /** Keys of rows whose values are sent decoded; at most 200. */
  readonly unfolded?: readonly string[];
  /** Keys of rows that the trace leaves out; at most 1000. */
  readonly muted?: readonly string[];
  /**
   * Whether frames that the trace of live buses has now stay in it while as many again arrive, for a trace that is paused: its bound
   * is twice as large meanwhile. Default false.
   */
  readonly hold?: boolean;
  /** Series that are recorded from now on, as far as possible from earlier on: see `Plot`. At most 32. */
  readonly series?: readonly string[];
  /** Snapshots a second, 0.2 to 20; default 20. A page that is hidden asks for few. */
  readonly rate?: number;
}

/** Playing a recording. Each request changes the fields that it has. */
export interface PlayerRequest {
  readonly client: string;
  readonly playing?: boolean;
  /** How much faster than it was recorded, 0.01 to 1000; default 1. */
  readonly speed?: number;
  /** The place to go to. */
  readonly time?: number;
}

/** Where a client is in a recording. */
export interface PlayerState {
  readonly time: number;
  readonly playing: boolean;
  readonly speed: number;
  /** The number in the whole trace of the first frame that was not yet played. */
  readonly index: number;
}

// ---- Trace

/** Which frames the trace has. */
export interface TraceExtent {
  /** The number of the first frame that is kept, and the one after the last. They count the source's frames from 0. */
  readonly first: number;
  readonly end: number;
  /** The most frames that are kept; null for a recording, of which all are. */
  readonly bound: number | null;
  /**
   * If the view has `where` or `muted`: the same in the list of the frames that it lets through, which `api/trace` then takes;
   * and how many of the frames were looked through, as its index is made little by little. Null otherwise.
   */
  readonly filtered: { readonly first: number; readonly end: number; readonly scanned: number } | null;
}

/** Some frames. */
export interface Trace {
  readonly extent: TraceExtent;
  /** From the place that was asked for, or from the first that is kept; at most 1000. */
  readonly from: number;
  readonly frames: readonly TraceFrame[];
}

/** A frame of the trace. */
export interface TraceFrame extends FrameFields {
  /** Its number in the whole trace. */
  readonly index: number;
  readonly time: number;
  readonly bus: string;
  readonly id: number;
  readonly extended: boolean;
  readonly kind: RowDefinition["kind"];
  /** Frames that were lost before this one; absent if none were. */
  readonly lost?: number;
  /** The message's name, and its signals as text; absent if it is in no database. */
  readonly name?: string;
  readonly signals?: string;
}

/** The place of a time in the trace, for `from`. */
export interface TracePosition {
  readonly extent: TraceExtent;
  /** The first frame at this time or after it, in the filtered list if there is one. */
  readonly from: number;
}

// ---- Plots

/**
 * Some series in a window of time. Keys are `signal/ROW_KEY/NAME`, `load/BUS`, `rate/BUS`, `tx-errors/BUS`, `rx-errors/BUS`,
 * `error-frames/BUS` (a second), where NAME and BUS are encoded as by `encodeURIComponent`. Those of buses are always
 * recorded, those of signals while a view names them.
 */
export interface Plot {
  readonly from: number;
  readonly to: number;
  readonly series: readonly PlotSeries[];
}

/** A series, at most four points a pixel: each place where it has values has the least and the most of them. */
export interface PlotSeries {
  readonly key: string;
  readonly unit: string;
  /** Times in ascending order. */
  readonly times: readonly number[];
  /** Null where there is a gap. */
  readonly minimums: readonly (number | null)[];
  readonly maximums: readonly (number | null)[];
  /** The first and the last time of which there is anything, in all; both null if there is none. */
  readonly first: number | null;
  readonly last: number | null;
  /** The part of a recording that was looked through for it, 0 to 1; 1 for live buses. */
  readonly progress: number;
}

// ---- The rest

/** A message of a bus's databases, to send it. */
export interface MessageDefinition {
  readonly name: string;
  readonly id: number;
  readonly extended: boolean;
  readonly length: number;
  readonly fd: boolean;
  readonly cycleTime: number | null;
  readonly comment: string | null;
  readonly signals: readonly SignalDefinition[];
}

/** Something that `can doctor` found. */
export interface Finding {
  /** `problem`: it does not work; `warning`: it may not. */
  readonly level: "ok" | "warning" | "problem";
  /** What was examined: an interface, the kernel. */
  readonly subject: string;
  readonly text: string;
  /** What follows from it. */
  readonly meaning?: string;
  /** The command that mends it. */
  readonly fix?: string;
}

/** A frame to send, given by its fields or by a database. */
export interface SendRequest {
  readonly bus: string;
  /** By its fields. */
  readonly frame?: {
    readonly id: number;
    readonly extended: boolean;
    readonly remote?: boolean;
    readonly fd?: boolean;
    readonly brs?: boolean;
    /** Of a remote frame: the length that it asks for. */
    readonly length?: number;
    readonly data?: string;
  };
  /** By a message of the bus's databases: its signals' values or labels. */
  readonly message?: { readonly name: string; readonly signals: Readonly<Record<string, number | string>> };
  /** Seconds from one to the next: send periodically, until the task is deleted. Absent: send once. */
  readonly period?: number;
  /** A task whose data is to be replaced, instead of starting another. */
  readonly task?: string;
}

/** What was sent. */
export interface Sent {
  /** The data that it has. */
  readonly data: string;
  /** The periodic task; null for a single frame. */
  readonly task: string | null;
}

/** Starts or ends a recording, or writes a mark into it. */
export type RecordRequest =
  | {
    readonly action: "start";
    /** The file's name, with the ending of a format, in the folder that the server was given. Default: one with date and time. */
    readonly name?: string;
    /** Default: all buses. */
    readonly buses?: readonly string[];
  }
  | { readonly action: "stop" }
  | { readonly action: "mark"; readonly text: string };
