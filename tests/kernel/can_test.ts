import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import {
  CAN_EFF_FLAG,
  CAN_INV_FILTER,
  CAN_RTR_FLAG,
  decodeFilters,
  encodeAddress,
  encodeFilters,
  fdLength,
  filterMatches,
  type RawFilter,
} from "../../src/kernel/can.ts";
import { encodeEpollEvent, epollEventSize, eventFd } from "../../src/kernel/epoll.ts";
import { errnoName, errnoText } from "../../src/kernel/errno.ts";
import { decodeIfreqName, encodeIfreq } from "../../src/kernel/if.ts";
import { encodePollfd } from "../../src/kernel/socket.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

describe("linux/can.h", () => {
  it("struct sockaddr_can", () => {
    //                              family pad   ifindex     address of other protocols
    assertEquals(hex(encodeAddress(0x01020304)), "1d 00 00 00 04 03 02 01" + " 00".repeat(16));
  });

  it("struct can_filter[], encoded and decoded", () => {
    const filters = [{ canId: 0x80000123, canMask: 0xdfffffff }, { canId: 0x20000001, canMask: 0x7ff }];
    //                                    id          mask        id          mask
    assertEquals(hex(encodeFilters(filters)), "23 01 00 80 ff ff ff df 01 00 00 20 ff 07 00 00");
    assertEquals(decodeFilters(encodeFilters(filters)), filters);
    assertEquals(encodeFilters([]).length, 0);
  });

  it("data lengths of FD frames", () => {
    const lengths = [0, 1, 8, 9, 12, 13, 20, 21, 25, 33, 48, 49, 63, 64];
    assertEquals(lengths.map(fdLength), [0, 1, 8, 12, 12, 16, 20, 24, 32, 48, 48, 64, 64, 64]);
  });

  it("filters match as in the kernel", () => {
    const rows: [RawFilter, number, boolean][] = [
      [{ canId: 0, canMask: 0 }, 0xdfffffff, true],
      [{ canId: 0x123, canMask: 0x7ff }, 0x123, true],
      [{ canId: 0x123, canMask: 0x7ff }, 0x124, false],
      [{ canId: 0x923, canMask: 0x7ff }, 0x123, true],
      [{ canId: 0x123 | CAN_INV_FILTER, canMask: 0x7ff }, 0x123, false],
      [{ canId: 0x123 | CAN_INV_FILTER, canMask: 0x7ff }, 0x124, true],
      [{ canId: (0x123 | CAN_EFF_FLAG) >>> 0, canMask: 0x9fffffff }, (0x123 | CAN_EFF_FLAG) >>> 0, true],
      [{ canId: (0x123 | CAN_EFF_FLAG) >>> 0, canMask: 0x9fffffff }, 0x123, false],
      // A filter for standard frames, so the bits that these lack are not compared.
      [{ canId: 0x1000123, canMask: 0x9fffffff }, 0x123, true],
      [{ canId: CAN_RTR_FLAG, canMask: CAN_RTR_FLAG }, (CAN_RTR_FLAG | CAN_EFF_FLAG) >>> 0, true],
    ];
    for (const [filter, idWord, passes] of rows) {
      assertEquals(filterMatches(filter, idWord), passes, JSON.stringify([filter, idWord]));
    }
  });
});

describe("Other headers", () => {
  it("struct epoll_event, packed and not, encoded and decoded", () => {
    for (
      const [packed, bytes] of [[true, "01 00 00 40 07 00 00 00"], [
        false,
        "01 00 00 40 00 00 00 00 07 00 00 00",
      ]] as const
    ) {
      const event = new Uint8Array(epollEventSize(packed));
      encodeEpollEvent(event, packed, 0x40000001, 7);
      assertEquals(hex(event), `${bytes} 00 00 00 00`);
      assertEquals(eventFd(packed, new DataView(event.buffer), 0), 7);
    }
  });

  it("struct pollfd", () => {
    assertEquals(hex(encodePollfd(3, 0x104)), "03 00 00 00 04 01 00 00");
  });

  it("struct ifreq, encoded and decoded, and names that do not fit", () => {
    assertEquals(hex(encodeIfreq("vcan0")), "76 63 61 6e 30" + " 00".repeat(35));
    assertEquals(decodeIfreqName(encodeIfreq("exactly-15-long")), "exactly-15-long");
    assertThrows(() => encodeIfreq("exactly-16-longs"), RangeError, '"exactly-16-longs" is longer than 15 bytes');
    assertThrows(() => encodeIfreq("äöüäöüäö"), RangeError, "longer than 15 bytes");
    assertThrows(() => encodeIfreq("vcan0\0x"), RangeError, "contains a zero byte");
  });

  it("names and meanings of errnos", () => {
    assertEquals([errnoName(19), errnoText(19)], ["ENODEV", "no such device"]);
    assertEquals([errnoName(4711), errnoText(4711)], ["errno 4711", "unknown error"]);
  });
});
