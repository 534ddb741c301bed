import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BitTiming,
  bitTimingConsts,
  type BitTimingInit,
  type BitTimingRequest,
  dataBitTimingConsts,
} from "../../mod.ts";

const { sja1000, mcp251x, at91, m_can } = bitTimingConsts;
const clock = 8_000_000;

describe("BitTiming.fromBitrate", () => {
  // The request, and the kernel's propSeg, phaseSeg1, phaseSeg2, sjw, brp, tq, bitrate and sample point, and the error.
  const rows: [request: BitTimingRequest, segments: number[], tq: number, real: [number, number], ppm: number][] = [
    // CiA's sample points, and bitrates that are one bit per second higher.
    [{ clock, limits: sja1000, bitrate: 500_000 }, [6, 7, 2, 1, 1], 125, [500_000, 0.875], 0],
    [{ clock, limits: sja1000, bitrate: 500_001 }, [5, 6, 4, 2, 1], 125, [500_000, 0.75], -1.999996],
    [{ clock, limits: sja1000, bitrate: 800_000 }, [3, 4, 2, 1, 1], 125, [800_000, 0.8], 0],
    [{ clock, limits: sja1000, bitrate: 800_001 }, [3, 3, 3, 1, 1], 125, [800_000, 0.7], -1.24999844],
    [{ clock, limits: sja1000, bitrate: 1_000_000 }, [2, 3, 2, 1, 1], 125, [1_000_000, 0.75], 0],
    // A bitrate that cannot be met exactly, and a sample point that is rounded down: 11/13.
    [{ clock: 99_532_800, limits: at91, bitrate: 83_333 }, [5, 5, 2, 1, 92], 924, [83_221, 0.846], -1339.1491693],
    // Sample points, including extreme ones.
    [{ clock, limits: mcp251x, bitrate: 125_000, samplePoint: 0.8 }, [5, 6, 4, 2, 4], 500, [125_000, 0.75], 0],
    [{ clock, limits: sja1000, bitrate: 500_000, samplePoint: 0.999 }, [7, 7, 1, 1, 1], 125, [500_000, 0.937], 0],
    [{ clock, limits: sja1000, bitrate: 500_000, samplePoint: 0.57 }, [4, 4, 7, 3, 1], 125, [500_000, 0.562], 0],
    // Jump widths: the default is half of phase segment 2.
    [{ clock: 80_000_000, limits: m_can, bitrate: 500_000 }, [69, 70, 20, 10, 1], 12, [500_000, 0.875], 0],
    [{ clock, limits: sja1000, bitrate: 500_000, sjw: 2 }, [6, 7, 2, 2, 1], 125, [500_000, 0.875], 0],
    // The data phase of CAN FD.
    [{ clock: 80e6, limits: dataBitTimingConsts.m_can, bitrate: 2e6 }, [14, 15, 10, 5, 1], 12, [2e6, 0.75], 0],
    [{ clock: 40e6, limits: dataBitTimingConsts.mcp251xfd, bitrate: 8e6 }, [1, 1, 2, 1, 1], 25, [8e6, 0.6], 0],
    // Older kernels: a jump width of 1 or a reduced one; of equally good timings, the one with the larger prescaler.
    [
      { clock: 80_000_000, limits: m_can, bitrate: 500_000, algorithm: "v5.19" },
      [69, 70, 20, 1, 1],
      12,
      [500_000, 0.875],
      0,
    ],
    [
      { clock, limits: sja1000, bitrate: 500_000, sjw: 9, algorithm: "v5.19" },
      [6, 7, 2, 2, 1],
      125,
      [500_000, 0.875],
      0,
    ],
    [
      { clock, limits: sja1000, bitrate: 27_500, algorithm: "v5.19" },
      [3, 4, 2, 1, 29],
      3625,
      [27_586, 0.8],
      3134.7962382,
    ],
    [
      { clock, limits: sja1000, bitrate: 27_500, algorithm: "v4.8" },
      [1, 2, 1, 1, 58],
      7250,
      [27_586, 0.8],
      3134.7962382,
    ],
  ];
  for (const [request, [propSeg, phaseSeg1, phaseSeg2, sjw, brp], tq, [bitrate, samplePoint], ppm] of rows) {
    const { limits, ...rest } = request;
    it(`${limits.name} ${JSON.stringify(rest)}`, () => {
      const timing = BitTiming.fromBitrate(request);
      assertEquals(timing.toJSON(), {
        ...{ clock: request.clock, bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp },
        tripleSampling: false,
        nominalBitrate: request.bitrate,
      });
      assertEquals(Math.round(timing.bitrateError * 1000), Math.round(ppm * 1000));
      assertEquals([timing.tseg1, timing.tseg2], [propSeg + phaseSeg1, phaseSeg2]);
      assertEquals(timing.bitTime, 1 + propSeg + phaseSeg1 + phaseSeg2);
    });
  }

  it("refuses what the controller does not support, naming what it supports", () => {
    const range = "(brp 1 to 64, tseg1 1 to 16, tseg2 1 to 8)";
    const refused: [Partial<BitTimingRequest>, string][] = [
      [
        { bitrate: 4000 },
        `bitrate is 4000: with a clock of 8000000 Hz, sja1000 supports 5000 to 2666666 bit/s ${range}`,
      ],
      [
        { bitrate: 3_000_000 },
        `bitrate is 3000000: with a clock of 8000000 Hz, sja1000 supports 5000 to 2666666 bit/s`,
      ],
      [{ bitrate: 2_300_000 }, `bitrate is 2300000: with a clock of 8000000 Hz, sja1000 gets no closer than 2000000,`],
      [
        { samplePoint: 0.2 },
        "samplePoint is 0.2: it is too early for 500000 bit/s with a clock of 8000000 Hz and sja1000 (tseg1 1 to 16,",
      ],
      [{ samplePoint: 0.05 }, "samplePoint is 0.05: it is too early"],
      [{ sjw: 5 }, "sjw is 5: it must be a whole number from 1 to 4 with sja1000"],
      [{ sjw: 3 }, "sjw is 3: it must be at most phaseSeg2, 2"],
      [
        { limits: { ...sja1000, tseg1Max: 2, tseg1Min: 1 }, bitrate: 1e6, samplePoint: 0.3, sjw: 2 },
        "sjw is 2: it must be at most phaseSeg1, 1",
      ],
    ];
    for (const [change, message] of refused) {
      const request = { clock, limits: sja1000, bitrate: 500_000, ...change };
      assertThrows(() => BitTiming.fromBitrate(request), RangeError, message, JSON.stringify(change));
    }
  });

  it("accepts a bitrate that is up to 5 % off", () => {
    const limits = { ...sja1000, tseg1Min: 13, tseg1Max: 13, tseg2Min: 2, tseg2Max: 2, brpMax: 1 };
    const error = (bitrate: number) =>
      BitTiming.fromBitrate({ clock, limits, bitrate, samplePoint: 0.875 }).bitrateError;
    assertEquals(Math.round(error(526_870)), -50999);
    assertThrows(() => error(526_871), RangeError, "supports 500000 to 500000 bit/s");
    assertEquals(Math.round(error(475_738)), 50999);
    assertThrows(() => error(475_737), RangeError, "supports 500000 to 500000 bit/s");
  });

  it("refuses invalid arguments, naming the argument, the value and the limit", () => {
    const refused: [Record<string, unknown> | null, typeof RangeError | typeof TypeError, string][] = [
      [null, TypeError, "BitTiming.fromBitrate takes an object, not null"],
      [{ clok: 1 }, TypeError, 'BitTiming.fromBitrate has no option "clok"; it has clock, limits, bitrate, '],
      [{ clock: undefined }, TypeError, "clock must be a number: undefined"],
      [{ clock: 0 }, RangeError, "clock is 0: it must be a whole number from 1 to 4294967295"],
      [{ bitrate: 0 }, RangeError, "bitrate is 0: it must be a whole number from 1"],
      [{ bitrate: 500e3 + 0.5 }, RangeError, "bitrate is 500000.5: it must be a whole number"],
      [{ samplePoint: 87.5 }, RangeError, "samplePoint is 87.5: it must be a fraction of a bit, from 0.001 to 0.999"],
      [{ samplePoint: NaN }, RangeError, "samplePoint is NaN"],
      [{ samplePoint: 0 }, RangeError, "samplePoint is 0"],
      [{ samplePoint: "0.8" }, TypeError, 'samplePoint must be a number: "0.8"'],
      [{ sjw: 0 }, RangeError, "sjw is 0: it must be a whole number from 1"],
      [{ tripleSampling: 3 }, TypeError, "tripleSampling must be true or false: 3"],
      [{ algorithm: "v3.2" }, RangeError, 'algorithm is "v3.2": it must be "v6.3", "v5.19" or "v4.8"'],
      [{ limits: undefined }, TypeError, "limits takes an object, not undefined"],
      [{ limits: { ...sja1000, sjw: 4 } }, TypeError, 'limits has no option "sjw"; it has name, tseg1Min'],
      [{ limits: { ...sja1000, name: 1 } }, TypeError, "limits.name must be a string: 1"],
      [
        { limits: { ...sja1000, tseg1Min: 17 } },
        RangeError,
        "limits.tseg1Max is 16 (0x10): it must be a whole number from 17 to",
      ],
      [{ limits: { ...sja1000, brpInc: 0 } }, RangeError, "limits.brpInc is 0"],
      [{ limits: { ...sja1000, brpMax: undefined } }, TypeError, "limits.brpMax must be a number: undefined"],
    ];
    for (const [change, type, message] of refused) {
      const request = change && { clock, limits: sja1000, bitrate: 500_000, ...change };
      assertThrows(() => BitTiming.fromBitrate(request as unknown as BitTimingRequest), type, message);
    }
  });
});

