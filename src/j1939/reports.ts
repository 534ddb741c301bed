/**
 * Reports on transfers, from the error queue of a J1939 socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import {
  decodeExtendedError,
  type ExtendedError,
  SCM_TSTAMP_SCHED,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TIMESTAMPING,
} from "../kernel/errqueue.ts";
import {
  decodeTransferStats,
  J1939_EE_INFO_RX_ABORT,
  J1939_EE_INFO_RX_DPO,
  J1939_EE_INFO_RX_RTS,
  J1939_EE_INFO_TX_ABORT,
  SCM_J1939_ERRQUEUE,
  SOL_CAN_J1939,
  type TransferStats,
} from "../kernel/j1939.ts";
import { MSG_ERRQUEUE, SCM_TIMESTAMPING_OPT_STATS, SOL_SOCKET } from "../kernel/socket.ts";
import { Datagram } from "../socket/datagram.ts";

/** Space for all control messages of a report: a timestamp, the transfer's data, what happened. */
const CONTROL_SPACE = 512;

/** What happened to a transfer. */
export type TransferStep = "begun" | "progress" | "done" | "aborted";

/** The kernel's report on one transfer. */
export interface TransferReport {
  readonly direction: "send" | "receive";
  readonly step: TransferStep;
  /** Identifies the transfer among those of the same direction. */
  readonly number: number;
  /** Why the transfer was aborted; of no meaning in other reports. */
  readonly errno: number;
  readonly stats: TransferStats;
}

/** Reads the error queue. */
export class J1939Reports {
  readonly #datagram: Datagram;

  constructor(libc: Libc, fd: number) {
    this.#datagram = new Datagram(libc, fd, { name: 0, control: CONTROL_SPACE, data: 0 });
  }

  /** Returns the next report; null for an entry that is not about a transfer; or `-errno`. */
  read(): TransferReport | null | number {
    const result = this.#datagram.receive(MSG_ERRQUEUE);
    if (result < 0) return result;
    let error: ExtendedError | undefined;
    let stats: TransferStats = {};
    for (const { level, type, data } of this.#datagram.controls) {
      if (level === SOL_CAN_J1939 && type === SCM_J1939_ERRQUEUE) error = decodeExtendedError(data);
      if (level === SOL_SOCKET && type === SCM_TIMESTAMPING_OPT_STATS) stats = decodeTransferStats(data);
    }
    const kind = error && kindOf(error);
    if (!error || !kind) return null;
    const [direction, step] = kind;
    // The kernel reports some of them as negative numbers.
    return { direction, step, number: error.data, errno: Math.abs(error.errno | 0), stats };
  }
}

function kindOf({ origin, info }: ExtendedError): readonly ["send" | "receive", TransferStep] | undefined {
  if (origin === SO_EE_ORIGIN_TIMESTAMPING) return ["send", info === SCM_TSTAMP_SCHED ? "progress" : "done"];
  if (origin !== SO_EE_ORIGIN_LOCAL) return undefined;
  switch (info) {
    case J1939_EE_INFO_TX_ABORT:
      return ["send", "aborted"];
    case J1939_EE_INFO_RX_RTS:
      return ["receive", "begun"];
    case J1939_EE_INFO_RX_DPO:
      return ["receive", "progress"];
    case J1939_EE_INFO_RX_ABORT:
      return ["receive", "aborted"];
  }
}
