// Two nodes on a bus inside this process, without CAN hardware, Linux or permissions.
import { Bus, Message } from "../mod.ts";

await using thermometer = new Bus({ channel: "cellar", interface: "virtual" });
await using display = new Bus({ channel: "cellar", interface: "virtual" });

let reading = 0;
const measuring = setInterval(() => {
  thermometer.send(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [18 + reading++] }));
}, 10);

for await (const { arbitrationId, data } of display) {
  console.log(`${arbitrationId.toString(16)}: ${data[0]} °C`);
  if (reading === 3) break;
}
clearInterval(measuring);
