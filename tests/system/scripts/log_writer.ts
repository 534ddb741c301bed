/**
 * Writes logs until it is killed: log_writer.ts FORMAT:PATH... Each is written by itself, all at the same time. A path with
 * "rotated" in it starts a new file every 100 messages. Once a log is open, and after each flush, it prints the path and how
 * many messages are in the log's files by then.
 */

import { Message } from "../../../mod.ts";
import { type LogFormatName, LogWriter } from "../../../src/log/mod.ts";

const { process } = globalThis as unknown as {
  process: { argv: string[]; stdout: { write(text: string): void } };
};

async function write(path: string, format: LogFormatName): Promise<void> {
  const rotate = path.includes("rotated") ? { messages: 100 } : undefined;
  const log = LogWriter.open(path, { format, flushInterval: 1000, ...rotate && { rotate } });
  for (let count = 0;;) {
    process.stdout.write(`${path} ${count}\n`);
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
    await new Promise((resolve) => setTimeout(resolve)); // lets the output reach the test before the kill
  }
}

await Promise.all(
  process.argv.slice(2).map((log) => {
    const colon = log.indexOf(":");
    return write(log.slice(colon + 1), log.slice(0, colon) as LogFormatName);
  }),
);
