import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Link } from "../../mod.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { examineLink } from "../../src/cli/doctor/link.ts";
import type { LinkStatistics } from "../../src/link/statistics.ts";
import type { LinkStatus } from "../../src/link/status.ts";
import { can0, FakeLinks } from "../support/fake_links.ts";

/** What is found in a healthy controller with some changes. */
function findings(
  changes: Partial<LinkStatus>,
  counters: {
    rx?: Partial<LinkStatistics["rx"]>;
    tx?: Partial<LinkStatistics["tx"]>;
    busOff?: number;
    refused?: number;
  } = {},
): string[] {
  using _ = new FakeLinks(can0());
  const link = Link.open("can0");
  link.configure({ bitrate: 500_000 });
  const statistics = link.statistics();
  const found: Finding[] = [];
  examineLink(
    { ...link.status(), isUp: true, state: "ERROR-ACTIVE", ...changes },
    {
      ...statistics,
      rx: { ...statistics.rx, ...counters.rx },
      tx: { ...statistics.tx, ...counters.tx },
      device: statistics.device && { ...statistics.device, busOff: counters.busOff ?? 0 },
    },
    (finding) => found.push(finding),
    counters.refused,
  );
  return found.filter(({ level }) => level !== "ok").map(({ level, text, fix }) => `${level}: ${text}; ${fix}`);
}

describe("can doctor", () => {
  it("finds nothing in a healthy controller", () => {
    assertEquals(findings({}), []);
  });

  it("finds what is wrong with a link, and says what mends it", () => {
    assertEquals(findings({ isUp: false }), ["problem: it is down; sudo ip link set can0 up"]);
    assertEquals(findings({ bitTiming: null, isUp: false }), [
      "problem: it has no bitrate; sudo ip link set can0 up type can bitrate 500000",
    ]);
    assertEquals(findings({ state: "BUS-OFF", restartMs: 0 }), [
      "problem: the controller is bus-off; sudo ip link set can0 type can restart",
    ]);
    assertEquals(findings({ state: "BUS-OFF", restartMs: 100 }), [
      "problem: the controller is bus-off; can link watch   # it restarts by itself",
    ]);
    assertEquals(findings({ modes: ["listen-only"] }), [
      "warning: it is in listen-only mode; sudo ip link set can0 down && sudo ip link set can0 up type can listen-only off",
    ]);
    assertEquals(findings({ modes: ["fd"], mtu: 16 }), [
      "problem: its MTU is too small for CAN FD; sudo ip link set can0 mtu 72",
    ]);
  });

  it("finds what was lost", () => {
    assertEquals(findings({ txQueueLength: 10 }, { tx: { dropped: 3 }, refused: 4 }), [
      "warning: 7 frames were dropped instead of sent; sudo ip link set can0 txqueuelen 1000",
    ]);
    assertEquals(findings({}, { rx: { overErrors: 1, fifoErrors: 2 } }), [
      "warning: the controller lost 3 frames; can link stats can0",
    ]);
    assertEquals(findings({}, { busOff: 2 }), [
      "warning: the controller was bus-off 2 times; can dump -e can0,0:0,#FFFFFFFF",
    ]);
  });
});
