/**
 * The files of the page.
 *
 * They are imported as texts, which both runtimes do from a file, from a package, over HTTP, and in a compiled program.
 *
 * @module
 */

/** A module that is a text. */
interface Text {
  readonly default: string;
}

/** All files of the page, by their names: a new one needs a line here. */
const files: Readonly<Record<string, () => Promise<Text>>> = {
  "index.html": async () => await import("./page/index.html", { with: { type: "text" } }) as unknown as Text,
  "uplot.js": () => uplot(() => import("uplot/dist/uPlot.esm.js", { with: { type: "text" } }), "uPlot.esm.js"),
  "uplot.css": () => uplot(() => import("uplot/dist/uPlot.min.css", { with: { type: "text" } }), "uPlot.min.css"),
};

/** Where there is no import map, as for a module imported from a URL, Deno finds the package by its full name. */
async function uplot(load: () => Promise<Text>, name: string): Promise<Text> {
  try {
    return await load();
  } catch (cause) {
    try {
      return await import(`npm:uplot@^1.6.32/dist/${name}`, { with: { type: "text" } });
    } catch {
      throw new Error(`Cannot load uplot, which draws the plots: install it with "npm install uplot" (${cause})`, {
        cause,
      });
    }
  }
}

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The names of all files. */
export const pageFiles: readonly string[] = Object.keys(files);

/** Returns a file of the page, or null if there is none of that name. */
export async function pageFile(name: string): Promise<{ text: string; type: string } | null> {
  if (!Object.hasOwn(files, name)) return null;
  const { default: text } = await files[name]();
  return { text, type: types[name.slice(name.lastIndexOf(".") + 1)] };
}
