/**
 * Sockets whose object was garbage-collected without being closed.
 *
 * @module
 */

import type { Logger, Owner } from "./options.ts";

/** What is closed when its user's object is garbage-collected. It must not refer to that object. */
export interface Abandonable {
  /** Called, at most once, after the object was garbage-collected. */
  abandon(): void;
}

const registry = new FinalizationRegistry<Abandonable>((resource) => resource.abandon());

/** Calls a resource's `abandon` when the object that owns it is garbage-collected, unless `unwatchObject` is called first. */
export function watchObject(object: object, resource: Abandonable): void {
  registry.register(object, resource, resource);
}

/** Ends what `watchObject` began. */
export function unwatchObject(resource: Abandonable): void {
  registry.unregister(resource);
}

/** Keeps an object from being garbage-collected before an asynchronous function gets here. */
export function keepUntilHere(_object: object): void {}

const host = globalThis as unknown as { readonly console?: Logger };

/** Whether the console was warned: once is enough for a process that does not log. */
let consoleWarned = false;

/** Warns of an object that was garbage-collected unclosed: its logger, or else the console, once. */
export function warnOfAbandoned({ channel, noun, logger }: Owner): void {
  if (!logger && consoleWarned) return;
  const text =
    `A ${noun}${channel && ` of "${channel}"`} was not closed before it was garbage-collected; it is closed now. ` +
    `Declare it with "using", or call close()`;
  if (logger) return logger.warn(text);
  consoleWarned = true;
  host.console?.warn(text);
}
