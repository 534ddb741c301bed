import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { car } from "../cli/car.ts";
import { noVcan } from "../support/kernel.ts";
import { startScript } from "./script.ts";
import { PATIENCE, type Program } from "./tools.ts";

const folder = mkdtempSync(join(tmpdir(), "can-web-test-"));
const log = join(folder, "drive.log");
writeFileSync(log, "(1.000000) can0 123#01\n(1.100000) can1 124#02\n");

/** Starts can web, and waits for its link. */
async function web(...args: string[]): Promise<{ program: Program; link: string }> {
  const program = startScript("src/cli/mod.ts", {
    args: ["web", "--port", "0", ...args],
    denoFlags: ["--allow-ffi", "--allow-net", "--allow-sys", "--allow-read", "--allow-write", "--allow-env"],
  });
  await program.until(() => program.lines.length > 0, "print its link");
  return { program, link: program.lines[0] };
}

/** Reads events until one has a text. */
async function eventWith(link: string, text: string, act: () => void = () => {}): Promise<string> {
  const response = await fetch(new URL("api/events?client=a-test-of-can", link));
  assertEquals(response.status, 200);
  let all = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    all += chunk;
    if (all.includes(text)) return all;
    act();
  }
  throw new Error(`the events ended without ${text}`);
}

describe("can web", { timeout: PATIENCE }, () => {
  after(() => rmSync(folder, { recursive: true }));

  it("shows a log, until Ctrl-C", async () => {
    const { program, link } = await web(log);
    using _program = program;
    assertMatch(link, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assertMatch(await (await fetch(link)).text(), /<!doctype html>/);
    const events = await eventWith(link, '"done":true');
    assert(events.includes('"title":"drive.log"') && events.includes('"frames":2'), events);
    await program.stop("SIGINT");
  });

  it("has a token for other machines, in the link", async () => {
    const { program, link } = await web(log, "--host", "0.0.0.0");
    using _program = program;
    const url = new URL(link);
    assertMatch(url.search, /^\?token=[0-9a-f]{32}$/);
    const own = `http://127.0.0.1:${url.port}/`;
    const refused = await fetch(own);
    assertEquals(refused.status, 403);
    await refused.body?.cancel();
    const welcome = await fetch(own + url.search, { redirect: "manual" });
    assertEquals(welcome.status, 303);
    const cookie = welcome.headers.get("set-cookie")!.split(";")[0];
    assertEquals((await fetch(own, { headers: { cookie } })).status, 200);
    await program.stop("SIGTERM");
  });

  it("serves over TLS", async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"];
    execFileSync("openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const { program, link } = await web(log, "--cert", cert, "--key", key);
    using _program = program;
    assertMatch(link, /^https:/);
    const text = await new Promise<string>((resolve, reject) => {
      get(link, { rejectUnauthorized: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => text += part).on("end", () => resolve(text));
      }).on("error", reject);
    });
    assertMatch(text, /<!doctype html>/);
    await program.stop("SIGINT");
  });

  it("shows a bus, decoded, sends on it and records it", { skip: noVcan }, async () => {
    writeFileSync(join(folder, "car.dbc"), car);
    const flags = ["--dbc", join(folder, "car.dbc"), "--allow-send", "--allow-record", folder, "--bitrate", "500000"];
    const { program, link } = await web("vcan0", ...flags);
    using _program = program;
    using bus = new Bus("vcan0");
    const post = async (path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(new URL(path, link), { method: "POST", headers, body: JSON.stringify(body) });
      assertEquals(response.status, 200, await response.clone().text());
      return await response.json();
    };
    await post("api/record", { action: "start", name: "record.log" });
    const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: new Uint8Array(8) });
    const events = await eventWith(link, '"key":"vcan0/123"', () => bus.send(message));
    assertMatch(events, /"key":"vcan0\/123"[^}]*"name":"EngineData"/);
    assertMatch(events, /"bus":"vcan0","state":null,"up":true,"problem":null,"bitrate":500000/);
    await post("api/send", { bus: "vcan0", frame: { id: 0x7df, extended: false, data: "0201" } });
    assertEquals((await bus.recvAsync({ timeout: 60 }))?.arbitrationId, 0x7df);
    await eventWith(link, '"key":"vcan0/7DF"'); // its own frames are shown, too
    const findings = await (await fetch(new URL("api/doctor", link))).json();
    assert(findings.some(({ subject }: { subject: string }) => subject === "vcan0"), JSON.stringify(findings));
    await post("api/record", { action: "stop" });
    await program.stop("SIGINT");
    assert(readdirSync(folder).includes("record.log"));
    assertMatch(readFileSync(join(folder, "record.log"), "utf8"), /vcan0 7DF#0201/);
  });

  it("refuses wrong words", async () => {
    const cases: Record<string, RegExp> = {
      "": /takes interfaces or logs/,
      "/nowhere/drive.log": /There is no file "\/nowhere\/drive.log"/,
      [`${log} --cert ${log}`]: /--cert/,
      [`${log} --allow-record /nowhere`]: /a folder that exists/,
      [`${log} --token x`]: /8 to 128/,
    };
    for (const [words, expected] of Object.entries(cases)) {
      using program = startScript("src/cli/mod.ts", {
        args: ["web", ...words.split(" ").filter(Boolean)],
        denoFlags: ["--allow-all"],
      });
      const { end, stderr } = await program.result();
      assert(end !== "0", words);
      assertMatch(stderr, expected, words);
    }
  });
});
