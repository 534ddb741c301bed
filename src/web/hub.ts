/**
 * What the server has, for all clients: sources, databases, and the clients themselves.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { Client } from "./client.ts";
import type { Databases } from "./databases.ts";
import { LiveSource } from "./live_source.ts";
import type { LogFolder } from "./log_folder.ts";
import type { FullWebOptions } from "./options.ts";
import type { State } from "./protocol.ts";
import { Recording } from "./recording.ts";
import { Refusal } from "./refusal.ts";
import type { Sender } from "./sender.ts";
import type { Source } from "./source.ts";
import type { RecordingFile } from "./upload.ts";
import { version } from "../version.ts";
import type { Message } from "../message/message.ts";

/** Milliseconds of a tick: twenty snapshots a second. */
const TICK = 50;
/** Seconds between two accounts of a log that is being written. */
const RECORDED = 0.5;
/** Seconds for which a client is known that is away. */
const AWAY = 60;
/** The most clients that are connected, and that are known. */
const CONNECTED = 32;
const KNOWN = 64;
/** The most recordings that are open, and the most series of signals. */
const RECORDINGS = 16;
const SERIES = 256;

const now = () => performance.now() / 1000;

/** What the server has. */
export class Hub {
  readonly databases: Databases;
  readonly live: LiveSource | null;
  readonly #options: FullWebOptions;
  readonly #sender: Sender;
  readonly #log: LogFolder;
  readonly #sources = new Map<string, Source>();
  readonly #files = new Map<string, RecordingFile>();
  readonly #clients = new Map<string, Client>();
  #count = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = 0;
  #stale = false;
  #announced = 0;
  #closed = false;

  constructor(options: FullWebOptions, databases: Databases, sender: Sender, log: LogFolder) {
    this.#options = options;
    this.#sender = sender;
    this.#log = log;
    this.databases = databases;
    this.live = options.buses.length === 0 ? null : new LiveSource(options.buses, {
      databases,
      changed: () => this.changed(),
      bound: options.traceFrames,
      bitrates: options.bitrates,
      received: (batch: readonly Message[], bus: MessageBus) => log.received(batch, bus),
    });
    if (this.live) this.#sources.set(this.live.id, this.live);
  }

  get state(): State {
    const { allowSend, recordFolder, doctor, databaseBytes, recordingBytes } = this.#options;
    return {
      version,
      sources: [...this.#sources.values()].map(({ state }) => state),
      databases: this.databases.states,
      allowed: {
        send: allowSend,
        record: recordFolder !== null,
        doctor: doctor !== null,
        databaseBytes,
        recordingBytes,
      },
      tasks: this.#sender.states,
      record: this.#log.state,
    };
  }

  /** The state has changed: clients are told at the next tick. */
  changed(): void {
    this.#stale = true;
  }

  /** Opens a recording. The file is released when it is closed. */
  open(file: RecordingFile): Recording {
    if (this.#files.size >= RECORDINGS) {
      throw new Refusal(409, `There are ${RECORDINGS} recordings already: close one first`);
    }
    const recording = new Recording({
      id: `r${++this.#count}`,
      title: file.title,
      input: file.input,
      size: file.size,
      folder: this.#options.temporaryFolder,
      databases: this.databases,
      changed: () => this.changed(),
    });
    this.#sources.set(recording.id, recording);
    this.#files.set(recording.id, file);
    this.changed();
    return recording;
  }

  /** Closes a recording. Clients that look at it look at the first source instead. */
  async closeRecording(id: string): Promise<void> {
    const recording = this.#sources.get(id);
    const file = this.#files.get(id);
    if (recording === undefined || file === undefined) throw new Refusal(404, `There is no recording "${id}"`);
    this.#sources.delete(id);
    this.#files.delete(id);
    this.changed();
    const [first] = this.#sources.values();
    for (const client of this.#clients.values()) {
      if (client.source !== recording) continue;
      if (first) client.look({}, first);
      else this.#forget(client);
    }
    await recording.close();
    file.release();
  }

  /** Returns a source by its name; the first one if there is no name. */
  source(id: string | undefined): Source {
    const [first] = this.#sources.values();
    const source = id === undefined ? first : this.#sources.get(id);
    if (source === undefined) {
      throw new Refusal(404, id === undefined ? "There is nothing to look at" : `There is no "${id}"`);
    }
    return source;
  }

  /** Returns a client that is known. */
  client(id: string): Client {
    const client = this.#clients.get(id);
    if (client === undefined) throw new Refusal(410, "This client is not known: it has to ask for events first");
    return client;
  }

  /** Connects a client. */
  connect(id: string): Response {
    const known = this.#clients.get(id);
    const connected = [...this.#clients.values()].filter((client) => client.connected && client !== known).length;
    if (connected >= CONNECTED) throw new Refusal(503, `${CONNECTED} pages are looking already: close one of them`);
    if (!known && this.#clients.size >= KNOWN) {
      this.#forget([...this.#clients.values()].find((each) => !each.connected)!);
    }
    const client = known ?? new Client(id, this.source(undefined), this.databases, now());
    this.#clients.set(id, client);
    if (this.#timer === undefined) {
      this.live?.table.take(); // what has changed while nobody looked
      this.#last = now();
      this.#timer = setInterval(() => this.#tick(), TICK);
    }
    return client.connect(known !== undefined, this.state, now());
  }

  /** Records the series that clients want, and no others. */
  plot(): void {
    const wanted = new Map<Source, Set<string>>();
    for (const { source, series } of this.#clients.values()) {
      const keys = wanted.get(source) ?? new Set();
      wanted.set(source, keys);
      for (const key of series) keys.add(key);
    }
    for (const source of this.#sources.values()) {
      const keys = wanted.get(source) ?? new Set();
      for (const key of source.signals.keys) if (!keys.has(key)) source.signals.end(key);
      for (const key of keys) if (source.signals.keys.length < SERIES) source.plot(key);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    for (const client of this.#clients.values()) client.disconnect();
    this.#clients.clear();
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
    for (const file of this.#files.values()) file.release();
  }

  #tick(): void {
    const time = now();
    const seconds = time - this.#last;
    this.#last = time;
    const touched = this.live?.table.take() ?? [];
    if (this.#log.state.file !== null && time - this.#announced > RECORDED) this.#stale = true;
    const state = this.#stale ? this.state : null;
    if (state) this.#announced = time;
    this.#stale = false;
    for (const client of this.#clients.values()) {
      if (client.away(time) > AWAY) {
        this.#forget(client);
        continue;
      }
      if (state) client.announce(state);
      client.tick(touched, time, seconds);
    }
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #forget(client: Client): void {
    client.disconnect();
    this.#clients.delete(client.id);
    this.plot();
  }
}
