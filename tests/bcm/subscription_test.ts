import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { encodeSubscription } from "../../src/bcm/subscription.ts";

describe("Options of a subscription", () => {
  it("the identifier's format follows the identifier where none is given", () => {
    const rows: [arbitrationId: number, isExtendedId: boolean | undefined, canId: number][] = [
      [0, undefined, 0],
      [0x7ff, undefined, 0x7ff],
      [0x7ff, false, 0x7ff],
      [0x7ff, true, 0x800007ff],
      [0x800, undefined, 0x80000800],
      [0x1fffffff, undefined, 0x9fffffff],
      [0x1fffffff, true, 0x9fffffff],
    ];
    for (const [arbitrationId, isExtendedId, canId] of rows) {
      const { head, frames } = encodeSubscription({ arbitrationId, isExtendedId });
      assertEquals([head.canId, frames[0].isExtendedId], [canId, canId > 0x7ff], `${arbitrationId}, ${isExtendedId}`);
      const remote = encodeSubscription({ arbitrationId, isExtendedId, isRemoteFrame: true, mask: null });
      assertEquals(remote.head.canId, canId + 0x40000000);
    }
    const refused: [arbitrationId: number, isExtendedId: boolean | undefined, most: string][] = [
      [0x800, false, "0 to 0x7ff"],
      [0x20000000, undefined, "0 to 0x1fffffff"],
    ];
    for (const [arbitrationId, isExtendedId, text] of refused) {
      assertThrows(() => encodeSubscription({ arbitrationId, isExtendedId }), RangeError, text);
    }
  });
});
