/**
 * Log files: read, write, convert, record and replay.
 *
 * @example
 * ```ts
 * import { LogReader } from "@socketcan/bus/log";
 *
 * const bytes = new TextEncoder().encode("(1436509053.850870) vcan0 123#DEADBEEF\n");
 * for await (const message of LogReader.open(bytes)) console.log(`${message}`);
 * ```
 *
 * @module
 */

export { convert, type ConvertOptions, type ConvertReport } from "./convert.ts";
export type { LogDiagnostic } from "./diagnostics.ts";
export type { LogDropped, LogEntry, LogItem, LogMarker, LogNote, LogObject } from "./entry.ts";
export type { LogFormatName, LogInfo } from "./format.ts";
export type { LogReadOptions } from "./options.ts";
export { LogReader } from "./reader.ts";
export { record, type RecordOptions, type RecordReport } from "./record.ts";
export { type Replay, replay, type ReplayOptions, type ReplayReport } from "./replay.ts";
export type { LogSelection } from "./select.ts";
export type { LogInput } from "./source.ts";
export type { KeepOptions, LogWriteOptions, RotateOptions } from "./write_options.ts";
export { type LogLoss, LogWriter } from "./writer.ts";
