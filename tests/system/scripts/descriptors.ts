// Opens buses until no descriptor is left.
import { Bus, CanError, Message } from "../../../mod.ts";

const buses: Bus[] = [];
try {
  for (;;) buses.push(new Bus("vcan0"));
} catch (error) {
  if (!(error instanceof CanError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
for (const bus of buses.splice(0)) bus.close();
using bus = new Bus({ channel: "vcan0", receiveOwnMessages: true });
bus.send(new Message({ arbitrationId: 1 }));
console.log(`${await bus.recvAsync()}`);
