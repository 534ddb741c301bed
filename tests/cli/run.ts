/**
 * Running `can` in this process.
 *
 * @module
 */

import { Output, Terminal } from "../../src/cli/command/terminal.ts";
import { statusOf } from "../../src/cli/main.ts";

/** An output that is kept. */
export class Kept extends Output {
  readonly #decoder = new TextDecoder();
  text = "";

  override bytes(bytes: Uint8Array): void {
    this.flush();
    this.text += this.#decoder.decode(bytes, { stream: true });
  }
}

/** A terminal whose signals the test sends. */
class TestTerminal extends Terminal {
  readonly #signal: AbortSignal;

  constructor(out: Output, err: Output, signal: AbortSignal) {
    super(out, err);
    this.#signal = signal;
  }

  override get signal(): AbortSignal {
    return this.#signal;
  }

  override get signalStatus(): number | null {
    return this.#signal.aborted ? 130 : null;
  }

  override catchSignals(): void {}
}

/** What a command line has done. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line, until its end or until the signal, which stands for SIGINT.
 *
 * @param out What it has written, while it runs.
 */
export async function can(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
  out: Kept = new Kept(1),
): Promise<Ran> {
  const err = new Kept(2);
  const status = await statusOf(args, new TestTerminal(out, err, signal));
  return { status, out: out.text, err: err.text };
}
