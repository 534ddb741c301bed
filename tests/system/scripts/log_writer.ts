/**
 * Writes a log until it is killed: log_writer.ts PATH FORMAT ROTATE. After each flush it prints how many messages are in
 * the files by then.
 */

import { Message } from "../../../mod.ts";
import { type LogFormatName, LogWriter } from "../../../src/log/mod.ts";

const { process } = globalThis as unknown as {
  process: { argv: string[]; stdout: { write(text: string): void } };
};
const [path, format, rotate] = process.argv.slice(2);
const log = LogWriter.open(path, {
  format: format as LogFormatName,
  flushInterval: 1000,
  ...rotate === "rotate" && { rotate: { messages: 500 } },
});
for (let count = 0;;) {
  const batch = 1 + (count * 7919) % 97;
  for (let i = 0; i < batch; i++, count++) {
    log.write(
      new Message({
        arbitrationId: count % 0x800,
        isExtendedId: false,
        data: [count & 0xff, (count >> 8) & 0xff, (count >> 16) & 0xff],
        channel: "can0",
        timestampNs: 1_581_670_628_000_000_000n + BigInt(count) * 1000n,
      }),
    );
  }
  await log.flush();
  process.stdout.write(`${count}\n`);
}
