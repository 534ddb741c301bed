/**
 * Garbage collection on demand.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { PATIENCE } from "./delivery.ts";
import { pause } from "./pause.ts";

const { Bun } = globalThis as unknown as { readonly Bun?: { gc(synchronously: boolean): void } };

/** Returns the runtime's garbage collector. */
async function collector(): Promise<() => void> {
  if (Bun) return () => Bun.gc(true);
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

/**
 * Collects garbage, with turns of the event loop for finalizers, until a condition holds or `PATIENCE` is over.
 *
 * The broadcast manager's task that nobody waits for is known to have ended only at the next sample, 5 s later.
 */
export async function collectUntil(condition: () => boolean): Promise<void> {
  const collect = await collector();
  const end = performance.now() + 1000 * PATIENCE;
  while (!condition() && performance.now() < end) {
    await pause(10);
    collect();
    // JavaScriptCore takes whatever looks like a pointer on the native stack for one. Two kinds of turns have different
    // frames there, with different old pointers in them: what the one keeps, the other one collects.
    await new Promise<void>((resolve) => setImmediate(resolve));
    collect();
    await pause(1);
  }
}

/** Collects all garbage there is, several times, with turns of the event loop for finalizers. */
export async function collectAll(): Promise<void> {
  let rounds = 0;
  await collectUntil(() => rounds++ >= 4);
}
