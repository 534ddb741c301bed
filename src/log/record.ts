/**
 * Recording a bus into a log.
 *
 * @module
 */

import { checkNames, checkSignal, checkWhole } from "../check.ts";
import type { CanReceiver } from "../endpoint/can_receiver.ts";
import type { Logger, SignalOptions } from "../endpoint/options.ts";
import { CanError } from "../errors.ts";
import { ENETDOWN, ENODEV } from "../kernel/errno.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import { untilAborted, whileTaken } from "./waiting.ts";
import type { LogLoss, LogWriter } from "./writer.ts";

/**
 * Options of `record`. Aborting `signal` ends the recording normally.
 *
 * @category Logs
 */
export interface RecordOptions extends SignalOptions {
  /** The number of messages to record, at least 1. Default: no limit. */
  readonly count?: number;
  /** The duration in seconds, more than 0. Default: no limit. */
  readonly duration?: number;
  /** The number of unwritten bytes, at least 1, above which reading the bus pauses until they are on disk. Default 64 MiB. */
  readonly buffer?: number;
  /** Receives a warning when the disk is too slow and when frames were dropped. Default: none. */
  readonly logger?: Logger;
}

/**
 * The result of a recording.
 *
 * @category Logs
 */
export interface RecordReport {
  /** The number of messages received and passed to the log. */
  readonly messages: number;
  /**
   * The number of frames that the kernel dropped because the bus was not read in time. Notes in the log, exactly where they
   * are missing, say how many, if the format supports notes. What was dropped after the last message is noted at the end.
   */
  readonly dropped: number;
  /**
   * The time in seconds for which the bus was not read because the disk, or what reads the pipe that is written to, was too
   * slow. Times of less than 0.1 s in all are not counted.
   */
  readonly heldUp: number;
  /**
   * The number of bytes that are not written: 0, unless the signal was aborted and the stream that is written to then took
   * nothing for a second. Use `log.abort()` to close a log to such a stream.
   */
  readonly unwritten: number;
  /** Why the recording ended: by the signal, the count or the duration, or because the interface went down or away. */
  readonly ended: "signal" | "count" | "duration" | "link";
  /** The error that reported the loss of the interface; null if the recording ended for another reason. */
  readonly error: CanError | null;
  /** What the format could not store, since the log was opened. */
  readonly losses: readonly LogLoss[];
}

/** Seconds for which writing may block the thread before that is reported. */
const BLOCKED = 0.1;
/** Messages received at once: as many as one system call returns. */
const BATCH = 64;
/** The most messages that are written after the end: more than a large receive buffer holds. */
const QUEUED = 65536;

/**
 * Records a bus until the signal, the count or the duration ends the recording, or the interface goes down or away. All
 * messages received by then are in the log, which is flushed but stays open.
 *
 * @example
 * ```ts ignore
 * const stop = new AbortController();
 * process.on("SIGINT", () => stop.abort());
 * using bus = new Bus("can0");
 * await using log = LogWriter.open("drive.log");
 * const { messages, dropped } = await record(bus, log, { signal: stop.signal });
 * ```
 *
 * @throws {TypeError | RangeError} An option is invalid.
 * @throws {CanOperationError} Receiving failed for a reason other than the loss of the interface.
 * @throws {Error} The log cannot be written.
 *
 * @category Logs
 */
