/**
 * KCD, the XML format of Kayak.
 *
 * See {@link https://github.com/dschanoeh/Kayak | Kayak}, which has its schema, `Definition.xsd`.
 *
 * @module
 */

import { endOf, startOfOffset } from "../bits.ts";
import { type Diagnostics, Fault } from "../diagnostics.ts";
import { draftMessage, draftSignal, SignalList } from "../draft.ts";
import type { DatabaseFormat, ReadDatabase } from "../format.ts";
import type { DatabaseMessage, Labels, Signal } from "../model.ts";
import { MOST_BYTES } from "../limits.ts";
import { type Element, readXml } from "./xml.ts";

/** See `DatabaseFormat`. */
export const kcd: DatabaseFormat = {
  name: "kcd",
  detect: (text) => text.trimStart().startsWith("<"),
  read: (text, diagnostics) => new KcdReader(diagnostics).read(text),
};

/** The most values of a group of labels, each of which becomes a label: those of a byte. */
const MOST_IN_GROUP = 256;

class KcdReader {
  readonly #diagnostics: Diagnostics;
  /** The names of nodes by their ids. */
  readonly #nodes = new Map<string, string>();
  readonly #places = new Map<Signal, number>();

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  read(text: string): ReadDatabase {
    const root = readXml(text, (reason, at) => this.#diagnostics.add(reason, at));
    if (root?.name !== "NetworkDefinition") {
      this.#diagnostics.add(
        `expected a <NetworkDefinition>, found ${root ? `<${root.name}>` : "no element"}`,
        root?.at ?? 0,
      );
    }
    const network = root?.name === "NetworkDefinition" ? root : null;
    const document = child(network, "Document");
    for (const node of children(network, "Node")) {
      this.#try(node, () => this.#nodes.set(need(node, "id"), need(node, "name")));
    }
    const buses = children(network, "Bus");
    const bitrate = Number(buses[0]?.attributes.get("baudrate"));
    return {
      content: {
        version: document?.attributes.get("version") ?? "",
        comment: textOf(document),
        bitTiming: bitrate > 0 ? { bitrate, btr1: 0, btr2: 0 } : null,
        nodes: [...this.#nodes.values()].map((name) => ({ name, comment: null, attributes: new Map() })),
        messages: buses.flatMap((bus) => children(bus, "Message"))
          .flatMap((element) => this.#try(element, () => this.#message(element)) ?? []),
        valueTables: new Map(),
        environmentVariables: [],
        attributes: new Map(),
        attributeDefinitions: [],
        relationAttributes: [],
      },
      placeOf: (signal) => this.#places.get(signal) ?? 0,
    };
  }

  #message(element: Element): DatabaseMessage {
    const name = need(element, "name");
    const frameId = whole(element, "id", 0x1fff_ffff);
    const isExtendedId = element.attributes.get("format") === "extended" || frameId > 0x7ff;
    if (isExtendedId && element.attributes.get("format") !== "extended") {
      this.#diagnostics.add(
        `the identifier ${need(element, "id")} has more than 11 bits: it is read as extended`,
        element.at,
      );
    }
    const signals = new SignalList();
    for (const mux of children(element, "Multiplex")) this.#try(mux, () => this.#addMultiplex(mux, signals));
    for (const signal of children(element, "Signal")) this.#try(signal, () => this.#addSignal(signal, signals, {}));
    const needed = signals.list.reduce((most, signal) => Math.max(most, endOf(signal)), 0);
    const isAuto = (element.attributes.get("length") ?? "auto") === "auto";
    const length = isAuto ? needed : whole(element, "length", MOST_BYTES);
    const interval = element.attributes.has("interval") ? number(element, "interval") : 0;
    return draftMessage({
      ...{ name, frameId, isExtendedId, length, signals: signals.list },
      comment: textOf(child(element, "Notes")),
      senders: this.#nodeRefs(child(element, "Producer")),
      cycleTime: interval > 0 ? interval / 1000 : null,
    });
  }

