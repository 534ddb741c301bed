/**
 * The version of the package.
 *
 * @module
 */

/** As in package.json and deno.json, which a compiled program does not have. */
export const version = "0.1.0";
