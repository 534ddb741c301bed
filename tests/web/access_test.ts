import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { webHandler, type WebOptions } from "../../src/web/mod.ts";
import { Page, post, upload } from "./page.ts";

const token = "0123456789abcdef";
const outer = { hosts: ["192.168.1.5", "can.local"], token } as const;

/** What a handler answers to a request: its status, and its text. */
async function ask(
  options: WebOptions,
  url: string,
  headers: Record<string, string> = {},
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  await using handler = webHandler(options);
  const response = await handler(new Request(url, { ...init, headers }));
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("Who may look", () => {
  it("is whoever calls this machine by its own names", async () => {
    for (const host of ["localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"]) {
      assertEquals((await ask({}, `http://${host}/`)).status, 200, host);
    }
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.5:8080", "[::2]"]) {
      const { status, text } = await ask({}, `http://${host}/api/events?client=abcdefgh`);
      assertEquals(status, 403, host);
      assert(text.includes("This server is not called"), text);
    }
    // A name in the header that differs from that in the address.
    assertEquals((await ask({}, "http://localhost/", { host: "evil.example" })).status, 403);
    assertEquals((await ask({ hosts: ["*"], token: null }, "http://evil.example/")).status, 200);
  });

  it("is no page of another site", async () => {
    const bodies = [["POST", "api/view"], ["POST", "api/send"], ["DELETE", "api/databases?database=d1"], [
      "GET",
      "api/doctor",
    ]];
    for (const [method, path] of bodies) {
      for (
        const headers of [
          { origin: "http://evil.example" },
          { origin: "null" },
          { origin: "http://localhost.evil.example" },
          { origin: "http://localhost:9999" }, // another server of this machine
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
        ] as Record<string, string>[]
      ) {
        const { status, text } = await ask({}, `http://localhost/${path}`, headers, { method });
        assertEquals(
          [status, JSON.parse(text).error],
          [403, "This request comes from another site"],
          JSON.stringify(headers),
        );
      }
    }
    const own = { origin: "http://localhost", "sec-fetch-site": "same-origin", "content-type": "application/json" };
    assertEquals((await ask({}, "http://localhost/api/view", own, { method: "POST", body: "{}" })).status, 400);
    // A link to the page is none of its requests.
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    assertEquals((await ask({}, "http://localhost/", link)).status, 200);
    assertEquals((await ask({}, "http://localhost/", link, { method: "POST" })).status, 403);
  });

  it("knows the token, where other machines can look", async () => {
    const refused = [{}, { authorization: "Bearer 0123456789abcdeg" }, { authorization: "Bearer 0123456789abcde" }, {
      cookie: `can=${token}`,
    }] as Record<string, string>[];
    for (const headers of refused) {
      for (const path of ["", "main.js", "api/events?client=abcdefgh", "?token=wrong", `api/events?token=${token}x`]) {
        const { status, text } = await ask(outer, `http://can.local/${path}`, headers);
        assertEquals(status, 403, `${path} ${JSON.stringify(headers)}`);
        assert(!text.includes(token));
      }
    }
    const bearer = { authorization: `Bearer ${token}` };
    assertEquals((await ask(outer, "http://can.local/main.js", bearer)).status, 200);
    const { status, headers } = await ask(outer, `http://can.local/?token=${token}&view=x`);
    assertEquals([status, headers.get("location")], [303, "/?view=x"]);
    const cookie = headers.get("set-cookie")!;
    assert(/; Path=\/; HttpOnly; SameSite=Strict$/.test(cookie), cookie);
    const [pair] = cookie.split(";");
    assertEquals((await ask(outer, "http://can.local/", { cookie: `a=b; ${pair}` })).status, 200);
    assert((await ask(outer, `https://can.local/?token=${token}`)).headers.get("set-cookie")!.endsWith("; Secure"));
  });

  it("has a random token, if other machines can look and nothing is said", () => {
    const tokens = Array.from({ length: 20 }, () => webHandler({ hosts: ["can.local"] }).token!);
    assertEquals(new Set(tokens).size, 20);
    for (const each of tokens) assert(/^[0-9a-f]{32}$/.test(each), each);
    assertEquals(webHandler().token, null);
    assertThrows(() => webHandler({ token: "short" }), RangeError, "8 to 128");
    assertThrows(() => webHandler({ path: "can" }), RangeError, "begin and end with a slash");
    assertThrows(() => webHandler({ tokens: "x" } as WebOptions), TypeError, "tokens");
  });

  it("gets a page that can load nothing from elsewhere, and be shown in no other", async () => {
    for (const path of ["", "main.js", "uplot.js", "api/nothing"]) {
      const { headers } = await ask({}, `http://localhost/${path}`);
      const policy = headers.get("content-security-policy")!;
      assert(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self'"), policy);
      assert(!policy.includes("unsafe") && policy.includes("frame-ancestors 'none'"), policy);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assertEquals(headers.get("referrer-policy"), "no-referrer");
      assertEquals(headers.get("access-control-allow-origin"), null);
    }
    assertEquals((await ask({}, "http://localhost/api/view", {}, { method: "OPTIONS" })).status, 405);
    const { text } = await ask({}, "http://localhost/");
    assert(!/<script(?![^>]* src=)|<style| style=| on\w+=/i.test(text), "nothing is inline");
  });
});

describe("What may be asked", () => {
  it("is in the table of requests, and no file by its path", async () => {
    for (
      const path of [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/deno.json",
        "page/../../handler.ts",
        "handler.ts",
        "/etc/passwd",
        "constructor",
        "__proto__",
        "api/constructor",
        "api/../main.js%00",
        "main.js/",
      ]
    ) {
      const { status, text } = await ask({}, `http://localhost/${path}`);
      assertEquals(status, 404, `${path}: ${text.slice(0, 100)}`);
    }
    assertEquals((await ask({}, "http://localhost/main.js", {}, { method: "POST" })).status, 404);
    const { status, text } = await ask({}, "http://localhost/api/view");
    assertEquals([status, JSON.parse(text).error], [405, "view takes POST, not GET"]);
  });

  it("is bounded, also if it does not say how long it is", async () => {
    await using handler = webHandler({ databaseBytes: 1000, recordingBytes: 1000 });
    const long = "x".repeat(1001);
    for (const path of ["api/databases?bus=&name=a.dbc", "api/recordings?name=a.log"]) {
      const response = await upload(handler, path, long);
      assertEquals([response.status, await response.json()], [413, { error: "The body has more than 1000 bytes" }]);
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(400)), // endless
      });
      const unsaid = new Request(`http://localhost/${path}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: stream,
        duplex: "half",
      } as RequestInit);
      const { status } = await handler(unsaid);
      assertEquals(status, 413);
    }
    assertEquals((await post(handler, "api/view", { client: "abcdefgh", where: "x".repeat(300_000) })).status, 413);
  });

  it("is checked field by field", async () => {
    using bus = new Bus({ channel: "checked", interface: "virtual" });
    await using handler = webHandler({ buses: [bus], allowSend: true });
    await using page = await Page.open(handler);
    const client = page.id;
    const wrong: [path: string, body: unknown, status: number][] = [
      ["api/view", {}, 400],
      ["api/view", { client: 7 }, 400],
      ["api/view", { client: "../../etc" }, 400],
      ["api/view", { client: "unknown-page" }, 410],
      ["api/view", { client, where: 7 }, 400],
      ["api/view", { client, where: "(".repeat(1001) }, 400],
      ["api/view", { client, where: "(".repeat(1000) }, 400],
      ["api/view", { client, source: "r9" }, 404],
      ["api/view", { client, rate: 1e9 }, 400],
      ["api/view", { client, unfolded: "x" }, 400],
      ["api/view", { client, unfolded: [{}] }, 400],
      ["api/view", { client, series: Array(33).fill("load/can0") }, 400],
      ["api/view", [client], 400],
      ["api/view", null, 400],
      ["api/player", { client, playing: true }, 409],
      ["api/send", { bus: "nowhere", frame: { id: 1, extended: false } }, 404],
      ["api/send", { bus: "checked" }, 400],
      ["api/send", { bus: "checked", frame: { id: 0x800, extended: false } }, 400],
      ["api/send", { bus: "checked", frame: { id: 1.5, extended: true } }, 400],
      ["api/send", { bus: "checked", frame: { id: 1, extended: false, data: "1" } }, 400],
      ["api/send", { bus: "checked", frame: { id: 1, extended: false, data: "00".repeat(9) } }, 400],
      ["api/send", { bus: "checked", frame: { id: 1, extended: false, fd: true } }, 400],
      ["api/send", { bus: "checked", frame: { id: 1, extended: false }, period: 0 }, 400],
      ["api/send", { bus: "checked", message: { name: "constructor", signals: {} } }, 404],
      ["api/record", { action: "start" }, 403],
    ];
    for (const [path, body, expected] of wrong) {
      const response = await post(handler, path, body);
      const text = await response.text();
      assertEquals(response.status, expected, `${path} ${JSON.stringify(body).slice(0, 100)}: ${text}`);
      assert(typeof JSON.parse(text).error === "string");
    }
    for (
      const path of [
        "api/trace?from=x&count=1",
        "api/trace?from=0&count=1001",
        "api/trace?from=-1&count=1",
        "api/trace?count=1",
        "api/plot?from=0&to=0&pixels=1",
        "api/plot?from=0&to=1&pixels=0",
        "api/plot?from=NaN&to=1&pixels=1",
        "api/trace/at?time=Infinity",
      ]
    ) {
      const response = await handler(new Request(`http://localhost/${path}&client=${client}`));
      assertEquals(response.status, 400, `${path}: ${await response.text()}`);
    }
    const typed = await post(handler, "api/view", { client }, { "content-type": "text/plain" });
    assertEquals(typed.status, 415);
    const broken = new Request("http://localhost/api/view", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"client":',
    });
    assertEquals((await handler(broken)).status, 400);
    assertEquals((await upload(handler, "api/databases?bus=&name=a.dbc", "no database")).status, 400);
    await page.look({ series: ["signal/%/%/%", "signal/a/b", "load/nowhere", "constructor/checked", "x"] });
    const plot = await page.get(
      "api/plot?series=signal/%25&series=constructor/checked&series=load/nowhere&from=0&to=1&pixels=9",
    );
    assertEquals(plot.series.map(({ times }: { times: number[] }) => times), [[], [], []]);
  });

  it("is as many connections as are bearable, and not more", async () => {
    using bus = new Bus({ channel: "many", interface: "virtual" });
    using sender = new Bus({ channel: "many", interface: "virtual" });
    await using handler = webHandler({ buses: [bus] });
    await using first = await Page.open(handler);
    const bodies: ReadableStream[] = [];
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      const response = await handler(new Request(`http://localhost/api/events?client=attacker-${i}`));
      if (response.status === 200) bodies.push(response.body!);
      else {
        refused++;
        assertEquals(response.status, 503);
        assert((await response.json()).error.includes("32 pages"));
      }
    }
    assertEquals([bodies.length, refused], [31, 469]);
    // Whoever was there first goes on.
    sender.send(new Message({ arbitrationId: 0x123, isExtendedId: false }));
    await first.until(() => first.rows.has("many/123"));
    for (const body of bodies) await body.cancel();
    await using another = await Page.open(handler);
    await another.until(() => another.rows.has("many/123"));
  });
});

