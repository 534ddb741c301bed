/**
 * What a person does with the page: table, trace, plots, health.
 *
 * @module
 */

/// <reference lib="dom" />

import { readFileSync } from "node:fs";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Locator, Page } from "playwright-core";
import type { Served } from "./served.ts";

/** What the steps act on, one after the other. */
export interface World {
  readonly page: Page;
  readonly served: Served;
  /** The folder that the server records to. */
  readonly folder: string;
}

/** Shows a view. */
export async function show(page: Page, view: string): Promise<void> {
  await page.locator(`[data-view=${view}]`).click();
}

/** The row of an identifier. */
export function row(page: Page, id: string): Locator {
  return page.locator(`.row:not([hidden]) > .line.message:not([hidden]):has(.c-id:text-is("${id}"))`);
}

/** The line of a signal of an unfolded row. */
export function signalLine(page: Page, name: string): Locator {
  return page.locator(`.row:not([hidden]) > .line.signal:not([hidden]):has(.c-signal:text-is("${name}"))`);
}

/** Waits until a condition is true. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`It never happened that ${what}`);
}

/** The identifiers of the visible rows, from the top. */
async function identifiers(page: Page): Promise<string[]> {
  const cells = await page.locator(".table-rows .row:not([hidden])").evaluateAll((rows) =>
    rows.map((row) => ({
      top: row.getBoundingClientRect().top,
      id: row.querySelector(".line.message:not([hidden]) .c-id")?.textContent ?? "",
    }))
  );
  return cells.filter(({ id }) => id !== "").sort((a, b) => a.top - b.top).map(({ id }) => id);
}

