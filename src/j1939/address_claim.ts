/**
 * How a node comes by an address, as SAE J1939-81 has it. Nothing here does anything: what happens and the time come in,
 * what is to be sent goes out.
 *
 * @module
 */

/** Addresses that every node may choose for itself. */
export const FREE_ADDRESSES = { first: 128, last: 247 } as const;

/** Greatest address of a node. */
const GREATEST = 253;
/** As a source: no address. */
const NONE = 254;
/** As a destination: everybody. */
const EVERYBODY = 255;

/**
 * Seconds after which a claim that nobody contests is good. The standard lets who claims 0 to 127 or 248 to 253 begin at
 * once; the kernel makes everybody wait, as ISO 11783-5 does.
 */
const CONTEST = 0.25;
/** Seconds within which everybody has answered a request for addresses. */
const ANSWERS = 0.25;
/** Seconds, at the most, before it is told that there is no address: at random, so that not all tell it at once. */
const CANNOT_CLAIM_DELAY = 0.153;

/** Where a node is: it has not begun, is about to have an address, has one, or will have none. */
export type ClaimState = "unclaimed" | "claiming" | "claimed" | "cannot-claim";

/**
 * What is to be sent now: a claim of an address (254: there is none), or a request for everybody's. A claim that is `anew`
 * is of the address that was claimed last, and has not been good since: Linux overlooks it, unless it is made to forget.
 */
export type ClaimAction =
  | { readonly send: "claim"; readonly address: number; readonly anew: boolean }
  | { readonly send: "request" };

/** What a node brings along. */
export interface ClaimSetup {
  /** The NAME: the smaller number wins. Its highest bit says whether the node may choose another address. */
  readonly name: bigint;
  /** The address to claim first; null for the first that is free. */
  readonly preferred: number | null;
  /** The addresses to choose from when that one is lost. */
  readonly range: { readonly first: number; readonly last: number };
  /** Whether others may command it to claim another address. */
  readonly commandable: boolean;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** The state machine. Times are in seconds of any one clock. */
export class AddressClaim {
  readonly #setup: ClaimSetup;
  /** Who has which address, as far as was heard. */
  readonly #holders = new Map<number, bigint>();
  #state: ClaimState = "unclaimed";
  #address: number | null = null;
  /** The address that was claimed last. */
  #last: number | null = null;
  /** Who contests the address in vain and has not claimed another since, and when it began. */
  readonly #beaten = new Map<bigint, number>();
  /** When what was begun is over: a contest, or waiting for answers, or the delay before it is told that there is none. */
  #due = Infinity;

  constructor(setup: ClaimSetup) {
    this.#setup = setup;
  }

  /** Where the node is. */
  get state(): ClaimState {
    return this.#state;
  }

  /** The address that it has or contends for; null while there is none. */
  get address(): number | null {
    return this.#address;
  }

  /** When `tick` is to be called. */
  get due(): number {
    return this.#due;
  }

  /** Begins, or begins anew: first with the address that it had last. */
  start(now: number): ClaimAction[] {
    this.#holders.clear();
    this.#state = "claiming";
    const first = this.#address ?? this.#setup.preferred;
    const claiming = first === null ? [] : this.#claim(first);
    if (first === null) this.#due = now + ANSWERS;
    // Who may choose asks who is where, so as to know it when it has to.
    return this.#mayChoose ? [...claiming, { send: "request" }] : claiming;
  }

  /** The network is gone, and nothing counts any more; `start` begins anew. */
  stop(): void {
    this.#beaten.clear();
    this.#state = "unclaimed";
    this.#due = Infinity;
  }

  /** A claim of that address has left: from now on it can be contested. */
  sent(now: number, address: number): void {
    if (this.#state === "claiming" && address === this.#address && this.#due === Infinity) this.#due = now + CONTEST;
  }

  /** Whether a NAME was heard to have an address. */
  knows(name: bigint): boolean {
    return [...this.#holders.values()].includes(name);
  }

  /** The kernel does not know the address that was claimed. */
  again(): ClaimAction[] {
    return this.#state === "claimed" ? this.#claim(this.#address!) : [];
  }

  /** The time that was `due` has come. */
  tick(now: number): ClaimAction[] {
    if (now < this.#due) return [];
    this.#due = Infinity;
    if (this.#state === "cannot-claim") return [{ send: "claim", address: NONE, anew: false }];
    if (this.#state !== "claiming") return [];
    if (this.#address === null) return this.#choose(now); // who is where has been told
    this.#state = "claimed";
    return [];
  }

  /** Somebody claims an address, or tells that it has none (254). */
  heardClaim(now: number, name: bigint, address: number): ClaimAction[] {
    for (const [held, holder] of this.#holders) if (holder === name) this.#holders.delete(held);
    const ours = name === this.#setup.name;
    if (address > GREATEST) return this.#yielded(now, name);
    if (!ours) this.#holders.set(address, name);
    if (this.#state !== "claiming" && this.#state !== "claimed") return [];
    if (ours) {
      // Another process manages the same NAME, and the kernel follows it.
      if (address === this.#address) return [];
      this.#claim(address);
      this.sent(now, address);
      return []; // it has sent that
    }
    if (address !== this.#address) return this.#yielded(now, name);
    if (this.#setup.name < name) {
      this.#beaten.set(name, now);
      return [{ send: "claim", address, anew: false }]; // theirs is lost; ours stays good
    }
    // At once: as long as this one claims no other address, kernels take it for the holder of the one that it lost.
    return this.#mayChoose ? this.#choose(now) : this.#giveUp(now);
  }

  /** Somebody asks for the address of a destination. */
  heardRequest(now: number, destination: number): ClaimAction[] {
    if (destination !== EVERYBODY && destination !== this.#address) return [];
    if (this.#address !== null && this.#state !== "unclaimed") {
      return [{ send: "claim", address: this.#address, anew: false }];
    }
    if (this.#state === "cannot-claim" && this.#due === Infinity) this.#delay(now);
    return [];
  }

  /** Somebody commands the node of a NAME to claim an address. */
  heardCommand(name: bigint, address: number): ClaimAction[] {
    const { commandable, name: own } = this.#setup;
    if (!commandable || name !== own || address > GREATEST || this.#state === "unclaimed") return [];
    return this.#claim(address);
  }

  get #mayChoose(): boolean {
    return this.#setup.name >> 63n === 1n;
  }

  #claim(address: number): ClaimAction[] {
    const anew = address === this.#last;
    this.#state = "claiming";
    this.#address = this.#last = address;
    this.#beaten.clear();
    this.#due = Infinity;
    return [{ send: "claim", address, anew }];
  }

  /**
   * Who contested the address in vain has yielded. If that took more than the time for contests, kernels have taken it for
   * the holder, and know none now.
   */
  #yielded(now: number, name: bigint): ClaimAction[] {
    const since = this.#beaten.get(name);
    this.#beaten.delete(name);
    return since !== undefined && now - since > CONTEST ? this.#claim(this.#address!) : [];
  }

  /** Claims an address that is free, else one whose holder has to yield. */
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
    this.#delay(now);
    return [];
  }

  #delay(now: number): void {
    this.#due = now + CANNOT_CLAIM_DELAY * this.#setup.random();
  }
}
