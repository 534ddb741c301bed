/**
 * A small database, and what one would write by hand to decode its messages.
 *
 * @module
 */

import type { Message } from "../mod.ts";

/** The database. */
export const handText = `BO_ 256 Engine: 8 X
 SG_ Speed : 0|16@1+ (0.125,0) [0|8031.875] "rpm" X
 SG_ Temperature : 16|8@1+ (1,-40) [-40|215] "°C" X
 SG_ Gear : 24|4@1+ (1,0) [0|0] "" X
 SG_ Brake : 28|1@1+ (1,0) [0|1] "" X
 SG_ Level : 29|3@1- (1,0) [0|0] "" X
 SG_ Torque : 39|12@0- (0.01,0) [-20|20] "Nm" X
 SG_ Mode : 43|4@0+ (1,0) [0|0] "" X
 SG_ Load : 48|16@1+ (0.0015,0) [0|100] "%" X
BO_ 257 Wheels: 8 X
 SG_ FrontLeft : 7|16@0+ (0.01,0) [0|300] "km/h" X
 SG_ FrontRight : 23|16@0+ (0.01,0) [0|300] "km/h" X
 SG_ RearLeft : 39|16@0+ (0.01,0) [0|300] "km/h" X
 SG_ RearRight : 55|16@0+ (0.01,0) [0|300] "km/h" X
BO_ 258 Position: 8 X
 SG_ Latitude : 0|32@1- (0.0000001,0) [-90|90] "deg" X
 SG_ Longitude : 32|32@1- (0.0000001,0) [-180|180] "deg" X
VAL_ 256 Gear 0 "neutral" 1 "first" 2 "second" 3 "third" 15 "invalid" ;
`;

const gears = new Map([[0, "neutral"], [1, "first"], [2, "second"], [3, "third"], [15, "invalid"]]);

interface HandSignal {
  readonly raw: number;
  readonly value: number;
  readonly label: string | null;
  readonly unit: string;
  readonly inRange: boolean;
}

function signal(
  raw: number,
  value: number,
  unit: string,
  least = -Infinity,
  most = Infinity,
  label: string | null = null,
): HandSignal {
  return { raw, value, label, unit, inRange: value >= least && value <= most };
}

/** Decodes a message as `Database.decode` does. */
export function decodeByHand(message: Message): { name: string; signals: Record<string, HandSignal> } | null {
  const data = message.data;
  switch (message.arbitrationId) {
    case 256: {
      const speed = data[0] | (data[1] << 8);
      const gear = data[3] & 15;
      const brake = (data[3] >> 4) & 1;
      const torque = ((data[4] << 4) | (data[5] >> 4)) << 20 >> 20;
      const load = data[6] | (data[7] << 8);
      return {
        name: "Engine",
        signals: {
          Speed: signal(speed, speed * 0.125, "rpm", 0, 8031.875),
          Temperature: signal(data[2], data[2] - 40, "°C", -40, 215),
          Gear: signal(gear, gear, "", undefined, undefined, gears.get(gear) ?? null),
          Brake: signal(brake, brake, "", 0, 1),
          Level: signal(data[3] << 24 >> 29, data[3] << 24 >> 29, ""),
          Torque: signal(torque, torque * 0.01, "Nm", -20, 20),
          Mode: signal(data[5] & 15, data[5] & 15, ""),
          Load: signal(load, load * 0.0015, "%", 0, 100),
        },
      };
    }
    case 257: {
      const wheel = (at: number) => (data[at] << 8) | data[at + 1];
      return {
        name: "Wheels",
        signals: {
          FrontLeft: signal(wheel(0), wheel(0) * 0.01, "km/h", 0, 300),
          FrontRight: signal(wheel(2), wheel(2) * 0.01, "km/h", 0, 300),
          RearLeft: signal(wheel(4), wheel(4) * 0.01, "km/h", 0, 300),
          RearRight: signal(wheel(6), wheel(6) * 0.01, "km/h", 0, 300),
        },
      };
    }
    case 258: {
      const latitude = data[0] | (data[1] << 8) | (data[2] << 16) | (data[3] << 24);
      const longitude = data[4] | (data[5] << 8) | (data[6] << 16) | (data[7] << 24);
      return {
        name: "Position",
        signals: {
          Latitude: signal(latitude, latitude * 1e-7, "deg", -90, 90),
          Longitude: signal(longitude, longitude * 1e-7, "deg", -180, 180),
        },
      };
    }
    default:
      return null;
  }
}

/** Decodes the values of a message as `Database.decodeSignals` does. */
export function valuesByHand(message: Message, values: Float64Array): boolean {
  const data = message.data;
  switch (message.arbitrationId) {
    case 256:
      values[0] = (data[0] | (data[1] << 8)) * 0.125;
      values[1] = data[2] - 40;
      values[2] = data[3] & 15;
      values[3] = (data[3] >> 4) & 1;
      values[4] = data[3] << 24 >> 29;
      values[5] = (((data[4] << 4) | (data[5] >> 4)) << 20 >> 20) * 0.01;
      values[6] = data[5] & 15;
      values[7] = (data[6] | (data[7] << 8)) * 0.0015;
      return true;
    case 257:
      for (let i = 0; i < 4; i++) values[i] = ((data[2 * i] << 8) | data[2 * i + 1]) * 0.01;
      return true;
    case 258:
      values[0] = (data[0] | (data[1] << 8) | (data[2] << 16) | (data[3] << 24)) * 1e-7;
      values[1] = (data[4] | (data[5] << 8) | (data[6] << 16) | (data[7] << 24)) * 1e-7;
      return true;
    default:
      return false;
  }
}
