/**
 * Buses of other hosts, and serving those of this one: socketcand, cannelloni and python-can's multicast.
 *
 * @example
 * ```ts
 * import { serveSocketcand, SocketcandBus } from "@socketcan/bus/net";
 *
 * await using server = await serveSocketcand({ channels: ["demo"], interface: "virtual", port: 0 });
 * using bus = await SocketcandBus.open({ ...server.address, channel: "demo" });
 * console.log(bus.channelInfo.replace(/:\d+/, "")); // socketcand at 127.0.0.1, channel "demo"
 * ```
 *
 * @module
 */

export type { NetAddress } from "./address.ts";
export { NetBus } from "./net_bus.ts";
export type { NetBusOptions } from "./options.ts";
export type { BusServer, ServeOptions } from "./serve_options.ts";
export { SocketcandBus, type SocketcandBusOptions } from "./socketcand/bus.ts";
export { serveSocketcand, type ServeSocketcandOptions } from "./socketcand/server.ts";
export { CannelloniBus, type CannelloniBusOptions } from "./cannelloni/bus.ts";
export { serveCannelloni, type ServeCannelloniOptions } from "./cannelloni/server.ts";
export { MulticastBus, type MulticastBusOptions } from "./multicast/bus.ts";
export { serveMulticast, type ServeMulticastOptions } from "./multicast/server.ts";
export { openBus } from "./open_bus.ts";
