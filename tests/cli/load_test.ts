import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { frameBits } from "../../src/live/frame_bits.ts";
import { generator } from "../support/random.ts";

/** A frame's bits as a text of digits, with stuff bits, up to the end of what is stuffed: the standard's figures, bit by bit. */
function stuffed(bits: string): string {
  return [...bits].reduce(({ text, run }, bit) => {
    const next = text.at(-1) === bit ? run + 1 : 1;
    if (next < 5) return { text: text + bit, run: next };
    return { text: text + bit + (bit === "0" ? "1" : "0"), run: 1 };
  }, { text: "", run: 0 }).text;
}

const binary = (value: number, width: number) => (value >>> 0).toString(2).padStart(width, "0").slice(-width);

/** The CRC of a classic frame, by dividing polynomials. */
function crc(bits: string): string {
  const divisor = "1100010110011001";
  const digits = [...`${bits}${"0".repeat(15)}`];
  for (let i = 0; i < bits.length; i++) {
    if (digits[i] === "1") { for (let j = 0; j < 16; j++) digits[i + j] = digits[i + j] === divisor[j] ? "0" : "1"; }
  }
  return digits.slice(-15).join("");
}

function classic(message: Message): number {
  const { arbitrationId: id, isExtendedId, isRemoteFrame, dlc, data } = message;
  const rtr = isRemoteFrame ? "1" : "0";
  const head = isExtendedId ? `0${binary(id >>> 18, 11)}11${binary(id, 18)}${rtr}00` : `0${binary(id, 11)}${rtr}00`;
  const body = `${head}${binary(dlc, 4)}${[...data].map((byte) => binary(byte, 8)).join("")}`;
  return stuffed(body + crc(body)).length + 1 + 2 + 7 + 3;
}

describe("The bits of a frame", () => {
  it("without stuff bits and with the most: the well-known figures", () => {
    const bits = (isExtendedId: boolean, length: number, stuffing: "none" | "worst") =>
      frameBits(new Message({ isExtendedId, data: new Uint8Array(length) }), stuffing).nominal;
    assertEquals([bits(false, 0, "none"), bits(false, 8, "none"), bits(true, 8, "none")], [47, 111, 131]);
    assertEquals([bits(false, 0, "worst"), bits(false, 8, "worst"), bits(true, 8, "worst")], [55, 135, 160]);
  });

  it("of random classic frames are those of a frame written out", () => {
    const below = generator(7);
    for (let i = 0; i < 2000; i++) {
      const isExtendedId = below(2) === 0;
      const isRemoteFrame = below(8) === 0;
      const length = below(9);
      const message = new Message({
        isExtendedId,
        arbitrationId: below(4) === 0 ? 0 : below(isExtendedId ? 0x20000000 : 0x800),
        ...isRemoteFrame
          ? { isRemoteFrame, dlc: length }
          : { data: Array.from({ length }, () => [0, 255, below(256)][below(3)]) },
      });
      const { nominal } = frameBits(message, "exact");
      assertEquals(nominal, classic(message), `${message}`);
      assert(nominal >= frameBits(message, "none").nominal && nominal <= frameBits(message, "worst").nominal);
    }
  });

  it("of FD frames are divided between the bitrates", () => {
    const fd = (length: number, bitrateSwitch: boolean) =>
      new Message({
        isFd: true,
        bitrateSwitch,
        isExtendedId: false,
        arbitrationId: 0x555,
        data: new Uint8Array(length).fill(0x55),
      });
    // Nothing but the fixed stuff bits: 17 bits up to BRS, then 5 + 8 n, stuff count, CRC.
    assertEquals(frameBits(fd(8, true), "none"), { nominal: 17 + 13, data: 5 + 64 + 27 });
    assertEquals(frameBits(fd(64, true), "none"), { nominal: 17 + 13, data: 5 + 512 + 32 });
    assertEquals(frameBits(fd(8, false), "none"), { nominal: 17 + 13 + 5 + 64 + 27, data: 0 });
    for (const length of [0, 8, 12, 64]) {
      for (const kind of ["exact", "worst"] as const) {
        const [least, bits] = [frameBits(fd(length, true), "none"), frameBits(fd(length, true), kind)];
        assert(bits.nominal >= least.nominal && bits.data >= least.data);
      }
    }
  });

  it("of error frames and CAN XL are not known", () => {
    assertEquals(frameBits(new Message({ isErrorFrame: true, arbitrationId: 4 }), "exact"), { nominal: 0, data: 0 });
    assertEquals(frameBits(new Message({ isXl: true, data: [1] }), "worst"), { nominal: 0, data: 0 });
  });
});
