/**
 * ISO-TP: messages longer than a frame.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { CanSocket } from "../endpoint/can_socket.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { Logger } from "../endpoint/options.ts";
import { type Sending, Writer } from "../endpoint/writer.ts";
import { type FullIsoTpOptions, fullIsoTpOptions, type IsoTpOptions } from "./options.ts";
import { IsoTpPort } from "./port.ts";

/**
 * One end of an ISO-TP (ISO 15765-2) connection, over the kernel's `CAN_ISOTP`: it sends and receives PDUs, which are
 * bytes, 1 to 4095 of them or as many as the kernel takes. The kernel cuts them into frames, puts them together, and minds
 * flow control and times.
 *
 * `send` hands a PDU to the kernel, which sends one at a time: the next one waits until the one before is through. With
 * `waitTxDone` a send ends when its PDU has been sent, and fails if that fails; without, the failure is told by the next
 * call, be it a send, whose PDU is not sent then, or a receive. Of several sends that wait, the first is told, and the
 * others are sent.
 *
 * A send with `waitTxDone` that gives up, because of its timeout or signal, does not take back a PDU that is being sent: it
 * goes on, and if it fails, the next call is told. (`CanTimeoutError` says so: "it is still being sent".)
 *
 * An error of ISO-TP is a `CanOperationError`, with one of these codes:
 *
 * | code | a PDU was not sent | a PDU was not received |
 * | --- | --- | --- |
 * | `ECOMM` | no flow control came within 1 s, or the interface took no frame within 2 s | |
 * | `EMSGSIZE` | the receiver has no room for one of that length, or the kernel takes none | |
 * | `EBADMSG` | the flow control was malformed | a frame was wrongly padded |
 * | `ETIMEDOUT` | | the sender did not go on within 1 s |
 * | `EILSEQ` | | a frame was missing, doubled or out of order |
 *
 * The kernel tells an error before the PDUs that came earlier, and hands out none any more when the interface is gone. Of
 * two errors that come before it is asked, it tells the later.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 *
 * @example
 * ```ts ignore
 * import { IsoTpSocket } from "@socketcan/bus";
 *
 * using socket = new IsoTpSocket({ channel: "can0", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false });
 * socket.send(Uint8Array.of(0x22, 0xf1, 0x90), 1.0); // UDS: what is your VIN?
 * console.log(socket.recv(1.0)); // up to a second, then null
 * ```
 */
export class IsoTpSocket extends CanSocket<Uint8Array, Uint8Array> {
  /** What the socket is, for people: `isotp channel "vcan0", sends 7e0, receives 7e8`. */
  readonly channelInfo: string;
  readonly #logger: Logger | undefined;

  /**
   * Opens a socket.
   *
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} There is no ISO-TP here: its module `can-isotp` is missing, say.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: IsoTpOptions) {
    const full = fullIsoTpOptions(options);
    const { channel, logger } = full;
    super(
      new Endpoint<IsoTpPort, Uint8Array, Uint8Array>(
        { channel, logger, noun: "ISO-TP socket" },
        (onReady) => new IsoTpPort(openLibc(full.libc), full, onReady),
        (socket, rearm) => new Writer(socket, rearm, new PduSending(full, socket)),
      ),
    );
    const { txId, rxId } = options;
    this.channelInfo = `isotp channel "${channel}", sends ${txId.toString(16)}, receives ${
      rxId?.toString(16) ?? "nothing"
    }`;
    this.#logger = logger;
    try {
      logger?.debug(`opened ${this.channelInfo}`);
    } catch (error) {
      super.close();
      throw error;
    }
  }

  /**
   * Closes the socket and rejects every pending wait. A second call does nothing. The PDU that is being sent is sent
   * nonetheless: until then, or until the kernel gives it up, the descriptor stays open.
   */
  override close(): void {
    if (this.closed) return;
    super.close();
    this.#logger?.debug(`closed ${this.channelInfo}`);
  }
}

/** What an ISO-TP socket sends. */
class PduSending implements Sending<Uint8Array> {
  readonly channel: string;
  readonly logger: Logger | undefined;
  readonly noRoom = "another PDU is being sent, or the interface's queue is full";
  readonly #options: FullIsoTpOptions;
  readonly #socket: IsoTpPort;

  constructor(options: FullIsoTpOptions, socket: IsoTpPort) {
    this.channel = options.channel;
    this.logger = options.logger;
    this.#options = options;
    this.#socket = socket;
  }

  check(pdu: Uint8Array): void {
    if (!(pdu instanceof Uint8Array)) throw new TypeError(`Cannot send ${pdu}: a PDU is a Uint8Array`);
    const { broadcast, singleFrame } = this.#options;
    if (pdu.length === 0) throw new RangeError("Cannot send a PDU of 0 bytes: it has 1 at the least");
    if (broadcast === "sf" && pdu.length > singleFrame) {
      throw new RangeError(
        `Cannot send ${pdu.length} bytes with sfBroadcast: one frame takes ${singleFrame} at the most`,
      );
    }
  }

  hold(pdu: Uint8Array): Uint8Array {
    return new Uint8Array(pdu);
  }

  late(pdu: Uint8Array, seconds: number): string | undefined {
    return this.#socket.isSending(pdu) ? `after ${seconds} s it is still being sent` : undefined;
  }

  leave(pdu: Uint8Array): void {
    this.#socket.leave(pdu);
  }
}