describe("BitTiming", () => {
  const init = { clock, brp: 1, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 1 };

  it("can be constructed from segments under any of their names", () => {
    const timing = new BitTiming(init);
    assertEquals([timing.bitrate, timing.samplePoint, timing.tq, timing.bitrateError], [500_000, 0.875, 125, 0]);
    const same: BitTimingInit[] = [
      { clock, brp: 1, tseg1: 13, tseg2: 2, sjw: 1 },
      { clock, tq: 125, tseg1: 13, phaseSeg2: 2 },
      { ...init, tseg1: 13, tseg2: 2, bitrate: 500_000, samplePoint: 0.875, tq: 125, limits: sja1000 },
      timing.toJSON(),
      JSON.parse(JSON.stringify(timing)),
    ];
    for (const each of same) assert(timing.equals(new BitTiming(each)), JSON.stringify(each));
  });

  it("rounds a time quantum as the kernel does", () => {
    const at = (tq: number, rest: Partial<BitTimingInit> = {}) => {
      const timing = new BitTiming({ clock: 30_000_000, tq, tseg1: 13, tseg2: 2, ...rest });
      return [timing.brp, timing.tq];
    };
    assertEquals(at(67), [2, 67]); // 66.67 ns
    assertEquals(at(50), [1, 33], "1.5 periods: the shorter time quantum");
    assertEquals(at(51), [2, 67]);
    assertEquals(at(51, { algorithm: "v5.19" }), [2, 51], "as given");
    assertEquals(at(51, { brp: 2 }), [2, 51], "as the kernel reports it");
    assertEquals(at(300, { limits: { ...sja1000, brpInc: 4 } }), [8, 267]);
    assertEquals(new BitTiming({ clock: 30_000_000, brp: 2, tseg1: 13, tseg2: 2 }).tq, 66, "calculated: rounded down");
  });

  it("has a default jump width of half of phase segment 2, or 1 with older kernels", () => {
    const sjw = (tseg1: number, tseg2: number, algorithm?: "v5.19") =>
      new BitTiming({ clock, brp: 1, tseg1, tseg2, algorithm }).sjw;
    assertEquals([sjw(13, 8), sjw(13, 5), sjw(13, 1), sjw(2, 8), sjw(13, 8, "v5.19")], [4, 2, 1, 1, 1]);
  });

  it("refuses invalid fields, naming the field, the value and the limit", () => {
    const limits = sja1000;
    const refused: [Record<string, unknown>, typeof RangeError | typeof TypeError, string][] = [
      [{ btr0: 0 }, TypeError, 'BitTiming has no option "btr0"; it has clock, bitrate, samplePoint, tq, propSeg'],
      [{ brp: undefined }, TypeError, "brp or tq is missing"],
      [{ brp: 0 }, RangeError, "brp is 0: it must be a whole number from 1"],
      [{ propSeg: undefined }, TypeError, "propSeg must be a number: undefined"],
      [{ phaseSeg1: -1 }, RangeError, "phaseSeg1 is -1: it must be a whole number from 0"],
      [{ propSeg: 0, phaseSeg1: 0 }, RangeError, "propSeg + phaseSeg1 is 0: it must be a whole number from 1"],
      [{ phaseSeg2: undefined }, TypeError, "phaseSeg2 or tseg2 is missing"],
      [{ phaseSeg2: 0 }, RangeError, "phaseSeg2 is 0: it must be a whole number from 1"],
      [{ tseg1: 14 }, RangeError, "tseg1 is 14: the other values result in 13"],
      [{ tseg2: 3 }, RangeError, "tseg2 is 3: the other values result in 2"],
      [{ bitrate: 500_001 }, RangeError, "bitrate is 500001: the other values result in 500000"],
      [{ samplePoint: 0.8 }, RangeError, "samplePoint is 0.8: the other values result in 0.875"],
      [{ tq: 250 }, RangeError, "tq is 250: the other values result in 125"],
      [{ brp: undefined, tq: 62 }, RangeError, "tq is 62: a clock of 8000000 Hz has no time quantum this short"],
      [{ brp: undefined, tq: 0 }, RangeError, "tq is 0: it must be a whole number from 1"],
      [{ nominalBitrate: 0 }, RangeError, "nominalBitrate is 0"],
      [
        { propSeg: 10, limits },
        RangeError,
        "propSeg + phaseSeg1 is 17 (0x11): it must be a whole number from 1 to 16 with sja1000",
      ],
      [{ propSeg: undefined, phaseSeg1: undefined, tseg1: 17, limits }, RangeError, "tseg1 is 17 (0x11): it must be"],
      [{ phaseSeg2: 9, limits }, RangeError, "phaseSeg2 is 9: it must be a whole number from 1 to 8 with sja1000"],
      [{ brp: 65, limits }, RangeError, "brp is 65 (0x41): it must be a whole number from 1 to 64 with sja1000"],
      [{ brp: undefined, tq: 8063, limits }, RangeError, "brp, of a tq of 8063 ns, is 65 (0x41): it must be"],
      [{ brp: 3, limits: { ...limits, brpInc: 2 } }, RangeError, "brp is 3: it must be a multiple of 2 with sja1000"],
      [{ phaseSeg2: 8, sjw: 5, limits }, RangeError, "sjw is 5: it must be a whole number from 1 to 4 with sja1000"],
      [{ sjw: 3, limits }, RangeError, "sjw is 3: it must be at most phaseSeg2, 2"],
      [{ propSeg: 12, phaseSeg1: 1, sjw: 2, limits }, RangeError, "sjw is 2: it must be at most phaseSeg1, 1"],
    ];
    for (const [change, type, message] of refused) {
      assertThrows(() => new BitTiming({ ...init, ...change } as BitTimingInit), type, message, JSON.stringify(change));
    }
    // Without limits, any jump width is accepted.
    assertEquals(new BitTiming({ ...init, sjw: 3 }).sjw, 3);
    assertEquals(new BitTiming({ ...init, sjw: 3, limits, algorithm: "v5.19" }).sjw, 3);
  });

  it("can be compared and printed, and is immutable", () => {
    const timing = new BitTiming(init);
    for (
      const change of [{ clock: 1 }, { brp: 2 }, { propSeg: 5 }, { phaseSeg1: 6 }, { phaseSeg2: 3 }, { sjw: 2 }, {
        tripleSampling: true,
      }]
    ) {
      assert(!timing.equals(new BitTiming({ ...init, ...change })), JSON.stringify(change));
    }
    assert(timing.equals(new BitTiming({ ...init, nominalBitrate: 499_999 })));
    assert(!timing.equals(timing.toJSON() as unknown as BitTiming));
    const text = "500000 bits/s, sample point: 87.50%, BRP: 1, TSEG1: 13, TSEG2: 2, SJW: 1, BTR: 001Ch";
    assertEquals(`${timing}`, text);
    assertEquals(`${new BitTiming({ ...init, nominalBitrate: 499_000 })}`, `${text}, error: 2004.0 ppm`);
    assertEquals(
      `${new BitTiming({ ...init, clock: 70_000_000, brp: 65 })}`,
      "67307 bits/s, sample point: 87.50%, BRP: 65, TSEG1: 13, TSEG2: 2, SJW: 1",
    );
    assertThrows(() => (timing as { brp: number }).brp = 2, TypeError);
    assertThrows(() => (sja1000 as { brpMax: number }).brpMax = 128, TypeError);
  });
});

