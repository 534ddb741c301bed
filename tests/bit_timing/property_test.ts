import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  BitTiming,
  type BitTimingConst,
  bitTimingConsts,
  type BitTimingRequest,
  dataBitTimingConsts,
} from "../../mod.ts";
import { type Below, generator, oneOf } from "../support/random.ts";

describe("Random bit timings", () => {
  function randomConst(below: Below): BitTimingConst {
    const known = Object.values({ ...bitTimingConsts, ...dataBitTimingConsts });
    const [tseg1Min, tseg2Min, brpMin] = [1 + below(4), 1 + below(3), 1 + below(3)];
    return oneOf(below, oneOf(below, ...known), {
      name: "random",
      tseg1Min,
      tseg1Max: tseg1Min + below(40),
      tseg2Min,
      tseg2Max: tseg2Min + below(20),
      sjwMax: 1 + below(16),
      brpMin,
      brpMax: brpMin + below(300),
      brpInc: 1 + below(3),
    });
  }

  function randomRequest(below: Below): BitTimingRequest {
    const clock = oneOf(below, 8e6, 16e6, 24e6, 40e6, 80e6, 1e6 + below(200e6));
    return {
      clock,
      limits: randomConst(below),
      bitrate: oneOf(below, 1e4, 5e4, 125e3, 250e3, 500e3, 1e6, 2e6, 5e6, 5_000 + below(3e6)),
      ...below(2) === 0 && { samplePoint: (1 + below(999)) / 1000 },
      algorithm: oneOf(below, "v6.3", "v5.19", "v4.8"),
    };
  }

  /** Returns the timing for a request, or null if the controller does not support it. */
  function timingOf(request: BitTimingRequest): BitTiming | null {
    try {
      return BitTiming.fromBitrate(request);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  it("are within the limits and near enough, occur in the list, and survive conversion to every form", () => {
    const below = generator(4);
    let count = 0;
    for (let i = 0; i < 1500; i++) {
      const request = randomRequest(below);
      const timing = timingOf(request);
      if (timing === null) continue;
      const message = `case ${i}: ${timing} of ${JSON.stringify(request)}`;
      const { limits, clock, bitrate, algorithm } = request;
      assert(Math.abs(timing.bitrateError) < 51_100, message);
      assert(timing.samplePoint <= (request.samplePoint ?? 0.875), message);
      assert(timing.equals(new BitTiming({ ...timing.toJSON(), limits, algorithm })), message);
      assert(timing.equals(new BitTiming({ clock, ...timing.toLink(), limits, algorithm })), message);
      assert(timing.equals(BitTiming.fromPythonCan(timing.toPythonCan())), message);
      // Calculating again from the kernel's result yields the same bitrate and sample point.
      const again = BitTiming.fromBitrate({ clock, limits, algorithm, ...timing.toLink("bitrate") });
      assertEquals([again.bitrate, again.samplePoint], [timing.bitrate, timing.samplePoint], message);
      if (i % 10 === 0) {
        assert(BitTiming.list(request).some((each) => each.equals(timing)), `${message} is not in the list`);
      }
      assertEquals(timing.nominalBitrate, bitrate);
      count++;
    }
    assert(count > 500, `only ${count} are possible`);
  });

  it("are each listed once, in order, and none with an earlier sample point beats the calculated one", () => {
    const below = generator(5);
    let count = 0;
    for (let i = 0; i < 120; i++) {
      const request = { ...randomRequest(below), algorithm: "v6.3" as const };
      const { limits, clock, bitrate, samplePoint = bitrate > 8e5 ? 0.75 : bitrate > 5e5 ? 0.8 : 0.875 } = request;
      const list = BitTiming.list(request);
      const message = `case ${i}: ${JSON.stringify(request)}`;
      assertEquals(new Set(list.map((timing) => JSON.stringify(timing))).size, list.length, message);
      const rank = (timing: BitTiming) => [
        Math.abs(timing.bitrateError),
        Math.abs((1 + timing.tseg1) / timing.bitTime - samplePoint),
      ];
      list.forEach((timing, at) => {
        assert(timing.equals(new BitTiming({ ...timing.toJSON(), limits })), message);
        if (at === 0) return;
        const [[error, point], [errorBefore, pointBefore]] = [rank(timing), rank(list[at - 1])];
        assert(error > errorBefore || error === errorBefore && point > pointBefore - 1e-9, `${message}, at ${at}`);
      });
      // Count by trying every combination.
      let fitting = 0;
      for (let brp = limits.brpMin; brp <= Math.min(limits.brpMax, clock / bitrate); brp++) {
        if (brp % limits.brpInc !== 0) continue;
        for (let tseg1 = limits.tseg1Min; tseg1 <= limits.tseg1Max; tseg1++) {
          for (let tseg2 = limits.tseg2Min; tseg2 <= limits.tseg2Max; tseg2++) {
            const real = Math.floor(clock / (brp * (1 + tseg1 + tseg2)));
            if (Math.floor(Math.abs(real - bitrate) * 1000 / bitrate) <= 50) fitting++;
          }
        }
      }
      assertEquals(list.length, fitting, message);

      const timing = timingOf(request);
      // If some lengths of a bit allow no sample point this early, the kernel may miss the best timing.
      const reachable = (1 + limits.tseg1Max) / (1 + limits.tseg1Max + limits.tseg2Max) <= samplePoint;
      if (timing === null || !reachable || limits.brpInc > 1) continue;
      const early = list.filter((each) => each.samplePoint <= samplePoint);
      const least = Math.min(...early.map((each) => Math.abs(each.bitrate - bitrate)));
      assertEquals(Math.abs(timing.bitrate - bitrate), least, message);
      const best = early.filter((each) => Math.abs(each.bitrate - bitrate) === least);
      assertEquals(timing.samplePoint, Math.max(...best.map((each) => each.samplePoint)), message);
      count++;
    }
    assert(count > 15, `only ${count} are possible`);
  });
});
