/**
 * One client of a socketcand server.
 *
 * @module
 */

import { nextTurn } from "../../endpoint/turn.ts";
import type { FullServeOptions } from "../serve_options.ts";
import type { TcpStream } from "../tcp.ts";
import type { TcpSession } from "../tcp_server.ts";
import { BcmMode } from "./bcm_mode.ts";
import { ControlMode } from "./control_mode.ts";
import { Elements } from "./elements.ts";
import { IsoTpMode } from "./isotp_mode.ts";
import { type Client, errorText, type Mode } from "./mode.ts";
import { RawMode } from "./raw_mode.ts";

/** The longest element, in characters: a PDU of ISO-TP has 8190, a `muxfilter` 6200. */
const LONGEST_ELEMENT = 9000;

/** Commands that are carried out before the event loop has its turn, and other clients theirs. */
const PER_TURN = 256;

const modes: Readonly<Record<string, new (client: Client) => Mode>> = {
  rawmode: RawMode,
  bcmmode: BcmMode,
  isotpmode: IsoTpMode,
  controlmode: ControlMode,
};

/** Carries out what a client asks for, one command after the other. */
export class Session implements TcpSession, Client {
  channel = "";
  readonly options: FullServeOptions;
  readonly #channels: readonly string[];
  readonly #stream: TcpStream;
  readonly #leave: () => void;
  readonly #elements = new Elements(LONGEST_ELEMENT);
  /** The mode, and its name; null before a channel is open. */
  #mode: Mode | null = null;
  #modeName = "";
  #closed = false;
  /** Resolves the promise of room. */
  #room: { promise: Promise<void>; resolve(): void } | null = null;
  #busy = false;

  constructor(stream: TcpStream, channels: readonly string[], options: FullServeOptions, leave: () => void) {
    this.#stream = stream;
    this.#channels = channels;
    this.options = options;
    this.#leave = leave;
    stream.start({
      data: (bytes) => {
        this.#elements.add(bytes);
        void this.#work();
      },
      room: () => this.#hasRoom(),
      end: () => this.close(),
    });
    stream.write("< hi >");
  }

  write(text: string): Promise<void> | undefined {
    if (this.#closed || this.#stream.write(text)) return undefined;
    if (this.#room === null) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => resolve = settle);
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  end(error: Error): void {
    if (this.#closed) return;
    this.options.logger?.warn(`a client of "${this.channel}" was disconnected: ${error.message}`);
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
    this.#hasRoom();
    this.#stream.close();
    try {
      this.#mode?.close();
    } catch (error) {
      this.options.logger?.warn(`${(error as Error).message}`); // the client is gone
    }
  }

  /** Carries out what has arrived. More is read when it is done. */
  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#stream.pause();
    try {
      let count = 0;
      for (let words = this.#elements.next(); words !== null && !this.#closed; words = this.#elements.next()) {
        const answer = words.length > 0 ? await this.#command(words) : undefined;
        const room = answer === undefined ? undefined : this.write(answer);
        if (room !== undefined) await room;
        if (++count % PER_TURN === 0) {
          await this.#mode?.flush?.();
          await new Promise<void>(nextTurn);
        }
      }
      await this.#mode?.flush?.();
    } catch (error) {
      this.write(errorText(error));
      this.end(error as Error);
    }
    this.#busy = false;
    if (!this.#closed) this.#stream.resume();
  }

  /** Carries out a command, and returns the answer to it. */
  async #command(words: readonly string[]): Promise<string | undefined> {
    const [name] = words;
    if (this.#mode === null) {
      if (name === "open" && words.length === 2) return this.#open(words[1]);
    } else if (words.length === 1 && name !== this.#modeName && Object.hasOwn(modes, name)) {
      return this.#change(name);
    } else if (words.length === 1 && name === "echo") return "< echo >";
    else if (await this.#mode.command(words)) return undefined;
    return "< error unknown command >";
  }

  async #open(channel: string): Promise<string | undefined> {
    if (!this.#channels.includes(channel)) {
      this.write("< error could not open bus >");
      this.end(new Error(`it asked for "${channel}", which is not served`));
      return undefined;
    }
    this.channel = channel;
    return await this.#change("bcmmode");
  }

  async #change(name: string): Promise<string | undefined> {
    await this.#mode?.flush?.();
    this.#mode?.close();
    this.#mode = null;
    try {
      this.#mode = new modes[name](this);
    } catch (error) {
      this.write(errorText(error));
      this.end(error as Error);
      return undefined;
    }
    this.#modeName = name;
    return "< ok >";
  }

  #hasRoom(): void {
    const room = this.#room;
    this.#room = null;
    room?.resolve();
  }
}
