import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import {
  BCM_MSG_HEAD_SIZE,
  type BcmHead,
  CAN_FD_FRAME,
  decodeBcmHead,
  encodeBcmHead,
  RX_ANNOUNCE_RESUME,
  RX_CHANGED,
  RX_CHECK_DLC,
  RX_SETUP,
  RX_TIMEOUT,
  SETTIMER,
  STARTTIMER,
  TX_ANNOUNCE,
  TX_COUNTEVT,
  TX_DELETE,
  TX_EXPIRED,
  TX_READ,
  TX_SETUP,
  TX_STATUS,
} from "../../src/kernel/bcm.ts";
import { generator } from "../support/random.ts";

const RX_FLAGS = SETTIMER | STARTTIMER | RX_CHECK_DLC | RX_ANNOUNCE_RESUME;
const TX_FLAGS = SETTIMER | STARTTIMER | TX_COUNTEVT;

/** Captured with strace: python-can's periodic tasks, then Python's socket module and the kernel's answers. */
const rows: readonly (readonly [title: string, head: BcmHead, bytes: string])[] = [
  //  opcode   flags    count    pad      ival1: s         µs               ival2: s         µs               id       frames
  [
    "send_periodic(message, 0.1)",
    { opcode: TX_SETUP, flags: SETTIMER | STARTTIMER, ival2: 100_000, canId: 1, nframes: 1 },
    "01000000 03000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 a086010000000000 01000000 01000000",
  ],
  [
    "modify_data(message)",
    { opcode: TX_SETUP, canId: 1, nframes: 1 },
    "01000000 00000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 01000000 01000000",
  ],
  [
    "send_periodic([message, message], 1.5, 4.5)",
    { opcode: TX_SETUP, flags: TX_FLAGS, count: 3, ival1: 1_500_000, canId: 2, nframes: 2 },
    "01000000 07000000 03000000 00000000 0100000000000000 20a1070000000000 0000000000000000 0000000000000000 02000000 02000000",
  ],
  [
    "send_periodic(an FD message, 0.01)",
    { opcode: TX_SETUP, flags: CAN_FD_FRAME | SETTIMER | STARTTIMER, ival2: 10_000, canId: 3, nframes: 1 },
    "01000000 03080000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 1027000000000000 03000000 01000000",
  ],
  [
    "stop()",
    { opcode: TX_DELETE, canId: 1, nframes: 1 },
    "02000000 00000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 01000000 01000000",
  ],
  [
    "is there such a task?",
    { opcode: TX_READ, canId: 0x111 },
    "03000000 00000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 11010000 00000000",
  ],
  [
    "a subscription",
    { opcode: RX_SETUP, flags: RX_FLAGS, ival1: 50_000, ival2: 2_500, canId: 0x123, nframes: 1 },
    "05000000 43010000 00000000 00000000 0000000000000000 50c3000000000000 0000000000000000 c409000000000000 23010000 01000000",
  ],
  [
    "its frame has changed",
    { opcode: RX_CHANGED, flags: RX_FLAGS, ival1: 50_000, ival2: 2_500, canId: 0x123, nframes: 1 },
    "0c000000 43010000 00000000 00000000 0000000000000000 50c3000000000000 0000000000000000 c409000000000000 23010000 01000000",
  ],
  [
    "its frame is missing",
    { opcode: RX_TIMEOUT, flags: RX_FLAGS, ival1: 50_000, ival2: 2_500, canId: 0x123 },
    "0b000000 43010000 00000000 00000000 0000000000000000 50c3000000000000 0000000000000000 c409000000000000 23010000 00000000",
  ],
  [
    "all have been sent",
    { opcode: TX_EXPIRED, flags: TX_FLAGS | TX_ANNOUNCE, ival1: 20_000, canId: 0x111 },
    "09000000 0f000000 00000000 00000000 0000000000000000 204e000000000000 0000000000000000 0000000000000000 11010000 00000000",
  ],
  [
    "the answer to TX_READ",
    { opcode: TX_STATUS, flags: TX_FLAGS | TX_ANNOUNCE, ival1: 20_000, canId: 0x111, nframes: 1 },
    "08000000 0f000000 00000000 00000000 0000000000000000 204e000000000000 0000000000000000 0000000000000000 11010000 01000000",
  ],
];

const nothing = { flags: 0, count: 0, ival1: 0, ival2: 0, nframes: 0 };

function encoded(head: BcmHead): Uint8Array {
  const bytes = new Uint8Array(BCM_MSG_HEAD_SIZE + 8).fill(0xee);
  encodeBcmHead(bytes, head);
  assertEquals(bytes.slice(BCM_MSG_HEAD_SIZE), new Uint8Array(8).fill(0xee), "what follows the head");
  return bytes.slice(0, BCM_MSG_HEAD_SIZE);
}

describe("linux/can/bcm.h", () => {
  for (const [title, head, hex] of rows) {
    it(`struct bcm_msg_head, encoded and decoded: ${title}`, () => {
      const bytes = Uint8Array.from(hex.replaceAll(" ", "").match(/../g)!, (byte) => parseInt(byte, 16));
      assertEquals(encoded(head), bytes);
      assertEquals(decodeBcmHead(bytes), { ...nothing, ...head });
    });
  }

  it("random heads round-trip", () => {
    const below = generator(5);
    const word = () => below(2 ** 32);
    const time = () => below(400 * 86400) * 1e6 + below(1e6);
    for (let i = 0; i < 1000; i++) {
      const [opcode, flags, count, canId, nframes] = [word(), word(), word(), word(), word()];
      const head = { opcode, flags, count, canId, nframes, ival1: time(), ival2: time() };
      assertEquals(decodeBcmHead(encoded(head)), head);
    }
  });
});
