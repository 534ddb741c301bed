/**
 * Databases of messages and signals (DBC, KCD, SYM): from bytes to values and back. Runs anywhere, also in a browser.
 *
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 * import { Database } from "@socketcan/bus/dbc";
 *
 * const database = Database.parse(`
 * BO_ 291 EngineData: 8 Engine
 *  SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 * `);
 * console.log(`${database.encode("EngineData", { Speed: 81.5 })}`);
 * ```
 *
 * @module
 */

export { Database, type DatabaseOptions, type J1939Payload } from "./database.ts";
export type { Decoded, DecodedMessage, DecodedSignal } from "./decode.ts";
export type { DatabaseDiagnostic } from "./diagnostics.ts";
export type { EncodeDataOptions, EncodeOptions, SignalInputs } from "./encode.ts";
export type { DatabaseFormatName } from "./format.ts";
export { type J1939Parts, j1939PartsOf } from "./identifier.ts";
export type {
  AttributeDefinition,
  AttributeOwner,
  Attributes,
  AttributeValue,
  DatabaseBitTiming,
  DatabaseContent,
  DatabaseMessage,
  DatabaseNode,
  EnvironmentVariable,
  Labels,
  RelationAttribute,
  Signal,
  SignalGroup,
} from "./model.ts";
export type { SignalInput } from "./raw_value.ts";
export { SignalValues } from "./signal_values.ts";
export { type MessageTypes, type SignalType, type SignalTypes, typesOf } from "./types.ts";

// So that this entry point is enough where there is no bus, as in a browser.
export type { CanFilter } from "../message/filter.ts";
export type { MessageInit } from "../message/init.ts";
export { Message } from "../message/message.ts";
