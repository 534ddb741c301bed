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
  "index.html": () => text(import("./page/index.html", { with: { type: "text" } })),
  "bus_rows.js": () => text(import("./page/bus_rows.js", { with: { type: "text" } })),
  "data_cell.js": () => text(import("./page/data_cell.js", { with: { type: "text" } })),
  "dom.js": () => text(import("./page/dom.js", { with: { type: "text" } })),
  "files.js": () => text(import("./page/files.js", { with: { type: "text" } })),
  "format.js": () => text(import("./page/format.js", { with: { type: "text" } })),
  "health.js": () => text(import("./page/health.js", { with: { type: "text" } })),
  "layout.js": () => text(import("./page/layout.js", { with: { type: "text" } })),
  "main.js": () => text(import("./page/main.js", { with: { type: "text" } })),
  "narrow.css": () => text(import("./page/narrow.css", { with: { type: "text" } })),
  "notices.js": () => text(import("./page/notices.js", { with: { type: "text" } })),
  "panels.css": () => text(import("./page/panels.css", { with: { type: "text" } })),
  "player.js": () => text(import("./page/player.js", { with: { type: "text" } })),
  "plot_gestures.js": () => text(import("./page/plot_gestures.js", { with: { type: "text" } })),
  "plot_look.js": () => text(import("./page/plot_look.js", { with: { type: "text" } })),
  "plot_pane.js": () => text(import("./page/plot_pane.js", { with: { type: "text" } })),
  "plots.js": () => text(import("./page/plots.js", { with: { type: "text" } })),
  "record_panel.js": () => text(import("./page/record_panel.js", { with: { type: "text" } })),
  "rows.css": () => text(import("./page/rows.css", { with: { type: "text" } })),
  "rows.js": () => text(import("./page/rows.js", { with: { type: "text" } })),
  "send.js": () => text(import("./page/send.js", { with: { type: "text" } })),
  "series.js": () => text(import("./page/series.js", { with: { type: "text" } })),
  "series_dialog.js": () => text(import("./page/series_dialog.js", { with: { type: "text" } })),
  "server.js": () => text(import("./page/server.js", { with: { type: "text" } })),
  "sparkline.js": () => text(import("./page/sparkline.js", { with: { type: "text" } })),
  "style.css": () => text(import("./page/style.css", { with: { type: "text" } })),
  "table.js": () => text(import("./page/table.js", { with: { type: "text" } })),
  "table_lines.js": () => text(import("./page/table_lines.js", { with: { type: "text" } })),
  "table_row.js": () => text(import("./page/table_row.js", { with: { type: "text" } })),
  "trace.js": () => text(import("./page/trace.js", { with: { type: "text" } })),
  "trace_pages.js": () => text(import("./page/trace_pages.js", { with: { type: "text" } })),
  "where_field.js": () => text(import("./page/where_field.js", { with: { type: "text" } })),
  "uplot.js": () => uplot(() => import("uplot/dist/uPlot.esm.js", { with: { type: "text" } }), "uPlot.esm.js"),
  "uplot.css": () => uplot(() => import("uplot/dist/uPlot.min.css", { with: { type: "text" } }), "uPlot.min.css"),
};

/** The types of these modules are those of what is in the files. */
function text(module: Promise<unknown>): Promise<Text> {
  return module as Promise<Text>;
}

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
};

/** The names of all files. */
export const pageFiles: readonly string[] = Object.keys(files);

/** Returns a file of the page, or null if there is none of that name. */
export async function pageFile(name: string): Promise<{ text: string; type: string } | null> {
  if (!Object.hasOwn(files, name)) return null;
  const { default: text } = await files[name]();
  return { text, type: types[name.slice(name.lastIndexOf(".") + 1)] };
}
