/**
 * What a member of a group has sent, to know it when it comes back: the network gives each member its own datagrams, too.
 *
 * @module
 */

/** How many datagrams are remembered: more than wait to be sent, and to be received. */
const MOST = 16_384;

/** The last datagrams sent, in order. Their port is one of this host's, but another host may have the same. */
export class Sent {
  #datagrams: Uint8Array[] = [];
  #head = 0;

  add(bytes: Uint8Array): void {
    this.#datagrams.push(bytes);
    if (this.#datagrams.length - this.#head > MOST) this.#head++;
    if (this.#head >= MOST) {
      this.#datagrams = this.#datagrams.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Whether a datagram is one of them. It and those before it are forgotten: they will not come any more. */
  takes(bytes: Uint8Array): boolean {
    for (let i = this.#head; i < this.#datagrams.length; i++) {
      if (!equal(this.#datagrams[i], bytes)) continue;
      this.#head = i + 1;
      return true;
    }
    return false;
  }
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
