/**
 * A bus, watched for a while.
 *
 * @module
 */

import { Bus } from "../../bus/bus.ts";
import { Link } from "../../link/link.ts";
import { examineFilters, readFilters, type SocketFilter } from "./filters.ts";
import type { Report } from "./finding.ts";

/** From this error counter on, a controller is error passive (ISO 11898-1). */
const PASSIVE = 128;

/** Watches a bus for some seconds. */
export async function examineBus(link: Link, seconds: number, signal: AbortSignal, report: Report): Promise<void> {
  const subject = link.name;
  const before = link.statistics();
  using bus = new Bus({ channel: subject, fd: true });
  const counts = { frames: 0, errors: 0, unacknowledged: 0 };
  const end = performance.now() + 1000 * seconds;
  for (let rest; (rest = end - performance.now()) > 0;) {
    for (const message of await bus.recvManyAsync(1000, { timeout: rest / 1000, signal })) {
      if (!message.isErrorFrame) counts.frames++;
      else {
        counts.errors++;
        if (message.error?.classes.includes("no-acknowledgement-on-tx")) counts.unacknowledged++;
      }
    }
  }
  const filters = filtersOf(subject, report);
  const { rx, tx } = Link.delta(before, link.statistics());
  const counters = link.status().errorCounters;
  if (counts.unacknowledged > 0 || (counters !== null && counters.tx >= PASSIVE && tx.packets === 0)) {
    report({
      level: "problem",
      subject,
      text: "nobody acknowledges what it sends",
      meaning: "There is no other node, it is off, its bitrate is another one, or a wire is broken.",
      fix: "check the other node and its bitrate, the wiring, and 120 ohms at both ends of the bus",
    });
  } else if (counts.errors > 0) {
    report({
      level: "warning",
      subject,
      text: `${counts.errors} error frames in ${seconds} s`,
      meaning: "Frames are disturbed. Look at the bitrate, the sample point, the termination and the wiring.",
      fix: `can dump -e ${subject},0:0,#FFFFFFFF`,
    });
  }
  const lost = bus.droppedFrames + rx.dropped;
  if (lost > 0) {
    report({
      level: "warning",
      subject,
      text: `${lost} frames were lost between the kernel and this program in ${seconds} s`,
      meaning: "This machine is too busy for the bus.",
      fix: `can dump ${subject} -r 8000000   # a larger receive buffer`,
    });
  }
  examineFilters(subject, counts.frames, filters, report);
  const nothing = counts.frames === 0 && tx.packets === 0;
  report({
    level: "ok",
    subject,
    text: nothing ? `no frame in ${seconds} s` : `${counts.frames} frames in ${seconds} s`,
    ...nothing && counts.errors === 0 && { meaning: "Nobody sends, which is no fault by itself." },
  });
}

/** The filters of all programs; none where they must not be read, which is reported. */
function filtersOf(subject: string, report: Report): readonly SocketFilter[] {
  try {
    return readFilters();
  } catch (error) {
    if (!(error instanceof Error && error.name === "NotCapable")) throw error;
    report({
      level: "ok",
      subject,
      text: "the filters of other programs are not examined: Deno may not read /proc/net/can",
      fix: "run it again with --allow-all, which Deno asks for all of /proc",
    });
    return [];
  }
}
