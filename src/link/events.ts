/**
 * Events of links: the differences between two readings.
 *
 * @module
 */

import { isEqual } from "./is_equal.ts";
import type { LinkStatus } from "./status.ts";

/**
 * The kind of a link's event; see `LinkEvent.type`.
 *
 * @category Links
 */
export type LinkEventType = "added" | "removed" | "up" | "down" | "state" | "changed";

/**
 * An event of a CAN link, from `watchLinks`.
 *
 * @category Links
 */
export interface LinkEvent {
  /**
   * - `"added"`: the link was created, or moved into this network namespace; it may be up or down.
   * - `"removed"`: it was deleted, or moved to another network namespace.
   * - `"up"`, `"down"`: it was brought up or taken down.
   * - `"state"`: the controller's state changed, as at a bus-off.
   * - `"changed"`: a setting or the name changed.
   */
  readonly type: LinkEventType;
  /** The link's status, as the kernel reported it with the event; after `"removed"`, its last known status. */
  readonly status: LinkStatus;
  /** The link's status before the event; null for `"added"`. */
  readonly before: LinkStatus | null;
  /**
   * The fields of `status` that differ from `before`: the settings for `"changed"`, `isUp` for `"up"` and `"down"`,
   * `state` for `"state"`. Empty for `"added"` and `"removed"`.
   */
  readonly changes: readonly (keyof LinkStatus)[];
}

/** The last known status of each link, with which new readings are compared. */
export class KnownLinks {
  readonly #links: Map<number, LinkStatus>;

  /** @param links All links that exist. */
  constructor(links: readonly LinkStatus[]) {
    this.#links = new Map(links.map((status) => [status.index, status]));
  }

  /** The driver of a known link, which does not change; null for an unknown one. */
  driverOf(index: number): string | null {
    return this.#links.get(index)?.driver ?? null;
  }

  /** Takes a link's new status, and returns the events that follow from it. */
  update(status: LinkStatus): LinkEvent[] {
    const before = this.#links.get(status.index) ?? null;
    this.#links.set(status.index, status);
    return eventsBetween(before, status);
  }

  /** Removes a link that no longer exists, and returns the event. */
  remove(index: number): LinkEvent[] {
    const status = this.#links.get(index);
    if (!status) return [];
    this.#links.delete(index);
    return [{ type: "removed", status, before: status, changes: [] }];
  }

  /** Takes a new list of all links, and returns the events that follow from it. */
  replaceAll(links: readonly LinkStatus[]): LinkEvent[] {
    const existing = new Set(links.map(({ index }) => index));
    const gone = [...this.#links.keys()].filter((index) => !existing.has(index));
    return [...gone.flatMap((index) => this.remove(index)), ...links.flatMap((status) => this.update(status))];
  }
}

/** Fields that make no event: they follow from others, or change all the time by themselves. */
const ignoredFields: ReadonlySet<string> = new Set(["flags", "details", "errorCounters", "unknown", "unknownCan"]);

/**
 * The events between two readings, in this order: settings, up or down, the controller's state.
 *
 * @param before Null if the link is new.
 */
function eventsBetween(before: LinkStatus | null, status: LinkStatus): LinkEvent[] {
  if (before === null) return [{ type: "added", status, before, changes: [] }];
  const fields = Object.keys(status) as (keyof LinkStatus)[];
  const changes = fields.filter((field) => !ignoredFields.has(field) && !isEqual(before[field], status[field]));
  const upChanged = changes.includes("isUp");
  const stateChanged = changes.includes("state");
  const settings = changes.filter((field) =>
    // operState follows from the other two; it is reported only if it changes alone.
    field !== "isUp" && field !== "state" && !(field === "operState" && (upChanged || stateChanged))
  );
  const types: LinkEventType[] = [];
  if (settings.length > 0) types.push("changed");
  if (upChanged) types.push(status.isUp ? "up" : "down");
  if (stateChanged) types.push("state");
  const fieldsOf: Partial<Record<LinkEventType, LinkEvent["changes"]>> = { changed: settings, state: ["state"] };
  return types.map((type) => ({ type, status, before, changes: fieldsOf[type] ?? ["isUp"] }));
}
