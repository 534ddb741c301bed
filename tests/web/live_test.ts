import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message, type MessageInit } from "../../mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { webHandler, type WebOptions } from "../../src/web/mod.ts";
import { pause } from "../support/pause.ts";
import { Page, upload } from "./page.ts";

const car = `BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" Dashboard
CM_ BO_ 291 "what the engine does";
VAL_ 291 Gear 0 "neutral" 1 "first" ;
`;
const database = { database: Database.parse(car), name: "car.dbc" };

let wires = 0;

/** A handler that shows a virtual bus, and another bus on the same wire. */
function setUp(options: WebOptions = {}) {
  const channel = `wire${++wires}`;
  const bus = new Bus({ channel, interface: "virtual", xl: true });
  const sender = new Bus({ channel, interface: "virtual", xl: true });
  const handler = webHandler({ buses: [bus], databases: [database], ...options });
  return {
    channel,
    handler,
    bus,
    sender,
    send: (init: MessageInit) => sender.send(new Message({ isExtendedId: false, ...init })),
    async [Symbol.asyncDispose]() {
      await handler.close();
      bus.close();
      sender.close();
    },
  };
}

describe("The live page", () => {
  it("shows a row for each identifier, whatever kind of frame it is", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    const { channel, send } = world;
    send({ arbitrationId: 0x123, data: [0x2f, 0x03, 1] });
    send({
      arbitrationId: 0x123,
      isExtendedId: true,
      data: new Uint8Array(64).fill(7),
      isFd: true,
      bitrateSwitch: true,
    });
    send({ arbitrationId: 0x123, isRemoteFrame: true, dlc: 4 });
    send({ isErrorFrame: true, arbitrationId: 0x40 });
    send({ isXl: true, priority: 0x123, vcid: 2, sdt: 3, data: new Uint8Array(100) });
    await page.until(() => page.rows.size === 5);
    const row = (id: string) => page.rows.get(`${channel}/${id}`)!;
    assertEquals(row("123").frame, { length: 3, data: "2F0301", flags: ["tx"] });
    assertEquals([row("123").name, row("123").comment], ["EngineData", "what the engine does"]);
    assertEquals(row("123").senders, ["Engine"]);
    assertEquals(row("123").signals!.map(({ name, unit, bytes }) => [name, unit, bytes]), [
      ["Speed", "km/h", [0, 1]],
      ["Gear", "", [2, 2]],
    ]);
    assertEquals(row("00000123").frame, { length: 64, data: "07".repeat(64), flags: ["fd", "brs", "tx"] });
    assertEquals([row("R123").kind, row("R123").frame!.length, row("R123").frame!.data], ["remote", 4, ""]);
    assertEquals([row("E040").kind, row("E040").frame!.text], ["error", "bus-off"]);
    assertEquals(row("X02123").frame!.xl, { vcid: 2, sdt: 3, af: 0, sec: false });
    assertEquals(row("X02123").frame!.data.length, 128); // of 100 bytes the first 64
  });

  it("sends signals of rows that are unfolded", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    const key = `${world.channel}/123`;
    world.send({ arbitrationId: 0x123, data: [0x2f, 0x03, 1] });
    await page.until(() => page.rows.has(key));
    assertEquals(page.rows.get(key)!.values, undefined);
    await page.look({ unfolded: [key] });
    await page.until(() => page.rows.get(key)!.values !== undefined);
    assertEquals(page.rows.get(key)!.values, [{ value: 81.5, raw: 815 }, { value: 1, raw: 1, label: "first" }]);
    world.send({ arbitrationId: 0x123, data: [0xff, 0xff] });
    await page.until(() => page.rows.get(key)!.count === 2);
    assertEquals(page.rows.get(key)!.values, [{ value: 6553.5, raw: 65535, outside: true }, null]);
  });

  it("counts every frame, and says which bits changed, also those that have changed back", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    const key = `${world.channel}/100`;
    world.send({ arbitrationId: 0x100, data: [0, 0] });
    await page.until(() => page.rows.get(key)?.count === 1);
    for (const byte of [1, 0, 0x80, 0]) world.send({ arbitrationId: 0x100, data: [byte, 0] });
    await page.until(() => page.rows.get(key)!.count === 5);
    const bits = page.changed.get(key)!.map((digits) => Number.parseInt(digits, 16)).reduce((one, other) =>
      one | other
    );
    assertEquals(bits, 0x8100);
    assertEquals(page.rows.get(key)!.frame!.data, "0000");
  });

  it("shows the rows that an expression and a search let through, and takes others away", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    const row = (id: string) => page.rows.get(`${world.channel}/${id}`);
    world.send({ arbitrationId: 0x123, data: [0x2f, 0x03, 1] });
    world.send({ arbitrationId: 0x200, data: [1] });
    await page.until(() => page.rows.size === 2);
    await page.look({ where: "Speed > 80" });
    await page.until(() => page.rows.size === 1 && row("123") !== undefined);
    world.send({ arbitrationId: 0x123, data: [0, 0, 1] });
    await page.until(() => page.rows.size === 0);
    await page.look({ where: "", search: "FIRST" }); // the label of a value
    await page.until(() => row("123") !== undefined);
    assertEquals(page.rows.size, 1);
    await page.look({ search: "200" });
    await page.until(() => row("200") !== undefined && row("123") === undefined);
  });

  it("says what is wrong with an expression, and goes on with the one before", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    await page.look({ where: "id == 0x200" });
    const response = await world.handler(
      new Request("http://localhost/api/view", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ client: page.id, where: "1 < 2 && Sped > 80" }),
      }),
    );
    assertEquals(response.status, 400);
    assertEquals(await response.json(), {
      error: "column 10: nothing is named Sped; did you mean Speed?",
      column: 10,
    });
    world.send({ arbitrationId: 0x123 });
    world.send({ arbitrationId: 0x200 });
    await page.until(() => page.rows.size === 1);
    assertEquals([...page.rows.keys()], [`${world.channel}/200`]);
  });

  it("decodes with a database that is added to it, until it is taken away", async () => {
    await using world = setUp({ databases: [] });
    await using page = await Page.open(world.handler);
    const key = `${world.channel}/123`;
    world.send({ arbitrationId: 0x123, data: [0x2f, 0x03, 1] });
    await page.until(() => page.rows.has(key));
    assertEquals(page.rows.get(key)!.name, null);
    const added = await upload(world.handler, `api/databases?bus=${world.channel}&name=car.dbc`, car);
    const { database, messages } = await added.json();
    assertEquals(messages, 1);
    await page.until(() => page.rows.get(key)!.name === "EngineData");
    assertEquals(page.state!.databases.map(({ name, bus }) => [name, bus]), [["car.dbc", world.channel]]);
    const other = await (await upload(world.handler, "api/databases?bus=elsewhere&name=other.dbc", car)).json();
    assertEquals((await page.get(`api/messages?bus=${world.channel}`)).length, 1);
    await world.handler(new Request(`http://localhost/api/databases?database=${other.database}`, { method: "DELETE" }));
    await world.handler(new Request(`http://localhost/api/databases?database=${database}`, { method: "DELETE" }));
    await page.until(() => page.rows.get(key)!.name === null);
  });

  it("keeps a trace, which can be read anywhere, filtered and without muted rows", async () => {
    await using world = setUp({ traceFrames: 4096 });
    await using page = await Page.open(world.handler);
    const sent = 6000;
    for (let i = 0; i < sent; i++) {
      world.send({ arbitrationId: i % 3, data: [i & 0xff, i >> 8] });
      if (i % 200 === 0) await pause();
    }
    await page.until(() => page.snapshot?.trace.end === sent);
    const { first, bound } = page.snapshot!.trace;
    assertEquals(bound, 4096);
    assertEquals(first, sent - 4096);
    const { frames, from } = await page.get("api/trace?from=0&count=5");
    assertEquals(from, first); // what is no longer there is left out
    assertEquals(
      frames.map(({ index, id }: { index: number; id: number }) => [index, id]),
      [0, 1, 2, 3, 4].map((i) => [
        first + i,
        (first + i) % 3,
      ]),
    );
    const at = await page.get(`api/trace/at?time=${frames[3].time}`);
    assert(at.from <= first + 3 && at.from >= first);

    await page.look({ where: "data[0] == 7" });
    await page.nextSnapshot();
    const wanted = Array.from({ length: sent }, (_, i) => i).filter((i) => i >= first && (i & 0xff) === 7);
    await page.until(() => page.snapshot?.trace.filtered?.scanned === sent);
    const filtered = await page.get(`api/trace?from=${page.snapshot!.trace.filtered!.first}&count=100`);
    assertEquals(filtered.frames.map(({ index }: { index: number }) => index), wanted);
    await page.look({ where: "", muted: [`${world.channel}/000`, `${world.channel}/001`] });
    await page.nextSnapshot();
    await page.until(() => page.snapshot?.trace.filtered?.scanned === sent);
    const unmuted = await page.get("api/trace?from=0&count=3");
    assertEquals(unmuted.frames.map(({ id }: { id: number }) => id), [2, 2, 2]);
  });

  it("keeps the trace of a page that is paused, until it goes on", async () => {
    await using world = setUp({ traceFrames: 1024 });
    await using page = await Page.open(world.handler);
    const send = async (count: number) => {
      const end = (page.snapshot?.trace.end ?? 0) + count;
      for (let i = 0; i < count; i++) {
        world.send({ arbitrationId: 1 });
        if (i % 200 === 0) await pause();
      }
      await page.until(() => page.snapshot?.trace.end === end);
      return page.snapshot!.trace;
    };
    assertEquals((await send(2000)).first, 976);
    await page.look({ hold: true });
    const { first, bound } = await send(1000);
    assertEquals([first, bound], [976, 2048]);
    await page.look({ hold: false });
    assertEquals((await send(1)).first, 1977);
  });

  it("shows a loss of the socket in the row of its bus, in the trace, and as a gap of plots", async () => {
    const channel = `wire${++wires}`;
    using bus = new Bus({ channel, interface: "virtual", receiveBuffer: 5000 });
    using sender = new Bus({ channel, interface: "virtual" });
    await using handler = webHandler({ buses: [bus], databases: [database] });
    await using page = await Page.open(handler);
    const series = `signal/${channel}/123/Speed`;
    await page.look({ series: [series] });
    const message = (speed: number) => new Message({ arbitrationId: 0x123, isExtendedId: false, data: [speed, 0, 1] });
    await pause();
    for (let i = 0; i < 100; i++) sender.send(message(i)); // more than its buffer holds
    await page.until(() => (page.snapshot?.trace.end ?? 0) > 0);
    sender.send(message(200));
    await page.until(() => page.rows.get(`${channel}/123`)!.frame!.data === "C80001");
    const { end } = page.snapshot!.trace;
    await page.until(() => page.snapshot!.buses !== undefined && page.snapshot!.buses[0].frames === end);
    const [{ dropped, gaps }] = page.snapshot!.buses!;
    assertEquals(dropped, { socket: 101 - end, interface: null });
    assertEquals(gaps.reduce((sum, { count }) => sum + count, 0), 101 - end);
    const { frames } = await page.get(`api/trace?from=${end - 1}&count=1`);
    assertEquals(frames[0].lost, 101 - end);
    const now = Date.now() / 1000;
    const plot = await page.get(`api/plot?series=${series}&from=${now - 20}&to=${now + 1}&pixels=1000`);
    assertEquals(plot.series[0].maximums.at(-2), null);
    assertEquals(plot.series[0].maximums.at(-1), 20);
  });

  it("tells how buses do", async () => {
    await using world = setUp({ bitrates: {} });
    const rated = webHandler({
      buses: [world.bus],
      bitrates: { [world.channel]: { bitrate: 500_000, dataBitrate: 500_000 } },
    });
    await world.handler.close();
    await using _closing = rated;
    await using page = await Page.open(rated);
    for (let i = 0; i < 100; i++) world.send({ arbitrationId: 0x555, data: [0x55, 0x55] });
    world.send({ isErrorFrame: true, arbitrationId: 0x240, data: [0, 0, 0, 0, 0, 0, 96, 7] });
    await page.until(() => (page.snapshot?.buses?.[0].peakRate ?? 0) > 0);
    const [health] = page.snapshot!.buses!;
    assertEquals([health.bus, health.up, health.problem, health.frames], [world.channel, true, null, 101]);
    assertEquals([health.bitrate, health.state, health.errorCounters], [500_000, "BUS-OFF", { tx: 96, rx: 7 }]);
    assertEquals(health.errors.map(({ text }) => text), ["bus-off, error-counter-tx-rx{{96}{7}}"]);
    // 34 + 16 bits, a few stuff bits, 13 after them
    const bits = health.peakLoad! / health.peakRate * 500_000 * 101 / 100;
    assert(bits >= 63 && bits < 75, `${bits} bits a frame`);
    world.bus.close();
    await page.until(() => page.snapshot?.buses?.[0].problem === "it was closed");
  });

  it("plots from what the trace still has, and exports it", async () => {
    await using world = setUp();
    const { channel } = world;
    await using page = await Page.open(world.handler);
    for (let i = 0; i < 20; i++) world.send({ arbitrationId: 0x123, data: [10 * i, 0, 1] });
    await page.until(() => page.rows.get(`${channel}/123`)?.count === 20);
    const series = `signal/${channel}/123/Speed`;
    await page.look({ series: [series] });
    const now = Date.now() / 1000;
    const window = `from=${now - 30}&to=${now + 30}`;
    const { series: [{ maximums, unit, first, last, progress }] } = await page.get(
      `api/plot?series=${series}&${window}&pixels=1000`,
    );
    assertEquals([unit, progress, Math.max(...maximums)], ["km/h", 1, 19]);
    assert(first <= last);
    const lines = (await page.get(`api/plot.csv?series=${series}&${window}`)).trimEnd().split("\r\n");
    assertEquals(lines.length, 21);
    assertEquals(lines[0], "time,series,minimum,maximum,unit");
    assertEquals(lines[20].split(",").slice(1), [series, "19", "19", "km/h"]);
    await page.look({ series: [] });
    const { series: [gone] } = await page.get(`api/plot?series=${series}&${window}&pixels=1000`);
    assertEquals(gone.times, []);
  });
});

