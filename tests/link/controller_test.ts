// Controllers that the test machine does not have, simulated by support/fake_links.ts.
import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BitTiming, Link, type LinkConfiguration } from "../../mod.ts";
import { canTable } from "../../src/kernel/can_netlink.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { encodeAttributes } from "../../src/kernel/nlattr.ts";
import { encodeLinkMessage } from "../../src/kernel/rtnetlink.ts";
import { readStatistics } from "../../src/link/statistics.ts";
import { readStatus } from "../../src/link/status.ts";
import { can0, type FakeLink, FakeLinks, fdController } from "../support/fake_links.ts";
import { generator } from "../support/random.ts";

const IFF_UP = 1;

/** Configures a link with a simulated controller; returns its status and the requests. */
function configured(configuration: LinkConfiguration, fake: FakeLink = can0()) {
  using links = new FakeLinks(fake);
  const link = Link.open("can0");
  link.configure(configuration);
  return { status: link.status(), changes: links.changes };
}

const none = { bitrate: 0, samplePoint: 0, tq: 0, propSeg: 0, phaseSeg1: 0, phaseSeg2: 0, sjw: 0, brp: 0 };

describe("Status of a controller", () => {
  it("contains everything that the kernel reports, and unknown attributes as bytes", () => {
    const can = {
      ...fdController(),
      state: 2,
      berrCounter: { tx: 128, rx: 3 },
      bittiming: {
        bitrate: 500_000,
        samplePoint: 875,
        tq: 25,
        propSeg: 34,
        phaseSeg1: 35,
        phaseSeg2: 10,
        sjw: 5,
        brp: 1,
      },
      dataBittiming: { bitrate: 2e6, samplePoint: 750, tq: 25, propSeg: 7, phaseSeg1: 7, phaseSeg2: 5, sjw: 2, brp: 1 },
      ctrlmode: { mask: 0, flags: 0x20 | 0x80 | 0x200 | 0x8000 },
      ctrlmodeExt: { supported: 0x20 | 0x200 | 0x8000 },
      termination: 120,
      restartMs: 50,
      tdc: { ...fdController().tdc, tdcv: 12, tdco: 14, tdcf: 2 },
      unknown: new Map([[99, Uint8Array.of(1, 2, 3)]]),
    };
    const more = {
      operState: 6,
      link: 77,
      alias: "the engine",
      altNames: ["engine"],
      parent: "spi0.0",
      parentBus: "spi",
      minMtu: 16,
      maxMtu: 72,
      unknown: new Map([[200, Uint8Array.of(9)]]),
    };
    using _ = new FakeLinks(can0({ flags: 0x10041 | 0x40000, mtu: 72, can, more }));
    const { details, bitTimingConst, dataBitTimingConst, ...status } = Link.open(5).status();
    assertEquals(status, {
      index: 5,
      name: "can0",
      kind: "can",
      flags: ["NOARP", "UP", "LOWER_UP", "ECHO"],
      isUp: true,
      operState: "UP",
      mtu: 72,
      txQueueLength: 10,
      parent: "spi0.0",
      parentBus: "spi",
      driver: null,
      peer: { index: 77, netnsId: null },
      alias: "the engine",
      altNames: ["engine"],
      state: "ERROR-PASSIVE",
      errorCounters: { tx: 128, rx: 3 },
      restartMs: 50,
      bitTiming: { ...can.bittiming, samplePoint: 0.875 },
      bitrateConst: null,
      dataBitTiming: { ...can.dataBittiming, samplePoint: 0.75 },
      dataBitrateConst: null,
      bitrateMax: 8_000_000,
      clock: 40_000_000,
      modes: ["fd", "fd-non-iso", "tdc-auto"],
      supportedModes: ["fd", "tdc-auto"],
      staticModes: ["fd-non-iso"],
      termination: 120,
      terminationConst: [0, 120],
      tdc: { tdcv: 12, tdco: 14, tdcf: 2 },
      tdcConst: { tdcvMin: 0, tdcvMax: 63, tdcoMin: 0, tdcoMax: 127, tdcfMin: 0, tdcfMax: 127 },
      unknown: new Map([[200, Uint8Array.of(9)]]),
      unknownCan: new Map([[99, Uint8Array.of(1, 2, 3)]]),
    });
    assertEquals([details.minMtu, details.maxMtu], [16, 72]);
    assertEquals([bitTimingConst?.name, dataBitTimingConst?.tseg1Max], ["m_can", 32]);
  });

  it("of an older kernel has null where the kernel reports nothing", () => {
    const { ctrlmodeExt: _, tdc: __, bitrateMax: ___, ...can } = fdController();
    using _links = new FakeLinks(can0({ can }));
    const { supportedModes, staticModes, tdcConst, bitrateMax, modes } = Link.open("can0").status();
    assertEquals([supportedModes, staticModes, tdcConst, bitrateMax, modes], [null, null, null, null, []]);
  });

  it("names every state", () => {
    const names = [0, 1, 2, 3, 4, 5, 6].map((state) => {
      using _ = new FakeLinks(can0({ can: { ...fdController(), state } }));
      return Link.open("can0").status().state;
    });
    assertEquals(names, [
      "ERROR-ACTIVE",
      "ERROR-WARNING",
      "ERROR-PASSIVE",
      "BUS-OFF",
      "STOPPED",
      "SLEEPING",
      null,
    ]);
  });

  it("random bytes are decoded or refused with a RangeError", () => {
    const below = generator(11);
    const attributes = encodeAttributes(linkTable, {
      name: "can0",
      mtu: 72,
      altNames: ["engine"],
      info: { kind: "can", data: encodeAttributes(canTable, fdController()) },
    });
    const good = encodeLinkMessage({ type: 280, index: 5, flags: 1, change: 0, attributes });
    let read = 0;
    for (let i = 0; i < 5000; i++) {
      const bytes = good.slice(0, below(4) ? good.length : below(good.length));
      for (let j = below(6); j > 0; j--) bytes[below(bytes.length)] = below(2) ? below(256) : below(40);
      try {
        readStatus(bytes, null);
        readStatistics(bytes, 0);
        read++;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    assert(read > 1000 && read < 4500, `${read}`);
  });

  it("shows a missing carrier as NO-CARRIER", () => {
    using _ = new FakeLinks(can0({ flags: IFF_UP }));
    assertEquals(Link.open("can0").status().flags, ["NO-CARRIER", "NOARP", "UP"]);
  });
});

describe("Configuring a CAN FD controller", () => {
  it("dataBitrate sets the mode fd and the MTU", () => {
    const { status, changes } = configured({ bitrate: 500_000, dataBitrate: 2_000_000, dataSamplePoint: 0.75 });
    assertEquals(changes, [{
      ctrlmode: { mask: 0x20, flags: 0x20 },
      bittiming: { ...none, bitrate: 500_000 },
      dataBittiming: { ...none, bitrate: 2_000_000, samplePoint: 750 },
    }]);
    assertEquals([status.modes, status.mtu], [["fd"], 72]);
    assertEquals([status.bitTiming?.bitrate, status.dataBitTiming?.bitrate], [500_000, 2_000_000]);
  });

  it("takes the segments of both phases from BitTiming.toLink", () => {
    const clock = 40_000_000;
    const nominal = new BitTiming({ clock, brp: 2, tseg1: 29, tseg2: 10, sjw: 5 });
    const data = new BitTiming({ clock, brp: 1, tseg1: 14, tseg2: 5, sjw: 3 });
    const { status } = configured({ ...nominal.toLink(), ...data.toLink("segments", "data") });
    assert(new BitTiming({ clock, ...status.bitTiming }).equals(nominal));
    assert(new BitTiming({ clock, ...status.dataBitTiming }).equals(data));
  });

  it("sends both phases together, as the kernel requires: a phase that is not given keeps its timing", () => {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure({ bitrate: 500_000, samplePoint: 0.8, dataBitrate: 2_000_000 });
    const before = link.status();
    link.configure({ dataBitrate: 5_000_000 });
    assertEquals(link.status().bitTiming, before.bitTiming);
    assertEquals(link.status().dataBitTiming?.bitrate, 5_000_000);
    link.configure({ modes: { fd: true, "fd-non-iso": true } });
    assertEquals(link.status().dataBitTiming?.bitrate, 5_000_000);
    assertEquals(link.status().modes, ["fd", "fd-non-iso"]);
    link.configure({ bitrate: 250_000 });
    assertEquals(link.status().modes, ["fd", "fd-non-iso"]);
    assertEquals(links.changes.at(-1), { bittiming: { ...none, bitrate: 250_000 } });
    link.configure({ modes: { fd: false } });
    const after = link.status();
    assertEquals([after.mtu, after.dataBitTiming, after.bitTiming?.bitrate], [16, null, 250_000]);
  });

  it("sample point or jump width alone change the current timing", () => {
    using links = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure({ bitrate: 500_000, dataBitrate: 2_000_000 });
    link.configure({ samplePoint: 0.75, dataSjw: 2 });
    const { bitTiming, dataBitTiming } = link.status();
    assertEquals([bitTiming?.bitrate, bitTiming?.samplePoint], [500_000, 0.75]);
    assertEquals([dataBitTiming?.bitrate, dataBitTiming?.sjw], [2_000_000, 2]);
    assertEquals(links.changes.at(-1)?.bittiming, { ...none, bitrate: 500_000, samplePoint: 750 });
  });

  it("sets transmitter delay compensation", () => {
    const fd = { bitrate: 500_000, dataBitrate: 5_000_000 };
    const auto = configured({ ...fd, tdc: { tdco: 7, tdcf: 3 } });
    assertEquals(auto.changes[0].ctrlmode, { mask: 0x620, flags: 0x220 });
    assertEquals([auto.status.modes, auto.status.tdc], [["fd", "tdc-auto"], { tdco: 7, tdcf: 3 }]);
    const manual = configured({ ...fd, tdc: { tdcv: 9, tdco: 7 } });
    assertEquals([manual.status.modes, manual.status.tdc], [["fd", "tdc-manual"], { tdcv: 9, tdco: 7 }]);
    const off = configured({ ...fd, modes: { "tdc-auto": false, "tdc-manual": false } });
    assertEquals([off.status.modes, off.status.tdc], [["fd"], null]);
    using _ = new FakeLinks(can0());
    const link = Link.open("can0");
    link.configure(fd);
    link.configure({ tdc: { tdco: 1 } }); // both phases are sent with it
    assertEquals([link.status().modes, link.status().dataBitTiming?.bitrate], [["fd", "tdc-auto"], 5_000_000]);
  });

  it("keeps transmitter delay compensation with its data phase", () => {
    using _ = new FakeLinks(can0());
    const link = Link.open("can0");
    const delay = () => [link.status().modes, link.status().tdc];
    link.configure({ bitrate: 500_000, dataBitrate: 5_000_000, tdc: { tdcv: 9, tdco: 7 } });
    link.configure({ modes: { loopback: true, fd: true } });
    assertEquals(delay(), [["loopback", "fd", "tdc-manual"], { tdcv: 9, tdco: 7 }]);
    link.configure({ modes: { loopback: false } });
    assertEquals(delay(), [["fd", "tdc-manual"], { tdcv: 9, tdco: 7 }]);
    link.configure({ modes: { fd: true, "tdc-manual": false } });
    assertEquals(delay(), [["fd"], null]);
  });

  it("sets the termination, also while the link is up", () => {
    const { status } = configured({ termination: 120 }, can0({ flags: IFF_UP }));
    assertEquals(status.termination, 120);
  });

  it("sends static modes in every request that changes modes", () => {
    const fake = can0({ staticModes: 0x80 });
    fake.can!.ctrlmode = { mask: 0, flags: 0x80 };
    fake.can!.ctrlmodeExt = { supported: 0x21 };
    using links = new FakeLinks(fake);
    const link = Link.open("can0");
    assertEquals(link.status().staticModes, ["fd-non-iso"]);
    link.configure({ bitrate: 500_000, dataBitrate: 2_000_000, modes: { loopback: true } });
    assertEquals(links.changes.at(-1)?.ctrlmode, { mask: 0xa1, flags: 0xa1 });
    assertThrows(
      () => link.configure({ modes: { "fd-non-iso": false } }),
      RangeError,
      `modes["fd-non-iso"] is false: the m_can of "can0" always has that mode`,
    );
  });

  it("accepts only listed bitrates where a controller has a list", () => {
    const { bittimingConst: _, dataBittimingConst: __, ...can } = fdController();
    const fake = () =>
      can0({ can: { ...can, clock: 0, bitrateConst: [125_000, 500_000], dataBitrateConst: [2_000_000] } });
    const { status } = configured({ bitrate: 500_000, dataBitrate: 2_000_000 }, fake());
    assertEquals([status.bitrateConst, status.bitTiming?.bitrate], [[125_000, 500_000], 500_000]);
    const refused = (configuration: LinkConfiguration, text: string) =>
      assertThrows(() => configured(configuration, fake()), RangeError, text);
    refused({ bitrate: 250_000 }, `bitrate is 250000: "can0" supports only 125000, 500000 bit/s`);
    refused({ bitrate: 500_000, dataBitrate: 1 }, `dataBitrate is 1: "can0" supports only 2000000 bit/s`);
    refused({ tq: 25, propSeg: 1, phaseSeg1: 1, phaseSeg2: 1 }, `tq: "can0" accepts only a bitrate`);
  });

  const fd = { bitrate: 500_000, dataBitrate: 2_000_000 };
  const refusals: readonly (readonly [LinkConfiguration, typeof RangeError | typeof TypeError, string])[] = [
    [{ bitrate: 100 }, RangeError, "bitrate is 100: with a clock of 40000000 Hz, m_can supports 202 to 8000000 bit/s"],
    [
      { bitrate: 9_000_000 },
      RangeError,
      'bitrate is 9000000: the transceiver of "can0" supports at most 8000000 bit/s',
    ],
    [
      { ...fd, dataBitrate: 100 },
      RangeError,
      "Data phase: bitrate is 100: with a clock of 40000000 Hz, m_can supports",
    ],
    [{ ...fd, dataBitrate: 8_000_001 }, RangeError, "dataBitrate is 8000001: the transceiver of"],
    [{ dataBitrate: 2_000_000 }, TypeError, 'bitrate is missing: the mode fd needs it, and "can0" has none yet'],
    [{ bitrate: 500_000, modes: { fd: true } }, TypeError, "dataBitrate is missing: the mode fd needs it"],
    [{ ...fd, modes: { fd: false } }, RangeError, 'modes["fd"] is false: dataBitrate needs that mode'],
    [{ samplePoint: 0.8 }, TypeError, 'bitrate is missing: "can0" has none yet'],
    [{ bitrate: 500_000, dataSjw: 1 }, TypeError, 'dataBitrate is missing: "can0" has none yet'],
    [{ bitrate: 500_000, sjw: 129 }, RangeError, "sjw is 129"],
    [
      { ...fd, dataSjw: 17 },
      RangeError,
      "Data phase: sjw is 17 (0x11): it must be a whole number from 1 to 16 with m_can",
    ],
    [{ bitrate: 500_000, tq: 25 }, TypeError, "propSeg, phaseSeg1, phaseSeg2: required with tq"],
    [{ dataPhaseSeg1: 1 }, TypeError, "dataTq, dataPropSeg, dataPhaseSeg2: required with dataPhaseSeg1"],
    [
      { bitrate: 500_000, tq: 25, propSeg: 1, phaseSeg1: 1, phaseSeg2: 2 },
      TypeError,
      "bitrate: cannot be given with tq, which defines the whole bit timing",
    ],
    [{ tq: 25, propSeg: 0, phaseSeg1: 1, phaseSeg2: 2 }, RangeError, "propSeg + phaseSeg1 is 1"],
    [{ tq: 25, propSeg: 1, phaseSeg1: 1, phaseSeg2: 129 }, RangeError, "phaseSeg2 is 129"],
    [{ tq: 100_000, propSeg: 1, phaseSeg1: 1, phaseSeg2: 2 }, RangeError, "brp, of a tq of 100000 ns, is 4000"],
    [
      { modes: { "one-shot": true } },
      RangeError,
      'modes["one-shot"] is true: the m_can of "can0" supports only loopback',
    ],
    [{ modes: { "tdc-auto": true } }, TypeError, "tdc is missing: the mode tdc-auto needs it"],
    [
      { ...fd, tdc: { tdco: 1 }, modes: { "tdc-auto": false } },
      RangeError,
      'modes["tdc-auto"] is false: tdc needs that',
    ],
    [
      { ...fd, tdc: { tdco: 1, tdcv: 1 }, modes: { "tdc-auto": true } },
      RangeError,
      "tdc.tdcv is 1: with the mode tdc-au",
    ],
    [{ ...fd, tdc: { tdco: 1 }, modes: { "tdc-manual": true } }, TypeError, "tdc.tdcv is missing: the mode tdc-manual"],
    [{ ...fd, tdc: { tdco: 128 } }, RangeError, "tdc.tdco is 128"],
    [{ ...fd, tdc: { tdco: 1, tdcv: 64 } }, RangeError, "from 0 to 63 on"],
    [{ termination: 60 }, RangeError, 'termination is 60: "can0" offers 0, 120 ohms'],
    [{ mtu: 2060 }, RangeError, 'mtu is 2060: on "can0" it must be 16 or 72'],
    [{ ...fd, mtu: 16, modes: { fd: true } }, RangeError, "mtu is 16: with the mode fd set it must be 72"],
  ];
  for (const [configuration, Class, text] of refusals) {
    it(`refuses ${JSON.stringify(configuration)} without a request to the kernel`, () => {
      using links = new FakeLinks(can0());
      assertThrows(() => Link.open("can0").configure(configuration), Class, text);
      assertEquals(links.changes, []);
    });
  }

  it("refuses settings that a controller does not have", () => {
    const { tdc: _, terminationConst: __, dataBittimingConst: ___, ...can } = fdController();
    const plain = () => can0({ can: { ...can, ctrlmodeExt: { supported: 0x1 } } });
    const refused = (configuration: LinkConfiguration, text: string, fake = plain()) =>
      assertThrows(() => configured(configuration, fake), RangeError, text);
    refused({ termination: 120 }, 'termination is 120: "can0" has no switchable termination');
    refused({ ...fd }, 'dataBitrate needs the mode fd: the m_can of "can0" supports only loopback');
    refused(fd, 'dataBitrate: the controller of "can0" has no data phase: it does not support CAN FD', {
      ...plain(),
      can: { ...can, ctrlmodeExt: undefined },
    });
    refused({ modes: { fd: true } }, 'modes["fd"] is true: the m_can of "can0" supports only loopback');
    refused({ mtu: 72 }, 'mtu is 72: on "can0" it must be 16, as its controller does not support CAN FD');
    refused({ bitrate: 500_000 }, 'bitrate: "can0" is a vcan, which has no controller to configure', {
      ...plain(),
      can: undefined,
      kind: "vcan",
    });
  });
});
