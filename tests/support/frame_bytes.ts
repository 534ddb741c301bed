/**
 * The kernel's structure of a frame, written without the library's help.
 *
 * @module
 */

import type { MessageInit } from "../../mod.ts";

/** `struct can_frame` or `struct canfd_frame` of a message that is made from this. */
export function frameBytes(init: MessageInit): Uint8Array {
  const { arbitrationId = 0, isErrorFrame, isExtendedId = !isErrorFrame, isRemoteFrame, isFd, data = [] } = init;
  const bytes = new Uint8Array(isFd ? 72 : 16);
  const id = arbitrationId + (isExtendedId ? 2 ** 31 : 0) + (isRemoteFrame ? 2 ** 30 : 0) +
    (isErrorFrame ? 2 ** 29 : 0);
  new DataView(bytes.buffer).setUint32(0, id, true);
  bytes[4] = init.dlc ?? data.length;
  bytes[5] = isFd ? 4 + (init.bitrateSwitch ? 1 : 0) + (init.errorStateIndicator ? 2 : 0) : 0;
  bytes.set(data, 8);
  return bytes;
}
