/**
 * A server of this runtime.
 *
 * @module
 */

/** Where to listen, and with which certificate. */
export interface ServeOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM; null: without TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** The largest body in bytes. */
  readonly bodyBytes: number;
}

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Ends it, with all connections. */
  stop(): Promise<void>;
}

type Handler = (request: Request) => Promise<Response>;

/** What Deno and Bun have to serve with. */
interface Host {
  readonly Deno?: {
    serve(options: object, handler: Handler): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  };
  readonly Bun?: { serve(options: object): { readonly port: number; stop(all: boolean): Promise<void> } };
}

/**
 * Serves.
 *
 * @throws {Error} The address is taken, or none of this machine; or the certificate is wrong.
 */
export function serve(handler: Handler, { host, port, tls, bodyBytes }: ServeOptions): Listening {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Host;
  try {
    if (deno) {
      const server = deno.serve({ hostname: host, port, onListen() {}, ...tls }, handler);
      return { port: server.addr.port, stop: () => server.shutdown() };
    }
    if (bun) {
      // Bun ends connections on which nothing was sent for ten seconds, unless the limit is 0.
      const limits = { idleTimeout: 0, maxRequestBodySize: bodyBytes };
      const server = bun.serve({ hostname: host, port, fetch: handler, ...limits, ...tls && { tls } });
      return { port: server.port, stop: () => server.stop(true) };
    }
  } catch (error) {
    const { message, code, name } = error as Error & { code?: string };
    const taken = code === "EADDRINUSE" || name === "AddrInUse";
    throw new Error(
      `Cannot listen on ${host}, port ${port}: ${
        taken ? "EADDRINUSE (address in use); choose another --port" : message
      }`,
      { cause: error },
    );
  }
  throw new Error("can web needs Deno or Bun");
}
