/**
 * The terminal as a whole screen: raw mode, the alternate screen, keys, the size.
 *
 * @module
 */

import process from "node:process";
import { ClosedPipe, type Terminal } from "../command/terminal.ts";
import { KeyReader } from "./keys.ts";
import type { Line } from "./line.ts";
import type { Size } from "./screen.ts";

/** Alternate screen, no cursor, no line breaks at the right edge. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/** Milliseconds after which Escape is a key, and not the beginning of another one. */
const ESCAPE = 50;

/** 128 + SIGQUIT. */
const QUIT = 131;

/** What a screen tells. */
export interface ScreenEvents {
  readonly key: (key: string) => void;
  /** The size is another one, or the screen must be drawn again. */
  readonly resized: () => void;
  /** The terminal is gone, or cannot be used. */
  readonly gone: (error: Error) => void;
}

/** Takes the terminal, and gives it back at the end of a `using` block, or when the process ends by itself. */
export class FullScreen implements Disposable {
  readonly #terminal: Terminal;
  readonly #events: ScreenEvents;
  readonly #keys = new KeyReader();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The lines that the screen shows. */
  #lines: string[] = [];
  #taken = false;

  /** @throws {Error} Standard input or output is no terminal. */
  static check(terminal: Terminal): void {
    const missing = !terminal.out.isTerminal ? "output" : process.stdin.isTTY !== true ? "input" : null;
    if (missing === null) return;
    throw new Error(
      `can view needs a terminal, and standard ${missing} is none; "can dump" and "can log" write into files and pipes`,
    );
  }

  constructor(terminal: Terminal, events: ScreenEvents) {
    this.#terminal = terminal;
    this.#events = events;
    process.on("exit", this.#restore);
    process.on("SIGQUIT", this.#quit);
    process.on("SIGCONT", this.#resume);
    process.stdout.on("resize", this.#resize);
    process.stdin.on("data", this.#data).on("end", this.#end).on("error", this.#error);
    this.#take();
  }

  /** The size in characters. */
  get size(): Size {
    const { columns, rows } = process.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Shows lines; only those are written that differ from what is there. */
  show(lines: readonly Line[]): void {
    const { columns } = this.size;
    const { colors } = this.#terminal;
    let text = "";
    const rendered = lines.map((line) => line.render(columns, colors));
    for (const [i, line] of rendered.entries()) {
      if (line === this.#lines[i]) continue;
      // At the right edge, erasing the rest of the line would erase its last character.
      text += `\x1b[${i + 1};1H${line}${lines[i].width < columns ? "\x1b[K" : ""}`;
    }
    this.#lines = rendered;
    this.#write(text);
  }

  /** Forgets what the screen shows, so that everything is drawn again. */
  clear(): void {
    this.#lines = [];
    this.#write("\x1b[2J");
  }

  [Symbol.dispose](): void {
    this.#restore();
    clearTimeout(this.#timer);
    process.off("exit", this.#restore);
    process.off("SIGQUIT", this.#quit);
    process.off("SIGCONT", this.#resume);
    process.stdout.off("resize", this.#resize);
    process.stdin.off("data", this.#data).off("end", this.#end).off("error", this.#error);
    process.stdin.pause();
  }

  #take(): void {
    this.#taken = true;
    process.stdin.setRawMode(true);
    this.#write(ENTER);
  }

  readonly #restore = (): void => {
    if (!this.#taken) return;
    this.#taken = false;
    try {
      this.#write(LEAVE);
      process.stdin.setRawMode(false);
    } catch (error) {
      if (!isGone(error)) throw error; // of a terminal that is gone nothing is left to restore
    }
  };

  readonly #quit = (): void => {
    this.#restore();
    process.exit(QUIT);
  };

  /** After it was stopped from outside, the shell has set the terminal for itself. A terminal that is closed sends it too. */
  readonly #resume = (): void =>
    this.#guard(() => {
      process.stdin.setRawMode(false);
      this.#take();
      this.#lines = [];
      this.#events.resized();
    });

  readonly #resize = (): void =>
    this.#guard(() => {
      this.clear();
      this.#events.resized();
    });

  readonly #data = (bytes: Uint8Array): void => {
    clearTimeout(this.#timer);
    for (const key of this.#keys.push(bytes)) this.#events.key(key);
    if (!this.#keys.isWaiting) return;
    this.#timer = setTimeout(() => {
      for (const key of this.#keys.flush()) this.#events.key(key);
    }, ESCAPE);
  };

  readonly #end = (): void => this.#events.gone(new ClosedPipe("the terminal is gone"));

  readonly #error = (error: Error): void => this.#events.gone(explained(error));

  /** Passes an error on that nobody else would catch. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#events.gone(explained(error));
    }
  }

  #write(text: string): void {
    try {
      this.#terminal.out.write(text);
      this.#terminal.out.flush();
    } catch (error) {
      throw explained(error);
    }
  }
}

/** Returns an error; another one if it says that the terminal was closed. */
function explained(error: unknown): Error {
  if (!(error instanceof Error)) throw error;
  return isGone(error) ? new ClosedPipe("the terminal is gone", { cause: error }) : error;
}

/** Whether an error says that the terminal was closed. That of Bun's setRawMode has the number in its text only. */
function isGone(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return error instanceof ClosedPipe || code === "EIO" || /errno: 5\b/.test(message);
}
