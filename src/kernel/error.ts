// <linux/can/error.h>

/** Bytes of data in an error frame. */
export const CAN_ERR_DLC = 8;

/** Class: a transmission timed out in the driver. */
export const CAN_ERR_TX_TIMEOUT = 0x001;
/** Class: arbitration was lost; byte 0. */
export const CAN_ERR_LOSTARB = 0x002;
/** Class: controller problems; byte 1. */
export const CAN_ERR_CRTL = 0x004;
/** Class: protocol violations; bytes 2 and 3. */
export const CAN_ERR_PROT = 0x008;
/** Class: transceiver status; byte 4. */
export const CAN_ERR_TRX = 0x010;
/** Class: no node acknowledged a transmission. */
export const CAN_ERR_ACK = 0x020;
/** Class: the controller is bus-off. */
export const CAN_ERR_BUSOFF = 0x040;
/** Class: bus error; these may flood the receiver. */
export const CAN_ERR_BUSERROR = 0x080;
/** Class: the controller was restarted. */
export const CAN_ERR_RESTARTED = 0x100;
/** Class: error counters; bytes 6 and 7. Since Linux 6.0. */
export const CAN_ERR_CNT = 0x200;

/** Byte 0: unspecified. Any other value is the number of the bit at which arbitration was lost. */
export const CAN_ERR_LOSTARB_UNSPEC = 0x00;

/** Byte 1: unspecified. */
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

/** Byte 2: unspecified. */
export const CAN_ERR_PROT_UNSPEC = 0x00;
/** Byte 2: bit error; the bit on the bus differed from the bit sent. */
export const CAN_ERR_PROT_BIT = 0x01;
/** Byte 2: form error; a field of fixed form had an illegal bit. */
export const CAN_ERR_PROT_FORM = 0x02;
/** Byte 2: bit stuffing error. */
export const CAN_ERR_PROT_STUFF = 0x04;
/** Byte 2: unable to send a dominant bit. */
export const CAN_ERR_PROT_BIT0 = 0x08;
/** Byte 2: unable to send a recessive bit. */
export const CAN_ERR_PROT_BIT1 = 0x10;
/** Byte 2: bus overload. */
export const CAN_ERR_PROT_OVERLOAD = 0x20;
/** Byte 2: active error announcement. */
export const CAN_ERR_PROT_ACTIVE = 0x40;
/** Byte 2: the error occurred while transmitting. */
export const CAN_ERR_PROT_TX = 0x80;

/** Byte 3: unspecified. */
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
/** Byte 3: CRC sequence. */
export const CAN_ERR_PROT_LOC_CRC_SEQ = 0x08;
/** Byte 3: CRC delimiter. */
export const CAN_ERR_PROT_LOC_CRC_DEL = 0x18;
/** Byte 3: ACK slot. */
export const CAN_ERR_PROT_LOC_ACK = 0x19;
/** Byte 3: ACK delimiter. */
export const CAN_ERR_PROT_LOC_ACK_DEL = 0x1b;
/** Byte 3: end of frame. */
export const CAN_ERR_PROT_LOC_EOF = 0x1a;
/** Byte 3: intermission. */
export const CAN_ERR_PROT_LOC_INTERM = 0x12;

/** Byte 4: unspecified. */
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

/** From this value on, an error counter makes the state ERROR-WARNING. */
export const CAN_ERROR_WARNING_THRESHOLD = 96;
/** From this value on, an error counter makes the controller error passive. */
export const CAN_ERROR_PASSIVE_THRESHOLD = 128;
/** From this value on, the transmit error counter makes the controller bus-off. */
export const CAN_BUS_OFF_THRESHOLD = 256;

/*
 * data of an error frame (CAN_ERR_DLC bytes)
 *   0  CAN_ERR_LOSTARB_*        bit number in the frame
 *   1  CAN_ERR_CRTL_*           flags
 *   2  CAN_ERR_PROT_*           flags
 *   3  CAN_ERR_PROT_LOC_*       code
 *   4  CAN_ERR_TRX_*            two codes: CANH in the lower half, CANL in the upper
 *   5  controller specific
 *   6  TX error counter
 *   7  RX error counter
 */

/** The bits of byte 4 for the wire CANH; the others are for CANL. */
const CANH = 0x0f;

/** The fields of an error frame's data, as plain numbers. */
export interface ErrorData {
  /** Byte 0: the bit's number in the frame, or CAN_ERR_LOSTARB_UNSPEC. */
  readonly lostArbitration: number;
  /** Byte 1: CAN_ERR_CRTL_* flags. */
  readonly controller: number;
  /** Byte 2: CAN_ERR_PROT_* flags. */
  readonly protocol: number;
  /** Byte 3: one of CAN_ERR_PROT_LOC_*. */
  readonly location: number;
  /** Byte 4, lower half: one of CAN_ERR_TRX_CANH_*. */
  readonly canh: number;
  /** Byte 4, upper half: one of CAN_ERR_TRX_CANL_*. */
  readonly canl: number;
  /** Byte 5: controller specific. */
  readonly controllerSpecific: number;
  /** Byte 6: transmit error counter. */
  readonly txErrors: number;
  /** Byte 7: receive error counter. */
  readonly rxErrors: number;
}

/** Decodes the data of an error frame; missing bytes count as 0. */
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
