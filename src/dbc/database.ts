/**
 * Databases: what is in the frames of a bus.
 *
 * @module
 */

import { checkChoice, fillOptions, type OptionTable, show } from "../check.ts";
import type { CanFilter } from "../message/filter.ts";
import { Message } from "../message/message.ts";
import { writeDbc } from "./dbc/write.ts";
import type { Decoded, DecodedMessage } from "./decode.ts";
import { type DatabaseDiagnostic, Diagnostics } from "./diagnostics.ts";
import { encodeData, type EncodeDataOptions, encodeMessage, type EncodeOptions, type SignalInputs } from "./encode.ts";
import { filtersOf } from "./filters.ts";
import type { DatabaseFormatName } from "./format.ts";
import { formatNames, formatOf } from "./formats.ts";
import type { J1939Parts } from "./identifier.ts";
import { layoutFault } from "./layout.ts";
import { type Entry, Lookup } from "./lookup.ts";
import { mergeContents } from "./merge.ts";
import type {
  AttributeDefinition,
  Attributes,
  DatabaseBitTiming,
  DatabaseContent,
  DatabaseMessage,
  DatabaseNode,
  EnvironmentVariable,
  Labels,
  RelationAttribute,
} from "./model.ts";
import { SignalValues } from "./signal_values.ts";
import { textOf } from "./text.ts";
import type { MessageTypes } from "./types.ts";

/**
 * How a database is read.
 *
 * @category Databases
 */
export interface DatabaseOptions {
  /** The file format. Default: the one that the text looks like. */
  readonly format?: DatabaseFormatName;
  /**
   * The encoding of bytes, by a label of the {@link https://encoding.spec.whatwg.org/#names-and-labels | Encoding Standard}.
   * Default: UTF-8 if the bytes are that, else Windows' code page 1252. Ignored for a string, which has none.
   */
  readonly encoding?: string;
  /**
   * Whether to throw at the first part that cannot be read, instead of skipping it with a diagnostic; and also at signals that
   * are outside of their message, or share bits with others that may be present with them. Default false.
   */
  readonly strict?: boolean;
  /**
   * Whether the identifiers of all extended frames are those of J1939, or none. Default: as the database says (`VFrameFormat`,
   * `ProtocolType`).
   */
  readonly j1939?: boolean;
}

const options: OptionTable<DatabaseOptions> = {
  format: ["string"],
  encoding: ["string"],
  strict: ["boolean", false],
  j1939: ["boolean"],
};

/**
 * A J1939 message of any length, as `J1939Socket.recv` returns it.
 *
 * @category Databases
 */
export interface J1939Payload extends Pick<J1939Parts, "pgn" | "source" | "destination"> {
  /** The data. */
  readonly data: Uint8Array;
}

/**
 * A database of messages and signals, read from a DBC, KCD or SYM file: from bytes to values and back.
 *
 * Corresponds to cantools' `Database`. It neither opens files nor buses, and runs in a browser too.
 *
 * @category Databases
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 * import { Database } from "@socketcan/bus/dbc";
 *
 * const database = Database.parse(`
 * BO_ 291 EngineData: 8 Engine
 *  SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 *  SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
 * VAL_ 291 Gear 0 "neutral" 1 "first" ;
 * `);
 * const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0x2f, 0x03, 1, 0, 0, 0, 0, 0] });
 * const decoded = database.decode(message);
 * console.log(decoded?.name, decoded?.signals.Speed.value, decoded?.signals.Gear.label); // EngineData 81.5 first
 * console.log(database.encode("EngineData", { Speed: 81.5, Gear: "first" }).equals(message, null)); // true
 * ```
 */
export class Database<Messages extends MessageTypes = MessageTypes> implements DatabaseContent {
  /** The version, a text without a form of its own; "" if there is none. */
  readonly version: string;
  /** What the file says of itself; null if it says nothing. */
  readonly comment: string | null;
  /** The bit timing, for which most files leave the place empty; null if there is none. */
  readonly bitTiming: DatabaseBitTiming | null;
  /** The nodes, in the order of the file. */
  readonly nodes: readonly DatabaseNode[];
  /** The messages, in the order of the file. */
  readonly messages: readonly DatabaseMessage[];
  /** Tables of labels that signals may share, by name. The labels of each signal are its own. */
  readonly valueTables: ReadonlyMap<string, Labels>;
  /** The environment variables. */
  readonly environmentVariables: readonly EnvironmentVariable[];
  /** The attributes of the database itself. */
  readonly attributes: Attributes;
  /** The definitions of all attributes. */
  readonly attributeDefinitions: readonly AttributeDefinition[];
  /** The attributes of nodes together with messages, signals and variables. */
  readonly relationAttributes: readonly RelationAttribute[];
  /** What could not be read: the first 1000 in the order of the file. Empty for a database that was not read from a file. */
  readonly diagnostics: readonly DatabaseDiagnostic[];
  readonly #lookup: Lookup;

