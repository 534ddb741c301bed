import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { blocksOf, pages, pageText, proseOf } from "../support/documentation.ts";
import { inDeno, root, runtime } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";

/** What `deno task doc` groups exports by. */
const categories = [
  "Bus",
  "Message",
  "Waiting",
  "Errors",
  "Links",
  "Bit timing",
  "Periodic sending",
  "Broadcast manager",
  "ISO-TP",
  "J1939",
  "Logs",
  "Databases",
  "Network",
  "Web",
];

/** What `deno doc --json` says of an export. */
interface Symbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly tags?: readonly { readonly kind: string; readonly doc?: string }[] };
  }[];
}

/** Pages for contributors, whose links are checked too. */
const others = ["CONTRIBUTING.md", "tests/README.md", "bench/README.md"];

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = pageText(page).replace(/^```[\s\S]*?^```$/gm, "").match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading.replace(/^#+ /, "").toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

describe("The documentation", () => {
  it("has a README of at most 6 kB", () => {
    const bytes = new TextEncoder().encode(pageText("README.md")).length;
    assert(bytes <= 6000, `${bytes} bytes`);
  });

  it("has a README that links to every guide", () => {
    for (const page of pages.slice(1)) assert(pageText("README.md").includes(`](${page})`), page);
  });

  it("has links to existing pages and headings", () => {
    let count = 0;
    for (const page of [...pages, ...others]) {
      for (const [, target] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path, anchor] = target.split("#");
        const file = path === "" ? page : join(dirname(page), path);
        assert(existsSync(root + file), `${page} links to ${target}`);
        if (anchor) assert(anchorsOf(file).includes(anchor), `${page} links to ${target}: no such heading`);
        count++;
      }
    }
    assert(count > 80, `only ${count} links were found`);
  });

  it("has a map of at most 20 rows, and recipes, that name existing files", () => {
    const text = pageText("CONTRIBUTING.md");
    const map = text.slice(text.indexOf("## The map"), text.indexOf("## Recipes")).match(/^\| `.*$/gm) ?? [];
    assert(map.length > 15 && map.length <= 20, `${map.length} rows`);
    let count = 0;
    for (const [, path] of text.matchAll(/`((?:src|ffi|bun|tests|docs|examples|bench)\/[\w/.]*|mod\.ts)`/g)) {
      if (path.includes("NAME")) continue;
      assert(existsSync(root + path), path);
      count++;
    }
    assert(count > 50, `only ${count} paths were found`);
    for (const row of map) {
      const folder = /^\| `(src\/\w+\/)`/.exec(row)?.[1];
      if (folder === undefined) continue;
      for (const [, file] of row.matchAll(/`(\w+\.ts)`/g)) assert(existsSync(root + folder + file), folder + file);
    }
  });

  it("quotes error messages as the library throws them", () => {
    const sources = ["src", "ffi", "bun"].flatMap((folder) =>
      readdirSync(root + folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => readFileSync(`${root}${folder}/${name}`, "utf8"))
    );
    // Texts that are put together from parts are compared part by part.
    const source = sources.join("\n").replace(/[`"] \+\n\s+[`"]/g, "").replace(/\$\{[^{}]*\}/g, "…");
    const rows = pageText("docs/troubleshooting.md").match(/^\| .*$/gm) ?? [];
    const quoted = rows.flatMap((row) => [...row.split(" | ")[0].matchAll(/`([^`]+)`/g)].map(([, text]) => text));
    assert(quoted.length > 40, `only ${quoted.length} messages were found`);
    const missing = quoted.filter((text) =>
      text.replace(/^Cannot /, "").split(/…|["()]|: /).some((part) =>
        !source.includes(part.replace(/^[\s;:,]+|[\s;:,]+$/g, ""))
      )
    );
    assertEquals(missing, []);
  });

  it("puts every export into one category", { skip: !inDeno && "read by deno doc", timeout: PATIENCE }, async () => {
    const [shell, ...args] = runtime(
      "doc",
      "--quiet",
      "--json",
      `${root}mod.ts`,
      `${root}src/log/mod.ts`,
      `${root}src/dbc/mod.ts`,
      `${root}src/net/mod.ts`,
      `${root}src/web/mod.ts`,
    );
    using program = new Program(shell, args);
    const { nodes } = JSON.parse((await program.finish()).join("\n")) as {
      nodes: Record<string, { symbols: Symbol[] }>;
    };
    const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
    assert(symbols.length > 110, `only ${symbols.length} exports were found`);
    // What an entry has from another one is a reference to it.
    const declared = symbols.filter(({ declarations }) => declarations.some(({ kind }) => kind !== "reference"));
    const wrong = declared.filter(({ declarations }) => {
      const tags = declarations.flatMap(({ jsDoc }) => jsDoc?.tags ?? []).filter(({ kind }) => kind === "category");
      const names = new Set(tags.map(({ doc }) => doc));
      return names.size !== 1 || !categories.includes([...names][0]!);
    });
    assertEquals(wrong.map(({ name }) => name), []);
  });

  it("has blocks without type errors", { skip: !inDeno && "checked in Deno", timeout: PATIENCE }, async () => {
    const folder = mkdtempSync(`${tmpdir()}/blocks-`);
    try {
      // A block that leaves out its imports shows part of another.
      const blocks = pages.flatMap(blocksOf).filter(({ code }) => /^import /m.test(code) && !/"\.\.\//.test(code));
      assert(blocks.length > 40, `only ${blocks.length} blocks were found`);
      const files = blocks.map(({ page, line, code }) => {
        const file = `${folder}/${page.replaceAll(/\W/g, "_")}_${line}.ts`;
        writeFileSync(file, `${code}\nexport {};\n`);
        return file;
      });
      const [shell, ...args] = runtime("check", "--quiet", "--no-config", ...files);
      using program = new Program(shell, args);
      const { end, stderr } = await program.result();
      assertEquals(end, "0", stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
