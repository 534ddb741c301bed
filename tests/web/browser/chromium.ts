/**
 * A headless Chromium of Debian's, driven by Playwright, whose pages fail a test by any error that they report.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { root } from "../../system/script.ts";
import process from "node:process";

/** Milliseconds that a page has for anything: a machine with other work is slow. */
const PATIENCE = Number(Deno.env.get("PATIENCE") ?? 60_000);

/** The sizes of the screens that the page is tested on. */
export const screens = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>;

/** Starts a Chromium, which is installed if there is none. */
export function launch(): Promise<Browser> {
  execFileSync(`${root}tests/vm/install`, ["chromium"], { stdio: "inherit" });
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // it refuses to run as root with one
  return chromium.launch({ executablePath: "/usr/bin/chromium", args, timeout: PATIENCE });
}

/** A page, and what went wrong in it. */
export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors on the console, exceptions, and violations of the security policy, which Chromium reports as errors. */
  readonly errors: string[];
}

/** Opens a page in a context of its own, with no storage of another. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
  await page.goto(url);
  return { page, errors, [Symbol.asyncDispose]: () => context.close() };
}
