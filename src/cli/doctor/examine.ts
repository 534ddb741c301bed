/**
 * The whole examination.
 *
 * @module
 */

import { openLibc } from "../../../ffi/open.ts";
import { LinkRequests } from "../../link/requests.ts";
import { examineBus } from "./bus.ts";
import type { Report } from "./finding.ts";
import { examineLink, examineLinks } from "./link.ts";
import { examineSystem } from "./system.ts";

/**
 * Examines this machine and its interfaces, and watches those that are up.
 *
 * @param name The only interface to examine; undefined for all.
 * @param seconds How long to watch each bus.
 */
export async function examine(
  name: string | undefined,
  seconds: number,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  if (!examineSystem(report)) return;
  using requests = new LinkRequests(openLibc());
  for (const link of examineLinks(name, report)) {
    const status = link.status();
    examineLink(status, link.statistics(), report, requests.queue(link.index)?.dropped);
    if (status.isUp) await examineBus(link, seconds, signal, report);
  }
}
