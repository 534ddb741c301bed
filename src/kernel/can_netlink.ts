// <linux/can/netlink.h>

import {
  array,
  type AttributeTable,
  type Codec,
  decodeString,
  nested,
  NLA_F_NESTED,
  struct,
  u16,
  u32,
} from "./nlattr.ts";

export const IFLA_CAN_BITTIMING = 1;
export const IFLA_CAN_BITTIMING_CONST = 2;
export const IFLA_CAN_CLOCK = 3;
export const IFLA_CAN_STATE = 4;
export const IFLA_CAN_CTRLMODE = 5;
export const IFLA_CAN_RESTART_MS = 6;
/** In a request: restart the controller now. */
export const IFLA_CAN_RESTART = 7;
export const IFLA_CAN_BERR_COUNTER = 8;
export const IFLA_CAN_DATA_BITTIMING = 9;
export const IFLA_CAN_DATA_BITTIMING_CONST = 10;
export const IFLA_CAN_TERMINATION = 11;
/** The values that the termination can have. */
export const IFLA_CAN_TERMINATION_CONST = 12;
/** The bitrates of a controller that supports only fixed ones. */
export const IFLA_CAN_BITRATE_CONST = 13;
export const IFLA_CAN_DATA_BITRATE_CONST = 14;
/** Maximum bitrate of the transceiver; 0 for no limit. */
export const IFLA_CAN_BITRATE_MAX = 15;
export const IFLA_CAN_TDC = 16;
export const IFLA_CAN_CTRLMODE_EXT = 17;

export const IFLA_CAN_TDC_TDCV_MIN = 1;
export const IFLA_CAN_TDC_TDCV_MAX = 2;
export const IFLA_CAN_TDC_TDCO_MIN = 3;
export const IFLA_CAN_TDC_TDCO_MAX = 4;
export const IFLA_CAN_TDC_TDCF_MIN = 5;
export const IFLA_CAN_TDC_TDCF_MAX = 6;
export const IFLA_CAN_TDC_TDCV = 7;
export const IFLA_CAN_TDC_TDCO = 8;
export const IFLA_CAN_TDC_TDCF = 9;

/** Since Linux 5.18. */
export const IFLA_CAN_CTRLMODE_SUPPORTED = 1;

export const CAN_STATE_ERROR_ACTIVE = 0;
export const CAN_STATE_ERROR_WARNING = 1;
export const CAN_STATE_ERROR_PASSIVE = 2;
export const CAN_STATE_BUS_OFF = 3;
export const CAN_STATE_STOPPED = 4;
export const CAN_STATE_SLEEPING = 5;

export const CAN_CTRLMODE_LOOPBACK = 0x01;
export const CAN_CTRLMODE_LISTENONLY = 0x02;
export const CAN_CTRLMODE_3_SAMPLES = 0x04;
export const CAN_CTRLMODE_ONE_SHOT = 0x08;
export const CAN_CTRLMODE_BERR_REPORTING = 0x10;
export const CAN_CTRLMODE_FD = 0x20;
export const CAN_CTRLMODE_PRESUME_ACK = 0x40;
export const CAN_CTRLMODE_FD_NON_ISO = 0x80;
export const CAN_CTRLMODE_CC_LEN8_DLC = 0x100;
export const CAN_CTRLMODE_TDC_AUTO = 0x200;
export const CAN_CTRLMODE_TDC_MANUAL = 0x400;

/*
 * struct can_bittiming (32 bytes)      struct can_bittiming_const (48 bytes)
 *   0  __u32 bitrate                     0  char  name[16]
 *   4  __u32 sample_point  in 1/1000    16  __u32 tseg1_min      20  __u32 tseg1_max
 *   8  __u32 tq            in ns        24  __u32 tseg2_min      28  __u32 tseg2_max
 *  12  __u32 prop_seg                   32  __u32 sjw_max
 *  16  __u32 phase_seg1                 36  __u32 brp_min        40  __u32 brp_max
 *  20  __u32 phase_seg2                 44  __u32 brp_inc
 *  24  __u32 sjw
 *  28  __u32 brp
 */
export const CAN_BITTIMING_SIZE = 32;
export const CAN_BITTIMING_CONST_SIZE = 48;