  /**
   * Makes a database of plain data, such as another database with some messages changed: `{ ...database, messages }`. It is
   * taken as it is, without checks.
   *
   * @param diagnostics What could not be read of it.
   */
  constructor(content: DatabaseContent, diagnostics: readonly DatabaseDiagnostic[] = []) {
    this.version = content.version;
    this.comment = content.comment;
    this.bitTiming = content.bitTiming;
    this.nodes = content.nodes;
    this.messages = content.messages;
    this.valueTables = content.valueTables;
    this.environmentVariables = content.environmentVariables;
    this.attributes = content.attributes;
    this.attributeDefinitions = content.attributeDefinitions;
    this.relationAttributes = content.relationAttributes;
    this.diagnostics = diagnostics;
    this.#lookup = new Lookup(content.messages);
  }

  /**
   * Reads a database from the text or the bytes of a file.
   *
   * @throws {SyntaxError} With the option `strict`, something cannot be read: with line and column.
   * @throws {RangeError} An option has a value that there is not, such as an unknown encoding.
   * @throws {TypeError} An option is unknown or of the wrong type, or the source is neither a string nor bytes.
   */
  static parse<Messages extends MessageTypes = MessageTypes>(
    source: string | Uint8Array,
    given: DatabaseOptions = {},
  ): Database<Messages> {
    const { format, encoding, strict = false, j1939 } = fillOptions(
      "Database.parse",
      given,
      options,
    ) as DatabaseOptions;
    if (typeof source !== "string" && !(source instanceof Uint8Array)) {
      throw new TypeError(`Database.parse takes the text or the bytes of a file, not ${show(source)}`);
    }
    if (format !== undefined) checkChoice("format", format, formatNames);
    const text = textOf(source, encoding);
    const diagnostics = new Diagnostics(text, strict);
    const { content, placeOf } = formatOf(text, format).read(text, diagnostics);
    for (const message of strict ? content.messages : []) {
      const fault = layoutFault(message);
      if (fault) diagnostics.add(fault.reason, placeOf(fault.signal));
    }
    const messages = j1939 === undefined
      ? content.messages
      : content.messages.map((message) => ({ ...message, isJ1939: message.isExtendedId && j1939 }));
    return new Database({ ...content, messages }, diagnostics.list);
  }

  /**
   * Makes one database of several. Where several have the same, the last one's is taken: messages of the same identifier, and
   * nodes, variables, value tables and attributes of the same name. Messages that only share their names all stay.
   */
  static merge<Messages extends MessageTypes = MessageTypes>(
    ...databases: readonly DatabaseContent[]
  ): Database<Messages> {
    return new Database(mergeContents(databases));
  }

  /** Returns the message of a name; null if there is none. Of several, the first one. */
  messageByName(name: string): DatabaseMessage | null {
    return this.#lookup.byName(name)?.message ?? null;
  }

  /**
   * Returns the message of an identifier; null if there is none.
   *
   * A message of J1939 is found with any priority, source and destination. Of several with the same PGN, the one with this source
   * and destination is, else one whose source is 254, which databases give where they mean any.
   *
   * @param frameId 11 or 29 bits.
   */
  messageById(frameId: number, isExtendedId: boolean): DatabaseMessage | null {
    return this.#lookup.byId(frameId, isExtendedId)?.message ?? null;
  }

  /** Returns the node of a name; null if there is none. */
  node(name: string): DatabaseNode | null {
    return this.nodes.find((node) => node.name === name) ?? null;
  }

  /**
   * Decodes a message that was received, which `messageById` finds, or a message of a `J1939Socket`.
   *
   * @returns Null if it is not in the database, or has no data to decode: a remote, an error or a CAN XL frame.
   * @throws {TypeError} It is neither of the two.
   */
  decode(message: Message | J1939Payload): Decoded<Messages> | null {
    const decoded = this.#find(message)?.decoder.decode(message instanceof Message ? message : message.data) ?? null;
    return decoded as Decoded<Messages> | null;
  }

