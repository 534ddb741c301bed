/**
 * ISO-TP mode: the PDUs of one connection, over the kernel's ISO-TP.
 *
 * @module
 */

import { CAN_EFF_FLAG, CAN_EFF_MASK } from "../../kernel/can.ts";
import {
  CAN_ISOTP_CHK_PAD_DATA,
  CAN_ISOTP_CHK_PAD_LEN,
  CAN_ISOTP_EXTEND_ADDR,
  CAN_ISOTP_FORCE_RXSTMIN,
  CAN_ISOTP_FORCE_TXSTMIN,
  CAN_ISOTP_HALF_DUPLEX,
  CAN_ISOTP_LISTEN_MODE,
  CAN_ISOTP_RX_EXT_ADDR,
  CAN_ISOTP_RX_PADDING,
  CAN_ISOTP_TX_PADDING,
} from "../../kernel/isotp.ts";
import { IsoTpSocket } from "../../isotp/isotp_socket.ts";
import type { IsoTpSocketOptions } from "../../isotp/options.ts";
import { bytesText } from "../../message/hex.ts";
import { timeNow } from "../../message/time_now.ts";
import { type Client, errorText, type Mode, syntaxError } from "./mode.ts";
import { parseByte, parseCount, parseId, parsePacked } from "./numbers.ts";

/** The longest PDU, in bytes. */
export const MAX_PDU = 4095;

/** ISO-TP mode. */
export class IsoTpMode implements Mode {
  readonly #client: Client;
  /** Null before `isotpconf`. */
  #socket: IsoTpSocket | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  async command(words: readonly string[]): Promise<boolean> {
    if (words[0] === "isotpconf" && this.#socket === null) this.#configure(words);
    else if (words[0] === "sendpdu" && this.#socket !== null) await this.#send(this.#socket, words);
    else return false;
    return true;
  }

  close(): void {
    this.#socket?.close();
  }

  #configure(words: readonly string[]): void {
    const options = parseIsoTpConf(words.slice(1), this.#client.channel);
    if (options === null) return void this.#client.write(syntaxError("isotpconf"));
    try {
      if (this.#client.options.interface === "virtual") throw new Error("a virtual bus has no ISO-TP");
      this.#socket = new IsoTpSocket(options);
    } catch (error) {
      return void this.#client.write(errorText(error));
    }
    void this.#receive(this.#socket);
  }

  async #receive(socket: IsoTpSocket): Promise<void> {
    while (!socket.closed) {
      let text: string;
      try {
        const pdu = await socket.recvAsync();
        if (pdu === null) return;
        const { seconds, nanoseconds } = timeNow();
        const micros = `${Math.floor(nanoseconds / 1000)}`.padStart(6, "0");
        text = `< pdu ${seconds}.${micros} ${bytesText(pdu)} >`;
      } catch (error) {
        if (socket.closed) return;
        if ((error as { code?: string }).code === "ENODEV") return this.#client.end(error as Error);
        text = errorText(error);
      }
      const room = this.#client.write(text);
      if (room !== undefined) await room;
    }
  }

  async #send(socket: IsoTpSocket, words: readonly string[]): Promise<void> {
    const bytes = words.length === 2 ? parsePacked(words[1]) : null;
    if (bytes === null || bytes.length === 0 || bytes.length > MAX_PDU) {
      return void this.#client.write(syntaxError("sendpdu"));
    }
    try {
      await socket.sendAsync(Uint8Array.from(bytes));
    } catch (error) {
      if (!socket.closed) this.#client.write(errorText(error));
    }
  }
}

/**
 * Reads the words of `isotpconf`: both identifiers, the kernel's flags, block size, STmin, and what the flags ask for.
 *
 * @returns Null if they are wrong.
 */
export function parseIsoTpConf(words: readonly string[], channel: string): IsoTpSocketOptions | null {
  const [tx = "", rx = "", flagWord = "", bs, ...bytes] = words;
  const [txId, rxId] = [parseId(tx), parseId(rx)];
  const flags = /^[0-9a-f]{1,8}$/i.test(flagWord) ? Number.parseInt(flagWord, 16) : null;
  const blockSize = parseCount(bs, 255);
  const [stMin, , txPad, rxPad, ext, rxExt] = [bytes[0], ...bytes.slice(1)].map((word) =>
    word === undefined ? null : parseByte(word)
  );
  const wftMax = bytes.length > 1 ? parseCount(bytes[1], 255) : 0;
  if (txId === null || rxId === null || flags === null || blockSize === null || wftMax === null) return null;
  if (stMin == null || (txId ^ rxId) & CAN_EFF_FLAG || bytes.length > 6) return null;
  const given = [[CAN_ISOTP_TX_PADDING, txPad], [CAN_ISOTP_RX_PADDING, rxPad], [CAN_ISOTP_EXTEND_ADDR, ext], [
    CAN_ISOTP_RX_EXT_ADDR,
    rxExt,
  ]] as const;
  if (given.some(([flag, byte]) => flags & flag && byte == null)) return null;
  const seconds = stMinSeconds(stMin);
  // The times of these two have no words in the protocol.
  if (seconds === null || flags & (CAN_ISOTP_FORCE_TXSTMIN | CAN_ISOTP_FORCE_RXSTMIN)) return null;
  const has = (flag: number) => (flags & flag) !== 0;
  const checks = has(CAN_ISOTP_CHK_PAD_LEN) ? has(CAN_ISOTP_CHK_PAD_DATA) ? "all" : "length" : "content";
  return {
    channel,
    txId: txId & CAN_EFF_MASK,
    rxId: rxId & CAN_EFF_MASK,
    isExtendedId: (txId & CAN_EFF_FLAG) !== 0,
    blockSize,
    stMin: seconds,
    wftMax,
    ...has(CAN_ISOTP_TX_PADDING) && { txPadding: txPad! },
    ...has(CAN_ISOTP_RX_PADDING) && { rxPadding: rxPad! },
    ...has(CAN_ISOTP_EXTEND_ADDR) && { extAddress: ext! },
    ...has(CAN_ISOTP_RX_EXT_ADDR) && { rxExtAddress: rxExt! },
    ...has(CAN_ISOTP_LISTEN_MODE) && { listenMode: true },
    ...has(CAN_ISOTP_HALF_DUPLEX) && { halfDuplex: true },
    ...has(CAN_ISOTP_CHK_PAD_LEN | CAN_ISOTP_CHK_PAD_DATA) &&
      { checkPadding: checks as IsoTpSocketOptions["checkPadding"] },
  };
}

/** Returns the seconds that a byte of STmin stands for; null if it is reserved. */
function stMinSeconds(byte: number): number | null {
  if (byte <= 0x7f) return byte / 1000;
  return byte >= 0xf1 && byte <= 0xf9 ? (byte - 0xf0) / 10_000 : null;
}
