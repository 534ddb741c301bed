// <linux/can/error.h>

/** Bytes of data in an error frame. */
export const CAN_ERR_DLC = 8;

/** Class: the driver waited in vain for a transmission to end. */
export const CAN_ERR_TX_TIMEOUT = 0x001;
/** Class: arbitration was lost; byte 0. */
export const CAN_ERR_LOSTARB = 0x002;
/** Class: problems of the controller; byte 1. */
export const CAN_ERR_CRTL = 0x004;
/** Class: violations of the protocol; bytes 2 and 3. */
export const CAN_ERR_PROT = 0x008;
/** Class: status of the transceiver; byte 4. */
export const CAN_ERR_TRX = 0x010;
/** Class: nobody acknowledged a transmission. */
export const CAN_ERR_ACK = 0x020;
/** Class: the controller left the bus. */
export const CAN_ERR_BUSOFF = 0x040;
/** Class: an error on the bus; there may be a flood of them. */
export const CAN_ERR_BUSERROR = 0x080;
/** Class: the controller was restarted. */
export const CAN_ERR_RESTARTED = 0x100;
/** Class: the error counters are told; bytes 6 and 7. Since Linux 6.0. */
export const CAN_ERR_CNT = 0x200;

/** Byte 0: the bit is not known; else its number in the frame. */
export const CAN_ERR_LOSTARB_UNSPEC = 0x00;

/** Byte 1: not known. */
export const CAN_ERR_CRTL_UNSPEC = 0x00;
/** Byte 1: the receive buffer overflowed. */
export const CAN_ERR_CRTL_RX_OVERFLOW = 0x01;
/** Byte 1: the transmit buffer overflowed. */
export const CAN_ERR_CRTL_TX_OVERFLOW = 0x02;
/** Byte 1: the receive error counter reached the warning level. */
export const CAN_ERR_CRTL_RX_WARNING = 0x04;
/** Byte 1: the transmit error counter reached the warning level. */
export const CAN_ERR_CRTL_TX_WARNING = 0x08;
/** Byte 1: error passive because of the receive error counter. */
export const CAN_ERR_CRTL_RX_PASSIVE = 0x10;
/** Byte 1: error passive because of the transmit error counter. */
export const CAN_ERR_CRTL_TX_PASSIVE = 0x20;
/** Byte 1: error active again. */
export const CAN_ERR_CRTL_ACTIVE = 0x40;

/** Byte 2: not known. */
export const CAN_ERR_PROT_UNSPEC = 0x00;
/** Byte 2: a bit was not what was sent. */
export const CAN_ERR_PROT_BIT = 0x01;
/** Byte 2: a part of fixed form had another. */
export const CAN_ERR_PROT_FORM = 0x02;
/** Byte 2: wrong bit stuffing. */
export const CAN_ERR_PROT_STUFF = 0x04;
/** Byte 2: could not send a dominant bit. */
export const CAN_ERR_PROT_BIT0 = 0x08;
/** Byte 2: could not send a recessive bit. */
export const CAN_ERR_PROT_BIT1 = 0x10;
/** Byte 2: overload of the bus. */
export const CAN_ERR_PROT_OVERLOAD = 0x20;
/** Byte 2: an active error flag was announced. */
export const CAN_ERR_PROT_ACTIVE = 0x40;
/** Byte 2: the error came while transmitting. */
export const CAN_ERR_PROT_TX = 0x80;

/** Byte 3: not known. */
export const CAN_ERR_PROT_LOC_UNSPEC = 0x00;
/** Byte 3: start of frame. */
export const CAN_ERR_PROT_LOC_SOF = 0x03;
/** Byte 3: identifier bits 28 to 21 (standard: 10 to 3). */
export const CAN_ERR_PROT_LOC_ID28_21 = 0x02;
/** Byte 3: identifier bits 20 to 18 (standard: 2 to 0). */
export const CAN_ERR_PROT_LOC_ID20_18 = 0x06;
/** Byte 3: substitute RTR (standard: RTR). */
export const CAN_ERR_PROT_LOC_SRTR = 0x04;
/** Byte 3: identifier extension. */
export const CAN_ERR_PROT_LOC_IDE = 0x05;
/** Byte 3: identifier bits 17 to 13. */
export const CAN_ERR_PROT_LOC_ID17_13 = 0x07;
/** Byte 3: identifier bits 12 to 5. */
export const CAN_ERR_PROT_LOC_ID12_05 = 0x0f;
/** Byte 3: identifier bits 4 to 0. */
export const CAN_ERR_PROT_LOC_ID04_00 = 0x0e;
/** Byte 3: remote transmission request. */
export const CAN_ERR_PROT_LOC_RTR = 0x0c;
/** Byte 3: reserved bit 1. */
export const CAN_ERR_PROT_LOC_RES1 = 0x0d;
/** Byte 3: reserved bit 0. */
export const CAN_ERR_PROT_LOC_RES0 = 0x09;
/** Byte 3: data length code. */
export const CAN_ERR_PROT_LOC_DLC = 0x0b;
/** Byte 3: data. */
export const CAN_ERR_PROT_LOC_DATA = 0x0a;
/** Byte 3: checksum. */
export const CAN_ERR_PROT_LOC_CRC_SEQ = 0x08;
/** Byte 3: delimiter of the checksum. */
export const CAN_ERR_PROT_LOC_CRC_DEL = 0x18;
/** Byte 3: acknowledge slot. */
export const CAN_ERR_PROT_LOC_ACK = 0x19;
/** Byte 3: delimiter of the acknowledge slot. */
export const CAN_ERR_PROT_LOC_ACK_DEL = 0x1b;
/** Byte 3: end of frame. */
export const CAN_ERR_PROT_LOC_EOF = 0x1a;
/** Byte 3: intermission. */
export const CAN_ERR_PROT_LOC_INTERM = 0x12;

