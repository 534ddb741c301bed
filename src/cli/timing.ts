/**
 * `can timing`: calculates bit timings.
 *
 * @module
 */

import { BitTiming } from "../bit_timing/bit_timing.ts";
import { bitTimingConsts, type ControllerName } from "../bit_timing/controllers.ts";
import { Link } from "../link/link.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { suggestion } from "../where/nearest.ts";
import { controllers, heading, line } from "./timing/table.ts";

/** The usual bitrates. */
const bitrates = [1_000_000, 800_000, 500_000, 250_000, 125_000, 100_000, 50_000, 20_000, 10_000];

/** The command. */
export const command: Command = {
  usage: ["CONTROLLER|IF", "--registers BTR0,BTR1 -c HZ"],
  about: [
    "CONTROLLER is one of --list, and -c its clock. An interface has its own controller and clock. The table is " +
    "can-calc-bit-timing's, with the registers of those controllers that have them there.",
  ],
  flags: {
    clock: { short: "c", takes: "HZ", text: "the clock of the controller; 8000000 if not given" },
    bitrate: { short: "b", takes: "BITRATE", text: "only this bitrate; the usual ones if not given" },
    "sample-point": { short: "s", takes: "PERMILLE", text: "in thousandths of a bit; 0 for CiA's" },
    quiet: { short: "q", text: "no heading" },
    list: { short: "l", text: "list the controllers" },
    all: { text: "all timings of --bitrate, the best first" },
    registers: { takes: "BTR0,BTR1", text: "the timing in the registers of an SJA1000, in hexadecimal digits" },
  },
  examples: [
    { line: "timing sja1000 -c 8000000 -b 500000", text: "500 kbit/s with an SJA1000 at 16 MHz" },
    { line: "timing --registers 00,1C -c 8000000", text: "what two registers mean" },
    { line: "timing mcp251xfd -c 40000000 -b 500000 --all", text: "all that comes into question" },
  ],
  permissions: ["--allow-ffi (for an interface)"],
  run(words, { out }) {
    if (words.has("list")) {
      for (const name of Object.keys(bitTimingConsts)) out.line(name);
      return 0;
    }
    const registers = words.text("registers");
    const given = words.whole("clock", 1);
    if (registers !== undefined) {
      if (words.words.length > 0) throw new UsageError("--registers are an SJA1000's: give no controller");
      words.exclusive("registers", "bitrate");
      words.exclusive("registers", "sample-point");
      words.exclusive("registers", "all");
      const [btr0, btr1, more] = registers.split(",").map((word) =>
        /^(0x)?[0-9a-f]{1,2}$/i.test(word) ? parseInt(word, 16) : NaN
      );
      if (Number.isNaN(btr0) || Number.isNaN(btr1 ?? NaN) || more !== undefined) {
        throw new UsageError(`--registers takes two bytes in hexadecimal digits: 00,1C, not "${registers}"`);
      }
      out.line(`${BitTiming.fromRegisters({ clock: given ?? 8_000_000, btr0, btr1 })}`);
      return 0;
    }
    const [name, more] = words.words;
    if (name === undefined || more !== undefined) {
      throw new UsageError('can timing takes a controller or an interface; "can timing -l" lists them');
    }
    const { limits, clock } = controllerOf(name, given);
    const wanted = words.whole("bitrate", 1);
    const samplePoint = words.whole("sample-point", 0, 999) ?? 0;
    const point = samplePoint === 0 ? {} : { samplePoint: samplePoint / 1000 };
    if (words.has("all")) {
      if (wanted === undefined) throw new UsageError("--all needs --bitrate");
      for (const timing of BitTiming.list({ clock, limits, bitrate: wanted, ...point })) out.line(`${timing}`);
      return 0;
    }
    const table = Object.hasOwn(controllers, name);
    if (!words.has("quiet")) {
      out.line(`Bit timing parameters for ${name} with ${(clock / 1e6).toFixed(6)} MHz ref clock`);
      if (table) { for (const each of heading(name)) out.line(each); }
    }
    let possible = false;
    for (const bitrate of wanted === undefined ? bitrates : [wanted]) {
      if (table) {
        const { text, error } = line({ controller: name, clock, bitrate, samplePoint });
        out.line(text);
        possible ||= error === undefined;
        continue;
      }
      try {
        out.line(`${BitTiming.fromBitrate({ clock, limits, bitrate, ...point })}`);
        possible = true;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        out.line(`${bitrate}: ${error.message}`);
      }
    }
    return possible ? 0 : 1;
  },
};

/** @throws {UsageError} There is neither such a controller nor such an interface. */
function controllerOf(name: string, clock: number | undefined) {
  if (Object.hasOwn(bitTimingConsts, name)) {
    return { limits: bitTimingConsts[name as ControllerName], clock: clock ?? 8_000_000 };
  }
  const status = Link.statuses().find((each) => each.name === name);
  if (status?.bitTimingConst && (clock ?? status.clock)) {
    return { limits: status.bitTimingConst, clock: clock ?? status.clock! };
  }
  if (status) throw new UsageError(`${name} is a ${status.kind ?? "link"} without a bit timing`);
  throw new UsageError(`there is no controller or interface ${name}${suggestion(name, Object.keys(bitTimingConsts))}`);
}
