/**
 * The live page in a headless Chromium, as a person uses it, with servers in both runtimes on virtual buses: `deno test -A
 * tests/web/browser/browser.ts`. Not a `_test.ts`, for it is run once, not in each runtime.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { launch, open, screens } from "./chromium.ts";
import { Served } from "./served.ts";
import * as steps from "./steps.ts";
import * as moreSteps from "./more_steps.ts";
import { contrasts, targets } from "./readable.ts";

/** What Chromium says of a wrong expression, of a server that ends, and of a test that looks at what is drawn. */
const expected =
  /status of 400|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|willReadFrequently/;

for (const runtime of ["deno", "bun"] as const) {
  Deno.test(`The page, from a server in ${runtime}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "page-"));
    const browser = await launch();
    try {
      await using served = new Served(runtime, folder);
      await served.start();
      {
        await using opened = await open(browser, served.url, screens.desktop);
        const world: steps.World = { page: opened.page, served, folder };
        for (const [name, step] of [...Object.entries(steps.steps), ...Object.entries(moreSteps.steps)]) {
          await t.step(name, async () => {
            await step(world);
            assertEquals(opened.errors.splice(0).filter((text) => !expected.test(text)), []);
          });
        }
      }
      if (runtime === "bun") return; // it is the same page
      for (const [name, screen] of Object.entries(screens)) {
        for (const colorScheme of ["light", "dark"] as const) {
          await t.step(`can be read on a ${name}, in ${colorScheme}`, async () => {
            await using opened = await open(browser, served.url, { ...screen, colorScheme });
            assertEquals(await contrasts(opened.page), []);
            if (name === "phone") assertEquals(await targets(opened.page), []);
            assertEquals(opened.errors, []);
          });
        }
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });
}
