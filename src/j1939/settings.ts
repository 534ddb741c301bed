/**
 * The socket options of a J1939 socket.
 *
 * @module
 */

import { EPERM } from "../kernel/errno.ts";
import {
  encodeJ1939Filters,
  type RawJ1939Filter,
  SO_J1939_ERRQUEUE,
  SO_J1939_FILTER,
  SO_J1939_PROMISC,
  SO_J1939_SEND_PRIO,
  SOL_CAN_J1939,
} from "../kernel/j1939.ts";
import {
  SO_BROADCAST,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SCHED,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import { type SocketOptions, u32 } from "../socket/socket_options.ts";
import type { FullJ1939Options } from "./options.ts";

/** A filter that passes nothing: no message has this PGN. */
const nothing: RawJ1939Filter = {
  pgn: 0xffffffff,
  pgnMask: 0xffffffff,
  address: 0,
  addressMask: 0,
  name: 0n,
  nameMask: 0n,
};

/** Sets all socket options before the socket is bound. A refusal is an error. */
export function configureJ1939(settings: SocketOptions, options: FullJ1939Options): void {
  settings.setBuffers(options);
  settings.set("SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, u32(Number(options.broadcast)));
  settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
  settings.set("SO_J1939_PROMISC", SOL_CAN_J1939, SO_J1939_PROMISC, u32(Number(options.promiscuous)));
  setPriority(settings, options.priority);
  settings.set("SO_J1939_ERRQUEUE", SOL_CAN_J1939, SO_J1939_ERRQUEUE, u32(1));
  followTransfers(settings, false, false);
  setJ1939Filters(settings, options.rawFilters);
}

/** Sets the priority of the messages that follow. */
export function setPriority(settings: SocketOptions, priority: number): void {
  settings.set(`priority ${priority}`, SOL_CAN_J1939, SO_J1939_SEND_PRIO, u32(priority), {
    [EPERM]: "priorities 0 and 1 need CAP_NET_ADMIN",
  });
}

/** Sets the filters: an empty list receives everything, null nothing. */
export function setJ1939Filters(settings: SocketOptions, filters: readonly RawJ1939Filter[] | null): void {
  settings.set("SO_J1939_FILTER", SOL_CAN_J1939, SO_J1939_FILTER, encodeJ1939Filters(filters ?? [nothing]));
}

/**
 * Sets which reports the error queue holds, besides aborts of transfers that this socket sends: progress and end of those
 * that it sends, and beginning, progress and aborts of those that it receives.
 */
export function followTransfers(settings: SocketOptions, sending: boolean, receiving: boolean): void {
  const flags = SOF_TIMESTAMPING_SOFTWARE |
    SOF_TIMESTAMPING_OPT_ID |
    (sending ? SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK : 0) |
    (receiving ? SOF_TIMESTAMPING_RX_SOFTWARE : 0);
  settings.set("SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, u32(flags));
}
