import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type CanFilter, Message } from "../../mod.ts";
import { toRawFilters } from "../../src/raw/filter.ts";
import { all, deliver, PATIENCE } from "../support/delivery.ts";
import { worlds } from "../support/worlds.ts";

const EXTENDED = 0x80000000;
const REMOTE = 0x40000000;

describe("toRawFilters", () => {
  const rows: [CanFilter[] | null, [number, number][]][] = [
    [null, [[0, 0]]],
    [[], [[0, 0]]],
    [[{ canId: 0x123, canMask: 0x7ff }], [[0x123, 0x7ff]]],
    [[{ canId: 0x123, canMask: 0x7ff, extended: false }], [[0x123, 0x800007ff]]],
    [[{ canId: 0x123, canMask: 0x1fffffff, extended: true }], [[0x80000123, 0x9fffffff]]],
    [[{ canId: 0x123, canMask: 0x7ff, inverted: true }], [[0x20000123, 0x7ff]]],
    [[{ canId: 0x80000123, canMask: 0x1fffffff, extended: false }], [[0x123, 0x9fffffff]]],
    [[{ canId: REMOTE, canMask: REMOTE }], [[REMOTE, REMOTE]]],
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
    const many = Array.from({ length: 513 }, () => ({ canId: 0, canMask: 0 }));
    assertThrows(() => toRawFilters(many), RangeError, "513 filters: the kernel takes at most 512");
    assertEquals(toRawFilters(many.slice(1)).length, 512);
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
  { filters: [{ canId: 0x123, canMask: 0x7ff, extended: false }], pass: [0, 2] },
  { filters: [{ canId: 0x123, canMask: 0x1fffffff, extended: true }], pass: [1] },
  { filters: [{ canId: 0x123, canMask: 0x1fffffff, extended: false }], pass: [0, 2] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, inverted: true }], pass: [3, 5] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, extended: false, inverted: true }], pass: [1, 3, 4, 5] },
  { filters: [{ canId: 0, canMask: 0, inverted: true }], pass: [] },
  { filters: [{ canId: REMOTE, canMask: REMOTE }], pass: [2, 5] },
  { filters: [{ canId: 0x123, canMask: (0x7ff | REMOTE | EXTENDED) >>> 0 }], pass: [0] },
  { filters: [{ canId: 0x123, canMask: 0x7ff, extended: false }, { canId: 0x124, canMask: 0x7ff }], pass: [0, 2, 3] },
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
        using later = open({ joinFilters, filters: [{ canId: 0x7ff, canMask: 0x7ff, extended: false }] });
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
      bus.setFilters([{ canId: 0x124, canMask: 0x7ff, extended: false }]);
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
