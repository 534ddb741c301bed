/**
 * python-can's SQLite database: its table `messages`, and an additional table `details` for everything else.
 *
 * Source: https://python-can.readthedocs.io/en/stable/file_io.html#sqlitewriter.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { MessageInit } from "../message/init.ts";
import { Message } from "../message/message.ts";
import { addChannel } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type DecodeContext, type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { textOf } from "./lines.ts";
import { fileSystem } from "./output.ts";
import { messageOf, secondsOf } from "./plain.ts";
import type { RandomSource } from "./random.ts";
import { SIGNED_64 } from "./time.ts";

type Sqlite = typeof import("node:sqlite");

const BATCH = 1024;
/** The number of messages after which the size of the file is looked up again. */
const SIZED = 64;

function sqlite(): Sqlite {
  const builtins = globalThis as unknown as { process: { getBuiltinModule(name: "node:sqlite"): Sqlite | undefined } };
  const found = builtins.process.getBuiltinModule("node:sqlite");
  if (found === undefined) throw new TypeError("Cannot open an SQLite log: this runtime has no node:sqlite");
  return found;
}

/** A row of `messages`, joined with its row of `details` if there is one. */
interface Row {
  readonly ts: number;
  readonly arbitration_id: number;
  readonly extended: number;
  readonly remote: number;
  readonly error: number;
  readonly dlc: number;
  readonly data: Uint8Array | null;
  readonly ns?: bigint | number | null;
  readonly json?: string | null;
}

function* readSqlite(source: RandomSource, context: DecodeContext): Generator<LogItem[]> {
  const { path, remove } = pathOf(source);
  try {
    const database = openDatabase(path);
    try {
      yield* rowsOf(database, context);
      const missing = bytesMissing(source);
      if (missing > 0) {
        context.diagnostics.add(`the last ${missing} bytes of the file are missing`, { offset: source.size });
      }
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    context.diagnostics.add(`the database cannot be read: ${error.message}`, { offset: 0 });
  } finally {
    remove();
  }
}

/** Returns the number of bytes that a file lacks by its header. SQLite itself would read what is there as if it were all. */
function bytesMissing(source: RandomSource): number {
  const header = source.read(0, 100);
  if (header.length < 100) return 0;
  const view = new DataView(header.buffer, header.byteOffset);
  // The header states the size if two counters agree: very old versions of SQLite only updated the first one.
  if (view.getUint32(24) !== view.getUint32(92)) return 0;
  const page = view.getUint16(16) === 1 ? 65536 : view.getUint16(16);
  return page * view.getUint32(28) - source.size;
}

/** Whether SQLite itself reports an error: the file is damaged, or cannot be opened. */
function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

/** Opens a database for reading. */
function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync } = sqlite();
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("SELECT name FROM sqlite_master").all();
    return database;
  } catch (error) {
    database.close();
    // If the writer was killed within a transaction, SQLite rolls it back first, which needs write access.
    if (!(error instanceof Error && /readonly database/.test(error.message))) throw error;
    return new DatabaseSync(path);
  }
}

/** SQLite needs a path: bytes in memory are written to a temporary file. */
function pathOf(source: RandomSource): { path: string; remove(): void } {
  if (source.path !== undefined) return { path: source.path, remove() {} };
  const fs = fileSystem();
  const folder = fs.mkdtempSync(`${temporaryFolder()}/socketcan-`);
  const path = `${folder}/log.db`;
  fs.writeFileSync(path, source.read(0, source.size));
  return { path, remove: () => fs.rmSync(folder, { recursive: true }) };
}

function temporaryFolder(): string {
  const { process } = globalThis as unknown as { process: { env: Record<string, string | undefined> } };
  return process.env.TMPDIR ?? "/tmp";
}

