/**
 * ASAM MDF 4 files with CAN events ("bus logging"), as recorded by CANedge, Vector tools and others.
 *
 * @module
 */

import { FULL, type LogFormat } from "../format.ts";
import { textOf } from "../lines.ts";
import { UNSIGNED_64 } from "../time.ts";
import { readMf4 } from "./read.ts";
import { Mf4Encoder } from "./write.ts";

/** The MDF 4 format. */
export const mf4: LogFormat = {
  name: "mf4",
  title: "ASAM MDF 4 bus log",
  extensions: [".mf4", ".mdf"],
  appendable: false,
  capacity: {
    ...FULL,
    xl: false,
    lastSecond: UNSIGNED_64,
    timestampSource: false,
    marker: false,
    dropped: false,
  },
  detect: (head) => /^(MDF|UnFinMF) +4\./.test(textOf(head.subarray(0, 12))) ? 3 : 0,
  read: readMf4,
  encoder: (options) => new Mf4Encoder(options),
};
