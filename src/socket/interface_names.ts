/**
 * The names of interfaces, where what is received tells their indices.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { interfaceName } from "./interfaces.ts";

/** The name that an index has now, looked up once a batch; an interface that is gone keeps its last. */
export class InterfaceNames {
  readonly #libc: Libc;
  readonly #fd: number;
  /** Names by index, of the batch that is being received and since the socket was opened. */
  readonly #named = new Map<number, string>();
  readonly #lastNames = new Map<number, string>();

  /** @param fd Any socket. */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** A batch begins: interfaces may have been renamed. */
  refresh(): void {
    if (this.#named.size > 0) this.#named.clear();
  }

  /** The name, or null where there never was one. */
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
