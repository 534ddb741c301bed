/**
 * What else a person does with the page: recordings, sending, recording, sharing; and what happens when the server goes.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assertEquals, assertMatch } from "@std/assert";
import { drop, row, show, signalLine, until, type World } from "./steps.ts";

/** A log of two seconds. */
const log = Array.from({ length: 200 }, (_, index) => {
  const data = index.toString(16).toUpperCase().padStart(2, "0");
  return `(${(1_700_000_000 + index / 100).toFixed(6)}) vcan7 321#${data}00\n`;
}).join("");

/** The steps, by what they show. */
export const steps: Record<string, (world: World) => Promise<void>> = {
  async "recordings: one is dropped, played, sought in and marked"({ page }) {
    await drop(page, "drive.log", log);
    await page.locator("#player").waitFor();
    await show(page, "table");
    await page.getByRole("button", { name: "Play" }).click();
    await row(page, "321").waitFor();
    await page.locator("#player").getByLabel("Speed").selectOption("10");
    await until("it has been played", async () => await row(page, "321").locator(".c-count").innerText() === "200");
    const line = page.locator(".timeline input");
    await line.fill("5000");
    await until("the frames up to there are shown", async () => {
      const count = Number(await row(page, "321").locator(".c-count").innerText());
      return count > 90 && count < 110;
    });
    await page.locator(".table-rows").focus();
    await page.keyboard.press("b");
    assertEquals(await page.locator(".tick.own").count(), 1);
    await show(page, "trace");
    await page.locator(".trace-rows .row:not([hidden]) .c-id", { hasText: "321" }).first().waitFor();
    assertMatch(await page.locator("#view-trace .bar").innerText(), /\b200 frames/);
    await show(page, "files");
    assertMatch(await page.locator(".item.shown").innerText(), /drive\.log[\s\S]*200 frames/);
    await page.locator("#view-files").getByRole("button", { name: "Show" }).click();
    await row(page, "100").waitFor();
    assertEquals(await page.locator("#player").isVisible(), false);
  },

  async "sending: by hand, by a database, periodically"({ page }) {
    await show(page, "send");
    const send = page.locator("#view-send");
    const outcome = page.locator(".outcome");
    await send.getByLabel("Identifier (hex)").fill("222");
    await send.getByLabel("Data (hex)").fill("11 22");
    await send.getByRole("button", { name: "Send", exact: true }).click();
    await until("it was sent", async () => await outcome.innerText() === "Sent: 11 22");
    await send.getByLabel("Data (hex)").fill("1");
    await send.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator(".outcome.bad").waitFor();
    await send.getByLabel("By database").check();
    await send.getByLabel("Message").selectOption("EngineData");
    await send.getByLabel("EngineSpeed (rpm)").fill("1234");
    await send.getByLabel("Gear").selectOption("second");
    await send.getByLabel("Every (ms)").fill("50");
    await send.getByRole("button", { name: "Send", exact: true }).click();
    await until("it is sent", async () => /^Sent periodically: D2 04 02/.test(await outcome.innerText()));
    await page.getByRole("button", { name: /^Stop / }).click();
    await until("it is sent no longer", async () => await page.getByRole("button", { name: /^Stop / }).count() === 0);
    await show(page, "table");
    await row(page, "222").waitFor();
  },

  async "recording: the live buses, with a mark"({ page, folder }) {
    await page.getByRole("button", { name: "Record" }).click();
    await page.locator("dialog[open] input").fill("heard.log");
    await page.locator("dialog[open]").getByRole("button", { name: "Record" }).click();
    await page.getByRole("button", { name: "Write a mark" }).click();
    await page.locator("dialog[open] input").fill("here");
    await page.locator("dialog[open]").getByRole("button", { name: "Write" }).click();
    await until("frames are recorded", async () => / [1-9]\d* /.test(await page.locator(".record-text").innerText()));
    await page.getByRole("button", { name: "Stop recording" }).click();
    await page.getByRole("button", { name: "Record", exact: true }).waitFor();
    const file = join(folder, "heard.log");
    await until("the file is there", () => Promise.resolve(existsSync(file)));
    assertMatch(readFileSync(file, "utf8"), /can0 100#/);
  },

  async "a link shows the same arrangement"({ page }) {
    await page.waitForTimeout(500); // it is written into the address a moment later
    const other = await page.context().newPage();
    await other.goto(page.url());
    await signalLine(other, "EngineSpeed").waitFor();
    await show(other, "plots");
    await until("there are two plots", async () => await other.locator(".pane .uplot").count() === 2);
    await other.close();
  },

  async "a server that goes and comes again"({ page, served }) {
    await served.stop();
    await page.locator("#state[data-state=lost]").waitFor();
    await served.start();
    await served.happen("start");
    await page.locator("#state[data-state=live]").waitFor();
    await until("frames are counted from the start", async () => {
      const count = Number((await row(page, "100").locator(".c-count").innerText()).replaceAll(",", ""));
      return count > 0 && count < 2000;
    });
  },
};
