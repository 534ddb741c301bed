/**
 * The numbers of pcapng: see `pcapng.ts`.
 *
 * @module
 */

export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const SIMPLE_PACKET = 3;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;
/** The size of an enhanced packet block before the packet, in bytes. */
export const PACKET_HEADER = 28;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPT_ENDOFOPT = 0;
export const OPT_COMMENT = 1;
export const SHB_USERAPPL = 4;
export const IF_NAME = 2;
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;
export const EPB_FLAGS = 2;
export const EPB_DROPCOUNT = 4;

/** Directions in the lowest bits of EPB_FLAGS. */
export const INBOUND = 1;
export const OUTBOUND = 2;

/** The longest block in bytes. A longer one means that the file is corrupt. */
export const MOST = 1 << 24;
