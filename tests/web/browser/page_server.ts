/**
 * A server of the live page with two virtual buses, in either runtime: `deno run -A tests/web/browser/page_server.ts FOLDER [PORT]`. It
 * prints its address. Below `/test/` one tells it what is to happen on the buses.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message } from "../../../mod.ts";
import { Database } from "../../../src/dbc/mod.ts";
import { webHandler } from "../../../src/web/mod.ts";

/** Names, units, labels and comments that a page must not take for its own markup. */
const hostile = `<img src=x onerror="window.attacked = true"> & 'quotes'`;
const dbc = `BO_ 256 EngineData: 8 Engine
 SG_ EngineSpeed : 0|16@1+ (1,0) [0|8000] "rpm" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
 SG_ Torque : 24|8@1- (0.5,-20) [0|40] "Nm" Dashboard
BO_ 2566848512 Vehicle: 8 Body
 SG_ Distance : 0|32@1+ (1,0) [0|0] "${hostile.replaceAll('"', "`")}" Dashboard
CM_ BO_ 256 "${hostile.replaceAll('"', "`")}";
VAL_ 256 Gear 0 "neutral" 1 "<script>first</script>" 2 "second" ;
`;

const [folder, port = "0"] = process.argv.slice(2);
const looking = ["can0", "can1"].map((channel) =>
  new Bus({ channel, interface: "virtual", fd: true, xl: true, receiveOwnMessages: true })
);
const [can0, can1] = ["can0", "can1"].map((channel) => new Bus({ channel, interface: "virtual", fd: true, xl: true }));
const handler = webHandler({
  buses: looking,
  databases: [{ database: Database.parse(dbc), name: "car.dbc" }],
  bitrates: { can0: { bitrate: 500_000, dataBitrate: 2_000_000 } },
  allowSend: true,
  recordFolder: folder,
  doctor: () => [{ level: "warning", subject: "can0", text: "no frame was received", fix: "can gen can0" }],
});

let turn = 0;
let doors = true;
let speed: number | null = null;
let timer: ReturnType<typeof setInterval> | undefined;

/** What the buses have each 10 ms. */
function traffic(): void {
  turn++;
  const now = Date.now() / 1000;
  const rpm = speed ?? Math.round(2000 + 1000 * Math.sin(now));
  speed = null;
  const data = [rpm & 255, rpm >> 8, turn >> 6 & 1, 60, turn & 255, 0, 0xaa, 0x55];
  can0.send(new Message({ arbitrationId: 0x100, isExtendedId: false, data }));
  can0.send(new Message({ arbitrationId: 0x101, isExtendedId: false, data: [1, 2, 3, 4] }));
  can0.send(new Message({ arbitrationId: 0x18ff0000, data: [turn & 255, turn >> 8 & 255, 0, 0, 1, 2, 3, 4] }));
  const long = Uint8Array.from({ length: 64 }, (_, index) => index === 40 ? turn & 255 : index);
  can1.send(new Message({ arbitrationId: 0x200, isExtendedId: false, isFd: true, bitrateSwitch: true, data: long }));
  if (doors) can1.send(new Message({ arbitrationId: 0x150, isExtendedId: false, data: [turn >> 7 & 1, 0] }));
  if (turn % 10 !== 1) return;
  can1.send(new Message({ arbitrationId: 0x300, isExtendedId: false, isRemoteFrame: true, dlc: 4 }));
  can1.send(new Message({ arbitrationId: 0x7f, isExtendedId: false, isXl: true, sdt: 3, af: 0x1234, data: long }));
  can0.send(new Message({ arbitrationId: 0x20, isErrorFrame: true, data: new Uint8Array(8) }));
}

const commands: Record<string, () => void> = {
  start: () => timer ??= setInterval(traffic, 10),
  quiet: () => doors = false,
  open: () => can0.send(new Message({ arbitrationId: 0x101, isExtendedId: false, data: [1, 2, 3, 0x84] })),
  spike: () => speed = 7777,
};

function answer(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.replace("/test/", "");
  if (!Object.hasOwn(commands, name)) return handler(request);
  commands[name]();
  return Promise.resolve(new Response());
}

const shown = (address: { hostname: string; port: number }) => console.log(`http://127.0.0.1:${address.port}/`);
if ("Deno" in globalThis) Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: shown }, answer);
else {
  const { serve } = (globalThis as unknown as {
    Bun: { serve(options: object): { hostname: string; port: number } };
  }).Bun;
  shown(serve({ hostname: "127.0.0.1", port: Number(port), idleTimeout: 0, fetch: answer }));
}
