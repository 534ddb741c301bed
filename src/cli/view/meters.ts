/**
 * How busy the buses are, and how they are.
 *
 * @module
 */

import type { LinkStatus } from "../../link/status.ts";
import { type Bitrates, Traffic } from "../../live/traffic.ts";
import type { Message } from "../../message/message.ts";
import { bitratesOf } from "../bitrates.ts";
import type { BusState } from "./head.ts";

/** Measures the buses, from one refresh to the next. */
export class Meters {
  /** The buses, as they were at the last refresh. */
  states: readonly BusState[] = [];
  /** The interfaces; null for all that there are. */
  readonly #names: readonly string[] | null;
  readonly #bitrates: Bitrates | null;
  readonly #statuses: () => readonly LinkStatus[];
  readonly #traffic = new Map<string, Traffic>();
  /** The bitrates of the interfaces, as they were at the last refresh. */
  #known = new Map<string, Bitrates | null>();
  #refreshedAt = NaN;

  /**
   * @param names The interfaces; one that is "" stands for all.
   * @param bitrates Those of buses that have none of their own; null for unknown.
   * @param statuses Reads the links.
   */
  constructor(names: readonly string[], bitrates: Bitrates | null, statuses: () => readonly LinkStatus[]) {
    this.#names = names.includes("") ? null : [...new Set(names)];
    this.#bitrates = bitrates;
    this.#statuses = statuses;
  }

  /** Counts a frame. */
  add(message: Message): void {
    const channel = message.channel ?? "";
    let traffic = this.#traffic.get(channel);
    if (traffic === undefined) this.#traffic.set(channel, traffic = new Traffic("exact"));
    traffic.add(message, this.#known.get(channel) ?? this.#bitrates);
  }

  /** Reads the links, and works out what came since the last time. */
  refresh(now: number): void {
    const seconds = now - this.#refreshedAt;
    this.#refreshedAt = now;
    const statuses = this.#statuses();
    const names = this.#names ?? statuses.map(({ name }) => name);
    this.#known = new Map(statuses.map((status) => [status.name, bitratesOf(status)]));
    this.states = names.map((name) => {
      const { frames = 0, busy = 0 } = this.#traffic.get(name) ?? {};
      return {
        name,
        status: statuses.find((status) => status.name === name) ?? null,
        bitrates: this.#known.get(name) ?? this.#bitrates,
        rate: seconds > 0 ? frames / seconds : 0,
        load: seconds > 0 ? busy / seconds : 0,
      };
    });
    for (const traffic of this.#traffic.values()) traffic.reset();
  }
}