/** `struct can_bittiming`; in a request, the kernel computes the fields that are 0. */
export interface CanBittiming {
  /** Bits per second. */
  readonly bitrate: number;
  /** Tenths of a percent. */
  readonly samplePoint: number;
  /** Nanoseconds. */
  readonly tq: number;
  /** Time quanta. */
  readonly propSeg: number;
  /** Time quanta. */
  readonly phaseSeg1: number;
  /** Time quanta. */
  readonly phaseSeg2: number;
  /** Time quanta. */
  readonly sjw: number;
  /** Prescaler: clock periods per time quantum. */
  readonly brp: number;
}

const bittiming: Codec<CanBittiming> = struct(CAN_BITTIMING_SIZE, (view) => ({
  bitrate: view.getUint32(0, true),
  samplePoint: view.getUint32(4, true),
  tq: view.getUint32(8, true),
  propSeg: view.getUint32(12, true),
  phaseSeg1: view.getUint32(16, true),
  phaseSeg2: view.getUint32(20, true),
  sjw: view.getUint32(24, true),
  brp: view.getUint32(28, true),
}), ({ bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp }, view) => {
  [bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp]
    .forEach((value, i) => view.setUint32(4 * i, value, true));
});

/**
 * The limits of a controller's bit timing: `struct can_bittiming_const` of `linux/can/netlink.h`. All times are in time
 * quanta.
 *
 * @category Bit timing
 */
export interface BitTimingConst {
  /** The controller's name, such as `"sja1000"`. */
  readonly name: string;
  /** Minimum of time segment 1: propagation segment and phase segment 1 together. */
  readonly tseg1Min: number;
  /** Maximum of time segment 1. */
  readonly tseg1Max: number;
  /** Minimum of time segment 2: phase segment 2. */
  readonly tseg2Min: number;
  /** Maximum of time segment 2. */
  readonly tseg2Max: number;
  /** Maximum of the synchronisation jump width. */
  readonly sjwMax: number;
  /** Minimum of the bit rate prescaler: clock periods per time quantum. */
  readonly brpMin: number;
  /** Maximum of the bit rate prescaler. */
  readonly brpMax: number;
  /** Step of the bit rate prescaler: it is a multiple of this. */
  readonly brpInc: number;
}

const bittimingConst: Codec<BitTimingConst> = struct(CAN_BITTIMING_CONST_SIZE, (view) => ({
  name: decodeString(new Uint8Array(view.buffer, view.byteOffset, 16)),
  tseg1Min: view.getUint32(16, true),
  tseg1Max: view.getUint32(20, true),
  tseg2Min: view.getUint32(24, true),
  tseg2Max: view.getUint32(28, true),
  sjwMax: view.getUint32(32, true),
  brpMin: view.getUint32(36, true),
  brpMax: view.getUint32(40, true),
  brpInc: view.getUint32(44, true),
}), ({ name, ...limits }, view) => {
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax, brpInc } = limits;
  new TextEncoder().encodeInto(name, new Uint8Array(view.buffer, 0, 15));
  [tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax, brpInc]
    .forEach((value, i) => view.setUint32(16 + 4 * i, value, true));
});

/*
 * struct can_ctrlmode (8 bytes)        struct can_berr_counter (4 bytes)
 *   0  __u32 mask   bits to change       0  __u16 txerr
 *   4  __u32 flags  their new values     2  __u16 rxerr
 */
export const CAN_CTRLMODE_SIZE = 8;
export const CAN_BERR_COUNTER_SIZE = 4;

/** `struct can_ctrlmode`. */
export interface CanCtrlmode {
  /** In a request, the bits to change. */
  readonly mask: number;
  /** CAN_CTRLMODE_*. */
  readonly flags: number;
}

const ctrlmode: Codec<CanCtrlmode> = struct(
  CAN_CTRLMODE_SIZE,
  (view) => ({ mask: view.getUint32(0, true), flags: view.getUint32(4, true) }),
  ({ mask, flags }, view) => {
    view.setUint32(0, mask, true);
    view.setUint32(4, flags, true);
  },
);

/** `struct can_berr_counter`. */
export interface CanBerrCounter {
  /** Transmit error counter. */
  readonly tx: number;
  /** Receive error counter. */
  readonly rx: number;
}

const berrCounter: Codec<CanBerrCounter> = struct(
  CAN_BERR_COUNTER_SIZE,
  (view) => ({ tx: view.getUint16(0, true), rx: view.getUint16(2, true) }),
  ({ tx, rx }, view) => {
    view.setUint16(0, tx, true);
    view.setUint16(2, rx, true);
  },
);

