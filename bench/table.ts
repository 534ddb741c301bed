/**
 * The rows of the table: the workloads, their units and their targets.
 *
 * @module
 */

/** The programs that are compared. */
export type Peer = "C" | "Deno" | "Bun" | "python-can";

/** Returns the median of a peer's rounds, or NaN if there are none. */
export type Medians = (workload: string, peer: Peer) => number;

/** A target for a figure of Deno or Bun. */
interface Target {
  readonly text: string;
  /** The peer that must have been measured as well. */
  readonly other?: Peer;
  reached(medians: Medians, workload: string, peer: Peer): boolean;
}

interface Row {
  readonly workload: string;
  readonly unit: string;
  /** Factor from the measured value to the unit. */
  readonly scale?: number;
  readonly digits: number;
  readonly targets?: readonly Target[];
}

function atLeast(factor: number, other: Peer): Target {
  return {
    text: `≥ ${factor} × ${other}`,
    other,
    reached: (medians, workload, peer) => medians(workload, peer) >= factor * medians(workload, other),
  };
}

function atLeastOwn(factor: number, workload: string): Target {
  return {
    text: `≥ ${factor} × ${workload}`,
    reached: (medians, own, peer) => medians(own, peer) >= factor * medians(workload, peer),
  };
}

function atMostOwn(factor: number, workload: string): Target {
  return {
    text: `≤ ${factor} × ${workload}`,
    reached: (medians, own, peer) => medians(own, peer) <= factor * medians(workload, peer),
  };
}

function atMost(limit: number, unit: string): Target {
  return { text: `≤ ${limit} ${unit}`, reached: (medians, workload, peer) => medians(workload, peer) <= limit };
}

function atMostBeyond(more: number, unit: string, workload: string): Target {
  return {
    text: `≤ ${workload} + ${more} ${unit}`,
    reached: (medians, own, peer) => medians(own, peer) <= medians(workload, peer) + more,
  };
}

function memory(workload: string, ...targets: Target[]): Row {
  return { workload, unit: "B", digits: 1, targets };
}

const idle = atMostBeyond(0.1, "%", "idle CPU, 0 buses");

const wakeUp: Target = {
  text: "Deno ≤ 3 × C, Bun ≤ 2 × C",
  reached: (medians, workload, peer) => medians(workload, peer) <= (peer === "Deno" ? 3 : 2) * medians(workload, "C"),
};

function rate(workload: string, ...targets: Target[]): Row {
  return { workload, unit: "k/s", scale: 1 / 1000, digits: 1, targets };
}

function throughput(workload: string): Row {
  return { workload, unit: "kB/s", scale: 1 / 1000, digits: 0 };
}

const rows: readonly Row[] = [
  rate("send", atLeast(0.75, "C")),
  rate("sendMany", atLeast(0.8, "C")),
  rate("receive one", atLeast(10, "python-can")),
  rate("drain", atLeast(0.7, "C"), atLeast(15, "python-can")),
  rate("drain, data unread"),
  rate("drain, calls only"),
  rate("for await", atLeastOwn(0.5, "drain")),
  rate("recvAsync"),
  rate("round trip"),
  rate("asynchronous round trip"),
  rate("send, no kernel"),
  rate("sendMany, no kernel"),
  rate("drain, no kernel"),
  rate("for await, no kernel"),
  throughput("ISO-TP"),
  throughput("ISO-TP, FD"),
  throughput("ISO-TP, asynchronous"),
  throughput("ISO-TP, by isotpperf"),
  { workload: "wake-up, 1 bus, p50", unit: "µs", digits: 0, targets: [wakeUp] },
  { workload: "wake-up, 1 bus, p99", unit: "µs", digits: 0, targets: [wakeUp] },
  {
    workload: "wake-up, 64 buses, p50",
    unit: "µs",
    digits: 0,
    targets: [wakeUp, atMostOwn(1.2, "wake-up, 1 bus, p50")],
  },
  { workload: "wake-up, 64 buses, p99", unit: "µs", digits: 0, targets: [wakeUp] },
  // Under emulation the runtimes' own timers use more than the target allows.
  { workload: "idle CPU, 0 buses", unit: "%", digits: 3 },
  { workload: "idle CPU, 1 bus", unit: "%", digits: 3, targets: [idle] },
  { workload: "idle CPU, 64 buses", unit: "%", digits: 3, targets: [idle] },
  memory("a message"),
  memory("a message, data read"),
  // Allocations beyond the message itself are garbage, apart from a few bytes, because memory is allocated in blocks.
  memory("allocated by recv", atMostBeyond(4, "B", "a message")),
  // Includes 8 bytes in the array.
  memory("allocated by recvMany", atMostBeyond(12, "B", "a message")),
  memory("allocated by recvMany, data read", atMostBeyond(12, "B", "a message, data read")),
  // Includes the promises and iterator results that JavaScript requires.
  memory("allocated by for await"),
  memory("allocated by sendMany", atMost(2, "B")),
];

const ours: readonly Peer[] = ["Deno", "Bun"];

/** The table, in Markdown. */
export function table(peers: readonly Peer[], medians: Medians): string {
  const others = peers.filter((peer) => !ours.includes(peer));
  const ratios = others.flatMap((other) => ours.map((own) => [own, other] as const));
  const show = (value: number, digits: number) => Number.isFinite(value) ? value.toFixed(digits) : "–";
  const lines = rows.filter(({ workload }) => ours.some((peer) => !Number.isNaN(medians(workload, peer)))).map(
    (row) => {
      const { workload, unit, scale = 1, digits } = row;
      const targets = (row.targets ?? []).filter(({ other }) => other === undefined || peers.includes(other));
      return [
        workload,
        unit,
        ...peers.map((peer) => show(scale * medians(workload, peer), digits)),
        ...ratios.map(([own, other]) => show(medians(workload, own) / medians(workload, other), 2)),
        targets.map(({ text }) => text).join(", "),
        missed(targets, medians, workload),
      ];
    },
  );
  const head = ["", "", ...peers, ...ratios.map((pair) => pair.join("/")), "target", "missed by"];
  return markdown([head, ...lines], (column) => column < 2 || column >= head.length - 2);
}

function missed(targets: readonly Target[], medians: Medians, workload: string): string {
  if (targets.length === 0) return "";
  return ours.filter((peer) => !targets.every((target) => target.reached(medians, workload, peer))).join(", ") ||
    "none";
}

function markdown(rows: readonly (readonly string[])[], isText: (column: number) => boolean): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = rows.map((row) =>
    line(row.map((cell, i) => isText(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
  );
  const rule = line(widths.map((width, i) => isText(i) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
