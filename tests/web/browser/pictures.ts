/**
 * Takes the pictures of the live page for the guide, of a made-up car on virtual buses: `deno run -A tests/web/browser/pictures.ts`.
 * It needs pngquant, which makes them small; they look best with the fonts Inter and JetBrains Mono.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { Bus, Message } from "../../../mod.ts";
import { Database } from "../../../src/dbc/mod.ts";
import { webHandler } from "../../../src/web/mod.ts";
import { root } from "../../system/script.ts";
import { launch, open, screens } from "./chromium.ts";
import { show } from "./steps.ts";

/** Messages: name, identifier, milliseconds from one to the next, bus; signals: name, first bit, bits, factor, offset, limits, unit. */
const car: [string, number, number, string, [string, number, number, number, number, number, number, string][]][] = [
  ["EngineData", 0x0c0, 10, "can0", [
    ["EngineSpeed", 0, 16, 0.25, 0, 0, 8000, "rpm"],
    ["Torque", 16, 16, 0.1, -200, -200, 600, "Nm"],
    ["CoolantTemperature", 32, 8, 1, -40, -40, 150, "°C"],
  ]],
  ["VehicleSpeed", 0x0d1, 20, "can0", [["Speed", 0, 16, 0.01, 0, 0, 250, "km/h"], ["Gear", 16, 3, 1, 0, 0, 7, ""]]],
  ["WheelSpeeds", 0x0f0, 10, "can0", [["FrontLeft", 0, 16, 0.01, 0, 0, 250, "km/h"]]],
  ["SteeringAngle", 0x110, 10, "can0", [["Angle", 0, 16, 0.1, -780, -780, 780, "°"]]],
  ["BrakePressure", 0x124, 20, "can0", [["Pressure", 0, 8, 0.5, 0, 0, 120, "bar"]]],
  ["BatteryState", 0x1a4, 100, "can1", [["Voltage", 0, 16, 0.001, 0, 0, 20, "V"]]],
  ["ClimateControl", 0x244, 100, "can1", [["CabinTemperature", 0, 8, 0.5, -40, -40, 80, "°C"]]],
  ["DoorStatus", 0x2a0, 200, "can1", [["DriverDoor", 0, 1, 1, 0, 0, 1, ""]]],
  ["TyrePressures", 0x2f1, 500, "can1", [["FrontLeft", 0, 8, 0.02, 0, 0, 5, "bar"]]],
  ["RadarTargets", 0x310, 50, "can1", [["Distance", 0, 16, 0.01, 0, 0, 250, "m"]]],
  ["Odometer", 0x3b0, 1000, "can1", [["Distance", 0, 24, 0.1, 0, 0, 1000000, "km"]]],
];
const dbc = car.map(([name, id, , , signals]) =>
  [
    `BO_ ${id} ${name}: ${name === "RadarTargets" ? 32 : 8} ECU`,
    ...signals.map(([signal, start, bits, factor, offset, low, high, unit]) =>
      ` SG_ ${signal} : ${start}|${bits}@1+ (${factor},${offset}) [${low}|${high}] "${unit}" Dashboard`
    ),
  ].join("\n")
).join("\n\n") + `\n\nVAL_ ${0x0d1} Gear 0 "neutral" 1 "first" 2 "second" 3 "third" 4 "fourth" ;\n`;

const database = Database.parse(dbc);
const open_ = (channel: string) => new Bus({ channel, interface: "virtual", fd: true });
const senders: Record<string, Bus> = { can0: open_("can0"), can1: open_("can1") };
await using handler = webHandler({
  buses: [open_("can0"), open_("can1")],
  databases: [{ database, name: "car.dbc" }],
  bitrates: {
    can0: { bitrate: 500_000, dataBitrate: 2_000_000 },
    can1: { bitrate: 125_000, dataBitrate: 2_000_000 },
  },
});

const start = Date.now();
const timers = car.map(([name, id, period, bus, signals], index) =>
  setInterval(() => {
    const seconds = (Date.now() - start) / 1000;
    const wave = (turn: number) =>
      0.5 + 0.32 * Math.sin(seconds / (2 + turn) + turn) + 0.1 * Math.sin(seconds * 1.7 + turn);
    const values = Object.fromEntries(signals.map(([signal, , bits, , , low, high], turn) => {
      if (signal === "DriverDoor") return [signal, Math.floor(seconds / 8) % 2];
      if (bits === 3) return [signal, 1 + Math.floor(wave(1) * 3.5)];
      return [signal, low + (high - low) * 0.6 * wave(turn + index)];
    }));
    const isFd = name === "RadarTargets";
    const { data } = database.encode(name, values);
    senders[bus].send(new Message({ arbitrationId: id, isExtendedId: false, data, isFd, bitrateSwitch: isFd }));
  }, period)
);
timers.push(setInterval(() => {
  senders.can1.send(new Message({ arbitrationId: 0x18fef100, data: [0xff, 0xff, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x3f] }));
  senders.can1.send(new Message({ arbitrationId: 0x7df, isExtendedId: false, data: [2, 1, 12, 0, 0, 0, 0, 0] }));
}, 100));

const layout = {
  open: ["can0/0C0", "can0/0D1"],
  pinned: ["can0/0C0"],
  panes: [
    { series: ["signal/can0/0C0/EngineSpeed", "signal/can0/0C0/Torque"] },
    { series: ["signal/can0/0D1/Speed", "load/can0"] },
  ],
  span: 10,
};
await using browser = await launch();
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
const url = `http://127.0.0.1:${server.addr.port}/#${encodeURIComponent(JSON.stringify(layout))}`;
const pictures = [
  ["web-table", "desktop", "light", "table"],
  ["web-plots", "desktop", "dark", "plots"],
  ["web-phone-table", "phone", "light", "table"],
  ["web-phone-plots", "phone", "dark", "plots"],
] as const;
for (const [name, screen, colorScheme, view] of pictures) {
  await using opened = await open(browser, url, { ...screens[screen], colorScheme });
  await show(opened.page, view);
  await opened.page.waitForTimeout(15_000);
  await opened.page.screenshot({ path: `${root}docs/${name}.png` });
  execFileSync("pngquant", ["--force", "--strip", "--ext=.png", "64", `${root}docs/${name}.png`]);
  if (opened.errors.length > 0) throw new Error(opened.errors.join("\n"));
}
for (const timer of timers) clearInterval(timer);
await handler.close();
await server.shutdown();
