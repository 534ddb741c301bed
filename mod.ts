/**
 * SocketCAN for Deno and Bun: raw CAN, CAN FD and CAN XL sockets, periodic sending, the broadcast manager, ISO-TP,
 * J1939, and the management of CAN links. The library calls libc through FFI, so Deno needs `--allow-ffi`; it works on
 * Linux on 64-bit little-endian machines. The virtual bus works anywhere.
 *
 * `Bus` corresponds to python-can's `Bus` with its
 * {@link https://python-can.readthedocs.io/en/stable/interfaces/socketcan.html | socketcan interface}. The kernel's
 * side is described in its {@link https://docs.kernel.org/networking/can.html | documentation}.
 *
 * @example
 * ```ts
 * import { Bus, Message } from "@socketcan/bus";
 *
 * using sender = new Bus({ channel: "demo", interface: "virtual" }); // on Linux: new Bus("vcan0")
 * using bus = new Bus({ channel: "demo", interface: "virtual" });
 * sender.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
 * console.log(`${bus.recv(1.0)}`);
 * ```
 *
 * @module
 */

export type { BcmChanged, BcmEvent, BcmExpired, BcmTimeout } from "./src/bcm/event.ts";
export type { BcmStatus, BcmSubscription, BcmTransmission, BcmUpdateOptions } from "./src/bcm/handles.ts";
export type { BcmMultiplex, BcmMultiplexCase, BcmSubscriptionOptions } from "./src/bcm/subscription.ts";
export { BcmSocket, type BcmSocketOptions } from "./src/bcm/bcm_socket.ts";
export type { BcmTransmitOptions } from "./src/bcm/plan.ts";
export { BitTiming } from "./src/bit_timing/bit_timing.ts";
export {
  bitTimingConsts,
  type ControllerName,
  dataBitTimingConsts,
  type FdControllerName,
} from "./src/bit_timing/controllers.ts";
export type {
  BitTimingPhase,
  LinkBitrate,
  LinkSegments,
  OfDataPhase,
  PythonBitTiming,
  PythonBitTimingFd,
} from "./src/bit_timing/forms.ts";
export type { BitTimingInit, BitTimingJson } from "./src/bit_timing/init.ts";
export type { BitTimingAlgorithm } from "./src/bit_timing/limits.ts";
export type { BitTimingListRequest, BitTimingRequest } from "./src/bit_timing/request.ts";
export type { BitTimingConst, BitTimingValues } from "./src/bit_timing/values.ts";
export { Bus } from "./src/bus/bus.ts";
export { type CanProtocol, MessageBus } from "./src/bus/message_bus.ts";
export { CanReceiver } from "./src/endpoint/can_receiver.ts";
export { CanSocket } from "./src/endpoint/can_socket.ts";
export { Feed } from "./src/endpoint/feed.ts";
export type { ErrorFrame } from "./src/message/error_frame.ts";
export type {
  ControllerProblem,
  ErrorClass,
  ProtocolLocation,
  ProtocolViolation,
  WireStatus,
} from "./src/message/error_names.ts";
export {
  CanError,
  type CanErrorDetails,
  CanInitializationError,
  CanInterfaceNotImplementedError,
  CanOperationError,
  CanTimeoutError,
} from "./src/errors.ts";
export type { CanFilter } from "./src/message/filter.ts";
export { Link } from "./src/link/link.ts";
export type { ControllerMode, ControllerState, OperState } from "./src/link/names.ts";
export type {
  LinkChangeOptions,
  LinkConfiguration,
  LinkCreateOptions,
  LinkOptions,
  VcanOptions,
  VxcanOptions,
} from "./src/link/options.ts";
export type {
  DeviceStatistics,
  LinkStatistics,
  LinkStatisticsDelta,
  ReceiveStatistics,
  SendStatistics,
} from "./src/link/statistics.ts";
export type { LinkDetails, LinkStatus, TransmitterDelay, TransmitterDelayConst } from "./src/link/status.ts";
export { Message, type MessageEqualsOptions, type MessageJson } from "./src/message/message.ts";
export type { MessageInit } from "./src/message/init.ts";
export type { LinkEvent, LinkEventType } from "./src/link/events.ts";
export { watchLinks, type WatchOptions } from "./src/link/watch_links.ts";
export { IsoTpSocket } from "./src/isotp/isotp_socket.ts";
export type { IsoTpSocketOptions } from "./src/isotp/options.ts";
export type { CommonOptions, Logger, SignalOptions } from "./src/endpoint/options.ts";
export type { BusOptions } from "./src/raw/options.ts";
export type { PeriodicOptions } from "./src/periodic/plan.ts";
export type { CyclicSendTask } from "./src/periodic/task.ts";
export type { ClaimState } from "./src/j1939/address_claim.ts";
export type { ClaimStatus } from "./src/j1939/claimer.ts";
export type { J1939Filter } from "./src/j1939/filter.ts";
export { J1939Message, type J1939MessageInit } from "./src/j1939/message.ts";
export { Name, type NameInit } from "./src/j1939/name.ts";
export type { ClaimOptions, J1939SocketOptions } from "./src/j1939/options.ts";
export { type J1939Id, type J1939IdInit, packJ1939Id, Pgn, unpackJ1939Id } from "./src/j1939/pgn.ts";
export { type J1939SendOptions, J1939Socket } from "./src/j1939/j1939_socket.ts";
export type { TransferEvent } from "./src/j1939/transfer_event.ts";
export type { WaitOptions } from "./src/endpoint/wait_queue.ts";