describe("The way of the data", () => {
  it("sends a slow client fewer snapshots, and others all of theirs", async () => {
    await using world = setUp();
    await using slow = await Page.open(world.handler);
    await using quick = await Page.open(world.handler);
    let sent = 0;
    const timer = setInterval(() => {
      for (let id = 0; id < 200; id++) world.send({ arbitrationId: id, data: [sent++ & 0xff] });
    }, 5);
    try {
      await quick.until(() => quick.snapshots >= 60);
    } finally {
      clearInterval(timer);
    }
    await quick.until(() => quick.snapshot!.trace.end === sent);
    assertEquals(quick.snapshot!.skipped, 0);
    // What waited for the slow one is a few events, and then the newest of all.
    await slow.until(() => slow.snapshot?.trace.end === sent);
    assert(slow.snapshots < 15, `${slow.snapshots} snapshots`);
    assert(slow.snapshot!.skipped > 20, `${slow.snapshot!.skipped} skipped`);
    const counts = (page: Page) => [...page.rows.values()].map(({ key, count }) => `${key} ${count}`).sort();
    assertEquals(counts(slow), counts(quick));
  });

  it("goes on with a client that comes back, says how long it was away, and knows its view", async () => {
    await using world = setUp();
    const page = await Page.open(world.handler);
    assertEquals((await page.next()).data, { resumed: false, missed: 0 });
    world.send({ arbitrationId: 0x123 });
    world.send({ arbitrationId: 0x200 });
    await page.until(() => page.rows.size === 2);
    await page.look({ where: "id == 0x200" });
    await page.until(() => page.rows.size === 1);
    const { row } = page.rows.get(`${world.channel}/200`)!;
    await page.close();
    await pause(50);
    for (let i = 0; i < 5; i++) world.send({ arbitrationId: 0x200 });

    await using again = await Page.open(world.handler, page.id);
    const { name, data: { resumed, missed } } = await again.next();
    assertEquals([name, resumed], ["hello", true]);
    assert(missed >= 0.04, `${missed} s`);
    await again.until(() => again.rows.size === 1);
    const values = again.rows.get(`${world.channel}/200`)!;
    assertEquals([values.row, values.count], [row, 6]);
    assertEquals((await again.get("api/trace?from=0&count=10")).frames.length, 6);
  });

  it("replaces the connection of a client that connects twice", async () => {
    await using world = setUp();
    const first = await Page.open(world.handler);
    await using second = await Page.open(world.handler, first.id);
    let ended = "";
    try {
      for (;;) await first.next();
    } catch (error) {
      ended = (error as Error).message;
    }
    assertEquals(ended, "the stream of events ended");
    await second.nextSnapshot();
  });

  it("sends as many snapshots as the view asks for", async () => {
    await using world = setUp();
    await using page = await Page.open(world.handler);
    await page.look({ rate: 2 });
    const timer = setInterval(() => world.send({ arbitrationId: 1 }), 5);
    try {
      await page.nextSnapshot();
      const from = (await page.nextSnapshot()).time;
      const to = (await page.nextSnapshot()).time;
      assert(to - from > 0.4, `${to - from} s`);
    } finally {
      clearInterval(timer);
    }
  });

  it("is the same below a path", async () => {
    using bus = new Bus({ channel: `wire${++wires}`, interface: "virtual" });
    await using handler = webHandler({ buses: [bus], path: "/tools/can/" });
    const get = async (path: string) => {
      const response = await handler(new Request(`http://localhost${path}`));
      await response.body?.cancel();
      return [response.status, response.headers.get("location")];
    };
    assertEquals(await get("/tools/can?x=1"), [308, "/tools/can/?x=1"]);
    assertEquals(await get("/tools/can/"), [200, null]);
    assertEquals(await get("/tools/can/main.js"), [200, null]);
    assertEquals(await get("/tools/can/api/events?client=abcdefgh"), [200, null]);
    assertEquals(await get("/"), [404, null]);
    assertEquals(await get("/tools/canned/"), [404, null]);
  });

  it("ends with the handler", async () => {
    const world = setUp();
    const page = await Page.open(world.handler);
    await world.handler.close();
    await world.handler.close();
    let ended = false;
    try {
      for (;;) await page.next();
    } catch {
      ended = true;
    }
    assert(ended);
    assertEquals((await world.handler(new Request("http://localhost/"))).status, 503);
    assertEquals(world.bus.closed, false); // it is its user's
    world.bus.close();
    world.sender.close();
  });
});
