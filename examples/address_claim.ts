// Two nodes claim the same address, and the one with the smaller NAME gets it. Argument: the interface (vcan0).
import process from "node:process";
import { J1939Socket, Name } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
const fields = { manufacturerCode: 275, function: 130, industryGroup: 4, arbitraryAddressCapable: true };

using pump = new J1939Socket({ channel, name: new Name({ ...fields, identityNumber: 2000 }), address: 0x80 });
using changes = pump.claimChanges();
console.log(`the pump has address ${await pump.claim()}`);

using winch = new J1939Socket({ channel, name: new Name({ ...fields, identityNumber: 1000 }), address: 0x80 });
console.log(`the winch has address ${await winch.claim()}`);

for await (const { state, address } of changes) {
  console.log(`pump: ${state}, ${address}`);
  if (state === "claimed" && address !== 0x80) break;
}

// A node can be addressed by its NAME, whatever its address.
winch.send({ pgn: 0xef00, destination: pump.name!, data: [1] });
for await (const { pgn, source, name } of pump) {
  if (pgn !== 0xef00) continue;
  console.log(`from ${source}, serial number ${new Name(name!).identityNumber}`);
  break;
}
