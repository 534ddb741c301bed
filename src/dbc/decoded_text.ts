/**
 * Decoded messages as text.
 *
 * @module
 */

import type { DecodedMessage, DecodedSignal } from "./decode.ts";

/** Writes a decoded message: `EngineData: Speed 81.5 km/h, Gear Drive`. */
export function decodedText({ name, signals, missing, unknownMultiplexers }: DecodedMessage): string {
  const parts = Object.entries(signals).map(([signal, decoded]) => `${signal} ${valueText(decoded)}`);
  if (missing.length > 0) parts.push(`(too short for ${missing.join(", ")})`);
  if (unknownMultiplexers.length > 0) parts.push(`(nothing is selected by ${unknownMultiplexers.join(", ")})`);
  return `${name}: ${parts.join(", ")}`;
}

/** Writes a value: its label, or its number with the unit. */
export function valueText({ value, label, unit, inRange }: DecodedSignal): string {
  // At most 15 digits, which is what a double holds: 0.1 * 3 is 0.3.
  const number = typeof value === "number" ? `${Number(value.toPrecision(15))}` : `${value}`;
  return `${label ?? number}${label === null && unit !== "" ? ` ${unit}` : ""}${inRange ? "" : " (out of range)"}`;
}

/** Returns a decoded message for JSON: bigints as texts, as in `Message.toJSON`. */
export function decodedJson({ name, signals, missing, unknownMultiplexers }: DecodedMessage): unknown {
  const plain = (value: number | bigint) => typeof value === "bigint" ? `${value}` : value;
  return {
    name,
    signals: Object.fromEntries(
      Object.entries(signals).map(([signal, { raw, value, label, unit }]) => [signal, {
        raw: plain(raw),
        value: plain(value),
        ...label !== null && { label },
        ...unit !== "" && { unit },
      }]),
    ),
    ...missing.length > 0 && { missing },
    ...unknownMultiplexers.length > 0 && { unknownMultiplexers },
  };
}
