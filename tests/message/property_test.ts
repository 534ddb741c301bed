import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { show } from "../../src/check.ts";
import { decodeFilters, encodeAddress, encodeFilters, fdLength, filterMatches } from "../../src/kernel/can.ts";
import { encodeEpollEvent, epollEventSize, eventFd } from "../../src/kernel/epoll.ts";
import { decodeIfreqName, encodeIfreq, isInterfaceName } from "../../src/kernel/if.ts";
import { encodePollfd } from "../../src/kernel/socket.ts";
import { toRawFilters } from "../../src/message/filter.ts";
import { copyFrame, frameLength } from "../../src/message/message.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { type Below, generator, oneOf, randomMessageOfAnyKind } from "../support/random.ts";

const CASES = 2000;

/** Tests a property with many random inputs; a failure names the number of the case. */
function always(name: string, seed: number, check: (below: Below) => void): void {
  it(name, () => {
    const below = generator(seed);
    for (let i = 0; i < CASES; i++) {
      try {
        check(below);
      } catch (error) {
        throw new Error(`case ${i} of seed ${seed}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
  });
}

function word(below: Below): number {
  return oneOf(below, 0, 1, 0x7ff, 0x800, 2 ** 31, 2 ** 32 - 1, below(2 ** 32), below(2 ** 32));
}

/** Surrounds a structure with other memory, to check that nothing outside it is written. */
function framed(size: number, below: Below): { inside: Uint8Array; untouched(): boolean } {
  const outside = Uint8Array.from({ length: size + 32 }, () => below(256));
  const before = outside.slice();
  return {
    inside: outside.subarray(16, 16 + size),
    untouched: () => outside.every((byte, i) => (i >= 16 && i < 16 + size) || byte === before[i]),
  };
}

describe("Random kernel structures", () => {
  always("can_filter[]: decoding returns what was encoded", 1, (below) => {
    const filters = Array.from({ length: below(8) }, () => ({ canId: word(below), canMask: word(below) }));
    const bytes = encodeFilters(filters);
    assertEquals(bytes.length, 8 * filters.length);
    assertEquals(decodeFilters(bytes), filters);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assertEquals(decodeFilters(shifted.subarray(3)), filters);
  });

  always("can_filter: an inverted filter passes exactly the frames that the filter does not pass", 2, (below) => {
    const canId = word(below) & ~0x20000000;
    // Bit 29 of a mask would select error frames.
    const filter = { canId: canId >>> 0, canMask: (word(below) & ~0x20000000) >>> 0 };
    const inverted = { ...filter, canId: (canId | 0x20000000) >>> 0 };
    const idWord = (word(below) & ~0x20000000) >>> 0;
    assert(filterMatches(filter, idWord) !== filterMatches(inverted, idWord), JSON.stringify([filter, idWord]));
    assert(filterMatches({ canId: filter.canId, canMask: 0 }, idWord));
  });

  always("filters match the same frames in the kernel as by their definition", 3, (below) => {
    const isExtendedId = oneOf(below, undefined, false, true);
    const inverted = oneOf(below, undefined, false, true);
    const canId = below(0x20000000);
    const canMask = below(0x20000000);
    if (isExtendedId === false && canId & canMask & ~0x7ff) {
      return void refuses(() => toRawFilters([{ canId, canMask, isExtendedId, inverted }]), "can match no frame");
    }
    const [raw] = toRawFilters([{ canId, canMask, isExtendedId, inverted }]);
    const isExtended = below(2) === 0;
    const id = below(isExtended ? 0x20000000 : 0x800);
    const matches = (isExtendedId === undefined || isExtendedId === isExtended) &&
      (((id ^ canId) & canMask & 0x1fffffff) === 0);
    assertEquals(filterMatches(raw, (id + (isExtended ? 2 ** 31 : 0)) >>> 0), matches !== (inverted ?? false));
  });

  always("sockaddr_can and pollfd: each field is at its offset", 4, (below) => {
    const index = below(2 ** 31);
    const address = new DataView(encodeAddress(index).buffer);
    assertEquals([address.byteLength, address.getUint16(0, true), address.getInt32(4, true)], [24, 29, index]);
    const events = below(2 ** 15);
    const pollfd = new DataView(encodePollfd(index, events).buffer);
    assertEquals([pollfd.byteLength, pollfd.getInt32(0, true), pollfd.getInt16(4, true), pollfd.getInt16(6, true)], [
      8,
      index,
      events,
      0,
    ]);
  });

  always("epoll_event[]: decoding an index returns what was encoded, and nothing else is written", 5, (below) => {
    const packed = below(2) === 0;
    const size = epollEventSize(packed);
    const { inside, untouched } = framed(8 * size, below);
    const fds = Array.from({ length: 8 }, () => below(2 ** 31));
    const events = word(below);
    fds.forEach((fd, i) => encodeEpollEvent(inside.subarray(size * i, size * i + size), packed, events, fd));
    const view = new DataView(inside.buffer, inside.byteOffset, inside.byteLength);
    assertEquals(fds.map((_, i) => eventFd(packed, view, i)), fds);
    assertEquals(fds.map((_, i) => view.getUint32(size * i, true)), fds.map(() => events));
    assert(untouched());
  });

  always("ifreq: decoding returns the name that was encoded, or the name is refused", 6, (below) => {
    const characters = [..."abcXYZ019-_.:äß€\0😀"];
    const name = Array.from({ length: below(20) }, () => oneOf(below, ...characters)).join("");
    const bytes = new TextEncoder().encode(name);
    const fits = bytes.length <= 15 && !bytes.includes(0);
    assertEquals(isInterfaceName(name), fits);
    if (fits) {
      assertEquals(encodeIfreq(name).length, 40);
      return assertEquals(decodeIfreqName(encodeIfreq(name)), name);
    }
    refuses(() => encodeIfreq(name), "Interface name");
  });

  it("fdLength: returns the shortest length of an FD frame that holds a number of bytes", () => {
    const lengths = new Set(Array.from({ length: 65 }, (_, length) => fdLength(length)));
    assertEquals([...lengths], [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64]);
    for (let length = 0; length <= 64; length++) {
      assert(fdLength(length) >= length);
      assertEquals([...lengths].filter((each) => each >= length && each < fdLength(length)), []);
    }
  });
});

describe("Random messages", () => {
  always(
    "return their fields, encode them for the kernel, and survive a round trip through JSON",
    7,
    (below) => {
      const init = randomMessageOfAnyKind(below);
      const message = new Message(init);
      const words = new Uint32Array(516).fill(0xdeadbeef);
      const length = frameLength(message);
      copyFrame(message, length, words, 0);
      assertEquals(bytesText(new Uint8Array(words.buffer, 0, length)), bytesText(frameBytes(init)));
      assert(words.subarray((length + 3) >> 2).every((each) => each === 0xdeadbeef), "copied more than the frame");
      const json = message.toJSON() as unknown as Record<string, unknown>;
      for (const [name, value] of Object.entries(init)) {
        if (name === "timestamp") continue;
        const read = (message as unknown as Record<string, unknown>)[name];
        if (name === "data") {
          assertEquals([bytesText(read as Uint8Array), `${json.data}`], [bytesText(value), `${value}`]);
        } else assertEquals(read, value, name);
        // JSON has the priority as arbitrationId, and omits a len8Dlc of 0.
        if (name === "priority") assertEquals(json.arbitrationId, value);
        else if (name !== "data") assertEquals(json[name] ?? 0, value ?? 0, name);
      }
      assert(Math.abs(message.timestamp - init.timestamp!) <= 1e-9 + init.timestamp! * 2 ** -52, `${init.timestamp}`);
      assert(Math.abs(Number(message.timestampNs) / 1e9 - init.timestamp!) <= 1e-9 + init.timestamp! * 2 ** -52);
      for (const again of [new Message(message.toJSON()), new Message(JSON.parse(JSON.stringify(message)))]) {
        assert(again.equals(message, 0) && message.equals(again, 0), `${again} is not ${message}`);
        assertEquals(`${again}`, `${message}`);
        assertEquals(JSON.stringify(again), JSON.stringify(message));
      }
    },
  );

  always("are unequal in both directions if their fields differ", 8, (below) => {
    const [one, other] = [randomMessageOfAnyKind(below), randomMessageOfAnyKind(below)].map((init) =>
      new Message(init)
    );
    const same = JSON.stringify(one) === JSON.stringify(other);
    assertEquals([one.equals(other, 0), other.equals(one, 0)], [same, same]);
    const json = one.toJSON();
    const differences: MessageInit[] = [
      { arbitrationId: one.arbitrationId ^ 1 },
      { isRx: !one.isRx },
      { channel: `${one.channel}1` },
      { timestamp: one.timestamp + 1 },
    ];
    const { data, vcid, sdt, af } = one;
    if (data.length > 0) differences.push({ data: data.with(below(data.length), 0), dlc: data.length });
    if (one.isFd) differences.push({ bitrateSwitch: !one.bitrateSwitch });
    if (one.isFd) differences.push({ errorStateIndicator: !one.errorStateIndicator });
    if (one.isXl) {
      differences.push({ vcid: vcid ^ 1 }, { sdt: sdt ^ 128 }, { af: (af ^ 2 ** 31) >>> 0 }, { sec: !one.sec });
    }
    if (one.dlc === 8 && !one.isFd && !one.isErrorFrame && !one.isXl) {
      differences.push({ len8Dlc: one.len8Dlc === 15 ? 0 : 15 });
    }
    const difference = oneOf(below, ...differences);
    const near = new Message({ ...json, ...difference });
    const equal = JSON.stringify(near) === JSON.stringify(one); // a byte that was 0
    assertEquals([one.equals(near), near.equals(one)], [equal, equal], Object.keys(difference).join());
  });

  always("are refused with a RangeError or TypeError that names the wrong field and its value", 9, (below) => {
    const good = randomMessageOfAnyKind(below);
    const length = good.data?.length ?? 0;
    const wide = good.isExtendedId || good.isErrorFrame;
    const anything = () => oneOf<unknown>(below, "1", {}, true, [], 1n, () => 1);
    const fraction = () => below(8) + 0.5;
    const tooLong = (good.isXl ? 2049 : 65) + below(100);
    const [field, value, shown]: [string, unknown, string?] = oneOf<() => [string, unknown, string?]>(
      below,
      () => ["arbitrationId", oneOf(below, -1 - below(9), wide ? 0x20000000 + below(9) : 0x800 + below(9), fraction())],
      () => ["arbitrationId", oneOf<unknown>(below, NaN, Infinity, anything())],
      () => ["dlc", oneOf(below, -1, tooLong, fraction(), NaN, Infinity)],
      () => ["dlc", anything()],
      () => ["timestamp", oneOf<unknown>(below, -1e-9, -1, NaN, Infinity, 2 ** 53, anything())],
      () => ["channel", oneOf<unknown>(below, 0, 1n, true, {}, [])],
      () => ["data", oneOf<unknown>(below, 5, "ab", true, {}, new ArrayBuffer(2))],
      () => ["data", new Uint8Array(good.isXl ? oneOf(below, 0, tooLong) : tooLong), "bytes"],
      () => [
        oneOf(
          below,
          "isExtendedId",
          "isRemoteFrame",
          "isErrorFrame",
          "isFd",
          "isXl",
          "bitrateSwitch",
          "errorStateIndicator",
          "sec",
          "isRx",
        ),
        oneOf<unknown>(below, 0, 1, "true", {}, []),
      ],
      // Frames other than XL refuse these fields with any value, and name isXl.
      () => wrongXl(below, "priority", 0x7ff, good, anything()),
      () => wrongXl(below, "vcid", 0xff, good, anything()),
      () => wrongXl(below, "sdt", 0xff, good, anything()),
      () => wrongXl(below, "af", 0xffffffff, good, anything()),
      () => [
        "len8Dlc",
        oneOf<unknown>(below, -1, 1 + below(8), 16 + below(300), fraction(), NaN, Infinity, anything()),
      ],
      () => [oneOf(below, "arbitration_id", "id", "extended", "toString"), 1, ""],
    )();
    const text = refuses(() => new Message({ ...good, [field]: value } as MessageInit), field);
    assert(text.includes(shown ?? show(value)), `${text} does not show ${show(value)}`);
    if (length === 0 || good.isRemoteFrame) return;
    const at = below(length);
    const byte = oneOf<unknown>(below, -1, 256, 1.5, NaN, "1", undefined, null);
    const data = [...good.data as number[]];
    data[at] = byte as number;
    const refused = refuses(() => new Message({ ...good, data }), `data[${at}]`);
    assert(refused.includes(`${byte}`), refused);
  });

  always("are refused if two fields exclude each other, naming both", 10, (below) => {
    const [one, other] = oneOf<[string, string]>(
      below,
      ["isRemoteFrame", "isErrorFrame"],
      ["isRemoteFrame", "isFd"],
      ["isErrorFrame", "isFd"],
      ["isRemoteFrame", "isXl"],
      ["isErrorFrame", "isXl"],
      ["isFd", "isXl"],
      ["isExtendedId", "isXl"],
    );
    const base = { arbitrationId: below(0x800), timestamp: below(9) };
    const data = Array.from({ length: 1 + below(8) }, () => below(256));
    assert(refuses(() => new Message({ ...base, data, [one]: true, [other]: true }), one).includes(other));
    const flag = oneOf(below, "bitrateSwitch", "errorStateIndicator");
    const notFd = oneOf(below, {}, { isXl: true, data });
    assert(refuses(() => new Message({ ...base, ...notFd, [flag]: true }), flag).includes("isFd"));
    const notXl = oneOf(below, {}, { data }, { isFd: true, data }, { isRemoteFrame: true }, { isErrorFrame: true });
    const ofXl = oneOf(below, { priority: 1 }, { vcid: 1 }, { sdt: 1 }, { af: 1 + below(2 ** 32 - 1) }, { sec: true });
    const [name] = Object.keys(ofXl);
    assert(refuses(() => new Message({ ...base, ...notXl, ...ofXl }), name).includes("isXl"));
    const two = { ...base, isXl: true, data, priority: base.arbitrationId ^ (1 + below(0x7ff)) };
    assert(refuses(() => new Message(two), `priority is ${two.priority}`).includes(`${base.arbitrationId}`));
    const eight = new Uint8Array(8);
    const notEight = oneOf<MessageInit>(
      below,
      { data: eight.subarray(1 + below(8)) },
      { isRemoteFrame: true, dlc: below(8) },
      { isFd: true, data: eight },
      { isXl: true, data: eight },
      { isErrorFrame: true, data: eight },
    );
    const len8Dlc = 9 + below(7);
    refuses(() => new Message({ ...base, ...notEight, len8Dlc }), `len8Dlc is ${len8Dlc}`);
    const remote = { ...base, isRemoteFrame: true, data: [1] };
    refuses(() => new Message(remote), "data has 1 bytes");
    const length = 9 + below(55);
    if (fdLength(length) === length) return;
    refuses(() => new Message({ ...base, isFd: true, data: new Uint8Array(length) }), `${length} bytes`);
  });
});

/** Returns an invalid value for a field of XL frames, and the text that the refusal must contain. */
function wrongXl(
  below: Below,
  name: string,
  most: number,
  good: MessageInit,
  anything: unknown,
): [string, unknown, string] {
  const value = oneOf<unknown>(below, -1, most + 1 + below(9), 0.5, NaN, Infinity, "", false, anything);
  return [name, value, good.isXl ? show(value) : "set isXl"];
}

/** Formats bytes as text, because texts are compared much faster than arrays. */
function bytesText(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Returns the text of the RangeError or TypeError that is thrown, which must contain a given name. */
function refuses(run: () => unknown, names: string): string {
  try {
    run();
  } catch (error) {
    assert(error instanceof RangeError || error instanceof TypeError, `${error}`);
    assert(error.message.includes(names), `"${error.message}" does not name ${names}`);
    return error.message;
  }
  throw new Error(`not refused: ${names}`);
}
