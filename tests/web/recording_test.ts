import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { LogWriter } from "../../src/log/mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { webHandler } from "../../src/web/mod.ts";
import { Page, upload } from "./page.ts";

const start = 1_700_000_000;
const database = {
  name: "car.dbc",
  database: Database.parse(`BO_ 256 Engine: 8 E
 SG_ Speed : 0|16@1+ (1,0) [0|0] "rpm" D
`),
};

/** Runs with a folder that has a log: frames each millisecond of 0x100 to 0x109, with their numbers, and one spike. */
async function withLog(
  name: string,
  count: number,
  run: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  const path = join(folder, name);
  try {
    const log = LogWriter.open(path);
    for (let i = 0; i < count; i++) {
      log.write(
        new Message({
          channel: "can0",
          isExtendedId: false,
          arbitrationId: 0x100 + i % 10,
          data: i === SPIKE ? [0xff, 0xff] : [i / 10 & 0xff, 0],
          timestampNs: BigInt(start) * 1_000_000_000n + BigInt(i) * 1_000_000n,
        }),
      );
      if (i % 10_000 === 0) await log.flush();
    }
    await log.close();
    await run(path, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SPIKE = 5000;

const isRead = (page: Page) => page.state?.sources[0]?.recording?.done === true;

describe("A recording in the live page", () => {
  for (const name of ["drive.log", "drive.asc", "drive.blf", "drive.trc", "drive.mf4", "drive.pcapng", "drive.db"]) {
    it(`is read: ${name}`, async () => {
      await withLog(name, 300, async (path) => {
        await using handler = webHandler({ recordings: [path] });
        await using page = await Page.open(handler);
        await page.until(() => isRead(page));
        const [{ title, kind, buses, recording }] = page.state!.sources;
        assertEquals([title, kind, buses.length], [name, "recording", 1]);
        assertEquals([recording!.frames, recording!.error, recording!.skipped], [300, null, 0]);
        assert(Math.abs(recording!.end - recording!.start - 0.299) < 0.002, `${recording!.end} ${recording!.start}`);
        const { frames } = await page.get("api/trace?from=123&count=2");
        assertEquals(frames.map(({ id, data }: { id: number; data: string }) => [id, data]), [[0x103, "0C00"], [
          0x104,
          "0C00",
        ]]);
      });
    });
  }

  it("is shown as it was at any time, forwards and backwards", async () => {
    await withLog("drive.log", 200_000, async (path) => {
      await using handler = webHandler({ recordings: [path] });
      await using page = await Page.open(handler);
      await page.until(() => isRead(page));
      const { start: first, end } = page.state!.sources[0].recording!;
      for (const second of [0.0005, 150.0005, 199.9995, 70.0005, 70.0015, 3.0005, end - first]) {
        await page.post("api/player", { client: page.id, time: first + second });
        const index = Math.min(Math.floor(second * 1000 + 0.01), 199_999) + 1;
        await page.until(() => page.snapshot!.player!.index === index);
        const counts = [...page.rows.values()].reduce((sum, { count = 0 }) => sum + count, 0);
        assertEquals(counts, index, `at ${second} s`);
        const last = page.rows.get(`can0/10${(index - 1) % 10}`)!;
        assert(Math.abs(last.time! - first - (index - 1) / 1000) < 1e-5);
      }
    });
  });

  it("is played, at any speed, and stops at its end", async () => {
    await withLog("drive.log", 20_000, async (path) => {
      await using handler = webHandler({ recordings: [path] });
      await using page = await Page.open(handler);
      await page.until(() => isRead(page));
      await page.post("api/player", { client: page.id, speed: 40, playing: true });
      const seen = new Set<number>();
      while (page.snapshot?.player?.index !== 20_000 || page.snapshot.player.playing) {
        seen.add((await page.nextSnapshot()).player!.index);
      }
      assert(seen.size >= 4, `${seen.size} places`); // half a second
      assertEquals(page.snapshot!.player!.time, page.state!.sources[0].recording!.end);
    });
  });

  it("has plots of all its frames, with no spike lost", async () => {
    await withLog("drive.log", 50_000, async (path) => {
      await using handler = webHandler({ recordings: [path], databases: [database] });
      await using page = await Page.open(handler);
      await page.look({ series: ["signal/can0/100/Speed"] }); // while it is being read
      await page.until(() => isRead(page));
      const plot = () =>
        page.get(`api/plot?series=signal/can0/100/Speed&series=rate/can0&from=${start}&to=${start + 50}&pixels=100`);
      let { series: [speed, rate] } = await plot();
      while (speed.progress < 1) {
        await page.nextSnapshot();
        ({ series: [speed, rate] } = await plot());
      }
      assertEquals([speed.unit, Math.max(...speed.maximums), speed.first], ["rpm", 65535, start]);
      const at = speed.times[speed.maximums.indexOf(65535)];
      assert(at <= start + 5 && at > start + 4.4, `${at}`);
      assertEquals(Math.max(...rate.maximums), 1000);
    });
  });

  it("shows marks and gaps that its recorder noted", async () => {
    const text = `(${start}.000000) can0 123#01
(${start + 1}.000000) can0 123#02
`;
    const folder = mkdtempSync(join(tmpdir(), "recording-"));
    try {
      const path = join(folder, "drive.jsonl");
      const log = LogWriter.open(path);
      const message = new Message({ channel: "can0", arbitrationId: 0x123, isExtendedId: false, timestamp: start });
      log.write(message);
      log.marker("here", BigInt(start) * 1_000_000_000n + 500_000_000n);
      log.note({ type: "dropped", timestampNs: null, channel: "can0", count: 7 });
      log.write(message.with({ timestamp: start + 1 }));
      await log.close();
      await using handler = webHandler({ recordings: [path] });
      await using page = await Page.open(handler);
      await page.until(() => isRead(page));
      const { marks } = page.state!.sources[0].recording!;
      assertEquals(marks.map(({ text, dropped }) => [text, dropped]), [["here", null], ["7 frames lost on can0", 7]]);
      assertEquals(marks[0].time, start + 0.5);
      const { frames } = await page.get("api/trace?from=0&count=9");
      assertEquals(frames.map(({ lost }: { lost?: number }) => lost), [undefined, 7]);
      const response = await upload(handler, "api/recordings?name=other.log", text);
      assertEquals(response.status, 200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is opened from what the page uploads, and leaves nothing behind when it is closed", async () => {
    await withLog("drive.blf", 5000, async (path, folder) => {
      const temporary = mkdtempSync(join(folder, "temporary-"));
      const handler = webHandler({ recordings: [path], temporaryFolder: temporary });
      await using page = await Page.open(handler);
      const bytes = readFileSync(path);
      const response = await upload(handler, `api/recordings?name=${encodeURIComponent("../../x/<b>.blf")}`, bytes);
      const { source, title } = await response.json();
      assertEquals(title, "../../x/<b>.blf"); // shown, but no path
      await page.until(() =>
        page.state?.sources.some((each) => each.source === source && each.recording!.done) === true
      );
      await page.look({ source });
      await page.until(() => page.snapshot?.trace.end === 5000);
      assertEquals(readdirSync(temporary).length, 1);
      const closing = new Request(`http://localhost/api/recordings?source=${source}`, { method: "DELETE" });
      assertEquals((await handler(closing)).status, 200);
      assertEquals(readdirSync(temporary), []);
      await page.until(() => page.state!.sources.length === 1);
      assertEquals((await upload(handler, "api/recordings?name=a.bin", new Uint8Array(100).fill(0xff))).status, 200);
      await page.until(() => page.state!.sources[1]?.recording?.error != null);
      assert(page.state!.sources[1].recording!.error!.includes("match no log format"));
      await handler.close();
      assertEquals(readdirSync(temporary), []);
    });
  });

  it("cannot be opened if it is not there", () => {
    assertThrows(() => webHandler({ recordings: ["/nowhere/drive.log"] }), Error, "ENOENT");
  });
});
