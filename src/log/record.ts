/**
 * From a bus into a log.
 *
 * @module
 */

import { checkNames, checkSignal, checkWhole } from "../check.ts";
import type { CanReceiver } from "../endpoint/can_receiver.ts";
import type { Logger, SignalOptions } from "../endpoint/options.ts";
import { CanError } from "../errors.ts";
import { ENETDOWN, ENODEV } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import type { LogLoss, LogWriter } from "./writer.ts";

/**
 * How a bus is recorded.
 *
 * @category Logs
 */
export interface RecordOptions extends SignalOptions {
  /** Ends after so many messages. Default: no end. */
  readonly count?: number;
  /** Ends after so many seconds. Default: no end. */
  readonly duration?: number;
  /** Bytes that may wait for the disk before the bus is no longer read, from 1. Default 64 MiB. */
  readonly buffer?: number;
  /** Is warned when the disk holds up the recording, and when frames are dropped. */
  readonly logger?: Logger;
}

/**
 * What came of a recording.
 *
 * @category Logs
 */
export interface RecordReport {
  /** Messages that were written. */
  readonly messages: number;
  /** Frames that the kernel dropped because the bus was not read in time; the log has notes where they are missing. */
  readonly dropped: number;
  /** Seconds that the bus was not read because the disk was too slow. */
  readonly heldUp: number;
  /** Why it ended: by the signal, the count or the duration, or because the interface went away or down. */
  readonly ended: "signal" | "count" | "duration" | "link";
  /** The error of the interface; null if that was not the reason. */
  readonly error: CanError | null;
  /** What the format could not hold. */
  readonly losses: readonly LogLoss[];
}

/** Messages that are taken at once: as many as one system call brings, so that a note is that near to what is missing. */
const BATCH = 64;

/**
 * Records a bus until the signal, the count or the duration ends it, or the interface goes away; what has come by then is
 * in the log. The log is flushed but stays open.
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
 * @throws {TypeError | RangeError} An option is wrong.
 * @throws {CanOperationError} Receiving failed for another reason than the interface's end.
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
  const before = bus.droppedFrames;
  let known = before;
  let messages = 0;
  let heldUp = 0;
  let ended: RecordReport["ended"] | null = null;
  let failure: CanError | null = null;
  while (ended === null) {
    let batch: Message[];
    try {
      const timeout = end === Infinity ? null : Math.max((end - performance.now()) / 1000, 0);
      batch = await bus.recvManyAsync(Math.min(BATCH, count - messages), { timeout, signal });
    } catch (error) {
      if (signal?.aborted && error === signal.reason) {
        ended = "signal";
        break;
      }
      if (!(error instanceof CanError) || (error.errno !== ENODEV && error.errno !== ENETDOWN)) throw error;
      ended = "link";
      failure = error;
      break;
    }
    const dropped = bus.droppedFrames;
    if (dropped > known) {
      const count = dropped - known;
      logger?.warn(`${count} frames were dropped on "${bus.channel}" before they could be recorded`);
      const timestampNs = batch[0]?.timestampNs ?? null;
      log.note({ type: "dropped", timestampNs, channel: bus.channel || null, count });
      known = dropped;
    }
    log.writeMany(batch);
    messages += batch.length;
    if (messages >= count) ended = "count";
    else if (performance.now() >= end) ended = "duration";
    if (log.pending > buffer) {
      const from = performance.now();
      logger?.warn(`${log.pending} bytes wait for the disk: "${bus.channel}" is not read until they are written`);
      await log.drain();
      heldUp += (performance.now() - from) / 1000;
    }
  }
  await log.flush();
  return { messages, dropped: known - before, heldUp, ended, error: failure, losses: log.losses };
}
