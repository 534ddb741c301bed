/**
 * Joins the frames that one node sends by ISO-TP (ISO 15765-2), as a listener that takes no part.
 *
 * @module
 */

/** What a frame has brought to its end. */
export type Outcome =
  | { readonly type: "pdu"; readonly data: Uint8Array }
  /** A PDU, or a part of one, that cannot be joined. */
  | { readonly type: "fault"; readonly reason: string };

/** The receiver has no room for the PDU (FS 2 of a flow control frame). */
const OVERFLOW = 2;

/** Frames whose length has its own byte have more than this. */
const CLASSIC = 8;

/** The PDU that is being sent. */
interface Partial {
  readonly length: number;
  readonly chunks: Uint8Array[];
  received: number;
  /** The sequence number of the next frame, 0 to 15. */
  next: number;
}

/** Joins the frames of one identifier. */
export class Reassembly {
  readonly #address: number | null;
  #partial: Partial | null = null;
  /** Whether consecutive frames belong to a PDU of which was said that it cannot be joined. */
  #lost = false;

  /** @param address With extended addressing: the first byte of the frames, 0 to 255. Frames with another one are ignored. */
  constructor(address: number | null = null) {
    this.#address = address;
  }

  /** Takes the data of a frame. Returns what came to its end with it, in order. */
  frame(data: Uint8Array): Outcome[] {
    const rest = this.#content(data);
    if (rest === null) return [];
    switch (rest[0] >> 4) {
      case 0:
        return [...this.#abandon("a new PDU began"), ...this.#single(rest, data.length)];
      case 1:
        return [...this.#abandon("a new PDU began"), ...this.#first(rest)];
      case 2:
        return this.#consecutive(rest);
      case 3:
        return []; // flow control, which is of the other direction
      default:
        return [fault(`a frame of the unknown kind ${rest[0] >> 4}`)];
    }
  }

  /** Takes the data of a frame of the other direction: flow control may refuse the PDU. */
  answer(data: Uint8Array, address: number | null = null): Outcome[] {
    const rest = address === null ? data : data[0] === address ? data.subarray(1) : data.subarray(0, 0);
    return rest[0] === (0x30 | OVERFLOW) ? this.#abandon("the receiver has no room for it (overflow)") : [];
  }

  /** The data without the address; null if it is of another connection, or nothing is left. */
  #content(data: Uint8Array): Uint8Array | null {
    if (this.#address !== null && data[0] !== this.#address) return null;
    const rest = this.#address === null ? data : data.subarray(1);
    return rest.length > 0 ? rest : null;
  }

  #single(rest: Uint8Array, frameLength: number): Outcome[] {
    this.#lost = false;
    const escaped = rest[0] === 0 && frameLength > CLASSIC;
    const length = escaped ? rest[1] ?? 0 : rest[0] & 0xf;
    const pdu = rest.slice(escaped ? 2 : 1).subarray(0, length);
    if (length === 0 || pdu.length < length) return [fault(`a single frame of ${length} bytes has ${pdu.length}`)];
    return [{ type: "pdu", data: pdu }];
  }

  #first(rest: Uint8Array): Outcome[] {
    this.#lost = true;
    if (rest.length < 2) return [fault("a first frame without a length")];
    const short = (rest[0] & 0xf) << 8 | rest[1];
    if (short === 0 && rest.length < 6) return [fault("a first frame without a length")];
    const length = short > 0 ? short : new DataView(rest.buffer, rest.byteOffset).getUint32(2);
    const data = rest.slice(short > 0 ? 2 : 6);
    if (length <= data.length) return [fault(`a first frame of ${length} bytes, which a single frame would carry`)];
    this.#lost = false;
    this.#partial = { length, chunks: [data], received: data.length, next: 1 };
    return [];
  }

  #consecutive(rest: Uint8Array): Outcome[] {
    const partial = this.#partial;
    if (partial === null) {
      if (this.#lost) return [];
      this.#lost = true;
      return [fault("consecutive frames without a first one")];
    }
    const number = rest[0] & 0xf;
    if (number !== partial.next) {
      return this.#abandon(`a frame with the number ${number} came in place of ${partial.next}`);
    }
    const data = rest.slice(1).subarray(0, partial.length - partial.received);
    partial.chunks.push(data);
    partial.received += data.length;
    partial.next = (number + 1) & 0xf;
    if (partial.received < partial.length) return [];
    this.#partial = null;
    const pdu = new Uint8Array(partial.length);
    let at = 0;
    for (const chunk of partial.chunks) {
      pdu.set(chunk, at);
      at += chunk.length;
    }
    return [{ type: "pdu", data: pdu }];
  }

  /** Gives up the PDU that is being sent, if there is one. */
  #abandon(why: string): Outcome[] {
    const partial = this.#partial;
    if (partial === null) return [];
    this.#partial = null;
    this.#lost = true;
    return [fault(`${partial.received} of ${partial.length} bytes came, then ${why}`)];
  }
}

function fault(reason: string): Outcome {
  return { type: "fault", reason };
}
