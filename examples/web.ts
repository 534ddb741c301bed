// A user's own server with the live page below /can/: run it, and open http://localhost:8000/can/ in a browser.
import process from "node:process";
import { Bus, Message } from "../mod.ts";
import { webHandler } from "../src/web/mod.ts";

// A virtual bus with some traffic; new Bus({ channel: "can0", fd: true }) is a real one.
const bus = new Bus({ channel: "car", interface: "virtual" });
const engine = new Bus({ channel: "car", interface: "virtual" });
const speed = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0, 0] });
engine.sendPeriodic(speed, 0.1, { modify: ({ data: [byte] }) => speed.with({ data: [(byte + 1) & 0xff, 0] }) });

const can = webHandler({ buses: [bus], path: "/can/" });

async function answer(request: Request): Promise<Response> {
  if (new URL(request.url).pathname.startsWith("/can")) return await can(request);
  return new Response(`<a href="/can/">What is on the bus</a>`, { headers: { "content-type": "text/html" } });
}

const port = Number(process.argv[2] ?? 8000);
const { Deno, Bun } = globalThis as unknown as {
  Deno?: { serve(options: object, handler: typeof answer): { addr: { port: number } } };
  Bun?: { serve(options: object): { port: number } };
};
const options = { hostname: "127.0.0.1", port };
const served = Deno
  ? Deno.serve({ ...options, onListen() {} }, answer).addr.port
  : Bun!.serve({ ...options, fetch: answer, idleTimeout: 0 }).port; // 0: Bun would end streams that are quiet
console.log(`http://localhost:${served}/can/`);
