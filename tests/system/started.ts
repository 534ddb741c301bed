/**
 * Waiting until something receives.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { assert } from "@std/assert";
import { pause } from "../support/pause.ts";

/** The number of filters that sockets have in the kernel, which grows when a bus is opened. */
function filtersInUse(): number {
  const lists = readdirSync("/proc/net/can").filter((name) => name.startsWith("rcvlist_"));
  const lines = lists.flatMap((list) => readFileSync(`/proc/net/can/${list}`, "latin1").split("\n"));
  return lines.filter((line) => /^ +[^ (]+ +[0-9a-f]+ +[0-9a-f]{8} /.test(line)).length;
}

/** Starts command lines, and waits until so many interfaces are open. */
export async function started<T>(count: number, start: () => T): Promise<T> {
  const before = filtersInUse();
  const running = start();
  for (let i = 0; filtersInUse() < before + count; i++) {
    assert(i < 1000, "it does not receive");
    await pause(10);
  }
  return running;
}
