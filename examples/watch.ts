// Reports changes of this machine's CAN links: plug in an adapter, or try "sudo ip link add vcan9 type vcan".
import { Link, watchLinks } from "../mod.ts";

const watch = watchLinks(); // before the list, so that no change is missed
for (const { name, isUp, state, bitTiming } of Link.statuses()) {
  console.log(`${name}: ${isUp ? "up" : "down"}, ${state ?? "no controller"}, ${bitTiming?.bitrate ?? "any"} bit/s`);
}
console.log("watching; Ctrl-C ends it");

for await (const { type, status, before, changes } of watch) {
  switch (type) {
    case "state":
      console.log(`${status.name}: ${before?.state} -> ${status.state}`);
      break;
    case "changed":
      console.log(`${status.name}: changed: ${changes.join(", ")}`);
      break;
    default:
      console.log(`${status.name}: ${type}`);
  }
}
