/**
 * Whether a page can be read: the contrasts of its texts, and what is wider than the screen.
 *
 * @module
 */

/// <reference lib="dom" />

import type { Page } from "playwright-core";

/** The views that every server has. */
const views = ["table", "trace", "plots", "health", "files", "send"];

/** Returns the texts with less contrast to what is behind them than WCAG's AA asks for, of all views. */
export async function contrasts(page: Page): Promise<string[]> {
  await page.locator(".line.message").first().waitFor();
  const found: string[] = [];
  for (const view of views) {
    await page.locator(`[data-view=${view}]`).click();
    await page.waitForTimeout(300);
    const weak = await page.evaluate(lowContrasts);
    found.push(...weak.map((each) => `${view}: ${each}`));
  }
  await page.locator("[data-view=table]").click();
  return found;
}

/** Returns what a phone cannot show or a finger cannot hit: parts beyond the screen, and buttons that are too small. */
export async function targets(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const view of views) {
    await page.locator(`[data-view=${view}]`).click();
    await page.waitForTimeout(300);
    const bad = await page.evaluate(() => {
      const texts: string[] = [];
      if (document.scrollingElement!.scrollWidth > innerWidth) texts.push("the page is wider than the screen");
      for (const button of document.querySelectorAll<HTMLElement>("main button, .tabs button, .tools button")) {
        const { width, height, left, right } = button.getBoundingClientRect();
        if (width === 0 || button.classList.contains("tick")) continue;
        const name = button.title || button.textContent;
        // WCAG 2.2, 2.5.8: at least 24 by 24 pixels.
        if (width < 20 || height < 20) texts.push(`"${name}" has ${width} by ${height}`);
        if (left < -1 || right > innerWidth + 1) texts.push(`"${name}" is beyond the screen`);
      }
      return [...new Set(texts)];
    });
    found.push(...bad.map((each) => `${view}: ${each}`));
  }
  return found;
}

/** Runs in the page. */
function lowContrasts(): string[] {
  type Colour = [red: number, green: number, blue: number, alpha: number];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  const parse = (text: string): Colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a]: Colour, under: Colour): Colour => [
    r * a + under[0] * (1 - a),
    g * a + under[1] * (1 - a),
    b * a + under[2] * (1 - a),
    1,
  ];
  const ground = (element: Element | null): Colour => {
    if (element === null) return parse("Canvas");
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour : over(colour, ground(element.parentElement));
  };
  const light = (colour: Colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Set<string>();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const element = node.parentElement!;
    const text = node.textContent!.trim();
    if (text === "" || element.tagName === "OPTION" || !element.checkVisibility({ visibilityProperty: true })) continue;
    const under = ground(element);
    const [one, other] = [light(over(parse(getComputedStyle(element).color), under)), light(under)];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) found.add(`"${text.slice(0, 30)}" (${element.className}) has ${contrast.toFixed(2)}`);
  }
  return [...found];
}
