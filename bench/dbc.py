"""Decodes as many messages as given, with the same data as dbc.ts, of the first database on standard input; behind a NUL
follows another one.

Prints the seconds that decoding takes by hand and by cantools, and those that cantools takes to read the second database;
"none" for cantools if it is not installed.
"""

import struct
import sys
import time

try:
    import cantools
except ImportError:
    cantools = None

GEARS = {0: "neutral", 1: "first", 2: "second", 3: "third", 15: "invalid"}
INFINITY = float("inf")


def signal(raw, value, unit, least=-INFINITY, most=INFINITY, label=None):
    return {"raw": raw, "value": value, "label": label, "unit": unit, "in_range": least <= value <= most}


def decode(frame_id, data):
    if frame_id == 256:
        speed, temperature, bits, torque, load = struct.unpack("<HBB", data[:4]) + struct.unpack(
            ">h", data[4:6]
        ) + struct.unpack("<H", data[6:])
        gear, brake, level = bits & 15, bits >> 4 & 1, (bits >> 5 ^ 4) - 4
        mode, torque = torque & 15, torque >> 4
        return {
            "Speed": signal(speed, speed * 0.125, "rpm", 0, 8031.875),
            "Temperature": signal(temperature, temperature - 40, "°C", -40, 215),
            "Gear": signal(gear, gear, "", label=GEARS.get(gear)),
            "Brake": signal(brake, brake, "", 0, 1),
            "Level": signal(level, level, ""),
            "Torque": signal(torque, torque * 0.01, "Nm", -20, 20),
            "Mode": signal(mode, mode, ""),
            "Load": signal(load, load * 0.0015, "%", 0, 100),
        }
    if frame_id == 257:
        a, b, c, d = struct.unpack(">HHHH", data)
        return {
            "FrontLeft": signal(a, a * 0.01, "km/h", 0, 300),
            "FrontRight": signal(b, b * 0.01, "km/h", 0, 300),
            "RearLeft": signal(c, c * 0.01, "km/h", 0, 300),
            "RearRight": signal(d, d * 0.01, "km/h", 0, 300),
        }
    if frame_id == 258:
        latitude, longitude = struct.unpack("<ii", data)
        return {
            "Latitude": signal(latitude, latitude * 1e-7, "deg", -90, 90),
            "Longitude": signal(longitude, longitude * 1e-7, "deg", -180, 180),
        }
    return None


messages = [
    (256 + i % 3, bytes((i * (2 * byte + 3) + (i >> 5) * byte) & 0xFF for byte in range(8)))
    for i in range(int(sys.argv[1]))
]


def decode_all(decode_message):
    for frame_id, data in messages:
        decode_message(frame_id, data)


def seconds(run, *arguments):
    start = time.process_time()
    run(*arguments)
    return time.process_time() - start


def read(text):
    return cantools.database.load_string(text, "dbc", strict=False)


small, large = sys.stdin.read().split("\0")
by_cantools = [seconds(decode_all, read(small).decode_message), seconds(read, large)] if cantools else ["none", "none"]
print(seconds(decode_all, decode), *by_cantools)
