import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, type Message } from "../../mod.ts";
import { LogReader } from "../../src/log/mod.ts";
import { noVcan } from "../support/kernel.ts";
import { startCandump } from "./candump.ts";
import { marker } from "./cases.ts";
import { classic, essence, fd, folder, messages, missing, readAll, remote } from "./log_tools.ts";
import { PATIENCE, Program } from "./tools.ts";

describe("Programs that record a bus", { skip: noVcan, timeout: PATIENCE }, () => {
  const inits = [...classic, ...remote, ...fd];
  const content = (message: Message) => ({ ...essence(message), channel: null, isRx: null, microseconds: 0 });

  for (const form of ["a", "A", "z", "d"]) {
    it(`candump -t ${form} -x -a: we read its screen`, async () => {
      using bus = new Bus({ channel: "vcan0", fd: true });
      using candump = await startCandump("-t", form, "-x", "-a", "vcan0");
      const from = candump.lines.length;
      bus.sendMany(messages(inits));
      await candump.until(() => candump.lines.length >= from + inits.length, "show the frames");
      const text = new TextEncoder().encode(`${candump.lines.slice(from).join("\n")}\n`);
      const isMarker = (each: Message) => each.arbitrationId === marker.init.arbitrationId && !each.isExtendedId;
      const found = (await LogReader.open(text, { strict: true }).readAll()).filter((each) => !isMarker(each));
      assertEquals(found.map(content), messages(inits).map(content));
      assert(found.every(({ isRx }) => !isRx), "sent by this host");
      const now = Date.now() / 1000;
      if (/a/i.test(form)) {
        assert(found.every(({ timestamp }) => Math.abs(timestamp - now) < 600), `${found[0].timestamp}`);
      }
    });
  }

  for (const [device, linkType] of [["vcan0", 227], ["any", 276]] as const) {
    const skip = missing("dumpcap");
    it(`dumpcap -i ${device}: we read its capture of link type ${linkType}`, { skip }, async () => {
      using dir = folder();
      const path = `${dir.path}/a.pcapng`;
      using bus = new Bus({ channel: "vcan0", fd: true });
      const format = linkType === 227 ? "CAN_SOCKETCAN" : "LINUX_SLL2";
      const options = `-q -i ${device} -y ${format} -c ${2 * inits.length} -w ${path}`;
      using dumpcap = new Program("bash", ["-c", `exec dumpcap ${options} 2>&1`]);
      await dumpcap.until(() => dumpcap.lines.some((line) => /^File: /.test(line)), "begin");
      bus.sendMany(messages(inits));
      bus.sendMany(messages(inits));
      await dumpcap.finish();
      const found = await readAll(path);
      // libpcap 1.10 clears the flags of FD frames with link type 227, and does not say what was sent with 276.
      const flags = linkType === 227 ? { bitrateSwitch: false, errorStateIndicator: false } : {};
      const sent = messages([...inits, ...inits]).map((each) => each.isFd ? each.with(flags) : each);
      assertEquals(found.map(content), sent.map(content));
      assert(found.every(({ channel }) => channel === (device === "any" ? null : device)));
    });
  }
});
