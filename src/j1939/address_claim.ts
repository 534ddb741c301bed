/**
 * The address claim of a node, SAE J1939-81, as a state machine without input or output of its own: events and the time
 * are passed in, and the messages to send are returned.
 *
 * @module
 */

/** The addresses that any node may choose for itself. */
export const DYNAMIC_ADDRESSES = { first: 128, last: 247 } as const;

/** Greatest address of a node. */
const MAX_ADDRESS = 253;
/** The source address of a node that has none. */
const NULL_ADDRESS = 254;
/** The destination address of messages to all nodes. */
const ALL_NODES = 255;

/**
 * Seconds after which an uncontested claim is valid. The standard lets nodes that claim 0 to 127 or 248 to 253 start at
 * once; the kernel makes all nodes wait, as ISO 11783-5 does.
 */
const CONTEST_TIME = 0.25;
/** Seconds within which all nodes have answered a request for their addresses. */
const REQUEST_TIME = 0.25;
/** Longest delay before a cannot-claim message, in seconds. It is random, so that nodes do not all send at once. */
const MAX_CANNOT_CLAIM_DELAY = 0.153;

/**
 * State of an address claim: `"unclaimed"` before the first claim and while the link is down; `"claiming"` while other
 * nodes may still contest the claim; `"claimed"` when the address may be used; `"cannot-claim"` when no address is left;
 * `"duplicate-name"` when the claim was given up because another host uses the same NAME.
 *
 * @category J1939
 */
export type ClaimState = "unclaimed" | "claiming" | "claimed" | "cannot-claim" | "duplicate-name";

/**
 * A message to send: a claim of an address (254: cannot claim), or a request for the addresses of all nodes. `reclaim`
 * marks a claim of the same address as the last one, which the kernel no longer knows: Linux ignores such a claim unless it
 * is made to forget the NAME first.
 */
export type ClaimAction =
  | { readonly send: "claim"; readonly address: number; readonly reclaim: boolean }
  | { readonly send: "request" };

/** The properties of a node that take part in the claim. */
export interface ClaimSetup {
  /** The NAME. The smaller number wins. The highest bit says whether the node may choose another address. */
  readonly name: bigint;
  /** The address to claim first; null for the first free one. */
  readonly preferred: number | null;
  /** The addresses to choose from when the preferred one is lost. */
  readonly range: { readonly first: number; readonly last: number };
  /** Whether other nodes may command this one to claim another address. */
  readonly commandable: boolean;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
}

/** The state machine. Times are in seconds of one clock, whichever it is. */
export class AddressClaim {
  readonly #setup: ClaimSetup;
  /** The NAMEs of other nodes by their addresses, as far as claims were received. */
  readonly #holders = new Map<number, bigint>();
  #state: ClaimState = "unclaimed";
  #address: number | null = null;
  /** The address of the last claim. */
  #last: number | null = null;
  /** The NAMEs that lost the contest for the address and have not claimed another yet, with the time of their claim. */
  readonly #losers = new Map<bigint, number>();
  /** When the contest, the wait for answers or the delay of a cannot-claim message ends. */
  #due = Infinity;

  constructor(setup: ClaimSetup) {
    this.#setup = setup;
  }

  /** The state. */
  get state(): ClaimState {
    return this.#state;
  }

  /** The address that the node has or is claiming; null if none. */
  get address(): number | null {
    return this.#address;
  }

  /** When `tick` must be called next; Infinity for never. */
  get due(): number {
    return this.#due;
  }

  /** Starts or restarts, with the address that the node had last, if any. */
  start(now: number): ClaimAction[] {
    this.#holders.clear();
    this.#state = "claiming";
    const first = this.#address ?? this.#setup.preferred;
    const claiming = first === null ? [] : this.#claim(first);
    if (first === null) this.#due = now + REQUEST_TIME;
    // A node that may choose asks for all addresses now, so that it knows the free ones when it has to choose.
    return this.#mayChoose ? [...claiming, { send: "request" }] : claiming;
  }

  /** Stops, because the link is down. `start` restarts. */
  stop(): void {
    this.#losers.clear();
    this.#state = "unclaimed";
    this.#due = Infinity;
  }

  /** Handles the departure of a claim of an address: the time for contests begins. */
  claimSent(now: number, address: number): void {
    if (this.#state === "claiming" && address === this.#address && this.#due === Infinity) {
      this.#due = now + CONTEST_TIME;
    }
  }

