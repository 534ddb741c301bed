import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { frameOf, numberOf, positionOf, wrongIn } from "./frames.ts";
import { Ledger } from "./ledger.ts";
import { judge, Samples } from "./samples.ts";

/**
 * Returns the ledger of ten frames of which those with the given numbers arrive.
 *
 * @param dropped How many frames the receiver has dropped.
 * @param announced Before which of the arriving frames the receiver gets an error of its link.
 */
function ledgerOf(numbers: number[], dropped = 0, announced = -1, refused: number[] = []): Ledger {
  const ledger = new Ledger();
  ledger.started = 10;
  for (const number of refused) ledger.refuse(number);
  for (const [i, number] of numbers.entries()) {
    if (i === announced) ledger.announce();
    ledger.arrive(number, () => dropped);
  }
  if (announced === numbers.length) ledger.announce();
  ledger.settle(dropped);
  return ledger;
}

describe("The bookkeeping of the soak", () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const without = (...numbers: number[]) => all.filter((number) => !numbers.includes(number));

  it("accepts what is reported correctly", () => {
    const rows: [Ledger, counted: number, announced: number][] = [
      [ledgerOf(all), 0, 0],
      [ledgerOf(without(3, 4), 2), 2, 0],
      [ledgerOf(without(3, 4), 0, 3), 0, 2],
      [ledgerOf(without(3, 4), 0, 0), 0, 2],
      [ledgerOf(without(3, 4, 9), 1, 3), 1, 2],
      [ledgerOf(without(8, 9), 0, 8), 0, 2],
      [ledgerOf(without(3), 0, -1, [3]), 0, 0],
    ];
    for (const [ledger, counted, announced] of rows) {
      assertEquals(ledger.wrong, []);
      assertEquals([ledger.lostCounted, ledger.lostAnnounced, ledger.lostUnseen], [counted, announced, 0]);
    }
  });

  it("reports what is wrong", () => {
    const rows: [Ledger, string][] = [
      [ledgerOf(without(3, 4)), "2 frames lost without a report between 3 and 5"],
      [ledgerOf(without(3, 4), 1), "1 frames lost without a report between 3 and 5"],
      [ledgerOf(without(3), 0, 4), "1 frames lost without a report between 3 and 4"],
      [ledgerOf(without(9)), "1 frames lost without a report between 9 and 10"],
      [ledgerOf([...all, 9]), "9 arrived, but 10 was expected"],
      [ledgerOf([0, 2, 1, 3], 99), "1 arrived, but 3 was expected"],
      [ledgerOf([10]), "10 arrived, but 10 has not been sent yet"],
      [ledgerOf(all, 1), "1 frames are counted as dropped, but only 0 are missing"],
      [ledgerOf(all, 0, -1, [5]), "5 arrived, but its sending had failed"],
    ];
    for (const [ledger, text] of rows) assertEquals(ledger.wrong[0], text);
  });

  it("recognizes each frame by its number", () => {
    const kinds = new Set<string>();
    for (let number = 0; number < 3000; number++) {
      const message = frameOf(number);
      const received = new Message({ ...message.toJSON(), isRx: false });
      kinds.add(`${message.isFd} ${message.isRemoteFrame} ${message.isExtendedId}`);
      assertEquals([numberOf(received), wrongIn(received, number)], [number, null]);
      assert(wrongIn(received, number + 1) !== null, `${number}`);
      const { data } = received;
      if (data.length <= 4) continue;
      const spoilt = data.slice();
      spoilt[4 + number % (data.length - 4)] ^= 1;
      assert(wrongIn(new Message({ ...received.toJSON(), data: spoilt }), number) !== null, `${number}`);
    }
    assertEquals(kinds.size, 5);
  });

  it("finds a frame's position in the sequence after the numbers have started again", () => {
    for (const position of [0, 1, 16383, 16384, 40000, 1e6]) {
      const number = numberOf(frameOf(position));
      assertEquals(number, position % 16384);
      for (const before of [0, 1, 1000, 8191]) {
        if (position >= before) assertEquals(positionOf(number, position - before), position);
        assertEquals(positionOf(number, position + before), position);
      }
    }
  });

  it("judges memory and descriptors", () => {
    const samples = (bytesAFrame: number, descriptors: number) => {
      const made = new Samples();
      for (let i = 0; i <= 50; i++) {
        made.add(i * 1e5, 5e7 + i * 1e5 * bytesAFrame + (i % 7) * 1e6, 20 + (i === 9 ? descriptors : 0));
      }
      return judge(made).wrong;
    };
    assertEquals(samples(0, 2), []);
    assertEquals(samples(16, 0).length, 1);
    assertEquals(samples(0, 20), ["from 20 to 40 descriptors were open"]);
  });
});
