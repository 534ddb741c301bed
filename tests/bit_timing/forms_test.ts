import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BitTiming, bitTimingConsts } from "../../mod.ts";

const { sja1000 } = bitTimingConsts;
const clock = 8_000_000;

describe("BitTiming converts to and from", () => {
  const timing = BitTiming.fromBitrate({ clock, limits: sja1000, bitrate: 500_000, tripleSampling: true });

  const init = { clock, brp: 1, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 1 };

  // The output of iproute2 6.1.
  const link = {
    ifname: "can0",
    linkinfo: {
      info_kind: "can",
      info_data: {
        ctrlmode: ["TRIPLE-SAMPLING"],
        state: "STOPPED",
        bittiming: {
          bitrate: 500000,
          sample_point: "0.875",
          tq: 125,
          prop_seg: 6,
          phase_seg1: 7,
          phase_seg2: 2,
          sjw: 1,
          brp: 1,
        },
        bittiming_const: {
          name: "sja1000",
          tseg1: { min: 1, max: 16 },
          tseg2: { min: 1, max: 8 },
          sjw: { min: 1, max: 4 },
          brp: { min: 1, max: 64 },
          brp_inc: 1,
        },
        clock: 8000000,
      },
    },
  };

  it("the registers of an SJA1000", () => {
    for (let register = 0; register < 256; register++) {
      const one = BitTiming.fromRegisters({ clock, btr0: register, btr1: 0x1c });
      assertEquals([one.btr0, one.btr1, one.brp, one.sjw], [register, 0x1c, register % 64 + 1, (register >> 6) + 1]);
      const other = BitTiming.fromRegisters({ clock, btr0: 0x41, btr1: register });
      assertEquals([other.btr0, other.btr1], [0x41, register]);
      assertEquals([other.tseg1, other.tseg2], [register % 16 + 1, (register >> 4) % 8 + 1]);
      assertEquals(other.tripleSampling, register > 127);
    }
    assertThrows(() => BitTiming.fromRegisters({ clock, btr0: 256, btr1: 0 }), RangeError, "btr0 is 256 (0x100)");
    assertThrows(() => BitTiming.fromRegisters({ clock, btr0: 0, btr1: -1 }), RangeError, "btr1 is -1");
    assertThrows(
      () => new BitTiming({ ...init, brp: 65 }).btr0,
      RangeError,
      "brp is 65 (0x41): it must be a whole number from 1 to 64 in BTR0",
    );
    assertThrows(() => new BitTiming({ ...init, sjw: 5 }).btr0, RangeError, "sjw is 5");
    assertThrows(() => new BitTiming({ ...init, propSeg: 10 }).btr1, RangeError, "tseg1 is 17 (0x11)");
    assertThrows(() => new BitTiming({ ...init, phaseSeg2: 9 }).btr1, RangeError, "tseg2 is 9");
  });

  it("the arguments and output of ip", () => {
    assertEquals(timing.toIp(), "tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 triple-sampling on");
    assertEquals(timing.toIp("bitrate"), "bitrate 500000 sample-point 0.875 sjw 1 triple-sampling on");
    assertEquals(timing.toIp("segments", "data"), "dtq 125 dprop-seg 6 dphase-seg1 7 dphase-seg2 2 dsjw 1");
    assertEquals(timing.toIp("bitrate", "data"), "dbitrate 500000 dsample-point 0.875 dsjw 1");
    assertEquals(timing.toLink(), { tq: 125, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 1 });
    assertEquals(timing.toLink("bitrate"), { bitrate: 500_000, samplePoint: 0.875, sjw: 1 });
    const dataSegments = { dataTq: 125, dataPropSeg: 6, dataPhaseSeg1: 7, dataPhaseSeg2: 2, dataSjw: 1 };
    assertEquals(timing.toLink("segments", "data"), dataSegments);
    assertEquals(timing.toLink("bitrate", "data"), { dataBitrate: 500_000, dataSamplePoint: 0.875, dataSjw: 1 });
    assertThrows(() => timing.toIp("tq" as "segments"), RangeError, 'form is "tq": it must be "segments" or "bitrate"');
    assertThrows(() => timing.toIp("segments", "fd" as "data"), RangeError, 'phase is "fd": it must be "nominal" or');

    assertEquals([BitTiming.fromIp(link).equals(timing), BitTiming.constFromIp(link)], [true, sja1000]);
    const info = link.linkinfo.info_data;
    assert(BitTiming.fromIp(info).equals(timing));
    // Older versions of ip print the sample point as a number, and no prescaler.
    const { brp: _, ...older } = info.bittiming;
    assert(BitTiming.fromIp({ ...info, bittiming: { ...older, sample_point: 0.875 } }).equals(timing));
    const fd = {
      ...info,
      data_bittiming: { ...info.bittiming, bitrate: 250_000, tq: 250, brp: 2 },
      data_bittiming_const: { ...info.bittiming_const, brp_inc: 2 },
    };
    const data = BitTiming.fromIp(fd, "data");
    assertEquals([data.bitrate, data.tripleSampling, BitTiming.constFromIp(fd, "data").brpInc], [250_000, false, 2]);
  });

  it("the output of ip, but refuses links without a bit timing", () => {
    const noClock = "This is not a CAN link with a bit timing from ip -details -json link show: it has no clock";
    for (const wrong of [null, undefined, "can0", {}, [link], { linkinfo: { info_kind: "vcan" } }]) {
      assertThrows(() => BitTiming.fromIp(wrong), TypeError, noClock);
    }
    assertThrows(() => BitTiming.fromIp(link, "data"), TypeError, "This link has no data_bittiming");
    assertThrows(() => BitTiming.constFromIp({ clock }), TypeError, "This link has no bittiming_const");
    assertThrows(
      () => BitTiming.constFromIp({ clock, bittiming_const: {} }),
      TypeError,
      "limits.name must be a string",
    );
    assertThrows(() => BitTiming.fromIp({ clock, bittiming: {} }), TypeError, "propSeg must be a number: undefined");
  });

  it("python-can's BitTiming", () => {
    // dict(can.BitTiming.from_registers(f_clock=8_000_000, btr0=0x41, btr1=0x9c)) in python-can 4.5
    const theirs = { f_clock: 8000000, brp: 2, tseg1: 13, tseg2: 2, sjw: 2, nof_samples: 3 };
    const ours = BitTiming.fromRegisters({ clock, btr0: 0x41, btr1: 0x9c });
    assertEquals(ours.toPythonCan(), theirs);
    assert(BitTiming.fromPythonCan(theirs).equals(ours));
    // can.BitTiming.from_bitrate_and_segments
    const { brp: _, ...rest } = theirs;
    const same = BitTiming.fromPythonCan({ ...rest, bitrate: 250_000 });
    assertEquals([same.equals(ours), same.nominalBitrate], [true, 250_000]);
    assertEquals(Math.round(BitTiming.fromPythonCan({ ...rest, bitrate: 249_000 }).bitrateError), 4016);
    assertThrows(
      () => BitTiming.fromPythonCan({ ...rest, bitrate: 200_000 }),
      RangeError,
      "get no closer than 166666",
    );
    assertThrows(
      () => BitTiming.fromPythonCan({ ...theirs, nof_samples: 2 }),
      RangeError,
      "nof_samples is 2: it must be 1 or 3",
    );
    assertThrows(
      () => BitTiming.fromPythonCan({ ...theirs, btr: 2 } as typeof theirs),
      TypeError,
      'BitTiming.fromPythonCan has no option "btr"',
    );
  });

  it("python-can's BitTimingFd", () => {
    // dict(can.BitTimingFd.from_sample_point(f_clock=80_000_000, nom_bitrate=500_000, nom_sample_point=80.0,
    //   data_bitrate=2_000_000, data_sample_point=75.0)) in python-can 4.5
    const nominal = { nom_brp: 2, nom_tseg1: 63, nom_tseg2: 16, nom_sjw: 16 };
    const data = { data_brp: 2, data_tseg1: 14, data_tseg2: 5, data_sjw: 5 };
    const theirs = { f_clock: 80000000, ...nominal, ...data };
    const ours = BitTiming.fromPythonCanFd(theirs);
    assertEquals([ours.nominal.bitrate, ours.nominal.samplePoint], [500_000, 0.8]);
    assertEquals([ours.data.bitrate, ours.data.samplePoint], [2_000_000, 0.75]);
    assertEquals(ours.nominal.toPythonCanFd(ours.data), theirs);
    const { nom_brp: _, ...rest } = theirs;
    assert(BitTiming.fromPythonCanFd({ ...rest, nom_bitrate: 500_000 }).nominal.equals(ours.nominal));
    assertThrows(() => timing.toPythonCanFd(ours.data), RangeError, "The data phase has a clock of 80000000 Hz");
    assertThrows(
      () => BitTiming.fromPythonCanFd({ ...theirs, brp: 1 } as typeof theirs),
      TypeError,
      'BitTiming.fromPythonCanFd has no option "brp"',
    );
  });
});
