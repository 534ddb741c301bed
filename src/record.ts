/**
 * The form in which messages are held: blocks of records, each a head with what the socket tells of a frame, and the
 * frame itself as the kernel lays it out. A message is a view of one record and decodes what it is asked for.
 *
 * Record
 *   0  u32 × 2  seconds since 1970
 *   8  u32      nanoseconds
 *  12  u32      RECORD_* bits
 *  16  u32      bytes of the frame: CAN_MTU or CANFD_MTU
 *  20  u32      0
 *  24  struct can_frame or struct canfd_frame
 *
 * @module
 */

/** Bytes before the frame; a multiple of 8, so that the data of every frame is aligned for any typed array. */
export const RECORD_HEAD = 24;

// Words (bytes / 4) from the beginning of a record.
export const RECORD_SECONDS = 0;
export const RECORD_NANOSECONDS = 2;
export const RECORD_BITS = 3;
export const RECORD_LENGTH = 4;
export const RECORD_FRAME = 6;

/** This host sent the frame. */
export const RECORD_LOCAL = 1;
/** The socket that received the frame had sent it. */
export const RECORD_CONFIRM = 2;

/** Records one after the other. Blocks are written once, before any message shows them. */
export class RecordBlock {
  /** The records as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array<ArrayBuffer>;

  /** A block of zeros; `size` in bytes, a multiple of 8. */
  constructor(size: number) {
    const buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}
