// Requests the VIN from an ECU, with UDS (ISO 14229) over ISO-TP. The ECU is simulated in the same event loop.
import process from "node:process";
import { IsoTpSocket } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
const READ_DATA_BY_IDENTIFIER = 0x22;
const POSITIVE = 0x40; // added to the service in a positive response
const NEGATIVE = 0x7f; // followed by the service and a reason
const [SERVICE_NOT_SUPPORTED, REQUEST_OUT_OF_RANGE, RESPONSE_PENDING] = [0x11, 0x31, 0x78];
const VIN = 0xf190;

/** Answers requests until its socket is closed. */
async function simulateEcu(socket: IsoTpSocket): Promise<void> {
  for await (const [service, high, low] of socket) {
    const refuse = (reason: number) => socket.sendAsync(Uint8Array.of(NEGATIVE, service, reason));
    if (service !== READ_DATA_BY_IDENTIFIER) await refuse(SERVICE_NOT_SUPPORTED);
    else if ((high << 8) + low !== VIN) await refuse(REQUEST_OUT_OF_RANGE);
    else {
      await refuse(RESPONSE_PENDING); // as an ECU that needs more time
      const vin = new TextEncoder().encode("WDB9066331S123456");
      await socket.sendAsync(Uint8Array.of(service + POSITIVE, high, low, ...vin));
    }
  }
}

/** Reads the data that an ECU has under an identifier. */
async function readData(socket: IsoTpSocket, identifier: number): Promise<Uint8Array> {
  const request = Uint8Array.of(READ_DATA_BY_IDENTIFIER, identifier >> 8, identifier & 0xff);
  await socket.sendAsync(request, { timeout: 1 });
  for (;;) {
    const answer = await socket.recvAsync({ timeout: 5 });
    if (answer === null) throw new Error("The ECU does not answer");
    if (answer[0] === READ_DATA_BY_IDENTIFIER + POSITIVE) return answer.subarray(3);
    if (answer[2] !== RESPONSE_PENDING) throw new Error(`The ECU refuses: 0x${answer[2].toString(16)}`);
    console.log("the ECU needs more time");
  }
}

using ecu = new IsoTpSocket({ channel, txId: 0x7e8, rxId: 0x7e0, isExtendedId: false, txPadding: 0xaa });
using tester = new IsoTpSocket({ channel, txId: 0x7e0, rxId: 0x7e8, isExtendedId: false, txPadding: 0xaa });
const simulation = simulateEcu(ecu);

console.log(`VIN: ${new TextDecoder().decode(await readData(tester, VIN))}`);
await readData(tester, 0xf18c).catch((error) => console.log(`serial number: ${error.message}`));

ecu.close();
await simulation;
