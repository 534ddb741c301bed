import { execFileSync, spawnSync } from "node:child_process";
import { release } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BitTiming, type BitTimingAlgorithm, bitTimingConsts } from "../../mod.ts";
import { generator, oneOf } from "../support/random.ts";
import { noControllers } from "./machine.ts";
import { PATIENCE } from "./tools.ts";

/** The calculation of this machine's kernel. */
const algorithm: BitTimingAlgorithm = (() => {
  const [major, minor] = release().split(".").map(Number);
  const version = major * 1000 + minor;
  return version >= 6003 ? "v6.3" : version >= 5019 ? "v5.19" : "v4.8";
})();

// deno-lint-ignore no-explicit-any -- JSON of another program
type Shown = any;

/** Applies settings to can0 one after the other, in one run of `ip`; returns what is shown after each. */
function configured(settings: readonly string[]): { shown: Shown[]; refused: Set<number> } {
  const input = settings.map((each) => `link set can0 type can ${each}\nlink show can0\n`).join("");
  const args = ["-details", "-json", "-force", "-batch", "-"];
  const { stdout, stderr, error } = spawnSync("ip", args, { input, encoding: "utf8", timeout: PATIENCE });
  if (error) throw error;
  const shown = stdout.split("\n").filter((line) => line.startsWith("[")).map((line) => JSON.parse(line)[0]);
  assertEquals(shown.length, settings.length, stderr.slice(-2000));
  // Every second line of the input is a show command.
  const failed = [...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => (Number(line) - 1) / 2);
  return { shown, refused: new Set(failed) };
}

describe("The kernel, with an SJA1000", { skip: noControllers }, () => {
  const clock = 8_000_000;
  const limits = bitTimingConsts.sja1000;

  /**
   * Configures can0 for each request; where the kernel refuses it we must too, otherwise our values must be the
   * kernel's. Returns the number of requests of each kind.
   */
  function agree(asked: readonly { words: string; ours: () => BitTiming }[]) {
    const { shown, refused } = configured(asked.map(({ words }) => words));
    const count = { same: 0, refused: 0, outside: 0 };
    asked.forEach(({ words, ours }, i) => {
      const { prop_seg, phase_seg1, phase_seg2 } = shown[i].linkinfo.info_data.bittiming;
      if (refused.has(i)) {
        assertThrows(ours, RangeError, undefined, words);
        count.refused++;
      } else if (prop_seg + phase_seg1 < limits.tseg1Min || phase_seg2 < limits.tseg2Min) {
        // The kernel does not check the minimums; the driver then writes a register with another meaning.
        assertThrows(ours, RangeError, "samplePoint is ", words);
        count.outside++;
      } else {
        const theirs = BitTiming.fromIp(shown[i]);
        assertEquals(ours().toJSON(), { ...theirs.toJSON(), nominalBitrate: ours().nominalBitrate }, words);
        count.same++;
      }
    });
    return count;
  }

  it("has the clock and the limits of our table", () => {
    const [link] = configured(["bitrate 500000"]).shown;
    assertEquals([link.linkinfo.info_data.clock, BitTiming.constFromIp(link)], [clock, limits]);
  });

  it("calculates our timings from bitrates, sample points and jump widths", { timeout: PATIENCE }, () => {
    const below = generator(8);
    const common = [10_000, 20_000, 33_333, 50_000, 83_333, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000];
    const plain = common.map((bitrate) => ({ bitrate }));
    const points = common.flatMap((bitrate) =>
      [0.5, 0.625, 0.7, 0.75, 0.8, 0.875, 0.9, 0.999].map((samplePoint) => ({ bitrate, samplePoint }))
    );
    const random = Array.from({ length: 200 }, () => ({
      bitrate: oneOf(below, oneOf(below, ...common), 4_000 + below(2_800_000)),
      ...below(4) > 0 && { samplePoint: (1 + below(999)) / 1000 },
      // Newer kernels refuse what is too large.
      ...below(4) === 0 && { sjw: 1 + below(algorithm === "v6.3" ? 6 : 20) },
    }));
    const count = agree(
      [...plain, ...points, ...random].map((each: { bitrate: number; samplePoint?: number; sjw?: number }) => ({
        words: `bitrate ${each.bitrate}` +
          (each.samplePoint === undefined ? "" : ` sample-point ${each.samplePoint}`) +
          (each.sjw === undefined ? "" : ` sjw ${each.sjw}`),
        ours: () => BitTiming.fromBitrate({ clock, limits, algorithm, ...each }),
      })),
    );
    assert(count.same > 150 && count.refused > 20, JSON.stringify(count));
  });

  it("accepts and refuses the same segments as we do", { timeout: PATIENCE }, () => {
    const below = generator(9);
    const count = agree(Array.from({ length: 300 }, () => {
      const tq = oneOf(below, 125 * (1 + below(66)), 50 + below(9000), 62, 63, 8062, 8063);
      const [propSeg, phaseSeg1, phaseSeg2, sjw] = [below(10), below(10), below(10), below(6)];
      const segments = `prop-seg ${propSeg} phase-seg1 ${phaseSeg1} phase-seg2 ${phaseSeg2}`;
      return {
        words: `tq ${tq} ${segments} sjw ${sjw}`,
        // The kernel takes 0 as absent.
        ours: () =>
          new BitTiming({ clock, tq, propSeg, phaseSeg1, phaseSeg2, ...sjw > 0 && { sjw }, limits, algorithm }),
      };
    }));
    assert(count.same > 100 && count.refused > 50 && count.outside === 0, JSON.stringify(count));
  });

  it("accepts our arguments for ip, and its driver writes our registers", { timeout: PATIENCE }, () => {
    const timings = [
      ...BitTiming.list({ clock, limits, bitrate: 125_000, sjw: 1 }).slice(0, 30),
      ...[10_000, 20_000, 50_000, 100_000, 500_000, 800_000, 1_000_000].map((bitrate) =>
        BitTiming.fromBitrate({ clock, limits, bitrate, algorithm })
      ),
    ];
    const before = registersLogged().length;
    const { shown: links, refused } = configured(timings.map((timing) => timing.toIp()));
    assertEquals(refused.size, 0);
    links.forEach((link, i) => assert(BitTiming.fromIp(link).equals(timings[i]), `${timings[i]}`));
    assertEquals(registersLogged().slice(before), timings.map(({ btr0, btr1 }) => `${btr0} ${btr1}`));

    // The kernel calculates its own segments from a bitrate.
    configured(timings.map((timing) => timing.toIp("bitrate"))).shown.forEach((link, i) => {
      assertEquals(BitTiming.fromIp(link).toLink("bitrate"), timings[i].toLink("bitrate"));
    });

    // Registers are written with the timing, so the mode must be set before.
    const [timing] = timings.map((each) => new BitTiming({ ...each.toJSON(), tripleSampling: true }));
    const { shown } = configured(["triple-sampling on", timing.toIp()]);
    assert(BitTiming.fromIp(shown[1]).equals(timing));
    assertEquals(registersLogged().at(-1), `${timing.btr0} ${timing.btr1}`);
    assertEquals(timing.btr1 & 0x80, 0x80);
    configured(["triple-sampling off", "bitrate 500000"]);
  });
});

/** The register values of can0 that the driver logged. */
function registersLogged(): string[] {
  const log = execFileSync("dmesg", { encoding: "utf8", timeout: PATIENCE });
  const lines = log.matchAll(/ can0: setting BTR0=(0x\w\w) BTR1=(0x\w\w)/g);
  return [...lines].map(([, btr0, btr1]) => `${Number(btr0)} ${Number(btr1)}`);
}
