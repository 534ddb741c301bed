/**
 * The attributes by which DBCs say what their format has no words for. Their names are Vector's, and every tool's.
 *
 * @module
 */

import type {
  AttributeDefinition,
  AttributeOwner,
  Attributes,
  AttributeValue,
  DatabaseContent,
  DatabaseMessage,
  Signal,
} from "./model.ts";

/** The values of `VFrameFormat`. */
const frameFormats = [
  ...["StandardCAN", "ExtendedCAN", "reserved", "J1939PG", ...Array<string>(10).fill("reserved")],
  ...["StandardCAN_FD", "ExtendedCAN_FD"],
];

/** What a message's attributes say. */
type MessageWords = Pick<DatabaseMessage, "isFd" | "bitrateSwitch" | "isJ1939" | "cycleTime">;

/** What the attributes of a database say of its messages and signals. */
export class Vocabulary {
  readonly #definitions: ReadonlyMap<AttributeOwner, ReadonlyMap<string, AttributeDefinition>>;
  readonly #isJ1939Database: boolean;

  /** @param database The attributes of the database itself. */
  constructor(definitions: readonly AttributeDefinition[], database: Attributes) {
    const byOwner = Map.groupBy(definitions, ({ owner }) => owner);
    const named = (list: readonly AttributeDefinition[]) => new Map(list.map((each) => [each.name, each]));
    this.#definitions = new Map(Array.from(byOwner, ([owner, list]) => [owner, named(list)]));
    this.#isJ1939Database = this.#valueOf("database", database, "ProtocolType") === "J1939";
  }

  /** Returns what the attributes of a message say. */
  ofMessage({ attributes, isExtendedId }: Pick<DatabaseMessage, "attributes" | "isExtendedId">): MessageWords {
    const isFd = this.#frameFormatOf(attributes)?.endsWith("CAN_FD") ?? false;
    const cycle = Number(this.#valueOf("message", attributes, "GenMsgCycleTime"));
    return {
      isFd,
      bitrateSwitch: isFd && this.#switchesBitrate(attributes),
      isJ1939: isExtendedId && this.#isJ1939(attributes),
      cycleTime: cycle > 0 ? cycle / 1000 : null,
    };
  }

  /** Returns the raw value that a signal begins with. */
  startOf({ attributes }: Pick<Signal, "attributes">): number | bigint | null {
    const start = this.#valueOf("signal", attributes, "GenSigStartValue");
    return typeof start === "string" ? null : start ?? null;
  }

  /** Returns the attributes that say of a message what they do not say yet. */
  missingOf(message: DatabaseMessage): Attributes {
    const said = this.ofMessage(message);
    const { isFd, isJ1939, bitrateSwitch, cycleTime, isExtendedId } = message;
    const missing = new Map<string, AttributeValue>();
    if (said.isFd !== isFd || said.isJ1939 !== isJ1939) {
      const format = isJ1939 && !isFd ? 3 : Number(isExtendedId) + (isFd ? 14 : 0);
      missing.set("VFrameFormat", this.#isNumber("VFrameFormat") ? format : frameFormats[format]);
    }
    if (isFd && this.#switchesBitrate(message.attributes) !== bitrateSwitch) {
      const digit = Number(bitrateSwitch);
      missing.set("CANFD_BRS", this.#isNumber("CANFD_BRS") ? digit : `${digit}`);
    }
    // A multiple of 1 ns, as 0.1 * 3 * 1000 is not 300.
    if (said.cycleTime !== cycleTime) missing.set("GenMsgCycleTime", Math.round((cycleTime ?? 0) * 1e9) / 1e6);
    return missing;
  }

  #switchesBitrate(attributes: Attributes): boolean {
    return Number(this.#valueOf("message", attributes, "CANFD_BRS")) === 1;
  }

  #isNumber(name: string): boolean {
    return this.#definitions.get("message")?.get(name)?.type === "INT";
  }

  /** What a message says itself comes before what the database says of all, and that before the default for messages. */
  #isJ1939(attributes: Attributes): boolean {
    if (attributes.has("VFrameFormat")) return this.#frameFormatOf(attributes) === "J1939PG";
    return this.#isJ1939Database || this.#frameFormatOf(attributes) === "J1939PG";
  }

  #frameFormatOf(attributes: Attributes): string | undefined {
    const value = this.#valueOf("message", attributes, "VFrameFormat");
    return typeof value === "string" ? value : frameFormats[Number(value)];
  }

  #valueOf(owner: AttributeOwner, attributes: Attributes, name: string): AttributeValue | undefined {
    return attributes.get(name) ?? this.#definitions.get(owner)?.get(name)?.defaultValue ?? undefined;
  }
}

const rest = { owner: "message", minimum: null, maximum: null } as const;

/** Definitions for databases that have none. */
const standard: readonly AttributeDefinition[] = [
  { ...rest, name: "VFrameFormat", type: "ENUM", values: frameFormats, defaultValue: "StandardCAN" },
  { ...rest, name: "CANFD_BRS", type: "ENUM", values: ["0", "1"], defaultValue: "0" },
  { ...rest, name: "GenMsgCycleTime", type: "FLOAT", values: [], defaultValue: 0 },
  { ...rest, owner: "signal", name: "GenSigStartValue", type: "FLOAT", values: [], defaultValue: null },
];

/** Returns a database whose attributes say all that its messages and signals are: a DBC says it by nothing else. */
export function withAttributes(content: DatabaseContent): DatabaseContent {
  const vocabulary = new Vocabulary(content.attributeDefinitions, content.attributes);
  const used = new Set<string>();
  const extended = <T extends { readonly attributes: Attributes }>(item: T, missing: Attributes): T => {
    if (missing.size === 0) return item;
    for (const name of missing.keys()) used.add(name);
    return { ...item, attributes: new Map([...item.attributes, ...missing]) };
  };
  const messages = content.messages.map((message) => {
    const signals = message.signals.map((signal) => {
      const { startValue } = signal;
      const isSaid = startValue === null || vocabulary.startOf(signal) === startValue;
      return extended(signal, new Map(isSaid ? [] : [["GenSigStartValue", startValue]]));
    });
    return extended({ ...message, signals }, vocabulary.missingOf(message));
  });
  const { attributeDefinitions } = content;
  const added = standard.filter(({ name, owner }) =>
    used.has(name) && !attributeDefinitions.some((each) => each.name === name && each.owner === owner)
  );
  return { ...content, messages, attributeDefinitions: [...attributeDefinitions, ...added] };
}
