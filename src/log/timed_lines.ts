/**
 * Decoding text formats whose times count from a start that the file states, and whose channels have numbers.
 *
 * @module
 */

import { CAN_ERR_FLAG, CAN_MAX_DLEN, CAN_MTU } from "../kernel/can.ts";
import { CAN_ERR_BUSERROR } from "../kernel/error.ts";
import { ChannelNames } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import type { DecodeContext } from "./format.ts";
import { LineScanner } from "./lines.ts";
import { Records } from "./records.ts";
import { joinTime, type Time, timeOf } from "./time.ts";

/** Decodes lines of frames, each with the time of its own. */
export abstract class TimedScanner extends LineScanner {
  protected readonly records: Records = new Records();
  protected readonly channels: ChannelNames;
  /** The start of the times. */
  protected start: Time = { seconds: 0, nanoseconds: 0 };
  /** The time of the current line: seconds since 1970, and nanoseconds. */
  protected seconds = 0;
  protected nanoseconds = 0;

  constructor(context: DecodeContext) {
    super(context);
    this.channels = new ChannelNames(context.info.channels);
  }

  /** The time of the current line in nanoseconds since 1970. */
  protected get timestampNs(): bigint {
    return joinTime(this.seconds, this.nanoseconds);
  }

  /** Sets the start of the times, in nanoseconds since 1970. */
  protected begin(startNs: bigint): void {
    this.context.info.startTimeNs = startNs;
    this.start = timeOf(startNs);
  }

  /** Sets the time of the current line. The nanoseconds may be those of almost two seconds. */
  protected setTime(seconds: number, nanoseconds: number): void {
    const isMore = nanoseconds >= 1e9;
    this.seconds = isMore ? seconds + 1 : seconds;
    this.nanoseconds = isMore ? nanoseconds - 1e9 : nanoseconds;
  }

  /** Adds the frame in `records`. */
  protected finish(frameLength: number, channel: number, outgoing: boolean, items: LogItem[]): void {
    const name = this.channels.of(channel);
    items.push(this.records.finish(this.seconds, this.nanoseconds, outgoing, frameLength, name));
  }

  /** Adds an error frame of which the log contains no details. As in can-utils, it becomes a bus error without details. */
  protected error(channel: number, items: LogItem[]): void {
    this.records.begin(CAN_MTU);
    this.records.classic(CAN_ERR_FLAG | CAN_ERR_BUSERROR, CAN_MAX_DLEN, 0);
    this.finish(CAN_MTU, channel, false, items);
  }
}
