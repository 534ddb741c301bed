// Converts a log to another format and prints what that format could not store: convert.ts FROM TO. Without arguments,
// converts a log in memory.
import process from "node:process";
import { convert, LogReader } from "../src/log/mod.ts";

const [from, to] = process.argv.slice(2);
if (from !== undefined && to !== undefined) {
  const { messages, losses, skipped } = await convert(from, to);
  console.log(`${messages} messages; ${skipped} lines or objects could not be read`);
  for (const { field, count, first } of losses) console.log(`${field} was lost ${count} times, first in: ${first}`);
} else {
  const candump = new TextEncoder().encode(
    "(1700000000.000000) can0 123#DEADBEEF\n(1700000000.100000) can0 321##1112233445566778899AABBCC\n",
  );
  const chunks: Uint8Array[] = [];
  const file = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  const report = await convert(candump, file, { write: { format: "gvret" } });
  console.log(new TextDecoder().decode(chunks[0]));
  for (const { field, count, first } of report.losses) {
    console.log(`${field} was lost ${count} times, first in: ${first}`);
  }
  console.log(`${(await LogReader.open(chunks[0]).readAll()).length} message is left`);
}