  #addMultiplex(element: Element, signals: SignalList): void {
    const { name } = this.#addSignal(element, signals, { isMultiplexer: true });
    for (const group of children(element, "MuxGroup")) {
      this.#try(group, () => {
        const value = bigint(group, "count");
        const multiplexer = { signal: name, ranges: [[value, value] as const] };
        for (const each of children(group, "Signal")) {
          this.#try(each, () => this.#addSignal(each, signals, { multiplexer }));
        }
      });
    }
  }

  /** @param given What its place in the message says of it. */
  #addSignal(
    element: Element,
    signals: SignalList,
    given: Partial<Pick<Signal, "isMultiplexer" | "multiplexer">>,
  ): Signal {
    const byteOrder = element.attributes.get("endianess") === "big" ? "big-endian" : "little-endian";
    const length = element.attributes.has("length") ? whole(element, "length", 64) : 1;
    if (length === 0) throw new Fault("a signal has no bits");
    const value = child(element, "Value");
    const type = value?.attributes.get("type") ?? "unsigned";
    const isFloat = type === "single" || type === "double";
    if (isFloat && length !== 32 && length !== 64) throw new Fault(`a ${type} has ${length} bits`);
    const signal = draftSignal({
      ...{ name: need(element, "name"), length, byteOrder, isFloat, ...given },
      start: startOfOffset(whole(element, "offset", 8 * MOST_BYTES), byteOrder),
      isSigned: type === "signed",
      scale: optional(value, "slope") ?? 1,
      offset: optional(value, "intercept") ?? 0,
      minimum: optional(value, "min"),
      maximum: optional(value, "max"),
      unit: value?.attributes.get("unit") ?? "",
      comment: textOf(child(element, "Notes")),
      receivers: this.#nodeRefs(child(element, "Consumer")),
      labels: this.#labels(child(element, "LabelSet")),
    });
    const added = signals.add(signal);
    if (added === null) throw new Fault(`the message has a signal ${signal.name} already`);
    this.#places.set(added, element.at);
    return added;
  }

  #labels(set: Element | null): Labels {
    const labels = new Map<bigint, string>();
    for (const group of children(set, "LabelGroup")) {
      this.#try(group, () => {
        const [first, last] = [bigint(group, "from"), bigint(group, "to")];
        if (last < first || last - first >= MOST_IN_GROUP) {
          throw new Fault(`${first} to ${last} are no values, or more than ${MOST_IN_GROUP}`);
        }
        const name = need(group, "name");
        for (let value = first; value <= last; value++) labels.set(value, name);
      });
    }
    // Last, for they say more of their values than a group does.
    for (const label of children(set, "Label")) {
      this.#try(label, () => labels.set(bigint(label, "value"), need(label, "name")));
    }
    return labels;
  }

  #nodeRefs(parent: Element | null): string[] {
    return children(parent, "NodeRef").flatMap((ref) =>
      this.#try(ref, () => {
        const name = this.#nodes.get(need(ref, "id"));
        if (name === undefined) throw new Fault(`there is no node with the id ${need(ref, "id")}`);
        return name;
      }) ?? []
    );
  }

  #try<T>({ name, at }: Element, read: () => T): T | null {
    return this.#diagnostics.attempt(`the <${name}>`, at, read);
  }
}

function children(parent: Element | null, name: string): Element[] {
  return parent?.children.filter((element) => element.name === name) ?? [];
}

function child(parent: Element | null, name: string): Element | null {
  return children(parent, name)[0] ?? null;
}

function textOf(element: Element | null): string | null {
  return element?.text.trim() || null;
}

function need({ name, attributes }: Element, attribute: string): string {
  const value = attributes.get(attribute);
  if (value === undefined) throw new Fault(`<${name}> has no attribute ${attribute}`);
  return value;
}

/** Returns a number that an attribute must be. */
function number(element: Element, attribute: string): number {
  const text = need(element, attribute);
  const value = text.trim() === "" ? NaN : Number(text) + 0;
  if (!Number.isFinite(value)) throw new Fault(`${attribute} is ${JSON.stringify(text)}: it must be a number`);
  return value;
}

function optional(element: Element | null, attribute: string): number | null {
  return element?.attributes.has(attribute) ? number(element, attribute) : null;
}

function whole(element: Element, attribute: string, most: number): number {
  const value = number(element, attribute);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Fault(`${attribute} is ${value}: it must be a whole number from 0 to ${most}`);
}

function bigint(element: Element, attribute: string): bigint {
  const text = need(element, attribute);
  if (/^\s*-?\d{1,20}\s*$/.test(text)) return BigInt(text.trim());
  throw new Fault(`${attribute} is ${JSON.stringify(text)}: it must be a whole number`);
}
