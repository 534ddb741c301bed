import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Bus, type CanFilter, Message } from "../../mod.ts";
import { toRawFilters } from "../../src/message/filter.ts";
import { all, deliver, PATIENCE } from "../support/delivery.ts";
import { generator } from "../support/random.ts";
import { worlds } from "../support/worlds.ts";

const EXTENDED = 0x80000000;
const REMOTE = 0x40000000;

describe("toRawFilters", () => {
  const rows: [CanFilter[] | null, [number, number][]][] = [
    [null, [[0, 0]]],
    [[], [[0, 0]]],
    [[{ canId: 0x123, canMask: 0x7ff }], [[0x123, 0x7ff]]],
    [[{ canId: 0x123, canMask: 0x7ff, isExtendedId: false }], [[0x123, 0x800007ff]]],
    [[{ canId: 0x123, canMask: 0x1fffffff, isExtendedId: true }], [[0x80000123, 0x9fffffff]]],
    [[{ canId: 0x123, canMask: 0x7ff, inverted: true }], [[0x20000123, 0x7ff]]],
    [[{ canId: 0x80000123, canMask: 0x1fffffff, isExtendedId: false }], [[0x123, 0x9fffffff]]],
    [[{ canId: REMOTE, canMask: REMOTE }], [[REMOTE, REMOTE]]],
    [[{ canId: 0x123, canMask: 0x7ff, extended: false }], [[0x123, 0x800007ff]]],
    [[{ canId: 0x123, canMask: 0x1fffffff, extended: true }], [[0x80000123, 0x9fffffff]]],
    // Only the bits in canMask count.
    [[{ canId: 0x1ffff923, canMask: 0x7ff, isExtendedId: false }], [[0x1ffff923, 0x800007ff]]],
    [[{ canId: 0x80000800, canMask: 0x80000800 }], [[0x80000800, 0x80000800]]],
    [[{ canId: 0x80000001, canMask: 0x80000001, isExtendedId: true }], [[0x80000001, 0x80000001]]],
  ];
  for (const [filters, expected] of rows) {
    it(JSON.stringify(filters), () => {
      assertEquals(toRawFilters(filters), expected.map(([canId, canMask]) => ({ canId, canMask })));
    });
  }

  it("refuses invalid filters, naming the field and its value", () => {
    const one = (filter: unknown) => () => toRawFilters([filter as CanFilter]);
    assertThrows(one({ canId: -1, canMask: 0 }), RangeError, "filters[0].canId is -1");
    assertThrows(one({ canId: 0, canMask: 0x20000000 }), RangeError, "filters[0].canMask is 536870912");
    assertThrows(one({ canId: 2 ** 32, canMask: 0 }), RangeError, "filters[0].canId is 4294967296");
    assertThrows(one({ canId: 1.5, canMask: 0 }), RangeError, "filters[0].canId is 1.5");
    assertThrows(one({ canId: "1", canMask: 0 }), TypeError, 'filters[0].canId must be a number: "1"');
    assertThrows(one({ canId: 0, canMask: 0, extended: 1 }), TypeError, "filters[0].extended must be true or false: 1");
    assertThrows(() => toRawFilters(7 as unknown as CanFilter[]), TypeError, "filters must be an array or null: 7");
    assertThrows(
      one({ can_id: 1, can_mask: 2 }),
      TypeError,
      'filters[0] has no option "can_id"; it has canId, canMask, isExtendedId, extended, inverted',
    );
    assertThrows(one({ canId: 0, canMask: 0, mask: 1 }), TypeError, 'filters[0] has no option "mask"');
    assertThrows(
      one({ canId: 0, canMask: 0, extended: true, isExtendedId: true }),
      TypeError,
      "filters[0] has isExtendedId and extended, two names of one option: give one of them",
    );
    assertThrows(
      one({ canId: 0, canMask: 0, isExtendedId: 1 }),
      TypeError,
      "filters[0].isExtendedId must be true or false: 1",
    );
    const many = Array.from({ length: 513 }, () => ({ canId: 0, canMask: 0 }));
    assertThrows(() => toRawFilters(many), RangeError, "513 filters: the kernel takes at most 512");
    assertEquals(toRawFilters(many.slice(1)).length, 512);
  });
});

