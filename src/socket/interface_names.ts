/**
 * The names of interfaces, whose indices come with what is received.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { interfaceName } from "./interfaces.ts";

/** Interface names by index, looked up once per batch; a removed interface keeps its last name. */
export class InterfaceNames {
  readonly #libc: Libc;
  readonly #fd: number;
  /** Names looked up during the current batch, and the last known ones since the socket was opened. */
  readonly #named = new Map<number, string>();
  readonly #lastNames = new Map<number, string>();

  /** @param fd Any socket. */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** Begins a batch: interfaces may have been renamed since the last one. */
  refresh(): void {
    if (this.#named.size > 0) this.#named.clear();
  }

  /** Returns the name of an interface, or null if it was never known. */
  of(index: number): string | null {
    let name = this.#named.get(index);
    if (name === undefined) {
      const found = interfaceName(this.#libc, this.#fd, index);
      name = typeof found === "string" ? found : this.#lastNames.get(index);
      if (name === undefined) return null;
      this.#named.set(index, name);
      this.#lastNames.set(index, name);
    }
    return name;
  }
}
