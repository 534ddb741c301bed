/**
 * Showing what a command sends.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";
import type { Terminal } from "../command/terminal.ts";
import { Screen } from "./screen.ts";

/** Returns a function that shows frames which an interface has sent. */
export function shower(
  channel: string,
  { out, colors }: Terminal,
  how: { readonly ascii?: boolean; readonly len8?: boolean } = {},
): (messages: readonly Message[]) => void {
  const screen = new Screen({ time: () => "", ...how, colors, width: channel.length });
  return (messages) => {
    for (const message of messages) out.write(screen.line(message.with({ channel })));
    out.flush();
  };
}