/** Puts a file onto the page. */
export async function drop(page: Page, name: string, content: string): Promise<void> {
  await page.evaluate(([name, content]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], name));
    for (const type of ["dragenter", "dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, [name, content]);
}

const number = (text: string | null) => Number((text ?? "").replaceAll(",", ""));

/** The steps, by what they show. */
export const steps: Record<string, (world: World) => Promise<void>> = {
  async "first screen: what to do while nothing arrives"({ page, served }) {
    await page.locator(".welcome h2", { hasText: "no frame yet" }).waitFor();
    await page.locator(".findings", { hasText: "no frame was received" }).waitFor();
    await served.happen("start");
    await row(page, "100").waitFor();
    assertEquals(await page.locator("#view-table .welcome").isVisible(), false);
  },

  async "table: rows of every kind of frame, which count"({ page }) {
    const kinds = { 100: /^CAN 8$/, 200: /^FD 64 BRS$/, 300: /^RTR 4$/, "07F": /^XL 64$/, error: /^ERR$/ };
    for (const [id, type] of Object.entries(kinds)) {
      await row(page, id).waitFor();
      assertMatch(await row(page, id).locator(".c-type").innerText(), type);
    }
    assertEquals(await row(page, "100").locator(".c-name").innerText(), "EngineData");
    const count = async () => number(await row(page, "100").locator(".c-count").textContent());
    const before = await count();
    await until("the count grows", async () => await count() > before + 10);
    await until("the period is known", async () => {
      const period = Number(await row(page, "100").locator(".c-period").textContent());
      return period > 5;
    });
  },

  async "table: bits that changed are marked, also without colour, and fade"({ page }) {
    const byte = (index: number) => row(page, "100").locator(".byte").nth(index);
    await until("the counter in byte 4 is marked", async () => {
      const marks = await byte(4).evaluate((element) => getComputedStyle(element).backgroundImage);
      return await byte(4).getAttribute("data-fresh") !== "0" && marks.includes("linear-gradient");
    });
    await until("the constant byte 6 is not", async () => await byte(6).getAttribute("data-fresh") === "0");
  },

  async "table: an unfolded row has its signals, and names from databases are text"({ page }) {
    await row(page, "100").locator(".c-fold button").click();
    const signal = (name: string) => signalLine(page, name);
    await signal("EngineSpeed").waitFor();
    await until(
      "the speed has a value",
      async () => number(await signal("EngineSpeed").locator(".c-value").textContent()) > 900,
    );
    assertEquals(await signal("EngineSpeed").locator(".c-unit").innerText(), "rpm");
    assertEquals(await signal("EngineSpeed").locator(".c-range").innerText().then((text) => text.split(/\s+/)), [
      "0",
      "8000",
    ]);
    await until(
      "the gear is called by its label",
      async () => await signal("Gear").locator(".c-label").innerText() === "<script>first</script>",
    );
    await until(
      "there is a history",
      () =>
        signal("EngineSpeed").locator("canvas").evaluate((canvas: HTMLCanvasElement) =>
          canvas.width > 0 &&
          canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part > 0)
        ),
    );
    assertMatch(
      await page.locator(".row:not([hidden]) > .line.note:not([hidden]) .c-note").first().innerText(),
      /<img src=x onerror=/,
    );
    assertEquals(await page.evaluate(() => "attacked" in globalThis), false);
    assertEquals(await page.locator("main img, main script").count(), 0);
    await row(page, "200").locator(".c-fold button").click();
    await page.locator(".row:not([hidden]) > .line.data:not([hidden]) .c-offset", { hasText: "48" }).waitFor();
    await row(page, "200").locator(".c-fold button").click();
  },

  async "table: sort, search, and filter by expression with its error"({ page }) {
    const head = page.locator(".head .c-count");
    await head.locator("button").click();
    await head.locator("button").click();
    assertEquals(await head.getAttribute("aria-sort"), "descending");
    await until("rows with few frames are last", async () => {
      const ids = await identifiers(page);
      return ids.indexOf("100") >= 0 && ids.indexOf("100") < ids.indexOf("300");
    });
    await page.locator(".head .c-id button").click();
    await page.fill("#search", "enginedata");
    await until("only what is searched for is shown", async () => `${await identifiers(page)}` === "100");
    await page.fill("#search", "");
    await page.fill("#filter", "EngineSpeed >");
    await page.locator("#filter-problem", { hasText: /./ }).waitFor();
    assertEquals(await page.locator("#filter").getAttribute("aria-invalid"), "true");
    await page.fill("#filter", "id == 0x101");
    await until("only what passes the filter is shown", async () => `${await identifiers(page)}` === "101");
    assertEquals(await page.locator("#filter-problem").isVisible(), false);
    await page.fill("#filter", "");
    await until("all rows are back", async () => (await identifiers(page)).length >= 6);
  },

  async "table: mute, pin, notch"({ page, served }) {
    await row(page, "101").getByRole("button", { name: "Mute" }).click();
    await until("the muted row is gone", async () => !(await identifiers(page)).includes("101"));
    await page.getByRole("button", { name: "1 muted" }).click();
    await row(page, "101").getByRole("button", { name: "Unmute" }).click();
    await row(page, "300").getByRole("button", { name: "Pin" }).click();
    await until("the pinned row is the first", async () => (await identifiers(page))[0] === "300");
    await row(page, "300").getByRole("button", { name: "Unpin" }).click();
    await page.getByRole("button", { name: "Notch", exact: true }).click();
    await page.getByRole("button", { name: "Only new" }).click();
    await until("what is known is left out", async () => !(await identifiers(page)).includes("101"));
    await served.happen("open");
    await row(page, "101").waitFor();
    await page.getByRole("button", { name: "Clear notch" }).click();
    await until("all rows are back", async () => (await identifiers(page)).length >= 6);
  },

  async "table: a database is dropped on the page, and a silent row is greyed"({ page, served }) {
    await row(page, "150").waitFor();
    await drop(page, "doors.dbc", `BO_ 336 Doors: 2 Body\n SG_ Open : 0|1@1+ (1,0) [0|1] "" Dashboard\n`);
    await row(page, "150").locator(".c-name", { hasText: "Doors" }).waitFor();
    await served.happen("quiet");
    await row(page, "150").locator(".c-period", { hasText: "silent" }).waitFor();
    assertEquals(await row(page, "150").evaluate((line) => line.classList.contains("faint")), true);
  },

  async "keyboard: rows are gone through, unfolded, muted; the help opens"({ page }) {
    await page.keyboard.press("/");
    assertEquals(await page.evaluate(() => document.activeElement?.id), "search");
    await page.locator(".table-rows").focus();
    await page.keyboard.press("Home");
    const chosen = page.locator(".table-rows .row[aria-selected=true]:not([hidden])");
    const first = await chosen.getAttribute("data-index");
    assertEquals(first, "0");
    await page.keyboard.press("ArrowDown");
    await until("the next row is selected", async () => await chosen.getAttribute("data-index") === "1");
    await page.keyboard.press("?");
    await page.locator("#help[open]").waitFor();
    await page.keyboard.press("Escape");
    await until("the help is closed", async () => await page.locator("#help[open]").count() === 0);
  },

  async "trace: pauses, scrolls and follows, and shows its bound"({ page }) {
    await show(page, "trace");
    const numbers = () =>
      page.locator(".trace-rows .row:not([hidden]) .line:not(.waiting) .c-number").evaluateAll((cells) =>
        cells.map((cell) => Number(cell.textContent!.replaceAll(",", ""))).sort((a, b) => a - b)
      );
    await until("there are frames", async () => (await numbers()).length > 10);
    assertMatch(await page.locator("#view-trace .bar").innerText(), /at most 1,000,000/);
    await page.getByRole("button", { name: "Pause" }).click();
    await until(
      "all rows are there",
      async () => await page.locator(".trace-rows .row:not([hidden]) .line.waiting").count() === 0,
    );
    const before = await numbers();
    const kept = () => page.locator("#view-trace .bar").innerText();
    const text = await kept();
    await until("more frames are kept", async () => await kept() !== text);
    // A row below the last one may have begun to show.
    assertEquals((await numbers()).slice(0, before.length), before);
    await page.locator(".trace-rows").hover();
    await page.mouse.wheel(0, -2000);
    await until("earlier frames are shown", async () => {
      const now = await numbers();
      return now.length > 10 && now[0] < before[0] && now.at(-1)! - now[0] === now.length - 1;
    });
    await page.getByRole("button", { name: "Follow" }).click();
    await until("the newest are shown", async () => (await numbers()).at(-1)! > before.at(-1)!);
  },

  async "plots: a signal from the table, a spike of one frame, zoom, cursor, PNG, CSV"({ page, served }) {
    await show(page, "table");
    await signalLine(page, "EngineSpeed")
      .getByRole("button", { name: "Plot" }).click();
    await show(page, "plots");
    const value = page.locator(".legend .value");
    await until("the newest value is shown", async () => /^\d.* rpm$/.test(await value.innerText()));
    await served.happen("spike");
    await until("the spike is drawn alone at the top", async () => {
      const [top, whole] = await page.locator(".chart canvas").evaluate(drawnColumns);
      return top > 0 && top < whole / 4;
    });
    await page.getByRole("button", { name: "Pause" }).click();
    const over = (await page.locator(".u-over").boundingBox())!;
    const at = (x: number) => [over.x + over.width * x, over.y + over.height / 2] as const;
    await page.mouse.move(...at(0.9));
    await page.mouse.down();
    await page.mouse.move(...at(0.99), { steps: 4 });
    await page.mouse.up();
    await until("a part is shown", async () => await page.locator("#view-plots .bar select").inputValue() === "0");
    await page.mouse.wheel(0, 300);
    await page.keyboard.press("Escape");
    const downloads = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.locator(".pane-head").getByText(name, { exact: true }).click(),
      ]);
      return readFileSync(await download.path());
    };
    assertEquals([...(await downloads("PNG")).subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
    await page.getByRole("button", { name: "All", exact: true }).click();
    await until("all of it is shown", async () => await page.locator("#view-plots .bar select").inputValue() === "0");
    assertMatch((await downloads("CSV")).toString(), /\b7777\b/);
    await page.getByRole("button", { name: "Follow" }).click();
    await page.getByRole("button", { name: "Add a plot" }).click();
    await page.locator("dialog[open] input[type=search]").fill("load");
    await page.locator("dialog[open] .choices label").first().click();
    await page.locator("dialog[open]").getByRole("button", { name: "Plot" }).click();
    await until("there are two plots", async () => await page.locator(".pane .uplot").count() === 2);
  },

  async "health: state, load, rates, error frames in words"({ page }) {
    await show(page, "health");
    const card = page.getByRole("article", { name: "can0" });
    await until("there is a load", async () => /\d %/.test(await card.locator(".big").innerText()));
    const facts = await card.locator(".facts").innerText();
    assertMatch(facts, /Frames\s+[\d,]+/);
    assertMatch(facts, /Error frames\s+! ?[\d,]+|Error frames\s+[\d,]+/);
    assertMatch(facts, /Lost in the socket\s+\d/);
    assert((await card.locator(".events").first().innerText()).length > 20);
    assertMatch(await page.locator(".page-note").innerText(), /On the way to this page/);
  },
};

/** How many columns of a chart have something drawn in the upper third, and in all. Runs in the page. */
function drawnColumns(canvas: Element): [top: number, whole: number] {
  const { width, height } = canvas as HTMLCanvasElement;
  const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
  const columns = (from: number, to: number) => {
    let count = 0;
    for (let x = Math.round(width * 0.1); x < width; x++) {
      for (let y = from; y < to; y++) {
        const [red, , blue] = data.subarray(4 * (y * width + x));
        // The line is blue, the grid grey.
        if (blue - red > 60) {
          count++;
          break;
        }
      }
    }
    return count;
  };
  return [columns(Math.round(height * 0.03), Math.round(height * 0.33)), columns(0, height)];
}
