/**
 * A stream of server-sent events to one client.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Events that are waiting for a slow client beside the last one: those that may not be left out. */
const WAITING = 8;

/** A stream of events. It is as slow as its reader: whoever has much to send asks for room first. */
export class EventStream {
  readonly response: Response;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #closed = false;
  #count = 0;
  /** Events by name that are sent when there is room; a later one replaces an earlier one of the same name. */
  readonly #waiting = new Map<string, unknown>();

  /** @param closed Called when the client is gone. */
  constructor(closed: () => void) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#drain(),
      cancel: () => {
        this.#closed = true;
        closed();
      },
    }, { highWaterMark: WAITING });
    this.response = new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  }

  /** Whether nothing is waiting, so that the next event goes out at once. */
  get hasRoom(): boolean {
    return !this.#closed && this.#waiting.size === 0 && this.#controller.desiredSize === WAITING;
  }

  /** Sends an event, or keeps it until there is room. */
  send(name: string, data: unknown): void {
    if (this.#closed) return;
    this.#waiting.set(name, data);
    this.#drain();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller.close();
  }

  #drain(): void {
    for (const [name, data] of this.#waiting) {
      if (this.#closed || (this.#controller.desiredSize ?? 0) <= 0) return;
      this.#waiting.delete(name);
      const text = `event: ${name}\nid: ${++this.#count}\ndata: ${JSON.stringify(data)}\n\n`;
      this.#controller.enqueue(encoder.encode(text));
    }
  }
}