function* rowsOf(database: DatabaseSync, context: DecodeContext): Generator<LogItem[]> {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all().map(({ name }) => name);
  if (!tables.includes("messages")) {
    return context.diagnostics.add("database has no table messages", { offset: 0 });
  }
  const more = tables.includes("details");
  const statement = database.prepare(
    more
      ? "SELECT m.*, d.ns, d.json FROM messages m LEFT JOIN details d ON d.message = m.rowid ORDER BY m.rowid"
      : "SELECT * FROM messages ORDER BY rowid",
  );
  statement.setReadBigInts(true);
  let batch: LogItem[] = [];
  let row = 0;
  for (const each of statement.iterate()) {
    row++;
    const found = messageOfRow(each as unknown as Row);
    if (found instanceof Message) {
      if (found.channel !== null) addChannel(context.info.channels, found.channel);
      batch.push(found);
    } else context.diagnostics.add(`row ${row}: ${found}`, { offset: 0 });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function messageOfRow(row: Row): Message | string {
  const details = detailsOf(row.json);
  if (details === null) return `invalid details: ${row.json}`;
  if (row.ns != null && typeof row.ns !== "bigint" && !Number.isSafeInteger(row.ns)) {
    return `invalid time of ${row.ns} ns`;
  }
  if (row.data !== null && !(row.data instanceof Uint8Array)) return `data is not a BLOB: ${row.data}`;
  // By its decimal digits: 1609502400.123456 is that, and not the double that is next to it.
  const timestampNs = row.ns == null ? secondsOf(`${Number(row.ts)}`) : BigInt(row.ns);
  if (timestampNs === null) return `invalid time of ${row.ts} s`;
  const data = row.data ?? new Uint8Array(0);
  const isRemoteFrame = Number(row.remote) === 1;
  const isErrorFrame = Number(row.error) === 1;
  return messageOf({
    timestampNs,
    arbitrationId: Number(row.arbitration_id),
    ...!details.isXl && { isExtendedId: Number(row.extended) === 1 && !isErrorFrame },
    isRemoteFrame,
    isErrorFrame,
    isFd: data.length > 8 && !details.isXl,
    data,
    ...isRemoteFrame && { dlc: Number(row.dlc) },
    ...details,
  });
}

/** Parses the column `json` of `details`; null if it is not an object. */
function detailsOf(json: unknown): Partial<MessageInit> | null {
  if (json === null || json === undefined) return {};
  try {
    const value: unknown = JSON.parse(String(json));
    return typeof value === "object" ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

class SqliteEncoder implements LogEncoder {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #details: StatementSync;
  readonly #pages: StatementSync;
  readonly #pageSize: number;
  #open = false;
  /** The size of the file as it was found last, and the number of times it was asked for. */
  #size = 0;
  #asked = 0;

  constructor({ path }: EncodeOptions) {
    if (path === null) throw new TypeError("Cannot write an SQLite log to a stream: it needs a file");
    this.#database = new (sqlite().DatabaseSync)(path);
    this.#database.exec(
      "CREATE TABLE IF NOT EXISTS messages (ts REAL, arbitration_id INTEGER, extended INTEGER, remote INTEGER, " +
        "error INTEGER, dlc INTEGER, data BLOB); " +
        "CREATE TABLE IF NOT EXISTS details (message INTEGER PRIMARY KEY, ns INTEGER, json TEXT)",
    );
    this.#insert = this.#database.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#details = this.#database.prepare("INSERT INTO details VALUES (?, ?, ?)");
    this.#pages = this.#database.prepare("PRAGMA page_count");
    this.#pageSize = Number(this.#database.prepare("PRAGMA page_size").get()!.page_size);
  }

  begin(): void {}

  write(item: LogItem): void {
    if (!(item instanceof Message)) return;
    if (!this.#open) this.#database.exec("BEGIN");
    this.#open = true;
    const bit = (value: boolean) => value ? 1 : 0;
    const { lastInsertRowid } = this.#insert.run(
      item.timestamp,
      item.arbitrationId,
      bit(item.isExtendedId),
      bit(item.isRemoteFrame),
      bit(item.isErrorFrame),
      item.dlc,
      item.data,
    );
    const details = {
      ...item.channel !== null && { channel: item.channel },
      ...!item.isRx && { isRx: false },
      ...item.isFd &&
        { isFd: true, bitrateSwitch: item.bitrateSwitch, errorStateIndicator: item.errorStateIndicator },
      ...item.isXl && { isXl: true, vcid: item.vcid, sdt: item.sdt, af: item.af, sec: item.sec },
      ...item.len8Dlc > 0 && { len8Dlc: item.len8Dlc },
      ...item.timestampSource !== null && { timestampSource: item.timestampSource },
    };
    this.#details.run(lastInsertRowid, item.timestampNs, JSON.stringify(details));
  }

  size(): number {
    if (this.#asked++ % SIZED === 0) this.#size = Number(this.#pages.get()!.page_count) * this.#pageSize;
    return this.#size;
  }

  flush(): void {
    if (!this.#open) return;
    this.#database.exec("COMMIT");
    this.#open = false;
  }

  end(): void {
    this.flush();
    this.#database.close();
  }
}

/** The SQLite database of python-can. */
export const sqliteLog: LogFormat = {
  name: "sqlite",
  title: "python-can SQLite database",
  extensions: [".db", ".sqlite", ".sqlite3"],
  appendable: true,
  database: true,
  capacity: {
    ...FULL,
    lastSecond: SIGNED_64,
    marker: false,
    dropped: false,
  },
  detect: (head) => textOf(head.subarray(0, 16)) === "SQLite format 3\0" ? 3 : 0,
  read: readSqlite,
  encoder: (options) => new SqliteEncoder(options),
};