export async function record(
  bus: CanReceiver<Message>,
  log: LogWriter,
  options: RecordOptions = {},
): Promise<RecordReport> {
  checkNames("record", options, ["signal", "count", "duration", "buffer", "logger"]);
  const { signal, count = Infinity, duration, buffer = 64 * 2 ** 20, logger } = options;
  checkSignal(signal);
  if (count !== Infinity) checkWhole("count", count, 1, Number.MAX_SAFE_INTEGER);
  checkWhole("buffer", buffer, 1, Number.MAX_SAFE_INTEGER);
  if (duration !== undefined && !(typeof duration === "number" && duration > 0)) {
    throw new RangeError(`duration is ${duration}: it must be more than 0 seconds`);
  }
  const end = duration === undefined ? Infinity : performance.now() + 1000 * duration;
  const transcript = new Transcript(bus, log, logger);
  let heldUp = 0;
  let blocked = log.blocked;
  let ended: RecordReport["ended"] | null = null;
  let failure: CanError | null = null;
  while (ended === null) {
    let batch: Message[];
    try {
      const timeout = end === Infinity ? null : Math.max((end - performance.now()) / 1000, 0);
      batch = await bus.recvManyAsync(Math.min(BATCH, count - transcript.messages), { timeout, signal });
    } catch (error) {
      if (signal?.aborted && error === signal.reason) ended = "signal";
      else if (isLoss(error)) {
        ended = "link";
        failure = error;
      } else throw error;
      transcript.writeQueued(count);
      break;
    }
    transcript.write(batch);
    const more = log.blocked - blocked;
    if (more >= BLOCKED) {
      logger?.warn(`writing to "${log.path}" blocked for ${more.toFixed(3)} s, in which "${bus.channel}" was not read`);
      heldUp += more;
      blocked = log.blocked;
    } else if (more < 0) blocked = 0; // the next file of a rotated log
    if (transcript.messages >= count) ended = "count";
    else if (performance.now() >= end) ended = "duration";
    if (log.pending > buffer) {
      const from = performance.now();
      logger?.warn(`the disk is too slow: "${bus.channel}" is not read until ${log.pending} bytes are written`);
      await untilAborted(log.flush(), signal);
      heldUp += (performance.now() - from) / 1000;
    }
  }
  const dropped = transcript.end();
  const flushing = log.flush();
  await untilAborted(flushing, signal);
  if (signal?.aborted) await whileTaken(flushing, () => log.pending);
  return {
    messages: transcript.messages,
    dropped,
    heldUp,
    unwritten: log.pending,
    ended,
    error: failure,
    losses: log.losses,
  };
}

/** Whether an error says that the interface is down or gone. */
function isLoss(error: unknown): error is CanError {
  return error instanceof CanError && (error.errno === ENODEV || error.errno === ENETDOWN);
}

/** Writes the messages of a bus into a log, and notes where frames are missing. */
class Transcript {
  messages = 0;
  readonly #bus: CanReceiver<Message>;
  readonly #log: LogWriter;
  readonly #logger: Logger | undefined;
  /** The number of frames that the bus dropped before the recording began, and by the latest look. */
  readonly #before: number;
  #known: number;
  /** The number of frames noted in the log as dropped. */
  #noted = 0;

  constructor(bus: CanReceiver<Message>, log: LogWriter, logger: Logger | undefined) {
    this.#bus = bus;
    this.#log = log;
    this.#logger = logger;
    this.#before = this.#known = bus.droppedFrames;
  }

  write(batch: readonly Message[]): void {
    this.#look();
    let written = 0;
    // What was dropped before the first message is not part of the recording.
    for (let i = this.messages === 0 ? 1 : 0; this.#known > 0 && i < batch.length; i++) {
      const count = droppedBefore(batch[i]);
      if (count === 0) continue;
      this.#log.writeMany(batch.slice(written, i));
      this.#note(count, batch[i].timestampNs);
      written = i;
    }
    this.#log.writeMany(written === 0 ? batch : batch.slice(written));
    this.messages += batch.length;
  }

  /**
   * Writes what came before the end, up to `count` messages in all: the kernel reports first that an interface went down,
   * and a signal may be served before the socket.
   */
  writeQueued(count: number): void {
    const end = Math.min(count, this.messages + QUEUED); // the bus may still be busy
    for (;;) {
      const most = Math.min(BATCH, end - this.messages);
      const batch = most > 0 ? this.#received(most) : [];
      if (batch.length === 0) return;
      this.write(batch);
    }
  }

  #received(most: number): Message[] {
    try {
      return this.#bus.recvMany(most, 0);
    } catch (error) {
      if (isLoss(error)) return [];
      throw error;
    }
  }

  /** Notes what was dropped after the last message; returns how many frames were dropped in all. */
  end(): number {
    this.#look();
    const rest = this.#known - this.#before - this.#noted;
    if (rest > 0) this.#note(rest, null);
    return this.#noted;
  }

  #note(count: number, timestampNs: bigint | null): void {
    this.#noted += count;
    this.#log.note({ type: "dropped", timestampNs, channel: this.#bus.channel || null, count });
  }

  /** Warns of new losses as soon as they are known, which may be before the message behind the gap is read. */
  #look(): void {
    const { droppedFrames } = this.#bus;
    const count = droppedFrames - this.#known;
    if (count > 0) {
      this.#logger?.warn(`${count} frames were dropped on "${this.#bus.channel}" before they could be recorded`);
    }
    this.#known = droppedFrames;
  }
}
