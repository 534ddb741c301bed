// @ts-self-types="./mod.d.ts"
// JSR's packages from the npm registry, for machines that reach only that one.
export { parseArgs } from "../../../node_modules/deno-std/cli/parse_args.js";
