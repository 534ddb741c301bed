/**
 * Raw mode: every frame of the bus.
 *
 * @module
 */

import type { Bus } from "../../bus/bus.ts";
import { parseSend, receivedText } from "./frame_text.ts";
import { type Client, type Mode, openBusOf, Outbox, passOn, syntaxError } from "./mode.ts";

/**
 * Milliseconds after which the first frame is sent. python-can and SavvyCAN want the answer to `rawmode` alone in what they
 * read first. The frames of that time are kept, with their times.
 */
const FIRST_FRAME = 100;

/** Raw mode. */
export class RawMode implements Mode {
  readonly #client: Client;
  readonly #bus: Bus;
  readonly #outbox: Outbox;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(client: Client) {
    this.#client = client;
    this.#bus = openBusOf(client, {});
    this.#outbox = new Outbox(client, this.#bus);
    this.#timer = setTimeout(
      () => void passOn(this.#bus, client, (message) => receivedText(message, false)),
      FIRST_FRAME,
    );
  }

  command(words: readonly string[]): boolean {
    const message = parseSend(words, this.#client.options.fd);
    if (message) this.#outbox.add(message);
    else if (message === null) this.#client.write(syntaxError(words[0]));
    return message !== undefined;
  }

  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#bus.close();
  }
}
