"""python-can's side of the tests: python_can.py COMMAND, JSON lines in and out.

receive CHANNEL   prints "ready", then each message received
send CHANNEL      sends each message of standard input
text              prints str() of each message of standard input
equals            reads [message, message, timestamp delta], prints whether they are equal
bit_timings       reads arguments of can.BitTiming, prints the bit timings, and those of their registers
"""

import json
import sys

import can

# Ours: python-can's.
FIELDS = {
    "arbitrationId": "arbitration_id",
    "data": "data",
    "isExtendedId": "is_extended_id",
    "isRemoteFrame": "is_remote_frame",
    "isErrorFrame": "is_error_frame",
    "isFd": "is_fd",
    "bitrateSwitch": "bitrate_switch",
    "errorStateIndicator": "error_state_indicator",
    "dlc": "dlc",
    "channel": "channel",
    "timestamp": "timestamp",
    "isRx": "is_rx",
}


def message_of(fields):
    return can.Message(**{FIELDS[name]: value for name, value in fields.items()}, check=True)


def fields_of(message):
    fields = {ours: getattr(message, theirs) for ours, theirs in FIELDS.items()}
    return {**fields, "data": list(message.data)}


def put(value):
    print(json.dumps(value), flush=True)


def bus_on(channel):
    return can.Bus(channel, interface="socketcan", fd=True)


def receive(channel):
    with bus_on(channel) as bus:
        put("ready")
        for message in bus:
            put(fields_of(message))


def send(channel):
    with bus_on(channel) as bus:
        for line in sys.stdin:
            bus.send(message_of(json.loads(line)), timeout=10)


def text():
    for line in sys.stdin:
        put(str(message_of(json.loads(line))))


def equals():
    for line in sys.stdin:
        one, other, delta = json.loads(line)
        put(message_of(one).equals(message_of(other), timestamp_delta=delta))


def from_registers(f_clock, btr0, btr1):
    if hasattr(can.BitTiming, "from_registers"):  # since python-can 4.2
        return can.BitTiming.from_registers(f_clock=f_clock, btr0=btr0, btr1=btr1)
    return can.BitTiming(f_clock=f_clock, btr0=btr0, btr1=btr1)


def bit_timings():
    names = ["f_clock", "brp", "tseg1", "tseg2", "sjw", "nof_samples"]
    for line in sys.stdin:
        timing = can.BitTiming(**json.loads(line))
        again = from_registers(timing.f_clock, timing.btr0, timing.btr1)
        put(
            {
                "arguments": {name: getattr(again, name) for name in names},
                "bitrate": timing.bitrate,
                "samplePoint": timing.sample_point,
                "bitTime": timing.nbt,
                "registers": [timing.btr0, timing.btr1],
                "text": str(timing),
            }
        )


command, *arguments = sys.argv[1:]
commands = {"receive": receive, "send": send, "text": text, "equals": equals, "bit_timings": bit_timings}
commands[command](*arguments)
