/**
 * Makes one database of several.
 *
 * @module
 */

import type { DatabaseContent, DatabaseMessage } from "./model.ts";

/** Returns what several databases hold. Of what several have, such as messages of one identifier, the last one's holds. */
export function mergeContents(contents: readonly DatabaseContent[]): DatabaseContent {
  const all = <Part>(partsOf: (content: DatabaseContent) => Iterable<Part>) =>
    contents.flatMap((each) => [...partsOf(each)]);
  const named = (part: { readonly name: string }) => part.name;
  const last = contents.toReversed();
  return {
    version: last.find(({ version }) => version !== "")?.version ?? "",
    comment: last.find(({ comment }) => comment !== null)?.comment ?? null,
    bitTiming: last.find(({ bitTiming }) => bitTiming !== null)?.bitTiming ?? null,
    nodes: lastOf(all(({ nodes }) => nodes), named),
    messages: mergeMessages(contents),
    valueTables: new Map(all(({ valueTables }) => valueTables)),
    environmentVariables: lastOf(all(({ environmentVariables }) => environmentVariables), named),
    attributes: new Map(all(({ attributes }) => attributes)),
    attributeDefinitions: lastOf(
      all(({ attributeDefinitions }) => attributeDefinitions),
      ({ owner, name }) => `${owner} ${name}`,
    ),
    relationAttributes: lastOf(
      all(({ relationAttributes }) => relationAttributes),
      ({ name, node, message, signal, environmentVariable }) =>
        JSON.stringify([name, node, message, signal, environmentVariable]),
    ),
  };
}

/** Replaces messages by later databases' messages of the same identifier; those that share one in a database both stay. */
function mergeMessages(contents: readonly DatabaseContent[]): DatabaseMessage[] {
  const keyOf = ({ frameId, isExtendedId }: DatabaseMessage) => `${frameId} ${isExtendedId}`;
  return contents.reduce<readonly DatabaseMessage[]>((merged, { messages }) => {
    const replaced = new Set(messages.map(keyOf));
    return [...merged.filter((message) => !replaced.has(keyOf(message))), ...messages];
  }, []).slice();
}

/** Returns the last part with each key, in the order of the first ones. */
function lastOf<Part>(parts: readonly Part[], keyOf: (part: Part) => string): Part[] {
  return [...new Map(parts.map((part) => [keyOf(part), part])).values()];
}