/** Byte 4: not known. */
export const CAN_ERR_TRX_UNSPEC = 0x00;
/** Byte 4, CANH: no wire. */
export const CAN_ERR_TRX_CANH_NO_WIRE = 0x04;
/** Byte 4, CANH: short to battery. */
export const CAN_ERR_TRX_CANH_SHORT_TO_BAT = 0x05;
/** Byte 4, CANH: short to the supply. */
export const CAN_ERR_TRX_CANH_SHORT_TO_VCC = 0x06;
/** Byte 4, CANH: short to ground. */
export const CAN_ERR_TRX_CANH_SHORT_TO_GND = 0x07;
/** Byte 4, CANL: no wire. */
export const CAN_ERR_TRX_CANL_NO_WIRE = 0x40;
/** Byte 4, CANL: short to battery. */
export const CAN_ERR_TRX_CANL_SHORT_TO_BAT = 0x50;
/** Byte 4, CANL: short to the supply. */
export const CAN_ERR_TRX_CANL_SHORT_TO_VCC = 0x60;
/** Byte 4, CANL: short to ground. */
export const CAN_ERR_TRX_CANL_SHORT_TO_GND = 0x70;
/** Byte 4, CANL: short to CANH. */
export const CAN_ERR_TRX_CANL_SHORT_TO_CANH = 0x80;

/** An error counter from here on is a warning. */
export const CAN_ERROR_WARNING_THRESHOLD = 96;
/** An error counter from here on makes the controller error passive. */
export const CAN_ERROR_PASSIVE_THRESHOLD = 128;
/** A transmit error counter from here on takes the controller off the bus. */
export const CAN_BUS_OFF_THRESHOLD = 256;

/*
 * data of an error frame (CAN_ERR_DLC bytes)
 *   0  CAN_ERR_LOSTARB_*        bit of the frame
 *   1  CAN_ERR_CRTL_*           bits
 *   2  CAN_ERR_PROT_*           bits
 *   3  CAN_ERR_PROT_LOC_*       a code
 *   4  CAN_ERR_TRX_*            two codes: CANH in the lower half, CANL in the upper
 *   5  the controller's own
 *   6  TX error counter
 *   7  RX error counter
 */

/** Bits of byte 4 that tell of the wire CANH; the others tell of CANL. */
const CANH = 0x0f;

/** The data of an error frame, by field: numbers, as they are. */
export interface ErrorData {
  /** Byte 0: a bit's number in the frame, or CAN_ERR_LOSTARB_UNSPEC. */
  readonly lostArbitration: number;
  /** Byte 1: CAN_ERR_CRTL_* bits. */
  readonly controller: number;
  /** Byte 2: CAN_ERR_PROT_* bits. */
  readonly protocol: number;
  /** Byte 3: one of CAN_ERR_PROT_LOC_*. */
  readonly location: number;
  /** Byte 4, lower half: one of CAN_ERR_TRX_CANH_*. */
  readonly canh: number;
  /** Byte 4, upper half: one of CAN_ERR_TRX_CANL_*. */
  readonly canl: number;
  /** Byte 5: the controller's own. */
  readonly controllerSpecific: number;
  /** Byte 6. */
  readonly txErrors: number;
  /** Byte 7. */
  readonly rxErrors: number;
}

/** Takes the data of an error frame apart; bytes that are not there are 0. */
export function decodeErrorData(data: Uint8Array): ErrorData {
  const byte = (index: number) => index < data.length ? data[index] : 0;
  return {
    lostArbitration: byte(0),
    controller: byte(1),
    protocol: byte(2),
    location: byte(3),
    canh: byte(4) & CANH,
    canl: byte(4) & ~CANH,
    controllerSpecific: byte(5),
    txErrors: byte(6),
    rxErrors: byte(7),
  };
}
