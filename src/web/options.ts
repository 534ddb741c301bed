/**
 * Options of the handler.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { checkNames, checkWhole } from "../check.ts";
import type { Database } from "../dbc/database.ts";
import type { Bitrates } from "../live/traffic.ts";
import { loopback } from "./access.ts";
import type { Finding } from "./protocol.ts";

/**
 * A database for the page.
 *
 * @category Web
 */
export interface WebDatabase {
  /** The database. */
  readonly database: Database;
  /** What the page calls it: the name of its file. */
  readonly name: string;
  /** The bus that it is for. Default: all. */
  readonly bus?: string;
}

/**
 * Options of `webHandler`.
 *
 * @category Web
 */
export interface WebOptions {
  /** The buses to show. The handler reads them, so nobody else should; it does not close them. Default: none. */
  readonly buses?: readonly MessageBus[];
  /** Recordings to show: paths of log files of every format of `@socketcan/bus/log`. Default: none. */
  readonly recordings?: readonly string[];
  /** Databases, by which frames are decoded; later ones go before earlier ones. The page can add others. Default: none. */
  readonly databases?: readonly WebDatabase[];
  /** Bitrates in bits per second, by the names of buses that do not know their own, for the load. Default: none. */
  readonly bitrates?: Readonly<Record<string, { readonly bitrate: number; readonly dataBitrate: number }>>;
  /** The path below which the page is, with a slash at both ends. Default `"/"`. */
  readonly path?: string;
  /**
   * The names by which the server may be called, without a port: `["can.local", "192.168.1.5"]`; `"*"` for any. Default: those of
   * this machine for itself, `localhost`, `127.0.0.1` and `[::1]`. Other names are refused, so that no page of another site can
   * look in by a name that it makes lead here.
   */
  readonly hosts?: readonly string[];
  /**
   * What a request must know: in the link as `?token=`, then in a cookie; or as `Authorization: Bearer`. Null for nothing, if the
   * server that the handler is mounted in has its own guard. Default: null if `hosts` has only names of this machine for itself,
   * else a random one, which the handler's property `token` has.
   */
  readonly token?: string | null;
  /** Whether the page may send frames on the buses. Default false. */
  readonly allowSend?: boolean;
  /** The folder in which the page may record the buses into logs; null: it may not. Default null. */
  readonly recordFolder?: string | null;
  /** The most frames that the trace of live buses keeps, 1024 to 2^26; about 40 bytes each. Default 1,000,000. */
  readonly traceFrames?: number;
  /** The largest database that the page may upload, in bytes. Default 16 MiB. */
  readonly databaseBytes?: number;
  /** The largest recording that the page may upload, in bytes; 0: none. Default 4 GiB. */
  readonly recordingBytes?: number;
  /** A folder for the frames of recordings, some 40 bytes each, and for uploads. Default: that of the system. */
  readonly temporaryFolder?: string;
  /** Finds out why nothing arrives, for a page that is empty. Default: none. */
  readonly doctor?: (() => readonly WebFinding[] | Promise<readonly WebFinding[]>) | null;
}

/**
 * Something that `WebOptions.doctor` finds.
 *
 * @category Web
 */
export type WebFinding = Finding;

/** `WebOptions` with all defaults filled in. */
export interface FullWebOptions extends Omit<Required<WebOptions>, "token" | "temporaryFolder" | "bitrates"> {
  readonly bitrates: Readonly<Record<string, Bitrates>>;
  readonly token: string | null | undefined;
  readonly temporaryFolder: string | undefined;
}

const names = [
  "buses",
  "recordings",
  "databases",
  "bitrates",
  "path",
  "hosts",
  "token",
  "allowSend",
  "recordFolder",
  "traceFrames",
  "databaseBytes",
  "recordingBytes",
  "temporaryFolder",
  "doctor",
];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TypeError | RangeError} An option is unknown or wrong.
 */
export function fullWebOptions(options: WebOptions): FullWebOptions {
  checkNames("webHandler", options, names);
  const { path = "/", token, hosts = loopback } = options;
  if (!/^\/(?:[^/?#]+\/)*$/.test(path)) {
    throw new RangeError(`Option path is "${path}": it must begin and end with a slash, as in "/can/"`);
  }
  if (typeof token === "string" && !/^[\w-]{8,128}$/.test(token)) {
    throw new RangeError("Option token must have 8 to 128 letters, digits, - and _");
  }
  return {
    buses: options.buses ?? [],
    recordings: options.recordings ?? [],
    databases: options.databases ?? [],
    bitrates: options.bitrates ?? {},
    path,
    hosts,
    token,
    allowSend: options.allowSend ?? false,
    recordFolder: options.recordFolder ?? null,
    traceFrames: checkWhole("Option traceFrames", options.traceFrames ?? 1_000_000, 1024, 2 ** 26),
    databaseBytes: checkWhole("Option databaseBytes", options.databaseBytes ?? 16 * 2 ** 20, 0, 2 ** 40),
    recordingBytes: checkWhole("Option recordingBytes", options.recordingBytes ?? 4 * 2 ** 30, 0, 2 ** 50),
    temporaryFolder: options.temporaryFolder,
    doctor: options.doctor ?? null,
  };
}
