#!/usr/bin/env bun
/**
 * The `can` command, as a module that runs it: `deno run --allow-ffi jsr:@socketcan/bus/cli dump vcan0`.
 *
 * @module
 */

import process from "node:process";
import { main } from "./main.ts";

if (import.meta.main) await main(process.argv.slice(2));

export { main };
