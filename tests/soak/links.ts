/**
 * The process that takes the link down and up, and deletes it.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A running links.sh. */
export class Links {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #errors = "";
  /** Frames that deleted interfaces have counted as dropped. */
  #before = 0;
  /** Frames that the present interface counts as dropped, as last reported. */
  #now = 0;

  /** @param onEvent Called for each event: "down", "deleted", and finally "ended". */
  constructor(link: string, seed: number, upTime: number, onEvent: (event: string) => void) {
    const script = fileURLToPath(new URL("links.sh", import.meta.url));
    this.#child = spawn("bash", [script, link, `${seed}`, `${upTime}`]);
    this.#ended = new Promise((resolve) => this.#child.on("close", resolve));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => this.#errors += text);
    let partial = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (partial + text).split("\n");
      partial = lines.pop()!;
      for (const line of lines) {
        const [event, dropped] = line.split(" ");
        onEvent(event);
        if (dropped !== undefined) this.#now = Number(dropped);
        else {
          this.#before += this.#now;
          this.#now = 0;
        }
      }
    });
  }

  /** Frames that the interface counts as dropped. */
  get dropped(): number {
    return this.#before + this.#now;
  }

  /** Stops the process, which leaves the link up. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const status = await this.#ended;
    if (status !== 0) throw new Error(`links.sh ended with ${status}: ${this.#errors}`);
  }
}
