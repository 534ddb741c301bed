/**
 * What a database holds. Names are cantools' in camelCase; the attributes that DBC files use to say more of a message or a signal
 * than their format has words for (`GenMsgCycleTime`, `VFrameFormat` …) are read into fields, and stay in `attributes` too.
 *
 * @module
 */

/**
 * A value of an attribute: a number of `INT`, `HEX` and `FLOAT` (a bigint of `INT` and `HEX` beyond 2^53), a text of `STRING` and
 * `ENUM`. An index that an `ENUM` does not have stays a number.
 *
 * @category Databases
 */
export type AttributeValue = number | bigint | string;

/**
 * Attributes by name: those that were given, without the defaults of their definitions.
 *
 * @category Databases
 */
export type Attributes = ReadonlyMap<string, AttributeValue>;

/**
 * Names of raw values.
 *
 * @category Databases
 */
export type Labels = ReadonlyMap<bigint, string>;

/**
 * A signal: some bits of a message, and what they mean.
 *
 * @category Databases
 */
export interface Signal {
  /** The name of the signal. */
  readonly name: string;
  /**
   * The start bit, counted as in a DBC: bit `8 * byte + bit`, bit 0 the least significant one of a byte. The least significant
   * bit of a little-endian signal, the most significant bit of a big-endian one.
   */
  readonly start: number;
  /** Bits, 1 to 64. */
  readonly length: number;
  /** Little-endian: "Intel", `@1`. Big-endian: "Motorola", `@0`. */
  readonly byteOrder: "little-endian" | "big-endian";
  /** Whether the raw value is signed (two's complement). */
  readonly isSigned: boolean;
  /** Whether the raw value is an IEEE 754 number of 16, 32 or 64 bits. */
  readonly isFloat: boolean;
  /** The value is `raw * scale + offset`. */
  readonly scale: number;
  /** See `scale`. */
  readonly offset: number;
  /** The limits of the value; null where the database gives none (both are 0). */
  readonly minimum: number | null;
  /** See `minimum`. */
  readonly maximum: number | null;
  /** The unit of the value; "" if the database gives none. */
  readonly unit: string;
  /** Names of raw values. */
  readonly labels: Labels;
  /** The nodes that receive it, without `Vector__XXX`. */
  readonly receivers: readonly string[];
  /** The comment; null if there is none. */
  readonly comment: string | null;
  /** The attributes of the signal. */
  readonly attributes: Attributes;
  /** The raw value that it has until something sets it (`GenSigStartValue`, or its default); null if the database has none. */
  readonly startValue: number | bigint | null;
  /** Whether its value selects which other signals are present. */
  readonly isMultiplexer: boolean;
  /** The signal that selects this one, and the values (first and last, inclusive) for which it is present; null: always present. */
  readonly multiplexer: { readonly signal: string; readonly ranges: readonly (readonly [bigint, bigint])[] } | null;
}

/**
 * Signals of a message that belong together.
 *
 * @category Databases
 */
export interface SignalGroup {
  /** The name of the group. */
  readonly name: string;
  /** How often it repeats, as the file states it; usually 1. */
  readonly repetitions: number;
  /** Names of signals. */
  readonly signals: readonly string[];
}

/**
 * A message of a database: a frame's identifier, and the signals in its data.
 *
 * @category Databases
 */
export interface DatabaseMessage {
  /** The name of the message. */
  readonly name: string;
  /** 11 or 29 bits. */
  readonly frameId: number;
  /** Whether the identifier has 29 bits. */
  readonly isExtendedId: boolean;
  /** Bytes. More than 64 only in messages that a transport protocol carries. */
  readonly length: number;
  /** The nodes that send it, the first one first, without `Vector__XXX`. */
  readonly senders: readonly string[];
  /** In the order of the file. */
  readonly signals: readonly Signal[];
  /** The groups of signals. */
  readonly signalGroups: readonly SignalGroup[];
  /** The comment; null if there is none. */
  readonly comment: string | null;
  /** The attributes of the message. */
  readonly attributes: Attributes;
  /** Whether it is a CAN FD frame (`VFrameFormat`, or its default). */
  readonly isFd: boolean;
  /** Whether the data of the CAN FD frame is sent at the higher bitrate (`CANFD_BRS`, or its default). */
  readonly bitrateSwitch: boolean;
  /** Whether its identifier is one of J1939: a priority, a PGN and addresses (`VFrameFormat`, `ProtocolType`, or their defaults). */
  readonly isJ1939: boolean;
  /** Seconds from one frame to the next (`GenMsgCycleTime`, or its default, is milliseconds); null if the database gives none. */
  readonly cycleTime: number | null;
}

