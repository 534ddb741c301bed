/**
 * Sockets of ISO-TP, which carries messages longer than a frame.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";
import { show } from "../check.ts";
import { CanSocket } from "../endpoint/can_socket.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import type { Logger } from "../endpoint/options.ts";
import { type Sending, Writer } from "../endpoint/writer.ts";
import { CAN_EFF_FLAG, CAN_EFF_MASK } from "../kernel/can.ts";
import { type FullIsoTpOptions, fullIsoTpOptions, type IsoTpSocketOptions } from "./options.ts";
import { IsoTpPort } from "./port.ts";

/**
 * One end of an ISO-TP connection (ISO 15765-2), over the kernel's
 * [`CAN_ISOTP`](https://docs.kernel.org/networking/iso15765-2.html). It sends and receives PDUs: byte arrays of 1 to 4095
 * bytes, or more where the kernel allows it. The kernel segments and reassembles them and handles flow control and timing.
 *
 * `send` hands a PDU to the kernel, which sends one at a time: the next one waits until it is done. With `waitTxDone`, a
 * send ends when its PDU has been sent, and fails if that fails. Without, the failure is thrown by the next call: a send,
 * whose own PDU is then not sent, or a receive. Of several pending sends, the first throws it, and the others are sent.
 *
 * A send with `waitTxDone` whose timeout expires or whose signal is aborted does not cancel a PDU that is being sent: the
 * kernel continues, and if that fails, the next call throws. (The `CanTimeoutError` says: "it is still being sent".)
 *
 * An ISO-TP error is a `CanOperationError` with one of these codes:
 *
 * | code | a PDU was not sent | a PDU was not received |
 * | --- | --- | --- |
 * | `ECOMM` | no flow control arrived within 1 s, or the interface took no frame within 2 s | |
 * | `EMSGSIZE` | the receiver has no room for a PDU of that length, or the kernel does not take it | |
 * | `EBADMSG` | the flow control was malformed | a frame was wrongly padded |
 * | `ETIMEDOUT` | | the sender did not continue within 1 s |
 * | `EILSEQ` | | a frame was missing, duplicated or out of order |
 *
 * The kernel reports an error before the PDUs that arrived earlier, and returns none of these once the interface is gone.
 * Of two errors before the next call, it reports the later only.
 *
 * Every `timeout` is in seconds: absent or null waits forever, 0 does not wait, and a negative one is a RangeError.
 *
 * @example
 * ```ts ignore
 * import { IsoTpSocket } from "@socketcan/bus";
 *
 * using socket = new IsoTpSocket({ channel: "can0", txId: 0x7e0, rxId: 0x7e8 });
 * socket.send(Uint8Array.of(0x22, 0xf1, 0x90), 1.0); // UDS: what is your VIN?
 * console.log(socket.recv(1.0)); // waits up to a second; null if nothing arrived
 * ```
 *
 * @category ISO-TP
 */
export class IsoTpSocket extends CanSocket<Uint8Array, Uint8Array> {
  /**
   * A description for logs: `isotp channel "vcan0", sends 7e0, receives 7e8`. Identifiers of 11 bits have 3 digits, those of
   * 29 bits have 8.
   */
  readonly channelInfo: string;
  readonly #logger: Logger | undefined;

  /**
   * Opens a socket.
   *
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, or no ISO-TP: the module `can-isotp` is missing, say.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: IsoTpSocketOptions) {
    const full = fullIsoTpOptions(options);
    const { channel, logger } = full;
    super(
      new Endpoint<IsoTpPort, Uint8Array, Uint8Array>(
        { channel, logger, noun: "ISO-TP socket" },
        (onReady) => new IsoTpPort(openLibc(full.libc), full, onReady),
        (socket, rearm) => new Writer(socket, rearm, new PduSending(full, socket)),
      ),
    );
    const { txWord, rxWord, broadcast } = full;
    this.channelInfo = `isotp channel "${channel}", sends ${idText(txWord)}, receives ${
      broadcast ? "nothing" : idText(rxWord)
    }`;
    this.#logger = logger;
    try {
      logger?.debug?.(`opened ${this.channelInfo}`);
    } catch (error) {
      super.close();
      throw error;
    }
  }

  /**
   * Closes the socket and rejects every pending wait. A second call does nothing. A PDU that is being sent is still sent to
   * its end: the descriptor stays open until then, or until the kernel gives up.
   */
  override close(): void {
    if (this.closed) return;
    super.close();
    this.#logger?.debug?.(`closed ${this.channelInfo}`);
  }
}

/** An identifier as candump writes it. */
function idText(word: number): string {
  return word & CAN_EFF_FLAG ? (word & CAN_EFF_MASK).toString(16).padStart(8, "0") : word.toString(16).padStart(3, "0");
}

/** Sends PDUs. */
class PduSending implements Sending<Uint8Array> {
  readonly channel: string;
  readonly logger: Logger | undefined;
  readonly noRoom = "another PDU is being sent, or the transmit queue is full";
  readonly #options: FullIsoTpOptions;
  readonly #socket: IsoTpPort;

  constructor(options: FullIsoTpOptions, socket: IsoTpPort) {
    this.channel = options.channel;
    this.logger = options.logger;
    this.#options = options;
    this.#socket = socket;
  }

  check(pdu: Uint8Array): void {
    if (!(pdu instanceof Uint8Array)) throw new TypeError(`Cannot send ${show(pdu)}: a PDU must be a Uint8Array`);
    const { broadcast, singleFrame } = this.#options;
    if (pdu.length === 0) throw new RangeError("Cannot send a PDU of 0 bytes: it must have at least 1");
    if (broadcast === "sf" && pdu.length > singleFrame) {
      throw new RangeError(
        `Cannot send ${pdu.length} bytes with sfBroadcast: a single frame takes at most ${singleFrame}`,
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
