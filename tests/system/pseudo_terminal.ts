/**
 * Programs on a pseudo-terminal, whose screen can be read.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { VtScreen } from "../support/vt.ts";
import { Program } from "./tools.ts";

const script = fileURLToPath(new URL("pseudo_terminal.py", import.meta.url));

/** How a program ended: its exit code, or the negative number of a signal, and what `stty -a` said before and after. */
export interface End {
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** A program on a terminal. It is killed at the end of a `using` block. */
export class PtyProgram implements Disposable {
  readonly screen: VtScreen;
  readonly #program: Program;
  #read = 0;
  #end: End | null = null;

  constructor(command: readonly string[], columns: number, rows: number) {
    this.screen = new VtScreen(columns, rows);
    this.#program = new Program("/usr/bin/python3", [script, `${columns}`, `${rows}`, ...command], null);
  }

  /** Waits until the screen is as it should be; an error shows the screen. */
  async until(condition: (text: string) => boolean, what: string, beat?: () => void): Promise<void> {
    try {
      await this.#program.until(
        () => {
          this.#interpret();
          return condition(this.screen.text);
        },
        what,
        beat,
      );
    } catch (error) {
      throw new Error(`${what}: the screen is\n${this.screen.text}`, { cause: error });
    }
  }

  /** Presses keys. */
  press(keys: string): void {
    this.#order({ keys });
  }

  /** Changes the size of the terminal. */
  resize(columns: number, rows: number): void {
    this.#interpret();
    this.screen.resize(columns, rows);
    this.#order({ size: [columns, rows] });
  }

  /** Sends the program a signal. */
  signal(signal: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT"): void {
    this.#order({ signal });
  }

  /** Closes the terminal, as when a window is closed. */
  hangUp(): void {
    this.#order({ hangup: true });
  }

  /** Waits for the end. */
  async end(): Promise<End> {
    await this.#program.until(() => {
      this.#interpret();
      return this.#end !== null;
    }, "end");
    return this.#end!;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }

  #order(order: unknown): void {
    this.#program.write(`${JSON.stringify(order)}\n`);
  }

  #interpret(): void {
    const { lines } = this.#program;
    for (; this.#read < lines.length; this.#read++) {
      const { output, ...rest } = JSON.parse(lines[this.#read]);
      if (output !== undefined) this.screen.write(Uint8Array.from(atob(output), (byte) => byte.charCodeAt(0)));
      else this.#end = rest;
    }
  }
}
