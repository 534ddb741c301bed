// <linux/gen_stats.h>

import { type AttributeTable, type Codec, struct } from "./nlattr.ts";

/** `struct gnet_stats_queue`, as attribute. */
export const TCA_STATS_QUEUE = 3;

/*
 * struct gnet_stats_queue (20 bytes)
 *   0  __u32  qlen
 *   4  __u32  backlog        bytes
 *   8  __u32  drops
 *  12  __u32  requeues
 *  16  __u32  overlimits
 */
export const GNET_STATS_QUEUE_SIZE = 20;

/** The beginning and the drops of `struct gnet_stats_queue`. */
export interface QueueStats {
  /** Frames in the queue. */
  readonly length: number;
  /** Frames that found it full. */
  readonly dropped: number;
}

const queueStats: Codec<QueueStats> = struct(GNET_STATS_QUEUE_SIZE, (view) => ({
  length: view.getUint32(0, true),
  dropped: view.getUint32(8, true),
}), ({ length, dropped }, view) => {
  view.setUint32(0, length, true);
  view.setUint32(8, dropped, true);
});

/** The attributes in TCA_STATS2. */
export const queueStatsTable = { queue: [TCA_STATS_QUEUE, queueStats] } as const satisfies AttributeTable;