/*
 * struct can_device_stats (24 bytes)
 *   0  __u32 bus_error          8  __u32 error_passive      16  __u32 arbitration_lost
 *   4  __u32 error_warning     12  __u32 bus_off            20  __u32 restarts
 */
export const CAN_DEVICE_STATS_SIZE = 24;

/**
 * A CAN controller's counters since its driver was loaded, each from 0 to 0xffffffff: `struct can_device_stats` of
 * `linux/can/netlink.h`.
 *
 * @category Links
 */
export interface DeviceStatistics {
  /** Errors on the bus. Most drivers count them only in mode `berr-reporting`. */
  readonly busError: number;
  /** Changes to the state ERROR-WARNING. */
  readonly errorWarning: number;
  /** Changes to the state ERROR-PASSIVE. */
  readonly errorPassive: number;
  /** Changes to the state BUS-OFF. */
  readonly busOff: number;
  /** Lost arbitrations. */
  readonly arbitrationLost: number;
  /** Restarts after BUS-OFF. */
  readonly restarts: number;
}

/** The payload of IFLA_INFO_XSTATS. */
export const deviceStats: Codec<DeviceStatistics> = struct(CAN_DEVICE_STATS_SIZE, (view) => ({
  busError: view.getUint32(0, true),
  errorWarning: view.getUint32(4, true),
  errorPassive: view.getUint32(8, true),
  busOff: view.getUint32(12, true),
  arbitrationLost: view.getUint32(16, true),
  restarts: view.getUint32(20, true),
}), ({ busError, errorWarning, errorPassive, busOff, arbitrationLost, restarts }, view) => {
  [busError, errorWarning, errorPassive, busOff, arbitrationLost, restarts]
    .forEach((value, i) => view.setUint32(4 * i, value, true));
});

const tdcTable = {
  tdcvMin: [IFLA_CAN_TDC_TDCV_MIN, u32],
  tdcvMax: [IFLA_CAN_TDC_TDCV_MAX, u32],
  tdcoMin: [IFLA_CAN_TDC_TDCO_MIN, u32],
  tdcoMax: [IFLA_CAN_TDC_TDCO_MAX, u32],
  tdcfMin: [IFLA_CAN_TDC_TDCF_MIN, u32],
  tdcfMax: [IFLA_CAN_TDC_TDCF_MAX, u32],
  tdcv: [IFLA_CAN_TDC_TDCV, u32],
  tdco: [IFLA_CAN_TDC_TDCO, u32],
  tdcf: [IFLA_CAN_TDC_TDCF, u32],
} as const satisfies AttributeTable;

const ctrlmodeExtTable = { supported: [IFLA_CAN_CTRLMODE_SUPPORTED, u32] } as const satisfies AttributeTable;

/** The attributes of a CAN controller, in requests and answers: the payload of IFLA_INFO_DATA. */
export const canTable = {
  bittiming: [IFLA_CAN_BITTIMING, bittiming],
  bittimingConst: [IFLA_CAN_BITTIMING_CONST, bittimingConst],
  clock: [IFLA_CAN_CLOCK, u32],
  state: [IFLA_CAN_STATE, u32],
  ctrlmode: [IFLA_CAN_CTRLMODE, ctrlmode],
  restartMs: [IFLA_CAN_RESTART_MS, u32],
  restart: [IFLA_CAN_RESTART, u32],
  berrCounter: [IFLA_CAN_BERR_COUNTER, berrCounter],
  dataBittiming: [IFLA_CAN_DATA_BITTIMING, bittiming],
  dataBittimingConst: [IFLA_CAN_DATA_BITTIMING_CONST, bittimingConst],
  termination: [IFLA_CAN_TERMINATION, u16],
  terminationConst: [IFLA_CAN_TERMINATION_CONST, array(u16)],
  bitrateConst: [IFLA_CAN_BITRATE_CONST, array(u32)],
  dataBitrateConst: [IFLA_CAN_DATA_BITRATE_CONST, array(u32)],
  bitrateMax: [IFLA_CAN_BITRATE_MAX, u32],
  tdc: [IFLA_CAN_TDC, nested(tdcTable, NLA_F_NESTED)],
  ctrlmodeExt: [IFLA_CAN_CTRLMODE_EXT, nested(ctrlmodeExtTable, NLA_F_NESTED)],
} as const satisfies AttributeTable;
