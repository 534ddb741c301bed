// @ts-self-types="./mod.d.ts"
// JSR packages by way of npm, so that one `npm ci` brings every tool.
export { parseArgs } from "../../../node_modules/deno-std/cli/parse_args.js";
