/**
 * Random databases.
 *
 * @module
 */

import { draftMessage, draftSignal } from "../../src/dbc/draft.ts";
import type {
  AttributeDefinition,
  AttributeOwner,
  Attributes,
  AttributeValue,
  DatabaseContent,
  DatabaseMessage,
  EnvironmentVariable,
  Labels,
  RelationAttribute,
  Signal,
} from "../../src/dbc/model.ts";
import { type Below, oneOf } from "./random.ts";

/** Parts of texts that are most likely to be written or read wrongly. */
const pieces = [
  "a",
  "°",
  '"',
  "\\",
  "\\\\",
  '\\"',
  "\n",
  "\r\n",
  ";",
  "BO_ 1 ",
  " SG_ x",
  "//",
  "",
  " ",
  ",",
  "€",
  "𝄞",
  "1",
];

/** Returns any text. */
export function randomText(below: Below): string {
  return Array.from({ length: below(6) }, () => oneOf(below, ...pieces)).join("");
}

/** Returns a name that is not among some, now and then one that a DBC cannot have as it is. */
function randomName(below: Below, taken: Set<string>): string {
  const letters = "abcXYZ_019";
  for (;;) {
    const short = Array.from({ length: 1 + below(4) }, () => letters[below(letters.length)]).join("");
    const name = oneOf(
      below,
      short,
      short,
      short,
      `n${short}`.padEnd(30 + below(6), "n"),
      "BO_",
      "Vector__XXX",
      `${short} ${short}`,
      `ä${short}.`,
    );
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function randomNumber(below: Below): number {
  const whole = below(2001) - 1000;
  return oneOf(below, 0, 1, whole, whole / 100, whole / 3, whole * 1e30, whole / 1e30, 2 ** below(60)) + 0;
}

function randomLabels(below: Below, length = 8): Labels {
  const count = oneOf(below, 0, 0, 0, 1, 3);
  const value = () => oneOf(below, BigInt(below(1 << Math.min(length, 30))), -BigInt(below(100)), 2n ** 64n - 1n);
  return new Map(Array.from({ length: count }, () => [value(), randomText(below)]));
}

const owners: readonly AttributeOwner[] = [
  ...["database", "node", "message", "signal", "environment-variable"] as const,
  ...["node-message", "node-signal", "node-environment-variable"] as const,
];

function randomDefinitions(below: Below): AttributeDefinition[] {
  const names = new Set<string>();
  return Array.from({ length: below(12) }, (): AttributeDefinition => {
    const type = oneOf<AttributeDefinition["type"]>(below, "INT", "HEX", "FLOAT", "STRING", "ENUM");
    const definition = {
      name: randomName(below, names),
      owner: oneOf(below, ...owners),
      type,
      minimum: null,
      maximum: null,
    };
    if (type === "ENUM") {
      const values = Array.from({ length: 1 + below(4) }, (_, index) => `${index}${randomText(below)}`);
      return { ...definition, type, values, defaultValue: oneOf(below, null, ...values) };
    }
    if (type === "STRING") {
      return { ...definition, type, values: [], defaultValue: oneOf(below, null, randomText(below)) };
    }
    const limits = oneOf(below, {}, { minimum: -1 - below(9), maximum: randomNumeric(below, type) });
    return { ...definition, ...limits, type, values: [], defaultValue: oneOf(below, null, randomNumeric(below, type)) };
  });
}

function randomNumeric(below: Below, type: AttributeDefinition["type"]): number | bigint {
  return type === "FLOAT"
    ? randomNumber(below)
    : oneOf<number | bigint>(below, below(2001) - 1000, -(2n ** 63n), 2n ** 53n);
}

function randomValue(below: Below, { type, values }: AttributeDefinition): AttributeValue {
  if (type === "ENUM") return oneOf(below, ...values);
  return type === "STRING" ? randomText(below) : randomNumeric(below, type);
}

/** Returns values of some of the attributes that a kind of owner may have. */
function randomAttributes(
  below: Below,
  definitions: readonly AttributeDefinition[],
  owner: AttributeOwner,
): Attributes {
  const chosen = definitions.filter((definition) => definition.owner === owner && below(2) === 0);
  return new Map(chosen.map((definition) => [definition.name, randomValue(below, definition)]));
}

/** Returns a signal without a multiplexer, within a message of some bytes. */
function randomSignal(below: Below, name: string, bytes: number): Signal {
  const [length, isFloat] = oneOf(below, [1 + below(64), false], [1 + below(8), false], [
    oneOf(below, 16, 32, 64),
    true,
  ]);
  const limits = oneOf(below, {}, { minimum: -1 - below(9), maximum: 1 + randomNumber(below) ** 2 });
  return draftSignal({
    ...{ name, length, isFloat, ...limits, unit: oneOf(below, "", "km/h", "°C", '"') },
    start: below(8 * bytes),
    byteOrder: oneOf(below, "little-endian", "big-endian"),
    isSigned: below(2) === 0,
    scale: oneOf(below, 1, 0.1, -0.25, randomNumber(below)),
    offset: oneOf(below, 0, randomNumber(below)),
    labels: randomLabels(below, length),
    comment: oneOf(below, null, null, randomText(below)),
  });
}

/** Returns signals of which some select others, with single values, ranges and branches of branches. */
function multiplexed(below: Below, signals: readonly Signal[]): Signal[] {
  const done: Signal[] = [];
  const isExtended = below(2) === 0;
  for (const signal of signals) {
    const multiplexers = done.filter(({ isMultiplexer }) => isMultiplexer);
    const isMultiplexer = (isExtended || multiplexers.length === 0) && below(3) === 0;
    const multiplexer = multiplexers.length === 0 || below(2) === 0 ? null : oneOf(below, ...multiplexers);
    const range = () => [BigInt(below(20)), BigInt(20 + below(20))] as const;
    const value = BigInt(below(50));
    const ranges = isExtended
      ? oneOf(below, [range()], [range(), range()], [[-5n, 5n] as const])
      : [[value, value] as const];
    done.push({ ...signal, isMultiplexer, multiplexer: multiplexer && { signal: multiplexer.name, ranges } });
  }
  return done;
}

/** Returns a database with anything in it that a DBC can hold. */
export function randomDatabase(below: Below): DatabaseContent {
  const definitions = randomDefinitions(below);
  const nodeNames = new Set<string>();
  const nodes = Array.from({ length: below(5) }, () => ({
    name: randomName(below, nodeNames),
    comment: oneOf(below, null, randomText(below)),
    attributes: randomAttributes(below, definitions, "node"),
  }));
  const someNodes = () => nodes.map(({ name }) => name).filter(() => below(3) === 0);
  const names = new Set<string>();
  const identifiers = new Set<string>();
  const messages: DatabaseMessage[] = [];
  while (messages.length < below(8)) {
    const isExtendedId = below(2) === 0;
    const frameId = below(isExtendedId ? 0x2000_0000 : 0x800);
    if (identifiers.has(`${frameId} ${isExtendedId}`)) continue;
    identifiers.add(`${frameId} ${isExtendedId}`);
    const length = oneOf(below, 8, 8, 64, 1785);
    const own = new Set<string>();
    const signals = Array.from({ length: below(8) }, () => randomSignal(below, randomName(below, own), length));
    const isFd = below(4) === 0;
    messages.push({
      ...draftMessage({ name: randomName(below, names), frameId, isExtendedId, length }),
      ...{ isFd, bitrateSwitch: isFd && below(2) === 0, isJ1939: isExtendedId && !isFd && below(3) === 0 },
      cycleTime: oneOf(below, null, 0.1, 0.3, below(4000) / 4 / 1000 || null),
      senders: someNodes(),
      comment: oneOf(below, null, randomText(below)),
      attributes: randomAttributes(below, definitions, "message"),
      signals: multiplexed(below, signals).map((signal) => ({
        ...signal,
        receivers: someNodes(),
        attributes: randomAttributes(below, definitions, "signal"),
      })),
      signalGroups: below(3) > 0
        ? []
        : [{ name: "group", repetitions: 1, signals: [...own].filter(() => below(2) === 0) }],
    });
  }
  const variableNames = new Set<string>();
  const environmentVariables = Array.from({ length: below(4) }, (): EnvironmentVariable => {
    const type = oneOf(below, "integer", "float", "string", "data");
    return {
      ...{ name: randomName(below, variableNames), type, minimum: randomNumber(below), maximum: randomNumber(below) },
      ...{ unit: randomText(below), initialValue: randomNumber(below), id: below(100), accessNodes: someNodes() },
      ...{ access: oneOf(below, "unrestricted", "read", "write", "read-write"), labels: randomLabels(below) },
      ...{ dataLength: type === "data" ? below(100) : null, comment: oneOf(below, null, randomText(below)) },
      attributes: randomAttributes(below, definitions, "environment-variable"),
    };
  });
  const bitTiming = { bitrate: 1000 * below(1000), btr1: below(256), btr2: below(256) };
  return {
    ...{
      version: randomText(below),
      comment: oneOf(below, null, randomText(below)),
      bitTiming: oneOf(below, null, bitTiming),
    },
    ...{ nodes, messages, environmentVariables, attributeDefinitions: definitions },
    valueTables: new Map(Array.from({ length: below(3) }, (_, i) => [`table${i}`, randomLabels(below)])),
    attributes: randomAttributes(below, definitions, "database"),
    relationAttributes: randomRelations(below, definitions, nodes, messages, environmentVariables),
  };
}

function randomRelations(
  below: Below,
  definitions: readonly AttributeDefinition[],
  nodes: readonly { readonly name: string }[],
  messages: readonly DatabaseMessage[],
  variables: readonly EnvironmentVariable[],
): RelationAttribute[] {
  if (nodes.length === 0) return [];
  return definitions.flatMap((definition): RelationAttribute[] => {
    const { name, owner } = definition;
    const to = { name, node: oneOf(below, ...nodes).name, value: randomValue(below, definition) };
    const none = { message: null, signal: null, environmentVariable: null };
    const message = messages.length === 0 ? null : oneOf(below, ...messages);
    if (owner === "node-message" && message) return [{ ...to, ...none, message: message.name }];
    if (owner === "node-signal" && message && message.signals.length > 0) {
      return [{ ...to, ...none, message: message.name, signal: oneOf(below, ...message.signals).name }];
    }
    const isVariable = owner === "node-environment-variable" && variables.length > 0;
    return isVariable ? [{ ...to, ...none, environmentVariable: oneOf(below, ...variables).name }] : [];
  });
}
