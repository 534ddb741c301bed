/**
 * `can isotp dump`: shows the messages of a connection between two others, and sends nothing.
 *
 * @module
 */

import { CAN_EFF_MASK, CAN_SFF_MASK } from "../../kernel/can.ts";
import type { Message } from "../../message/message.ts";
import type { Action } from "../command/actions.ts";
import { bytesText, identifierText } from "../../message/hex.ts";
import { printableText } from "../frames/bytes.ts";
import { type TimeMode, timeModes, timeWriter } from "../frames/times.ts";
import { openReceiver } from "../open_bus.ts";
import { addressesOf, addressFlags, identifiersOf } from "./options.ts";
import { type Outcome, Reassembly } from "./reassembly.ts";
import { recv } from "./recv.ts";
import { serviceOf, serviceText } from "./uds.ts";

/** Frames received at once. */
const BATCH = 256;

/** The action. */
export const dump: Action = {
  usage: "IF -s ID -d ID",
  flags: {
    ...addressFlags,
    count: recv.flags.count,
    time: { short: "t", takes: "MODE", choices: timeModes, text: "times, as in can dump" },
    utc: { text: "dates in UTC instead of local time" },
    ascii: { short: "a", text: "show the data as text too" },
    json: { text: "write JSON, an object a line" },
  },
  async run(words, terminal) {
    const channel = words.only("can isotp dump takes an interface: can isotp dump can0 -s 7E0 -d 7E8");
    const count = words.whole("count", 1) ?? Infinity;
    const { source, destination, isExtendedId } = identifiersOf(words);
    const [own, other] = addressesOf(words) ?? [null, null];
    const time = timeWriter((words.text("time") ?? "n") as TimeMode, words.has("utc"));
    const show = words.has("json") ? json : text;
    const ends = new Map([[source, new Reassembly(own)], [destination, new Reassembly(other)]]);
    const canMask = isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK;
    terminal.catchSignals();
    const { signal, out } = terminal;
    using bus = await openReceiver({
      channel,
      filters: [source, destination].map((canId) => ({ canId, canMask, isExtendedId })),
      joinFilters: false,
      errorMask: null,
    }, terminal);
    let shown = 0;
    let lost = 0;
    while (shown < count) {
      for (const message of await bus.recvManyAsync(BATCH, { signal })) {
        for (const [id, outcome] of outcomes(message)) {
          if (shown === count) break;
          out.write(show(id, message, outcome));
          if (outcome.type === "pdu") shown++;
        }
      }
      const { droppedFrames } = bus;
      if (droppedFrames > lost) terminal.warn(`can: the kernel dropped ${droppedFrames - lost} frames`);
      lost = droppedFrames;
      out.flush();
    }
    return 0;

    /** What a frame ends: messages of its own end, and with flow control one of the other. */
    function outcomes({ arbitrationId, data, isRemoteFrame }: Message): (readonly [id: number, Outcome])[] {
      if (isRemoteFrame) return [];
      const [to, address] = arbitrationId === source ? [destination, own] : [source, other];
      return [
        ...ends.get(to)!.answer(data, address).map((each) => [to, each] as const),
        ...ends.get(arbitrationId)!.frame(data).map((each) => [arbitrationId, each] as const),
      ];
    }

    function text(id: number, message: Message, outcome: Outcome): string {
      const head = ` ${time(message)} ${message.channel}  ${identifierText(id, isExtendedId)}`;
      if (outcome.type === "fault") return `${head}  !! ${outcome.reason}\n`;
      const { data } = outcome;
      const ascii = words.has("ascii") ? `  '${printableText(data)}'` : "";
      const service = words.has("uds") ? `    ${serviceText(data)}\n` : "";
      return `${head}  [${data.length}]  ${bytesText(data, " ")}${ascii}\n${service}`;
    }

    function json(id: number, message: Message, outcome: Outcome): string {
      const fields = {
        ...outcome,
        timestampNs: `${message.timestampNs}`,
        channel: message.channel,
        id,
        isExtendedId,
        ...outcome.type === "pdu" && { data: [...outcome.data] },
        ...outcome.type === "pdu" && words.has("uds") && { uds: serviceOf(outcome.data) },
      };
      return `${JSON.stringify(fields)}\n`;
    }
  },
};
