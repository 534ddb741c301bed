/**
 * Channels in formats that number them, from 1: can-utils' and python-can's way, `can0` is 1.
 *
 * @module
 */

/** The name of a channel's number; null for 0, which says that it is not known. */
export function channelName(number: number): string | null {
  return number > 0 ? `can${number - 1}` : null;
}

/** The number that stands for a name in every file, if one does: that of `can0`, `can1` … Else null. */
export function fixedNumber(name: string | null): number | null {
  const digits = /^can(0|[1-9]\d{0,3})$/.exec(name ?? "")?.[1];
  return digits === undefined ? null : Number(digits) + 1;
}

/** The names of the channels of a file that numbers them. */
export class ChannelNames {
  readonly #names = new Map<number, string | null>();
  readonly #channels: Set<string>;

  /** @param channels Gets every name that was asked for. */
  constructor(channels: Set<string>) {
    this.#channels = channels;
  }

  /** The name of a number, made once. */
  of(number: number): string | null {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const name = channelName(number);
    this.#names.set(number, name);
    if (name !== null) this.#channels.add(name);
    return name;
  }
}

/** Gives out numbers for names, the same each time. */
export class ChannelNumbers {
  readonly #numbers = new Map<string | null, number>();

  /** A name's own number, or one of those that nobody else has. */
  of(name: string | null): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    let number = fixedNumber(name);
    if (number === null) {
      const taken = new Set(this.#numbers.values());
      number = 1;
      while (taken.has(number)) number++;
    }
    this.#numbers.set(name, number);
    return number;
  }
}
