// `deno doc --html` groups symbols by their `@category` only if it reads a declaration file.
export * from "../mod.ts";
export * from "../src/dbc/mod.ts";
export * from "../src/log/mod.ts";
export * from "../src/net/mod.ts";
export * from "../src/web/mod.ts";