/**
 * A node: something that sends and receives messages, often called an ECU.
 *
 * @category Databases
 */
export interface DatabaseNode {
  /** The name of the node. */
  readonly name: string;
  /** The comment; null if there is none. */
  readonly comment: string | null;
  /** The attributes of the node. */
  readonly attributes: Attributes;
}

/**
 * What an attribute may belong to; the last three are relations.
 *
 * @category Databases
 */
export type AttributeOwner =
  | "database"
  | "node"
  | "message"
  | "signal"
  | "environment-variable"
  | "node-message"
  | "node-signal"
  | "node-environment-variable";

/**
 * Which values an attribute may have.
 *
 * @category Databases
 */
export interface AttributeDefinition {
  /** The name of the attribute. */
  readonly name: string;
  /** What has the attribute. */
  readonly owner: AttributeOwner;
  /** The type of the value, as a DBC spells it. */
  readonly type: "INT" | "HEX" | "FLOAT" | "STRING" | "ENUM";
  /** The limits of `INT`, `HEX` and `FLOAT`; null where there are none. */
  readonly minimum: number | bigint | null;
  /** See `minimum`. */
  readonly maximum: number | bigint | null;
  /** The names of an `ENUM`'s values, from 0 up. */
  readonly values: readonly string[];
  /** What it is where it is not given; null if nothing says so. */
  readonly defaultValue: AttributeValue | null;
}

/**
 * An attribute of a node together with a message that it sends, or with a signal or a variable that it receives.
 *
 * @category Databases
 */
export interface RelationAttribute {
  /** The name of the attribute. */
  readonly name: string;
  /** The name of the node. */
  readonly node: string;
  /** The name of a message; null for a relation to a variable. */
  readonly message: string | null;
  /** The name of a signal of the message; null for a relation to the message or to a variable. */
  readonly signal: string | null;
  /** The name of a variable; null for the other relations. */
  readonly environmentVariable: string | null;
  /** The value. */
  readonly value: AttributeValue;
}

/**
 * A variable of a simulation or a test: it is in no frame.
 *
 * @category Databases
 */
export interface EnvironmentVariable {
  /** The name of the variable. */
  readonly name: string;
  /** The type of the value; `data` is bytes. */
  readonly type: "integer" | "float" | "string" | "data";
  /** The lowest value. */
  readonly minimum: number;
  /** The highest value; 0 like the lowest one if there are no limits. */
  readonly maximum: number;
  /** The unit; "" if the database gives none. */
  readonly unit: string;
  /** The value at the start. */
  readonly initialValue: number;
  /** Its number in the file. */
  readonly id: number;
  /** Who may change it. */
  readonly access: "unrestricted" | "read" | "write" | "read-write";
  /** The nodes that use it, without `Vector__XXX`. */
  readonly accessNodes: readonly string[];
  /** Bytes of `data`; null for the other types. */
  readonly dataLength: number | null;
  /** Names of values. */
  readonly labels: Labels;
  /** The comment; null if there is none. */
  readonly comment: string | null;
  /** The attributes of the variable. */
  readonly attributes: Attributes;
}

/**
 * The bit timing of the bus, for which most files leave the place empty.
 *
 * @category Databases
 */
export interface DatabaseBitTiming {
  /** In bit/s. */
  readonly bitrate: number;
  /** The bit timing register 0 of an SJA1000, which a DBC calls BTR1. */
  readonly btr1: number;
  /** The bit timing register 1 of an SJA1000, which a DBC calls BTR2. */
  readonly btr2: number;
}

/**
 * All that a database holds, as plain data: what each format reads, and `Database` looks up.
 *
 * @category Databases
 */
export interface DatabaseContent {
  /** The version of the database; "" if it states none. */
  readonly version: string;
  /** The comment; null if there is none. */
  readonly comment: string | null;
  /** The bit timing; null if the file states none. */
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
  /** The definitions of attributes. */
  readonly attributeDefinitions: readonly AttributeDefinition[];
  /** The attributes of relations. */
  readonly relationAttributes: readonly RelationAttribute[];
}