describe("A filter that no frame can pass", () => {
  const rows: [CanFilter, string][] = [
    [
      { canId: 0x800, canMask: 0x1fffffff, isExtendedId: false },
      "canId is 0x800, and standard identifiers end at 0x7ff",
    ],
    [{ canId: 0x18ff0123, canMask: 0xff0000, extended: false }, "canId is 0x18ff0123, and standard identifiers end at"],
    [{ canId: 0x800, canMask: 0x9fffffff }, "canId is 0x800, and standard identifiers end at 0x7ff"],
    [{ canId: 0x800, canMask: 0x800, isExtendedId: false, inverted: true }, "canId is 0x800, and standard identifiers"],
    [
      { canId: 0x80000123, canMask: 0x800007ff, isExtendedId: false },
      "bit 31 of canId and canMask selects extended frames, but isExtendedId is false",
    ],
    [
      { canId: 0x123, canMask: 0x800007ff, isExtendedId: true },
      "bit 31 of canId and canMask selects standard frames, but isExtendedId is true",
    ],
  ];
  for (const [filter, reason] of rows) {
    it(`is refused: ${JSON.stringify(filter)}`, () => {
      assertThrows(
        () => toRawFilters([{ canId: 0, canMask: 0 }, filter]),
        RangeError,
        `filters[1] can match no frame: ${reason}`,
      );
    });
  }

  it("is accepted if it is meant to pass nothing", () => {
    assertEquals(toRawFilters([{ canId: 0, canMask: 0, inverted: true }]), [{ canId: 0x20000000, canMask: 0 }]);
  });

  const joined: CanFilter[][] = [
    [{ canId: 1, canMask: 0x7ff }, { canId: 2, canMask: 0x7ff }],
    [{ canId: 1, canMask: 1 }, { canId: 0x12340, canMask: 0x1fffffff }],
    [{ canId: 1, canMask: 1, isExtendedId: true }, { canId: 1, canMask: 1, isExtendedId: false }],
    [{ canId: 0x800, canMask: 0x800 }, { canId: 1, canMask: 1, isExtendedId: false }],
    [{ canId: 0x101, canMask: 0x7ff }, { canId: 0x100, canMask: 0x700, inverted: true }],
    [{ canId: 0x100, canMask: 0x700, inverted: true }, { canId: 0x101, canMask: 0x7ff }],
    [{ canId: REMOTE, canMask: REMOTE }, { canId: 0, canMask: REMOTE }],
  ];
  for (const filters of joined) {
    it(`is refused in a joined list: ${JSON.stringify(filters)}`, () => {
      const text = "filters[1] excludes all that filters[0] passes: with joinFilters, no frame can pass both";
      assertThrows(() => toRawFilters(filters, true), RangeError, text);
      assertEquals(toRawFilters(filters).length, 2);
      assertThrows(
        () => new Bus({ channel: "joined", interface: "virtual", filters, joinFilters: true }),
        RangeError,
        text,
      );
      using bus = new Bus({ channel: "joined", interface: "virtual", joinFilters: true });
      assertThrows(() => bus.setFilters(filters), RangeError, text);
      assertEquals(bus.filters, null);
    });
  }

  it("is refused if and only if no frame passes, in random joined lists of filters that are not inverted", () => {
    const below = generator(12);
    for (let i = 0; i < 300; i++) {
      // Few bits, so that all frames can be tried.
      const bits = () => [0x80000000, 0x40000000, 0x800, 2, 1].reduce((word, bit) => word + below(2) * bit, 0);
      const filters = Array.from({ length: 2 }, () => ({ canId: bits(), canMask: bits() }));
      const frames = Array.from(
        { length: 32 },
        (_, n) => [0x80000000, 0x40000000, 0x800, 2, 1].reduce((word, bit, k) => word + ((n >> k) & 1) * bit, 0),
      )
        .filter((word) => word >= 0x80000000 || (word & 0x800) === 0);
      const passes = (word: number) =>
        filters.every(({ canId, canMask }) => ((word & canMask) >>> 0) === ((canId & canMask) >>> 0));
      const isRefused = () => {
        try {
          toRawFilters(filters, true);
          return false;
        } catch (error) {
          if (error instanceof RangeError) return true;
          throw error;
        }
      };
      assertEquals(isRefused(), !frames.some(passes), JSON.stringify(filters));
    }
  });
});

/** Frames that differ in whether filters pass them. */
const probes = [
  new Message({ arbitrationId: 0x123, isExtendedId: false }),
  new Message({ arbitrationId: 0x123 }),
  new Message({ arbitrationId: 0x123, isExtendedId: false, isRemoteFrame: true }),
  new Message({ arbitrationId: 0x124, isExtendedId: false }),
  new Message({ arbitrationId: 0x1fff0123 }),
  new Message({ arbitrationId: 0x1fffffff, isRemoteFrame: true }),
];

