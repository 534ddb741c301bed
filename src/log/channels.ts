/**
 * Channels in formats that number them from 1. As in can-utils and python-can, `can0` is 1.
 *
 * @module
 */

/** Returns the channel name for a number; null for 0, which means that the channel is unknown. */
export function channelName(number: number): string | null {
  return number > 0 ? `can${number - 1}` : null;
}

/** Returns the number that a name such as `can0` has in every file, from 1 to 255, which fits in a byte; else null. */
export function fixedNumber(name: string | null): number | null {
  const digits = /^can(0|[1-9]\d{0,2})$/.exec(name ?? "")?.[1];
  return digits === undefined || Number(digits) > 254 ? null : Number(digits) + 1;
}

/** Channel names by number, for a file that numbers its channels. */
export class ChannelNames {
  readonly #names = new Map<number, string | null>();
  readonly #channels: Set<string>;

  /** @param channels Receives every name that is looked up. */
  constructor(channels: Set<string>) {
    this.#channels = channels;
  }

  /** Returns the channel name for a number. Each name is created once. */
  of(number: number): string | null {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const name = channelName(number);
    this.#names.set(number, name);
    if (name !== null) this.#channels.add(name);
    return name;
  }
}

/** Assigns numbers to channel names, the same number to a name each time. */
export class ChannelNumbers {
  readonly #numbers = new Map<string | null, number>();

  /** Returns the fixed number of a name or, for other names, the lowest number not yet assigned. */
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
