import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { LogReader } from "../../src/log/mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { webHandler } from "../../src/web/mod.ts";
import { Page, post } from "./page.ts";

const database = {
  name: "car.dbc",
  database: Database.parse(`BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" D
 SG_ Gear : 16|3@1+ (1,0) [0|5] "" D
VAL_ 291 Gear 0 "neutral" 1 "first" ;
`),
};

describe("Sending from the page", () => {
  it("is off unless it was asked for", async () => {
    using bus = new Bus({ channel: "quiet", interface: "virtual" });
    using other = new Bus({ channel: "quiet", interface: "virtual" });
    await using handler = webHandler({ buses: [bus] });
    const response = await post(handler, "api/send", { bus: "quiet", frame: { id: 1, extended: false } });
    assertEquals([response.status, await response.json()], [403, {
      error: "This server sends nothing: start it with --allow-send",
    }]);
    const stop = new Request("http://localhost/api/send?task=t1", { method: "DELETE" });
    assertEquals((await handler(stop)).status, 403);
    assertEquals(other.recv(0), null);
  });

  it("sends frames by hand and by a database", async () => {
    using bus = new Bus({ channel: "loud", interface: "virtual", fd: true });
    using other = new Bus({ channel: "loud", interface: "virtual", fd: true });
    await using handler = webHandler({ buses: [bus], databases: [database], allowSend: true });
    await using page = await Page.open(handler);
    const frame = { id: 0x18fef100, extended: true, data: "0102ff" };
    assertEquals(await page.post("api/send", { bus: "loud", frame }), { data: "0102FF", task: null });
    await page.post("api/send", { bus: "loud", frame: { id: 0x7df, extended: false, remote: true, length: 4 } });
    await page.post("api/send", {
      bus: "loud",
      frame: { id: 1, extended: false, fd: true, brs: true, data: "00".repeat(12) },
    });
    const message = { name: "EngineData", signals: { Speed: 81.5, Gear: "first" } };
    assertEquals(await page.post("api/send", { bus: "loud", message }), { data: "2F03010000000000", task: null });
    const received = other.recvMany(9, 0);
    assertEquals(received.map(({ arbitrationId }) => arbitrationId), [0x18fef100, 0x7df, 1, 291]);
    assertEquals([received[1].isRemoteFrame, received[1].dlc, received[2].bitrateSwitch], [true, 4, true]);
    const wrong = await post(handler, "api/send", {
      bus: "loud",
      message: { name: "EngineData", signals: { Speed: 1e9 } },
    });
    assertEquals(wrong.status, 400);
    assert((await wrong.json()).error.includes("Speed"));
  });

  it("sends periodically, with data that can be changed, until it is stopped", async () => {
    using bus = new Bus({ channel: "beat", interface: "virtual" });
    using other = new Bus({ channel: "beat", interface: "virtual" });
    const handler = webHandler({ buses: [bus], allowSend: true });
    await using page = await Page.open(handler);
    const frame = (data: string) => ({ bus: "beat", frame: { id: 0x100, extended: false, data } });
    const { task } = await page.post("api/send", { ...frame("01"), period: 0.005 });
    await page.until(() => page.state?.tasks.length === 1);
    const { error, ...started } = page.state!.tasks[0];
    assertEquals([error, started], [null, { task, bus: "beat", text: "100 01", period: 0.005 }]);
    assertEquals((await other.recvAsync())!.data[0], 1);
    await page.post("api/send", { ...frame("02"), task });
    while ((await other.recvAsync())!.data[0] !== 2);
    await page.until(() => page.state!.tasks[0].text === "100 02");
    assertEquals(
      (await handler(new Request(`http://localhost/api/send?task=${task}`, { method: "DELETE" }))).status,
      200,
    );
    await page.until(() => page.state!.tasks.length === 0);
    assertEquals(
      (await handler(new Request(`http://localhost/api/send?task=${task}`, { method: "DELETE" }))).status,
      404,
    );
    await page.post("api/send", { ...frame("03"), period: 0.005 });
    await handler.close(); // ends what it has started
    other.recvMany(1000, 0);
    assertEquals(await other.recvAsync({ timeout: 0.05 }), null);
  });
});

describe("Recording from the page", () => {
  it("writes a log with marks and with what was lost, in the folder that it was given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "records-"));
    try {
      using bus = new Bus({ channel: "taped", interface: "virtual", receiveBuffer: 5000 });
      using sender = new Bus({ channel: "taped", interface: "virtual" });
      await using handler = webHandler({ buses: [bus], recordFolder: folder });
      await using page = await Page.open(handler);
      const send = (byte: number) =>
        sender.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [byte] }));
      send(0);
      await page.until(() => page.snapshot?.trace.end === 1);
      const { file } = await page.post("api/record", { action: "start", name: "drive.jsonl" });
      assertEquals(file, "drive.jsonl");
      assertEquals((await post(handler, "api/record", { action: "start" })).status, 409);
      send(1);
      await page.until(() => page.snapshot?.trace.end === 2);
      await page.post("api/record", { action: "mark", text: "<here>" });
      for (let i = 0; i < 100; i++) send(2); // more than its buffer holds
      await page.until(() => (page.snapshot?.trace.end ?? 0) > 2);
      send(3);
      await page.until(() => page.rows.get("taped/123")!.frame!.data === "03");
      await page.until(() => page.state!.record.frames > 0 && page.state!.record.dropped > 0);
      const { frames, dropped, bytes } = page.state!.record;
      assertEquals(frames + dropped, 102);
      assert(bytes > 0);
      assertEquals((await page.post("api/record", { action: "stop" })).file, null);
      assertEquals((await post(handler, "api/record", { action: "mark", text: "x" })).status, 409);

      const entries = [];
      for await (const entry of LogReader.open(join(folder, file)).entries()) entries.push(entry);
      const texts = entries.map((entry) => entry.type === "message" ? entry.message.data[0] : entry.type);
      assertEquals(texts.slice(0, 3), [1, "marker", 2]);
      assertEquals(texts.slice(-2), ["dropped", 3]);
      assertEquals(texts.filter((text) => typeof text === "number").length, frames);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes names of logs, and no paths", async () => {
    const folder = mkdtempSync(join(tmpdir(), "records-"));
    try {
      mkdirSync(join(folder, "logs"));
      writeFileSync(join(folder, "logs", "there.log"), "");
      using bus = new Bus({ channel: "named", interface: "virtual" });
      await using handler = webHandler({ buses: [bus], recordFolder: join(folder, "logs") });
      for (
        const name of [
          "../out.log",
          "/etc/out.log",
          "a/b.log",
          "a\\b.log",
          "..",
          ".hidden.log",
          "x.log\0.log",
          "out.exe",
          "out",
          "",
          "%F.log",
          `${"x".repeat(200)}.log`,
        ]
      ) {
        const response = await post(handler, "api/record", { action: "start", name });
        assertEquals(response.status, 400, `${JSON.stringify(name)}: ${await response.text()}`);
      }
      assertEquals((await post(handler, "api/record", { action: "start", name: "there.log" })).status, 409);
      assertEquals(readdirSync(folder), ["logs"]);
      assertEquals(readdirSync(join(folder, "logs")), ["there.log"]);
      const { file } = await (await post(handler, "api/record", { action: "start" })).json();
      assert(/^\d{4}-\d\d-\d\dT\d{6}\.log$/.test(file), file);
      await handler.close(); // ends the log
      assertEquals(readdirSync(join(folder, "logs")).sort(), [file, "there.log"].sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
