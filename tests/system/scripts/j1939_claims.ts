// Claims address 0x80 for a NAME, and prints the result: see j1939_nodes_test.ts.
import process from "node:process";
import { J1939Socket, Name } from "../../../mod.ts";

const [channel, identityNumber] = process.argv.slice(2);
const name = new Name({ identityNumber: Number(identityNumber), arbitraryAddressCapable: true });
using ecu = new J1939Socket({ channel, name, address: 0x80 });
using changes = ecu.claimChanges();
await ecu.claim();
for await (const { state, address } of changes) console.log(`${state} ${address}`);