describe("Names from databases and logs", () => {
  it("are passed on as data, whatever is in them", async () => {
    const evil = `<script>alert(1)</script>"'\\&`;
    const name = "constructor";
    const text = `BO_ 291 __proto__: 8 Vector__XXX
 SG_ ${name} : 0|8@1+ (1,0) [0|0] "${evil.replaceAll('"', "")}" Vector__XXX
 SG_ toString : 8|8@1+ (1,0) [0|0] "" Vector__XXX
CM_ BO_ 291 "${evil.replaceAll('"', '\\"')}";
VAL_ 291 ${name} 0 "</title><img src=x onerror=alert(1)>" ;
`;
    const channel = "../<b>&bus";
    using bus = new Bus({ channel, interface: "virtual" });
    using sender = new Bus({ channel, interface: "virtual" });
    await using handler = webHandler({ buses: [bus] });
    await using page = await Page.open(handler);
    const file = encodeURIComponent('"><script>.dbc');
    assertEquals((await upload(handler, `api/databases?bus=&name=${file}`, text)).status, 200);
    const key = `${encodeURIComponent(channel)}/123`;
    const series = [`signal/${key}/${name}`, `signal/${key}/toString`];
    await page.look({ unfolded: [key], series });
    sender.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: new Uint8Array(8) }));
    await page.until(() => page.rows.get(key)?.values !== undefined);
    const row = page.rows.get(key)!;
    assertEquals([row.bus, row.name, row.signals!.map(({ name }) => name)], [channel, "__proto__", [name, "toString"]]);
    assert(row.comment!.startsWith("<script>"), row.comment!);
    assertEquals(row.values![0]!.label, "</title><img src=x onerror=alert(1)>");
    await page.until(() => page.state!.databases.length === 1);
    assertEquals(page.state!.databases[0].name, '"><script>.dbc');
    const plot = await page.get(
      `api/plot?series=${series.map(encodeURIComponent).join("&series=")}&from=0&to=9e9&pixels=9`,
    );
    assertEquals(plot.series.map(({ maximums }: { maximums: number[] }) => maximums), [[0], [0]]);
    const csv = await handler(
      new Request(
        `http://localhost/api/plot.csv?client=${page.id}&series=${encodeURIComponent(series[0])}&from=0&to=9e9`,
      ),
    );
    assertEquals(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    assertEquals(csv.headers.get("content-disposition"), 'attachment; filename="plot.csv"');
    await csv.body?.cancel();
    assertEquals(Database.parse(text).messages.length, 1);
  });
});