  /**
   * Decodes the data of a message, such as one that came by ISO-TP.
   *
   * @param name The message's name.
   * @throws {RangeError} There is no such message.
   * @throws {TypeError} The data is not bytes.
   */
  decodeData<Name extends keyof Messages & string>(
    name: Name,
    data: Uint8Array,
  ): DecodedMessage<Name, Messages[Name]> {
    if (!(data instanceof Uint8Array)) throw new TypeError(`The data of ${name} must be bytes: ${show(data)}`);
    return this.#named(name).decoder.decode(data) as DecodedMessage<Name, Messages[Name]>;
  }

  /**
   * Decodes a message as `decode` does, but only its values, and without making an object: for loggers and plots.
   *
   * @param into Takes the values, in the order of the message's `signals`.
   * @returns The message that it is; null, with `into` unchanged, where `decode` returns null.
   * @throws {RangeError} The message has more signals than `into` has room for.
   * @throws {TypeError} It is not a message.
   */
  decodeSignals(message: Message | J1939Payload, into: SignalValues): DatabaseMessage | null {
    const entry = this.#find(message);
    if (entry === undefined) return null;
    entry.decoder.decodeInto(message instanceof Message ? message : message.data, into);
    return entry.message;
  }

  /** Returns memory for `decodeSignals`, with room for every message of this database. */
  signalValues(): SignalValues {
    return new SignalValues(this.messages.reduce((most, { signals }) => Math.max(most, signals.length), 0));
  }

  /**
   * Returns a message with the values of signals: numbers in their units, or labels.
   *
   * @param name The message's name.
   * @param values By name. Signals that are not given have their start value, or the option `startValue`.
   * @throws {RangeError} There is no such message, a signal cannot have its value, or two are in different branches of a
   * multiplexer.
   * @throws {TypeError} There is no such signal or option, or one is missing or of the wrong type.
   */
  encode<Name extends keyof Messages & string>(
    name: Name,
    values: SignalInputs<Messages[Name]>,
    options?: EncodeOptions,
  ): Message {
    return encodeMessage(this.#named(name).message, values, options);
  }

  /**
   * Returns the data of a message as `encode` does, of any length, to be sent by ISO-TP or J1939.
   *
   * @throws {RangeError | TypeError} As `encode`.
   */
  encodeData<Name extends keyof Messages & string>(
    name: Name,
    values: SignalInputs<Messages[Name]>,
    options?: EncodeDataOptions,
  ): Uint8Array {
    return encodeData(this.#named(name).message, values, options);
  }

  /**
   * Returns filters for a bus that pass some messages of the database and no others. A bus takes at most 512.
   *
   * @param names Of the messages. Default: all.
   * @throws {RangeError} There is no such message.
   * @throws {TypeError} It is one name, not a list.
   */
  filters(names?: Iterable<keyof Messages & string>): CanFilter[] {
    if (typeof names === "string") throw new TypeError(`filters takes a list of names: [${show(names)}]`);
    return filtersOf(names === undefined ? this.messages : Array.from(names, (name) => this.#named(name).message));
  }

  /**
   * Returns the database as a DBC, which reads as the same database. Names of more than 32 characters, or with others than
   * letters, digits and `_`, are shortened, and stay whole in attributes (`SystemMessageLongSymbol` …), as cantools does it.
   *
   * A DBC names messages by identifier: of several with the same one, only the first keeps comments, attributes and labels.
   */
  toString(): string {
    return writeDbc(this);
  }

  #find(message: Message | J1939Payload): Entry | undefined {
    if (message instanceof Message) {
      if (message.isErrorFrame || message.isRemoteFrame || message.isXl) return undefined;
      return this.#lookup.byId(message.arbitrationId, message.isExtendedId);
    }
    if (typeof message?.pgn === "number" && message.data instanceof Uint8Array) return this.#lookup.byPgn(message);
    throw new TypeError(`A database decodes a Message, or one of a J1939Socket, not ${show(message)}`);
  }

  #named(name: string): Entry {
    const entry = this.#lookup.byName(name);
    if (entry === undefined) throw new RangeError(`The database has no message ${show(name)}`);
    return entry;
  }
}
