/**
 * What an examination finds.
 *
 * @module
 */

import type { Finding } from "../../web/protocol.ts";

export type { Finding };

/** Receives findings. */
export type Report = (finding: Finding) => void;
