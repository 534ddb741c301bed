/**
 * Recording the live buses into a log.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { MessageBus } from "../bus/message_bus.ts";
import { formatOfName } from "../log/formats.ts";
import { LogWriter } from "../log/writer.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import type { RecordState } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

/** Bytes that are not yet on the disk, from which on frames are rather lost than kept in memory. */
const PENDING = 64 * 2 ** 20;

/** The folder that the server was given, and the log that is being written in it. */
export class LogFolder {
  readonly #folder: string | null;
  readonly #changed: () => void;
  #writer: LogWriter | null = null;
  #buses: ReadonlySet<string> | null = null;
  #file: string | null = null;
  #dropped = 0;
  #since = 0;
  #error: string | null = null;
  /** Frames that are missing before the next one, by bus. */
  readonly #missing = new Map<string, number>();

  /** @param folder Null: nothing may be recorded. */
  constructor(folder: string | null, changed: () => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  get state(): RecordState {
    return {
      file: this.#file,
      frames: this.#writer?.count ?? 0,
      bytes: this.#bytes,
      dropped: this.#dropped,
      since: this.#since,
      error: this.#error,
    };
  }

  /** The bytes of the log, those that are not yet on the disk too. */
  get #bytes(): number {
    if (this.#writer?.path == null) return 0;
    return (statSync(this.#writer.path, { throwIfNoEntry: false })?.size ?? 0) + this.#writer.pending;
  }

  /**
   * Begins a log.
   *
   * @throws {Refusal} The name is none of a log, or it is there already.
   */
  start(name: string | undefined, buses: readonly string[] | undefined): void {
    if (this.#folder === null) throw new Refusal(403, "This server records nothing: start it with --allow-record DIR");
    if (this.#writer !== null) throw new Refusal(409, `${this.#file} is being recorded already`);
    const file = name ?? `${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.log`;
    // A name, never a path: no slash, no dot at the beginning.
    if (!/^[\p{L}\p{N}_-][\p{L}\p{N}._ +-]{0,120}$/u.test(file) || formatOfName(file) === null) {
      throw new Refusal(
        400,
        `"${file}" is no name of a log: write letters, digits and an ending such as .log, .blf or .asc`,
      );
    }
    const path = join(this.#folder, file);
    if (existsSync(path)) throw new Refusal(409, `${file} is there already: take another name`);
    this.#writer = LogWriter.open(path);
    this.#file = file;
    this.#buses = buses === undefined ? null : new Set(buses);
    this.#dropped = 0;
    this.#missing.clear();
    this.#error = null;
    this.#since = Date.now() / 1000;
    this.#changed();
  }

  /** Ends the log. */
  async stop(): Promise<void> {
    const writer = this.#writer;
    if (writer === null) return;
    this.#note(writer);
    this.#writer = null;
    this.#file = null;
    this.#changed();
    await writer.close();
  }

  /** Writes a mark. */
  mark(text: string): void {
    if (this.#writer === null) throw new Refusal(409, "Nothing is being recorded");
    this.#writer.marker(text);
  }

  /** Takes what a bus received. */
  received(batch: readonly Message[], { channel }: MessageBus): void {
    const writer = this.#writer;
    if (writer === null) return;
    try {
      if (writer.pending > PENDING) {
        const wanted = batch.filter((message) => this.#wants(message));
        if (wanted.length > 0) this.#miss(channel, wanted.length);
        return;
      }
      for (const message of batch) {
        if (!this.#wants(message)) continue;
        const lost = droppedBefore(message);
        if (lost > 0) this.#miss(message.channel ?? channel, lost);
        this.#note(writer);
        writer.write(message);
      }
    } catch (error) {
      this.#fail(writer, error);
    }
  }

  #wants({ channel }: Message): boolean {
    return this.#buses === null || this.#buses.has(channel ?? "");
  }

  #miss(bus: string, count: number): void {
    this.#dropped += count;
    this.#missing.set(bus, (this.#missing.get(bus) ?? 0) + count);
  }

  /** Notes in the log what is missing. */
  #note(writer: LogWriter): void {
    if (this.#missing.size === 0) return;
    for (const [channel, count] of this.#missing) {
      writer.note({ type: "dropped", timestampNs: null, channel: channel || null, count });
    }
    this.#missing.clear();
  }

  /** The disk is full, or the folder is gone. */
  #fail(writer: LogWriter, error: unknown): void {
    this.#writer = null;
    this.#file = null;
    this.#error = error instanceof Error ? error.message : String(error);
    this.#changed();
    writer.close().catch((closing) => {
      this.#error = `${this.#error}; ${closing instanceof Error ? closing.message : closing}`;
    });
  }
}
