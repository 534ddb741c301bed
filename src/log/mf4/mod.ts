/**
 * ASAM MDF 4, with CAN events as "bus logging": CANedge, Vector and others record so.
 *
 * @module
 */

import type { LogFormat } from "../format.ts";
import { textOf } from "../lines.ts";
import { readMf4 } from "./read.ts";
import { Mf4Encoder } from "./write.ts";

/** MDF 4. */
export const mf4: LogFormat = {
  name: "mf4",
  title: "ASAM MDF 4 bus log",
  extensions: [".mf4", ".mdf"],
  appendable: false,
  capacity: {
    fd: true,
    xl: false,
    remote: true,
    remoteLength: true,
    len8Dlc: true,
    error: true,
    errorData: true,
    errorDirection: true,
    direction: true,
    channel: "number",
    resolution: 1,
    timestampSource: false,
    marker: false,
    dropped: false,
  },
  detect: (head) => /^(MDF|UnFinMF) +4\./.test(textOf(head.subarray(0, 12))) ? 3 : 0,
  read: readMf4,
  encoder: (options) => new Mf4Encoder(options),
};
