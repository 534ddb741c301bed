// @ts-self-types="./mod.d.ts"
// JSR packages by way of npm, so that one `npm ci` brings every tool.
export { assert } from "../../../node_modules/deno-std/assert/assert.js";
export { assertEquals } from "../../../node_modules/deno-std/assert/equals.js";
export { assertInstanceOf } from "../../../node_modules/deno-std/assert/instance_of.js";
export { assertNotEquals } from "../../../node_modules/deno-std/assert/not_equals.js";
export { assertMatch } from "../../../node_modules/deno-std/assert/match.js";
export { assertRejects } from "../../../node_modules/deno-std/assert/rejects.js";
export { assertStringIncludes } from "../../../node_modules/deno-std/assert/string_includes.js";
export { assertThrows } from "../../../node_modules/deno-std/assert/throws.js";
export { fail } from "../../../node_modules/deno-std/assert/fail.js";
