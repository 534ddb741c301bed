// Creates, uses and deletes a virtual CAN interface, without the program ip. Needs root or the capability
// CAP_NET_ADMIN. Argument: the name of the interface (vcanex).
import process from "node:process";
import { Bus, CanError, Link, Message } from "../mod.ts";

const name = process.argv[2] ?? "vcanex";
try {
  const link = Link.create(name, { mtu: 72, up: true });
  try {
    const { kind, mtu, isUp } = link.status();
    console.log(`created ${link.name}: a ${kind}, ${isUp ? "up" : "down"}, MTU ${mtu}`);
    const before = link.statistics();
    {
      using sender = new Bus({ channel: name, fd: true });
      using receiver = new Bus({ channel: name, fd: true });
      sender.send(new Message({ arbitrationId: 0x123, isExtendedId: false, isFd: true, data: new Uint8Array(64) }));
      console.log(`received ${receiver.recv(1)?.data.length} bytes`);
    }
    const { rx, tx } = Link.delta(before, link.statistics());
    console.log(`its counters: ${tx.packets} frame sent, ${rx.packets} received, ${rx.bytes} bytes`);
    link.configure({ mtu: 2060 }, { restartLink: true }); // sets it down, changes it, sets it up
    console.log(`ready for CAN XL: MTU ${link.status().mtu}`);
  } finally {
    link.delete();
  }
  console.log(`remaining: ${Link.list().map((each) => each.name).join(", ") || "none"}`);
} catch (error) {
  if (!(error instanceof CanError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
