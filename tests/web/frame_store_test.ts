import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { droppedBefore, noteDropped } from "../../src/message/losses.ts";
import { FrameStore } from "../../src/web/frames/frame_store.ts";
import { FileShelf, MemoryShelf } from "../../src/web/frames/shelf.ts";
import { type Below, generator } from "../support/random.ts";

/** A frame of any kind. */
function frame(below: Below, i: number): Message {
  const common = { channel: `can${i % 3}`, timestampNs: BigInt(i) * 1_000_001n + 1_700_000_000_000_000_000n };
  const arbitrationId = below(0x800);
  const data = Uint8Array.from({ length: below(9) }, () => below(256));
  switch (below(6)) {
    case 0:
      return new Message({ ...common, arbitrationId, isRemoteFrame: true, dlc: below(9) });
    case 1:
      return new Message({ ...common, arbitrationId, isFd: true, data: new Uint8Array(64).fill(i & 0xff) });
    case 2:
      return new Message({
        ...common,
        isXl: true,
        priority: arbitrationId,
        vcid: 5,
        data: new Uint8Array(2048).fill(7),
      });
    case 3:
      return new Message({ ...common, isErrorFrame: true, arbitrationId: 0x40, isRx: false });
    default:
      return new Message({ ...common, arbitrationId: arbitrationId << 18, isExtendedId: true, data });
  }
}

const folder = mkdtempSync(join(tmpdir(), "frames-"));

describe("The frames of a source", () => {
  for (const kind of ["memory", "file"] as const) {
    it(`are read as they were written, wherever: in ${kind}`, () => {
      const below = generator(7);
      const store = new FrameStore(kind === "memory" ? new MemoryShelf() : new FileShelf(folder), null);
      const frames = Array.from({ length: 20_000 }, (_, i) => frame(below, i));
      for (const [i, message] of frames.entries()) {
        if (i % 777 === 5) noteDropped(message, i);
        store.append(message);
      }
      assertEquals([store.first, store.end], [0, frames.length]);
      for (let i = 0; i < 200; i++) {
        const from = below(frames.length);
        const read = store.read(from, 5);
        for (const [j, message] of read.entries()) {
          assert(message.equals(frames[from + j]), `frame ${from + j}: ${message}, not ${frames[from + j]}`);
          assertEquals(message.timestampNs, frames[from + j].timestampNs);
          assertEquals(droppedBefore(message), droppedBefore(frames[from + j]));
        }
        const index = below(frames.length);
        assertEquals(store.indexOf(frames[index].timestamp), index);
      }
      assertEquals(store.indexOf(0), 0);
      assertEquals(store.indexOf(9e9), frames.length);
      let count = 0;
      store.scan(10, 15_000, (message, index) => {
        assert(message.isErrorFrame && frames[index].isErrorFrame);
        count++;
      }, (word) => (word & 0x20000000) !== 0);
      assertEquals(count, frames.slice(10, 15_000).filter(({ isErrorFrame }) => isErrorFrame).length);
      store.close();
    });
  }

  it("are the last ones, if their number is bounded", () => {
    const store = new FrameStore(new MemoryShelf(), 3000);
    for (let i = 0; i < 100_000; i++) {
      store.append(new Message({ arbitrationId: i % 2048, isExtendedId: false, timestamp: i }));
      assert(store.end - store.first <= 3000);
    }
    assertEquals(store.end - store.first, 3000);
    assertEquals(store.read(0, 1)[0].timestamp, store.first);
    assertEquals(store.indexOf(5), store.first);
    assertEquals(store.indexOf(99_999), 99_999);
  });

  it("stay while they are held, and as many again arrive", () => {
    const store = new FrameStore(new MemoryShelf(), 3000);
    const append = (count: number) => {
      for (let i = 0; i < count; i++) store.append(new Message({ arbitrationId: 1, timestamp: store.end }));
    };
    append(10_000);
    const releases = [store.hold(), store.hold()];
    append(3000);
    assertEquals([store.first, store.end, store.bound], [7000, 13_000, 6000]);
    append(5000);
    assertEquals(store.end - store.first, 6000);
    releases[0]();
    releases[0](); // the second call does nothing
    append(1);
    assertEquals(store.end - store.first, 6000);
    releases[1]();
    append(1);
    assertEquals([store.end - store.first, store.bound], [3000, 3000]);
    assertEquals(store.read(0, 1)[0].timestamp, store.first);
    store.close();
  });

  it("leave no file behind", () => {
    const store = new FrameStore(new FileShelf(folder), null);
    for (let i = 0; i < 5000; i++) store.append(new Message({ arbitrationId: 1 }));
    assertEquals(readdirSync(folder), []); // even now
    store.close();
    rmSync(folder, { recursive: true });
  });
});
