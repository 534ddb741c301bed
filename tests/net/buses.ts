/**
 * A bus of each type of network bus, with a virtual bus behind it.
 *
 * @module
 */

import process from "node:process";
import { Bus, type MessageBus } from "../../mod.ts";
import {
  type BusServer,
  CannelloniBus,
  MulticastBus,
  type NetBusOptions,
  serveCannelloni,
  serveMulticast,
  serveSocketcand,
  SocketcandBus,
} from "../../src/net/mod.ts";

/** A network bus, its server, and a bus of the wire that is served. */
export interface Pair extends AsyncDisposable {
  readonly bus: MessageBus;
  readonly far: Bus;
  readonly server: BusServer;
}

let wires = 0;

/** Both runtimes may run their tests at once: each process has ports of its own. */
const first = 20_000 + (process.pid * 211) % 12_000;
let ports = 0;

/** Returns a port that no other test uses, for those who must know it before it is open. */
export function freePort(): number {
  return first + ports++ % 400;
}

async function pair(
  serve: (channel: string) => Promise<BusServer>,
  open: (server: BusServer, channel: string) => Promise<MessageBus>,
): Promise<Pair> {
  const channel = `net${wires++}`;
  const far = new Bus({ channel, interface: "virtual", fd: true, receiveBuffer: 2 ** 22 });
  const server = await serve(channel);
  const close = async () => {
    far.close();
    await server.close();
  };
  try {
    const bus = await open(server, channel);
    return {
      ...{ bus, far, server },
      async [Symbol.asyncDispose]() {
        bus.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What each type is opened with. */
const shared = { fd: true, name: "remote" } as const;

/** Opens a pair of each type. */
export const kinds: Readonly<Record<string, (options?: NetBusOptions) => Promise<Pair>>> = {
  socketcand: (options = {}) =>
    pair(
      (channel) => serveSocketcand({ channels: [channel], interface: "virtual", port: 0, fd: true }),
      ({ address }, channel) => SocketcandBus.open({ ...address, channel, ...shared, ...options }),
    ),
  "cannelloni over TCP": (options = {}) =>
    pair(
      (channel) => serveCannelloni({ channel, interface: "virtual", transport: "tcp", port: 0, fd: true }),
      ({ address }) => CannelloniBus.open({ ...address, transport: "tcp", ...shared, ...options }),
    ),
  "cannelloni over UDP": (options = {}) => {
    const [port, localPort] = [freePort(), freePort()];
    const peer = `127.0.0.1:${localPort}`;
    return pair(
      (channel) => serveCannelloni({ channel, interface: "virtual", peer, port, fd: true }),
      () => CannelloniBus.open({ host: "127.0.0.1", port, localPort, ...shared, ...options }),
    );
  },
  multicast: (options = {}) => {
    const port = freePort();
    return pair(
      (channel) => serveMulticast({ channel, interface: "virtual", port, fd: true }),
      () => MulticastBus.open({ port, localHost: "127.0.0.1", ...shared, ...options }),
    );
  },
};