  /** Returns whether another node with this NAME has claimed an address. */
  knows(name: bigint): boolean {
    return [...this.#holders.values()].includes(name);
  }

  /** Claims the node's address again, because the kernel does not know it. */
  reclaim(): ClaimAction[] {
    return this.#state === "claimed" ? this.#claim(this.#address!) : [];
  }

  /** Handles the passing of the time `due`. */
  tick(now: number): ClaimAction[] {
    if (now < this.#due) return [];
    this.#due = Infinity;
    if (this.#state === "cannot-claim") return [{ send: "claim", address: NULL_ADDRESS, reclaim: false }];
    if (this.#state !== "claiming") return [];
    if (this.#address === null) return this.#choose(now); // all nodes have answered the request
    this.#state = "claimed";
    return [];
  }

  /**
   * Handles a claim or cannot-claim message of another host that carries this node's own NAME, which must be unique
   * (SAE J1939-81, 4.2.1). A node that holds an address claims it again, so that the other node learns of the conflict. A
   * node that is still claiming gives up, without a message: a cannot-claim message would take the other node's address
   * from it.
   */
  heardOwnName(): ClaimAction[] {
    if (this.#state === "claimed") return this.#claim(this.#address!);
    if (this.#state === "claiming") {
      this.#state = "duplicate-name";
      this.#address = null;
      this.#losers.clear();
      this.#due = Infinity;
    }
    return [];
  }

  /** Handles another node's claim of an address, or its message that it cannot claim one (254). */
  heardClaim(now: number, name: bigint, address: number): ClaimAction[] {
    for (const [held, holder] of this.#holders) if (holder === name) this.#holders.delete(held);
    const ours = name === this.#setup.name;
    if (address > MAX_ADDRESS) return this.#loserYielded(now, name);
    if (!ours) this.#holders.set(address, name);
    if (this.#state !== "claiming" && this.#state !== "claimed") return [];
    if (ours) {
      // Another process of this host manages the same NAME, and the kernel follows it.
      if (address === this.#address) return [];
      this.#claim(address);
      this.claimSent(now, address);
      return []; // the other process has sent the claim
    }
    if (address !== this.#address) return this.#loserYielded(now, name);
    if (this.#setup.name < name) {
      this.#losers.set(name, now);
      return [{ send: "claim", address, reclaim: false }]; // the other node loses, and our claim stays valid
    }
    // At once: kernels take this node for the holder of the lost address until it claims another.
    return this.#mayChoose ? this.#choose(now) : this.#giveUp(now);
  }

  /** Handles a request for the address of a destination. */
  heardRequest(now: number, destination: number): ClaimAction[] {
    if (destination !== ALL_NODES && destination !== this.#address) return [];
    if (this.#address !== null && this.#state !== "unclaimed") {
      return [{ send: "claim", address: this.#address, reclaim: false }];
    }
    if (this.#state === "cannot-claim" && this.#due === Infinity) this.#delayCannotClaim(now);
    return [];
  }

  /** Handles a command to the node of a NAME to claim an address. */
  heardCommand(name: bigint, address: number): ClaimAction[] {
    const { commandable, name: own } = this.#setup;
    if (!commandable || name !== own || address > MAX_ADDRESS) return [];
    if (this.#state === "unclaimed" || this.#state === "duplicate-name") return [];
    return this.#claim(address);
  }

  get #mayChoose(): boolean {
    return this.#setup.name >> 63n === 1n;
  }

  #claim(address: number): ClaimAction[] {
    const reclaim = address === this.#last;
    this.#state = "claiming";
    this.#address = this.#last = address;
    this.#losers.clear();
    this.#due = Infinity;
    return [{ send: "claim", address, reclaim }];
  }

  /**
   * Handles that a node which lost the contest has given up the address. If it took longer than the time for contests,
   * kernels have meanwhile taken it for the holder, and now know none: the address must be claimed again.
   */
  #loserYielded(now: number, name: bigint): ClaimAction[] {
    const since = this.#losers.get(name);
    this.#losers.delete(name);
    return since !== undefined && now - since > CONTEST_TIME ? this.#claim(this.#address!) : [];
  }

  /** Claims a free address, or else one whose holder has a greater NAME and must yield. */
  #choose(now: number): ClaimAction[] {
    const { name, preferred, range } = this.#setup;
    const all = Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i);
    if (preferred !== null) all.unshift(preferred);
    const free = all.find((each) => !this.#holders.has(each)) ?? all.find((each) => this.#holders.get(each)! > name);
    return free === undefined ? this.#giveUp(now) : this.#claim(free);
  }

  #giveUp(now: number): ClaimAction[] {
    this.#state = "cannot-claim";
    this.#address = null;
    this.#losers.clear();
    this.#delayCannotClaim(now);
    return [];
  }

  #delayCannotClaim(now: number): void {
    this.#due = now + MAX_CANNOT_CLAIM_DELAY * this.#setup.random();
  }
}