/** Filters, and the indices of the probes that they pass by the kernel's rule. */
const cases: { filters: CanFilter[]; joinFilters?: boolean; pass: number[] }[] = [
  { filters: [], pass: [0, 1, 2, 3, 4, 5] },
  { filters: [{ canId: 0x123, canMask: 0x7ff }], pass: [0, 1, 2, 4] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, isExtendedId: false }], pass: [0, 2] },
  { filters: [{ canId: 0x123, canMask: 0x1fffffff, isExtendedId: true }], pass: [1] },
  { filters: [{ canId: 0x123, canMask: 0x1fffffff, isExtendedId: false }], pass: [0, 2] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, inverted: true }], pass: [3, 5] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, isExtendedId: false, inverted: true }], pass: [1, 3, 4, 5] },
  { filters: [{ canId: 0, canMask: 0, inverted: true }], pass: [] },
  { filters: [{ canId: REMOTE, canMask: REMOTE }], pass: [2, 5] },
  { filters: [{ canId: 0x123, canMask: (0x7ff | REMOTE | EXTENDED) >>> 0 }], pass: [0] },
  {
    filters: [{ canId: 0x123, canMask: 0x7ff, isExtendedId: false }, { canId: 0x124, canMask: 0x7ff }],
    pass: [0, 2, 3],
  },
  {
    filters: [{ canId: 0x123, canMask: 0x7ff, inverted: true }, { canId: 0x124, canMask: 0x7ff, inverted: true }],
    joinFilters: true,
    pass: [5],
  },
  {
    filters: [{ canId: 0x123, canMask: 0x7ff, inverted: true }, { canId: 0x124, canMask: 0x7ff, inverted: true }],
    pass: [0, 1, 2, 3, 4, 5],
  },
];

/** As many filters as the kernel accepts, of which only the last passes a probe. */
const most = Array.from({ length: 512 }, (_, i) => ({ canId: i < 511 ? 0x200 + i : 0x124, canMask: 0x7ff }));
cases.push({ filters: most, pass: [3] });

for (const { name, skip, open } of worlds) {
  describe(`Filters on ${name}`, { skip }, () => {
    for (const { filters, joinFilters, pass } of cases) {
      it(`${joinFilters ? "all of " : ""}${JSON.stringify(filters).slice(0, 200)}`, () => {
        using sender = open({ receiveOwnMessages: true });
        using atOpen = open({ filters, joinFilters });
        using later = open({ joinFilters, filters: [{ canId: 0x7ff, canMask: 0x7ff, isExtendedId: false }] });
        later.setFilters(filters);
        deliver(sender, ...probes);
        const passed = (messages: Message[]) =>
          messages.map((got) => probes.findIndex((probe) => probe.equals(plain(got), null)));
        assertEquals(passed(all(atOpen, pass.length)), pass);
        assertEquals(passed(all(later, pass.length)), pass);
        assertEquals(later.filters, filters);
      });
    }

    it("a change drops frames that the older filters passed, whether or not they were read ahead", () => {
      using sender = open({ receiveOwnMessages: true });
      using bus = open();
      deliver(sender, ...probes);
      assertEquals(bus.recv(PATIENCE)!.arbitrationId, 0x123);
      deliver(sender, ...probes);
      bus.setFilters([{ canId: 0x124, canMask: 0x7ff, isExtendedId: false }]);
      assertEquals(bus.recv(0), null);
      deliver(sender, ...probes);
      assertEquals(all(bus, 1).map((message) => message.arbitrationId), [0x124]);
      bus.setFilters(null);
      assertEquals(bus.filters, null);
      deliver(sender, ...probes);
      assertEquals(all(bus, probes.length).length, probes.length);
    });

    it("an invalid filter changes nothing", () => {
      using sender = open({ receiveOwnMessages: true });
      const filters = [{ canId: 0x124, canMask: 0x7ff }];
      using bus = open({ filters });
      deliver(sender, ...probes);
      assertThrows(() => bus.setFilters([{ canId: -1, canMask: 0 }]), RangeError, "canId is -1");
      assertEquals(bus.filters, filters);
      assertEquals(all(bus, 1).map((message) => message.arbitrationId), [0x124]);
      assertThrows(() => open({ filters: [{ canId: -1, canMask: 0 }] }), RangeError, "canId is -1");
    });
  });
}

/** Copies a received message without what receiving added to it. */
function plain(message: Message): Message {
  return new Message({ ...message.toJSON(), channel: null, isRx: true });
}
