/**
 * The map of a message, as `can/interfaces/udp_multicast/utils.py` of python-can makes it.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  fdLength,
} from "../../kernel/can.ts";
import { SOFTWARE_TIME } from "../../message/fields.ts";
import { splitTimestamp } from "../../message/init.ts";
import type { Message } from "../../message/message.ts";
import { timeNow } from "../../message/time_now.ts";
import { frameData, loadFrame, receivedMessage } from "../frames.ts";
import { MapWriter, readMap, type Value } from "./msgpack.ts";

/** Bytes of a map, besides the name of the channel. */
const MAP_SIZE = 256;
/** The longest name of a channel that is sent, and that is taken from a map. */
const MAX_CHANNEL = 64;
/** Times are before this, in seconds. */
const TIME_LIMIT = 2 ** 40;

/** Writes the map of a message. */
export function encodeMap(message: Message): Uint8Array<ArrayBuffer> {
  const map = new MapWriter(11, MAP_SIZE + 4 * MAX_CHANNEL + CANFD_MAX_DLEN);
  map.float("timestamp", message.timestamp);
  map.whole("arbitration_id", message.arbitrationId);
  map.flag("is_extended_id", message.isExtendedId);
  map.flag("is_remote_frame", message.isRemoteFrame);
  map.flag("is_error_frame", message.isErrorFrame);
  map.textOrNull("channel", message.channel?.slice(0, MAX_CHANNEL) ?? null);
  map.whole("dlc", message.dlc);
  const length = loadFrame(message);
  map.binary("data", frameData, length);
  map.flag("is_fd", message.isFd);
  map.flag("bitrate_switch", message.bitrateSwitch);
  map.flag("error_state_indicator", message.errorStateIndicator);
  return map.bytes;
}

/**
 * Reads the message of a map. It has the time in the map, of whatever clock; if that is none, as that of a message that its
 * sender has constructed, the current time.
 *
 * @param fallback The channel of a message that names none.
 * @param bits LOCAL and CONFIRM of an own message.
 * @throws {SyntaxError} The bytes are no map of a message.
 */
export function decodeMap(bytes: Uint8Array, fallback: string, bits = 0): Message {
  const map = readMap(bytes);
  const id = whole(map, "arbitration_id", CAN_EFF_MASK);
  const isExtended = flag(map, "is_extended_id", true);
  const isRemote = flag(map, "is_remote_frame");
  const isError = flag(map, "is_error_frame");
  const isFd = flag(map, "is_fd");
  if (Number(isRemote) + Number(isError) + Number(isFd) > 1) throw new SyntaxError("a frame of two kinds");
  if (!isExtended && !isError && id > CAN_SFF_MASK) {
    throw new SyntaxError(`a standard identifier of 0x${id.toString(16)}`);
  }
  const data = map.get("data");
  if (data != null && !(data instanceof Uint8Array)) throw new SyntaxError("data that is no bytes");
  const length = data?.length ?? 0;
  const most = isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  if (length > most) throw new SyntaxError(`data of ${length} bytes`);
  const dlc = map.get("dlc") == null ? length : whole(map, "dlc", most);
  if (isRemote ? length > 0 : dlc !== length || (isFd && fdLength(dlc) !== dlc)) {
    throw new SyntaxError(`a length of ${dlc} with ${length} bytes of data`);
  }
  if (data) frameData.set(data);
  const idWord = id | (isExtended ? CAN_EFF_FLAG : 0) | (isRemote ? CAN_RTR_FLAG : 0) | (isError ? CAN_ERR_FLAG : 0);
  const [time, source] = timeOf(map.get("timestamp"));
  const flags = (flag(map, "bitrate_switch") ? CANFD_BRS : 0) | (flag(map, "error_state_indicator") ? CANFD_ESI : 0);
  return receivedMessage(
    idWord,
    dlc,
    isFd ? flags | CANFD_FDF : null,
    time,
    source | bits,
    channelOf(map.get("channel"), fallback),
  );
}

function flag(map: ReadonlyMap<string, Value>, key: string, fallback = false): boolean {
  const value = map.get(key) ?? fallback;
  if (typeof value !== "boolean") throw new SyntaxError(`${key} that is neither true nor false`);
  return value;
}

function whole(map: ReadonlyMap<string, Value>, key: string, most: number): number {
  const value = map.get(key);
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new SyntaxError(`${key} that is no number from 0 to ${most}`);
  }
  return value;
}

/** Returns the time of a message, and the bits of its source. */
function timeOf(value: Value | undefined): [time: { seconds: number; nanoseconds: number }, bits: number] {
  if (typeof value !== "number" || !(value > 0 && value < TIME_LIMIT)) return [timeNow(), SOFTWARE_TIME];
  const [seconds, nanoseconds] = splitTimestamp(value);
  return [{ seconds, nanoseconds }, 0];
}

/** Returns the channel of a message: python-can has names and numbers. */
function channelOf(value: Value | undefined, fallback: string): string {
  if (typeof value === "number") return `${value}`;
  return typeof value === "string" && value.length <= MAX_CHANNEL && /^[!-~]+$/.test(value) ? value : fallback;
}
