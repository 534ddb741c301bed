// Reads links, and tries to change them without the privilege.
import { CanError, Link } from "../../../mod.ts";

console.log(Link.list().some(({ name }) => name === "vcan0"));
console.log(Link.open("vcan0").status().kind);
console.log(Link.open("vcan0").statistics().name);
const attempts = [
  () => Link.create("vcan77"),
  () => Link.createPair("vxcan77", "vxcan78"),
  () => Link.open("vcan0").configure({ txQueueLength: 5 }),
  () => Link.open("vcan0").up(),
  () => Link.open("vcan0").down(),
  () => Link.open("vcan0").rename("vcan78"),
  () => Link.open("vcan0").delete(),
  () => Link.open("vcan0").moveTo(1),
];
for (const attempt of attempts) {
  try {
    attempt();
    console.log("done, and nobody said no");
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    console.log(error.message);
  }
}
