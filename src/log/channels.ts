/**
 * Channels in formats that number them from 1. As in can-utils and python-can, `can0` is 1.
 *
 * A channel gets the number at the end of its name plus 1, if no other channel has it, else the lowest number that none
 * has. The numbers of a log do not change, and no two channels share one. A file whose format has room for names declares
 * each channel that its number alone would not give back, before the first message of that channel; in other formats the
 * name is reported as lost.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";

/** The highest number that fits in every format: a byte. */
const MOST = 255;

/** The largest number of channels whose names are listed, and the longest name, so that no file fills the memory. */
const MOST_NAMES = 4096;
const MOST_LENGTH = 256;
/** The largest number of channel numbers whose names are kept: all that two bytes hold. */
const MOST_NUMBERS = 65_536;

/** Adds a channel of a file to the list of its channels. */
export function addChannel(channels: Set<string>, name: string): void {
  if (channels.size < MOST_NAMES && name.length <= MOST_LENGTH) channels.add(name);
}

/** Returns the channel name for a number that is not declared; null for 0, which means that the channel is unknown. */
export function channelName(number: number): string | null {
  return number > 0 ? `can${number - 1}` : null;
}

/** Assigns numbers to the channels of a log, which may be several files: the same number to a name each time. */
export class ChannelNumbers {
  readonly #numbers = new Map<string | null, number>();
  readonly #taken = new Set<number>();

  /** Returns the number of a channel, from 1 to 255; 0 if all are taken. */
  of(name: string | null): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    let number = Number(/\d+$/.exec(name ?? "")?.[0] ?? MOST) + 1;
    if (number > MOST || this.#taken.has(number)) number = this.#lowest();
    this.#numbers.set(name, number);
    this.#taken.add(number);
    return number;
  }

  #lowest(): number {
    for (let number = 1; number <= MOST; number++) if (!this.#taken.has(number)) return number;
    return 0;
  }
}

/**
 * Writes the name of a channel into a file, in front of its first message.
 *
 * @returns Whether the name can be read back.
 */
export type DeclareChannel = (number: number, name: string | null, first: Message, out: Bytes) => boolean;

/** What `FileChannels` needs of an encoder's options. */
interface Options {
  readonly continued: boolean;
  readonly channels: ChannelNumbers;
  lose(field: "channel", message: Message): void;
}

/** A channel of one file: its number, and whether its name can be read back. */
interface FileChannel {
  readonly name: string | null;
  readonly number: number;
  readonly kept: boolean;
}

/** The channel numbers of one file that is being written. */
export class FileChannels {
  readonly #options: Options;
  readonly #declare: DeclareChannel | null;
  /** The channels seen in this file, by name. */
  readonly #known = new Map<string | null, FileChannel>();
  /** The channel of the last message: that of the next one, most often. */
  #last: FileChannel | null = null;

  /** @param declare Null if the format has no room for names. */
  constructor(options: Options, declare: DeclareChannel | null) {
    this.#options = options;
    this.#declare = declare;
  }

  /** Returns the number of a message's channel. Declares the channel where it occurs first; reports a name that is lost. */
  of(message: Message, out: Bytes): number {
    let known = this.#last;
    if (known === null || known.name !== message.channel) {
      this.#last = known = this.#known.get(message.channel) ?? this.#add(message, out);
    }
    if (!known.kept) this.#options.lose("channel", message);
    return known.number;
  }

  #add(message: Message, out: Bytes): FileChannel {
    const { channel } = message;
    const number = this.#options.channels.of(channel);
    const plain = channelName(number) === channel;
    // A file that is continued may have declared another name for the same number.
    const declared = number > 0 && this.#declare !== null && (!plain || this.#options.continued) &&
      this.#declare(number, channel, message, out);
    const added = { name: channel, number, kept: plain || declared };
    this.#known.set(channel, added);
    return added;
  }
}

/** The channel names of a file that is being read, by number. */
export class ChannelNames {
  readonly #names = new Map<number, string | null>();
  /** The number that was looked up last, that of the next message most often, and its name; -1 for none. */
  #last = -1;
  #lastName: string | null = null;
  readonly #channels: Set<string>;

  /** @param channels Receives every name that is looked up. */
  constructor(channels: Set<string>) {
    this.#channels = channels;
  }

  /** Returns the channel name for a number. Each name is created once. */
  of(number: number): string | null {
    if (number === this.#last) return this.#lastName;
    const known = this.#names.get(number);
    const name = known !== undefined ? known : this.declare(number, channelName(number));
    this.#last = number;
    this.#lastName = name;
    return name;
  }

  /** Sets the name for a number from here on. */
  declare(number: number, name: string | null): string | null {
    this.#last = -1;
    if (this.#names.size < MOST_NUMBERS || this.#names.has(number)) this.#names.set(number, name);
    if (name !== null) addChannel(this.#channels, name);
    return name;
  }

  /** Takes a comment that declares a channel; false if it is another comment. */
  declareByText(text: string): boolean {
    const found = /^channel (\d{1,3}) is (null|".*")$/.exec(text);
    if (!found) return false;
    let name: string | null;
    try {
      name = JSON.parse(found[2]);
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
    this.declare(Number(found[1]), name);
    return true;
  }
}

/** Returns the comment that declares a channel, for formats with comments. */
export function channelText(number: number, name: string | null): string {
  return `channel ${number} is ${JSON.stringify(name)}`;
}
