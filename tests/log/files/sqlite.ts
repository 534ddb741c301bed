/**
 * SQLite databases, by the statements that make them.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const MESSAGES = "CREATE TABLE messages (ts REAL, arbitration_id INTEGER, extended INTEGER, remote INTEGER, " +
  "error INTEGER, dlc INTEGER, data BLOB)";
const DETAILS = "CREATE TABLE details (message INTEGER PRIMARY KEY, ns INTEGER, json TEXT)";
const NS = 1_609_502_400_000_000_000n;

const statements: Readonly<Record<string, readonly string[]>> = {
  "sqlite_python.db": [
    MESSAGES,
    "INSERT INTO messages VALUES (1609502400.123456, 291, 0, 0, 0, 2, x'0011')",
    "INSERT INTO messages VALUES (1609502400.5, 305419896, 1, 1, 0, 4, x'')",
    "INSERT INTO messages VALUES (1609502401, 136, 0, 0, 1, 8, x'00000A1900000000')",
    "INSERT INTO messages VALUES (1609502402, 4, 1, 0, 1, 8, x'0004000000000000')",
    "INSERT INTO messages VALUES (1609502403, 18, 0, 0, 0, 12, x'000102030405060708090A0B')",
    "INSERT INTO messages VALUES (1609502404, 291, 0, 1, 0, 0, NULL)",
  ],
  "sqlite_columns.db": [
    "CREATE TABLE messages (data BLOB, channel TEXT, dlc INTEGER, error INTEGER, remote INTEGER, extended INTEGER, " +
    "arbitration_id INTEGER, ts REAL)",
    "INSERT INTO messages VALUES (x'0011', 'can7', 2, 0, 0, 1, 291, 1609502400.25)",
  ],
  "sqlite_details.db": [
    MESSAGES,
    DETAILS,
    "INSERT INTO messages VALUES (1609502400.0, 291, 0, 0, 0, 2, x'0011')",
    "INSERT INTO messages VALUES (1609502400.0, 305419896, 1, 1, 0, 8, x'')",
    "INSERT INTO messages VALUES (1609502400.0, 18, 0, 0, 0, 1, x'AA')",
    "INSERT INTO messages VALUES (1609502400.0, 291, 0, 0, 0, 4, x'11223344')",
    "INSERT INTO messages VALUES (1609502400.5, 292, 0, 0, 0, 0, x'')",
    `INSERT INTO details VALUES (1, ${NS + 1n}, '{"channel":"can0"}')`,
    `INSERT INTO details VALUES (2, ${NS + 2n}, '{"isRx":false,"len8Dlc":11,"timestampSource":"hardware"}')`,
    `INSERT INTO details VALUES (3, ${NS + 3n}, '{"isFd":true,"bitrateSwitch":true,"errorStateIndicator":true}')`,
    `INSERT INTO details VALUES (4, ${NS + 4n}, ` +
    `'{"channel":"can0","isXl":true,"vcid":69,"sdt":3,"af":305419896,"sec":true}')`,
  ],
  "sqlite_faults.db": [
    MESSAGES,
    "INSERT INTO messages VALUES ('soon', 291, 0, 0, 0, 0, x'')",
    "INSERT INTO messages VALUES (-1, 291, 0, 0, 0, 0, x'')",
    "INSERT INTO messages VALUES (1, 2048, 0, 0, 0, 0, x'')",
    "INSERT INTO messages VALUES (1, 291, 0, 0, 0, 1, 'AA')",
    "INSERT INTO messages VALUES (1609502400.0, 291, 0, 0, 0, 1, x'FF')",
  ],
  "sqlite_other.db": ["CREATE TABLE measurements (ts REAL)"],
};

/** Makes the databases in a folder. Their bytes differ from version to version of SQLite. */
export function makeSqliteFiles(folder: string): void {
  for (const [name, all] of Object.entries(statements)) {
    rmSync(`${folder}/${name}`, { force: true });
    const database = new DatabaseSync(`${folder}/${name}`);
    for (const each of ["PRAGMA page_size = 512", ...all]) database.exec(each);
    database.close();
  }
}