describe("BitTiming.list", () => {
  const values = (timings: BitTiming[]) =>
    timings.map(({ brp, tseg1, tseg2, bitrateError }) => [brp, tseg1, tseg2, Math.round(bitrateError)]);

  it("returns all timings within the limits, best first", () => {
    // 8 clock periods per bit.
    const exact = BitTiming.list({ clock, limits: sja1000, bitrate: 1_000_000, maxError: 0 });
    assertEquals(values(exact), [
      [1, 5, 2, 0], // 75 %, as recommended
      [2, 2, 1, 0], // the same, with the larger prescaler
      [1, 4, 3, 0], // 62.5 %: as near as the next one, but earlier
      [1, 6, 1, 0], // 87.5 %
      [1, 3, 4, 0],
      [2, 1, 2, 0], // 50 %
      [1, 2, 5, 0],
      [1, 1, 6, 0],
    ]);
    const late = BitTiming.list({ clock, limits: sja1000, bitrate: 1_000_000, maxError: 0, samplePoint: 0.9 });
    assertEquals(values(late)[0], [1, 6, 1, 0]);
    const near = BitTiming.list({ clock, limits: sja1000, bitrate: 980_000 });
    assertEquals(values(near), values(exact).map(([brp, tseg1, tseg2]) => [brp, tseg1, tseg2, 20408]));
    assertEquals(BitTiming.list({ clock, limits: sja1000, bitrate: 980_000, maxError: 20_000 }), []);
    assertEquals(BitTiming.list({ clock, limits: sja1000, bitrate: 10_000_000 }), []);
  });

  it("returns only timings that allow the jump width", () => {
    const four = BitTiming.list({ clock, limits: sja1000, bitrate: 1_000_000, maxError: 0, sjw: 2 });
    assertEquals(values(four), [[1, 5, 2, 0], [1, 4, 3, 0], [1, 3, 4, 0]]);
    assert(four.every(({ sjw }) => sjw === 2));
  });

  it("accepts the limits of the data phase of CAN FD", () => {
    const limits = dataBitTimingConsts.mcp251xfd;
    const [best] = BitTiming.list({ clock: 40_000_000, limits, bitrate: 2_000_000, samplePoint: 0.75 });
    assertEquals(best.toIp("segments", "data"), "dtq 25 dprop-seg 7 dphase-seg1 7 dphase-seg2 5 dsjw 2");
  });

  it("refuses invalid arguments", () => {
    const request = { clock, limits: sja1000, bitrate: 500_000 };
    assertThrows(
      () => BitTiming.list({ ...request, maxError: 50_001 }),
      RangeError,
      "maxError is 50001: it must be from 0 to 50000 parts per million",
    );
    assertThrows(() => BitTiming.list({ ...request, maxError: NaN }), RangeError, "maxError is NaN");
    assertThrows(
      () => BitTiming.list({ ...request, sjw: 5 }),
      RangeError,
      "sjw is 5: it must be a whole number from 1 to 4",
    );
    assertThrows(
      () => BitTiming.list({ ...request, error: 1 } as BitTimingRequest),
      TypeError,
      'BitTiming.list has no option "error"',
    );
  });
});
