/**
 * The kernel's structure of a frame, encoded independently of the library.
 *
 * @module
 */

import type { MessageInit } from "../../mod.ts";

/** Encodes `struct can_frame`, `struct canfd_frame` or `struct canxl_frame` for a message with these properties. */
export function frameBytes(init: MessageInit): Uint8Array {
  if (init.isXl) return xlBytes(init);
  const { arbitrationId = 0, isErrorFrame, isExtendedId = !isErrorFrame, isRemoteFrame, isFd, data = [] } = init;
  const bytes = new Uint8Array(isFd ? 72 : 16);
  const id = arbitrationId + (isExtendedId ? 2 ** 31 : 0) + (isRemoteFrame ? 2 ** 30 : 0) +
    (isErrorFrame ? 2 ** 29 : 0);
  new DataView(bytes.buffer).setUint32(0, id, true);
  bytes[4] = init.dlc ?? data.length;
  bytes[5] = isFd ? 4 + (init.bitrateSwitch ? 1 : 0) + (init.errorStateIndicator ? 2 : 0) : 0;
  bytes[7] = init.len8Dlc ?? 0;
  bytes.set(data, 8);
  return bytes;
}

function xlBytes({ priority = 0, arbitrationId = priority, vcid = 0, sdt = 0, af = 0, sec, data = [] }: MessageInit) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, arbitrationId, true);
  bytes[2] = vcid;
  bytes[4] = 0x80 + (sec ? 1 : 0);
  bytes[5] = sdt;
  view.setUint16(6, data.length, true);
  view.setUint32(8, af, true);
  bytes.set(data, 12);
  return bytes;
}
