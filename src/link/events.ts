/**
 * What has changed between two readings of a link.
 *
 * @module
 */

import { same } from "./same.ts";
import type { LinkStatus } from "./status.ts";

/** What happened to a link. */
export type LinkEventType = "added" | "removed" | "up" | "down" | "state" | "changed";

/** Something that happened to a CAN link. */
export interface LinkEvent {
  /**
   * `"added"`: it is new here, up or down; `"removed"`: it was deleted, or moved to another network namespace; `"up"` and `"down"`: it
   * was set so; `"state"`: the controller's state is another, as after a bus-off; `"changed"`: a setting or the name.
   */
  readonly type: LinkEventType;
  /** The link as the kernel told it with the event; of one that was removed, as it was last. */
  readonly status: LinkStatus;
  /** The link as it was before; null if it is new. */
  readonly before: LinkStatus | null;
  /**
   * Which fields of the status differ from before: of `"changed"` the settings, of `"up"` and `"down"` `isUp`, of `"state"`
   * `state`. None of a link that is new or removed.
   */
  readonly changes: readonly (keyof LinkStatus)[];
}

/** The links as they were told of last: what comes is compared to that. */
export class KnownLinks {
  readonly #links: Map<number, LinkStatus>;

  /** @param links All that are there. */
  constructor(links: readonly LinkStatus[]) {
    this.#links = new Map(links.map((status) => [status.index, status]));
  }

  /** The driver of a link that is known, which it keeps. */
  driverOf(index: number): string | null {
    return this.#links.get(index)?.driver ?? null;
  }

  /** A link is such now. */
  is(status: LinkStatus): LinkEvent[] {
    const before = this.#links.get(status.index) ?? null;
    this.#links.set(status.index, status);
    return eventsBetween(before, status);
  }

  /** A link is gone. */
  went(index: number): LinkEvent[] {
    const status = this.#links.get(index);
    if (!status) return [];
    this.#links.delete(index);
    return [{ type: "removed", status, before: status, changes: [] }];
  }

  /** These are all links that are there now. */
  are(links: readonly LinkStatus[]): LinkEvent[] {
    const there = new Set(links.map(({ index }) => index));
    const gone = [...this.#links.keys()].filter((index) => !there.has(index));
    return [...gone.flatMap((index) => this.went(index)), ...links.flatMap((status) => this.is(status))];
  }
}

/** What follows from other fields, or changes all the time without anybody's doing: no news. */
const noNews: ReadonlySet<string> = new Set(["flags", "details", "errorCounters", "unknown", "unknownCan"]);

/**
 * The events that lead from one reading to the next, in the order in which they make sense: what it is set to, whether it
 * is up, what state it is in.
 *
 * @param before Null if there was no such link.
 */
function eventsBetween(before: LinkStatus | null, status: LinkStatus): LinkEvent[] {
  if (before === null) return [{ type: "added", status, before, changes: [] }];
  const fields = Object.keys(status) as (keyof LinkStatus)[];
  const changes = fields.filter((field) => !noNews.has(field) && !same(before[field], status[field]));
  const went = changes.includes("isUp");
  const turned = changes.includes("state");
  const settings = changes.filter((field) =>
    // Whether it can carry frames follows from the other two; by itself it is news.
    field !== "isUp" && field !== "state" && !(field === "operState" && (went || turned))
  );
  const types: LinkEventType[] = [];
  if (settings.length > 0) types.push("changed");
  if (went) types.push(status.isUp ? "up" : "down");
  if (turned) types.push("state");
  const own: Partial<Record<LinkEventType, LinkEvent["changes"]>> = { changed: settings, state: ["state"] };
  return types.map((type) => ({ type, status, before, changes: own[type] ?? ["isUp"] }));
}
