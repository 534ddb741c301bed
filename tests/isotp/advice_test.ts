import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { isoTpError } from "../../src/isotp/errors.ts";
import { EBADMSG, ECOMM, EILSEQ, EMSGSIZE, ETIMEDOUT } from "../../src/kernel/errno.ts";

describe("Errors of ISO-TP", () => {
  it("say what to do", () => {
    const rows = [
      [
        "send",
        ECOMM,
        "check that the receiver is running and uses the same identifiers, and that the link is not bus-off",
      ],
      ["send", EMSGSIZE, "send a shorter one"],
      ["send", EBADMSG, "check the receiver, and rxPadding and checkPadding"],
      ["receive", ETIMEDOUT, "ask for the PDU again"],
      ["receive", EILSEQ, "check that a single sender uses rxId, and ask for the PDU again"],
      ["receive", EBADMSG, "check rxPadding and checkPadding"],
    ] as const;
    for (const [direction, errno, advice] of rows) {
      const { message } = isoTpError(direction, -errno, "can0");
      assertEquals(message.slice(message.indexOf("); ") + 3), advice);
      const lost = isoTpError(direction, -errno, "can0", "an earlier PDU is lost").message;
      assertEquals(lost, message.replace("); ", "); an earlier PDU is lost; "));
    }
  });
});
