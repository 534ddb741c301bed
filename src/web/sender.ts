/**
 * Sending frames for the page.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import { CanError } from "../errors.ts";
import { bytesText, identifierText } from "../message/hex.ts";
import { Message } from "../message/message.ts";
import type { CyclicSendTask } from "../periodic/task.ts";
import type { Databases } from "./databases.ts";
import type { Sent, TaskState } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import type { Fields } from "./requests.ts";

/** The most periodic tasks. */
const TASKS = 64;
/** Seconds to wait for room. */
const TIMEOUT = 1;

interface Task {
  readonly bus: string;
  readonly task: CyclicSendTask;
  text: string;
  /** Why it ended by itself. */
  error: string | null;
}

/** Sends, if the server lets its clients do so. */
export class Sender {
  readonly #buses: readonly MessageBus[];
  readonly #databases: Databases;
  readonly #allowed: boolean;
  readonly #changed: () => void;
  readonly #tasks = new Map<string, Task>();
  #count = 0;

  constructor(buses: readonly MessageBus[], databases: Databases, allowed: boolean, changed: () => void) {
    this.#buses = buses;
    this.#databases = databases;
    this.#allowed = allowed;
    this.#changed = changed;
  }

  get states(): TaskState[] {
    return [...this.#tasks].map(([id, { bus, task, text, error }]) => ({
      task: id,
      bus,
      text,
      period: task.period,
      error,
    }));
  }

  /**
   * Sends a frame, starts a periodic one, or changes it.
   *
   * @throws {Refusal} It may not be sent, or cannot.
   */
  async send(request: Fields): Promise<Sent> {
    this.#check();
    const name = request.text("bus");
    const bus = this.#buses.find(({ channel }) => channel === name && channel !== "");
    if (bus === undefined) throw new Refusal(404, `There is no bus "${name}" to send on`);
    try {
      const { message, text } = this.#message(request, name);
      const data = bytesText(message.data);
      if (request.has("task")) {
        const task = this.#task(request.text("task"));
        task.task.modifyData(message);
        task.text = text;
        this.#changed();
        return { data, task: request.text("task") };
      }
      if (!request.has("period")) {
        await bus.sendAsync(message, { timeout: TIMEOUT });
        return { data, task: null };
      }
      return { data, task: this.#start(bus, message, request.number("period", 0.001, 3600), text) };
    } catch (error) {
      if (error instanceof CanError) throw new Refusal(409, error.message);
      if (error instanceof RangeError || error instanceof TypeError) throw new Refusal(400, error.message);
      throw error;
    }
  }

  /** Ends a periodic task. */
  stop(id: string): void {
    this.#check();
    const { task } = this.#task(id);
    this.#tasks.delete(id);
    this.#changed();
    task[Symbol.dispose]();
  }

  /** Ends all periodic tasks. */
  close(): void {
    for (const { task } of this.#tasks.values()) task[Symbol.dispose]();
    this.#tasks.clear();
  }

  #check(): void {
    if (!this.#allowed) throw new Refusal(403, "This server sends nothing: start it with --allow-send");
  }

  #task(id: string): Task {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new Refusal(404, `There is no periodic frame "${id}"`);
    return task;
  }

  #start(bus: MessageBus, message: Message, period: number, text: string): string {
    if (!(bus instanceof Bus)) {
      throw new Refusal(409, `"${bus.channel}" cannot send periodically: it is not of this machine`);
    }
    if (this.#tasks.size >= TASKS) throw new Refusal(409, `There are ${TASKS} periodic frames already: stop one first`);
    const id = `t${++this.#count}`;
    const task = bus.sendPeriodic(message, period);
    const started: Task = { bus: bus.channel, task, text, error: null };
    this.#tasks.set(id, started);
    task.done.catch((error) => {
      started.error = error instanceof Error ? error.message : String(error);
      this.#changed();
    });
    this.#changed();
    return id;
  }

  #message(request: Fields, bus: string): { message: Message; text: string } {
    if (request.has("message")) {
      const given = request.object("message");
      const name = given.text("name");
      const database = this.#databases.of(bus);
      if (!database?.messageByName(name)) throw new Refusal(404, `No database of "${bus}" has a message "${name}"`);
      return { message: database.encode(name, signalsOf(given.object("signals")), { startValue: 0 }), text: name };
    }
    const frame = request.object("frame");
    const digits = frame.has("data") ? frame.text("data", 4096) : "";
    if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Refusal(400, `"data" must be hexadecimal digits, two a byte`);
    const isRemoteFrame = frame.flag("remote");
    const isFd = frame.flag("fd");
    const message = new Message({
      arbitrationId: frame.whole("id", 0, 0x1fffffff),
      isExtendedId: frame.flag("extended"),
      ...isRemoteFrame
        ? { isRemoteFrame, dlc: frame.has("length") ? frame.whole("length", 0, 8) : 0 }
        : { data: Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)) },
      ...isFd && { isFd, bitrateSwitch: frame.flag("brs") },
    });
    const id = identifierText(message.arbitrationId, message.isExtendedId);
    return { message, text: `${id} ${isRemoteFrame ? "remote" : bytesText(message.data)}` };
  }
}

/** Values of signals: numbers, labels, and whole numbers beyond 2^53 as texts. */
function signalsOf(fields: Fields): Record<string, number | bigint | string> {
  const signals = fields.entries().map(([name, value]) => {
    if (typeof value === "number") return [name, value] as const;
    if (typeof value !== "string") throw new Refusal(400, `The signal "${name}" must be a number or a text`);
    const isLong = /^-?\d{16,20}$/.test(value);
    return [name, isLong ? BigInt(value) : value] as const;
  });
  return Object.fromEntries(signals);
}
